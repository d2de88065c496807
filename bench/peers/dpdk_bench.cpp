// Yardsticks from DPDK: rte_hash, what DPDK programs keep flows in, and rte_acl, what they classify with.
//
//     peer/rte_hash/flows:N/batch:32     bulk look-up of random flows that are there, keys of 16 bytes; nothing else
//     peer/rte_acl/STYLE/rules:N         bulk classification of new_through's headers, batches of 32; `build` in ns
//
// Neither tracks anything. DPDK runs without huge pages here (--no-huge), since it takes only those that are set aside
// for it; so its table lies in pages of 4 KiB. rte_acl gets the same rules as the engine, first match wins; acl, fw
// and ipc only, since chains are nothing it knows.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "bench/memory_limit.hpp"
#include "bench/rows/rows.hpp"
#include "bench/rulesets.hpp"

// DPDK's headers are C, and do not ask for our warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#include <rte_acl.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>

namespace keepstate::bench {
namespace {

constexpr std::uint32_t kBatch = 32;

// --- rte_hash --------------------------------------------------------------------------------------------------------

using Key = std::array<std::uint32_t, 4>;

Key key_of(std::uint32_t number) {
    const Flow flow = make_flow(number);
    return {flow.client, flow.server, std::uint32_t{flow.client_port} << 16 | flow.server_port, 6};
}

struct HashTable {
    explicit HashTable(std::uint32_t flows)
        : limit(std::max<std::size_t>(flows, 64) * kLeastFlowBytes, Pages::huge, 1) {
        rte_hash_parameters wish{};
        wish.name = "flows";
        wish.entries = flows + flows / 7;
        wish.key_len = sizeof(Key);
        wish.hash_func = rte_hash_crc;
        wish.socket_id = SOCKET_ID_ANY;
        hash = rte_hash_create(&wish);
        if (hash == nullptr) return;
        for (std::uint32_t i = 0; i < flows; ++i) {
            const Key key = key_of(i);
            void* const value = reinterpret_cast<void*>(std::uintptr_t{i} + 1);
            if (rte_hash_add_key_data(hash, &key, value) < 0) ++failed;
        }
    }
    ~HashTable() { rte_hash_free(hash); }
    HashTable(const HashTable&) = delete;
    HashTable& operator=(const HashTable&) = delete;
    rte_hash* hash;
    std::uint32_t failed = 0;
    MemoryLimit limit;
    Random random{1};
};

void measure_hash(benchmark::State& state, const Plan& plan, std::uint32_t flows) {
    HashTable& table =
        keep_one<HashTable>(fmt::format("hash/{}", flows), [=] { return new HashTable(flows); });
    if (table.hash == nullptr || table.failed != 0) {
        state.SkipWithError("rte_hash could not take the flows");
        return;
    }
    std::array<Key, kBatch> keys;
    std::array<const void*, kBatch> places;
    std::array<void*, kBatch> values;
    for (std::uint32_t i = 0; i < kBatch; ++i) places[i] = &keys[i];
    std::uint64_t missed = 0;
    const auto make = [&] {
        for (Key& key : keys) key = key_of(table.random.below(flows));
        keep(keys);
        return std::uint64_t{kBatch};
    };
    const auto look_up = [&] {
        make();
        std::uint64_t hits = 0;
        rte_hash_lookup_bulk_data(table.hash, places.data(), kBatch, &hits, values.data());
        missed += hits != 0xffffffff ? 1 : 0;
        keep(values);
        return std::uint64_t{kBatch};
    };
    const Pair pair = measure_pair(make, look_up, plan.slice_s);
    if (missed != 0) {
        state.SkipWithError("a flow was not found");
        return;
    }
    finish(state, pair.second - pair.first);
    state.counters["limit"] = table.limit.measure(kBatch, 2'000'000);
}

// --- rte_acl ---------------------------------------------------------------------------------------------------------

// What rte_acl reads, in network order; it wants the first byte alone, then groups of four.
struct Header {
    std::uint8_t protocol;
    std::uint8_t pad[3];
    std::uint32_t source;
    std::uint32_t destination;
    std::uint16_t source_port;
    std::uint16_t destination_port;
};
constexpr std::uint32_t kFields = 5;
RTE_ACL_RULE_DEF(AclRule, kFields);

constexpr std::array<rte_acl_field_def, kFields> kHeader = {{
    {RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, 0, offsetof(Header, protocol)},
    {RTE_ACL_FIELD_TYPE_MASK, 4, 1, 1, offsetof(Header, source)},
    {RTE_ACL_FIELD_TYPE_MASK, 4, 2, 2, offsetof(Header, destination)},
    {RTE_ACL_FIELD_TYPE_RANGE, 2, 3, 3, offsetof(Header, source_port)},
    {RTE_ACL_FIELD_TYPE_RANGE, 2, 4, 3, offsetof(Header, destination_port)},
}};

// One of the generator's rules, whose only words are these.
AclRule read_rule(const std::string& line, std::int32_t priority) {
    AclRule rule;
    std::memset(&rule, 0, sizeof rule);
    rule.data.category_mask = 1;
    rule.data.priority = priority;
    rule.data.userdata = 1;
    for (const int port : {3, 4}) rule.field[port].mask_range.u16 = 0xffff;
    std::istringstream words(line);
    std::string word;
    while (words >> word) {
        unsigned a = 0, b = 0, c = 0, d = 0, bits = 0;
        if (word == "-s" || word == "-d") {
            auto& field = rule.field[word == "-s" ? 1 : 2];
            words >> word;
            std::sscanf(word.c_str(), "%u.%u.%u.%u/%u", &a, &b, &c, &d, &bits);
            field.value.u32 = a << 24 | b << 16 | c << 8 | d;
            field.mask_range.u32 = bits;
        } else if (word == "-p") {
            words >> word;
            rule.field[0].value.u8 = word == "tcp" ? 6 : word == "udp" ? 17 : 1;
            rule.field[0].mask_range.u8 = 0xff;
        } else if (word == "--sport" || word == "--dport") {
            auto& field = rule.field[word == "--sport" ? 3 : 4];
            words >> word;
            const int found = std::sscanf(word.c_str(), "%u:%u", &a, &b);
            field.value.u16 = static_cast<std::uint16_t>(a);
            field.mask_range.u16 = static_cast<std::uint16_t>(found == 2 ? b : a);
        }
    }
    return rule;
}

struct Classifier {
    Classifier(Style style, std::uint32_t rules) {
        rte_acl_param wish{"rules", SOCKET_ID_ANY, RTE_ACL_RULE_SZ(kFields), rules + 1};
        context = rte_acl_create(&wish);
        if (context == nullptr) return;
        std::istringstream text(make_ruleset(style, rules, 1, Established::none));
        std::int32_t priority = RTE_ACL_MAX_PRIORITY - 1;
        bool is_added = true;
        for (std::string line; std::getline(text, line);) {
            if (line.rfind("-A FORWARD", 0) != 0) continue;
            const AclRule rule = read_rule(line, priority--);
            is_added =
                is_added &&
                rte_acl_add_rules(context, reinterpret_cast<const rte_acl_rule*>(&rule), 1) == 0;
        }
        rte_acl_config config{};
        config.num_categories = 1;
        config.num_fields = kFields;
        std::copy(kHeader.begin(), kHeader.end(), config.defs);
        const double begin = thread_ns();
        is_ready = is_added && rte_acl_build(context, &config) == 0;
        build_ns = thread_ns() - begin;
        for (const Packet5& packet : make_trace(style, rules, 1, 8192)) {
            const bool has_ports = packet.protocol == 6 || packet.protocol == 17;
            headers.push_back({packet.protocol,
                               {},
                               __builtin_bswap32(packet.source),
                               __builtin_bswap32(packet.destination),
                               __builtin_bswap16(has_ports ? packet.source_port : 0),
                               __builtin_bswap16(has_ports ? packet.destination_port : 0)});
        }
    }
    ~Classifier() { rte_acl_free(context); }
    Classifier(const Classifier&) = delete;
    Classifier& operator=(const Classifier&) = delete;
    rte_acl_ctx* context;
    bool is_ready = false;
    double build_ns = 0;
    std::vector<Header> headers;
    std::size_t at = 0;
};

void measure_acl(benchmark::State& state, const Plan& plan, Style style, std::uint32_t rules) {
    Classifier& acl = keep_one<Classifier>(fmt::format("acl/{}/{}", text(style), rules),
                                           [=] { return new Classifier(style, rules); });
    if (!acl.is_ready) {
        state.SkipWithError("rte_acl could not build the rules");
        return;
    }
    std::array<const std::uint8_t*, kBatch> places;
    std::array<std::uint32_t, kBatch> answers;
    std::uint64_t hits = 0;
    std::uint64_t packets = 0;
    const auto make = [&] {
        for (std::uint32_t i = 0; i < kBatch; ++i) {
            places[i] = reinterpret_cast<const std::uint8_t*>(&acl.headers[acl.at + i]);
        }
        acl.at = (acl.at + kBatch) % acl.headers.size();
        keep(places);
        return std::uint64_t{kBatch};
    };
    const auto classify = [&] {
        make();
        rte_acl_classify(acl.context, places.data(), answers.data(), kBatch, 1);
        for (const std::uint32_t answer : answers) hits += answer;
        packets += kBatch;
        return std::uint64_t{kBatch};
    };
    const Pair pair = measure_pair(make, classify, plan.slice_s);
    finish(state, pair.second - pair.first);
    state.counters["build"] = acl.build_ns;
    state.counters["hits"] = static_cast<double>(hits) / static_cast<double>(packets);
}

bool start_dpdk() {
    std::string words[] = {"dpdk_bench",  "--no-huge",        "-m",
                           "3072",        "--no-pci",         "--no-telemetry",
                           "--no-shconf", "--lcores=0@(0,1)", "--log-level=lib.*:error"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    return rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) >= 0;
}

}  // namespace
}  // namespace keepstate::bench
#pragma GCC diagnostic pop

int main(int argc, char** argv) {
    using namespace keepstate::bench;
    const Plan plan = take_plan(argc, argv);
    benchmark::Initialize(&argc, argv);
    if (!start_dpdk()) {
        std::fprintf(stderr, "dpdk_bench: DPDK does not start here: %s\n", rte_strerror(rte_errno));
        return 3;
    }
    for (const std::uint32_t flows : {1000U, 1'000'000U, 8'000'000U}) {
        if (plan.is_quick && flows > 1'000'000) continue;
        add_row(plan, fmt::format("peer/rte_hash/flows:{}/batch:32", flows),
                [=](benchmark::State& state) { measure_hash(state, plan, flows); });
    }
    for (const Style style : {Style::acl, Style::fw, Style::ipc}) {
        for (const std::uint32_t rules : {10U, 1000U, 10'000U}) {
            add_row(plan, fmt::format("peer/rte_acl/{}/rules:{}", text(style), rules),
                    [=](benchmark::State& state) { measure_acl(state, plan, style, rules); });
        }
    }
    benchmark::RunSpecifiedBenchmarks();
    kept() = {};
    rte_eal_cleanup();
}

// -m bpf: a program of classic BPF decides; anything but 0 is a yes.
//
// The words are "COUNT,CODE JT JF K,CODE JT JF K,...", which the real tool reads as scanf does: numbers are decimal,
// may have a sign, and are cut to their 16, 8, 8 and 32 bits; what follows K up to the comma is nothing.
// A pinned eBPF object is the kernel's own and cannot be run here: such a rule is read, printed and never matches.
// source: man:iptables-extensions bpf; kernel:net/netfilter/xt_bpf.c.
// Tested by: tests/rules/bpf.t, tests/scenarios/rules/bpf-programs-decide.yaml, fuzz/matches.cpp.
#include <algorithm>
#include <limits>

#include "rules/match/bpf_machine.hpp"
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kBytecode, kPinned };
constexpr std::size_t kMostInstructions = 64;
constexpr std::size_t kMostPath = 511;

// One decimal of scanf; `at` moves behind it.
std::optional<std::uint64_t> scan_number(std::string_view words, std::size_t& at) {
    const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (at < words.size() && is_blank(words[at])) ++at;
    const bool negative = at < words.size() && words[at] == '-';
    if (at < words.size() && (words[at] == '-' || words[at] == '+')) ++at;
    const std::size_t first = at;
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t value = 0;
    bool over = false;
    for (; at < words.size() && words[at] >= '0' && words[at] <= '9'; ++at) {
        const auto digit = static_cast<std::uint64_t>(words[at] - '0');
        over = over || value > (kMost - digit) / 10;
        value = value * 10 + digit;
    }
    if (at == first) return std::nullopt;
    if (over) return kMost;
    return negative ? std::uint64_t{0} - value : value;
}

struct Form {
    struct Data {
        std::uint32_t count = 0;  ///< instructions; 0: a pinned object
        std::array<BpfInstruction, kMostInstructions> program{};
        std::array<char, kMostPath + 1> path{};
    };
    static constexpr Option kOptions[] = {
        {.name = "bytecode",
         .id = kBytecode,
         .arg = ArgKind::text,
         .excludes = option_bit(kPinned),
         .words = "The program: the number of its instructions, then CODE JT JF K of each, all "
                  "decimal and "
                  "parted by commas; 1 to 64"},
        {.name = "object-pinned",
         .id = kPinned,
         .arg = ArgKind::text,
         .excludes = option_bit(kBytecode),
         .words = "The path of an eBPF program in the kernel: read and printed, never matches"},
    };
    static constexpr Traits kTraits{
        .name = "bpf",
        .options = kOptions,
        .words =
            "A classic BPF program that sees the packet from its IP header on; it matches if the "
            "program does not return 0.",
        .reads = "Any bytes of the packet, its size, mark and protocol.",
        .differences =
            "--object-pinned is taken whether the object exists or not, and never matches. Of what "
            "Linux "
            "tells a program beside the bytes, the link header, the device's number and (without "
            "Ethernet) "
            "its type are not known: such a load ends the program with 0, as one past the packet's "
            "end "
            "does. Queue, hash, CPU and VLAN tag are 0. The payload's offset is that behind the "
            "outermost "
            "transport header; Linux looks into tunnels."};

    static void parse_program(Data& data, std::string_view words, RuleReader& reader) {
        std::size_t at = 0;
        const auto count = scan_number(words, at);
        const auto wanted = static_cast<std::uint16_t>(count.value_or(0));
        if (wanted == 0 || at >= words.size() || words[at] != ',') {
            reader.fault("--bytecode begins with the number of instructions and a comma");
            return;
        }
        if (wanted > kMostInstructions) {
            reader.fault(fmt::format("--bytecode: {} instructions, more than {}", wanted,
                                     kMostInstructions));
            return;
        }
        while (at < words.size() && at + 1 < words.size()) {
            if (data.count == wanted) {
                reader.fault(
                    fmt::format("--bytecode has more than the {} instructions it says", wanted));
                return;
            }
            ++at;
            std::array<std::uint64_t, 4> fields{};
            for (std::uint64_t& field : fields) {
                const auto number = scan_number(words, at);
                if (!number) {
                    reader.fault(
                        fmt::format("--bytecode: instruction {} is not four numbers", data.count));
                    return;
                }
                field = *number;
            }
            BpfInstruction& each = data.program[data.count++];
            each.code = static_cast<std::uint16_t>(fields[0]);
            each.if_true = static_cast<std::uint8_t>(fields[1]);
            each.if_false = static_cast<std::uint8_t>(fields[2]);
            each.k = static_cast<std::uint32_t>(fields[3]);
            at = std::min(words.find(',', at), words.size());
        }
        if (data.count < wanted) {
            reader.fault(
                fmt::format("--bytecode has {} instructions, and says {}", data.count, wanted));
        }
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (use.id() == kBytecode) {
            parse_program(data, use.value.text, reader);
        } else if (use.value.text.empty() || use.value.text.size() > kMostPath) {
            reader.fault(fmt::format("--object-pinned needs a path of 1 to {} bytes", kMostPath));
        } else {
            std::copy(use.value.text.begin(), use.value.text.end(), data.path.begin());
        }
    }
    static void finish(Data&, RuleReader& reader) {
        if (!reader.has_seen(option_bit(kBytecode) | option_bit(kPinned))) {
            reader.fault("`bpf' needs --bytecode or --object-pinned");
        }
    }
    static Complaint check(const Data& data, const CheckContext&) {
        if (data.count == 0) return std::nullopt;
        const auto fault = check_bpf({data.program.data(), data.count});
        if (!fault) return std::nullopt;
        return fmt::format("match `bpf': the kernel would refuse the program: {}", *fault);
    }
    static std::string_view never_known(const Data& data) {
        if (data.count != 0) return {};
        return "an eBPF object cannot be run";
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (data.count == 0) {
            out += fmt::format(" --object-pinned {}", data.path.data());
            return;
        }
        out += fmt::format(" --bytecode \"{}", data.count);
        for (std::size_t i = 0; i < data.count; ++i) {
            const BpfInstruction& each = data.program[i];
            out += fmt::format(",{} {} {} {}", each.code, each.if_true, each.if_false, each.k);
        }
        out += '"';
    }
    static std::string_view remembers(const Data& data) {
        return throws_dice({data.program.data(), data.count}) ? "throws dice" : std::string_view{};
    }
    static bool matches(Data& data, Context& context, Why why) {
        if (data.count == 0) return why.no("an eBPF object cannot be run");
        if (run_bpf({data.program.data(), data.count}, context) != 0) return true;
        return why.no("the program returns 0");
    }
};

}  // namespace

extern const MatchModule k_bpf;
const MatchModule k_bpf = match_module<Form>();

}  // namespace keepstate::rules::match

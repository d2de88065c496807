// What was printed is read back: parse(print(x)) = x, for random entries with all that a form shows.
#include <gtest/gtest.h>
#include <random>

#include "ct/listing.hpp"
#include "ct/tuple.hpp"

namespace keepstate {
namespace {

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t upto(std::uint64_t most) {
        return std::uniform_int_distribution<std::uint64_t>(0, most)(engine_);
    }
    bool coin() { return upto(1) == 1; }
    std::uint16_t u16() { return static_cast<std::uint16_t>(upto(0xffff)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(upto(0xffffffff)); }

    Address address(Family family) {
        Address address{family, {}};
        for (std::size_t i = 0; i < address.size(); ++i) {
            if (coin()) address.bytes[i] = static_cast<std::uint8_t>(upto(255));
        }
        return address;
    }

  private:
    std::mt19937_64 engine_;
};

constexpr std::uint8_t kProtocols[] = {protocol::kTcp,  protocol::kUdp,  protocol::kUdpLite,
                                       protocol::kSctp, protocol::kIcmp, protocol::kIcmpv6,
                                       protocol::kGre,  protocol::kEsp,  protocol::kDccp};

void give_keys(Dice& dice, EntryCopy& entry) {
    const std::uint8_t number = entry.original.protocol;
    if (ct::is_icmp(number)) {
        const std::uint8_t type = number == protocol::kIcmp ? 8 : 128;
        entry.original.source_key = dice.u16();
        entry.original.destination_key =
            static_cast<std::uint16_t>(type << 8 | static_cast<int>(dice.upto(255)));
        entry.reply.source_key = entry.original.source_key;
        entry.reply.destination_key = ct::inverse_of(entry.original)->destination_key;
    } else if (ct::has_ports(number) || number == protocol::kGre) {
        entry.original.source_key = dice.u16();
        entry.original.destination_key = dice.u16();
        entry.reply.source_key = dice.u16();
        entry.reply.destination_key = dice.u16();
    }
    if (number == protocol::kTcp) {
        entry.tcp_state = static_cast<TcpState>(dice.upto(kTcpStates - 1));
    }
    if (number == protocol::kSctp) {
        entry.sctp_state = static_cast<SctpState>(dice.upto(kSctpStates - 1));
    }
}

/// What every form shows.
EntryCopy random_entry(Dice& dice) {
    EntryCopy entry;
    const std::uint8_t number = kProtocols[dice.upto(std::size(kProtocols) - 1)];
    const Family family = number == protocol::kIcmpv6                ? Family::ipv6
                          : number == protocol::kIcmp || dice.coin() ? Family::ipv4
                                                                     : Family::ipv6;
    entry.original = {dice.address(family), dice.address(family), number, 0, 0};
    entry.reply = {dice.address(family), dice.address(family), number, 0, 0};
    give_keys(dice, entry);
    entry.status = status::kConfirmed;
    if (dice.coin()) entry.status |= status::kSeenReply;
    if (dice.coin()) entry.status |= status::kAssured;
    entry.timeout_ns = static_cast<std::int64_t>(dice.upto(8589934)) * kNsPerSecond;
    if (dice.coin()) entry.zone_original = dice.u16();
    entry.zone_reply = dice.coin() ? entry.zone_original : dice.u16();
    return entry;
}

void add_what_text_shows(Dice& dice, EntryCopy& entry) {
    entry.mark = dice.u32();
    entry.use = static_cast<std::uint32_t>(dice.upto(1000));
    entry.counted = dice.coin();
    if (entry.counted) {
        entry.packets = {dice.u32(), dice.u32()};
        entry.bytes = {dice.upto(~std::uint64_t{0}), dice.u32()};
    }
    if (dice.coin()) {
        entry.started = Time{};
        entry.copied = Time::from_s(static_cast<std::int64_t>(dice.u32()));
    }
}

std::string print(const EntryCopy& entry, EntryFormat format, const ListingOptions& options = {}) {
    std::string out;
    print_entry(entry, format, out, options);
    return out;
}

TEST(ListingParse, proc_lines_are_read_back_as_they_were) {
    Dice dice{1};
    for (int i = 0; i < 5000; ++i) {
        EntryCopy entry = random_entry(dice);
        add_what_text_shows(dice, entry);
        if (entry.original.protocol == protocol::kGre) {
            entry.gre_timeout_s = dice.u32();
            entry.gre_stream_timeout_s = dice.u32();
        }
        const std::string line = print(entry, EntryFormat::proc);
        const Result<EntryCopy> read = parse_entry(line, EntryFormat::proc);
        ASSERT_TRUE(read) << line << read.error().faults[0].words;
        ASSERT_EQ(*read, entry) << line;
    }
}

TEST(ListingParse, conntrack_lines_are_read_back_with_id_helper_and_labels) {
    Dice dice{2};
    const std::vector<LabelName> names{{0, "zero"}, {9, "nine"}, {127, "last"}};
    ListingOptions options;
    options.id = true;
    options.labels = &names;
    for (int i = 0; i < 5000; ++i) {
        EntryCopy entry = random_entry(dice);
        add_what_text_shows(dice, entry);
        entry.id = dice.u32();
        if (dice.coin()) entry.helper = "ftp-2121";
        if (dice.coin()) entry.labels[0] = 1;
        if (dice.coin()) entry.labels[1] = 2;
        if (dice.coin()) entry.labels[15] = 0x80;
        options.ktimestamp = dice.coin();
        for (const EntryFormat format : {EntryFormat::conntrack, EntryFormat::extended}) {
            const std::string line = print(entry, format, options);
            const Result<EntryCopy> read = parse_entry(line, format, &names);
            ASSERT_TRUE(read) << line << read.error().faults[0].words;
            ASSERT_EQ(*read, entry) << line;
        }
    }
}

TEST(ListingParse, saved_lines_are_read_back_with_status_vtags_and_translation) {
    Dice dice{3};
    for (int i = 0; i < 5000; ++i) {
        EntryCopy entry = random_entry(dice);
        if (dice.coin()) entry.status |= status::kExpected;
        if (dice.coin()) entry.status |= status::kFixedTimeout;
        if (entry.sctp_state) entry.sctp_vtags = {dice.u32(), dice.u32()};
        if (dice.coin() && entry.reply.destination != entry.original.source) {
            entry.status |= status::kSrcNat | status::kSrcNatDone;
        }
        if (dice.coin() && entry.reply.source != entry.original.destination) {
            entry.status |= status::kDstNat | status::kDstNatDone;
        }
        const std::string line = print(entry, EntryFormat::save);
        const Result<EntryCopy> read = parse_entry(line, EntryFormat::save);
        ASSERT_TRUE(read) << line << read.error().faults[0].words;
        ASSERT_EQ(*read, entry) << line;
    }
}

TEST(ListingParse, a_line_of_linux_2_4_is_understood) {
    const Result<EntryCopy> read = parse_entry(
        "tcp      6 117 SYN_SENT src=192.168.1.6 dst=192.168.1.9 sport=32775 dport=22 "
        "[UNREPLIED] src=192.168.1.9 dst=192.168.1.6 sport=22 dport=32775 use=2 ",
        EntryFormat::old_proc);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->tcp_state, TcpState::syn_sent);
    EXPECT_EQ(read->status, status::kConfirmed);
    EXPECT_EQ(read->original.destination_key, 22);
    EXPECT_EQ(read->use, 2U);
}

struct FaultRow {
    EntryFormat format;
    std::string_view line;
    int column;
    std::string_view words;
};

TEST(ListingParse, a_fault_names_its_column_and_the_word) {
    const std::string_view good_end =
        "src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1 mark=0 zone=0 use=2";
    const std::string wrong_family = "ipv4     10 unknown  50 9 " + std::string(good_end);
    const FaultRow rows[] = {
        {EntryFormat::proc, "", 1, "the line ends too early"},
        {EntryFormat::proc, "tcp      6 9 ", 1, "`tcp' is not what stands here"},
        {EntryFormat::proc, wrong_family, 10, "`10' is not what stands here"},
        {EntryFormat::conntrack, "udp      6 9 src=1.1.1.1", 10, "`6' is not what stands here"},
        {EntryFormat::conntrack, "udp      17 9 src=1.1.1.256", 15, "`src=1.1.1.256'"},
        {EntryFormat::conntrack, "udp      17 9 sport=65536", 15, "`sport=65536'"},
        {EntryFormat::conntrack, "udp      17 9 colour=red", 15, "`colour=red'"},
        {EntryFormat::conntrack, "udp      17 9 [ASURED]", 15, "`[ASURED]'"},
        {EntryFormat::conntrack, "udp      17 9 dst=1.1.1.1 dst=1.1.1.2", 27, "`dst=1.1.1.2'"},
        {EntryFormat::conntrack, "udp      17 9 src=1.1.1.1 dst=::1 src=::1 dst=1.1.1.1", 54,
         "IPv4 and IPv6"},
        {EntryFormat::conntrack, "udp      17 9 src=1.1.1.1 dst=1.1.1.2", 38,
         "a source and a destination are needed"},
        {EntryFormat::save, "-X -t 5", 1, "`-X' is not what stands here"},
        {EntryFormat::save, "-A -t 5 -u ASSURED,ODD", 9, "`-u ASSURED,ODD'"},
        {EntryFormat::save, "-A -t", 6, "`-t' needs an argument"},
        {EntryFormat::save, "-A -t 5", 8, "no protocol is named"},
    };
    for (const FaultRow& row : rows) {
        const Result<EntryCopy> read = parse_entry(row.line, row.format);
        ASSERT_FALSE(read) << row.line;
        const Fault& fault = read.error().faults.at(0);
        EXPECT_EQ(read.error().kind, ErrorKind::input);
        EXPECT_EQ(fault.column, row.column) << row.line;
        EXPECT_NE(fault.words.find(row.words), std::string::npos) << fault.words;
        EXPECT_EQ(fault.source_line, row.line);
    }
}

TEST(ListingParse, a_cut_or_garbled_line_is_a_fault_or_an_entry_and_nothing_else) {
    Dice dice{4};
    for (int i = 0; i < 3000; ++i) {
        EntryCopy entry = random_entry(dice);
        add_what_text_shows(dice, entry);
        const EntryFormat format = dice.coin() ? EntryFormat::proc : EntryFormat::save;
        std::string line = print(entry, format);
        line.resize(dice.upto(line.size()));
        if (!line.empty()) line[dice.upto(line.size() - 1)] = static_cast<char>(dice.upto(255));
        const Result<EntryCopy> read = parse_entry(line, format);
        if (!read) {
            ASSERT_EQ(read.error().faults.size(), 1U);
            ASSERT_GE(read.error().faults[0].column, 1);
        }
    }
}

TEST(ListingParse, xml_and_json_are_refused) {
    for (const EntryFormat format : {EntryFormat::xml, EntryFormat::json}) {
        const Result<EntryCopy> read = parse_entry("<flow>", format);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().kind, ErrorKind::usage);
    }
}

}  // namespace
}  // namespace keepstate

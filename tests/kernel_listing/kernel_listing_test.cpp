// Listings byte for byte: entries made on the kernel, printed by /proc and conntrack, and by keepstate.
//
// In a fresh namespace `conntrack -I` and a few real packets make entries of every kind. No one form shows
// everything, so an entry is read from `-o extended,id` and completed from /proc (GRE's timeouts, the exact
// age) and `-o save` (vtags, status). keepstate then prints it in each form; each line must equal the
// kernel's or the tool's. The forms list in the same order, that of the kernel's hash.
//
// Time runs while the forms are read: a reading counts only if the first form reads the same in the end.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "base/bytes.hpp"
#include "keepstate/conntrack.hpp"
#include "kernel_run.hpp"
#include "netns.hpp"
#include "wire/checksum.hpp"

namespace keepstate {
namespace {

using kernel::run_program;
using kernel::run_program_ok;

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
    return lines;
}

std::vector<std::string> words_of(std::string_view text) {
    std::istringstream in{std::string(text)};
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

std::string said(const Error& error) { return error.faults.at(0).words; }

/// Arguments of `conntrack -I`; the columns of the settings that hold while it is made.
struct EntryRow {
    bool acct, timestamp;
    std::string_view arguments;
};
constexpr EntryRow kEntries[] = {
    {true, true,
     "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 80 --state ESTABLISHED -t 1000 -u "
     "SEEN_REPLY,ASSURED -m 77"},
    {true, false,
     "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 2 --dport 80 --state SYN_SENT -t 1000 -n "
     "9.9.9.9:1234"},
    {false, false,
     "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 3 --dport 80 --state SYN_RECV -t 1000 -g 9.9.9.9:99"},
    {false, true, "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 4 --dport 80 --state NONE -t 1000"},
    {false, false, "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 5 --dport 80 --state FIN_WAIT -t 1000"},
    {false, false,
     "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 6 --dport 80 --state CLOSE_WAIT -t 1000"},
    {false, false, "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 7 --dport 80 --state LAST_ACK -t 1000"},
    {false, false, "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 8 --dport 80 --state TIME_WAIT -t 1000"},
    {false, false, "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 9 --dport 80 --state CLOSE -t 1000"},
    {false, false, "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 10 --dport 80 --state LISTEN -t 1000"},
    {true, true,
     "-p tcp -s fe80::1 -d 2001:db8::2 --sport 1 --dport 80 --state TIME_WAIT -t 1000 -u "
     "SEEN_REPLY,ASSURED,FIXED_TIMEOUT"},
    {false, false,
     "-p tcp -s 2001:db8::1 -d 2001:db8::2 --sport 1 --dport 2 --state SYN_SENT -t 1000 -n "
     "[2001:db8::9]:77"},
    {false, false,
     "-p tcp -s ::ffff:1.2.3.4 -d 1:0:0:2::3 --sport 3 --dport 2 --state SYN_SENT -t 1000 -g "
     "2001:db8::9"},
    {true, true, "-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 53 -t 1000 -u SEEN_REPLY"},
    {false, false, "-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 2 --dport 53 -t 1000 -w 5"},
    {true, false, "-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 3 --dport 53 -t 1000 --orig-zone 6"},
    {true, false, "-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 4 --dport 53 -t 1000 --reply-zone 7"},
    {false, false,
     "-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 5 --dport 53 -t 1000 -r 10.0.0.9 -q 10.0.0.8 "
     "--reply-port-src 9 --reply-port-dst 10"},
    {false, false, "-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 6 --dport 53 -t 4294967295"},
    {false, false, "-p udp -s ::1 -d ::2 --sport 6 --dport 53 -t 1000 -m 4294967295"},
    {true, false, "-p udplite -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 53 -t 1000"},
    {true, false,
     "-p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8 --icmp-code 0 --icmp-id 55 -t 1000"},
    {false, false,
     "-p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 17 --icmp-code 3 --icmp-id 65535 -t 1000"},
    {true, true,
     "-p icmpv6 -s fe80::1 -d 2001:db8::2 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 5 -t "
     "1000"},
    {true, false,
     "-p sctp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 2 --state ESTABLISHED --orig-vtag 1 "
     "--reply-vtag 4294967294 -t 1000"},
    {false, false,
     "-p sctp -s 10.0.0.1 -d 10.0.0.2 --sport 2 --dport 2 --state COOKIE_WAIT --orig-vtag 0 "
     "--reply-vtag 305419896 -t 1000"},
    {false, false,
     "-p sctp -s ::1 -d ::2 --sport 3 --dport 2 --state SHUTDOWN_ACK_SENT --orig-vtag 1 "
     "--reply-vtag 1 -t 1000"},
    {true, false, "-p gre -s 10.0.0.1 -d 10.0.0.2 --srckey 0x1234 --dstkey 7 -t 1000"},
    {true, false, "-p 99 -s 10.0.0.1 -d 10.0.0.2 -t 1000"},
    {false, false, "-p 50 -s 2001:db8::1 -d 2001:db8::2 -t 1000"},
    {false, false,
     "-p dccp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 2 --state OPEN --role client -t 1000"},
};

void send_raw(int number, const std::vector<std::uint8_t>& payload) {
    const int fd = ::socket(AF_INET, SOCK_RAW, number);
    ASSERT_GE(fd, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::sendto(fd, payload.data(), payload.size(), 0, reinterpret_cast<sockaddr*>(&to),
                       sizeof to),
              static_cast<ssize_t>(payload.size()));
    ::close(fd);
}

/// What conntrack cannot make: GRE with its timeouts, keyed and not, and an SCTP path that was only probed.
void send_packets() {
    send_raw(47, {0x20, 0x01, 0x88, 0x0b, 0, 4, 1, 2});
    send_raw(47, {0, 0, 8, 0});
    std::vector<std::uint8_t> heartbeat{0x13, 0x88, 0x13, 0x89, 0, 0, 0, 7, 0, 0, 0, 0,
                                        4,    0,    0,    12,   0, 1, 0, 8, 0, 0, 0, 0};
    const std::uint32_t crc = ~wire::crc32c(base::ByteView{heartbeat});
    for (std::size_t i = 0; i < 4; ++i) {
        heartbeat[8 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
    }
    send_raw(132, heartbeat);
}

/// The same entries in every form.
struct Forms {
    std::vector<std::string> proc, conntrack, extended, extended_id, xml, save;
};

std::vector<std::string> conntrack_lines(const std::vector<std::string>& options) {
    std::vector<std::string> words{"conntrack", "-L"};
    words.insert(words.end(), options.begin(), options.end());
    const Result<std::string> out = run_program_ok(words, {});
    EXPECT_TRUE(out) << said(out.error());
    return out ? lines_of(*out) : std::vector<std::string>{};
}

std::optional<Forms> read_forms() {
    for (int attempt = 0; attempt < 200; ++attempt) {
        Forms forms;
        const auto age_and_time = [] { return conntrack_lines({"-o", "extended,id"}); };
        forms.extended_id = age_and_time();
        const Result<std::string> proc = kernel::read_file("/proc/thread-self/net/nf_conntrack");
        if (!proc) return std::nullopt;
        forms.proc = lines_of(*proc);
        forms.conntrack = conntrack_lines({});
        forms.extended = conntrack_lines({"-o", "extended"});
        forms.xml = conntrack_lines({"-o", "xml"});
        forms.save = conntrack_lines({"-o", "save"});
        if (age_and_time() == forms.extended_id) return forms;
    }
    return std::nullopt;
}

EntryCopy parsed(const std::string& line, EntryFormat format) {
    Result<EntryCopy> entry = parse_entry(line, format);
    EXPECT_TRUE(entry) << line << said(entry.error());
    return entry ? *entry : EntryCopy{};
}

/// All that the forms know of one entry.
EntryCopy merged(const Forms& forms, std::size_t index) {
    EntryCopy entry = parsed(forms.extended_id[index], EntryFormat::extended);
    const EntryCopy proc = parsed(forms.proc[index], EntryFormat::proc);
    const EntryCopy save = parsed(forms.save[index], EntryFormat::save);
    EXPECT_EQ(proc.original, entry.original) << forms.proc[index] << forms.extended_id[index];
    EXPECT_EQ(save.original, entry.original) << forms.save[index] << forms.extended_id[index];
    EXPECT_EQ(proc.use, entry.use);
    entry.gre_timeout_s = proc.gre_timeout_s;
    entry.gre_stream_timeout_s = proc.gre_stream_timeout_s;
    entry.status |= save.status;
    entry.sctp_vtags = save.sctp_vtags;
    if (proc.started) {
        // A beginning in mid-second, so that the span and the clock's seconds can differ by one.
        const std::int64_t by_clock = entry.copied.ns;
        entry.started = Time{kNsPerSecond / 2};
        entry.copied = *entry.started + proc.copied.ns;
        if (by_clock != proc.copied.ns) entry.copied = entry.copied + kNsPerSecond * 6 / 10;
    }
    return entry;
}

std::string print(const EntryCopy& entry, EntryFormat format, bool with_id = false) {
    ListingOptions options;
    options.id = with_id;
    std::string out;
    print_entry(entry, format, out, options);
    return out;
}

/// A namespace in which tracking is on, or the reason why there is none.
class KernelListing : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const auto missing = kernel::missing_for_kernel_tests()) GTEST_SKIP() << *missing;
        const auto version = run_program({"conntrack", "--version"}, {});
        if (!version || version->status != 0) GTEST_SKIP() << "no conntrack tool";
        if (version->out.find("v1.4.7") == std::string::npos) {
            GTEST_SKIP() << "the forms are those of conntrack 1.4.7, not " << version->out;
        }
        Result<kernel::NetNamespace> made = kernel::NetNamespace::make();
        ASSERT_TRUE(made) << said(made.error());
        namespace_ = std::make_unique<kernel::NetNamespace>(std::move(*made));
        inside_ = std::make_unique<kernel::Inside>(*namespace_);
        run("ip link set lo up");
        run("iptables-legacy -A OUTPUT -m conntrack --ctstate NEW -j ACCEPT");
        run("ip6tables-legacy -A OUTPUT -m conntrack --ctstate NEW -j ACCEPT");
    }
    void TearDown() override { inside_.reset(); }

    static void run(std::string_view command) {
        const Result<std::string> done = run_program_ok(words_of(command), {});
        ASSERT_TRUE(done) << command << ": " << said(done.error());
    }
    static void set(const std::string& name, bool on) {
        const auto done = kernel::set_sysctl("net.netfilter.nf_conntrack_" + name, on ? "1" : "0");
        ASSERT_TRUE(done) << said(done.error());
    }

  private:
    std::unique_ptr<kernel::NetNamespace> namespace_;
    std::unique_ptr<kernel::Inside> inside_;
};

TEST_F(KernelListing, every_form_equals_the_kernels_and_the_tools_byte_for_byte) {
    for (const EntryRow& row : kEntries) {
        set("acct", row.acct);
        set("timestamp", row.timestamp);
        run("conntrack -I " + std::string(row.arguments));
    }
    send_packets();
    const std::optional<Forms> forms = read_forms();
    ASSERT_TRUE(forms) << "no two readings were equal";
    const std::size_t count = std::size(kEntries) + 3;
    ASSERT_EQ(forms->proc.size(), count);
    ASSERT_EQ(forms->conntrack.size(), count);
    ASSERT_EQ(forms->save.size(), count);
    ASSERT_EQ(forms->xml.size(), count + 3);
    std::string frame;
    print_listing_head(EntryFormat::xml, frame);
    EXPECT_EQ(forms->xml[0] + forms->xml[1], frame);
    frame.clear();
    print_listing_tail(EntryFormat::xml, frame);
    EXPECT_EQ(forms->xml.back(), frame);
    for (std::size_t i = 0; i < count; ++i) {
        const EntryCopy entry = merged(*forms, i);
        EXPECT_EQ(print(entry, EntryFormat::proc), forms->proc[i]);
        EXPECT_EQ(print(entry, EntryFormat::conntrack), forms->conntrack[i]);
        EXPECT_EQ(print(entry, EntryFormat::extended), forms->extended[i]);
        EXPECT_EQ(print(entry, EntryFormat::extended, true), forms->extended_id[i]);
        EXPECT_EQ(print(entry, EntryFormat::save), forms->save[i]);
        EXPECT_EQ(print(entry, EntryFormat::xml), forms->xml[i + 2]);
    }
}

TEST_F(KernelListing, a_listing_without_entries_is_empty_in_every_form) {
    for (const char* form : {"extended", "xml", "save"}) {
        EXPECT_TRUE(conntrack_lines({"-o", form}).empty()) << form;
    }
}

/// Starts a listener for each form, lets things happen, and shows what each wrote behind its name.
constexpr std::string_view kEventScript = R"(
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
conntrack -E -o extended,id > "$folder/extended" 2>/dev/null & a=$!
conntrack -E > "$folder/conntrack" 2>/dev/null & b=$!
conntrack -E -o xml > "$folder/xml" 2>/dev/null & c=$!
conntrack -E -o save > "$folder/save" 2>/dev/null & d=$!
sleep 0.4
conntrack -I -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 80 --state SYN_SENT -t 100 -m 7
conntrack -U -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 80 --state ESTABLISHED -u SEEN_REPLY,ASSURED
conntrack -U -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 80 -m 0
conntrack -I -p sctp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 2 --state CLOSED --orig-vtag 1 --reply-vtag 2 -t 9
conntrack -I -p icmpv6 -s fe80::1 -d fe80::2 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 5 -t 100 -w 3
conntrack -I -p gre -s 10.0.0.1 -d 10.0.0.2 --srckey 0x1234 --dstkey 7 -t 100 --orig-zone 4
printf x > /dev/udp/127.0.0.1/9
printf x > /dev/tcp/127.0.0.1/9
sleep 1.3
conntrack -L
conntrack -D -p tcp
conntrack -D -p sctp
conntrack -D -p icmpv6
conntrack -D -p gre
sleep 0.3
kill $a $b $c $d
wait
for form in extended conntrack xml save; do echo "== $form"; cat "$folder/$form"; done
)";

using Sections = std::map<std::string, std::vector<std::string>>;

/// Who asked for a change is told behind the event, but not by keepstate, where nobody else can.
std::string without_asker(const std::string& line) {
    const std::size_t at = line.find(" [USERSPACE]");
    return at == std::string::npos ? line : line.substr(0, at) + "\n";
}

Sections sections_of(const std::string& text) {
    Sections sections;
    std::string name = "before";
    for (const std::string& line : lines_of(text)) {
        if (line.substr(0, 3) == "== ") {
            name = line.substr(3, line.size() - 4);
        } else {
            sections[name].push_back(without_asker(line));
        }
    }
    return sections;
}

struct ReadEvent {
    Event event;
    std::string line;
};

ReadEvent read_event(const std::string& line, const std::string& saved) {
    ReadEvent read;
    read.line = line;
    const std::string_view kind = std::string_view(line).substr(0, 10);
    read.event.kind = kind == "    [NEW] "   ? EventKind::new_
                      : kind == " [UPDATE] " ? EventKind::update
                                             : EventKind::destroy;
    read.event.entry = parsed(line.substr(10), EntryFormat::extended);
    read.event.mark_changed = line.find(" mark=") != std::string::npos;
    const EntryCopy save = parsed(saved, EntryFormat::save);
    read.event.entry.status |= save.status;
    read.event.entry.sctp_vtags = save.sctp_vtags;
    return read;
}

std::string print(const Event& event, EntryFormat format, bool with_id = false) {
    ListingOptions options;
    options.id = with_id;
    std::string out;
    print_event(event, out, format, options);
    return out;
}

TEST_F(KernelListing, event_lines_equal_those_of_conntrack_e) {
    set("acct", true);
    set("timestamp", true);
    ASSERT_TRUE(kernel::set_sysctl("net.netfilter.nf_conntrack_udp_timeout", "1"));
    const Result<std::string> out = run_program_ok({"bash", "-c", std::string(kEventScript)}, {});
    ASSERT_TRUE(out) << said(out.error());
    Sections sections = sections_of(*out);
    const std::vector<std::string>& extended = sections["extended"];
    ASSERT_GE(extended.size(), 13U) << *out;
    ASSERT_EQ(sections["conntrack"].size(), extended.size());
    ASSERT_EQ(sections["save"].size(), extended.size());
    ASSERT_EQ(sections["xml"].size(), extended.size() + 3);
    for (std::size_t i = 0; i < extended.size(); ++i) {
        const Event event = read_event(extended[i], sections["save"][i]).event;
        EXPECT_EQ(print(event, EntryFormat::extended, true), extended[i]);
        EXPECT_EQ(print(event, EntryFormat::conntrack), sections["conntrack"][i]);
        EXPECT_EQ(print(event, EntryFormat::save), sections["save"][i]);
        std::string xml = print(event, EntryFormat::xml);
        std::string wanted = sections["xml"][i + 2];
        if (event.entry.started) {  // the age is of another kind there: see listing_test.cpp
            xml.resize(xml.find("<deltatime>"));
            wanted.resize(wanted.find("<deltatime>"));
        }
        EXPECT_EQ(xml, wanted);
    }
}

}  // namespace
}  // namespace keepstate

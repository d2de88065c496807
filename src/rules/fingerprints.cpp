// See fingerprints.hpp.
#include "rules/fingerprints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "rules/faults.hpp"

namespace keepstate::rules {

namespace {

constexpr std::size_t kTcpHeaderBytes = 20;
constexpr std::uint8_t kMssKind = 2;
constexpr std::uint8_t kMssBytes = 4;
/// What the kernel tries beside the MSS that the packet names, because modems change it.
constexpr std::uint32_t kUsualMss = 1460;
constexpr std::uint32_t kLoweredMss = 1448;
constexpr std::uint32_t kHeaderBytes = 40;  // of IPv4 and TCP, the difference of MTU and MSS

struct KnownOption {
    char letter;
    std::uint8_t kind;
    std::uint8_t bytes;
};
constexpr KnownOption kKnownOptions[] = {{'E', 0, 1}, {'N', 1, 1}, {'M', kMssKind, kMssBytes},
                                         {'W', 3, 3}, {'S', 4, 2}, {'T', 8, 10}};

/// A part of a line, and where it stands.
struct Field {
    std::string_view text;
    int column = 0;

    Field after(std::size_t bytes) const {
        return {text.substr(std::min(bytes, text.size())), column + static_cast<int>(bytes)};
    }
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Parts between `sign`, without the blanks around them.
std::vector<Field> split(Field whole, char sign) {
    std::vector<Field> fields;
    std::size_t begin = 0;
    while (begin <= whole.text.size()) {
        const std::size_t end = std::min(whole.text.find(sign, begin), whole.text.size());
        Field field = Field{whole.text.substr(0, end), whole.column}.after(begin);
        while (!field.text.empty() && is_blank(field.text.front())) field = field.after(1);
        while (!field.text.empty() && is_blank(field.text.back())) field.text.remove_suffix(1);
        fields.push_back(field);
        begin = end + 1;
    }
    return fields;
}

/// The value of M or W as nfnl_osf reads it, where `*' and 0 are the same.
std::string value_of(std::string_view option) {
    const std::string_view signs = option.front() == 'M' ? "%" : "%ST";
    const char sign = option.size() > 1 && signs.find(option[1]) != signs.npos ? option[1] : '=';
    const char* const end = option.data() + option.size();
    std::uint32_t number = 0;
    std::from_chars(std::min(option.data() + (sign == '=' ? 1 : 2), end), end, number);
    return fmt::format("{}{}", sign, number);
}

class Reader {
  public:
    Reader(std::string_view text, const std::string& file, Fingerprints& fingerprints)
        : text_(text), faults_(file), fingerprints_(fingerprints) {}

    Result<void> run() {
        while (!text_.empty()) {
            ++line_number_;
            const std::size_t end = std::min(text_.find('\n'), text_.size());
            line_ = text_.substr(0, end);
            text_.remove_prefix(std::min(end + 1, text_.size()));
            const bool is_blank_line = std::all_of(line_.begin(), line_.end(), is_blank);
            if (!is_blank_line && line_.front() != '#') read_line();
        }
        if (faults_.empty()) return {};
        return Unexpected(Error{ErrorKind::input, faults_.take()});
    }

  private:
    void fault(int column, std::string words) {
        faults_.add(line_number_, column, std::move(words), line_);
    }

    /// Nothing else may stand in the field. 0 after a fault.
    std::uint32_t read_number(const Field& field, std::string_view what, std::uint32_t most) {
        std::uint32_t number = 0;
        const char* const end = field.text.data() + field.text.size();
        const auto [at, failure] = std::from_chars(field.text.data(), end, number);
        if (failure == std::errc{} && at == end && number <= most) return number;
        fault(field.column, fmt::format("`{}' is no {}: 0 to {}", field.text, what, most));
        return 0;
    }

    void read_line() {
        const std::vector<Field> fields = split({line_, 1}, ':');
        constexpr std::size_t kFields = 9;
        if (fields.size() != kFields) {
            return fault(
                1, fmt::format(
                       "a fingerprint has nine parts with `:' between them, WINDOW:TTL:DF:LENGTH:"
                       "OPTIONS:GENRE:VERSION:SUBTYPE:DETAILS; here are {}",
                       fields.size()));
        }
        const std::size_t faults_before = faults_.size();
        Fingerprint fingerprint;
        read_window(fields[0], fingerprint);
        fingerprint.ttl = static_cast<std::uint8_t>(read_number(fields[1], "TTL", 255));
        const std::uint32_t dont_fragment = read_number(fields[2], "don't-fragment", 255);
        const bool is_any_length = fields[3].text == "*";
        fingerprint.packet_bytes = static_cast<std::uint16_t>(
            is_any_length ? 0 : read_number(fields[3], "length of a packet", 65535));
        std::string values;
        read_options(fields[4], fingerprint, values);
        Field genre = fields[5];
        if (genre.text.starts_with('@') || genre.text.starts_with('*')) genre = genre.after(1);
        fingerprint.genre = genre.text.substr(0, kMostGenreBytes);
        fingerprint.version = fields[6].text.substr(0, kMostGenreBytes);
        fingerprint.subtype = fields[7].text.substr(0, kMostGenreBytes);
        if (faults_.size() != faults_before) return;
        const std::string all = fmt::format(
            "{}:{}:{}:{}:{}:{}:{}:{}:{}", static_cast<unsigned>(fingerprint.window),
            fingerprint.window_value, fingerprint.ttl, dont_fragment, fingerprint.packet_bytes,
            values, fingerprint.genre, fingerprint.version, fingerprint.subtype);
        if (seen_.insert(all).second) fingerprints_.add(std::move(fingerprint), dont_fragment != 0);
    }

    void read_window(const Field& field, Fingerprint& fingerprint) {
        using Window = Fingerprint::Window;
        constexpr std::uint32_t kMost = 0xffffffffU;
        if (field.text == "*") return;
        const char first = field.text.empty() ? ' ' : field.text.front();
        fingerprint.window = first == 'S'   ? Window::times_mss
                             : first == 'T' ? Window::times_mtu
                             : first == '%' ? Window::multiple
                                            : Window::plain;
        Field number = field.after(fingerprint.window == Window::plain ? 0 : 1);
        const bool is_times = first == 'S' || first == 'T';
        if (is_times && number.text == "*") return;  // 0, as nfnl_osf reads it
        if (is_times && number.text.starts_with('%')) number = number.after(1);
        const std::size_t faults_before = faults_.size();
        fingerprint.window_value = read_number(
            number, "window (N, *, %N, SN for N times the MSS, TN for N times the MTU)", kMost);
        const bool is_read = faults_.size() == faults_before;
        if (is_read && first == '%' && fingerprint.window_value == 0) {
            fault(field.column, "no window is a multiple of 0; Linux takes no such fingerprint");
        }
    }

    /// `values`: all that Linux keeps of the options, to know a fingerprint again.
    void read_options(const Field& field, Fingerprint& fingerprint, std::string& values) {
        std::size_t bytes = 0;
        for (const Field& option : split(field, ',')) {
            const char letter = option.text.empty() ? '.' : option.text.front();
            const auto* const known =
                std::find_if(std::begin(kKnownOptions), std::end(kKnownOptions),
                             [letter](const KnownOption& each) { return each.letter == letter; });
            if (known == std::end(kKnownOptions)) continue;
            bytes += known->bytes;
            if (bytes > Fingerprint::kMostOptionBytes) {
                return fault(option.column, "a TCP header has 40 bytes of options, these are more");
            }
            fingerprint.option_kinds[fingerprint.option_count++] = known->kind;
            values += letter;
            if (letter == 'M' || letter == 'W') values += value_of(option.text);
        }
        fingerprint.option_bytes = static_cast<std::uint8_t>(bytes);
    }

    std::string_view text_;
    Faults faults_;
    Fingerprints& fingerprints_;
    std::string_view line_;
    int line_number_ = 0;
    std::set<std::string> seen_;
};

std::uint8_t bytes_of(std::uint8_t kind) {
    for (const KnownOption& known : kKnownOptions) {
        if (known.kind == kind) return known.bytes;
    }
    return 1;
}

bool window_fits(const Fingerprint& fingerprint, std::uint32_t window, std::uint32_t mss) {
    const std::uint32_t value = fingerprint.window_value;
    const auto is_times = [window, value, mss](std::uint32_t more) {
        return window == value * (mss + more) || window == value * (kUsualMss + more) ||
               window == value * (kLoweredMss + more);
    };
    switch (fingerprint.window) {
        case Fingerprint::Window::plain: return value == 0 || window == value;
        case Fingerprint::Window::times_mss: return is_times(0);
        case Fingerprint::Window::times_mtu: return is_times(kHeaderBytes);
        case Fingerprint::Window::multiple: return window % value == 0;
    }
    return false;
}

}  // namespace

std::optional<Syn> Syn::read(base::ByteView ip, std::size_t tcp_offset) {
    constexpr std::uint8_t kSynFlag = 0x02;
    constexpr std::uint16_t kDontFragment = 0x4000;
    const base::ByteView tcp = ip.sub(tcp_offset);
    if (!ip.has(0, 20) || !tcp.has(0, kTcpHeaderBytes)) return std::nullopt;
    if ((tcp.u8(13) & kSynFlag) == 0) return std::nullopt;
    Syn syn;
    syn.packet_bytes = ip.be16(2);
    syn.ttl = ip.u8(8);
    syn.dont_fragment = (ip.be16(6) & kDontFragment) != 0;
    syn.source_port = tcp.be16(0);
    syn.destination_port = tcp.be16(2);
    syn.window = tcp.be16(14);
    const std::size_t header = static_cast<std::size_t>(tcp.u8(12) >> 4) * 4;
    if (header <= kTcpHeaderBytes) return syn;
    if (!tcp.has(0, header)) return std::nullopt;
    syn.options = tcp.sub(kTcpHeaderBytes, header - kTcpHeaderBytes);
    return syn;
}

bool fits(const Fingerprint& fingerprint, const Syn& syn, TtlTest ttl) {
    if (syn.packet_bytes != fingerprint.packet_bytes) return false;
    if (ttl == TtlTest::same && syn.ttl != fingerprint.ttl) return false;
    // That an address of the arrival device's own network may be above is in Linux's code, but can never be.
    if (ttl == TtlTest::not_above && syn.ttl > fingerprint.ttl) return false;
    if (syn.options.size() != fingerprint.option_bytes) return false;
    std::uint32_t mss = 0;
    std::size_t at = 0;
    // An option is as long as its kind says here, whatever stands in the packet; all of them are as long as its options.
    for (std::size_t i = 0; i < fingerprint.option_count; ++i) {
        const std::uint8_t kind = fingerprint.option_kinds[i];
        if (syn.options.u8(at) != kind) return false;
        if (kind == kMssKind) mss = syn.options.be16(at + 2);
        at += bytes_of(kind);
    }
    return window_fits(fingerprint, syn.window, mss);
}

Result<void> parse_fingerprints(std::string_view text, const std::string& file, Objects& objects) {
    return Reader(text, file, Fingerprints::of(objects)).run();
}

}  // namespace keepstate::rules

// See sip_words.hpp.
#include "ct/helper/sip_words.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "ct/helper/text.hpp"
#include "keepstate/tuple.hpp"

namespace keepstate::ct::sip {

namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_line_end(char c) { return c == '\r' || c == '\n'; }

/// How much of a text is what is looked for; `skipped` bytes before it do not count to it.
struct Length {
    std::size_t bytes = 0;  ///< 0: it is not there
    std::size_t skipped = 0;
};
using Measure = Length (*)(std::string_view text, Family family);

Length measure_digits(std::string_view text, Family) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    return {static_cast<std::size_t>(end - text.begin()), 0};
}

struct Place {
    Address address;
    std::uint16_t port = 0;
    std::size_t bytes = 0;
};

/// ":5062", or nothing for the usual port. Something has to stand behind it.
bool read_port(std::string_view text, Place& place) {
    if (place.bytes >= text.size()) return false;
    place.port = kSipPort;
    if (text[place.bytes] != ':') return true;
    const std::string_view behind = text.substr(place.bytes + 1);
    constexpr std::size_t kMostDigits = 5;
    constexpr std::uint32_t kLeastPort = 1024;
    const std::size_t digits = measure_digits(behind, Family::ipv4).bytes;
    if (digits == 0 || digits > kMostDigits || digits >= behind.size()) return false;
    const std::uint32_t port = read_number(behind).value;
    if (port < kLeastPort || port > std::numeric_limits<std::uint16_t>::max()) return false;
    place.port = static_cast<std::uint16_t>(port);
    place.bytes += 1 + digits;
    return true;
}

/// "10.0.0.1", "[fd00::1]", with a port or without.
std::optional<Place> read_place(std::string_view text, Family family) {
    const std::size_t bracket = family == Family::ipv6 ? 1 : 0;
    if (bracket != 0 && (text.empty() || text.front() != '[')) return std::nullopt;
    const std::optional<ReadAddress> words = read_address_until(family, text.substr(bracket), {});
    if (!words) return std::nullopt;
    Place place{words->address, 0, bracket + words->length};
    if (bracket != 0) {
        if (place.bytes >= text.size() || text[place.bytes] != ']') return std::nullopt;
        ++place.bytes;
    }
    if (!read_port(text, place)) return std::nullopt;
    return place;
}

Length measure_place(std::string_view text, Family family) {
    const std::optional<Place> place = read_place(text, family);
    return {place ? place->bytes : 0, 0};
}

/// The place behind "ann@", or at once if the line has no @.
Length measure_uri(std::string_view text, Family family) {
    const std::size_t end = text.find_first_of("@\r\n");
    const bool has_name = end != kNowhere && text[end] == '@';
    const std::size_t skipped = has_name ? end + 1 : 0;
    return {measure_place(text.substr(skipped), family).bytes, skipped};
}

/// "audio 4000"; without a number too.
Length measure_media(std::string_view text, Family family) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_letter);
    const auto letters = static_cast<std::size_t>(end - text.begin());
    if (letters >= text.size() || text[letters] != ' ') return {};
    return {letters + 1 + measure_digits(text.substr(letters + 1), family).bytes, 0};
}

Length measure_address(std::string_view text, Family family) {
    const std::optional<ReadAddress> words = read_address_until(family, text, {});
    return {words ? words->length : 0, 0};
}

struct HeaderForm {
    std::string_view name;
    std::string_view short_name;  ///< empty: none
    std::string_view before;      ///< the value begins behind these words; empty: at once
    Measure measure;
};

/// By Header.
constexpr std::array<HeaderForm, 8> kHeaders{{
    {"CSeq", "", "", measure_digits},
    {"From", "f", "sip:", measure_uri},
    {"To", "t", "sip:", measure_uri},
    {"Contact", "m", "sip:", measure_uri},
    {"Via", "v", "UDP ", measure_place},
    {"Via", "v", "TCP ", measure_place},
    {"Expires", "", "", measure_digits},
    {"Content-Length", "l", "", measure_digits},
}};

const HeaderForm& form_of(Header header) { return kHeaders[static_cast<std::size_t>(header)]; }

/// Where the next line begins, at or behind the line end that is next; kNowhere if none does.
std::size_t next_line(std::string_view text, std::size_t from) {
    std::size_t place = text.find_first_of("\r\n", from);
    if (place == kNowhere || ++place >= text.size()) return kNowhere;
    if (text[place - 1] == '\r' && text[place] == '\n' && ++place >= text.size()) return kNowhere;
    return place;
}

/// From a line end to the first word of the next line, if that line belongs to the same header.
std::size_t follow(std::string_view text, std::size_t place) {
    place = next_line(text, place);
    if (place == kNowhere || !is_blank(text[place])) return kNowhere;
    return std::min(text.find_first_not_of(" \t", place), text.size());
}

/// Blanks, and one line end if the header goes on behind it.
std::size_t skip_blanks(std::string_view text, std::size_t place) {
    place = std::min(text.find_first_not_of(" \t", place), text.size());
    if (place < text.size() && is_line_end(text[place])) return follow(text, place);
    return place;
}

/// Where the words stand in the rest of a header. Something has to stand behind them; the first letter of a line that
/// goes on is not seen.
std::size_t search(std::string_view text, std::size_t place, std::string_view words) {
    if (text.size() < words.size()) return kNowhere;
    const std::string_view ends_before = text.substr(0, text.size() - words.size());
    for (; place < ends_before.size(); ++place) {
        if (is_line_end(text[place])) {
            place = follow(ends_before, place);
            if (place == kNowhere) return kNowhere;
        } else if (begins_with(text.substr(place), words)) {
            return place;
        }
    }
    return kNowhere;
}

/// The value that is measured at `place`, behind `before`; `bad` looks on at `origin`.
Spot measure_at(const Message& message, const HeaderForm& form, std::size_t place,
                std::size_t origin) {
    const Length length = form.measure(message.text().substr(place), message.family);
    if (length.bytes == 0) return {Look::bad, origin, 0};
    return {Look::found, place + length.skipped, length.bytes};
}

/// How long the header's name at `line` is; 0: it is another one.
std::size_t measure_name(std::string_view line, const HeaderForm& form) {
    if (begins_with(line, form.name)) return form.name.size();
    const std::size_t bytes = form.short_name.size();
    const bool is_short = bytes != 0 && line.size() > bytes && begins_with(line, form.short_name) &&
                          !is_letter(line[bytes]);
    return is_short ? bytes : 0;
}

/// A parameter's words: from `from` to the next comma of the list, or to the message's end.
std::string_view text_to_comma(const Message& message, std::size_t from) {
    const std::string_view text = message.text();
    return text.substr(0, std::min(search(text, from, ","), text.size()));
}

struct SdpForm {
    std::string_view name;
    std::array<std::string_view, 2> before;  ///< IPv4, IPv6
    Measure measure;
};

/// By SdpLine.
constexpr std::array<SdpForm, 3> kSdpLines{{
    {"v=", {"", ""}, measure_digits},
    {"c=", {"IN IP4 ", "IN IP6 "}, measure_address},
    {"m=", {"", ""}, measure_media},
}};

const SdpForm& form_of(SdpLine line) { return kSdpLines[static_cast<std::size_t>(line)]; }

/// Where the words stand in the line, as they are written. Something has to stand behind them.
std::size_t search_line(std::string_view text, std::size_t place, std::string_view words) {
    if (text.size() < words.size()) return kNowhere;
    const std::size_t end = std::min(text.find_first_of("\r\n", place), text.size() - words.size());
    for (; place < end; ++place) {
        if (text.substr(place, words.size()) == words) return place;
    }
    return kNowhere;
}

}  // namespace

Number read_number(std::string_view text) {
    constexpr std::size_t kMostDigits = 11;
    std::uint64_t value = 0;
    std::size_t bytes = 0;
    for (; bytes < text.size() && is_digit(text[bytes]); ++bytes) {
        if (bytes == kMostDigits) return {};
        value = value * 10 + static_cast<std::uint64_t>(text[bytes] - '0');
        if (value > std::numeric_limits<std::uint32_t>::max()) return {};
    }
    return {static_cast<std::uint32_t>(value), bytes};
}

bool is_letter(char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0xc0) return byte != 0xd7 && byte != 0xf7;  // the signs for times and divided
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool begins_with(std::string_view text, std::string_view words) {
    return equals_ignoring_case(text.substr(0, words.size()), words);
}

Spot find_header(const Message& message, Header header, std::size_t from) {
    const HeaderForm& form = form_of(header);
    const std::string_view text = message.text();
    for (std::size_t line = next_line(text, from); line != kNowhere;
         line = next_line(text, line + 1)) {
        const std::size_t name_bytes = measure_name(text.substr(line), form);
        if (name_bytes == 0) continue;
        const std::size_t colon = skip_blanks(text, line + name_bytes);
        if (colon >= text.size() || text[colon] != ':' || colon + 1 >= text.size()) return {};
        const std::size_t value = skip_blanks(text, colon + 1);
        if (value == kNowhere) return {};
        if (form.before.empty()) return measure_at(message, form, value, value);
        const std::size_t before = search(text, value, form.before);
        if (before == kNowhere) return {Look::bad, value, 0};
        return measure_at(message, form, before + form.before.size(), value);
    }
    return {};
}

Spot AddressWalk::next_in_list() const {
    const HeaderForm& form = form_of(header_);
    const std::string_view text = message_.text();
    const std::size_t comma = search(text, from_, ",");
    if (comma == kNowhere) return {};
    const std::size_t before = search(text, comma, form.before);
    if (before == kNowhere) return {};
    const std::size_t place = before + form.before.size();
    return measure_at(message_, form, place, place);
}

std::optional<AddressWalk::Step> AddressWalk::next() {
    Spot spot;
    if (in_list_) {
        for (spot = next_in_list(); spot.look == Look::bad; spot = next_in_list()) {
            from_ = spot.offset;
        }
    }
    if (spot.look != Look::found) {
        for (spot = find_header(message_, header_, from_); spot.look == Look::bad;
             spot = find_header(message_, header_, from_)) {
            from_ = spot.offset;
        }
    }
    in_list_ = spot.look == Look::found;
    if (!in_list_) return std::nullopt;
    const std::optional<Place> place =
        read_place(message_.text().substr(spot.offset), message_.family);
    if (!place) return std::nullopt;  // never: it was measured so
    from_ = spot.offset + place->bytes;
    return Step{place->address, place->port, from_};
}

std::optional<std::uint8_t> read_transport(const Message& message, std::size_t from,
                                           std::uint8_t usual) {
    constexpr std::string_view kName = "transport=";
    const std::size_t name = search(text_to_comma(message, from), from, kName);
    if (name == kNowhere) return usual;
    // The kernel does not ask here where the message ends.
    const std::string_view value = message.packet.substr(name + kName.size());
    if (begins_with(value, "TCP")) return protocol::kTcp;
    if (begins_with(value, "UDP")) return protocol::kUdp;
    return std::nullopt;
}

Parameter read_parameter(const Message& message, std::size_t from, std::string_view name) {
    const std::string_view text = text_to_comma(message, from);
    const std::size_t place = search(text, from, name);
    if (place == kNowhere) return {};
    const Number number = read_number(text.substr(place + name.size()));
    if (number.bytes == 0) return {Look::bad, 0};
    return {Look::found, number.value};
}

Spot find_sdp(const Message& message, SdpLine line, std::size_t from, bool stops_at_media) {
    const SdpForm& form = form_of(line);
    const std::string_view text = message.text();
    for (std::size_t place = next_line(text, from); place != kNowhere;
         place = next_line(text, place + 1)) {
        const std::string_view rest = text.substr(place);
        if (stops_at_media && begins_with(rest, form_of(SdpLine::media).name)) return {};
        if (!begins_with(rest, form.name)) continue;
        place += form.name.size();
        const std::string_view before = form.before[message.family == Family::ipv4 ? 0 : 1];
        if (!before.empty()) {
            place = search_line(text, place, before);
            if (place == kNowhere) return {Look::bad, 0, 0};
            place += before.size();
        }
        const Length length = form.measure(text.substr(place), message.family);
        if (length.bytes == 0) return {Look::bad, place, 0};
        return {Look::found, place, length.bytes};
    }
    return {};
}

std::optional<Address> find_connection(const Message& message, std::size_t from) {
    const Spot spot = find_sdp(message, SdpLine::connection, from, true);
    if (spot.look != Look::found) return std::nullopt;
    const std::optional<ReadAddress> words =
        read_address_until(message.family, message.text().substr(spot.offset, spot.bytes), {});
    return words ? std::optional<Address>{words->address} : std::nullopt;
}

}  // namespace keepstate::ct::sip

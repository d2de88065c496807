// The text of `ipset save' into sets; see sets.hpp.
//
//     create NAME TYPE [family inet6] [timeout 60] [counters] ...
//     add NAME ELEMENT [timeout 60] [packets 1 bytes 60] [nomatch] ...
//
// Also what people write for `ipset restore': -N and -A for create and add, -exist, comments, ranges (10.0.0.1-10.0.0.9,
// 10.0.0.0/24 in a set of addresses, tcp:80-90). All faults are told.
// source: man:ipset; seen: what `ipset save' prints.   Tested by: rules/sets_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "rules/faults.hpp"
#include "rules/nearest.hpp"
#include "rules/sets.hpp"
#include "rules/sets_element.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

namespace {

struct Token {
    std::string text;
    int column = 0;
};

/// Words of a line; one in double quotes may hold blanks.
std::vector<Token> split(std::string_view line) {
    std::vector<Token> tokens;
    std::size_t at = 0;
    while (at < line.size()) {
        if (line[at] == ' ' || line[at] == '\t' || line[at] == '\r') {
            ++at;
            continue;
        }
        Token token{{}, static_cast<int>(at) + 1};
        const bool quoted = line[at] == '"';
        if (quoted) {
            const std::size_t end = std::min(line.find('"', at + 1), line.size());
            token.text = line.substr(at + 1, end - at - 1);
            at = std::min(end + 1, line.size());
        } else {
            const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
            token.text = line.substr(at, end - at);
            at = end;
        }
        tokens.push_back(std::move(token));
    }
    return tokens;
}

std::optional<std::uint64_t> number_of(const std::string& words, std::uint64_t most) {
    return parse_number(words, 0, most);
}

class Reader {
  public:
    Reader(std::string_view text, const std::string& file, Objects& objects)
        : text_(text), faults_(file), objects_(objects) {}

    Result<void> run() {
        std::string_view left = text_;
        while (!left.empty()) {
            ++line_number_;
            const std::size_t end = std::min(left.find('\n'), left.size());
            line_ = left.substr(0, end);
            left.remove_prefix(std::min(end + 1, left.size()));
            read_line();
        }
        if (faults_.empty()) return {};
        return Unexpected(Error{ErrorKind::input, faults_.take()});
    }

  private:
    void fault(int column, std::string words) {
        faults_.add(line_number_, column, std::move(words), line_);
    }
    void read_line() {
        tokens_ = split(line_);
        at_ = 0;
        if (tokens_.empty() || tokens_[0].text.starts_with('#') || tokens_[0].text == "COMMIT")
            return;
        // The family of `-exist' and `-!' is asked of no line alone: an element that is there is left as it is.
        std::erase_if(tokens_, [](const Token& token) {
            return token.text == "-exist" || token.text == "-!";
        });
        if (tokens_.empty()) return;
        const std::string& command = tokens_[0].text;
        at_ = 1;
        if (command == "create" || command == "-N" || command == "n") {
            read_create();
        } else if (command == "add" || command == "-A" || command == "a") {
            read_add();
        } else {
            fault(tokens_[0].column, fmt::format("`{}' is neither create nor add{}", command,
                                                 did_you_mean(command, {"create", "add"})));
        }
    }
    const Token* take() { return at_ < tokens_.size() ? &tokens_[at_++] : nullptr; }
    /// The value behind an option.
    const Token* take_value(const Token& option) {
        const Token* value = take();
        if (value == nullptr) fault(option.column, fmt::format("`{}' needs a value", option.text));
        return value;
    }
    std::optional<std::uint64_t> take_number(const Token& option, std::uint64_t most) {
        const Token* value = take_value(option);
        if (value == nullptr) return std::nullopt;
        const auto number = number_of(value->text, most);
        if (!number) {
            fault(value->column, fmt::format("{}: `{}' is no number from 0 to {}", option.text,
                                             value->text, most));
        }
        return number;
    }

    // --- create --------------------------------------------------------------------------------------
    void read_create() {
        const Token* name = take();
        const Token* type = take();
        if (name == nullptr || type == nullptr) {
            fault(tokens_[0].column, "create needs a name and a type");
            return;
        }
        constexpr std::size_t kLongestName = 31;
        if (name->text.empty() || name->text.size() > kLongestName) {
            fault(name->column, fmt::format("a set's name has 1 to {} bytes", kLongestName));
            return;
        }
        if (objects_.find<IpSet>(IpSet::kKind, name->text) != nullptr) {
            fault(name->column, fmt::format("set `{}' was created before", name->text));
            return;
        }
        IpSet::Setup setup;
        setup.name = name->text;
        setup.type = find_set_type(type->text);
        setup.seed = objects_.seed();
        setup.mask.fill(0xff);
        if (setup.type == nullptr) {
            fault(type->column, fmt::format("`{}' is no type of a set{}", type->text,
                                            did_you_mean(type->text, set_type_names())));
            return;
        }
        const bool has_family = !setup.type->is_bitmap && !setup.type->has(SetPart::set) &&
                                setup.type->parts[0] != SetPart::mac;
        if (has_family || setup.type->has(SetPart::address)) setup.family = Family::ipv4;
        bool has_range = false;
        while (const Token* option = take()) read_create_option(*option, setup, has_range);
        if (setup.type->is_bitmap && !has_range) {
            fault(type->column, fmt::format("`{}' needs a range", type->text));
        }
        if (setup.type->is_bitmap || setup.type->has(SetPart::set)) {
            setup.most_elements = IpSet::kMostRoom;
        }
        objects_.find_or_make<IpSet>(IpSet::kKind, setup.name, setup);
    }
    void read_create_option(const Token& option, IpSet::Setup& setup, bool& has_range) {
        const std::string& word = option.text;
        constexpr std::uint64_t kMost32 = 0xffffffffU;
        if (word == "counters") {
            setup.has_counters = true;
        } else if (word == "comment") {
            setup.has_comment = true;
        } else if (word == "skbinfo") {
            setup.has_skbinfo = true;
        } else if (word == "forceadd") {
            setup.forces_add = true;
        } else if (word == "family") {
            read_family(option, setup);
        } else if (word == "timeout") {
            if (const auto number = take_number(option, kMostTimeout)) {
                setup.has_timeout = true;
                setup.timeout_s = static_cast<std::uint32_t>(*number);
            }
        } else if (word == "maxelem") {
            if (const auto number = take_number(option, kMost32)) setup.most_elements = *number;
        } else if (word == "markmask") {
            if (const auto number = take_number(option, kMost32)) {
                setup.mark_mask = static_cast<std::uint32_t>(*number);
            }
        } else if (word == "netmask" || word == "bitmask") {
            read_mask(option, setup);
        } else if (word == "range") {
            has_range = read_range(option, setup);
        } else if (word == "hashsize" || word == "size" || word == "bucketsize" ||
                   word == "probes" || word == "resize" || word == "initval" || word == "gc") {
            take_number(option, kMost32);  // how the kernel's table is built: nothing to us
        } else {
            at_ = tokens_.size();  // what follows may be its value
            fault(option.column,
                  fmt::format(
                      "`{}' is no option of create{}", word,
                      did_you_mean(word, {"family", "hashsize", "maxelem", "timeout", "counters",
                                          "comment", "skbinfo", "forceadd", "netmask", "bitmask",
                                          "markmask", "range", "size", "bucketsize", "initval"})));
        }
    }
    void read_family(const Token& option, IpSet::Setup& setup) {
        const Token* value = take_value(option);
        if (value == nullptr) return;
        if (value->text == "inet" || value->text == "ipv4" || value->text == "-4") {
            setup.family = Family::ipv4;
        } else if (value->text == "inet6" || value->text == "ipv6" || value->text == "-6") {
            setup.family = Family::ipv6;
        } else {
            fault(value->column, fmt::format("`{}' is neither inet nor inet6", value->text));
        }
    }
    void read_mask(const Token& option, IpSet::Setup& setup) {
        const Token* value = take_value(option);
        if (value == nullptr) return;
        const Family family = setup.family.value_or(Family::ipv4);
        if (const auto bits = parse_prefix_bits(value->text, family);
            bits && option.text == "netmask") {
            setup.mask = mask_of(*bits, family);
        } else if (const auto mask = parse_address(value->text); mask && mask->family == family) {
            setup.mask = mask->bytes;
        } else {
            fault(value->column, fmt::format("{}: `{}' is no mask", option.text, value->text));
        }
    }
    bool read_range(const Token& option, IpSet::Setup& setup) {
        const Token* value = take_value(option);
        if (value == nullptr) return false;
        if (setup.type->has(SetPart::port)) {
            const std::size_t dash = value->text.find('-');
            const auto first = number_of(value->text.substr(0, dash), 65535);
            const auto last =
                dash == std::string::npos ? first : number_of(value->text.substr(dash + 1), 65535);
            if (first && last && *first <= *last) {
                setup.range_first = *first;
                setup.range_last = *last;
                return true;
            }
        } else if (const auto span = parse_set_span(value->text, Family::ipv4)) {
            setup.range_first = base::load_be32(span->first.bytes.data());
            setup.range_last = base::load_be32(span->last.bytes.data());
            return true;
        }
        fault(value->column, fmt::format("`{}' is no range: FROM-TO", value->text));
        return true;
    }

    // --- add -----------------------------------------------------------------------------------------
    void read_add() {
        const Token* name = take();
        const Token* words = take();
        if (name == nullptr || words == nullptr) {
            fault(tokens_[0].column, "add needs a set and an element");
            return;
        }
        set_ = objects_.find<IpSet>(IpSet::kKind, name->text);
        if (set_ == nullptr) {
            fault(name->column, fmt::format("set `{}' was not created before", name->text));
            return;
        }
        SetElement element;
        is_wildcard_ = false;
        seconds_ = set_->setup().timeout_s;
        const Token element_words = *words;
        while (const Token* option = take()) read_add_option(*option, element);
        if (set_->setup().has_timeout && seconds_ != 0) {
            element.expires_tick = std::int64_t{seconds_} * kTicksPerSecond;
        }
        if (set_->setup().type->has(SetPart::set)) {
            IpSet* member = objects_.find<IpSet>(IpSet::kKind, element_words.text);
            if (member == nullptr || member->setup().type->has(SetPart::set)) {
                fault(element_words.column,
                      fmt::format("`{}' is no set that can be a member", element_words.text));
                return;
            }
            set_->add_member(*member, element);
            return;
        }
        read_element(element_words, element);
    }
    /// What the set was not created for.
    void refuse_unsupported(const Token& option) {
        const IpSet::Setup& setup = set_->setup();
        const std::string& word = option.text;
        std::string_view lacks;
        if (word == "timeout" && !setup.has_timeout) lacks = "timeout";
        if ((word == "packets" || word == "bytes") && !setup.has_counters) lacks = "counters";
        if (word == "comment" && !setup.has_comment) lacks = "comment";
        if (word.starts_with("skb") && !setup.has_skbinfo) lacks = "skbinfo";
        if (lacks.empty()) return;
        fault(option.column, fmt::format("set `{}' was created without `{}'", setup.name, lacks));
    }
    void read_add_option(const Token& option, SetElement& element) {
        const std::string& word = option.text;
        refuse_unsupported(option);
        constexpr std::uint64_t kMost64 = ~std::uint64_t{0};
        if (word == "nomatch") {
            element.is_nomatch = true;
        } else if (word == "wildcard") {
            is_wildcard_ = true;
        } else if (word == "timeout") {
            if (const auto number = take_number(option, kMostTimeout))
                seconds_ = static_cast<std::uint32_t>(*number);
        } else if (word == "packets") {
            element.packets = take_number(option, kMost64).value_or(0);
        } else if (word == "bytes") {
            element.bytes = take_number(option, kMost64).value_or(0);
        } else if (word == "comment" || word == "before" || word == "after") {
            take_value(option);
        } else if (word == "skbmark") {
            read_mark(option, element);
        } else if (word == "skbprio") {
            read_priority(option, element);
        } else if (word == "skbqueue") {
            take_number(option, 65535);
        } else {
            at_ = tokens_.size();
            fault(
                option.column,
                fmt::format("`{}' is no option of add{}", word,
                            did_you_mean(word, {"timeout", "packets", "bytes", "comment", "skbmark",
                                                "skbprio", "skbqueue", "nomatch", "wildcard"})));
        }
    }
    void read_mark(const Token& option, SetElement& element) {
        const Token* value = take_value(option);
        if (value == nullptr) return;
        const std::size_t slash = value->text.find('/');
        const auto mark = number_of(value->text.substr(0, slash), 0xffffffffU);
        const auto mask = slash == std::string::npos
                              ? std::optional<std::uint64_t>(0xffffffffU)
                              : number_of(value->text.substr(slash + 1), 0xffffffffU);
        if (!mark || !mask) {
            fault(value->column, fmt::format("skbmark: `{}' is no MARK/MASK", value->text));
            return;
        }
        element.mark = static_cast<std::uint32_t>(*mark);
        element.mark_mask = static_cast<std::uint32_t>(*mask);
    }
    void read_priority(const Token& option, SetElement& element) {
        const Token* value = take_value(option);
        if (value == nullptr) return;
        const std::size_t colon = value->text.find(':');
        const auto major = number_of("0x" + value->text.substr(0, colon), 65535);
        const auto minor = colon == std::string::npos
                               ? std::nullopt
                               : number_of("0x" + value->text.substr(colon + 1), 65535);
        if (!major || !minor) {
            fault(value->column, fmt::format("skbprio: `{}' is no MAJOR:MINOR", value->text));
            return;
        }
        element.priority = static_cast<std::uint32_t>(*major << 16 | *minor);
    }

    void read_element(const Token& token, const SetElement& element) {
        std::string words;
        const auto keys = parse_set_element(*set_, token.text, is_wildcard_, words);
        if (!keys) {
            fault(token.column, std::move(words));
            return;
        }
        for (const SetKey& key : *keys) {
            if (set_->has_key(key)) continue;
            if (set_->load(key, element)) continue;
            fault(token.column, fmt::format("set `{}' is full: maxelem is {}", set_->setup().name,
                                            set_->setup().most_elements));
            return;
        }
    }

    static constexpr std::uint64_t kMostTimeout = 2147483;

    std::string_view text_;
    Faults faults_;
    Objects& objects_;
    std::string_view line_;
    int line_number_ = 0;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    IpSet* set_ = nullptr;
    std::uint32_t seconds_ = 0;
    bool is_wildcard_ = false;
};

}  // namespace

Result<void> parse_sets(std::string_view text, const std::string& file, Objects& objects) {
    return Reader(text, file, objects).run();
}

}  // namespace keepstate::rules

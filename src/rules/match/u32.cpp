// -m u32: whether numbers taken from the packet are among some values.
//
//     tests := location "=" value | tests "&&" location "=" value
//     value := range | value "," range            range := number | number ":" number
//     location := number | location operator number       operator := "&" | "<<" | ">>" | "@"
//
// A location is a little program on a place A (at first the IP header) and a number C: a number loads the four
// bytes at A + number into C; &, << and >> change C; `@ number' moves A by C and loads again. A load past the
// packet's end makes the whole match say no, which `!' turns over.
// Limits: 10 tests, 10 numbers a location, 10 ranges a value; the kernel refuses shifts of 32 and more.
// source: man:iptables-extensions u32; kernel:net/netfilter/xt_u32.c.
// Tested by: tests/rules/u32.t, tests/scenarios/rules/u32-reads-anywhere-in-the-packet.yaml, fuzz/matches.cpp.
#include <array>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

constexpr std::size_t kMost = 10;

enum class Operator : std::uint8_t { load, mask, left, right, move };
constexpr std::string_view kSigns[] = {"", "&", "<<", ">>", "@"};

struct Step {
    std::uint32_t number = 0;
    std::uint32_t sign = 0;  ///< Operator; as wide as number, so that no byte is unused
    Operator what() const { return static_cast<Operator>(sign); }
};
struct Range {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
};
struct Test {
    std::uint32_t step_count = 0;
    std::uint32_t range_count = 0;
    std::array<Step, kMost> steps{};
    std::array<Range, kMost> ranges{};
};
struct Tests {
    std::uint32_t count = 0;
    std::uint32_t inverted = 0;
    std::array<Test, kMost> tests{};
};

/// Reads the language; the first fault ends it.
class Reader {
  public:
    Reader(std::string_view words, Tests& tests) : words_(words), tests_(tests) {}

    /// Nothing: all is read.
    Complaint read() {
        do {
            if (tests_.count == kMost) return fail("more than 10 tests");
            Test& test = tests_.tests[tests_.count++];
            if (Complaint complaint = read_location(test)) return complaint;
            if (Complaint complaint = read_value(test)) return complaint;
        } while (!is_end());
        return std::nullopt;
    }

  private:
    bool is_end() {
        while (at_ < words_.size() &&
               std::string_view(" \t\n\v\f\r").find(words_[at_]) != std::string_view::npos) {
            ++at_;
        }
        return at_ == words_.size();
    }
    bool take(std::string_view sign) {
        if (is_end() || words_.substr(at_, sign.size()) != sign) return false;
        at_ += sign.size();
        return true;
    }
    std::string fail(std::string_view why) const {
        return fmt::format("at character {} of `{}': {}", at_ + 1, words_, why);
    }
    Complaint read_number(std::uint32_t& number) {
        if (is_end()) return fail("a number should follow");
        const auto prefix = parse_number_prefix(words_.substr(at_));
        if (!prefix || prefix->value > 0xffffffffU) return fail("no number of 32 bits");
        number = static_cast<std::uint32_t>(prefix->value);
        at_ += prefix->bytes;
        return std::nullopt;
    }
    Complaint read_location(Test& test) {
        Operator what = Operator::load;
        do {
            if (test.step_count == kMost) return fail("more than 10 numbers in a location");
            Step& step = test.steps[test.step_count++];
            step.sign = static_cast<std::uint32_t>(what);
            if (Complaint complaint = read_number(step.number)) return complaint;
            if (is_end()) return fail("`=' and a value should follow");
            if (take("=")) return std::nullopt;
        } while (read_operator(what));
        return fail("one of & << >> @ or = should stand here");
    }
    bool read_operator(Operator& what) {
        for (const Operator each :
             {Operator::mask, Operator::left, Operator::right, Operator::move}) {
            if (!take(kSigns[static_cast<std::size_t>(each)])) continue;
            what = each;
            return true;
        }
        return false;
    }
    Complaint read_value(Test& test) {
        do {
            if (test.range_count == kMost) return fail("more than 10 ranges in a value");
            Range& range = test.ranges[test.range_count++];
            if (Complaint complaint = read_number(range.low)) return complaint;
            range.high = range.low;
            if (take(":")) {
                if (Complaint complaint = read_number(range.high)) return complaint;
            }
        } while (take(","));
        if (is_end()) return std::nullopt;
        if (!take("&&")) return fail("`,' or `&&' should stand here");
        if (is_end()) return fail("another test should follow");
        return std::nullopt;
    }

    std::string_view words_;
    Tests& tests_;
    std::size_t at_ = 0;
};

struct Form {
    using Data = Tests;
    static constexpr Option kOptions[] = {
        {.name = "u32",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words =
             "All of the tests hold: LOCATION = VALUE && ...; a location is a byte offset from the "
             "IP "
             "header, whose four bytes are taken, then & << >> NUMBER, or @ NUMBER, which moves by "
             "what was taken; a value is N or N:M, several parted by commas"},
    };
    static constexpr Traits kTraits{.name = "u32",
                                    .options = kOptions,
                                    .words =
                                        "Whether numbers of 4 bytes taken from the packet are "
                                        "among some values. A load past the "
                                        "packet's end is a no.",
                                    .reads = "Any bytes from the IP header on."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.inverted = use.inverted;
        if (Complaint complaint = Reader(use.value.text, data).read()) {
            reader.fault(std::move(*complaint));
        }
    }
    static Complaint check(const Data& data, const CheckContext&) {
        for (std::size_t i = 0; i < data.count; ++i) {
            const Test& test = data.tests[i];
            for (std::size_t k = 0; k < test.step_count; ++k) {
                const Step& step = test.steps[k];
                const bool shifts = step.what() == Operator::left || step.what() == Operator::right;
                if (shifts && step.number >= 32) {
                    return fmt::format("match `u32' cannot shift by {}: 31 is the most",
                                       step.number);
                }
            }
        }
        return std::nullopt;
    }
    static std::string words(const Test& test) {
        std::string out;
        for (std::size_t i = 0; i < test.step_count; ++i) {
            out += fmt::format("{}{:#x}", kSigns[test.steps[i].sign], test.steps[i].number);
        }
        for (std::size_t i = 0; i < test.range_count; ++i) {
            const Range& range = test.ranges[i];
            out += fmt::format("{}{:#x}", i == 0 ? "=" : ",", range.low);
            if (range.low != range.high) out += fmt::format(":{:#x}", range.high);
        }
        return out;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += data.inverted ? " ! --u32 \"" : " --u32 \"";
        for (std::size_t i = 0; i < data.count; ++i) {
            if (i != 0) out += "&&";
            out += words(data.tests[i]);
        }
        out += '"';
    }

    // Nothing: a load passes the packet's end.
    static std::optional<std::uint32_t> take(const Test& test, base::ByteView ip) {
        std::uint32_t place = 0;
        std::uint32_t number = 0;
        for (std::size_t i = 0; i < test.step_count; ++i) {
            const Step& step = test.steps[i];
            switch (step.what()) {
                case Operator::mask: number &= step.number; continue;
                case Operator::left: number <<= step.number; continue;
                case Operator::right: number >>= step.number; continue;
                case Operator::load: break;
                case Operator::move:
                    if (number > 0xffffffffU - place) return std::nullopt;
                    place += number;
            }
            const std::uint64_t at = std::uint64_t{place} + step.number;
            if (!ip.has(at, 4)) return std::nullopt;
            number = ip.be32(at);
        }
        return number;
    }
    static bool holds(const Test& test, std::uint32_t number) {
        for (std::size_t i = 0; i < test.range_count; ++i) {
            if (number >= test.ranges[i].low && number <= test.ranges[i].high) return true;
        }
        return false;
    }
    static bool matches(Data& data, Context& context, Why why) {
        const bool inverted = data.inverted != 0;
        for (std::size_t i = 0; i < data.count; ++i) {
            const Test& test = data.tests[i];
            const auto number = take(test, context.packet->ip);
            if (number && holds(test, *number)) continue;
            if (inverted) return true;
            if (!why) return false;
            return number ? why.no("{}: the packet's is {:#x}", words(test), *number)
                          : why.no("{}: the packet ends before", words(test));
        }
        return inverted ? why.no("! --u32: all of its tests hold") : true;
    }
};

}  // namespace

extern const MatchModule k_u32;
const MatchModule k_u32 = match_module<Form>();

}  // namespace keepstate::rules::match

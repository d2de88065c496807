// The shape of a module: one match (-m NAME) or one target (-j NAME).
//
// A module is one file, src/rules/match/NAME.cpp or src/rules/target/NAME.cpp, and one line in
// modules.cpp. The file holds one struct (the "form") with the parts below; match_module<Form>() makes
// the table of functions from it. Only Data, kTraits and print are asked of every module.
//
//     struct Form {
//         struct Data { ... };                                   // plain, compared and copied as bytes
//         static constexpr Option kOptions[] = {...};            // the options table
//         static constexpr Traits kTraits{.name = "tcp", .options = kOptions, ...};
//         static void parse(Data&, const OptionUse&, RuleReader&);        // one option, value read by its kind
//         static void finish(Data&, RuleReader&);                         // all options are read
//         static Complaint check(const Data&, const CheckContext&);       // as the kernel's checkentry
//         static Complaint bind(Data&, BindContext&);                     // finds what it shares with others
//         static void print(const Data&, const PrintContext&, std::string&);   // as iptables-save
//         static bool matches(Data&, Context&, Why);                      // a match's answer
//         static void narrow(const Data&, RuleKey&);                      // which packets it can match at all
//         static std::string_view never_known(const Data&);               // why it can never match here; or empty
//         static std::string_view remembers(const Data&);                 // what it keeps beyond a flow; or empty
//         static Ruling judge(Data&, Context&, Says);                     // a target's answer
//         static void begin(Data&);                                       // defaults before any option
//         static constexpr bool kKeepsKey = true;                         // a target that rewrites nothing
//     };
//
// "compile" is a copy: the Data a module fills while parsing is what it reads while matching, so it
// should be flat. Each Program has its own copy, and matches() may change it (a limit's tokens).
// bind() is called once for each rule of a Program, on the Program's copy: pointers to shared objects
// (objects.hpp) are null before it. What it complains about cannot be run, though it is well written.
// "explain" is not a function of its own: matches() says why it refuses through Why, which does nothing
// when nobody listens. So what is explained is what was decided.
//
// narrow() is for fast() (rule_key.hpp); a match whose answer has an effect must not have it.
//
// What is tested before check(), for every module, is in Traits: family, table, hooks, protocol.
// source: kernel:include/linux/netfilter/x_tables.h struct xt_match, xt_target.
// Tested by: tests/rules/*.t, one file a module.
#pragma once

#include <fmt/format.h>

#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "rules/context.hpp"
#include "rules/objects.hpp"
#include "rules/observer.hpp"
#include "rules/outcome.hpp"
#include "rules/rule_key.hpp"
#include "rules/text.hpp"

namespace keepstate::rules {

// --- options ---------------------------------------------------------------------------------------

/// What follows an option, and how it is read. Names say what Value holds afterwards.
enum class ArgKind : std::uint8_t {
    none,            ///< nothing follows
    text,            ///< the word as it is; min and max bound its length if max is not 0
    number,          ///< low; min..max
    number_range,    ///< low and high: "5", "5:9", "5:", ":9", ":"; min..max each
    mark,            ///< low / high: "value[/mask]", 32 bits
    port,            ///< low: number or service name of any protocol, as getaddrinfo reads them
    port_range,      ///< low and high
    protocol,        ///< low
    address,         ///< address, one host
    address_prefix,  ///< address and bits: "10.0.0.1/8", the address is not cut
    log_level,       ///< low: 0..7 or its name
};

namespace option_flag {
inline constexpr std::uint8_t kInvert = 1;  ///< may be inverted by a `!' before it
inline constexpr std::uint8_t kMust = 2;    ///< the module is at fault without it
inline constexpr std::uint8_t kRepeat = 4;  ///< may stand more than once
}  // namespace option_flag

/// One spelling of one option. Two rows with the same id are two names for the same thing; the first is
/// the one that faults name.
struct Option {
    std::string_view name;  ///< without the dashes
    std::uint8_t id = 0;    ///< 0..63
    ArgKind arg = ArgKind::none;
    std::uint8_t flags = 0;
    std::uint64_t excludes = 0;  ///< ids, as bits, that may not stand beside it
    std::uint64_t needs = 0;     ///< ids, as bits, that must stand beside it
    std::uint64_t min = 0;
    std::uint64_t max = 0;  ///< 0: the kind's own bound (32 bits)
    /// What it asks, for the module's page: "TTL of the packet is below NUMBER". See docs/modules.
    std::string_view words = {};
};
constexpr std::uint64_t option_bit(unsigned id) { return std::uint64_t{1} << id; }

/// An option's argument, read by its kind.
struct Value {
    std::string_view text;  ///< as written
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    Address address;
    std::uint8_t bits = 0;
    bool has_second = false;  ///< ranges: a ":" was there; marks and prefixes: a "/" was there
};

/// One use of an option in a rule.
struct OptionUse {
    const Option* option = nullptr;
    bool inverted = false;
    Value value;
    std::uint8_t id() const { return option->id; }
};

/// What a module may ask and say while its options are read. Implemented by the command reader.
class RuleReader {
  public:
    virtual Family family() const = 0;
    virtual Table table() const = 0;
    /// The rule's own parts as far as they are read.
    virtual const Basics& basics() const = 0;
    /// The connection labels that have names.
    virtual std::span<const LabelName> labels() const = 0;
    /// Whether one of these option ids (bits) of this module stood in the rule already.
    virtual bool has_seen(std::uint64_t ids) const = 0;
    /// The next word, if it is no option and no `!': for options with two arguments. It is consumed.
    virtual std::optional<std::string_view> take_word() = 0;
    /// A fault at the argument (or the option, if it has none), or in finish() at the module's name.
    virtual void fault(std::string words) = 0;

  protected:
    ~RuleReader() = default;
};

// --- traits and checks -------------------------------------------------------------------------------

enum class Families : std::uint8_t { ipv4 = 1, ipv6 = 2, both = 3 };
constexpr bool has(Families families, Family family) {
    return (static_cast<unsigned>(families) & (family == Family::ipv4 ? 1U : 2U)) != 0;
}

/// Hooks and tables as bit sets.
constexpr std::uint8_t hook_bit(Hook hook) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(hook));
}
constexpr std::uint8_t table_bit(Table table) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(table));
}
inline constexpr std::uint8_t kAnyHook = 0x1f;
inline constexpr std::uint8_t kAnyTable = 0x1f;

struct Traits {
    std::string_view name;
    std::span<const Option> options;
    Families families = Families::both;
    std::uint8_t protocol = 0;  ///< the rule must say -p with just this one, not inverted; 0: any
    std::uint8_t tables = kAnyTable;
    std::uint8_t hooks = kAnyHook;
    std::string_view other_name = {};  ///< a second name that -m and -j understand

    // The module's page in docs/modules is made of these and of the options' words.
    std::string_view words = {};        ///< what it matches or does, in a sentence or two
    std::string_view reads = {};        ///< what it reads: of the packet, its entry, time, the host
    std::string_view differences = {};  ///< from Linux; empty: none known
};

/// The rule as check() sees it, when its table is complete.
struct CheckContext {
    Family family = Family::ipv4;
    Table table = Table::filter;
    std::uint8_t hooks = 0;  ///< the hooks from which its chain can be reached, as bits
    const Basics* basics = nullptr;
    const Rule* rule = nullptr;  ///< the whole rule, for a target that looks at its matches
};

struct PrintContext {
    Family family = Family::ipv4;
};

/// Words of a fault, or nothing.
using Complaint = std::optional<std::string>;

// --- why ---------------------------------------------------------------------------------------------

/// Where a match says why it refused. Costs nothing when nobody listens.
class Why {
  public:
    Why() = default;
    explicit Why(std::string* out) : out_(out) {}
    explicit operator bool() const { return out_ != nullptr; }

    /// Always false, so that a match can `return why.no("--dport 80: the packet's is {}", port);`
    template <typename... Args>
    bool no(fmt::format_string<Args...> words, Args&&... args) const {
        if (out_ != nullptr) {
            out_->clear();
            fmt::format_to(std::back_inserter(*out_), words, std::forward<Args>(args)...);
        }
        return false;
    }

  private:
    std::string* out_ = nullptr;
};

/// Where a target says what it did.
class Says {
  public:
    Says(Observer* observer, const RuleSite& site, std::string_view target)
        : observer_(observer), site_(site), target_(target) {}
    explicit operator bool() const { return observer_ != nullptr; }

    template <typename... Args>
    void words(fmt::format_string<Args...> text, Args&&... args) const {
        if (observer_ != nullptr) {
            observer_->said(site_, target_, fmt::format(text, std::forward<Args>(args)...));
        }
    }
    void log(std::string_view line, std::uint8_t level) const {
        if (observer_ != nullptr) observer_->logged(LogFact{site_, line, level});
    }

  private:
    Observer* observer_;
    const RuleSite& site_;
    std::string_view target_;
};

// --- the table of functions ----------------------------------------------------------------------------

/// What matches and targets have in common.
struct Module {
    const Traits* traits = nullptr;
    std::size_t bytes = 0;
    void (*begin)(void*) = nullptr;
    void (*parse)(void*, const OptionUse&, RuleReader&) = nullptr;
    void (*finish)(void*, RuleReader&) = nullptr;
    Complaint (*check)(const void*, const CheckContext&) = nullptr;
    Complaint (*bind)(void*, BindContext&) = nullptr;  ///< null: it shares nothing
    void (*print)(const void*, const PrintContext&, std::string&) = nullptr;
    /// A few words on what is not known here, without which the rule can never match; empty: it may. Null: it may
    std::string_view (*never_known)(const void*) = nullptr;
    /// A few words on why its answer to a packet depends on packets of other flows before it ("remembers ..."), asked of
    /// what is bound; empty: it does not. Null: it does not. Such a rule has to see all packets in their order.
    std::string_view (*remembers)(const void*) = nullptr;

    std::string_view name() const { return traits->name; }
};
struct MatchModule : Module {
    bool (*matches)(void*, Context&, Why) = nullptr;
    void (*narrow)(const void*, RuleKey&) = nullptr;  ///< null: nothing is known of it
};
struct TargetModule : Module {
    Ruling (*judge)(void*, Context&, Says) = nullptr;
    /// It never changes what rules are sorted by: addresses, ports, flags, protocol, devices, the state of tracking.
    bool keeps_key = false;
};

namespace detail {

template <typename Form>
constexpr void fill(Module& module) {
    using Data = typename Form::Data;
    static_assert(std::is_trivially_copyable_v<Data> && std::is_trivially_destructible_v<Data>);
    static_assert(alignof(Data) <= alignof(std::max_align_t));
    module.traits = &Form::kTraits;
    module.bytes = sizeof(Data);
    module.begin = [](void* at) {
        Data* data = new (at) Data();
        if constexpr (requires { Form::begin(*data); }) Form::begin(*data);
    };
    module.parse = [](void* at, const OptionUse& use, RuleReader& reader) {
        if constexpr (requires(Data & d) { Form::parse(d, use, reader); }) {
            Form::parse(*static_cast<Data*>(at), use, reader);
        } else {
            static_cast<void>(at), static_cast<void>(use), static_cast<void>(reader);
        }
    };
    module.finish = [](void* at, RuleReader& reader) {
        if constexpr (requires(Data & d) { Form::finish(d, reader); }) {
            Form::finish(*static_cast<Data*>(at), reader);
        } else {
            static_cast<void>(at), static_cast<void>(reader);
        }
    };
    module.check = [](const void* at, const CheckContext& context) -> Complaint {
        if constexpr (requires(const Data& d) { Form::check(d, context); }) {
            return Form::check(*static_cast<const Data*>(at), context);
        } else {
            static_cast<void>(at), static_cast<void>(context);
            return std::nullopt;
        }
    };
    if constexpr (requires(Data & d, BindContext & c) { Form::bind(d, c); }) {
        module.bind = [](void* at, BindContext& context) -> Complaint {
            return Form::bind(*static_cast<Data*>(at), context);
        };
    }
    module.print = [](const void* at, const PrintContext& context, std::string& out) {
        Form::print(*static_cast<const Data*>(at), context, out);
    };
    if constexpr (requires(const Data& d) { Form::remembers(d); }) {
        module.remembers = [](const void* at) {
            return std::string_view(Form::remembers(*static_cast<const Data*>(at)));
        };
    }
    if constexpr (requires(const Data& d) { Form::never_known(d); }) {
        module.never_known = [](const void* at) {
            return Form::never_known(*static_cast<const Data*>(at));
        };
    }
}

}  // namespace detail

template <typename Form>
constexpr MatchModule match_module() {
    MatchModule module;
    detail::fill<Form>(module);
    module.matches = [](void* at, Context& context, Why why) {
        return Form::matches(*static_cast<typename Form::Data*>(at), context, why);
    };
    if constexpr (requires(const typename Form::Data& d, RuleKey& key) { Form::narrow(d, key); }) {
        module.narrow = [](const void* at, RuleKey& key) {
            Form::narrow(*static_cast<const typename Form::Data*>(at), key);
        };
    }
    return module;
}

template <typename Form>
constexpr TargetModule target_module() {
    TargetModule module;
    detail::fill<Form>(module);
    module.judge = [](void* at, Context& context, Says says) {
        return Form::judge(*static_cast<typename Form::Data*>(at), context, says);
    };
    if constexpr (requires { Form::kKeepsKey; }) module.keeps_key = Form::kKeepsKey;
    return module;
}

}  // namespace keepstate::rules

// -j SET: adds the packet to an IP set, takes it out of one, or takes its mark and priority from one.
//
// source: man:iptables-extensions SET; kernel:net/netfilter/xt_set.c set_target_v3.   Tested by: tests/rules/SET.t,
// tests/scenarios/rules/*set*.yaml.
#include "rules/match/set_words.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kAdd, kDel, kExist, kTimeout, kMap, kMapMark, kMapPriority, kMapQueue };

constexpr std::uint32_t kNoTimeout = 0xffffffffU;
constexpr std::uint32_t kMostTimeout = (0xffffffffU >> 1) / 1000;
constexpr std::uint64_t kMapFlags =
    option_bit(kMapMark) | option_bit(kMapPriority) | option_bit(kMapQueue);

struct Form {
    struct Data {
        std::array<match::SetReference, 3> references;  ///< add, del, map
        std::uint32_t timeout_s = kNoTimeout;
        std::uint32_t flags = 0;  ///< bits by option id
    };
    static constexpr std::size_t kAdded = 0;
    static constexpr std::size_t kDeleted = 1;
    static constexpr std::size_t kMapped = 2;

    static constexpr std::uint8_t kTwice = option_flag::kInvert | option_flag::kRepeat;
    static constexpr Option kOptions[] = {
        {.name = "add-set",
         .id = kAdd,
         .arg = ArgKind::text,
         .flags = kTwice,
         .words = "the set that the packet is added to, and a word src or dst for each dimension"},
        {.name = "del-set",
         .id = kDel,
         .arg = ArgKind::text,
         .flags = kTwice,
         .words = "the set that the packet is taken out of, written alike"},
        {.name = "exist",
         .id = kExist,
         .flags = kTwice,
         .words = "with --add-set: an element that is there gets a new timeout"},
        {.name = "timeout",
         .id = kTimeout,
         .arg = ArgKind::number,
         .flags = kTwice,
         .max = kNoTimeout - 1,
         .words = "with --add-set: seconds that the element lives, 0 for ever; the set's own if "
                  "not given"},
        {.name = "map-set",
         .id = kMap,
         .arg = ArgKind::text,
         .flags = kTwice,
         .words = "the set (of option skbinfo) from which the packet takes what the --map- options "
                  "name"},
        {.name = "map-mark", .id = kMapMark, .flags = kTwice, .words = "with --map-set: the mark"},
        {.name = "map-prio",
         .id = kMapPriority,
         .flags = kTwice,
         .words = "with --map-set: the priority"},
        {.name = "map-queue",
         .id = kMapQueue,
         .flags = kTwice,
         .words = "with --map-set: the hardware queue"},
    };
    static constexpr Traits kTraits{
        .name = "SET",
        .options = kOptions,
        .words =
            "Adds the packet to an IP set, takes it out of one, or maps an element's mark to it.",
        .reads = "what the set's dimensions name, time",
        .differences =
            "a packet can be added up to maxelem or 1048576 elements; a full set with forceadd "
            "gives up its oldest element; --map-queue does nothing"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kAdd: match::parse_set_reference(data.references[kAdded], use, reader); break;
            case kDel: match::parse_set_reference(data.references[kDeleted], use, reader); break;
            case kMap: match::parse_set_reference(data.references[kMapped], use, reader); break;
            case kTimeout: data.timeout_s = static_cast<std::uint32_t>(use.value.low); break;
            default: data.flags |= static_cast<std::uint32_t>(option_bit(use.id())); break;
        }
    }
    static bool has(const Data& data, std::uint64_t ids) { return (data.flags & ids) != 0; }
    static void finish(Data& data, RuleReader& reader) {
        const bool adds = data.references[kAdded].is_given();
        const bool maps = data.references[kMapped].is_given();
        if (!adds && !data.references[kDeleted].is_given() && !maps) {
            reader.fault("`SET' needs --add-set, --del-set or --map-set");
        } else if (!adds && (data.timeout_s != kNoTimeout || has(data, option_bit(kExist)))) {
            reader.fault("--timeout and --exist go with --add-set");
        } else if (!maps && has(data, kMapFlags)) {
            reader.fault("--map-mark, --map-prio and --map-queue go with --map-set");
        } else if (maps && !has(data, kMapFlags)) {
            reader.fault("--map-set needs --map-mark, --map-prio or --map-queue");
        }
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        if (!data.references[kMapped].is_given()) return std::nullopt;
        if (context.table != Table::mangle)
            return "target `SET': --map-set stands in table mangle only";
        const unsigned leaving =
            hook_bit(Hook::forward) | hook_bit(Hook::output) | hook_bit(Hook::postrouting);
        if (!has(data, option_bit(kMapPriority) | option_bit(kMapQueue)) ||
            (context.hooks & ~leaving) == 0) {
            return std::nullopt;
        }
        return "target `SET': --map-prio and --map-queue stand where FORWARD, OUTPUT or "
               "POSTROUTING lead";
    }
    static Complaint bind(Data& data, BindContext& context) {
        for (match::SetReference& reference : data.references) {
            if (Complaint complaint = match::bind_set_reference(reference, context))
                return complaint;
        }
        if (data.references[kAdded].set != nullptr) data.references[kAdded].set->make_room();
        return std::nullopt;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (data.references[kAdded].is_given()) {
            out += " --add-set " + data.references[kAdded].text();
            if (has(data, option_bit(kExist))) out += " --exist";
            if (data.timeout_s != kNoTimeout) out += fmt::format(" --timeout {}", data.timeout_s);
        }
        if (data.references[kDeleted].is_given())
            out += " --del-set " + data.references[kDeleted].text();
        if (!data.references[kMapped].is_given()) return;
        out += " --map-set " + data.references[kMapped].text();
        if (has(data, option_bit(kMapMark))) out += " --map-mark";
        if (has(data, option_bit(kMapPriority))) out += " --map-prio";
        if (has(data, option_bit(kMapQueue))) out += " --map-queue";
    }
    static std::string_view remembers(const Data&) {
        return "remembers the elements that packets add and take away";
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        const match::SetReference& added = data.references[kAdded];
        if (added.set != nullptr) {
            std::optional<std::uint32_t> timeout_s;
            if (data.timeout_s != kNoTimeout) timeout_s = std::min(data.timeout_s, kMostTimeout);
            const bool was_done =
                added.set->add(context, added.query(), timeout_s, has(data, option_bit(kExist)));
            says.words("{}set `{}'", was_done ? "added to " : "nothing was added to ",
                       added.name.data());
        }
        const match::SetReference& deleted = data.references[kDeleted];
        if (deleted.set != nullptr) {
            const bool was_done = deleted.set->remove(context, deleted.query());
            says.words("{}set `{}'", was_done ? "taken out of " : "nothing was taken out of ",
                       deleted.name.data());
        }
        map(data, context, says);
        return {};
    }
    static void map(Data& data, Context& context, Says says) {
        const match::SetReference& mapped = data.references[kMapped];
        if (mapped.set == nullptr) return;
        const SetElement* element = mapped.set->match(context, mapped.query());
        if (element == nullptr) {
            says.words("no element of set `{}': nothing is mapped", mapped.name.data());
            return;
        }
        if (has(data, option_bit(kMapMark))) {
            context.mark = (context.mark & ~element->mark_mask) ^ element->mark;
        }
        if (has(data, option_bit(kMapPriority))) context.priority = element->priority;
        says.words("mapped from set `{}': mark {:#x}, priority {:#x}", mapped.name.data(),
                   context.mark, context.priority);
    }
};

}  // namespace

extern const TargetModule k_set;
const TargetModule k_set = target_module<Form>();

}  // namespace keepstate::rules::target

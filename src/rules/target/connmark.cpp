// -j CONNMARK: the connection's mark, set, or copied from or to the packet's.
//
//     set       ct = ((ct & ~mask) ^ value) shifted
//     save      ct = (ct & ~ctmask) ^ ((packet & nfmask) shifted)
//     restore   packet = (packet & ~nfmask) ^ ((ct & ctmask) shifted)
//
// A packet without an entry is left alone.
// source: man:iptables-extensions CONNMARK; kernel:net/netfilter/xt_connmark.c connmark_tg_shift.
// Tested by: tests/rules/CONNMARK.t.
#include "rules/target/marks.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kSave = kMarkIds, kRestore, kMask, kCtMask, kNfMask, kLeft, kRight };
constexpr std::uint64_t kOperations = kMarkSetters | option_bit(kSave) | option_bit(kRestore);

enum class Operation : std::uint8_t { none, set, save, restore };

struct Connmark {
    struct Data {
        std::uint32_t value = 0;
        std::uint32_t ct_mask = 0;
        std::uint32_t nf_mask = 0;
        std::uint8_t shift = 0;
        std::uint8_t shift_right = 0;
        std::uint8_t has_shift = 0;
        Operation operation = Operation::none;
    };
    static constexpr bool kKeepsKey = true;
    static constexpr Option kOptions[] = {
        {.name = "set-xmark",
         .id = kSetXmark,
         .arg = ArgKind::mark,
         .excludes = kOperations,
         .words = "`VALUE[/MASK]`: bits of MASK are cleared, then those of VALUE flipped. Default "
                  "mask: all"},
        {.name = "set-mark",
         .id = kSetMark,
         .arg = ArgKind::mark,
         .excludes = kOperations,
         .words = "`VALUE[/MASK]`: bits of MASK and VALUE are cleared, then those of VALUE set"},
        {.name = "and-mark",
         .id = kAndMark,
         .arg = ArgKind::number,
         .excludes = kOperations,
         .words = "only these bits stay"},
        {.name = "or-mark",
         .id = kOrMark,
         .arg = ArgKind::number,
         .excludes = kOperations,
         .words = "these bits are set"},
        {.name = "xor-mark",
         .id = kXorMark,
         .arg = ArgKind::number,
         .excludes = kOperations,
         .words = "these bits are flipped"},
        {.name = "save-mark",
         .id = kSave,
         .excludes = kOperations,
         .words = "the packet's mark is copied to the connection"},
        {.name = "restore-mark",
         .id = kRestore,
         .excludes = kOperations,
         .words = "the connection's mark is copied to the packet"},
        {.name = "left-shift-mark",
         .id = kLeft,
         .arg = ArgKind::number,
         .excludes = option_bit(kRight),
         .max = 255,
         .words = "what is written is shifted to the left by this many bits, 31 at most"},
        {.name = "right-shift-mark",
         .id = kRight,
         .arg = ArgKind::number,
         .excludes = option_bit(kLeft),
         .max = 255,
         .words = "what is written is shifted to the right by this many bits, 31 at most"},
        {.name = "ctmask",
         .id = kCtMask,
         .arg = ArgKind::number,
         .excludes = option_bit(kMask),
         .words = "which bits of the connection's mark are read or cleared. Default: all"},
        {.name = "nfmask",
         .id = kNfMask,
         .arg = ArgKind::number,
         .excludes = option_bit(kMask),
         .words = "which bits of the packet's mark are read or cleared. Default: all"},
        {.name = "mask",
         .id = kMask,
         .arg = ArgKind::number,
         .excludes = option_bit(kCtMask) | option_bit(kNfMask),
         .words = "--ctmask and --nfmask in one"},
    };
    static constexpr Traits kTraits{
        .name = "CONNMARK",
        .options = kOptions,
        .words =
            "Sets the mark of the packet's connection, or copies it from or to the packet's. A "
            "packet without a connection is left alone.",
        .reads = "the marks of the packet and its entry"};

    static void begin(Data& data) { data.ct_mask = data.nf_mask = 0xffffffffU; }

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        const auto number = static_cast<std::uint32_t>(use.value.low);
        switch (use.id()) {
            case kSave: data.operation = Operation::save; break;
            case kRestore: data.operation = Operation::restore; break;
            case kCtMask: data.ct_mask = number; break;
            case kNfMask: data.nf_mask = number; break;
            case kMask: data.ct_mask = data.nf_mask = number; break;
            case kLeft:
            case kRight:
                data.shift = static_cast<std::uint8_t>(number);
                data.shift_right = use.id() == kRight;
                data.has_shift = 1;
                break;
            default: {
                const MarkChange change = mark_change(use);
                data.operation = Operation::set;
                data.value = change.value;
                data.ct_mask = change.mask;
            }
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.operation == Operation::none) {
            reader.fault(
                "`CONNMARK' needs --set-xmark, --set-mark, --and-mark, --or-mark, "
                "--xor-mark, --save-mark or --restore-mark");
        }
    }
    static Complaint check(const Data& data, const CheckContext&) {
        if (data.shift < 32) return std::nullopt;
        return "target `CONNMARK' shifts a mark of 32 bits by 31 at most";
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (data.operation == Operation::set) {
            out += fmt::format(" --set-xmark {:#x}/{:#x}", data.value, data.ct_mask);
        } else {
            out += fmt::format(" --{}-mark --nfmask {:#x} --ctmask {:#x}",
                               data.operation == Operation::save ? "save" : "restore", data.nf_mask,
                               data.ct_mask);
        }
        if (data.shift != 0) {
            out +=
                fmt::format(" --{}-shift-mark {}", data.shift_right ? "right" : "left", data.shift);
        }
    }
    static std::uint32_t shifted(const Data& data, std::uint32_t mark) {
        return data.shift_right ? mark >> data.shift : mark << data.shift;
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        ct::Entry* entry = context.flow.entry;
        if (entry == nullptr) {
            says.words("the packet belongs to no connection: nothing is marked");
            return {};
        }
        if (data.operation == Operation::restore) {
            const std::uint32_t before = context.mark;
            context.mark =
                (context.mark & ~data.nf_mask) ^ shifted(data, entry->mark & data.ct_mask);
            says.words("the packet's mark: {:#x} -> {:#x}", before, context.mark);
            return {};
        }
        const std::uint32_t before = entry->mark;
        const std::uint32_t after =
            data.operation == Operation::set
                ? shifted(data, (before & ~data.ct_mask) ^ data.value)
                : (before & ~data.ct_mask) ^ shifted(data, context.mark & data.nf_mask);
        says.words("the connection's mark: {:#x} -> {:#x}", before, after);
        if (after == before) return {};
        entry->mark = after;
        context.entry_mark_changed = true;
        return {};
    }
};

}  // namespace

extern const TargetModule k_connmark;
const TargetModule k_connmark = target_module<Connmark>();

}  // namespace keepstate::rules::target

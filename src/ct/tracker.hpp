// The tracker: who belongs to which flow, in what state. Steps 4 and 12 of a packet's way.
//
//     track()    tuple -> find | make -> judge -> grant        -> PacketFlow for the rules
//     help()     behind the last rule: the flow's helper reads the packet and may announce other flows
//     confirm()  at the last hook: a new entry becomes visible
//     finish()   the packet is done, whatever became of it: unconfirmed and killed entries are given back
//
// Exactly one packet is in flight at a time; track, help, confirm and finish are called for it in this order
// (help and confirm only if no rule dropped it; both twice for what this host sends itself).
//
// A flow that meets an expectation is RELATED and keeps its master's slot: a master that has ended is given back when the
// last flow that it announced is; nothing is expected of it any more as soon as it has ended.
//
// Several trackers can be one table, of which each holds some of the flows (api/sharded_engine.cpp). While they work
// side by side they know nothing of each other; while they work in turn, one packet at a time, they are fellows, who
// count room together and make room in each other, and write into one Ledger.
//
// Threads: one owner. No allocation after the making, but for event records if somebody listens.
// source: kernel:net/netfilter/nf_conntrack_core.c nf_conntrack_in, __nf_conntrack_confirm.
// Tested by: tests/kernel/differ, tests/scenarios, tests/kernel.
#pragma once

#include <span>
#include <vector>

#include "ct/call_keys.hpp"
#include "ct/entry_map.hpp"
#include "ct/expectations.hpp"
#include "ct/expiry.hpp"
#include "ct/helper/helper.hpp"
#include "ct/observer.hpp"
#include "ct/proto/protocol.hpp"
#include "ct/tcp/established_timeouts.hpp"
#include "keepstate/conntrack.hpp"
#include "wire/glance.hpp"
#include "wire/packet.hpp"

namespace keepstate::ct {

/// What the tracker is told with a packet.
struct TrackOrder {
    bool at_prerouting = true;  ///< false: the packet was made by this host
    bool untracked = false;     ///< the raw table said NOTRACK
    Zones zones{};
    std::uint16_t policy = 0;            ///< timeout policy, from 1; 0: none
    bool chooses_events = false;         ///< a rule named the events, told_events, to be told
    std::uint16_t told_events = 0;       ///< event_bit::
    std::uint8_t told_expectations = 0;  ///< with chooses_events: 1 << IPEXP_ bits
    std::string_view helper;             ///< CT --helper; empty: none
};

struct TrackResult {
    PacketFlow flow;
    Reason reason = Reason::none;  ///< why INVALID; table_full with must_drop
    bool must_drop = false;        ///< the kernel refuses the packet here, no rule is asked
};

/// What a helper is told beside the packet.
struct HelpOrder {
    bool is_from_host = false;
    std::optional<std::uint8_t> broadcast_bits;  ///< see HelperCase
    const Ways* ways = nullptr;                  ///< likewise
    std::uint32_t way_out = 0;                   ///< likewise
};

/// What is kept of a flow that has a helper.
struct HelpState {
    HelperMemory memory;
    ExpectationList expectations;
    std::array<std::optional<Tuple>, 2> call_keys;  ///< by CtDirection
};

struct TcpStep;

/// What is found out about a packet before its turn comes, so that its entry is on its way from memory.
struct Sighting {
    wire::Glance glance;
    FlowKey key;               ///< with glance.has_ports
    std::uint32_t bucket = 0;  ///< where to look next: the key's first one or its second
    EntryIndex::Hit hit;
    std::uint64_t changes = 0;  ///< the hit is good while the index is as it was
};

/// How much room the tracker takes, beside what nf_conntrack_max says.
struct TrackerRoom {
    bool two_places = false;                 ///< see EntryMap::Room
    base::Touch touch = base::Touch::later;  ///< when it is taken from the system
    /// How many ended entries are given back with one packet at the most; 0: all.
    std::uint32_t most_collected = 0;
};

/// What is written down as packets go by. Each tracker has one; trackers that work in turn may share one.
struct Ledger {
    std::uint64_t next_number = 1;  ///< of the entry that is confirmed next
    std::vector<Event> events;
    std::vector<ExpectationEvent> expectation_events;
    bool notes_slots = false;
    std::vector<std::uint32_t> slots;  ///< of the entries as they were confirmed, with notes_slots
};

/// Puts the records from the one numbered `first` on into the order of their entries' numbers.
void sort_by_number(std::vector<Event>& events, std::size_t first);

class Tracker {
  public:
    /// `policies`: the settings that hold for flows of each timeout policy.
    Tracker(const Settings& settings, std::vector<Settings> policies,
            const HelperSettings& helper_settings, const TrackerRoom& room, std::uint64_t seed,
            bool records_events);

    TrackResult track(const wire::Packet& packet, const TrackOrder& order, Time now,
                      Observer* observer);
    /// Ask memory for what packets will need, in three rounds of which each asks for what the next one reads: aim() of those
    /// whose glance has ports, sight() of all, sight_further(). Decide nothing.
    void aim(Sighting& sighting) const;
    /// What aim(), sight() and sight_further() may ask for, all at once: for a batch too small to hide that they wait for each
    /// other. After aim().
    KS_INLINE void aim_at_likely(const Sighting& sighting) const {
        map_.prefetch_likely(sighting.key);
    }
    bool has_likely() const { return map_.has_likely(); }
    /// The key that aim() goes by, of a glance that has ports.
    FlowKey key_of(const wire::Glance& glance) const;
    struct Wanted {
        bool second_line = false;  ///< more than an entry's first line
        bool memo = false;         ///< what memo_of() gives
    };
    /// At most 32. Bit i of the answer: the i-th is not in its first bucket, but maybe in its second.
    std::uint32_t sight(std::span<Sighting> group, const Wanted& wanted) const;
    /// `further`: what sight() of the same group said.
    void sight_further(std::span<Sighting> group, std::uint32_t further,
                       const Wanted& wanted) const;
    const EntryMap::Memo& memo_of(const Entry& entry) const { return map_.memo_of(entry); }
    void set_memo(const Entry& entry, CtDirection direction, std::uint16_t memo) {
        map_.set_memo(entry, direction, memo);
    }
    void forget_memos() { map_.forget_memos(); }
    /// As nf_conntrack_acct = 1 from now on: Linux does so when a rule needs it.
    void switch_on_accounting() { settings_.acct = 1; }
    /// Nothing ends before, and collect() has nothing to do.
    Time quiet_until() const;
    /// Before quiet_until(): the same as track() of a packet that nothing was asked for, if it is a usual one of an established
    /// flow: its glance is_usual. An entry that is null: nothing has happened, track() is to be asked.
    Found track_usual(const Sighting& sighting, Time now);
    /// What becomes of a packet for which nothing was asked: any segment whose glance is_plain. It is the same as collect() and
    /// then track(), with track_plain() where it says so; see tracker_plain.cpp.
    enum class Met : std::uint8_t {
        for_long_way,  ///< nothing has happened: collect() and track() are to be asked
        step,          ///< see confirm_step()
        first,         ///< see confirm_first()
        other,         ///< track_plain() is to be asked
    };
    struct Meeting {
        Entry* entry = nullptr;  ///< whose it is, if anybody's
        CtDirection direction = CtDirection::original;
        Met met = Met::for_long_way;
    };
    Meeting meet_plain(const Sighting& sighting, Time now);
    /// Met::step: the packet's flow went on with it and has nothing rare, the packet is ESTABLISHED, and the entry lives. This does for
    /// it what confirm() does; nothing is left to be done for finish().
    void confirm_step(Entry& entry, Time now) {
        if (entry.pending_events() == 0) return;
        if (records_events_) {
            tell_pending(entry, now);
        } else {
            entry.forget_events();
        }
    }
    /// Met::first: the packet is NEW, and its entry has nothing rare. Either one of the next two does for it what confirm() and
    /// finish() would, or the third one says what track() would have said. `key`: as it was sighted. False: there is no room for
    /// the entry after all, and the packet must be dropped.
    bool confirm_first(Entry& entry, const FlowKey& key, Time now);
    void forget_first(Entry& entry) { map_.discard(entry); }
    TrackResult go_on_first(Entry& entry, const FlowKey& key);
    TrackResult track_plain(const Sighting& sighting, const Meeting& met, Time now);
    /// What sight() leaves out: what a new flow, and one that changes its state, will need. After it.
    void sight_plain(std::span<const Sighting> batch) const;
    /// The packet in flight looks at the entry until finish().
    void hold(Entry& entry) { in_flight_ = &entry; }
    /// Lets the flow's helper, if it has one, read the packet. The answer may be to drop it.
    HelperAnswer help(const PacketFlow& flow, const wire::Packet& packet, const HelpOrder& order,
                      Time now, Observer* observer);
    /// False: the packet must be dropped (the entry died or another one has its tuples).
    bool confirm(PacketFlow& flow, Time now, Observer* observer);
    void finish(PacketFlow& flow, Time now);

    /// The firewall answers the flow's segment with an RST: to both ends the connection is over.
    /// source: kernel:net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_set_closing.
    void close_by_reset(Entry& entry, Time now);

    /// Gives back what has expired. Also done by track(). Entries that go at once are told of in the order of their
    /// numbers.
    void collect(Time now);

    /// Where numbers come from and records go; null: this tracker's own.
    void write_to(Ledger* ledger) { ledger_ = ledger ? ledger : &own_ledger_; }
    /// The trackers, this one among them, that are one table with it and work in turn with it; the list stays the
    /// caller's. Empty: it is alone, or they work side by side.
    void set_fellows(std::span<Tracker* const> fellows) { fellows_ = fellows; }
    /// Gives the entry in the slot another number if it has the number `from`. The slot is one that Ledger::slots
    /// named; it may have been given back since.
    void renumber(std::uint32_t slot, std::uint64_t from, std::uint64_t to);
    /// How many slots are taken; of all fellows.
    std::uint64_t in_use() const;
    /// How many of them there can be: nf_conntrack_max, or what the machine holds.
    std::uint64_t room() const;
    /// Whether an expectation, in zone 0, waits for a new flow between these ends, in either direction: a packet that
    /// begins none may be answered by one that does. Whether the flow meets it also depends on the master.
    bool is_expected(const Tuple& tuple) const;
    /// Whether an expectation's time is over: collect() would tell of it.
    bool has_expectation_ending(Time now) const {
        const std::uint32_t slot = expectations_.soonest();
        return slot != kNoExpectation && expectations_.at(slot).expires <= now;
    }

    /// A TCP flow that the firewall itself resets is closed at once; an unconfirmed one is left alone.
    /// source: kernel:net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_set_closing.
    void set_closing(Entry& entry, Time now);
    /// A rule changed the entry's mark (CONNMARK): listeners will be told.
    void note_mark(Entry& entry) { entry.note(event_bit::kMark); }
    /// For a rule that writes what few entries have.
    EntryExtra& extra_of(Entry& entry) { return map_.extra_of(entry); }

    /// The living entry with this tuple in either direction; null if there is none.
    const Entry* find_entry(const Tuple& tuple, std::uint16_t zone, Time now) const;
    const EntryMap& entries() const { return map_; }
    EntryCopy copy_of(const Entry& entry, Time now) const;
    std::vector<Event>& events() { return ledger_->events; }
    std::vector<ExpectationEvent>& expectation_events() { return ledger_->expectation_events; }
    const Expectations& expectations() const { return expectations_; }
    ExpectationCopy copy_of(const Expectation& expectation, Time now) const;
    std::span<const Helper> helpers() const { return helpers_; }
    const Statistics& statistics() const { return statistics_; }
    const Settings& settings() const { return settings_; }

  private:
    TrackResult track_icmp(const wire::Packet& packet, const TrackOrder& order, Time now,
                           Observer* observer, bool& is_done);
    TrackResult track_error(const wire::Packet& packet, std::size_t quote_offset,
                            const TrackOrder& order, Time now, Observer* observer);
    class Granter;  ///< grants a helper's wishes

    /// Of a packet of the entry's flow, before it is judged.
    static CtState state_of(const Entry& entry, CtDirection direction);
    TrackResult refuse(Reason reason, Observer* observer);
    TrackResult resolve(const wire::Packet& packet, const TrackOrder& order, Time now,
                        Observer* observer);
    Found find_living(const Tuple& tuple, const Zones& zones, Time now);
    /// A fresh entry, early drop making room if there is none; null: nobody could go. `key`: of the tuple, in the zone.
    Entry* find_room(const Tuple& tuple, const FlowKey& key, std::uint16_t zone, Time now);
    /// What a new entry has of the settings and the order, if it is anything.
    void dress(Entry& entry, const TrackOrder& order);
    bool is_taken(const Entry& entry);
    void note_absent(const Entry& made, const FlowKey& key);
    bool was_absent(const Entry& entry) const;
    Entry* make_plain(const Sighting& sighting, Time now, TrackResult& result);
    Meeting begin_plain(const Sighting& sighting);
    bool step_apart(const Found& found, const wire::Glance& glance, Time now);
    bool step_plain(const Found& found, const Segment& segment, const wire::Glance& glance,
                    Time now);
    bool judge_short(Entry& entry, CtDirection direction, const Segment& segment,
                     TcpStep& step) const;
    Demand judge_plain(const Segment& segment, const PacketFlow& flow) const;
    void take_step(Entry& entry, CtDirection direction, const TcpStep& step, Time now);
    bool has_ended(Time now) const;
    void fetch(const EntryIndex::Hit& hit, const Wanted& wanted) const;
    Found find_sighted(const Sighting& sighting);
    EntryIndex::Hit find_again(const FlowKey& key) const;
    static bool has_right_checksum(const wire::Glance& glance);
    bool judge_usual(Entry& entry, const wire::Glance& glance, CtDirection direction, Time now,
                     std::int64_t& timeout_ns) const;
    void collect_entries(Time now, std::uint32_t most);
    std::uint16_t told_events(const Entry& entry) const;
    void give_help(Entry& entry, const TrackOrder& order, Time now, Observer* observer);
    void set_helper(Entry& entry, const Helper& helper);
    const Helper* find_helper(const TrackOrder& order, const Entry& entry) const;
    std::uint32_t find_expectation(const Tuple& tuple, std::uint16_t zone) const;
    void meet(Entry& entry, std::uint32_t expectation, Time now);
    void remove_expectation(std::uint32_t expectation, Time now);
    void tell(EventKind kind, const Expectation& expectation, Time now);
    void end_help(Entry& entry, Time now);
    void remove_expectations_of(Entry& entry, Time now);
    void forget_help(Entry& entry, Time now);
    void forget_call_keys(Entry& master);
    void collect_expectations(Time now);
    void read_call_key(TupleResult& read) const;
    bool drop_early(const Tuple& tuple, std::uint16_t zone, Time now);
    bool drop_one_near(const Tuple& tuple, std::uint16_t zone, std::uint32_t distance, Time now,
                       std::uint64_t& dropped);
    void forget_expired(const Tuple& tuple, const Zones& zones, Time now);
    const Settings& settings_of(const Entry& entry) const {
        const std::uint16_t policy = entry.rare().policy;
        return policy == 0 ? settings_ : policies_[policy - 1U];
    }
    void settle(TrackResult& result, const Demand& demand, std::size_t bytes, Time now,
                Observer* observer);
    void grant(Entry& entry, CtDirection direction, const Demand& demand, std::size_t bytes,
               Time now);
    /// A packet that counts, where somebody counts.
    static void count(Entry& entry, CtDirection direction, std::size_t bytes) {
        if (!entry.rare().counted) return;
        ++entry.extra()->packets[static_cast<std::size_t>(direction)];
        entry.extra()->bytes[static_cast<std::size_t>(direction)] += bytes;
    }
    void kill(Entry& entry, Time now, std::string_view why, Observer* observer);
    void release_if_dead(Entry& entry, Time now);
    void give_back(Entry& entry, Time now);
    void tell(EventKind kind, Entry& entry, Time now);
    void tell_pending(Entry& entry, Time now);

    Settings settings_;
    EstablishedTimeouts established_timeouts_;  ///< of flows without a policy
    std::vector<Settings> policies_;
    TrackerRoom room_;
    /// The entry that was made last, because nobody had its tuple.
    struct Absent {
        const Entry* made = nullptr;
        std::uint64_t changes = 0;  ///< EntryIndex::changes() when nobody had it
        FlowKey key;
    };
    Absent absent_;
    EntryMap map_;
    Expiry expiry_;
    Statistics statistics_;
    HelperSettings helper_settings_;
    std::vector<Helper> helpers_;
    Expectations expectations_;
    base::Slab<HelpState> help_;
    CallKeys call_keys_;
    bool records_events_;
    Ledger own_ledger_;
    Ledger* ledger_ = &own_ledger_;
    std::span<Tracker* const> fellows_;
    Entry* in_flight_ = nullptr;  ///< an entry that the packet still looks at after its death
};

}  // namespace keepstate::ct

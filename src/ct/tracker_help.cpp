// Expectations on their way: how flows get helpers, how helpers' wishes are granted, how expected flows are met.
//
// source: kernel:net/netfilter/nf_conntrack_core.c init_conntrack, nf_confirm; nf_conntrack_helper.c;
// nf_conntrack_expect.c.   Tested by: tests/kernel/differ (talk walks), tests/scenarios/helpers.
#include <algorithm>

#include "ct/tracker.hpp"
#include "ct/tuple.hpp"

namespace keepstate::ct {

namespace {

constexpr std::uint8_t kToldNew = 1;      ///< 1 << IPEXP_NEW
constexpr std::uint8_t kToldDestroy = 2;  ///< 1 << IPEXP_DESTROY

/// The number of a flow's zone; 0 in the direction in which it does not hold.
std::uint16_t zone_of(const Zones& zones) { return std::max(zones[0], zones[1]); }

Time later(Time now, std::uint32_t seconds) { return now + std::int64_t{seconds} * kNsPerSecond; }

}  // namespace

class Tracker::Granter final : public Wishes {
  public:
    Granter(Tracker& tracker, Entry& master, Time now, Observer* observer)
        : tracker_(tracker),
          master_(master),
          slot_(tracker.map_.slot_of(master)),
          state_(tracker.help_.at(master.rare().help)),
          now_(now),
          observer_(observer) {}

    Grant expect(const Expectation& wish, bool skips_master) override {
        const Grant grant = try_expect(wish, skips_master);
        if (observer_) observer_->announced(wish, grant);
        return grant;
    }
    void take_back_last() override {
        if (last_ != kNoExpectation) tracker_.remove_expectation(last_, now_);
        last_ = kNoExpectation;
    }
    const Expectation* find(const Tuple& tuple) override {
        return at(table().find_near(tuple, [&](const Expectation& e) {
            return is_met_by(e, tuple, zone_of(master_.rare().zones));
        }));
    }
    bool is_own(const Expectation& expectation) override { return expectation.master == slot_; }
    const Helper* helper_of_master(const Expectation& expectation) override {
        return tracker_.map_.at(expectation.master).rare().helper;
    }
    const Expectation* find_own(const std::function<bool(const Expectation&)>& is_wanted) override {
        std::uint32_t slot = state_.expectations.youngest;
        while (slot != kNoExpectation && !is_wanted(table().at(slot)))
            slot = table().at(slot).older;
        return at(slot);
    }
    void renew(const Expectation& expectation, std::uint32_t timeout_s,
               std::uint32_t flags) override {
        table().at(expectation.slot).flags = flags;
        table().set_expiry(expectation.slot, later(now_, timeout_s));
    }
    void take_back(const Expectation& expectation) override {
        if (expectation.slot == last_) last_ = kNoExpectation;
        tracker_.remove_expectation(expectation.slot, now_);
    }
    void refresh_master(std::uint32_t timeout_s) override {
        if (master_.has(status::kFixedTimeout | status::kDying)) return;
        const std::int64_t timeout_ns = std::int64_t{timeout_s} * kNsPerSecond;
        const std::int64_t left_ns = master_.left_ns(now_);
        if (!master_.is_confirmed()) {
            master_.expires = Time{timeout_ns};
            return;
        }
        master_.expires = now_ + timeout_ns;
        tracker_.expiry_.renew(tracker_.map_, master_, timeout_ns, left_ns, now_);
    }
    bool add_call_key(CtDirection direction, const Tuple& tuple) override {
        std::optional<Tuple>& held = state_.call_keys[static_cast<std::size_t>(direction)];
        if (held) {
            // The same once more, whatever its own id; the old one stays.
            Tuple same = *held;
            same.source_key = tuple.source_key;
            return same == tuple;
        }
        if (!tracker_.call_keys_.add(tuple, slot_)) return false;
        held = tuple;
        return true;
    }
    void take_back_call_keys() override { tracker_.forget_call_keys(master_); }
    bool end_flow(const Tuple& tuple) override {
        const std::uint16_t zone = zone_of(master_.rare().zones);
        const Found found = tracker_.find_living(tuple, {zone, zone}, now_);
        if (!found.entry || found.entry == &master_) return false;
        tracker_.kill(*found.entry, now_, "ended by its master's helper", nullptr);
        tracker_.release_if_dead(*found.entry, now_);
        return true;
    }

  private:
    Expectations& table() { return tracker_.expectations_; }
    const Expectation* at(std::uint32_t slot) {
        return slot == kNoExpectation ? nullptr : &table().at(slot);
    }

    Grant try_expect(const Expectation& wish, bool skips_master) {
        Expectation e = wish;
        e.master = slot_;
        e.zone = zone_of(master_.rare().zones);
        if (const Grant refused = make_room(e, skips_master); refused != Grant::granted) {
            return refused;
        }
        const std::uint32_t timeout_s = master_.rare().helper->policies[e.class_number].timeout_s;
        e.expires = later(now_, timeout_s);
        last_ = tracker_.expectations_.insert(e, state_.expectations);
        if (last_ == kNoExpectation) return Grant::full;
        ++tracker_.statistics_.expect_create;
        tracker_.tell(EventKind::new_, tracker_.expectations_.at(last_), now_);
        return Grant::granted;
    }
    /// Takes away what the wish replaces, and the oldest of its class if there are too many.
    Grant make_room(const Expectation& e, bool skips_master) {
        const std::uint32_t other = table().find_near(e.tuple, [&](const Expectation& known) {
            const bool compares = skips_master || known.master == e.master;
            return (compares && are_equal(known, e)) || do_clash(known, e);
        });
        if (other != kNoExpectation) {
            const Expectation& known = table().at(other);
            const bool compares = skips_master || known.master == e.master;
            if (!compares || !are_equal(known, e)) return Grant::clash;
            if (known.class_number != e.class_number || known.master != e.master) {
                return Grant::already;
            }
            tracker_.remove_expectation(other, now_);
        }
        const ExpectationPolicy& policy = master_.rare().helper->policies[e.class_number];
        if (policy.most != 0 && state_.expectations.count[e.class_number] >= policy.most) {
            evict_oldest(e.class_number);
            if (state_.expectations.count[e.class_number] >= policy.most) return Grant::full;
        }
        return table().is_full() ? Grant::full : Grant::granted;
    }
    void evict_oldest(std::uint8_t class_number) {
        std::uint32_t oldest = kNoExpectation;
        std::uint32_t slot = state_.expectations.youngest;
        for (; slot != kNoExpectation; slot = table().at(slot).older) {
            if (table().at(slot).class_number == class_number) oldest = slot;
        }
        if (oldest != kNoExpectation) tracker_.remove_expectation(oldest, now_);
    }

    Tracker& tracker_;
    Entry& master_;
    std::uint32_t slot_;  ///< the master's
    HelpState& state_;
    Time now_;
    Observer* observer_;
    std::uint32_t last_ = kNoExpectation;
};

/// Plain GRE has no call id and is not looked up, not even for a call whose id is 0.
void Tracker::read_call_key(TupleResult& read) const {
    if (read.has_call_id && call_keys_.has_any())
        read.tuple.source_key = call_keys_.find(read.tuple);
}

/// A new flow is one that is expected, or one that a rule gives a helper.
void Tracker::give_help(Entry& entry, const TrackOrder& order, Time now, Observer* observer) {
    if (expectations_.size() != 0) {
        const std::uint32_t found = find_expectation(entry.original(), zone_of(order.zones));
        if (found != kNoExpectation) {
            if (observer) {
                const Expectation& e = expectations_.at(found);
                observer->expected(e, map_.at(e.master));
            }
            meet(entry, found, now);
            return;
        }
    }
    const Helper* const helper = find_helper(order, entry);
    if (!helper) return;
    if (!order.helper.empty()) entry.set(status::kHelper);
    set_helper(entry, *helper);
}

const Helper* Tracker::find_helper(const TrackOrder& order, const Entry& entry) const {
    if (order.helper.empty() && settings_.helper == 0) return nullptr;
    const Tuple reply = entry.reply();
    const auto is_wanted = [&](const Helper& helper) {
        const bool fits = helper.protocol == reply.protocol &&
                          (!helper.family || *helper.family == reply.source.family);
        if (!fits) return false;
        if (!order.helper.empty()) return helper.name == order.helper;
        return helper.port != 0 && helper.port == reply.source_key;
    };
    const auto found = std::find_if(helpers_.begin(), helpers_.end(), is_wanted);
    return found == helpers_.end() ? nullptr : &*found;
}

void Tracker::set_helper(Entry& entry, const Helper& helper) {
    EntryExtra& extra = map_.extra_of(entry);
    extra.help = help_.take();
    KS_ASSERT(extra.help != kNoEntry);  // as many as entries
    extra.helper = &helper;
}

/// Only the first one that fits is asked: if it is of no use, nobody is expected.
std::uint32_t Tracker::find_expectation(const Tuple& tuple, std::uint16_t zone) const {
    const std::uint32_t slot = expectations_.find_near(tuple, [&](const Expectation& e) {
        return (e.flags & expectation_flag::kInactive) == 0 && is_met_by(e, tuple, zone);
    });
    if (slot == kNoExpectation) return slot;
    const Entry& master = map_.at(expectations_.at(slot).master);
    const bool is_usable = master.is_confirmed() && !master.has(status::kDying);
    return is_usable ? slot : kNoExpectation;
}

bool Tracker::is_expected(const Tuple& tuple) const {
    if (expectations_.size() == 0) return false;
    const auto waits_for = [this](const Tuple& one) {
        return expectations_.find_near(one, [&one](const Expectation& e) {
            return (e.flags & expectation_flag::kInactive) == 0 && is_met_by(e, one, 0);
        }) != kNoExpectation;
    };
    if (waits_for(tuple)) return true;
    const std::optional<Tuple> inverse = inverse_of(tuple);
    return inverse && waits_for(*inverse);
}

void Tracker::meet(Entry& entry, std::uint32_t expectation, Time now) {
    const Expectation met = expectations_.at(expectation);
    Entry& master = map_.at(met.master);
    if ((met.flags & expectation_flag::kPermanent) == 0) remove_expectation(expectation, now);
    entry.set(status::kExpected);
    EntryExtra& extra = map_.extra_of(entry);
    extra.master = met.master;
    extra.announced_by = master.rare().helper;
    ++map_.extra_of(master).announced;
    entry.mark = master.mark;
    if (met.helper) set_helper(entry, *met.helper);
    ++statistics_.expect_new;
    if (met.when_met != WhenMet::pptp_gre) return;
    const std::optional<Tuple> inverse = inverse_of(met.tuple);
    if (!inverse) return;
    const std::uint16_t zone = zone_of(extra.zones);
    const std::uint32_t other = expectations_.find_near(
        *inverse, [&](const Expectation& e) { return is_met_by(e, *inverse, zone); });
    if (other != kNoExpectation) remove_expectation(other, now);
}

void Tracker::remove_expectation(std::uint32_t expectation, Time now) {
    const Expectation& e = expectations_.at(expectation);
    tell(EventKind::destroy, e, now);
    ++statistics_.expect_delete;
    expectations_.remove(expectation, help_.at(map_.at(e.master).rare().help).expectations);
}

void Tracker::collect_expectations(Time now) {
    for (;;) {
        const std::uint32_t slot = expectations_.soonest();
        if (slot == kNoExpectation || expectations_.at(slot).expires > now) return;
        remove_expectation(slot, expectations_.at(slot).expires);
    }
}

/// The confirmed master ends, and nothing is expected of it any more; its helper may end more.
void Tracker::end_help(Entry& entry, Time now) {
    if (entry.rare().help == kNoEntry) return;
    EntryExtra& extra = *entry.extra();
    if (extra.helper->end) {
        Granter wishes{*this, entry, now, nullptr};
        ++extra.announced;  // the last flow that it ends here must not give it back under our hands
        extra.helper->end(entry.tuples(), help_.at(extra.help).memory, wishes);
        --extra.announced;
    }
    remove_expectations_of(entry, now);
}

void Tracker::remove_expectations_of(Entry& entry, Time now) {
    const ExpectationList& list = help_.at(entry.rare().help).expectations;
    while (list.youngest != kNoExpectation) remove_expectation(list.youngest, now);
}

/// The last that anybody sees of an entry; and of its master, if it was the last to keep it, and so on.
void Tracker::give_back(Entry& entry, Time now) {
    std::uint32_t slot = map_.slot_of(entry);
    for (;;) {
        Entry& gone = map_.at(slot);
        if (gone.rare().help != kNoEntry) forget_help(gone, now);
        const std::uint32_t master = gone.rare().master;
        const bool is_tunnel = gone.protocol() == protocol::kGre;
        map_.discard(gone);
        if (master == kNoEntry) return;
        Entry& announcer = map_.at(master);
        EntryExtra& extra = *announcer.extra();
        if (is_tunnel && extra.help != kNoEntry) forget_call_keys(announcer);
        --extra.announced;
        const bool is_over =
            announcer.has(status::kDying) && in_flight_ != &announcer && extra.announced == 0;
        if (!is_over) return;
        slot = master;
    }
}

void Tracker::forget_help(Entry& entry, Time now) {
    remove_expectations_of(entry, now);
    forget_call_keys(entry);
    help_.give_back(entry.rare().help);
}

/// With a tunnel its call ids go, whoever ended it. source: kernel:nf_conntrack_core.c destroy_gre_conntrack.
void Tracker::forget_call_keys(Entry& master) {
    for (std::optional<Tuple>& held : help_.at(master.rare().help).call_keys) {
        if (held) call_keys_.remove_of(map_.slot_of(master), *held);
        held.reset();
    }
}

HelperAnswer Tracker::help(const PacketFlow& flow, const wire::Packet& packet,
                           const HelpOrder& order, Time now, Observer* observer) {
    if (!flow.entry || !flow.entry->rare().helper) return {};
    // Helpers do not expect ICMP errors from the other side.
    if (flow.state == CtState::related && flow.direction == CtDirection::reply) return {};
    Entry& entry = *flow.entry;
    // Its transport header may lie behind the packet's end.
    if (!packet.has_transport || packet.transport_offset > packet.ip.size()) return {};
    const EntryExtra& extra = *entry.extra();
    const std::array<Tuple, 2> tuples = entry.tuples();
    Granter wishes{*this, entry, now, observer};
    const HelperCase help_case{packet,
                               tuples,
                               flow.direction,
                               flow.state,
                               *extra.helper,
                               helpers_,
                               helper_settings_,
                               order.is_from_host,
                               entry.has(status::kExpected),
                               order.broadcast_bits,
                               order.ways,
                               order.way_out};
    const HelperAnswer answer = extra.helper->help(help_case, help_.at(extra.help).memory, wishes);
    if (observer) observer->helped(entry, answer);
    return answer;
}

ExpectationCopy Tracker::copy_of(const Expectation& expectation, Time now) const {
    const Entry& master = map_.at(expectation.master);
    ExpectationCopy copy;
    copy.tuple = expectation.tuple;
    copy.mask = mask_of(expectation);
    copy.master = master.original();
    copy.timeout_ns = std::max<std::int64_t>(expectation.expires - now, 0);
    copy.flags = expectation.flags;
    copy.class_number = expectation.class_number;
    if (const Helper* const helper = master.rare().helper) {
        copy.helper = helper->name;
        copy.class_name = helper->policies[expectation.class_number].name;
    }
    copy.copied = now;
    return copy;
}

void Tracker::tell(EventKind kind, const Expectation& expectation, Time now) {
    const std::uint8_t bit = kind == EventKind::new_ ? kToldNew : kToldDestroy;
    const EntryExtra& master = map_.at(expectation.master).rare();
    const std::uint8_t all = settings_.events != 0 ? 0xff : 0;
    const std::uint8_t told = master.chooses_events ? master.told_expectations : all;
    if (!records_events_ || (told & bit) == 0) return;
    ledger_->expectation_events.push_back({kind, copy_of(expectation, now)});
}

}  // namespace keepstate::ct

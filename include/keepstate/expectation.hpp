// Expectations as users see them: flows that another flow, the master, has announced.
//
// Threads: plain values.  Tested by: ct/listing_expectation_test.cpp, tests/kernel_listing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "keepstate/conntrack.hpp"
#include "keepstate/time.hpp"
#include "keepstate/tuple.hpp"

namespace keepstate {

/// The kernel's NF_CT_EXPECT_ bits.
namespace expectation_flag {
inline constexpr std::uint32_t kPermanent = 1;  ///< stays after a flow has met it
inline constexpr std::uint32_t kInactive = 2;   ///< no flow meets it yet
}  // namespace expectation_flag

/// A copy of an expectation, for listings.
struct ExpectationCopy {
    Tuple tuple;                  ///< what the first packet of the expected flow has to look like
    Tuple mask;                   ///< the bits of it that count; its protocol is that of `tuple`
    Tuple master;                 ///< the master's original direction
    std::int64_t timeout_ns = 0;  ///< left at the time of the copy
    std::uint32_t flags = 0;      ///< expectation_flag:: bits
    std::uint32_t class_number = 0;
    std::string
        class_name;  ///< of the helper's policy; empty: the helper has one class without a name
    std::string helper;
    Time copied;  ///< when the copy was made; of an event when it happened

    bool operator==(const ExpectationCopy&) const = default;
};

/// An expectation was made (new_) or is gone (destroy): met, timed out, taken back, or its master ended.
struct ExpectationEvent {
    EventKind kind = EventKind::new_;
    ExpectationCopy expectation;
};

/// Appends what stands before the first and behind the last expectation of a listing (XML only).
void print_expectations_head(EntryFormat format, std::string& out);
void print_expectations_tail(EntryFormat format, std::string& out);

/// Appends one expectation with its line end: proc as /proc/net/nf_conntrack_expect (old_proc too), xml as
/// `conntrack -L expect -o xml`, json one object in keepstate's own form, all others as `conntrack -L
/// expect`, which knows no other. source: seen:tests/kernel_listing/kernel_expectations_test.cpp.
void print_expectation(const ExpectationCopy& expectation, EntryFormat format, std::string& out);

/// Appends the line of `conntrack -E expect`: made (new_) or gone (destroy). With options.timestamp the
/// time of `copied`. The kernel tells of no updates.
void print_expectation_event(EventKind kind, const ExpectationCopy& expectation, std::string& out,
                             EntryFormat format = EntryFormat::conntrack,
                             const ListingOptions& options = {});

}  // namespace keepstate

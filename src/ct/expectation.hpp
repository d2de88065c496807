// An expectation: a flow that a helper has seen announced in another flow, its master.
//
//     tuple   what the first packet of the expected flow looks like
//     mask    the bits of source address and source key that count; destination and protocol always do
//
// source: kernel:include/net/netfilter/nf_conntrack_expect.h.   Tested by: ct/expectations_test.cpp.
#pragma once

#include <cstdint>

#include "keepstate/expectation.hpp"
#include "keepstate/time.hpp"
#include "keepstate/tuple.hpp"

namespace keepstate::ct {

struct Helper;

inline constexpr std::uint32_t kNoExpectation = 0xffffffffU;

/// What happens when a flow has met its expectation, beyond its becoming RELATED.
enum class WhenMet : std::uint8_t {
    nothing,
    pptp_gre,  ///< the GRE flow gets PPTP's timeouts, and the expectation of the other way is taken back
};

/// What the mask leaves of the source. The two forms that helpers use, and netmasks for broadcast answers.
struct SourceMask {
    std::uint8_t address_bits = 0;  ///< leading bits of the source address that count
    bool key = false;               ///< the source port counts

    bool operator==(const SourceMask&) const = default;
};

struct Expectation {
    Tuple tuple;
    SourceMask mask;
    std::uint32_t flags = 0;         ///< expectation_flag:: bits
    std::uint8_t class_number = 0;   ///< index into the policies of the master's helper
    const Helper* helper = nullptr;  ///< what the expected flow gets; null: none
    WhenMet when_met = WhenMet::nothing;

    // the table's own
    std::uint32_t master = 0;  ///< slot of its entry
    std::uint32_t slot = 0;
    std::uint16_t zone = 0;
    Time expires;
    std::uint32_t next_in_bucket = kNoExpectation;
    std::uint32_t older = kNoExpectation;  ///< the master's list, youngest first
    std::uint32_t younger = kNoExpectation;
    std::uint32_t heap_place = 0;
};

/// The usual form: to `destination`:`destination_key`, from `source` if given (else from anywhere), from
/// `source_key` if given (else from any port). source: kernel: nf_ct_expect_init.
Expectation make_expectation(std::uint8_t class_number, std::uint8_t protocol,
                             const Address* source, const std::uint16_t* source_key,
                             const Address& destination, std::uint16_t destination_key);

}  // namespace keepstate::ct

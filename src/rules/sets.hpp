// IP sets: what `ipset' keeps in the kernel, and -m set and -j SET look at.
//
//     text of `ipset save' --parse_sets (sets_parse.cpp)--> IpSet in Objects, by name, kind "ipset"
//
//     create a hash:ip,port ...       dimensions: an address, a port
//     add a 10.0.0.1,tcp:80           element: key {10.0.0.1, tcp 80}, value {timeout, counters, ...}
//
// All types are one table of elements by key; a type says what its dimensions are. An address of a `net' dimension has
// a prefix length; a packet is looked for with each length that the set has, the longest first. Bitmaps are
// tables too, with a range; a list:set has the sets that it names.
//
// Limits: an element that a packet adds needs room: as much as maxelem says, 1 Mi (1048576) at most, taken when the
// Program is made. Timeouts begin with the first packet that asks the set.
// Threads: one owner.  Cost: a look-up is one hash a prefix length.
// source: man:ipset; kernel:net/netfilter/ipset.   Tested by: rules/sets_test.cpp, tests/rules/set_match.t,
// tests/scenarios/rules/*set*.yaml.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/address.hpp"
#include "keepstate/result.hpp"
#include "rules/context.hpp"
#include "rules/keyed_pool.hpp"
#include "rules/objects.hpp"
#include "rules/ticks.hpp"

namespace keepstate::rules {

/// What one dimension of a set's elements is.
enum class SetPart : std::uint8_t { none, address, network, port, mac, mark, device, set };

struct SetType {
    std::string_view name;
    std::array<SetPart, 3> parts{};
    bool is_bitmap = false;

    std::size_t dimensions() const {
        return parts[2] != SetPart::none ? 3 : parts[1] != SetPart::none ? 2 : 1;
    }
    bool has(SetPart part) const {
        return parts[0] == part || parts[1] == part || parts[2] == part;
    }
    bool has_networks() const { return has(SetPart::network); }
};
/// Null: there is no such type.
const SetType* find_set_type(std::string_view name);
std::vector<std::string_view> set_type_names();

/// addresses 0-1 and 2-3 | port, protocol, prefix lengths, bits | MAC, mark, or device name in 5-6.
using SetKey = std::array<std::uint64_t, 7>;

/// What stands with an element.
struct SetElement {
    static constexpr std::int64_t kForever = INT64_MAX;
    std::int64_t expires_tick = kForever;  ///< from the set's first tick on
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint32_t mark = 0;
    std::uint32_t mark_mask = 0;
    std::uint32_t priority = 0;
    std::uint32_t member = 0;  ///< list:set: index of the member
    bool is_nomatch = false;
};

/// A comparison of --packets-.. and --bytes-.. with an element's counter.
struct CounterTest {
    enum class Kind : std::uint8_t { none, equal, different, less, greater };
    std::uint64_t value = 0;
    Kind kind = Kind::none;
    std::array<std::uint8_t, 7> padding{};
    bool holds(std::uint64_t counter) const;
};

/// How a rule asks.
struct SetQuery {
    std::uint8_t sources = 0;     ///< by bit: dimension 0, 1, ... is the packet's source
    std::uint8_t dimensions = 0;  ///< how many src/dst words there were
    bool returns_nomatch = false;
    bool skips_counters = false;
    bool skips_member_counters = false;
    CounterTest packets;
    CounterTest bytes;
};

class IpSet final : public SharedObject {
  public:
    static constexpr std::string_view kKind = "ipset";
    static constexpr std::uint32_t kMostRoom = 1U << 20;

    struct Setup {
        std::string name;
        const SetType* type = nullptr;
        std::optional<Family> family;  ///< none: of both, as bitmap:port and list:set
        std::array<std::uint8_t, 16>
            mask{};  ///< of addresses: netmask or bitmask; all ones if none
        std::uint32_t mark_mask = 0xffffffffU;
        std::uint64_t most_elements = 65536;
        std::uint32_t timeout_s = 0;
        bool has_timeout = false;
        bool has_counters = false;
        bool has_skbinfo = false;
        bool has_comment = false;
        bool forces_add = false;
        std::uint64_t range_first = 0;  ///< bitmaps: addresses or ports, in host order
        std::uint64_t range_last = 0;
        std::uint64_t seed = 0;
    };
    explicit IpSet(Setup setup);

    const Setup& setup() const { return setup_; }
    std::size_t size() const { return pool_->size(); }
    const std::vector<IpSet*>& members() const { return members_; }

    /// While the set is loaded: false if it is full.
    bool load(const SetKey& key, const SetElement& element);
    bool unload(const SetKey& key);
    bool has_key(const SetKey& key) const { return pool_->find(key) != Pool::kNone; }
    void add_member(IpSet& member, SetElement element);

    /// Takes the room that packets may fill: called when a rule adds to the set.
    void make_room();

    /// Looks for the packet. The element, for its mark and priority; null: no match.
    const SetElement* match(const Context& context, SetQuery query);
    /// Adds the packet, or with `exist` gives an element that is there a new timeout. False: nothing was done.
    bool add(const Context& context, const SetQuery& query, std::optional<std::uint32_t> timeout_s,
             bool exist);
    bool remove(const Context& context, const SetQuery& query);

    // for whoever makes keys (sets_parse.cpp)
    static void put_address(SetKey& key, std::size_t which, const Address& address);
    static void put_bits(SetKey& key, std::size_t which, unsigned bits);
    static unsigned bits_of_key(const SetKey& key, std::size_t which);
    static void put_port(SetKey& key, std::uint8_t protocol, std::uint16_t port);
    static void put_device(SetKey& key, std::string_view name, bool is_physical, bool is_wildcard);
    Address masked(Address address) const;

  private:
    using Pool = KeyedPool<7, SetElement>;
    enum class Answer : std::uint8_t { no, yes, nomatch };

    std::int64_t tick_in_set(Time now);
    bool make_key(const Context& context, const SetQuery& query, SetKey& key) const;
    bool fits(const SetQuery& query, const Context& context) const;
    Answer test(const Context& context, const SetQuery& query, std::uint32_t& slot);
    Answer test_lengths(SetKey& key, const Context& context, const SetQuery& query,
                        std::uint32_t& slot);
    Answer test_devices(SetKey& key, const Context& context, const SetQuery& query,
                        std::uint32_t& slot);
    Answer test_key(const SetKey& key, const Context& context, const SetQuery& query,
                    std::uint32_t& slot);
    const SetElement* match_list(const Context& context, const SetQuery& query);
    bool passes(SetElement& element, const Context& context, const SetQuery& query,
                bool skips) const;
    void set_widest(SetKey& key) const;
    bool is_expired(const SetElement& element, std::int64_t tick) const;
    void count_lengths(const SetKey& key, int change);
    std::uint32_t store(const SetKey& key, const SetElement& element);
    void drop(std::uint32_t slot);
    void drop_expired(std::int64_t tick);

    Setup setup_;
    std::unique_ptr<Pool> pool_;
    std::array<std::array<std::uint32_t, 129>, 2> lengths_{};  ///< elements by prefix length
    std::uint32_t wildcards_ = 0;
    std::vector<IpSet*> members_;
    std::vector<SetElement> member_elements_;
    std::optional<std::int64_t> first_tick_;
};

/// Sets out of the text of `ipset save' or for `ipset restore', into `objects`. Errors: kind input, all faults with
/// line and column.
Result<void> parse_sets(std::string_view text, const std::string& file, Objects& objects);

}  // namespace keepstate::rules

// Whether one rule matches one packet: its own parts, then its matches, in the kernel's order.
//
// walk() and fast() ask here; what somebody hears of it is made only if kHeard.
// source: kernel:net/ipv4/netfilter/ip_tables.c ip_packet_match, ip6_tables.c ip6_packet_match.
// Tested by: rules/walk_test.cpp, tests/property/fast_property.cpp.
#pragma once

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "rules/context.hpp"
#include "rules/names.hpp"
#include "rules/program.hpp"

namespace keepstate::rules {

/// The packet's parts in the words of BasicTest.
class RuleTest {
  public:
    using Words = std::array<std::uint64_t, 2>;

    /// `context` has its packet and devices and outlives this.
    explicit RuleTest(Context& context)
        : context_(context),
          packet_(*context.packet),
          in_(load_device(context.in_device)),
          out_(load_device(context.out_device)) {
        load_addresses();
    }

    /// Again, when a target may have written others.
    void load_addresses() {
        const bool v4 = packet_.family == Family::ipv4;
        KS_ASSERT(packet_.ip.has(0, v4 ? 20 : 40));
        const std::uint8_t* const at = packet_.ip.data();
        source_ = v4 ? load<4>(at + 12) : load<16>(at + 8);
        destination_ = v4 ? load<4>(at + 16) : load<16>(at + 24);
    }

    const Words& in() const { return in_; }
    const Words& out() const { return out_; }

    /// May set context.hotdrop. If kHeard, `part` and `why` are told what said no.
    template <bool kHeard>
    bool matches(const BasicTest& test, const Step& step, std::string_view& part, Why why) {
        if (!test.any && !passes<kHeard>(test, part, why)) return false;
        for (std::uint32_t i = 0; i < step.match_count; ++i) {
            const MatchStep& match = step.matches[i];
            if (match.module->matches(match.data, context_, why)) continue;
            if constexpr (kHeard) part = match.module->name();
            return false;
        }
        return true;
    }

  private:
    template <std::size_t kBytes>
    static Words load(const void* at) {
        Words words{};
        std::memcpy(words.data(), at, kBytes);
        return words;
    }
    static Words load_device(const char* name) {
        return name == nullptr ? Words{} : load<16>(name);
    }
    static bool differ(const Words& a, const Words& mask, const Words& b) {
        return (((a[0] & mask[0]) ^ b[0]) | ((a[1] & mask[1]) ^ b[1])) != 0;
    }
    static std::string device_text(const char* name) {
        const std::string text(name == nullptr ? "" : std::string_view(name, strnlen(name, 16)));
        return text.empty() ? "none" : text;
    }

    template <bool kHeard>
    bool passes(const BasicTest& test, std::string_view& part, Why why) {
        const auto no = [&](std::string_view which, auto&& theirs) {
            if constexpr (kHeard) {
                part = which;
                why.no("the packet's is {}", theirs());
            }
            return false;
        };
        if (differ(source_, test.source_mask, test.source) != test.source_inverted) {
            return no("-s", [&]() { return text(packet_.source()); });
        }
        if (differ(destination_, test.destination_mask, test.destination) !=
            test.destination_inverted) {
            return no("-d", [&]() { return text(packet_.destination()); });
        }
        if (differ(in_, test.in_mask, test.in) != test.in_inverted) {
            return no("-i", [&]() { return device_text(context_.in_device); });
        }
        if (differ(out_, test.out_mask, test.out) != test.out_inverted) {
            return no("-o", [&]() { return device_text(context_.out_device); });
        }
        if (test.protocol != 0) {
            if (packet_.family == Family::ipv6 && packet_.rules_chain_broken) {
                context_.hotdrop = true;
                if constexpr (kHeard) part = "-p";
                return why.no("the chain of extension headers is cut: the packet is dropped");
            }
            if ((packet_.rules_protocol == test.protocol) == test.protocol_inverted) {
                return no("-p", [&]() { return protocol_text(packet_.rules_protocol); });
            }
        }
        const bool later = packet_.rules_fragment_offset != 0;
        if (test.fragment && later == test.fragment_inverted) {
            if constexpr (kHeard) part = "-f";
            return why.no("the packet is {} later fragment", later ? "a" : "no");
        }
        return true;
    }

    Context& context_;
    const wire::Packet& packet_;
    Words source_{};
    Words destination_{};
    Words in_{};
    Words out_{};
};

}  // namespace keepstate::rules

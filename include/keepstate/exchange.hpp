// An exchange: one firewall on several receiving threads, each with an Engine of its own, which hand packets over.
//
//     Exchange::make(setup, {.members = 2}) -> Exchange;  each thread takes one member(i) and goes round:
//         member.submit(batch)     takes what is its own, hands over what is others', takes what they have handed over
//         member.collect()         -> the answers of its oldest batch, once all of them are there
//
// For data planes that receive packets of all flows on every core, as a card gives them that does not know the flows
// (Steering says it to those that do). A flow belongs to one member, by Steering's hash; whoever receives one of its
// packets hands it over. Nobody waits within a call: several batches are under way while the answers to older ones
// come back. What a member has taken goes through its engine's stages as more comes, so that memory is at work for some packets
// while others are decided, whatever the size of batches; the last of a batch are decided in the calls that follow. Decisions
// stay where they were made, in the memory of the member that made them, and are read there; what is the same for many packets
// is there once.
//
// Packets of a flow that one member receives are judged in their order, and so are those of a batch that are judged by
// one member. Between members there is no order, as between the cores of a kernel: if packets of one flow arrive at two
// members at the same time, either may be first. What the exchange says is what one Engine would say of the packets in the
// order in which they were judged, but for what docs/shards.md lists: nf_conntrack_max and the reassembler's memory hold for each
// member, ended entries are told of by each in its own time, and entries are numbered by each, the member's number in bits 40 to
// 45. A datagram in fragments is put together at one member and judged where its flow is, when it is whole. Rules
// that remember packets of other flows, and flows that may have helpers, make all packets belong to member 0; why_one()
// says so.
//
// There are no stories and no logs: whoever wants them takes an Engine or a ShardedEngine.
//
// Threads: each member one; it may be another one from call to call if these do not overlap. What Exchange itself tells: while
// no member is in a call. Who does not call lets the others wait for what they have handed over.
// Cost: steering, about 5 ns a packet, and a few lines of the cache that two cores pass to each other for each packet that is
// handed over: the request, and an eighth of the line that has the answers. With EngineSetup::tells_entries, and for routed or unusual
// packets, the decision's lines too. After the making nothing is allocated on a packet's path but what Engine allocates there, and room for
// packets that were rewritten or answered, which is kept.
// Tested by: tests/property/exchange_property.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/engine.hpp"
#include "keepstate/steering.hpp"

namespace keepstate {

struct ExchangeSetup {
    std::uint32_t members = 2;  ///< 1 to Steering::kMostShards
    /// How many packets a member may have under way: submitted, and not yet released by collect(). 1 to 65536. As many as
    /// arrive while another thread is held up for a moment, or who asks it waits; each takes about 700 bytes for each member,
    /// of which usual packets touch 200.
    std::uint32_t most_in_flight = 1024;
};

class Exchange {
  public:
    /// What was decided of one packet.
    struct Answer {
        /// The decision but for out_bytes. Many packets may have the same one.
        const Decision* decision = nullptr;
        /// As Decision::out_bytes.
        std::span<const std::uint8_t> out_bytes;

        /// A copy of the decision, with out_bytes.
        Decision whole() const {
            Decision copy = *decision;
            copy.out_bytes = out_bytes;
            return copy;
        }
    };

    class Member {
      public:
        ~Member();
        Member(const Member&) = delete;
        Member& operator=(const Member&) = delete;

        /// Takes a batch, of which there are at most `most_in_flight` packets. False, and nothing is done: there is no room
        /// before collect() has given and released older ones. Of an empty batch nothing is heard again. The packets' bytes must stay
        /// until the batch is released, the frames only until submit() returns. Times as Engine::process.
        bool submit(std::span<const Frame> batch);
        /// Judges some of what others have handed over, and what is left of its own batches; for threads that receive nothing.
        /// How many packets it took from others.
        std::size_t serve();
        /// Releases the batch that it gave last, and gives the oldest other one if all its packets are decided: an answer
        /// for each, in order. Else it serves, and gives nothing. Answers, decisions, and the bytes that they name, are good
        /// until the batch is released.
        std::span<const Answer> collect();
        /// The same, but serves and looks again until there is one: for a short while without a pause, then
        /// letting other threads run in between. Nothing: no batch is under way.
        std::span<const Answer> wait();
        /// Packets submitted and not yet released.
        std::uint32_t in_flight() const;

        /// What this member's flows have brought about since the last call, in order; see Engine::take_events.
        std::vector<Event> take_events();

      private:
        friend class Exchange;
        struct Parts;
        explicit Member(std::unique_ptr<Parts> parts);
        std::unique_ptr<Parts> parts_;
    };

    /// Errors: as Engine::make; a number of members or of packets that cannot be (usage).
    static Result<Exchange> make(EngineSetup setup, ExchangeSetup members);
    ~Exchange();
    Exchange(Exchange&& other) noexcept;
    Exchange& operator=(Exchange&& other) noexcept;

    std::uint32_t members() const;
    Member& member(std::uint32_t number);
    /// Why all packets belong to member 0: the rule, with file, line and text, or the setting; nothing otherwise.
    const std::optional<Fault>& why_one() const;

    /// As Engine::change_rules, while no member is in a call and none has packets under way (Member::in_flight() is 0: all its
    /// batches were collected, and the last one released by another collect()), since answers name decisions that go with
    /// the rules. All members change, or none. Threads that go round meet for it: each collects until nothing is under
    /// way, all wait for each other, one changes the rules, all wait again.
    /// Errors: besides, packets are under way (usage); and where members judge side by side, a rule that they could not: as
    /// ShardedEngine::change_rules (input).
    /// Cost: that of a change, once for each member.
    Result<void> change_rules(Family family, std::string_view command,
                              std::span<const LabelName> labels = {});

    // What all members hold together; as Engine's.
    void for_each_entry(Time now, const EntryVisitor& visit) const;
    std::vector<ExpectationCopy> expectations(Time now) const;
    std::string print_counters(Family family) const;
    Statistics statistics() const;
    std::array<std::uint64_t, kReasons> reason_counts() const;
    /// How many entries each member holds.
    std::vector<std::uint32_t> entry_counts() const;

  private:
    struct Parts;
    explicit Exchange(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace keepstate

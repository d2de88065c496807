// A hand-over: the packets that one member of an exchange gives another one to judge, and the answers.
//
//     requests   | ... | 17 | 18 | 19 |        asker writes, owner reads    one line of the cache each, in a row
//     answers    | ... | 17 | 18 |             owner writes, asker reads    a Decision each, in the same places
//     asked_ 19, answered_ 18                  counters, one store for a batch; each has a line of its own
//
// Nobody asks whether there is room: the asker lets no more packets be under way than there are places, and a place is
// free again when it has released its answer. Each side looks at the other's counter only when what it saw last does not
// tell enough, and keeps what is its own in lines that the other never touches.
//
// Threads: one asker, one owner.  Cost: no allocation but for what Answers says.  Tested by: tests/property/exchange_property.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "base/prefetch.hpp"
#include "keepstate/engine.hpp"
#include "wire/glance.hpp"
#include "wire/reassembly.hpp"

namespace keepstate {

/// So that what two threads write never shares one: two lines, since processors fetch them in pairs.
inline constexpr std::size_t kApart = 128;

/// A packet that was looked at, and is to be judged. One line, and all that the owner reads of a usual one: the frame's own
/// lines stay with the asker.
struct Request {
    enum class Kind : std::uint32_t {
        glanced,   ///< `glance` and, of IPv4, `addresses` are set
        fragment,  ///< to be put together
        whole,     ///< the last piece of what was put together: HandOver::whole_of()
    };
    const std::uint8_t* bytes = nullptr;
    Time time;
    std::uint32_t size : 30 = 0;
    Kind kind : 2 = Kind::glanced;
    LinkNumber link = 0;
    std::uint16_t device = 0;
    std::array<std::uint8_t, 8> addresses{};
    wire::Glance glance;

    static_assert(sizeof(wire::Glance) == 32);  // else a request is no line of the cache any more
    Frame frame() const { return {{bytes, size}, link, time, device}; }
    /// An IPv4 header of which only the addresses are there.
    static constexpr std::size_t kAddressesAt = 12;
    const std::uint8_t* header_of_addresses() const {
        static_assert(offsetof(Request, addresses) >= kAddressesAt);
        return reinterpret_cast<const std::uint8_t*>(this) + offsetof(Request, addresses) -
               kAddressesAt;
    }
};

/// Places for decisions, and for the bytes that these name and that are not the packet's own. Such bytes get room when
/// they first come, which is kept.
class Answers {
  public:
    /// `places`: a power of two.
    explicit Answers(std::uint32_t places)
        : mask_(places - 1), decisions_(new Place[places]), bytes_(places), strays_(places) {}

    Decision& decision(std::uint32_t number) { return decisions_[number & mask_].decision; }
    /// Asks for the place's lines, to write them.
    void prefetch(std::uint32_t number) const {
        const char* const at = reinterpret_cast<const char*>(&decisions_[number & mask_]);
        for (std::size_t line = 0; line < sizeof(Place); line += 64) {
            base::prefetch_to_write(at + line);
        }
    }
    /// Makes what the decision names outlive the engine's next call. `frame`: the packet's bytes, which do so.
    void keep_bytes(std::uint32_t number, std::span<const std::uint8_t> frame) {
        Decision& decision = decisions_[number & mask_].decision;
        const std::uint8_t* const out = decision.out_bytes.data();
        const bool is_frames =
            decision.out_bytes.empty() ||
            (out >= frame.data() && out + decision.out_bytes.size() <= frame.data() + frame.size());
        if (is_frames && decision.reply_bytes.empty()) return;
        copy_bytes(decision, is_frames, bytes_[number & mask_]);
    }

    /// A datagram that was put together here, and is another member's to judge.
    struct Stray {
        bool is_set = false;
        std::uint32_t owner = 0;
        wire::Reassembled whole;
    };
    const Stray& stray(std::uint32_t number) const { return strays_[number & mask_]; }
    void clear_stray(std::uint32_t number) { strays_[number & mask_].is_set = false; }
    /// Keeps the datagram's bytes too.
    void set_stray(std::uint32_t number, std::uint32_t owner, const wire::Reassembled& whole) {
        Stray& stray = strays_[number & mask_];
        std::vector<std::uint8_t>& bytes = bytes_[number & mask_];
        bytes.assign(whole.whole.data(), whole.whole.data() + whole.whole.size());
        stray = {true, owner, whole};
        stray.whole.whole = {bytes.data(), bytes.size()};
    }

  private:
    struct alignas(64) Place {
        Decision decision;
    };
    static void copy_bytes(Decision& decision, bool is_frames, std::vector<std::uint8_t>& bytes) {
        const std::size_t out = is_frames ? 0 : decision.out_bytes.size();
        const std::size_t reply = decision.reply_bytes.size();
        bytes.resize(out + reply);
        if (out != 0) std::memcpy(bytes.data(), decision.out_bytes.data(), out);
        if (reply != 0) std::memcpy(bytes.data() + out, decision.reply_bytes.data(), reply);
        const std::span<const std::uint8_t> all(bytes);
        if (!is_frames) decision.out_bytes = all.first(out);
        decision.reply_bytes = all.subspan(out);
    }

    std::uint32_t mask_;
    std::unique_ptr<Place[]> decisions_;
    std::vector<std::vector<std::uint8_t>> bytes_;
    std::vector<Stray> strays_;
};

class HandOver {
  public:
    /// `places`: a power of two.
    explicit HandOver(std::uint32_t places)
        : mask_(places - 1), requests_(new Line[places]), wholes_(places), answers_(places) {}
    HandOver(const HandOver&) = delete;
    HandOver& operator=(const HandOver&) = delete;

    // --- the asker's side; requests are numbered as they are added
    std::uint32_t next() const { return added_; }
    /// Asks for the lines of the next ones, to write them, and for the other side's counter.
    void prepare(std::uint32_t count) const {
        __builtin_prefetch(&answered_);
        for (std::uint32_t i = 0; i < count; ++i) {
            base::prefetch_to_write(&requests_[(added_ + i) & mask_]);
        }
    }
    Request& add() { return requests_[added_++ & mask_].request; }
    /// Of the request that was added last.
    void set_whole(const wire::Reassembled& whole) { wholes_[(added_ - 1) & mask_] = &whole; }
    /// Whoever owns sees what was added.
    void publish() {
        if (added_ == published_) return;
        published_ = added_;
        asked_.store(added_, std::memory_order_release);
    }
    /// Whether all requests before the one with this number have their answers.
    bool is_answered(std::uint32_t number) {
        if (is_behind(seen_answered_, number)) return true;
        seen_answered_ = answered_.load(std::memory_order_acquire);
        return is_behind(seen_answered_, number);
    }

    // --- the owner's side
    /// How many requests wait for it.
    std::uint32_t waiting() {
        if (taken_ == seen_asked_) seen_asked_ = asked_.load(std::memory_order_acquire);
        return seen_asked_ - taken_;
    }
    /// Asks for the lines of the next ones, `most` of them, and for those of their answers.
    void prepare_to_take(std::uint32_t most) {
        const std::uint32_t count = std::min(waiting(), most);
        for (std::uint32_t i = 0; i < count; ++i) {
            __builtin_prefetch(&requests_[(taken_ + i) & mask_]);
            answers_.prefetch(taken_ + i);
        }
    }
    /// The next one; its number is taken() - 1 then.
    const Request& take() { return requests_[taken_++ & mask_].request; }
    std::uint32_t taken() const { return taken_; }
    const wire::Reassembled* whole_of(std::uint32_t number) const {
        return wholes_[number & mask_];
    }
    /// All that were taken have their answers.
    void finish() {
        if (taken_ == finished_) return;
        finished_ = taken_;
        answered_.store(taken_, std::memory_order_release);
    }

    /// Each place is the owner's from the request to the answer, then the asker's.
    Answers& answers() { return answers_; }

  private:
    struct alignas(64) Line {
        Request request;
    };
    static bool is_behind(std::uint32_t seen, std::uint32_t number) {
        return static_cast<std::int32_t>(seen - number) >= 0;
    }

    // never changed
    std::uint32_t mask_;
    std::unique_ptr<Line[]> requests_;
    std::vector<const wire::Reassembled*> wholes_;
    Answers answers_;
    alignas(kApart) std::atomic<std::uint32_t> asked_{0};
    alignas(kApart) std::atomic<std::uint32_t> answered_{0};
    // the asker's
    alignas(kApart) std::uint32_t added_ = 0;
    std::uint32_t published_ = 0;
    std::uint32_t seen_answered_ = 0;
    // the owner's
    alignas(kApart) std::uint32_t taken_ = 0;
    std::uint32_t finished_ = 0;
    std::uint32_t seen_asked_ = 0;
};

}  // namespace keepstate

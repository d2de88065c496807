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
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "base/prefetch.hpp"
#include "ct/tracker.hpp"
#include "hooks/path.hpp"
#include "keepstate/engine.hpp"
#include "wire/glance.hpp"
#include "wire/reassembly.hpp"

namespace keepstate {

/// So that what two threads write never shares one: two lines, since processors fetch them in pairs.
inline constexpr std::size_t kApart = 128;

/// Whether a counter has come to a number; both go round.
inline bool has_come(std::uint32_t counter, std::uint32_t number) {
    return static_cast<std::int32_t>(counter - number) >= 0;
}

/// A packet that was looked at, and is to be judged. One line, and all that the owner reads of a usual one: the frame's own
/// lines stay with the asker.
class Request {
  public:
    enum class Kind : std::uint16_t {
        glanced,   ///< it has a sighting
        fragment,  ///< to be put together
        whole,     ///< the last piece of what was put together: HandOver::whole_of()
    };

    // Nothing of it is read here: the line has been the owner's.
    void set(const Frame& frame, Kind kind) {
        set(frame, static_cast<std::uint32_t>(kind) << kKindShift, wire::Glance{});
    }
    /// Kind::glanced.
    void set(const Frame& frame, const ct::Sighting& looked) {
        const bool is_reversed = (looked.key.kind & ct::FlowKey::kReversed) != 0;
        set(frame, static_cast<std::uint32_t>(is_reversed) << kReversedShift, looked.glance);
        addresses_ = looked.key.addresses;
        hash_ = looked.key.hash;
    }

    Kind kind() const { return static_cast<Kind>(facts_ >> kKindShift); }
    void get(Frame& frame) const {
        frame.bytes = {glance_.ip, facts_ & kSizeMask};
        frame.link = link_;
        frame.time = time_;
        frame.device = device_;
    }
    /// The glance and, if that has ports, the key.
    void get(ct::Sighting& looked) const {
        constexpr std::size_t kEthernet = 14;
        wire::Glance& glance = looked.glance;
        glance = glance_;
        if (!glance_.has_ports) return;
        glance.ip = glance_.ip + (link_ == kLinkEthernet ? kEthernet : 0);
        using ct::FlowKey;
        looked.key.addresses = addresses_;
        looked.key.hash = hash_;
        if (!glance_.is_v4) {
            looked.key.ports = 0;
            looked.key.kind = FlowKey::kOther | FlowKey::kAsk;
            return;
        }
        // Without a branch: which end is the lower one changes with the packet's direction.
        constexpr std::uint32_t kHalf = 16;
        const std::uint32_t is_reversed = facts_ >> kReversedShift & 1;
        looked.key.ports = std::rotl(glance_.ports, static_cast<int>(is_reversed * kHalf));
        looked.key.kind =
            (glance_.is_tcp ? FlowKey::kTcp4 : FlowKey::kUdp4) | is_reversed * FlowKey::kReversed;
    }

  private:
    static constexpr unsigned kReversedShift = 29, kKindShift = 30;
    static constexpr std::uint32_t kSizeMask = (1U << kReversedShift) - 1;

    void set(const Frame& frame, std::uint32_t facts, const wire::Glance& glance) {
        glance_ = glance;
        glance_.ip = frame.bytes.data();
        time_ = frame.time;
        facts_ = (static_cast<std::uint32_t>(frame.bytes.size()) & kSizeMask) | facts;
        link_ = frame.link;
        device_ = frame.device;
    }

    Time time_;
    std::uint32_t facts_ = 0;  ///< the frame's size, whether the key is reversed, the kind
    LinkNumber link_ = 0;
    std::uint16_t device_ = 0;
    // of the key, what the glance does not tell
    std::uint64_t addresses_ = 0;
    std::uint64_t hash_ = 0;
    wire::Glance glance_;  ///< with the frame in the place of the IP header
};
static_assert(sizeof(Request) == 64);  // else it is no line of the cache any more

/// What crosses of an answer: where the decision is. Eight of them are a line of the cache.
class Word {
  public:
    Word() = default;
    explicit Word(const hooks::Told& told)
        : where_(reinterpret_cast<std::uintptr_t>(&told.decision()) |
                 static_cast<std::uintptr_t>(told.shared != nullptr)) {}
    const Decision* decision() const {
        return reinterpret_cast<const Decision*>(where_ & ~kShared);
    }
    /// As hooks::Told::shared: of an accepted packet out_bytes are missing, which are its own.
    bool is_shared() const { return (where_ & kShared) != 0; }

  private:
    static constexpr std::uintptr_t kShared = 1;
    static_assert(alignof(Decision) > kShared);
    std::uintptr_t where_ = 0;
};

/// What is told, places for decisions that are not shared, and for the bytes that these name and that are not the packet's
/// own. Such bytes get room when they first come, which is kept.
class Answers {
  public:
    /// `places`: a power of two.
    explicit Answers(std::uint32_t places)
        : mask_(places - 1),
          words_(make_words(places)),
          decisions_(new Place[places]),
          bytes_(places),
          strays_(places) {}

    Word& word(std::uint32_t number) { return words_[number & mask_]; }
    /// For each line of the words from `first` to `end`, and with `decisions` of the decisions too.
    template <typename Prefetch>
    void for_each_line(std::uint32_t first, std::uint32_t end, bool decisions,
                       Prefetch prefetch) const {
        for (std::uint32_t number = first & ~(kInLine - 1); !has_come(number, end);
             number += kInLine) {
            prefetch(&words_[number & mask_]);
        }
        if (!decisions) return;
        for (std::uint32_t number = first; number != end; ++number) {
            const auto* const at = reinterpret_cast<const std::byte*>(&decisions_[number & mask_]);
            for (std::size_t line = 0; line < sizeof(Place); line += alignof(Place)) {
                prefetch(at + line);
            }
        }
    }
    Decision& decision(std::uint32_t number) { return decisions_[number & mask_].decision; }
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
    static constexpr std::uint32_t kInLine = 8;
    static constexpr std::align_val_t kLine{64};
    struct FreeWords {
        void operator()(Word* words) const { ::operator delete[](words, kLine); }
    };
    /// Lines of their own.
    static Word* make_words(std::uint32_t places) {
        return new (kLine) Word[std::max(places, kInLine)];
    }
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
    std::unique_ptr<Word[], FreeWords> words_;
    std::unique_ptr<Place[]> decisions_;
    std::vector<std::vector<std::uint8_t>> bytes_;
    std::vector<Stray> strays_;
};

class HandOver {
  public:
    /// `places`: a power of two. `has_own_decisions`: most answers are decisions of their own.
    HandOver(std::uint32_t places, bool has_own_decisions)
        : mask_(places - 1),
          has_own_decisions_(has_own_decisions),
          requests_(new Line[places]),
          wholes_(places),
          answers_(places) {}
    HandOver(const HandOver&) = delete;
    HandOver& operator=(const HandOver&) = delete;

    // Lines that the other one has had come some hundred nanoseconds after they are asked for. Whoever will soon need some says
    // so, and does something else meanwhile.

    // --- the asker's side; requests are numbered as they are added
    /// About so many requests will be added and published.
    void prepare_to_ask(std::uint32_t count) const {
        for (std::uint32_t i = 0; i < count; ++i) {
            base::prefetch_to_write(&requests_[(added_ + i) & mask_]);
        }
        base::prefetch_to_write(&asked_);
    }
    std::uint32_t next() const { return added_; }
    Request& add() { return requests_[added_++ & mask_].request; }
    /// Of the request that was added last.
    void set_whole(const wire::Reassembled& whole) { wholes_[(added_ - 1) & mask_] = &whole; }
    /// Whoever owns sees what was added.
    void publish() {
        if (added_ == published_) return;
        published_ = added_;
        asked_.store(added_, std::memory_order_release);
    }
    /// The answers from `first` to `end` will be read, if it is known that they are there.
    void prepare_to_read(std::uint32_t first, std::uint32_t end) const {
        if (has_come(seen_answered_, end)) {
            answers_.for_each_line(first, end, has_own_decisions_, base::prefetch_to_read);
        }
    }
    /// Whether all requests before the one with this number have their answers.
    bool is_answered(std::uint32_t number) {
        if (has_come(seen_answered_, number)) return true;
        seen_answered_ = answered_.load(std::memory_order_acquire);
        return has_come(seen_answered_, number);
    }

    // --- the owner's side
    /// There will be a look, and answers that are published.
    void prepare_to_look() const {
        base::prefetch_to_read(&asked_);
        base::prefetch_to_write(&answered_);
    }
    /// Some of those that were seen, `most` at the most, will be taken and answered.
    void prepare_to_take(std::uint32_t most) const {
        const std::uint32_t end = taken_ + std::min(ready(), most);
        for (std::uint32_t number = taken_; number != end; ++number) {
            base::prefetch_to_read(&requests_[number & mask_]);
        }
        answers_.for_each_line(taken_, end, has_own_decisions_, base::prefetch_to_write);
    }
    /// Looks at the asker's counter. How many requests wait for it.
    std::uint32_t look() {
        seen_asked_ = asked_.load(std::memory_order_acquire);
        return ready();
    }
    /// How many the last look() saw that are not yet taken.
    std::uint32_t ready() const { return seen_asked_ - taken_; }
    /// The number of the one that is to be taken next.
    std::uint32_t taken() const { return taken_; }
    const Request& at(std::uint32_t number) const { return requests_[number & mask_].request; }
    void take(std::uint32_t count) { taken_ += count; }
    const wire::Reassembled* whole_of(std::uint32_t number) const {
        return wholes_[number & mask_];
    }
    /// Those before the one with this number have their answers.
    void finish(std::uint32_t number) {
        if (number == finished_) return;
        finished_ = number;
        answered_.store(number, std::memory_order_release);
    }

    /// Each place is the owner's from the request to the answer, then the asker's.
    Answers& answers() { return answers_; }

  private:
    struct alignas(64) Line {
        Request request;
    };
    // never changed
    std::uint32_t mask_;
    bool has_own_decisions_;
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

// A ring between two threads: one pushes, the other pops, nobody locks.
//
//     head_ (the popper's)   | a | b | c |   |   |   tail_ (the pusher's)
//
// Each of the two counters has a cache line of its own and is written by one thread alone. Whoever finds the ring
// empty (or full) looks again for a short while, since the other side is usually about to come, and then sleeps until
// it is woken. What was written before a push is seen behind the pop that takes it.
//
// Threads: one pusher, one popper.  Cost: a few nanoseconds; no allocation.  Tested by: base/spsc_ring_test.cpp.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace keepstate::base {

/// The processor is told that this is a loop that waits.
inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// `kCapacity`: a power of two.
template <typename T, std::uint32_t kCapacity>
class SpscRing {
    static_assert(kCapacity != 0 && (kCapacity & (kCapacity - 1)) == 0);

  public:
    /// `looks`: how often a waiting side looks before it sleeps.
    explicit SpscRing(std::uint32_t looks = kUsualLooks) : looks_(looks) {}
    SpscRing(const SpscRing&) = delete;
    SpscRing& operator=(const SpscRing&) = delete;

    /// False: the ring is full.
    bool try_push(const T& value) {
        const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_.load(std::memory_order_acquire) == kCapacity) return false;
        slots_[tail & (kCapacity - 1)] = value;
        tail_.store(tail + 1);  // before it is asked whether somebody sleeps
        tail_.notify_one();
        return true;
    }
    /// False: the ring is empty.
    bool try_pop(T& value) {
        const std::uint32_t head = head_.load(std::memory_order_relaxed);
        if (tail_.load(std::memory_order_acquire) == head) return false;
        value = slots_[head & (kCapacity - 1)];
        head_.store(head + 1);
        head_.notify_one();
        return true;
    }
    /// Waits for room.
    void push(const T& value) {
        for (std::uint32_t i = 0; !try_push(value); ++i) {
            if (i < looks_) {
                pause_briefly();
            } else {
                head_.wait(tail_.load(std::memory_order_relaxed) - kCapacity,
                           std::memory_order_acquire);
            }
        }
    }
    /// Waits for something.
    T pop() {
        T value{};
        for (std::uint32_t i = 0; !try_pop(value); ++i) {
            if (i < looks_) {
                pause_briefly();
            } else {
                tail_.wait(head_.load(std::memory_order_relaxed), std::memory_order_acquire);
            }
        }
        return value;
    }

  private:
    static constexpr std::size_t kCacheLine = 64;
    static constexpr std::uint32_t kUsualLooks = 2000;

    alignas(kCacheLine) std::atomic<std::uint32_t> head_{0};
    alignas(kCacheLine) std::atomic<std::uint32_t> tail_{0};
    alignas(kCacheLine) std::array<T, kCapacity> slots_{};
    std::uint32_t looks_;
};

}  // namespace keepstate::base

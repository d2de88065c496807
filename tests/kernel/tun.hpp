// A TUN device: IP packets written to it arrive at the kernel as if from the wire, and what the kernel
// sends through it can be read back.
//
// A write runs the whole receive path in the writer's context (softirq off): when it returns, the packet
// has been forwarded, delivered, dropped or held, and what came of it waits to be read.
//
// Limits: the kernel takes what starts with version 4 or 6 in its first nibble and nothing else.
// Tested by: kernel_run_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "netns.hpp"

namespace keepstate::kernel {

class Tun {
  public:
    /// Makes the device in the calling thread's namespace, down and without addresses.
    static Result<Tun> make(const std::string& name);

    const std::string& name() const { return name_; }
    unsigned index() const { return index_; }
    /// 0, or errno if the device refused the bytes.
    int write_packet(std::span<const std::uint8_t> bytes);
    /// Takes one packet that the kernel sent; false if none waits.
    bool read_packet(std::vector<std::uint8_t>& bytes);

  private:
    Tun(Fd fd, std::string name, unsigned index)
        : fd_(std::move(fd)), name_(std::move(name)), index_(index) {}
    Fd fd_;
    std::string name_;
    unsigned index_;
};

}  // namespace keepstate::kernel

// A TUN device: IP packets written to it arrive at the kernel as if from the wire, and what the kernel
// sends through it can be read back. A TAP device is the same with an Ethernet header before each
// packet, as a port of a bridge needs it.
//
// A write runs the whole receive path in the writer's context (softirq off): when it returns, the packet
// has been forwarded, delivered, dropped or held, and what came of it waits to be read.
//
// Limits: a TUN device takes what starts with version 4 or 6 in its first nibble and nothing else; a TAP
// device takes whatever its Ethernet type says.
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
    /// The same for a TAP device. Packets are written from one fixed address to another, neither of
    /// which is a group's or the host's: a bridge passes them on.
    static Result<Tun> make_tap(const std::string& name);

    const std::string& name() const { return name_; }
    unsigned index() const { return index_; }
    /// 0, or errno if the device refused the bytes. `ethernet_type` is what a TAP device calls them.
    int write_packet(std::span<const std::uint8_t> bytes, std::uint16_t ethernet_type = 0);
    /// Takes one packet (TAP: a frame) that the kernel sent; false if none waits.
    bool read_packet(std::vector<std::uint8_t>& bytes);

  private:
    Tun(Fd fd, std::string name, unsigned index, bool is_tap)
        : fd_(std::move(fd)), name_(std::move(name)), index_(index), is_tap_(is_tap) {}
    static Result<Tun> make(const std::string& name, bool is_tap);
    Fd fd_;
    std::string name_;
    unsigned index_;
    bool is_tap_;
};

}  // namespace keepstate::kernel

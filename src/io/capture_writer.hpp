// Writes a pcapng capture whose packets carry comments; libpcap cannot write those.
//
// One section and one interface of raw IP, stamps in nanoseconds; little-endian, whatever the machine.
// Only one interface, although packets leave by several devices: libpcap 1.10 refuses a second interface
// of raw IP (it compares the file's number with its own), and tcpdump must be able to read the file.
// Wireshark shows the comments as "Packet comments".
//
// Threads: one owner.  Tested by: io/capture_writer_test.cpp (read back by CaptureReader and libpcap).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "io/output.hpp"
#include "keepstate/time.hpp"

namespace keepstate::io {

class CaptureWriter {
  public:
    /// Writes the headers. `output` must outlive the writer; write errors are the Output's.
    explicit CaptureWriter(Output& output);

    /// One packet from its IP header on. A comment is at most 65535 bytes; what is beyond is cut.
    void write(Time time, std::span<const std::uint8_t> ip, std::string_view comment);

  private:
    Output& output_;
    std::string block_;  ///< reused
};

}  // namespace keepstate::io

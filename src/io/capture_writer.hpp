// Writes a pcapng capture whose packets carry comments; libpcap cannot write those.
//
// One section, one interface block a device name and link type (written when first needed), stamps in
// nanoseconds. Little-endian, whatever the machine. Wireshark shows the comments as "Packet comments".
//
// Threads: one owner.  Tested by: io/capture_writer_test.cpp (read back by CaptureReader and libpcap).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "io/output.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/time.hpp"

namespace keepstate::io {

class CaptureWriter {
  public:
    /// Writes the section header. `output` must outlive the writer; write errors are the Output's.
    explicit CaptureWriter(Output& output);

    /// One packet that left by `device`. A comment is at most 65535 bytes; what is beyond is cut.
    void write(std::string_view device, LinkNumber link, Time time,
               std::span<const std::uint8_t> bytes, std::string_view comment);

  private:
    std::uint32_t interface_of(std::string_view device, LinkNumber link);

    Output& output_;
    std::map<std::pair<std::string, LinkNumber>, std::uint32_t> interfaces_;
    std::string block_;  ///< reused
};

}  // namespace keepstate::io

// pcap filter expressions ("tcp port 80 and not host 10.0.0.1"), compiled and run by libpcap.
//
// An expression means other bytes behind each link type, so it is compiled once for each that turns up.
//
// Threads: one owner.  Tested by: io/packet_filter_test.cpp.   source: pcap-filter(7).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "io/capture.hpp"
#include "keepstate/result.hpp"

namespace keepstate::io {

class PacketFilter {
  public:
    explicit PacketFilter(std::string expression);
    ~PacketFilter();
    PacketFilter(const PacketFilter&) = delete;
    PacketFilter& operator=(const PacketFilter&) = delete;

    /// Compiles for one link type; done already is fine. Errors: ErrorKind::usage with libpcap's words.
    Result<void> compile(LinkNumber link);
    /// Whether the frame matches. Compiles at need; an expression that does not compile for this link
    /// type matches nothing of it (compile() says why).
    bool matches(const CapturedFrame& frame);

  private:
    struct Program;
    std::string expression_;
    std::map<LinkNumber, std::unique_ptr<Program>> programs_;  ///< null: does not compile
};

/// "EN10MB (Ethernet)": libpcap's words for a link type, or its number.
std::string link_text(LinkNumber link);

}  // namespace keepstate::io

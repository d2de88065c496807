// What parse_ip is made of: one function a family. For wire's own files only.
#pragma once

#include "wire/packet.hpp"

namespace keepstate::wire {

Reason parse_ipv4(base::ByteView bytes, Packet& packet);
Reason parse_ipv6(base::ByteView bytes, bool from_outside, Packet& packet);

}  // namespace keepstate::wire

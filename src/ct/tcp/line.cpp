// See line.hpp.
#include "ct/tcp/line.hpp"

namespace keepstate::ct {

TcpLine pack(const TcpMemory& memory) {
    TcpLine line;
    pack_into(line, memory);
    return line;
}

TcpMemory unpack(const TcpLine& line) {
    TcpMemory memory;
    unpack_into(memory, line);
    return memory;
}

}  // namespace keepstate::ct

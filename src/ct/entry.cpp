// An entry's packed parts; see entry.hpp.
#include "ct/entry.hpp"

#include <cstring>

#include "base/assert.hpp"
#include "ct/tuple.hpp"

namespace keepstate::ct {

Tuple Entry::reply() const {
    if (rare().has_reply) return rare().reply;
    const std::optional<Tuple> inverse = inverse_of(original());
    return inverse ? *inverse : original();  // a template of nobody may have none
}

namespace {

template <typename Memory>
Memory read(const std::byte* at) {
    Memory memory;
    std::memcpy(&memory, at, sizeof memory);
    return memory;
}

}  // namespace

ProtocolMemory Entry::memory() const {
    switch (memory_kind_) {
        case 1: return unpack(*tcp());
        case 2: return read<UdpMemory>(memory_.data());
        case 3: return read<GreMemory>(memory_.data());
        case 4: return read<SctpMemory>(memory_.data());
        default: return {};
    }
}

void Entry::set_memory(const ProtocolMemory& memory) {
    static_assert(std::is_same_v<std::variant_alternative_t<kTcpKind, ProtocolMemory>, TcpMemory>);
    static_assert(std::is_same_v<std::variant_alternative_t<kUdpKind, ProtocolMemory>, UdpMemory>);
    memory_kind_ = static_cast<std::uint16_t>(memory.index() & 0xfU);
    if (const TcpMemory* tcp = std::get_if<TcpMemory>(&memory)) {
        set_tcp(pack(*tcp));
        return;
    }
    std::visit(
        [this](const auto& plain) {
            using Plain = std::decay_t<decltype(plain)>;
            if constexpr (!std::is_same_v<Plain, std::monostate> &&
                          !std::is_same_v<Plain, TcpMemory>) {
                static_assert(sizeof(Plain) <= kMemoryBytes && std::is_trivially_copyable_v<Plain>);
                std::memcpy(memory_.data(), &plain, sizeof plain);
            }
        },
        memory);
}

}  // namespace keepstate::ct

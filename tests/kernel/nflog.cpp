// See nflog.hpp.
#include "nflog.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <sys/socket.h>

#include <cstring>
#include <utility>

#include "nft_probe.hpp"

namespace keepstate::kernel {

namespace {

constexpr std::uint32_t kWholePacket = 0xffff;

struct Group {
    std::uint16_t number;
    std::uint8_t copy_mode;
};
constexpr Group kGroups[] = {{kGroupWords, NFULNL_COPY_META},
                             {kGroupState, NFULNL_COPY_META},
                             {kGroupPlace, NFULNL_COPY_META},
                             {kGroupEnd, NFULNL_COPY_PACKET}};

NetfilterMessage config_message(std::uint8_t family, std::uint16_t group) {
    return NetfilterMessage(NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, 0, family, group);
}

Result<void> send_command(NetlinkSocket& socket, std::uint8_t family, std::uint16_t group,
                          std::uint8_t command) {
    auto message = config_message(family, group);
    const nfulnl_msg_config_cmd body{command};
    mnl_attr_put(message.get(), NFULA_CFG_CMD, sizeof body, &body);
    return socket.request(message.header(), "configure packet log");
}

Result<void> bind_group(NetlinkSocket& socket, const Group& group) {
    if (auto done = send_command(socket, AF_UNSPEC, group.number, NFULNL_CFG_CMD_BIND); !done) {
        return done;
    }
    auto message = config_message(AF_UNSPEC, group.number);
    nfulnl_msg_config_mode mode{};
    mode.copy_mode = group.copy_mode;
    mode.copy_range = htonl(kWholePacket);
    mnl_attr_put(message.get(), NFULA_CFG_MODE, sizeof mode, &mode);
    mnl_attr_put_u32(message.get(), NFULA_CFG_QTHRESH, htonl(1));
    return socket.request(message.header(), "set packet log mode");
}

// "pre:E>": place, state, direction. With a direction the mark is the entry's id, in the byte order of
// ctnetlink, which sends it as it stands in memory.
void read_state(KernelSight& sight) {
    const std::size_t at = sight.words.find(':') + 1;
    if (at == 0 || at >= sight.words.size()) return;
    switch (sight.words[at]) {
        case 'N': sight.state = KernelState::is_new; break;
        case 'E': sight.state = KernelState::established; break;
        case 'R': sight.state = KernelState::related; break;
        case 'I': sight.state = KernelState::invalid; break;
        case 'U': sight.state = KernelState::untracked; break;
        default: break;
    }
    if (at + 1 < sight.words.size()) {
        sight.direction = sight.words[at + 1] == '<' ? Direction::reply : Direction::original;
        sight.entry_id = ntohl(std::exchange(sight.mark, 0));
    }
}

KernelSight parse_sight(const nlmsghdr& message) {
    nfgenmsg head{};
    std::memcpy(&head, mnl_nlmsg_get_payload(&message), sizeof head);
    const Attributes attributes(message, sizeof head);
    KernelSight sight;
    if (attributes.has(NFULA_PACKET_HDR)) {
        nfulnl_msg_packet_hdr packet{};
        std::memcpy(&packet, mnl_attr_get_payload(attributes[NFULA_PACKET_HDR]), sizeof packet);
        sight.hook = static_cast<KernelHook>(packet.hook);
    }
    if (attributes.has(NFULA_PREFIX)) sight.words = mnl_attr_get_str(attributes[NFULA_PREFIX]);
    sight.mark = attributes.be32(NFULA_MARK);
    sight.in_index = attributes.be32(NFULA_IFINDEX_INDEV);
    sight.out_index = attributes.be32(NFULA_IFINDEX_OUTDEV);
    if (const nlattr* payload = attributes[NFULA_PAYLOAD]; payload != nullptr) {
        const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(payload));
        sight.bytes.assign(bytes, bytes + mnl_attr_get_payload_len(payload));
    }
    switch (ntohs(head.res_id)) {
        case kGroupState:
            sight.place = KernelSight::Place::state;
            read_state(sight);
            break;
        case kGroupPlace: sight.place = KernelSight::Place::routed; break;
        case kGroupEnd: sight.place = KernelSight::Place::end; break;
        default: sight.place = KernelSight::Place::words; break;
    }
    return sight;
}

}  // namespace

const char* state_name(KernelState state) {
    switch (state) {
        case KernelState::is_new: return "NEW";
        case KernelState::established: return "ESTABLISHED";
        case KernelState::related: return "RELATED";
        case KernelState::invalid: return "INVALID";
        case KernelState::untracked: return "UNTRACKED";
    }
    return "?";
}

const char* hook_name(KernelHook hook) {
    switch (hook) {
        case KernelHook::prerouting: return "PREROUTING";
        case KernelHook::input: return "INPUT";
        case KernelHook::forward: return "FORWARD";
        case KernelHook::output: return "OUTPUT";
        case KernelHook::postrouting: return "POSTROUTING";
    }
    return "?";
}

Result<PacketLog> PacketLog::open() {
    auto socket = NetlinkSocket::open_netfilter();
    if (!socket) return Unexpected(socket.error());
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
        if (auto done = send_command(*socket, family, 0, NFULNL_CFG_CMD_PF_BIND); !done) {
            return Unexpected(done.error());
        }
    }
    for (const Group& group : kGroups) {
        if (auto done = bind_group(*socket, group); !done) return Unexpected(done.error());
    }
    return PacketLog(std::move(*socket));
}

void PacketLog::read_waiting(std::vector<KernelSight>& sights) {
    socket_.receive_waiting([&](const nlmsghdr& message) {
        if ((message.nlmsg_type & 0xffU) == NFULNL_MSG_PACKET) {
            sights.push_back(parse_sight(message));
        }
    });
}

}  // namespace keepstate::kernel

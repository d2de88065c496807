// See ctnetlink.hpp.
#include "ctnetlink.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

namespace keepstate::kernel {

namespace {

constexpr std::array<const char*, kTcpStates> kTcpStateNames = {
    "NONE",       "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
    "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",       "SYN_SENT2"};

KernelAddress parse_address(const Attributes& ip, int type4, int type6) {
    KernelAddress address;
    const bool is_v4 = ip.has(type4);
    const nlattr* found = is_v4 ? ip[type4] : ip[type6];
    if (found == nullptr) return address;
    address.family = is_v4 ? AF_INET : AF_INET6;
    std::memcpy(address.bytes.data(), mnl_attr_get_payload(found), is_v4 ? 4 : 16);
    return address;
}

KernelTuple parse_tuple(const nlattr* nest) {
    const Attributes parts(nest);
    const Attributes ip(parts[CTA_TUPLE_IP]);
    const Attributes protocol(parts[CTA_TUPLE_PROTO]);
    KernelTuple tuple;
    tuple.source = parse_address(ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
    tuple.destination = parse_address(ip, CTA_IP_V4_DST, CTA_IP_V6_DST);
    tuple.protocol = protocol.u8(CTA_PROTO_NUM);
    tuple.source_port = protocol.be16(CTA_PROTO_SRC_PORT);
    tuple.destination_port = protocol.be16(CTA_PROTO_DST_PORT);
    const bool is_v6 = protocol.has(CTA_PROTO_ICMPV6_ID);
    tuple.icmp_id = protocol.be16(is_v6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID);
    tuple.icmp_type = protocol.u8(is_v6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE);
    tuple.icmp_code = protocol.u8(is_v6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE);
    tuple.zone = parts.be16(CTA_TUPLE_ZONE);
    return tuple;
}

std::uint8_t first_byte(const nlattr* attribute) {
    return attribute == nullptr ? std::uint8_t{0} : mnl_attr_get_u8(attribute);
}

void parse_protocol_info(const nlattr* nest, KernelEntry& entry) {
    const Attributes info(nest);
    if (info.has(CTA_PROTOINFO_TCP)) {
        const Attributes tcp(info[CTA_PROTOINFO_TCP]);
        KernelTcp memory;
        memory.state = static_cast<KernelTcpState>(tcp.u8(CTA_PROTOINFO_TCP_STATE));
        memory.window_scale = {tcp.u8(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL),
                               tcp.u8(CTA_PROTOINFO_TCP_WSCALE_REPLY)};
        memory.flags = {first_byte(tcp[CTA_PROTOINFO_TCP_FLAGS_ORIGINAL]),
                        first_byte(tcp[CTA_PROTOINFO_TCP_FLAGS_REPLY])};
        entry.tcp = memory;
    }
    if (info.has(CTA_PROTOINFO_SCTP)) {
        const Attributes sctp(info[CTA_PROTOINFO_SCTP]);
        entry.sctp_state = sctp.u8(CTA_PROTOINFO_SCTP_STATE);
        entry.sctp_vtags = {sctp.be32(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL),
                            sctp.be32(CTA_PROTOINFO_SCTP_VTAG_REPLY)};
    }
}

void put_tuple(nlmsghdr* message, std::uint16_t type, const KernelTuple& tuple) {
    const bool is_v4 = tuple.source.family == AF_INET;
    const std::size_t size = is_v4 ? 4 : 16;
    nlattr* whole = mnl_attr_nest_start(message, type);
    nlattr* ip = mnl_attr_nest_start(message, CTA_TUPLE_IP);
    mnl_attr_put(message, is_v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, size, tuple.source.bytes.data());
    mnl_attr_put(message, is_v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, size,
                 tuple.destination.bytes.data());
    mnl_attr_nest_end(message, ip);
    nlattr* protocol = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
    mnl_attr_put_u8(message, CTA_PROTO_NUM, tuple.protocol);
    if (tuple.protocol == IPPROTO_ICMP || tuple.protocol == IPPROTO_ICMPV6) {
        const bool is_v6 = tuple.protocol == IPPROTO_ICMPV6;
        mnl_attr_put_u16(message, is_v6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID,
                         htons(tuple.icmp_id));
        mnl_attr_put_u8(message, is_v6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE,
                        tuple.icmp_type);
        mnl_attr_put_u8(message, is_v6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE,
                        tuple.icmp_code);
    } else {
        mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(tuple.source_port));
        mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(tuple.destination_port));
    }
    mnl_attr_nest_end(message, protocol);
    if (tuple.zone != 0) mnl_attr_put_u16(message, CTA_TUPLE_ZONE, htons(tuple.zone));
    mnl_attr_nest_end(message, whole);
}

void put_tcp(nlmsghdr* message, const KernelTcp& tcp) {
    nlattr* info = mnl_attr_nest_start(message, CTA_PROTOINFO);
    nlattr* nest = mnl_attr_nest_start(message, CTA_PROTOINFO_TCP);
    mnl_attr_put_u8(message, CTA_PROTOINFO_TCP_STATE, static_cast<std::uint8_t>(tcp.state));
    mnl_attr_put_u8(message, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, tcp.window_scale[0]);
    mnl_attr_put_u8(message, CTA_PROTOINFO_TCP_WSCALE_REPLY, tcp.window_scale[1]);
    // struct nf_ct_tcp_flags: the flags, then the mask of those that are meant.
    const std::array<std::uint8_t, 2> original = {tcp.flags[0], 0xff};
    const std::array<std::uint8_t, 2> reply = {tcp.flags[1], 0xff};
    mnl_attr_put(message, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, original.size(), original.data());
    mnl_attr_put(message, CTA_PROTOINFO_TCP_FLAGS_REPLY, reply.size(), reply.data());
    mnl_attr_nest_end(message, nest);
    mnl_attr_nest_end(message, info);
}

void put_sctp(nlmsghdr* message, const KernelEntry& entry) {
    nlattr* info = mnl_attr_nest_start(message, CTA_PROTOINFO);
    nlattr* nest = mnl_attr_nest_start(message, CTA_PROTOINFO_SCTP);
    mnl_attr_put_u8(message, CTA_PROTOINFO_SCTP_STATE, *entry.sctp_state);
    mnl_attr_put_u32(message, CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, htonl(entry.sctp_vtags[0]));
    mnl_attr_put_u32(message, CTA_PROTOINFO_SCTP_VTAG_REPLY, htonl(entry.sctp_vtags[1]));
    mnl_attr_nest_end(message, nest);
    mnl_attr_nest_end(message, info);
}

std::string print_tuple(const KernelTuple& tuple) {
    std::string text =
        "src=" + print_address(tuple.source) + " dst=" + print_address(tuple.destination);
    if (tuple.protocol == IPPROTO_ICMP || tuple.protocol == IPPROTO_ICMPV6) {
        return text + " type=" + std::to_string(tuple.icmp_type) +
               " code=" + std::to_string(tuple.icmp_code) + " id=" + std::to_string(tuple.icmp_id);
    }
    return text + " sport=" + std::to_string(tuple.source_port) +
           " dport=" + std::to_string(tuple.destination_port);
}

NetfilterMessage ct_message(std::uint8_t type, std::uint16_t flags, std::uint8_t family) {
    return NetfilterMessage(NFNL_SUBSYS_CTNETLINK, type, flags, family, 0);
}

}  // namespace

const char* tcp_state_name(KernelTcpState state) {
    const auto index = static_cast<std::size_t>(state);
    return index < kTcpStates ? kTcpStateNames[index] : "?";
}

KernelAddress make_address(const std::string& text) {
    KernelAddress address;
    if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
        address.family = AF_INET;
    } else if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
        address.family = AF_INET6;
    }
    return address;
}

std::string print_address(const KernelAddress& address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (inet_ntop(address.family, address.bytes.data(), text, sizeof text) == nullptr) return "?";
    return text;
}

std::string print_entry(const KernelEntry& entry) {
    std::string text =
        std::to_string(entry.tuples[0].protocol) + " " + std::to_string(entry.timeout_s) + " ";
    if (entry.tcp) text += std::string(tcp_state_name(entry.tcp->state)) + " ";
    if (entry.sctp_state) text += "sctp_state=" + std::to_string(*entry.sctp_state) + " ";
    text += print_tuple(entry.tuples[0]) + " ";
    if ((entry.status & kStatusSeenReply) == 0) text += "[UNREPLIED] ";
    text += print_tuple(entry.tuples[1]) + " ";
    if ((entry.status & kStatusAssured) != 0) text += "[ASSURED] ";
    return text + "mark=" + std::to_string(entry.mark) + " status=" + std::to_string(entry.status);
}

KernelEntry parse_entry(const Attributes& attributes) {
    KernelEntry entry;
    entry.tuples = {parse_tuple(attributes[CTA_TUPLE_ORIG]),
                    parse_tuple(attributes[CTA_TUPLE_REPLY])};
    if (attributes.has(CTA_TUPLE_MASTER)) entry.master = parse_tuple(attributes[CTA_TUPLE_MASTER]);
    entry.id = attributes.be32(CTA_ID);
    entry.status = attributes.be32(CTA_STATUS);
    entry.has_timeout = attributes.has(CTA_TIMEOUT);
    entry.timeout_s = attributes.be32(CTA_TIMEOUT);
    entry.mark = attributes.be32(CTA_MARK);
    entry.zone = attributes.be16(CTA_ZONE);
    entry.use = attributes.be32(CTA_USE);
    parse_protocol_info(attributes[CTA_PROTOINFO], entry);
    const Attributes help(attributes[CTA_HELP]);
    if (help.has(CTA_HELP_NAME)) entry.helper = mnl_attr_get_str(help[CTA_HELP_NAME]);
    if (const nlattr* labels = attributes[CTA_LABELS]; labels != nullptr) {
        const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(labels));
        entry.labels.assign(bytes, bytes + mnl_attr_get_payload_len(labels));
    }
    entry.has_counters = attributes.has(CTA_COUNTERS_ORIG);
    const Attributes original(attributes[CTA_COUNTERS_ORIG]);
    const Attributes reply(attributes[CTA_COUNTERS_REPLY]);
    entry.packets = {original.be64(CTA_COUNTERS_PACKETS), reply.be64(CTA_COUNTERS_PACKETS)};
    entry.bytes = {original.be64(CTA_COUNTERS_BYTES), reply.be64(CTA_COUNTERS_BYTES)};
    return entry;
}

std::optional<KernelEvent> parse_event(const nlmsghdr& message) {
    if (message.nlmsg_type >> 8U != NFNL_SUBSYS_CTNETLINK) return std::nullopt;
    KernelEvent event;
    switch (message.nlmsg_type & 0xffU) {
        case IPCTNL_MSG_CT_NEW:
            event.kind = (message.nlmsg_flags & NLM_F_CREATE) != 0 ? EventKind::new_entry
                                                                   : EventKind::update;
            break;
        case IPCTNL_MSG_CT_DELETE: event.kind = EventKind::destroy; break;
        default: return std::nullopt;
    }
    event.entry = parse_entry(Attributes(message, sizeof(nfgenmsg)));
    return event;
}

namespace {

KernelExpectation parse_expectation(const Attributes& attributes) {
    KernelExpectation expectation;
    expectation.tuple = parse_tuple(attributes[CTA_EXPECT_TUPLE]);
    expectation.mask = parse_tuple(attributes[CTA_EXPECT_MASK]);
    expectation.master = parse_tuple(attributes[CTA_EXPECT_MASTER]);
    expectation.timeout_s = attributes.be32(CTA_EXPECT_TIMEOUT);
    expectation.flags = attributes.be32(CTA_EXPECT_FLAGS);
    expectation.class_number = attributes.be32(CTA_EXPECT_CLASS);
    if (attributes.has(CTA_EXPECT_HELP_NAME)) {
        expectation.helper = mnl_attr_get_str(attributes[CTA_EXPECT_HELP_NAME]);
    }
    return expectation;
}

}  // namespace

std::optional<KernelExpectationEvent> parse_expectation_event(const nlmsghdr& message) {
    if (message.nlmsg_type >> 8U != NFNL_SUBSYS_CTNETLINK_EXP) return std::nullopt;
    KernelExpectationEvent event;
    if ((message.nlmsg_type & 0xffU) == IPCTNL_MSG_EXP_DELETE) event.kind = EventKind::destroy;
    event.expectation = parse_expectation(Attributes(message, sizeof(nfgenmsg)));
    return event;
}

Result<CtControl> CtControl::open() {
    auto socket = NetlinkSocket::open_netfilter();
    if (!socket) return Unexpected(socket.error());
    return CtControl(std::move(*socket));
}

Result<std::vector<KernelEntry>> CtControl::dump() {
    std::vector<KernelEntry> entries;
    auto message = ct_message(IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
    auto done = socket_.dump(message.header(), "dump entries", [&](const nlmsghdr& answer) {
        entries.push_back(parse_entry(Attributes(answer, sizeof(nfgenmsg))));
    });
    if (!done) return Unexpected(done.error());
    return entries;
}

Result<std::vector<KernelExpectation>> CtControl::dump_expectations() {
    std::vector<KernelExpectation> expectations;
    auto message =
        NetfilterMessage(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_GET, NLM_F_DUMP, AF_UNSPEC, 0);
    auto done = socket_.dump(message.header(), "dump expectations", [&](const nlmsghdr& answer) {
        expectations.push_back(parse_expectation(Attributes(answer, sizeof(nfgenmsg))));
    });
    if (!done) return Unexpected(done.error());
    return expectations;
}

Result<std::optional<KernelEntry>> CtControl::find(const KernelTuple& tuple, std::uint16_t zone) {
    std::optional<KernelEntry> found;
    auto message = ct_message(IPCTNL_MSG_CT_GET, 0, tuple.source.family);
    put_tuple(message.get(), CTA_TUPLE_ORIG, tuple);
    if (zone != 0) mnl_attr_put_u16(message.get(), CTA_ZONE, htons(zone));
    auto done = socket_.ask(message.header(), "find entry", [&](const nlmsghdr& answer) {
        found = parse_entry(Attributes(answer, sizeof(nfgenmsg)));
    });
    if (!done && errno != ENOENT) return Unexpected(done.error());
    return found;
}

Result<void> CtControl::create(const KernelEntry& entry) {
    const auto family = entry.tuples[0].source.family;
    auto message = ct_message(IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL, family);
    put_tuple(message.get(), CTA_TUPLE_ORIG, entry.tuples[0]);
    put_tuple(message.get(), CTA_TUPLE_REPLY, entry.tuples[1]);
    mnl_attr_put_u32(message.get(), CTA_STATUS, htonl(entry.status | kStatusConfirmed));
    mnl_attr_put_u32(message.get(), CTA_TIMEOUT, htonl(entry.timeout_s));
    if (entry.mark != 0) mnl_attr_put_u32(message.get(), CTA_MARK, htonl(entry.mark));
    if (entry.tcp) put_tcp(message.get(), *entry.tcp);
    if (entry.sctp_state) put_sctp(message.get(), entry);
    return socket_.request(message.header(), "create entry");
}

Result<void> CtControl::remove(const KernelTuple& tuple) {
    auto message = ct_message(IPCTNL_MSG_CT_DELETE, 0, tuple.source.family);
    put_tuple(message.get(), CTA_TUPLE_ORIG, tuple);
    return socket_.request(message.header(), "remove entry");
}

Result<void> CtControl::flush() {
    auto message = ct_message(IPCTNL_MSG_CT_DELETE, 0, AF_UNSPEC);
    return socket_.request(message.header(), "flush entries");
}

}  // namespace keepstate::kernel

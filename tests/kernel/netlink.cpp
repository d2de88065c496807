// See netlink.hpp.
#include "netlink.hpp"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace keepstate::kernel {

namespace {

constexpr std::size_t kReceiveBytes = 128U << 10U;
constexpr int kSocketBufferBytes = 64 << 20;
constexpr std::size_t kMessageBytes = 4096;

}  // namespace

Result<NetlinkSocket> NetlinkSocket::open_netfilter() {
    NetlinkSocket made;
    made.socket_.reset(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
    if (!made.socket_) return system_error("open netfilter netlink socket");
    if (mnl_socket_bind(made.socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
        return system_error("bind netfilter netlink socket");
    }
    made.buffer_.resize(kReceiveBytes);
    if (setsockopt(made.fd(), SOL_SOCKET, SO_RCVBUFFORCE, &kSocketBufferBytes,
                   sizeof kSocketBufferBytes) != 0) {
        return system_error("widen netlink receive buffer");
    }
    return made;
}

Result<void> NetlinkSocket::join_group(int group) {
    if (mnl_socket_setsockopt(socket_.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) {
        return system_error("join netlink group");
    }
    return {};
}

Result<void> NetlinkSocket::wait_for_end(std::uint32_t sequence, std::string_view what,
                                         const MessageSink& sink, bool has_one_answer) {
    while (true) {
        const ssize_t got = recv(fd(), buffer_.data(), buffer_.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(what);
        int left = static_cast<int>(got);
        const void* at = buffer_.data();
        for (const auto* message = static_cast<const nlmsghdr*>(at); mnl_nlmsg_ok(message, left);
             message = mnl_nlmsg_next(message, &left)) {
            if (message->nlmsg_seq != sequence && message->nlmsg_seq != 0) continue;
            if (message->nlmsg_type == NLMSG_DONE) return {};
            if (message->nlmsg_type == NLMSG_ERROR) {
                int number = 0;
                std::memcpy(&number, mnl_nlmsg_get_payload(message), sizeof number);
                if (number == 0) return {};
                errno = -number;
                return system_error(what);
            }
            if (sink) sink(*message);
            if (has_one_answer) return {};
        }
    }
}

Result<void> NetlinkSocket::request(nlmsghdr& message, std::string_view what,
                                    const MessageSink& sink) {
    message.nlmsg_seq = ++sequence_;
    message.nlmsg_flags = static_cast<std::uint16_t>(message.nlmsg_flags | NLM_F_ACK);
    if (mnl_socket_sendto(socket_.get(), &message, message.nlmsg_len) < 0) {
        return system_error(what);
    }
    return wait_for_end(sequence_, what, sink);
}

Result<void> NetlinkSocket::ask(nlmsghdr& message, std::string_view what, const MessageSink& sink) {
    message.nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(socket_.get(), &message, message.nlmsg_len) < 0) {
        return system_error(what);
    }
    return wait_for_end(sequence_, what, sink, true);
}

Result<void> NetlinkSocket::dump(nlmsghdr& message, std::string_view what,
                                 const MessageSink& sink) {
    message.nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(socket_.get(), &message, message.nlmsg_len) < 0) {
        return system_error(what);
    }
    return wait_for_end(sequence_, what, sink);
}

Result<void> NetlinkSocket::request_batch(const std::vector<std::uint8_t>& bytes,
                                          unsigned acknowledgements, std::string_view what) {
    if (mnl_socket_sendto(socket_.get(), bytes.data(), bytes.size()) < 0) return system_error(what);
    // Every message of a batch carries sequence number 0, which wait_for_end lets through.
    for (unsigned seen = 0; seen < acknowledgements; ++seen) {
        if (auto done = wait_for_end(0, what, {}); !done) return done;
    }
    return {};
}

unsigned NetlinkSocket::receive_waiting(const MessageSink& sink) {
    unsigned count = 0;
    while (true) {
        const ssize_t got = recv(fd(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (got < 0) {
            if (errno == ENOBUFS) ++lost_;
            if (errno == ENOBUFS || errno == EINTR) continue;
            return count;
        }
        int left = static_cast<int>(got);
        const void* at = buffer_.data();
        for (const auto* message = static_cast<const nlmsghdr*>(at); mnl_nlmsg_ok(message, left);
             message = mnl_nlmsg_next(message, &left)) {
            if (message->nlmsg_type < NLMSG_MIN_TYPE) continue;
            sink(*message);
            ++count;
        }
    }
}

NetfilterMessage::NetfilterMessage(std::uint8_t subsystem, std::uint8_t type, std::uint16_t flags,
                                   std::uint8_t family, std::uint16_t resource)
    : storage_(kMessageBytes / sizeof(std::uint64_t)) {
    header_ = mnl_nlmsg_put_header(storage_.data());
    header_->nlmsg_type = static_cast<std::uint16_t>(subsystem << 8U | type);
    header_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    auto* extra = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header_, sizeof(nfgenmsg)));
    extra->nfgen_family = family;
    extra->version = NFNETLINK_V0;
    extra->res_id = htons(resource);
}

void Attributes::find_all(const void* begin, const char* end) {
    const auto* attribute = static_cast<const nlattr*>(begin);
    while (true) {
        const void* here = attribute;
        const auto left = end - static_cast<const char*>(here);
        if (!mnl_attr_ok(attribute, static_cast<int>(left))) return;
        const std::size_t type = mnl_attr_get_type(attribute);
        if (type < kTypes) found_[type] = attribute;
        attribute = mnl_attr_next(attribute);
    }
}

Attributes::Attributes(const nlmsghdr& message, std::size_t offset) {
    find_all(mnl_nlmsg_get_payload_offset(&message, offset),
             static_cast<const char*>(mnl_nlmsg_get_payload_tail(&message)));
}

Attributes::Attributes(const nlattr* nest) {
    if (nest == nullptr) return;
    const auto* payload = static_cast<const char*>(mnl_attr_get_payload(nest));
    find_all(payload, payload + mnl_attr_get_payload_len(nest));
}

std::uint8_t Attributes::u8(int type) const {
    return has(type) ? mnl_attr_get_u8((*this)[type]) : std::uint8_t{0};
}

std::uint16_t Attributes::be16(int type) const {
    return has(type) ? ntohs(mnl_attr_get_u16((*this)[type])) : std::uint16_t{0};
}

std::uint32_t Attributes::be32(int type) const {
    return has(type) ? ntohl(mnl_attr_get_u32((*this)[type])) : 0;
}

std::uint64_t Attributes::be64(int type) const {
    return has(type) ? be64toh(mnl_attr_get_u64((*this)[type])) : 0;
}

}  // namespace keepstate::kernel

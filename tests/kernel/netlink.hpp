// Netlink by libmnl, with the two things the kernel tests need on top: requests that wait for their
// acknowledgement, and "hand me whatever has arrived" without ever blocking.
//
// Buffers: a receive buffer is as large as the largest message we ask for (a logged 64 KiB packet).
// Limits: one request at a time; a socket that receives events is not used for requests.
// Threads: one socket, one thread.  Tested by: kernel_run_test.cpp.
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "netns.hpp"

namespace keepstate::kernel {

using MessageSink = std::function<void(const nlmsghdr&)>;

class NetlinkSocket {
  public:
    /// Opens a NETLINK_NETFILTER socket in the calling thread's namespace, with a receive buffer of
    /// 64 MiB, so that nothing is lost between two reads.
    static Result<NetlinkSocket> open_netfilter();

    Result<void> join_group(int group);

    /// Sends one request (the ACK flag is added) and waits for the acknowledgement; messages that
    /// come before it go to `sink`. The error's words start with `what`.
    Result<void> request(nlmsghdr& message, std::string_view what, const MessageSink& sink = {});

    /// Sends a request that has one answer, which goes to `sink`; costs half of request.
    Result<void> ask(nlmsghdr& message, std::string_view what, const MessageSink& sink);

    /// Sends bytes as they are (an nf_tables batch) and waits for `acknowledgements` of them.
    Result<void> request_batch(const std::vector<std::uint8_t>& bytes, unsigned acknowledgements,
                               std::string_view what);

    /// Sends a dump request and hands each answer to `sink`.
    Result<void> dump(nlmsghdr& message, std::string_view what, const MessageSink& sink);

    /// Hands all messages that wait to `sink`, returns how many. Never blocks. Messages that the
    /// kernel had to throw away (ENOBUFS) are counted in lost().
    unsigned receive_waiting(const MessageSink& sink);

    std::uint64_t lost() const { return lost_; }
    int fd() const { return mnl_socket_get_fd(socket_.get()); }

  private:
    struct Closer {
        void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
    };
    Result<void> wait_for_end(std::uint32_t sequence, std::string_view what,
                              const MessageSink& sink, bool has_one_answer = false);

    std::unique_ptr<mnl_socket, Closer> socket_;
    std::vector<char> buffer_;
    std::uint32_t sequence_ = 0;
    std::uint64_t lost_ = 0;
};

/// A netfilter netlink message being written: header, nfgenmsg and room for attributes.
class NetfilterMessage {
  public:
    /// subsystem is NFNL_SUBSYS_..., type the message of that subsystem.
    NetfilterMessage(std::uint8_t subsystem, std::uint8_t type, std::uint16_t flags,
                     std::uint8_t family, std::uint16_t resource);
    nlmsghdr& header() { return *header_; }
    nlmsghdr* get() { return header_; }

  private:
    std::vector<std::uint64_t> storage_;  // aligned as netlink wants it
    nlmsghdr* header_ = nullptr;
};

/// The attributes of one level, by type; types from kTypes on are ignored.
class Attributes {
  public:
    static constexpr std::size_t kTypes = 40;
    /// Those of a message whose own header is `offset` bytes long (nfgenmsg: 4).
    Attributes(const nlmsghdr& message, std::size_t offset);
    /// Those inside another attribute; none if it is null.
    explicit Attributes(const nlattr* nest);
    const nlattr* operator[](int type) const { return found_[static_cast<std::size_t>(type)]; }
    bool has(int type) const { return (*this)[type] != nullptr; }
    /// Numbers in network order, 0 if the attribute is not there.
    std::uint8_t u8(int type) const;
    std::uint16_t be16(int type) const;
    std::uint32_t be32(int type) const;
    std::uint64_t be64(int type) const;

  private:
    void find_all(const void* begin, const char* end);
    std::array<const nlattr*, kTypes> found_{};
};

}  // namespace keepstate::kernel

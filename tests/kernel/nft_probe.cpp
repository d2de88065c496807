// See nft_probe.hpp.
#include "nft_probe.hpp"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <climits>
#include <cstring>
#include <optional>
#include <string_view>

namespace keepstate::kernel {

namespace {

constexpr const char* kTable = "keepstate_probe";
constexpr int kAfterConntrack = -199;
constexpr std::uint32_t kStateUntracked = 1U << 6U;
constexpr std::uint32_t kStateInvalid = 1U << 0U;
constexpr std::uint32_t kIpIdOffset = 4;
constexpr std::uint32_t kIp6SourceOffset = 8;
constexpr std::uint32_t kIpChecksumOffset = 10;

/// A nest that ends with its scope.
class Nest {
  public:
    Nest(nlmsghdr* message, std::uint16_t type)
        : message_(message), start_(mnl_attr_nest_start(message, type)) {}
    ~Nest() { mnl_attr_nest_end(message_, start_); }
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;

  private:
    nlmsghdr* message_;
    nlattr* start_;
};

void put_be32(nlmsghdr* message, std::uint16_t type, std::uint32_t value) {
    mnl_attr_put_u32(message, type, htonl(value));
}

/// An nf_tables transaction: messages one after another between BEGIN and END.
class Batch {
  public:
    Batch() {
        append(NetfilterMessage(NFNL_SUBSYS_NONE, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC,
                                NFNL_SUBSYS_NFTABLES));
    }
    void append(NetfilterMessage message) {
        const auto* begin = reinterpret_cast<const std::uint8_t*>(message.get());
        bytes_.insert(bytes_.end(), begin, begin + message.header().nlmsg_len);
    }
    void append_acknowledged(NetfilterMessage message) {
        message.header().nlmsg_flags |= NLM_F_ACK;
        append(std::move(message));
        ++acknowledgements_;
    }
    Result<void> send(NetlinkSocket& socket, std::string_view what) {
        append(NetfilterMessage(NFNL_SUBSYS_NONE, NFNL_MSG_BATCH_END, 0, AF_UNSPEC,
                                NFNL_SUBSYS_NFTABLES));
        return socket.request_batch(bytes_, acknowledgements_, what);
    }

  private:
    std::vector<std::uint8_t> bytes_;
    unsigned acknowledgements_ = 0;
};

NetfilterMessage nft_message(std::uint8_t type) {
    return NetfilterMessage(NFNL_SUBSYS_NFTABLES, type, NLM_F_CREATE | NLM_F_APPEND, NFPROTO_INET,
                            0);
}

void add_table(Batch& batch) {
    auto message = nft_message(NFT_MSG_NEWTABLE);
    mnl_attr_put_strz(message.get(), NFTA_TABLE_NAME, kTable);
    batch.append_acknowledged(std::move(message));
}

void add_chain(Batch& batch, const char* name, std::uint32_t hook, int priority) {
    auto message = nft_message(NFT_MSG_NEWCHAIN);
    mnl_attr_put_strz(message.get(), NFTA_CHAIN_TABLE, kTable);
    mnl_attr_put_strz(message.get(), NFTA_CHAIN_NAME, name);
    {
        const Nest nest(message.get(), NFTA_CHAIN_HOOK);
        put_be32(message.get(), NFTA_HOOK_HOOKNUM, hook);
        put_be32(message.get(), NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(priority));
    }
    put_be32(message.get(), NFTA_CHAIN_POLICY, NF_ACCEPT);
    mnl_attr_put_strz(message.get(), NFTA_CHAIN_TYPE, "filter");
    batch.append_acknowledged(std::move(message));
}

/// A rule being written, expression by expression.
class Rule {
  public:
    explicit Rule(const char* chain) : message_(nft_message(NFT_MSG_NEWRULE)) {
        mnl_attr_put_strz(to(), NFTA_RULE_TABLE, kTable);
        mnl_attr_put_strz(to(), NFTA_RULE_CHAIN, chain);
        list_ = mnl_attr_nest_start(to(), NFTA_RULE_EXPRESSIONS);
    }

    Rule& if_state(std::uint32_t state_bit) {
        return load_ct(NFT_CT_STATE, NFT_REG_1).if_equal(NFT_REG_1, &state_bit, sizeof state_bit);
    }
    Rule& if_direction(std::uint8_t direction) {
        return load_ct(NFT_CT_DIRECTION, NFT_REG_1)
            .if_equal(NFT_REG_1, &direction, sizeof direction);
    }
    Rule& if_mark(std::uint32_t mark) {
        return load_mark(NFT_REG_1).if_equal(NFT_REG_1, &mark, sizeof mark);
    }
    /// IPv6 packets whose source is the unspecified address.
    Rule& if_unspecified6() {
        load_meta(NFT_META_NFPROTO, NFT_REG_1);
        const std::uint8_t family = NFPROTO_IPV6;
        if_equal(NFT_REG_1, &family, sizeof family);
        const std::array<std::uint8_t, 16> unspecified{};
        {
            const Expression expression(to(), "payload");
            put_be32(to(), NFTA_PAYLOAD_DREG, NFT_REG_1);
            put_be32(to(), NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
            put_be32(to(), NFTA_PAYLOAD_OFFSET, kIp6SourceOffset);
            put_be32(to(), NFTA_PAYLOAD_LEN, static_cast<std::uint32_t>(unspecified.size()));
        }
        return if_equal(NFT_REG_1, unspecified.data(), unspecified.size());
    }
    Rule& load_ct(std::uint32_t key, std::uint32_t to_register) {
        const Expression expression(to(), "ct");
        put_be32(to(), NFTA_CT_DREG, to_register);
        put_be32(to(), NFTA_CT_KEY, key);
        return *this;
    }
    Rule& load_mark(std::uint32_t to_register) { return load_meta(NFT_META_MARK, to_register); }
    Rule& load_meta(std::uint32_t key, std::uint32_t to_register) {
        const Expression expression(to(), "meta");
        put_be32(to(), NFTA_META_DREG, to_register);
        put_be32(to(), NFTA_META_KEY, key);
        return *this;
    }
    Rule& store_mark(std::uint32_t from_register) {
        const Expression expression(to(), "meta");
        put_be32(to(), NFTA_META_SREG, from_register);
        put_be32(to(), NFTA_META_KEY, NFT_META_MARK);
        return *this;
    }
    Rule& load_zero(std::uint32_t to_register) {
        const Expression expression(to(), "immediate");
        put_be32(to(), NFTA_IMMEDIATE_DREG, to_register);
        const Nest data(to(), NFTA_IMMEDIATE_DATA);
        mnl_attr_put_u32(to(), NFTA_DATA_VALUE, 0);
        return *this;
    }
    Rule& write_ip_id() {
        const Expression expression(to(), "payload");
        put_be32(to(), NFTA_PAYLOAD_SREG, NFT_REG_1);
        put_be32(to(), NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
        put_be32(to(), NFTA_PAYLOAD_OFFSET, kIpIdOffset);
        put_be32(to(), NFTA_PAYLOAD_LEN, sizeof(std::uint16_t));
        put_be32(to(), NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
        put_be32(to(), NFTA_PAYLOAD_CSUM_OFFSET, kIpChecksumOffset);
        return *this;
    }
    Rule& log(std::uint16_t group, const char* prefix) {
        const Expression expression(to(), "log");
        mnl_attr_put_u16(to(), NFTA_LOG_GROUP, htons(group));
        mnl_attr_put_strz(to(), NFTA_LOG_PREFIX, prefix);
        return *this;
    }
    Rule& verdict(std::uint32_t code) {
        const Expression expression(to(), "immediate");
        put_be32(to(), NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
        const Nest data(to(), NFTA_IMMEDIATE_DATA);
        const Nest inner(to(), NFTA_DATA_VERDICT);
        put_be32(to(), NFTA_VERDICT_CODE, code);
        return *this;
    }
    void add_to(Batch& batch) {
        mnl_attr_nest_end(to(), list_);
        batch.append_acknowledged(std::move(message_));
    }

  private:
    class Expression {
      public:
        Expression(nlmsghdr* message, const char* name) : element_(message, NFTA_LIST_ELEM) {
            mnl_attr_put_strz(message, NFTA_EXPR_NAME, name);
            data_.emplace(message, static_cast<std::uint16_t>(NFTA_EXPR_DATA));
        }

      private:
        Nest element_;
        std::optional<Nest> data_;  // ends before element_
    };
    Rule& if_equal(std::uint32_t in_register, const void* value, std::size_t bytes) {
        const Expression expression(to(), "cmp");
        put_be32(to(), NFTA_CMP_SREG, in_register);
        put_be32(to(), NFTA_CMP_OP, NFT_CMP_EQ);
        const Nest data(to(), NFTA_CMP_DATA);
        mnl_attr_put(to(), NFTA_DATA_VALUE, bytes, value);
        return *this;
    }
    nlmsghdr* to() { return message_.get(); }

    NetfilterMessage message_;
    nlattr* list_ = nullptr;
};

struct StateLetter {
    std::uint32_t bit;
    const char* letter;
};
constexpr StateLetter kTrackedStates[] = {{1U << 1U, "E"}, {1U << 3U, "N"}, {1U << 2U, "R"}};

// One rule per state and direction, which lends the mark to the entry's id while it logs.
void add_state_rules(Batch& batch, const std::string& chain) {
    const auto add_plain = [&](std::uint32_t bit, const char* letter) {
        Rule(chain.c_str())
            .if_state(bit)
            .log(kGroupState, (chain + ":" + letter).c_str())
            .verdict(NF_ACCEPT)
            .add_to(batch);
    };
    for (const auto& [bit, letter] : kTrackedStates) {
        for (const std::uint8_t direction : {std::uint8_t{0}, std::uint8_t{1}}) {
            Rule(chain.c_str())
                .if_state(bit)
                .if_direction(direction)
                .load_mark(NFT_REG_2)
                .load_ct(NFT_CT_ID, NFT_REG_3)
                .store_mark(NFT_REG_3)
                .log(kGroupState, (chain + ":" + letter + (direction == 0 ? ">" : "<")).c_str())
                .store_mark(NFT_REG_2)
                .verdict(NF_ACCEPT)
                .add_to(batch);
        }
    }
    add_plain(kStateInvalid, "I");
    add_plain(kStateUntracked, "U");
}

}  // namespace

Result<void> install_probe(NetlinkSocket& socket, bool drops_at_postrouting) {
    Batch ends;  // registered before conntrack's own hooks, so that it runs after them
    add_table(ends);
    add_chain(ends, "end_input", NF_INET_LOCAL_IN, INT_MAX);
    add_chain(ends, "end_postrouting", NF_INET_POST_ROUTING, INT_MAX);
    Rule("end_input").log(kGroupEnd, "end").verdict(NF_DROP).add_to(ends);
    Rule("end_postrouting")
        .log(kGroupEnd, "end")
        .verdict(drops_at_postrouting ? NF_DROP : NF_ACCEPT)
        .add_to(ends);
    if (auto done = ends.send(socket, "install the probe's last chains"); !done) return done;

    Batch starts;
    add_chain(starts, "fix", NF_INET_LOCAL_OUT, INT_MIN);
    add_chain(starts, "in", NF_INET_LOCAL_IN, INT_MIN);
    add_chain(starts, "fwd", NF_INET_FORWARD, INT_MIN);
    add_chain(starts, "pre", NF_INET_PRE_ROUTING, kAfterConntrack);
    add_chain(starts, "out", NF_INET_LOCAL_OUT, kAfterConntrack);
    Rule("fix")
        .if_mark(kZeroIdMark)
        .load_zero(NFT_REG_1)
        .write_ip_id()
        .store_mark(NFT_REG_1)
        .add_to(starts);
    Rule("fix").if_unspecified6().verdict(NF_DROP).add_to(starts);
    Rule("in").log(kGroupPlace, "in").add_to(starts);
    Rule("fwd").log(kGroupPlace, "fwd").add_to(starts);
    add_state_rules(starts, "pre");
    add_state_rules(starts, "out");
    return starts.send(socket, "install the probe's first chains");
}

}  // namespace keepstate::kernel

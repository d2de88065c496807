// The workload's packets, made inside the kernel: an XDP program run by BPF_PROG_RUN with live frames rewrites a
// frame into the next packet and passes it, so that it enters the stack as from a driver's poll. See
// bench/workload.hpp for the flows, kernel_packets.cpp for who runs it.
//
// Every frame is 66 bytes long. A SYN fills it with options, data with 12 bytes of payload; a bare ACK is shorter, and
// the rest is padding that the stack cuts off.
#include <linux/bpf.h>
#include <linux/types.h>

#define SECTION(name) __attribute__((section(name), used))

// The numbers of the two calls into the kernel. source: linux/bpf.h, __BPF_FUNC_MAPPER.
static void* (*const map_lookup)(void* map, const void* key) = (void*)BPF_FUNC_map_lookup_elem;
static __u32 (*const random_word)(void) = (void*)BPF_FUNC_get_prandom_u32;

enum { kSyn, kSynAck, kAck, kEstablished };

// As in kernel_packets.cpp.
struct Order {
    __u32 flows;
    __u32 segment;     // one of the above; the first three take the flows in order
    __u32 is_dropped;  // by the program itself: what making and running costs alone
    __u32 sent;
    __u8 destination[8];  // the device's address
};

struct {
    int (*type)[BPF_MAP_TYPE_ARRAY];
    int (*max_entries)[1];
    __u32* key;
    struct Order* value;
} orders SECTION(".maps");

static inline __u32 mix(__u32 x) {
    x ^= x >> 16;
    x *= 0x85ebca6b;
    x ^= x >> 13;
    x *= 0xc2b2ae35;
    return x ^ x >> 16;
}

static inline __u32 halves(__u32 word) { return (word >> 16) + (word & 0xffff); }

static inline void put32(__u8* at, __u32 value) { *(__u32*)at = __builtin_bswap32(value); }
static inline void put16(__u8* at, __u32 value) { *(__u16*)at = __builtin_bswap16((__u16)value); }

SECTION("xdp") int make_packet(struct xdp_md* context) {
    __u8* const frame = (__u8*)(long)context->data;
    if (frame + 66 > (__u8*)(long)context->data_end) return XDP_ABORTED;
    const __u32 zero = 0;
    struct Order* const order = map_lookup(&orders, &zero);
    if (!order || order->flows == 0) return XDP_ABORTED;
    const __u32 sent = order->sent++;
    const __u32 segment = order->segment;
    __u32 number = sent;
    __u32 is_reply = segment == kSynAck;
    __u32 offset = 0;
    if (segment == kEstablished) {
        const __u32 word = random_word();
        number = (__u32)(((__u64)mix(word) * order->flows) >> 32);
        is_reply = word & 1;
        offset = sent / order->flows * 12 % 60000;
    }
    const __u32 mixed = mix(number + 1);
    const __u32 client = 0x0a000000 | (mixed & 0x3ffff);
    const __u32 server = 0xac100000 | (mixed * 0x9e3779b1 >> 20);
    const __u32 port = 0x8000 | mixed >> 18;
    const __u32 client_sequence = mixed * 0x85ebca77;
    const __u32 server_sequence = mixed * 0xc2b2ae3d + 1;
    const __u32 is_syn = segment <= kSynAck;
    const __u32 is_data = segment == kEstablished && !is_reply;
    const __u32 length = is_syn || is_data ? 52 : 40;

    *(__u64*)frame =
        *(__u64*)order->destination;  // and the first bytes of the source, which nobody reads
    put32(frame + 8, 2);
    put16(frame + 12, 0x0800);
    __u8* const ip = frame + 14;
    const __u32 source = is_reply ? server : client;
    const __u32 destination = is_reply ? client : server;
    __u32 sum = 0x4500 + length + 0x4000 + 0x4006 + halves(source) + halves(destination);
    sum = halves(halves(sum));
    put32(ip, 0x45000000 | length);
    put32(ip + 4, 0x4000);
    put32(ip + 8, 0x40060000 | (~sum & 0xffff));
    put32(ip + 12, source);
    put32(ip + 16, destination);
    __u8* const tcp = ip + 20;
    put32(tcp, is_reply ? 443u << 16 | port : port << 16 | 443);
    const __u32 begun = segment == kSyn || segment == kSynAck ? 0 : 1;
    put32(tcp + 4, (is_reply ? server_sequence : client_sequence + offset) + begun);
    put32(tcp + 8, segment == kSyn ? 0 : (is_reply ? client_sequence : server_sequence) + 1);
    const __u32 flags = segment == kSyn ? 0x02 : segment == kSynAck ? 0x12 : is_data ? 0x18 : 0x10;
    put32(tcp + 12, (is_syn ? 0x80000000 : 0x50000000) | flags << 16 | 65279);
    put32(tcp + 16, 0);
    put32(tcp + 20, 0x020405b4);
    put32(tcp + 24, 0x04020103);
    put32(tcp + 28, 0x03070000);
    return order->is_dropped ? XDP_DROP : XDP_PASS;
}

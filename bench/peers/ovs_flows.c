/* Open vSwitch's userspace connection tracking under the workload of bench/workload.hpp: handshakes of all flows, then
 * random flows and directions, in batches of 32. Built and run by ovs.sh, against Open vSwitch's own library.
 *
 *     ovs_flows FLOWS REPETITIONS SECONDS
 *
 * Prints nanoseconds a packet of this thread's time, one figure a repetition with tabs between, the generator's cost
 * subtracted. Checksums count as tested by the card, as keepstate's do in the rows it is compared with. What it does
 * for a packet: read the tuple, look up, track; there are no rules. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "conntrack.h"
#include "dp-packet.h"
#include "fatal-signal.h"
#include "packets.h"
#include "timeval.h"
#include "util.h"

enum { kBatch = 32, kBufferBytes = 128, kTurnBatches = 128 };
enum { kSyn, kSynAck, kAck, kData, kReplyAck };

size_t bench_write_frame(uint32_t flow, int segment, uint32_t offset, uint8_t* buffer);
uint64_t bench_random(void);
double bench_thread_ns(void);

static struct dp_packet* packets[kBatch];
static uint64_t sent;
static uint64_t unestablished;

static void fill(int at, uint32_t flow, int segment, uint32_t offset) {
    struct dp_packet* packet = packets[at];
    uint8_t* frame = dp_packet_data(packet);
    dp_packet_set_size(packet, bench_write_frame(flow, segment, offset, frame));
    dp_packet_set_l3(packet, frame + 14);
    dp_packet_set_l4(packet, frame + 34);
}

static void execute(struct conntrack* tracker, int count) {
    struct dp_packet_batch batch;
    dp_packet_batch_init(&batch);
    for (int i = 0; i < count; ++i) {
        pkt_metadata_init_conn(&packets[i]->md);
        packets[i]->md.ct_state = 0;
        dp_packet_batch_add(&batch, packets[i]);
    }
    conntrack_execute(tracker, &batch, htons(0x0800), false, true, 0, NULL, NULL, 0, 0, NULL, NULL,
                      time_msec(), 0);
}

static void make_established(uint32_t flows) {
    const uint32_t offset = (uint32_t)(sent / flows % 6000) * 10;
    for (int i = 0; i < kBatch; ++i) {
        const uint64_t word = bench_random();
        fill(i, (uint32_t)(((word >> 32) * flows) >> 32), word & 1 ? kData : kReplyAck, offset);
    }
    sent += kBatch;
}

static void open_flows(struct conntrack* tracker, uint32_t flows) {
    for (uint32_t first = 0; first < flows; first += kBatch) {
        const int count = flows - first < kBatch ? (int)(flows - first) : kBatch;
        for (int segment = kSyn; segment <= kAck; ++segment) {
            for (int i = 0; i < count; ++i) fill(i, first + (uint32_t)i, segment, 0);
            execute(tracker, count);
        }
    }
}

static double measure(struct conntrack* tracker, uint32_t flows, double seconds) {
    double alone = 0, together = 0;
    uint64_t count = 0;
    const double begin = bench_thread_ns();
    double now = begin;
    while (now - begin < seconds * 1e9) {
        for (int i = 0; i < kTurnBatches; ++i) make_established(flows);
        const double between = bench_thread_ns();
        for (int i = 0; i < kTurnBatches; ++i) {
            make_established(flows);
            execute(tracker, kBatch);
        }
        alone += between - now;
        now = bench_thread_ns();
        together += now - between;
        count += kTurnBatches * kBatch;
        /* Of the last batch of each turn, as all of them would cost time. */
        for (int i = 0; i < kBatch; ++i) {
            if (!(packets[i]->md.ct_state & CS_ESTABLISHED)) ++unestablished;
        }
    }
    return (together - alone) / (double)count;
}

int main(int argc, char** argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: ovs_flows FLOWS REPETITIONS SECONDS\n");
        return 2;
    }
    set_program_name(argv[0]);
    fatal_signal_init();
    const uint32_t flows = (uint32_t)strtoul(argv[1], NULL, 10);
    for (int i = 0; i < kBatch; ++i) {
        packets[i] = dp_packet_new(kBufferBytes);
        dp_packet_reset_offsets(packets[i]);
        pkt_metadata_init(&packets[i]->md, 0);
        *dp_packet_ol_flags_ptr(packets[i]) |=
            DP_PACKET_OL_RX_IP_CKSUM_GOOD | DP_PACKET_OL_RX_L4_CKSUM_GOOD;
    }
    struct conntrack* tracker = conntrack_init();
    open_flows(tracker, flows);
    for (int i = 0; i < atoi(argv[2]); ++i) {
        printf("%s%.1f", i > 0 ? "\t" : "", measure(tracker, flows, atof(argv[3])));
    }
    printf("\n");
    conntrack_destroy(tracker);
    if (unestablished != 0) {
        fprintf(stderr, "ovs_flows: packets were not ESTABLISHED\n");
        return 3;
    }
    return 0;
}

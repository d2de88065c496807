// The BPF machine: what each instruction does, what the look at a program refuses, and that a program that was taken
// cannot leave its bounds.
#include "rules/match/bpf_machine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace keepstate::rules::match {
namespace {

using Program = std::vector<BpfInstruction>;

constexpr std::uint16_t kReturnK = 6;
constexpr std::uint16_t kReturnA = 22;

std::uint32_t run(const Program& program) {
    EXPECT_EQ(check_bpf(program), std::nullopt);
    std::array<std::uint8_t, 32> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i + 0x40);
    wire::Packet packet;
    packet.ip = base::ByteView(bytes);
    Context context;
    context.packet = &packet;
    context.mark = 77;
    return run_bpf(program, context);
}

// A = a, X = x, then the instruction, then return A.
std::uint32_t calculate(std::uint16_t code, std::uint32_t a, std::uint32_t x, std::uint32_t k) {
    return run({{0, 0, 0, a}, {1, 0, 0, x}, {code, 0, 0, k}, {kReturnA, 0, 0, 0}});
}

TEST(BpfMachine, arithmetic_is_of_32_bits) {
    EXPECT_EQ(calculate(0x04, 0xffffffff, 0, 2), 1U);
    EXPECT_EQ(calculate(0x0c, 5, 7, 0), 12U);
    EXPECT_EQ(calculate(0x14, 1, 0, 2), 0xffffffffU);
    EXPECT_EQ(calculate(0x24, 0x10001, 0, 0x10000), 0x10000U);
    EXPECT_EQ(calculate(0x34, 17, 0, 5), 3U);
    EXPECT_EQ(calculate(0x94, 17, 0, 5), 2U);
    EXPECT_EQ(calculate(0x3c, 17, 0, 0), 0U) << "a division by X = 0 ends with 0";
    EXPECT_EQ(calculate(0x44, 0xf0, 0, 0x0f), 0xffU);
    EXPECT_EQ(calculate(0x54, 0xf3, 0, 0x0f), 3U);
    EXPECT_EQ(calculate(0xa4, 0xff, 0, 0x0f), 0xf0U);
    EXPECT_EQ(calculate(0x64, 3, 0, 4), 48U);
    EXPECT_EQ(calculate(0x7c, 48, 36, 0), 3U) << "shifts by X count modulo 32";
    EXPECT_EQ(calculate(0x84, 1, 0, 0), 0xffffffffU);
    EXPECT_EQ(calculate(0x87, 1, 9, 0), 9U);
}

TEST(BpfMachine, loads_end_at_the_packets_end) {
    EXPECT_EQ(calculate(0x20, 1, 0, 0), 0x40414243U);
    EXPECT_EQ(calculate(0x28, 1, 0, 30), 0x5e5fU);
    EXPECT_EQ(calculate(0x30, 1, 0, 31), 0x5fU);
    EXPECT_EQ(calculate(0x20, 1, 0, 29), 0U);
    EXPECT_EQ(calculate(0x30, 1, 0, 32), 0U);
    EXPECT_EQ(calculate(0x50, 1, 3, 2), 0x45U);
    EXPECT_EQ(calculate(0x50, 1, 0xffffffff, 2), 0x41U) << "the sum wraps";
    EXPECT_EQ(calculate(0x50, 1, 0xfff00000, 3), 0x43U) << "counted from the network header";
    EXPECT_EQ(calculate(0x80, 1, 0, 0), 32U);
    EXPECT_EQ(calculate(0x20, 1, 0, 0xfffff014), 77U) << "the mark";
    EXPECT_EQ(calculate(0x20, 6, 3, 0xfffff028), 5U) << "A xor X";
    EXPECT_EQ(run({{0xb1, 0, 0, 5}, {0x87, 0, 0, 0}, {kReturnA, 0, 0, 0}}), 20U);
}

TEST(BpfMachine, jumps_and_memory) {
    EXPECT_EQ(run({{0, 0, 0, 5}, {0x15, 1, 0, 5}, {kReturnK, 0, 0, 1}, {kReturnK, 0, 0, 2}}), 2U);
    EXPECT_EQ(run({{0, 0, 0, 5}, {0x25, 1, 0, 5}, {kReturnK, 0, 0, 1}, {kReturnK, 0, 0, 2}}), 1U);
    EXPECT_EQ(run({{0, 0, 0, 5}, {0x35, 1, 0, 5}, {kReturnK, 0, 0, 1}, {kReturnK, 0, 0, 2}}), 2U);
    EXPECT_EQ(run({{0, 0, 0, 5}, {0x45, 1, 0, 2}, {kReturnK, 0, 0, 1}, {kReturnK, 0, 0, 2}}), 1U);
    EXPECT_EQ(run({{5, 0, 0, 1}, {kReturnK, 0, 0, 1}, {kReturnK, 0, 0, 2}}), 2U);
    EXPECT_EQ(
        run({{0, 0, 0, 9}, {2, 0, 0, 15}, {0, 0, 0, 1}, {0x60, 0, 0, 15}, {kReturnA, 0, 0, 0}}),
        9U);
}

TEST(BpfMachine, what_would_be_unsafe_is_refused) {
    const BpfInstruction end{kReturnK, 0, 0, 1};
    EXPECT_NE(check_bpf(Program{}), std::nullopt);
    EXPECT_NE(check_bpf(Program(65, end)), std::nullopt);
    EXPECT_EQ(check_bpf(Program(64, end)), std::nullopt);
    EXPECT_NE(check_bpf(Program{{0, 0, 0, 1}}), std::nullopt) << "no return";
    EXPECT_NE(check_bpf(Program{{5, 0, 0, 1}, end}), std::nullopt) << "a jump past the end";
    EXPECT_NE(check_bpf(Program{{5, 0, 0, 0xffffffff}, end}), std::nullopt);
    EXPECT_NE(check_bpf(Program{{0x15, 0, 1, 1}, end}), std::nullopt);
    EXPECT_NE(check_bpf(Program{{2, 0, 0, 16}, end}), std::nullopt) << "no such memory";
    EXPECT_NE(check_bpf(Program{{0x60, 0, 0, 1}, end}), std::nullopt) << "never written";
    EXPECT_NE(check_bpf(Program{{0x34, 0, 0, 0}, end}), std::nullopt) << "a division by zero";
    EXPECT_NE(check_bpf(Program{{0x30, 0, 0, 0xfffff040}, end}), std::nullopt);
    EXPECT_NE(check_bpf(Program{{0x106, 0, 0, 1}}), std::nullopt) << "codes have 8 bits";
}

TEST(BpfMachine, whatever_is_taken_ends) {
    std::mt19937 dice(7);
    int taken = 0;
    for (int i = 0; i < 200'000; ++i) {
        Program program(1 + dice() % 6);
        for (BpfInstruction& each : program) {
            each.code = static_cast<std::uint16_t>(dice() & 0xff);
            each.if_true = static_cast<std::uint8_t>(dice() % 4);
            each.if_false = static_cast<std::uint8_t>(dice() % 4);
            each.k = static_cast<std::uint32_t>(dice() % 8 == 0 ? dice() : dice() % 40);
        }
        program.back().code = kReturnA;
        if (check_bpf(program)) continue;
        static_cast<void>(run(program));
        ++taken;
    }
    EXPECT_GT(taken, 1000);
}

}  // namespace
}  // namespace keepstate::rules::match

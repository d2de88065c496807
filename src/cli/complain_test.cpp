// The form of complaints, and the exit status of each kind.
#include "cli/complain.hpp"

#include <gtest/gtest.h>

#include "cli/verbs.hpp"

namespace keepstate::cli {
namespace {

std::string printed(const Error& error) {
    std::string out;
    print_error(error, out);
    return out;
}

TEST(Complain, PutsTheCaretUnderTheColumn) {
    EXPECT_EQ(printed({ErrorKind::input, {{"r.v4", 2, 4, "no such target", "-A X"}}}),
              "keepstate: r.v4:2:4: error: no such target\n    -A X\n       ^\n");
}

TEST(Complain, KeepsTabsAndCountsAnUmlautAsOneColumn) {
    EXPECT_EQ(printed({ErrorKind::input, {{"r", 1, 5, "bad", "\t\xc3\xbc x"}}}),
              "keepstate: r:1:5: error: bad\n    \t\xc3\xbc x\n    \t  ^\n");
}

TEST(Complain, ShowsNoControlBytesAndNoCaretBehindWhatIsShown) {
    EXPECT_EQ(printed({ErrorKind::input,
                       {{"r", 1, 2, "`\x1b[2J' is bad", std::string("-\0\x1b[2J", 6)}}}),
              "keepstate: r:1:2: error: `?[2J' is bad\n    -??[2J\n     ^\n");
    EXPECT_EQ(printed({ErrorKind::input, {{"r", 1, 900, "too long", "-A INPUT"}}}),
              "keepstate: r:1:900: error: too long\n    -A INPUT\n");
}

TEST(Complain, LeavesOutWhatIsNotKnown) {
    EXPECT_EQ(printed(Error::of_file(ErrorKind::system, "a.pcap", "Permission denied")),
              "keepstate: a.pcap: error: Permission denied\n");
    EXPECT_EQ(printed(Error::of_file(ErrorKind::system, "-", "not a capture")),
              "keepstate: stdin: error: not a capture\n");
    EXPECT_EQ(printed(Error::of(ErrorKind::usage, "too much")), "keepstate: error: too much\n");
    EXPECT_EQ(printed({ErrorKind::input, {{"r", 7, 0, "no COMMIT", ""}}}),
              "keepstate: r:7: error: no COMMIT\n");
}

TEST(Complain, PrintsAllFaults) {
    EXPECT_EQ(printed({ErrorKind::input, {{"r", 1, 1, "a", ""}, {"r", 2, 1, "b", ""}}}),
              "keepstate: r:1:1: error: a\nkeepstate: r:2:1: error: b\n");
}

TEST(Complain, EachKindHasItsExitStatus) {
    EXPECT_EQ(exit_status(ErrorKind::input), 1);
    EXPECT_EQ(exit_status(ErrorKind::usage), 2);
    EXPECT_EQ(exit_status(ErrorKind::system), 3);
}

}  // namespace
}  // namespace keepstate::cli

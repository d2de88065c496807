// Changes of rules in engines that work together: some that hold for all of them, and some that are refused.
#pragma once

namespace keepstate {

/// `#' stands for a small number.
inline constexpr const char* kLiveChanges[] = {
    "-I FORWARD # -p udp -j ACCEPT",
    "-I FORWARD # -p tcp -m tcp --sport 1002 -m conntrack --ctstate ESTABLISHED -j DROP",
    "-A FORWARD -c 7 700 -p tcp -m tcp --dport 80 -j ACCEPT",
    "-R FORWARD # -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-R FORWARD # -c 5 500 -p udp -j REJECT",
    "-D FORWARD #",
    "-D FORWARD #",
    "-D FORWARD -p udp -j ACCEPT",
    "-C FORWARD -p udp -j ACCEPT",
    "-t mangle -I PREROUTING -p udp -j MARK --set-mark 3",
    "-t mangle -A FORWARD -p tcp -m tcp --syn -j CONNMARK --set-mark #",
    "-t mangle -D PREROUTING #",
    "-t raw -A PREROUTING -p udp -m udp --sport 1000 -j NOTRACK",
    "-t raw -A PREROUTING -p tcp -m tcp --sport 1001 -j CT --zone #",
    "-t raw -D PREROUTING 1",
    "-A FORWARD -j nowhere"};

}  // namespace keepstate

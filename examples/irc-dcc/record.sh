#!/usr/bin/env bash
# Records irc-dcc.pcap with a real IRC server and two real clients, and beside it what Linux decided meanwhile.
#
#     alice (irssi)         router (rules.v4)            server (ngircd)
#     10.0.0.1  ----------- eth0         eth1 ---------- 10.0.1.1
#                       10.0.0.254   10.0.1.254
#                                        eth2 ---------- 10.0.2.1
#                                    10.0.2.254         bob (irssi)
#
# Needs root and the `record` packages of tools/packages.txt; takes about 15 seconds. What is written, and why a replay
# can come to the same: tools/record-network.sh.
# shellcheck source=tools/record-network.sh
. "$(dirname "$0")/../../tools/record-network.sh"
bound_time 90 "$@"
need ngircd irssi script

add_hosts alice bob router server
wire alice eth0 10.0.0.1/24 router eth0 10.0.0.254/24
wire server eth0 10.0.1.1/24 router eth1 10.0.1.254/24
wire bob eth0 10.0.2.1/24 router eth2 10.0.2.254/24

# --- server and clients --------------------------------------------------------------------------------
cat >"$work/ngircd.conf" <<CONF
[Global]
Name = irc.example.net
Info = a server for one recording
Listen = 10.0.1.1
Ports = 6667
MotdPhrase = Hello
PidFile = $work/ngircd.pid
ServerUID = nobody
ServerGID = nogroup
[Options]
DNS = no
Ident = no
PAM = no
CloakHostSalt = salt
CONF
start server ngircd --nodaemon --config "$work/ngircd.conf"
wait_for "ngircd did not start" is_listening server tcp 6667

# client NAME ADDRESS: an irssi that is typed at by `type NAME WORDS`; its screen is $work/NAME.screen.
client() {
    mkdir -p "$work/$1/files"
    printf '/%s\n' 'set dcc_autoget on' 'set dcc_autochat_masks *!*@*' "set dcc_own_ip $2" 'set dcc_port 5000 5009' \
        "set dcc_download_path $work/$1/files" "set dcc_upload_path $work" 'set lag_check_time 0' 'set cmd_queue_speed 10msec' \
        'set resolve_prefer_ipv6 off' \
        >"$work/$1/startup"
    mkfifo "$work/$1/keys"
    TERM=xterm LANG=C.UTF-8 ip netns exec "$(namespace "$1")" script -qf -c \
        "stty rows 50 cols 150; exec irssi --home=$work/$1 --connect=10.0.1.1 --nick=$1" "$work/$1.screen" \
        <"$work/$1/keys" >/dev/null 2>&1 &
    background+=($!)
}
type_at() { printf '%s\r' "$2" >"$work/$1/keys.open"; }
is_on_screen() { grep -aq "$2" "$work/$1.screen"; }

printf 'Connection tracking, line %02d\n' $(seq 40) >"$work/notes.txt"
start_record router eth0 eth1 eth2

# --- what happens ----------------------------------------------------------------------------------
pause() { sleep 0.3; } # keeps the parts apart in the capture
step "alice and bob log in"
client alice 10.0.0.1
exec 3>"$work/alice/keys"
ln -s /proc/$$/fd/3 "$work/alice/keys.open"
wait_for "alice does not get in" is_on_screen alice 'End of MOTD'
client bob 10.0.2.1
exec 4>"$work/bob/keys"
ln -s /proc/$$/fd/4 "$work/bob/keys.open"
wait_for "bob does not get in" is_on_screen bob 'End of MOTD'
sleep 1

step "DCC SEND: alice offers notes.txt, bob fetches it from her"
type_at alice "/dcc send bob $work/notes.txt"
wait_for "notes.txt did not arrive" cmp -s "$work/notes.txt" "$work/bob/files/notes.txt"
pause
step "DCC CHAT: bob offers a chat, alice connects to him"
type_at bob "/dcc chat alice"
wait_for "no chat" is_on_screen bob 'DCC CHAT connection with.*established'
type_at bob "/msg =alice Hello, nobody is between us."
sleep 0.5
type_at alice "/window goto active" # the chat has a window of its own
wait_for "the chat does not get through" is_on_screen alice 'nobody is between us'
type_at alice "/dcc close chat bob" # with a chat open irssi would announce files in it, not by the server
wait_for "the chat does not end" is_on_screen bob 'DCC lost chat'
pause
step "DCC SEND with an address that is not the sender's: dropped"
type_at alice "/set dcc_own_ip 10.0.0.99"
type_at alice "/dcc send bob $work/notes.txt"
wait_for "the announcement does not get through" is_on_screen bob 'DCC receiving.*10.0.0.99\|10.0.0.99 port 5000'
sleep 1.3
type_at bob "/dcc close get alice"
type_at alice "/dcc close send bob"
pause
step "DCC SEND that bob does not accept: the expectation stays open"
type_at bob "/set dcc_autoget off"
type_at alice "/set dcc_own_ip 10.0.0.1"
pause
type_at alice "/dcc send bob $work/notes.txt"
is_expected() { [ -n "$(at router cat /proc/net/nf_conntrack_expect)" ]; }
wait_for "no expectation" is_expected
sleep 0.3

end_record irc-dcc

#!/usr/bin/env bash
# Records sip.pcap with real SIP user agents (sipp), and beside it what Linux decided meanwhile.
#
#     phone                router (rules.v4)             provider
#     10.0.0.1  ---------- eth0         eth1 ----------- 10.0.1.1
#                      10.0.0.254   10.0.1.254
#
# Needs root and the `record` packages of tools/packages.txt; takes about 15 seconds. What is written, and why a replay
# can come to the same: tools/record-network.sh.
# shellcheck source=tools/record-network.sh
. "$(dirname "$0")/../../tools/record-network.sh"
bound_time 90 "$@"
need sipp nc

add_hosts phone router provider
wire phone eth0 10.0.0.1/24 router eth0 10.0.0.254/24
wire provider eth0 10.0.1.1/24 router eth1 10.0.1.254/24

# --- who says what -------------------------------------------------------------------------------------
# Ten RTP packets, 16 bytes each: the digit 1 pressed on a telephone, as sip-tester brings it.
voice=/usr/share/sip-tester/dtmf_2833_1.pcap
[ -r $voice ] || fail "no $voice"

# request METHOD CSEQ MORE...: a message that begins something; the rest are further header lines.
request() {
    printf '%s\n' "<send retrans=\"500\"><![CDATA[" "$1 sip:[service]@[remote_ip]:[remote_port] SIP/2.0" \
        'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]' \
        "From: <sip:$from>;tag=from[call_number]" "To: <sip:$to>[peer_tag_param]" 'Call-ID: [call_id]' \
        "CSeq: $2" 'Max-Forwards: 70' "${@:3}" ']]></send>'
}
# answer STATUS MORE...
answer() {
    printf '%s\n' '<send><![CDATA[' "SIP/2.0 $1" '[last_Via:]' '[last_From:]' '[last_To:];tag=to[call_number]' \
        '[last_Call-ID:]' '[last_CSeq:]' "${@:2}" ']]></send>'
}
nothing='Content-Length: 0'
# What describes the voice stream: where its packets are to be sent to.
session=$(printf '%s\n' 'Contact: <sip:[local_ip]:[local_port]>' 'Content-Type: application/sdp' \
    'Content-Length: [len]' '' 'v=0' 'o=- 1 1 IN IP4 [local_ip]' 's=-' 'c=IN IP4 [media_ip]' 't=0 0' \
    'm=audio [media_port] RTP/AVP 101' 'a=rtpmap:101 telephone-event/8000')
scenario() { printf '<?xml version="1.0"?>\n<scenario name="%s">\n' "$1"; cat; printf '</scenario>\n'; }
from=alice@10.0.1.1 to=alice@10.0.1.1
{
    request REGISTER '1 REGISTER' 'Contact: <sip:alice@10.0.0.1:5070>' 'Expires: 300' "$nothing" |
        sed 's/sip:\[service\]@\[remote_ip\]:\[remote_port\]/sip:10.0.1.1/; s/ retrans="500"//'
    echo '<recv response="200"/>'
} | scenario register >"$work/register.xml"
{
    echo '<recv request="REGISTER"/>'
    answer '200 OK' 'Contact: <sip:alice@10.0.0.1:5070>;expires=300' "$nothing"
} | scenario registrar >"$work/registrar.xml"
to=echo@10.0.1.1
{
    request INVITE '1 INVITE' "$session"
    printf '<recv response="%s"/>\n' 180 200
    request ACK '1 ACK' "$nothing" | sed 's/ retrans="500"//'
    printf '<nop><action><exec play_pcap_audio="%s"/></action></nop>\n<pause milliseconds="400"/>\n' "$voice"
    request BYE '2 BYE' "$nothing"
    echo '<recv response="200"/>'
} | scenario caller >"$work/caller.xml"
{
    echo '<recv request="INVITE"/>'
    answer '180 Ringing' "$nothing"
    echo '<pause milliseconds="200"/>'
    answer '200 OK' "$session"
    printf '<recv request="%s"/>\n' ACK BYE
    answer '200 OK' "$nothing"
} | scenario callee >"$work/callee.xml"
{
    echo '<recv request="INVITE"/>'
    answer '180 Ringing' "$nothing"
    echo '<pause milliseconds="60000"/>'
} | scenario ringing >"$work/ringing.xml"

# agent HOST SCENARIO PORT MEDIA-PORT MORE...: one call by sipp.
agent() {
    # -nd: no answers of its own to what the scenario does not know.
    (cd "$work" && at "$1" sipp -sf "$work/$2.xml" -p "$3" -mp "$4" -m 1 -nostdin -nd -timeout 10 -timeout_error \
        -trace_err -error_file "$work/$2.errors" "${@:5}" >/dev/null 2>&1)
}
# waiting HOST SCENARIO PORT MEDIA-PORT MORE...: the same in the background, once it listens.
waiting() {
    agent "$@" &
    background+=($!)
    answering=$!
    wait_for "sipp does not listen on port $3" is_listening "$1" udp "$3"
}

start_record router eth0 eth1

# --- what happens ----------------------------------------------------------------------------------
pause() { sleep 0.3; } # keeps the parts apart in the capture
step "the phone registers: calls for alice go to 10.0.0.1:5070"
waiting provider registrar 5060 7000 -i 10.0.1.1 -mi 10.0.1.1
agent phone register 5060 6000 -i 10.0.0.1 -mi 10.0.0.1 -s alice 10.0.1.1:5060 || fail "no registration"
wait "$answering" || fail "the registrar is not content"
pause
step "the phone calls: voice to port 7000 of the provider, which sends it back"
waiting provider callee 5060 7000 -i 10.0.1.1 -mi 10.0.1.1 -rtp_echo
agent phone caller 5060 6000 -i 10.0.0.1 -mi 10.0.0.1 -s echo 10.0.1.1:5060 || fail "no call from inside"
wait "$answering" || fail "the callee is not content"
pause
step "the phone is called: the registration alone lets the call in"
waiting phone callee 5070 6010 -i 10.0.0.1 -mi 10.0.0.1 -rtp_echo
agent provider caller 5060 7010 -i 10.0.1.1 -mi 10.0.1.1 -s alice 10.0.0.1:5070 || fail "no call from outside"
wait "$answering" || fail "the phone is not content"
pause
step "a voice stream that nobody announced: dropped"
printf 'not announced' | at provider nc -u -w 0 -p 7000 10.0.0.1 6020
pause
step "the phone calls and nobody answers yet: two streams are expected"
waiting provider ringing 5060 7020 -i 10.0.1.1 -mi 10.0.1.1
agent phone caller 5060 6020 -i 10.0.0.1 -mi 10.0.0.1 -s echo 10.0.1.1:5060 &
background+=($!)
sleep 0.4

end_record sip

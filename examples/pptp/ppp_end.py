#!/usr/bin/env python3
"""One end of PPP, as far as LCP goes (RFC 1661), in the framing of RFC 1662.

    ppp_end.py answer                 on its own terminal, as pptpd runs it in place of pppd
    ppp_end.py call PROGRAM ...       runs PROGRAM, whose standard input carries the frames
    ppp_end.py silent PROGRAM ...     the same, but says nothing

It stands in for pppd, which needs /dev/ppp: not every kernel has PPP, and what PPP carries is of no interest to a firewall.
The answering end is the first to speak, once its terminal is ready: Configure-Request. Then the caller: Configure-Ack and
-Request, three Echo-Requests, Terminate-Request, each after the answer to the one before.
Ends with status 1 if no answer comes for five seconds.
"""
import os
import select
import socket
import subprocess
import sys
import tty

FLAG, ESCAPE = 0x7E, 0x7D
CONFIGURE, CONFIGURED, TERMINATE, TERMINATED, ECHO, ECHOED = 1, 2, 5, 6, 9, 10


def fcs(octets):
    value = 0xFFFF
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value ^ 0xFFFF


def frame(code, identifier, body):
    """An LCP packet as the line carries it."""
    packet = bytes([0xFF, 0x03, 0xC0, 0x21, code, identifier]) + (len(body) + 4).to_bytes(2, "big") + body
    packet += fcs(packet).to_bytes(2, "little")
    line = bytearray([FLAG])
    for octet in packet:
        line += bytes([ESCAPE, octet ^ 0x20]) if octet < 0x20 or octet in (FLAG, ESCAPE) else bytes([octet])
    return bytes(line + bytes([FLAG]))


def packets(line):
    """(code, identifier, body) of each whole LCP frame that comes."""
    octets, escaped = bytearray(), False
    while select.select([line], [], [], 5)[0]:
        try:
            got = os.read(line, 2000)
        except OSError:  # the other side hung up
            return
        if not got:
            return
        for octet in got:
            if octet == FLAG:
                whole, octets = bytes(octets), bytearray()
                if len(whole) >= 10 and fcs(whole[:-2]) == int.from_bytes(whole[-2:], "little"):
                    protocol = whole[2:] if whole[:2] == b"\xff\x03" else whole
                    if protocol[:2] == b"\xc0\x21":
                        yield protocol[2], protocol[3], protocol[6:-2]
            elif octet == ESCAPE:
                escaped = True
            else:
                octets.append(octet ^ 0x20 if escaped else octet)
                escaped = False
    sys.exit(1)


def speak(line, calls):
    magic = b"\x12\x34\x56\x78" if calls else b"\x76\x54\x32\x10"
    configure = frame(CONFIGURE, 1, b"\x05\x06" + magic)
    if not calls:
        os.write(line, configure)
    echoes = 0
    for code, identifier, body in packets(line):
        if code == CONFIGURE:
            os.write(line, frame(CONFIGURED, identifier, body))
            if calls:
                os.write(line, configure)
        elif code == ECHO:
            os.write(line, frame(ECHOED, identifier, magic + body[4:]))
        elif code == TERMINATE:
            os.write(line, frame(TERMINATED, identifier, b""))
        elif code == TERMINATED:
            return
        if calls and code in (CONFIGURED, ECHOED):
            echoes += 1
            if echoes <= 3:
                os.write(line, frame(ECHO, echoes, magic + b"are you there?"))
            else:
                os.write(line, frame(TERMINATE, 9, b""))


def main():
    role = sys.argv[1]
    if role == "answer":
        tty.setraw(0)
        speak(0, False)
        return
    ours, theirs = socket.socketpair()
    program = subprocess.Popen(sys.argv[2:], stdin=theirs, stdout=theirs)
    theirs.close()
    if role == "call":
        speak(ours.fileno(), True)
        ours.close()
    program.wait()


main()

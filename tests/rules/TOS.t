# TOS: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A FORWARD -j TOS --set-tos 0x1f ; ok ; -A FORWARD -j TOS --set-tos 0x1f/0xff
-A FORWARD -j TOS --set-tos 0x1f/0x1f ; ok ; =
-A FORWARD -j TOS --set-tos 16/0x0f ; ok ; -A FORWARD -j TOS --set-tos 0x10/0x0f
-A FORWARD -j TOS --set-tos 255/255 ; ok ; -A FORWARD -j TOS --set-tos 0xff/0xff
-A FORWARD -j TOS --set-tos 0 ; ok ; -A FORWARD -j TOS --set-tos 0x00/0xff
-A FORWARD -j TOS --set-tos 256 ; fail
-A FORWARD -j TOS --set-tos -1 ; fail
-A FORWARD -j TOS --set-tos 0x10/256 ; fail
-A FORWARD -j TOS --set-tos 0x10/ ; fail
-A FORWARD -j TOS --set-tos 0x10/x ; fail
-A FORWARD -j TOS --set-tos 0x10x ; fail
-A FORWARD -j TOS --set-tos /1 ; fail
-A FORWARD -j TOS --set-tos Minimize-Delay ; ok ; -A FORWARD -j TOS --set-tos 0x10/0x3f
-A FORWARD -j TOS --set-tos maximize-throughput ; ok ; -A FORWARD -j TOS --set-tos 0x08/0x3f
-A FORWARD -j TOS --set-tos MAXIMIZE-RELIABILITY ; ok ; -A FORWARD -j TOS --set-tos 0x04/0x3f
-A FORWARD -j TOS --set-tos Minimize-Cost ; ok ; -A FORWARD -j TOS --set-tos 0x02/0x3f
-A FORWARD -j TOS --set-tos Normal-Service ; ok ; -A FORWARD -j TOS --set-tos 0x00/0x3f
-A FORWARD -j TOS --set-tos Minimize-Delay/0x3f ; fail
-A FORWARD -j TOS --set-tos Mini ; fail
-A FORWARD -j TOS --set-tos foo ; fail
-A FORWARD -j TOS --set-tos "" ; fail
-A FORWARD -j TOS --and-tos 0x12 ; ok ; -A FORWARD -j TOS --set-tos 0x00/0xed
-A FORWARD -j TOS --and-tos 0 ; ok ; -A FORWARD -j TOS --set-tos 0x00/0xff
-A FORWARD -j TOS --and-tos 256 ; fail
-A FORWARD -j TOS --or-tos 0x12 ; ok ; -A FORWARD -j TOS --set-tos 0x12/0x12
-A FORWARD -j TOS --or-tos 255 ; ok ; -A FORWARD -j TOS --set-tos 0xff/0xff
-A FORWARD -j TOS --xor-tos 0x12 ; ok ; -A FORWARD -j TOS --set-tos 0x12/0x00
-A FORWARD -j TOS --xor-tos 1/2 ; fail
-A FORWARD -j TOS --set-tos 1 --and-tos 2 ; fail
-A FORWARD -j TOS --or-tos 1 --xor-tos 2 ; fail
-A FORWARD -j TOS --set-tos 1 --set-tos 1 ; fail
-A FORWARD -j TOS ! --set-tos 1 ; fail
-A FORWARD -j TOS ; fail
-A PREROUTING -j TOS --set-tos 4 ; ok ; -A PREROUTING -j TOS --set-tos 0x04/0xff
-A INPUT -j TOS --set-tos 4 ; ok ; -A INPUT -j TOS --set-tos 0x04/0xff
-A OUTPUT -j TOS --set-tos 4 ; ok ; -A OUTPUT -j TOS --set-tos 0x04/0xff
-A POSTROUTING -j TOS --set-tos 4 ; ok ; -A POSTROUTING -j TOS --set-tos 0x04/0xff
@ip4 filter
-A FORWARD -j TOS --set-tos 1 ; fail
@ip6 mangle
-A FORWARD -j TOS --set-tos 0x10 ; ok ; -A FORWARD -j TOS --set-tos 0x10/0xff
-A FORWARD -j TOS --set-tos Maximize-Reliability ; ok ; -A FORWARD -j TOS --set-tos 0x04/0x3f
-A FORWARD -j TOS --or-tos 3 ; ok ; -A FORWARD -j TOS --set-tos 0x03/0x03
@ip6 raw
-A PREROUTING -j TOS --set-tos 0x10 ; fail

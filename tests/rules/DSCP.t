# DSCP: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A FORWARD -j DSCP --set-dscp 0x00 ; ok ; =
-A PREROUTING -j DSCP --set-dscp 0x3f ; ok ; =
-A INPUT -j DSCP --set-dscp 63 ; ok ; -A INPUT -j DSCP --set-dscp 0x3f
-A OUTPUT -j DSCP --set-dscp 077 ; ok ; -A OUTPUT -j DSCP --set-dscp 0x3f
-A POSTROUTING -j DSCP --set-dscp 64 ; fail
-A FORWARD -j DSCP --set-dscp -1 ; fail
-A FORWARD -j DSCP --set-dscp 1x ; fail
-A FORWARD -j DSCP --set-dscp 0x3f --set-dscp-class CS0 ; fail
-A FORWARD -j DSCP --set-dscp 1 --set-dscp 2 ; fail
-A FORWARD -j DSCP ! --set-dscp 1 ; fail
-A FORWARD -j DSCP ; fail
-A uc -j DSCP --set-dscp 5 ; ok ; -A uc -j DSCP --set-dscp 0x05
-A FORWARD -j DSCP --set-dscp-class BE ; ok ; -A FORWARD -j DSCP --set-dscp 0x00
-A FORWARD -j DSCP --set-dscp-class CS0 ; ok ; -A FORWARD -j DSCP --set-dscp 0x00
-A FORWARD -j DSCP --set-dscp-class cs1 ; ok ; -A FORWARD -j DSCP --set-dscp 0x08
-A FORWARD -j DSCP --set-dscp-class CS2 ; ok ; -A FORWARD -j DSCP --set-dscp 0x10
-A FORWARD -j DSCP --set-dscp-class CS3 ; ok ; -A FORWARD -j DSCP --set-dscp 0x18
-A FORWARD -j DSCP --set-dscp-class CS4 ; ok ; -A FORWARD -j DSCP --set-dscp 0x20
-A FORWARD -j DSCP --set-dscp-class CS5 ; ok ; -A FORWARD -j DSCP --set-dscp 0x28
-A FORWARD -j DSCP --set-dscp-class CS6 ; ok ; -A FORWARD -j DSCP --set-dscp 0x30
-A FORWARD -j DSCP --set-dscp-class CS7 ; ok ; -A FORWARD -j DSCP --set-dscp 0x38
-A FORWARD -j DSCP --set-dscp-class AF11 ; ok ; -A FORWARD -j DSCP --set-dscp 0x0a
-A FORWARD -j DSCP --set-dscp-class AF12 ; ok ; -A FORWARD -j DSCP --set-dscp 0x0c
-A FORWARD -j DSCP --set-dscp-class AF13 ; ok ; -A FORWARD -j DSCP --set-dscp 0x0e
-A FORWARD -j DSCP --set-dscp-class AF21 ; ok ; -A FORWARD -j DSCP --set-dscp 0x12
-A FORWARD -j DSCP --set-dscp-class AF22 ; ok ; -A FORWARD -j DSCP --set-dscp 0x14
-A FORWARD -j DSCP --set-dscp-class AF23 ; ok ; -A FORWARD -j DSCP --set-dscp 0x16
-A FORWARD -j DSCP --set-dscp-class AF31 ; ok ; -A FORWARD -j DSCP --set-dscp 0x1a
-A FORWARD -j DSCP --set-dscp-class AF32 ; ok ; -A FORWARD -j DSCP --set-dscp 0x1c
-A FORWARD -j DSCP --set-dscp-class AF33 ; ok ; -A FORWARD -j DSCP --set-dscp 0x1e
-A FORWARD -j DSCP --set-dscp-class af41 ; ok ; -A FORWARD -j DSCP --set-dscp 0x22
-A FORWARD -j DSCP --set-dscp-class Af42 ; ok ; -A FORWARD -j DSCP --set-dscp 0x24
-A FORWARD -j DSCP --set-dscp-class AF43 ; ok ; -A FORWARD -j DSCP --set-dscp 0x26
-A FORWARD -j DSCP --set-dscp-class ef ; ok ; -A FORWARD -j DSCP --set-dscp 0x2e
-A FORWARD -j DSCP --set-dscp-class e ; fail
-A FORWARD -j DSCP --set-dscp-class AF44 ; fail
-A FORWARD -j DSCP --set-dscp-class 0x2e ; fail
-A FORWARD -j DSCP --set-dscp-class "" ; fail
@ip4 filter
-A FORWARD -j DSCP --set-dscp 1 ; fail
@ip4 raw
-A PREROUTING -j DSCP --set-dscp 1 ; fail
@ip6 mangle
-A FORWARD -j DSCP --set-dscp 1 ; ok ; -A FORWARD -j DSCP --set-dscp 0x01
-A FORWARD -p tcp -m tcp --dport 22 -j DSCP --set-dscp-class CS2 ; ok ; -A FORWARD -p tcp -m tcp --dport 22 -j DSCP --set-dscp 0x10
@ip6 filter
-A FORWARD -j DSCP --set-dscp 1 ; fail

# dscp: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m dscp ; fail
-A INPUT -m dscp --dscp 0 ; ok ; -A INPUT -m dscp --dscp 0x00
-A INPUT -m dscp --dscp 0x3f ; ok ; =
-A INPUT -m dscp --dscp 10 ; ok ; -A INPUT -m dscp --dscp 0x0a
-A INPUT -m dscp --dscp 010 ; ok ; -A INPUT -m dscp --dscp 0x08
-A INPUT -m dscp ! --dscp 63 ; ok ; -A INPUT -m dscp ! --dscp 0x3f
-A INPUT -m dscp --dscp 64 ; fail
-A INPUT -m dscp --dscp -1 ; fail
-A INPUT -m dscp --dscp foo ; fail
-A INPUT -m dscp --dscp 0x3f --dscp-class CS0 ; fail
-A INPUT -m dscp --dscp 0x3f --dscp 0x3f ; fail
-A INPUT -m dscp --dscp-class CS0 ; ok ; -A INPUT -m dscp --dscp 0x00
-A INPUT -m dscp --dscp-class cs7 ; ok ; -A INPUT -m dscp --dscp 0x38
-A INPUT -m dscp ! --dscp-class BE ; ok ; -A INPUT -m dscp ! --dscp 0x00
-A INPUT -m dscp --dscp-class ef ; ok ; -A INPUT -m dscp --dscp 0x2e
-A INPUT -m dscp --dscp-class AF11 ; ok ; -A INPUT -m dscp --dscp 0x0a
-A INPUT -m dscp --dscp-class AF43 ; ok ; -A INPUT -m dscp --dscp 0x26
-A INPUT -m dscp --dscp-class AF44 ; fail
-A INPUT -m dscp --dscp-class AF4 ; fail
-A INPUT -m dscp --dscp-class CS8 ; fail
-A INPUT -m dscp --dscp-class VA ; fail
-A INPUT -m dscp --dscp-class LE ; fail
@ip6 filter
-A INPUT -m dscp --dscp 5 ; ok ; -A INPUT -m dscp --dscp 0x05

# CLASSIFY: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A FORWARD -j CLASSIFY --set-class 0000:ffff ; ok ; =
-A FORWARD -j CLASSIFY --set-class 1:1 ; ok ; -A FORWARD -j CLASSIFY --set-class 0001:0001
-A FORWARD -j CLASSIFY --set-class 0x1:0x1 ; ok ; -A FORWARD -j CLASSIFY --set-class 0001:0001
-A FORWARD -j CLASSIFY --set-class 10000:1 ; ok ; -A FORWARD -j CLASSIFY --set-class 0000:0001
-A FORWARD -j CLASSIFY --set-class 12345:12345 ; ok ; -A FORWARD -j CLASSIFY --set-class 2345:2345
-A FORWARD -j CLASSIFY --set-class 1 ; fail
-A FORWARD -j CLASSIFY --set-class 1: ; fail
-A FORWARD -j CLASSIFY --set-class :1 ; fail
-A FORWARD -j CLASSIFY --set-class 1:g ; fail
-A FORWARD -j CLASSIFY --set-class 1:1g ; ok ; -A FORWARD -j CLASSIFY --set-class 0001:0001
-A FORWARD -j CLASSIFY --set-class -1:1 ; ok ; -A FORWARD -j CLASSIFY --set-class ffff:0001
-A FORWARD -j CLASSIFY --set-class 1:-1 ; ok ; -A FORWARD -j CLASSIFY --set-class 0001:ffff
-A FORWARD -j CLASSIFY --set-class +1:1 ; ok ; -A FORWARD -j CLASSIFY --set-class 0001:0001
-A FORWARD -j CLASSIFY --set-class 0X1:aB ; ok ; -A FORWARD -j CLASSIFY --set-class 0001:00ab
-A FORWARD -j CLASSIFY --set-class " 1:1" ; ok ; -A FORWARD -j CLASSIFY --set-class 0001:0001
-A FORWARD -j CLASSIFY --set-class "1: 1" ; ok ; -A FORWARD -j CLASSIFY --set-class 0001:0001
-A FORWARD -j CLASSIFY --set-class "1 :1" ; fail
-A FORWARD -j CLASSIFY --set-class "" ; fail
-A FORWARD -j CLASSIFY ; fail
-A FORWARD -j CLASSIFY ! --set-class 1:1 ; fail
-A FORWARD -j CLASSIFY --set-class 1:1 --set-class 1:2 ; fail
-A OUTPUT -j CLASSIFY --set-class 1:1 ; ok ; -A OUTPUT -j CLASSIFY --set-class 0001:0001
-A POSTROUTING -j CLASSIFY --set-class 1:1 ; ok ; -A POSTROUTING -j CLASSIFY --set-class 0001:0001
-A PREROUTING -j CLASSIFY --set-class 1:1 ; fail
-A INPUT -j CLASSIFY --set-class 1:1 ; fail
@ip4 filter
-A FORWARD -j CLASSIFY --set-class 1:1 ; ok ; -A FORWARD -j CLASSIFY --set-class 0001:0001
-A INPUT -j CLASSIFY --set-class 1:1 ; fail
@ip6 mangle
-A POSTROUTING -j CLASSIFY --set-class 1:1 ; ok ; -A POSTROUTING -j CLASSIFY --set-class 0001:0001
-A PREROUTING -j CLASSIFY --set-class 1:1 ; fail
@ip6 raw
-A OUTPUT -j CLASSIFY --set-class ffff:ffff ; ok ; =

# realm: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m realm ; fail
-A INPUT -m realm --realm 0x1/0x2a ; ok ; =
-A INPUT -m realm --realm 0x2a ; ok ; =
-A INPUT -m realm ! --realm 5 ; ok ; -A INPUT -m realm ! --realm 0x5
-A INPUT -m realm --realm 5/0 ; ok ; -A INPUT -m realm --realm 0x5/0x0
-A INPUT -m realm --realm 5/0xffffffff ; ok ; -A INPUT -m realm --realm 0x5
-A INPUT -m realm --realm 0xffffffff ; ok ; =
-A INPUT -m realm --realm 4294967296 ; fail
-A INPUT -m realm --realm cosmos ; ok ; =
-A INPUT -m realm --realm cosmos/3 ; fail
-A INPUT -m realm --realm nosuch ; fail
-A INPUT -m realm --realm 0 ; ok ; -A INPUT -m realm --realm cosmos
-A INPUT -m realm --realm 1/ ; fail
-A INPUT -m realm --realm -1 ; fail
-A INPUT -m realm --realm "" ; fail
-A INPUT -m realm --realm 1/2/3 ; fail
-A OUTPUT -m realm --realm 1 ; ok ; -A OUTPUT -m realm --realm 0x1
-A FORWARD -m realm --realm 0/0 ; ok ; -A FORWARD -m realm --realm 0x0/0x0
-A FORWARD -m realm --realm 0/0xffffffff ; ok ; -A FORWARD -m realm --realm cosmos
-A FORWARD -m realm --realm 0x12345/0xffff ; ok ; =
-A FORWARD -m realm --realm 1/x ; fail
-A FORWARD -m realm --realm 1x ; fail
@ip4 mangle
-A PREROUTING -m realm --realm 1 ; fail
-A POSTROUTING -m realm --realm 1 ; ok ; -A POSTROUTING -m realm --realm 0x1
@ip6 filter
-A INPUT -m realm --realm 1 ; fail

# dst: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip6 filter
-A INPUT -m dst ; ok ; =
-A INPUT -m dst --dst-len 0 ; ok ; =
-A INPUT -m dst ! --dst-len 42 ; ok ; =
-A INPUT -m dst --dst-opts 149:92,12:12,123:12 ; ok ; =
-A INPUT -m dst --dst-len 42 --dst-opts 149:92,12:12,123:12 ; ok ; =
-A INPUT -m dst ! --dst-opts 1 ; fail
-A INPUT -m dst --dst-opts 256 ; ok ; -A INPUT -m dst --dst-opts 0
-A INPUT -m dst --dst-opts 1:256 ; ok ; -A INPUT -m dst --dst-opts 1:0
-A INPUT -m dst --dst-opts 1, ; fail
-A INPUT -m dst --dst-opts "" ; fail
-A INPUT -m dst --dst-opts 1: ; fail
-A INPUT -m dst --dst-opts 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 ; fail
-A INPUT -m dst --dst-not-strict ; fail
-A INPUT -p 60 --dst-len 5 ; fail
-A INPUT -p ipv6-opts --dst-len 5 ; fail

# devgroup: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m devgroup ; fail
-A INPUT -m devgroup --src-group 1 ; ok ; -A INPUT -m devgroup --src-group 0x1
-A INPUT -m devgroup ! --src-group 1 ; ok ; -A INPUT -m devgroup ! --src-group 0x1
-A INPUT -m devgroup --dst-group 1 ; fail
-A INPUT -m devgroup --src-group 0x10/0xff ; ok ; =
-A INPUT -m devgroup --src-group 1/0xffffffff ; ok ; -A INPUT -m devgroup --src-group 0x1
-A INPUT -m devgroup --src-group default ; ok ; =
-A INPUT -m devgroup --src-group nosuch ; fail
-A INPUT -m devgroup --src-group 1/ ; fail
-A INPUT -m devgroup --src-group 4294967296 ; fail
-A INPUT -m devgroup --src-group -1 ; fail
-A INPUT -m devgroup --src-group 1 --dst-group 2 ; fail
-A FORWARD -m devgroup --src-group 1 --dst-group 2 ; ok ; -A FORWARD -m devgroup --src-group 0x1 --dst-group 0x2
-A FORWARD -m devgroup --dst-group 2 ! --src-group 1/3 ; ok ; -A FORWARD -m devgroup ! --src-group 0x1/0x3 --dst-group 0x2
-A FORWARD -m devgroup --src-group 1 --src-group 2 ; fail
-A OUTPUT -m devgroup --src-group 1 ; fail
-A OUTPUT -m devgroup --dst-group 1 ; ok ; -A OUTPUT -m devgroup --dst-group 0x1
-A FORWARD -m devgroup --src-group default/3 ; fail
-A FORWARD -m devgroup --src-group 0/0 ; ok ; -A FORWARD -m devgroup --src-group 0x0/0x0
-A FORWARD -m devgroup --src-group 0 ; ok ; -A FORWARD -m devgroup --src-group default
-A FORWARD -m devgroup --src-group 0/0xff ; ok ; -A FORWARD -m devgroup --src-group 0x0/0xff
-A FORWARD -m devgroup --src-group 5x ; fail
-A FORWARD -m devgroup --src-group Default ; fail
@ip4 mangle
-A PREROUTING -m devgroup --src-group 1 ; ok ; -A PREROUTING -m devgroup --src-group 0x1
-A PREROUTING -m devgroup --dst-group 1 ; fail
-A POSTROUTING -m devgroup --dst-group 1 ; ok ; -A POSTROUTING -m devgroup --dst-group 0x1
-A POSTROUTING -m devgroup --src-group 1 ; fail
@ip6 filter
-A INPUT -m devgroup --src-group 1 ; ok ; -A INPUT -m devgroup --src-group 0x1

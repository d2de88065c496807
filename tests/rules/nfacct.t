# nfacct: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@before nfacct add test
@before nfacct add "a b"
@ip4 filter
-A INPUT -m nfacct ; fail
-A INPUT -m nfacct --nfacct-name test ; ok ; -A INPUT -m nfacct --nfacct-name  test
-A INPUT -m nfacct --nfacct-name "a b" ; ok ; -A INPUT -m nfacct --nfacct-name  "a b"
-A INPUT -m nfacct ! --nfacct-name test ; fail
-A INPUT -m nfacct --nfacct-name "" ; fail
-A INPUT -m nfacct --nfacct-name test --nfacct-name test ; fail
-A INPUT -m nfacct --nfacct-name test -j ACCEPT ; ok ; -A INPUT -m nfacct --nfacct-name  test -j ACCEPT
@ip6 raw
-A PREROUTING -m nfacct --nfacct-name test ; ok ; -A PREROUTING -m nfacct --nfacct-name  test

# MASQUERADE: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 nat
-A POSTROUTING -j MASQUERADE ; ok ; =
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024-2048 ; ok ; =
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024 ; ok ; =
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 2048-1024 ; fail
-A POSTROUTING -j MASQUERADE --to-ports 1024 ; fail
-A POSTROUTING -p udp -j MASQUERADE --to-ports 1024 --random ; ok ; =
-A POSTROUTING -j MASQUERADE --random ; ok ; =
-A POSTROUTING -j MASQUERADE --random-fully ; ok ; =
-A POSTROUTING -j MASQUERADE --random --random-fully ; ok ; =
-A POSTROUTING -p tcp -j MASQUERADE --to-ports http ; ok ; -A POSTROUTING -p tcp -j MASQUERADE --to-ports 80
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 0 ; ok ; =
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 65536 ; fail
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1-2-3 ; fail
-A PREROUTING -j MASQUERADE ; fail
-A OUTPUT -j MASQUERADE ; fail
@ip4 filter
-A INPUT -j MASQUERADE ; fail
@ip4 nat
-A POSTROUTING -p tcp -j MASQUERADE --to-ports ftp-data ; ok ; -A POSTROUTING -p tcp -j MASQUERADE --to-ports 20
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 10-ssh ; fail
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 80:90 ; fail
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 80/9 ; fail
@ip6 nat
-A POSTROUTING -j MASQUERADE ; ok ; =
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 5-9 --random-fully ; ok ; =

# REDIRECT: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 nat
-A PREROUTING -p tcp -j REDIRECT ; ok ; =
-A PREROUTING -p tcp -j REDIRECT --to-ports 80 ; ok ; =
-A PREROUTING -p tcp -j REDIRECT --to-port 80 ; ok ; -A PREROUTING -p tcp -j REDIRECT --to-ports 80
-A PREROUTING -p tcp -j REDIRECT --to-ports 80-90 ; ok ; =
-A PREROUTING -p tcp -j REDIRECT --to-ports 90-80 ; fail
-A PREROUTING -p tcp -j REDIRECT --to-ports http ; ok ; -A PREROUTING -p tcp -j REDIRECT --to-ports 80
-A PREROUTING -p tcp -j REDIRECT --to-ports 80 --random ; ok ; =
-A PREROUTING -p tcp -j REDIRECT --to-ports 0 ; ok ; =
-A PREROUTING -j REDIRECT --to-ports 80 ; fail
-A PREROUTING -j REDIRECT ; ok ; =
-A PREROUTING -j REDIRECT --random ; ok ; =
-A PREROUTING -p icmp -j REDIRECT --to-ports 80 ; ok ; =
-A POSTROUTING -p tcp -j REDIRECT ; fail
-A OUTPUT -p tcp -j REDIRECT --to-ports 80 ; ok ; =
-A PREROUTING -p tcp -j REDIRECT --to-ports 80:90 ; fail
-A PREROUTING -p tcp -j REDIRECT --to-ports 70000 ; fail
-A PREROUTING -p tcp -j REDIRECT --persistent ; fail
-A PREROUTING -p tcp -j REDIRECT --to-ports ftp-data ; ok ; -A PREROUTING -p tcp -j REDIRECT --to-ports 20
-A PREROUTING -p tcp -j REDIRECT --to-ports ftp-ssh ; fail
-A PREROUTING -p tcp -j REDIRECT --to-ports 10-ssh ; fail
-A PREROUTING -p tcp -j REDIRECT --to-ports ssh-90 ; fail
-A PREROUTING -p tcp -j REDIRECT --to-ports "" ; fail
-A PREROUTING -p tcp -j REDIRECT --to-ports 80- ; fail
-A PREROUTING -p tcp -j REDIRECT --to-ports 80/5 ; fail
-A PREROUTING -p tcp -j REDIRECT --to-ports tftp ; ok ; -A PREROUTING -p tcp -j REDIRECT --to-ports 69
@ip6 nat
-A PREROUTING -p tcp -j REDIRECT --to-ports 5-9 --random ; ok ; =

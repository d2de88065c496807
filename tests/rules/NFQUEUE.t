# NFQUEUE: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -j NFQUEUE ; ok ; -A INPUT -j NFQUEUE --queue-num 0
-A INPUT -j NFQUEUE --queue-num 5 ; ok ; =
-A INPUT -j NFQUEUE --queue-num 0 ; ok ; =
-A INPUT -j NFQUEUE --queue-num 65536 ; fail
-A INPUT -j NFQUEUE --queue-balance 1:5 ; ok ; =
-A INPUT -j NFQUEUE --queue-balance 5:1 ; fail
-A INPUT -j NFQUEUE --queue-balance 5 ; fail
-A INPUT -j NFQUEUE --queue-balance 0:65534 ; ok ; =
-A INPUT -j NFQUEUE --queue-balance 1:65535 ; ok ; =
-A INPUT -j NFQUEUE --queue-balance 0:65535 ; fail
-A INPUT -j NFQUEUE --queue-balance : ; fail
-A INPUT -j NFQUEUE --queue-balance 0:5 --queue-cpu-fanout --queue-bypass ; ok ; -A INPUT -j NFQUEUE --queue-balance 0:5 --queue-bypass --queue-cpu-fanout
-A INPUT -j NFQUEUE --queue-num 5 --queue-bypass ; ok ; =
-A INPUT -j NFQUEUE --queue-cpu-fanout ; fail
-A INPUT -j NFQUEUE --queue-bypass ; ok ; -A INPUT -j NFQUEUE --queue-num 0 --queue-bypass

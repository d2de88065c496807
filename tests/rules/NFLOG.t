# NFLOG: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -j NFLOG ; ok ; =
-A INPUT -j NFLOG --nflog-group 5 --nflog-prefix "foo bar" --nflog-range 100 --nflog-threshold 3 ; ok ; -A INPUT -j NFLOG --nflog-prefix "foo bar" --nflog-group 5 --nflog-range 100 --nflog-threshold 3
-A INPUT -j NFLOG --nflog-prefix foo ; ok ; =
-A INPUT -j NFLOG --nflog-size 100 ; ok ; =
-A INPUT -j NFLOG --nflog-size 0 ; ok ; =
-A INPUT -j NFLOG --nflog-size 100 --nflog-range 5 ; fail
-A INPUT -j NFLOG --nflog-group 0 ; ok ; -A INPUT -j NFLOG
-A INPUT -j NFLOG --nflog-group 65536 ; fail
-A INPUT -j NFLOG --nflog-threshold 0 ; ok ; -A INPUT -j NFLOG
-A INPUT -j NFLOG --nflog-threshold 1 ; ok ; =
-A INPUT -j NFLOG --nflog-prefix "" ; fail

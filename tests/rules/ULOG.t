# ULOG: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter keepstate-only
-A INPUT -j ULOG ; ok ; =
-A INPUT -j ULOG --ulog-nlgroup 1 ; ok ; -A INPUT -j ULOG
-A INPUT -j ULOG --ulog-nlgroup 32 --ulog-prefix "foo bar" --ulog-cprange 100 --ulog-qthreshold 10 ; ok ; -A INPUT -j ULOG --ulog-prefix "foo bar" --ulog-nlgroup 32 --ulog-cprange 100 --ulog-qthreshold 10
-A INPUT -j ULOG --ulog-nlgroup 33 ; fail
-A INPUT -j ULOG --ulog-nlgroup 0 ; fail
-A INPUT -j ULOG --ulog-prefix 123456789012345678901234567890123 ; ok ; -A INPUT -j ULOG --ulog-prefix 1234567890123456789012345678901
-A INPUT -j ULOG --ulog-prefix "" ; fail
-A INPUT -j ULOG --ulog-qthreshold 51 ; fail
-A INPUT -j ULOG --ulog-qthreshold 50 ; ok ; =
-A INPUT -j ULOG --ulog-qthreshold 0 ; fail
-A INPUT -j ULOG --ulog-qthreshold 1 ; ok ; -A INPUT -j ULOG
-A INPUT -j ULOG --ulog-cprange 0 ; ok ; -A INPUT -j ULOG
-A INPUT -j ULOG --ulog-cprange -1 ; fail
@ip6 filter keepstate-only
-A INPUT -j ULOG ; fail

# TRACE: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -j TRACE ; fail
@ip4 raw
-A PREROUTING -j TRACE ; ok ; =

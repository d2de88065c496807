# connmark_match: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m connmark --mark 1 ; ok ; -A INPUT -m connmark --mark 0x1
-A INPUT -m connmark ! --mark 0x10/0xff ; ok ; =
-A INPUT -m connmark ; fail

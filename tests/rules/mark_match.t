# mark_match: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m mark --mark 0x10 ; ok ; =
-A INPUT -m mark --mark 010 ; ok ; -A INPUT -m mark --mark 0x8
-A INPUT -m mark ! --mark 1/0xff ; ok ; -A INPUT -m mark ! --mark 0x1/0xff
-A INPUT -m mark --mark 1/1 ; ok ; -A INPUT -m mark --mark 0x1/0x1
-A INPUT -m mark --mark 1/0xffffffff ; ok ; -A INPUT -m mark --mark 0x1
-A INPUT -m mark --mark 0xff/0x0f ; ok ; -A INPUT -m mark --mark 0xff/0xf
-A INPUT -m mark --mark 1/ ; fail
-A INPUT -m mark --mark 1/-1 ; fail
-A INPUT -m mark --mark 1 --mark 2 ; fail

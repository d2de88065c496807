# MARK: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -j MARK --set-mark 1 ; ok ; -A INPUT -j MARK --set-xmark 0x1/0xffffffff
@ip4 mangle
-A INPUT -j MARK --set-mark 1 ; ok ; -A INPUT -j MARK --set-xmark 0x1/0xffffffff
-A INPUT -j MARK --set-mark 0x1/0xff ; ok ; -A INPUT -j MARK --set-xmark 0x1/0xff
-A INPUT -j MARK --set-xmark 0x1/0xff ; ok ; =
-A INPUT -j MARK --set-xmark 1 ; ok ; -A INPUT -j MARK --set-xmark 0x1/0xffffffff
-A INPUT -j MARK --and-mark 0xff ; ok ; -A INPUT -j MARK --set-xmark 0x0/0xffffff00
-A INPUT -j MARK --or-mark 0xff ; ok ; -A INPUT -j MARK --set-xmark 0xff/0xff
-A INPUT -j MARK --xor-mark 0xff ; ok ; -A INPUT -j MARK --set-xmark 0xff/0x0
-A INPUT -j MARK ; fail
-A INPUT -j MARK --set-mark 1 --or-mark 1 ; fail

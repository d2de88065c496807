# physdev: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m physdev ; fail
-A INPUT -m physdev --physdev-in lo ; ok ; =
-A INPUT -m physdev ! --physdev-in lo ; ok ; =
-A INPUT -m physdev --physdev-in eth+ ; ok ; =
-A INPUT -m physdev --physdev-in + ; ok ; =
-A INPUT -m physdev --physdev-in abcdefghijklmno ; ok ; =
-A INPUT -m physdev --physdev-in abcdefghijklmnop ; fail
-A INPUT -m physdev --physdev-is-in --physdev-in lo ; ok ; =
-A INPUT -m physdev --physdev-is-in ; ok ; =
-A INPUT -m physdev ! --physdev-is-in ; ok ; =
-A INPUT -m physdev --physdev-is-bridged ; ok ; =
-A INPUT -m physdev ! --physdev-is-bridged ; ok ; =
-A INPUT -m physdev --physdev-is-out ; ok ; =
-A INPUT -m physdev --physdev-out lo ; ok ; =
-A FORWARD -m physdev --physdev-in lo --physdev-is-bridged ; ok ; =
-A FORWARD -m physdev --physdev-out lo --physdev-is-bridged ; ok ; =
-A FORWARD -m physdev --physdev-out lo ; ok ; =
-A FORWARD -m physdev --physdev-is-out ; ok ; =
-A FORWARD -m physdev ! --physdev-is-out ; ok ; =
-A FORWARD -m physdev --physdev-is-out --physdev-out lo ; ok ; =
-A FORWARD -m physdev --physdev-is-out --physdev-is-bridged ; ok ; =
-A FORWARD -m physdev --physdev-is-in --physdev-is-bridged ; ok ; =
-A FORWARD -m physdev --physdev-is-in --physdev-is-out ; ok ; =
-A FORWARD -m physdev --physdev-in lo --physdev-in lo ; fail
-A FORWARD -m physdev --physdev-in lo ! --physdev-out eth0 ; ok ; =
-A FORWARD -m physdev ! --physdev-in lo ! --physdev-out eth0 ! --physdev-is-bridged ! --physdev-is-in ! --physdev-is-out ; ok ; -A FORWARD -m physdev ! --physdev-is-in ! --physdev-in lo ! --physdev-is-out ! --physdev-out eth0 ! --physdev-is-bridged
-A OUTPUT -m physdev --physdev-out lo ; fail
-A OUTPUT -m physdev --physdev-in lo ; ok ; =
-A OUTPUT -m physdev --physdev-is-out --physdev-out lo ; fail
-A OUTPUT -m physdev --physdev-out lo --physdev-is-bridged ; ok ; =
-A OUTPUT -m physdev --physdev-is-bridged ; ok ; =
-A OUTPUT -m physdev --physdev-is-in ; ok ; =
-A OUTPUT -m physdev --physdev-is-out ; fail
-A OUTPUT -m physdev ! --physdev-is-out ; fail
@ip4 mangle
-A POSTROUTING -m physdev --physdev-out lo --physdev-is-bridged ; ok ; =
-A POSTROUTING -m physdev --physdev-out lo ; ok ; =
-A PREROUTING -m physdev --physdev-out lo ; ok ; =
-A PREROUTING -m physdev --physdev-in lo ; ok ; =
-A POSTROUTING -m physdev --physdev-in lo ; ok ; =
-A PREROUTING -m physdev --physdev-is-out ; ok ; =
-A POSTROUTING -m physdev --physdev-is-in ; ok ; =
@ip6 filter
-A INPUT -m physdev --physdev-in lo ; ok ; =
@ip4 filter print-loses
-A INPUT -m physdev --physdev-in "" ; ok ; -A INPUT -m physdev --physdev-in 
-A INPUT -m physdev --physdev-in "a b" ; ok ; -A INPUT -m physdev --physdev-in a b

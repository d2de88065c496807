# SET: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@before ipset -exist create sfoo hash:ip
@before ipset -exist create stwo hash:ip,port timeout 5
@before ipset -exist create skb hash:ip skbinfo
@before ipset -exist create slst list:set
@ip4 mangle
-A INPUT -j SET ; fail
-A INPUT -j SET --add-set sfoo ; fail
-A INPUT -j SET --add-set sfoo src ; ok ; =
-A INPUT -j SET --add-set sfoo src --exist ; ok ; =
-A INPUT -j SET --add-set sfoo src --timeout 5 ; ok ; =
-A INPUT -j SET --add-set sfoo src --exist --timeout 5 ; ok ; =
-A INPUT -j SET --add-set sfoo src --timeout 5 --exist ; ok ; -A INPUT -j SET --add-set sfoo src --exist --timeout 5
-A INPUT -j SET --add-set sfoo src --timeout 0 ; ok ; =
-A INPUT -j SET --add-set sfoo src --timeout 2147483 ; ok ; =
-A INPUT -j SET --add-set sfoo src --timeout 4294967 ; ok ; =
-A INPUT -j SET --add-set sfoo src --timeout 4294968 ; ok ; =
-A INPUT -j SET --add-set sfoo src --timeout 4294967294 ; ok ; =
-A INPUT -j SET --add-set sfoo src --timeout 4294967295 ; fail
-A INPUT -j SET --add-set sfoo src --timeout x ; fail
-A INPUT -j SET --del-set sfoo src ; ok ; =
-A INPUT -j SET --del-set sfoo src --timeout 5 ; fail
-A INPUT -j SET --del-set sfoo src --exist ; fail
-A INPUT -j SET --add-set sfoo src --del-set stwo src,dst ; ok ; =
-A INPUT -j SET --del-set stwo src,dst --add-set sfoo src ; ok ; -A INPUT -j SET --add-set sfoo src --del-set stwo src,dst
-A INPUT -j SET --add-set sfoo src --add-set stwo src,dst ; fail
-A INPUT -j SET --map-set skb src ; fail
-A INPUT -j SET --map-set skb src --map-mark ; ok ; =
-A INPUT -j SET --map-set skb src --map-mark --map-prio ; fail
-A POSTROUTING -j SET --map-set skb src --map-mark --map-prio ; ok ; =
-A POSTROUTING -j SET --map-set skb src --map-prio --map-queue --map-mark ; ok ; -A POSTROUTING -j SET --map-set skb src --map-mark --map-prio --map-queue
-A FORWARD -j SET --map-set skb src --map-prio ; ok ; =
-A OUTPUT -j SET --map-set skb src --map-queue ; ok ; =
-A PREROUTING -j SET --map-set skb src --map-prio ; fail
-A PREROUTING -j SET --map-set skb src --map-mark ; ok ; =
-A PREROUTING -j SET --map-set sfoo src --map-mark ; ok ; =
-A INPUT -j SET --map-mark ; fail
-A INPUT -j SET --add-set sfoo src --map-mark ; fail
-A INPUT -j SET --add-set sfoo src --map-set skb src --map-mark ; ok ; =
-A INPUT -j SET --exist ; fail
-A INPUT -j SET --add-set sfoo src,dst,src,dst,src,dst ; ok ; =
-A INPUT -j SET --add-set sfoo src,dst,src,dst,src,dst,src ; fail
-A INPUT -j SET --add-set sfoo x ; fail
-A INPUT -j SET --add-set slst src ; ok ; =
-A INPUT -j SET ! --add-set sfoo src ; ok ; -A INPUT -j SET --add-set sfoo src
-A INPUT -j SET --add-set sfoo src --add-set sfoo src ; fail
-A INPUT -j SET --add-set sfoo src --exist --exist ; ok ; -A INPUT -j SET --add-set sfoo src --exist
-A INPUT -j SET --map-set skb src --map-mark --timeout 5 ; fail
-A INPUT -j SET --map-set skb src --exist --map-mark ; fail
-A uc -j SET --map-set skb src --map-prio ; ok ; =
@ip4 filter
-A FORWARD -j SET --map-set skb src --map-mark ; fail
-A FORWARD -j SET --add-set sfoo src ; ok ; =
@ip4 nat
-A POSTROUTING -j SET --add-set stwo src,dst ; ok ; =

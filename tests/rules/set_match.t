# set: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@before ipset -exist create foo hash:ip
@before ipset -exist create two hash:ip,port
@before ipset -exist create three hash:ip,port,net
@before ipset -exist create lst list:set
@before ipset -exist create nn hash:net
@before ipset -exist create cnt hash:ip counters
@before ipset -exist create "a.b" hash:ip
@before ipset -exist create six hash:ip family inet6
@before ipset -exist create abcdefghijklmnopqrstuvwxyzabcde hash:ip
@ip4 filter
-A INPUT -m set ; fail
-A INPUT -m set --match-set ; fail
-A INPUT -m set --match-set foo ; fail
-A INPUT -m set --match-set foo src ; ok ; =
-A INPUT -m set --match-set foo dst ; ok ; =
-A INPUT -m set ! --match-set foo src ; ok ; =
-A INPUT -m set --match-set foo src,dst ; ok ; =
-A INPUT -m set --match-set two src,dst ; ok ; =
-A INPUT -m set --match-set two dst,src ; ok ; =
-A INPUT -m set --match-set two src ; ok ; =
-A INPUT -m set --match-set three src,dst,src ; ok ; =
-A INPUT -m set --match-set three src,src,src,src,src,src ; ok ; =
-A INPUT -m set --match-set three src,src,src,src,src,src,src ; fail
-A INPUT -m set --match-set foo SRC ; fail
-A INPUT -m set --match-set foo both ; fail
-A INPUT -m set --match-set foo src, ; fail
-A INPUT -m set --match-set foo ,src ; fail
-A INPUT -m set --match-set foo src,,dst ; fail
-A INPUT -m set --match-set foo "" ; fail
-A INPUT -m set --match-set lst src ; ok ; =
-A INPUT -m set --match-set a.b src ; ok ; =
-A INPUT -m set --match-set abcdefghijklmnopqrstuvwxyzabcde src ; ok ; =
-A INPUT -m set --match-set abcdefghijklmnopqrstuvwxyzabcdef src ; fail
-A INPUT -m set --set foo src ; ok ; -A INPUT -m set --match-set foo src
-A INPUT -m set --match-set foo src --match-set foo dst ; fail
-A INPUT -m set --match-set nn src --return-nomatch ; ok ; =
-A INPUT -m set --match-set foo src --return-nomatch ; ok ; =
-A INPUT -m set --match-set foo src ! --return-nomatch ; fail
-A INPUT -m set --match-set foo src ! --update-counters ; ok ; =
-A INPUT -m set --match-set foo src --update-counters ; ok ; -A INPUT -m set --match-set foo src
-A INPUT -m set --match-set foo src ! --update-subcounters ; ok ; =
-A INPUT -m set --match-set foo src --update-subcounters ; ok ; -A INPUT -m set --match-set foo src
-A INPUT -m set --match-set cnt src --packets-eq 5 ; ok ; =
-A INPUT -m set --match-set cnt src ! --packets-eq 5 ; ok ; =
-A INPUT -m set --match-set cnt src --packets-lt 5 ; ok ; =
-A INPUT -m set --match-set cnt src ! --packets-lt 5 ; fail
-A INPUT -m set --match-set cnt src --packets-gt 5 ; ok ; =
-A INPUT -m set --match-set cnt src --bytes-eq 5 ; ok ; =
-A INPUT -m set --match-set cnt src ! --bytes-eq 5 ; ok ; =
-A INPUT -m set --match-set cnt src --bytes-lt 5 ; ok ; =
-A INPUT -m set --match-set cnt src --bytes-gt 5 ; ok ; =
-A INPUT -m set --match-set cnt src --bytes-gt 0x10 ; ok ; -A INPUT -m set --match-set cnt src --bytes-gt 16
-A INPUT -m set --match-set cnt src --bytes-gt 18446744073709551615 ; ok ; =
-A INPUT -m set --match-set cnt src --bytes-gt 18446744073709551616 ; fail
-A INPUT -m set --match-set cnt src --bytes-gt x ; fail
-A INPUT -m set --match-set cnt src --packets-eq 0 ; ok ; =
-A INPUT -m set --match-set cnt src --packets-gt 5 --packets-lt 6 ; fail
-A INPUT -m set --match-set cnt src --packets-gt 5 --bytes-lt 6 ; ok ; =
-A INPUT -m set --match-set cnt src --packets-gt 5 --packets-gt 6 ; fail
-A INPUT -m set --match-set cnt src ! --update-counters --packets-gt 5 ; ok ; =
-A INPUT -m set --match-set cnt src ! --update-counters ! --update-subcounters --return-nomatch --packets-gt 5 --bytes-eq 3 ; ok ; -A INPUT -m set --match-set cnt src --return-nomatch ! --update-counters ! --update-subcounters --packets-gt 5 --bytes-eq 3
-A INPUT -m set --packets-gt 5 --match-set cnt src ; ok ; -A INPUT -m set --match-set cnt src --packets-gt 5
-A INPUT -m set --return-nomatch ; fail
-A INPUT -m set --match-set cnt src --return-nomatch --return-nomatch ; ok ; -A INPUT -m set --match-set cnt src --return-nomatch
-A INPUT -m set --match-set "" src ; fail
-A INPUT -m set --match-set foo src -m set --match-set two dst,dst ; ok ; =
@ip6 filter
-A INPUT -m set --match-set six src ; ok ; =
@ip6 raw
-A OUTPUT -m set ! --match-set six dst ; ok ; =
@ip4 nat
-A POSTROUTING -m set --match-set foo src ; ok ; =

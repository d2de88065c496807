# TCPOPTSTRIP: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A FORWARD -p tcp -j TCPOPTSTRIP ; ok ; =
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 2,3,4,5,6,7 ; ok ; =
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options wscale,mss,sack-permitted,sack,timestamp,md5 ; ok ; -A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 2,3,4,5,8,19
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options mss ; ok ; -A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 2
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options timestamps ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options mss,,sack ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options mss, ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 255,254 ; ok ; -A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 254,255
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 256 ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 0x8 ; ok ; -A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 8
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options MSS ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 0 ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 1 ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 1,2 ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 8,8 ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 8,timestamp ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 8 --strip-options 9 ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options "" ; fail
-A FORWARD -p tcp -j TCPOPTSTRIP ! --strip-options 8 ; fail
-A FORWARD -p udp -j TCPOPTSTRIP --strip-options 8 ; fail
-A FORWARD ! -p tcp -j TCPOPTSTRIP --strip-options 8 ; fail
-A FORWARD -j TCPOPTSTRIP --strip-options 8 ; fail
-A PREROUTING -p tcp -j TCPOPTSTRIP --strip-options 8 ; ok ; =
-A POSTROUTING -p tcp -j TCPOPTSTRIP --strip-options 8 ; ok ; =
@ip4 filter
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 8 ; fail
@ip6 mangle
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 8,19 ; ok ; =
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options sack,sack-permitted ; ok ; -A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 4,5
-A FORWARD -j TCPOPTSTRIP ; fail

# icmp6: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -p icmpv6 -m icmp6 --icmpv6-type 8 ; fail
@ip6 filter
-A INPUT -p icmpv6 --icmpv6-type echo-request ; ok ; -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128
-A INPUT -p ipv6-icmp --icmpv6-type 128 ; ok ; -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128
-A INPUT -p icmpv6 -m icmp6 --icmpv6-type 1/0 ; ok ; -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 1/0
-A INPUT -p icmpv6 -m icmp6 --icmpv6-type 2/0:255 ; ok ; -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 2
-A INPUT -p icmpv6 -m icmpv6 --icmpv6-type 128 ; ok ; -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128
-A INPUT -p icmpv6 --icmpv6-type any ; fail
-A INPUT -p icmpv6 --icmpv6-type 255 ; ok ; -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 255
-A INPUT -p icmpv6 ! --icmpv6-type redirect ; ok ; -A INPUT -p ipv6-icmp -m icmp6 ! --icmpv6-type 137
-A INPUT -p icmpv6 --icmpv6-type neighbour-solicitation ; ok ; -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135
-A INPUT -p icmpv6 --icmpv6-type neighbor ; fail
-A INPUT -p 58 --icmpv6-type 1 ; ok ; -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 1
-A INPUT -p icmpv6 -m icmp6 ; fail
@ip6 filter
-A INPUT -p icmpv6 -m icmp6 ! --icmpv6-type pong ; ok ; -A INPUT -p ipv6-icmp -m icmp6 ! --icmpv6-type 129
-A INPUT -p icmpv6 -m ipv6-icmp --icmpv6-type 3 ; ok ; -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 3
-A INPUT -p 58 --icmpv6-type 3 ; ok ; -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 3

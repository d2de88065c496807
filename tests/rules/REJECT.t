# REJECT: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -j REJECT ; ok ; -A INPUT -j REJECT --reject-with icmp-port-unreachable
-A INPUT -j REJECT --reject-with icmp-net-unreachable ; ok ; =
-A INPUT -j REJECT --reject-with net-unreach ; ok ; -A INPUT -j REJECT --reject-with icmp-net-unreachable
-A INPUT -j REJECT --reject-with port-unreach ; ok ; -A INPUT -j REJECT --reject-with icmp-port-unreachable
-A INPUT -j REJECT --reject-with host-prohib ; ok ; -A INPUT -j REJECT --reject-with icmp-host-prohibited
-A INPUT -j REJECT --reject-with admin-prohib ; ok ; -A INPUT -j REJECT --reject-with icmp-admin-prohibited
-A INPUT -j REJECT --reject-with ADMIN ; ok ; -A INPUT -j REJECT --reject-with icmp-admin-prohibited
-A INPUT -j REJECT --reject-with icmp- ; ok ; -A INPUT -j REJECT --reject-with icmp-net-unreachable
-A INPUT -j REJECT --reject-with tcp-reset ; fail
-A INPUT -p tcp -j REJECT --reject-with tcp-rst ; ok ; -A INPUT -p tcp -j REJECT --reject-with tcp-reset
-A INPUT -p tcp -j REJECT --reject-with tcp ; ok ; -A INPUT -p tcp -j REJECT --reject-with tcp-reset
-A INPUT ! -p tcp -j REJECT --reject-with tcp-reset ; fail
-A INPUT -p udp -j REJECT --reject-with tcp-reset ; fail
-A INPUT -j REJECT --reject-with echo-reply ; fail
-A INPUT -j REJECT --reject-with proto-unreach ; ok ; -A INPUT -j REJECT --reject-with icmp-proto-unreachable
-A INPUT -j REJECT --reject-with net-prohib ; ok ; -A INPUT -j REJECT --reject-with icmp-net-prohibited
-A INPUT -j REJECT --reject-with icmp-proto-unreachable ; ok ; =
-A INPUT -j REJECT --reject-with foo ; fail
-A INPUT -j REJECT --reject-with icmp-admin-prohibited --reject-with icmp-net-prohibited ; fail
@ip4 mangle
-A INPUT -j REJECT ; fail
@ip4 raw
-A PREROUTING -j REJECT ; fail
@ip6 filter
-A INPUT -j REJECT ; ok ; -A INPUT -j REJECT --reject-with icmp6-port-unreachable
-A INPUT -j REJECT --reject-with icmp-port-unreachable ; fail
-A INPUT -j REJECT --reject-with icmp6-adm ; ok ; -A INPUT -j REJECT --reject-with icmp6-adm-prohibited
-A INPUT -j REJECT --reject-with port-unreach ; ok ; -A INPUT -j REJECT --reject-with icmp6-port-unreachable
-A INPUT -j REJECT --reject-with ADM-prohibited ; ok ; -A INPUT -j REJECT --reject-with icmp6-adm-prohibited
-A INPUT -j REJECT --reject-with tcp-reset ; fail
-A INPUT -p tcp -j REJECT --reject-with tcp-reset ; ok ; =
-A INPUT -p tcp -j REJECT --reject-with policy-fail ; ok ; -A INPUT -p tcp -j REJECT --reject-with icmp6-policy-fail
-A INPUT -p tcp -j REJECT --reject-with no-route ; ok ; -A INPUT -p tcp -j REJECT --reject-with icmp6-no-route
-A INPUT -p tcp -j REJECT --reject-with icmp6 ; ok ; -A INPUT -p tcp -j REJECT --reject-with icmp6-no-route

# connlimit: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m connlimit ; fail
-A INPUT -m connlimit --connlimit-upto 0 ; ok ; -A INPUT -m connlimit --connlimit-upto 0 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit --connlimit-upto 5 ; ok ; -A INPUT -m connlimit --connlimit-upto 5 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit ! --connlimit-upto 5 ; ok ; -A INPUT -m connlimit --connlimit-above 5 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 5 ; ok ; -A INPUT -m connlimit --connlimit-above 5 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit ! --connlimit-above 5 ; ok ; -A INPUT -m connlimit --connlimit-upto 5 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit --connlimit-upto 4294967295 ; ok ; -A INPUT -m connlimit --connlimit-upto 4294967295 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit --connlimit-upto 4294967296 ; fail
-A INPUT -m connlimit --connlimit-above 4294967296 ; fail
-A INPUT -m connlimit --connlimit-above -1 ; fail
-A INPUT -m connlimit --connlimit-above x ; fail
-A INPUT -m connlimit --connlimit-upto 1 --connlimit-above 1 ; fail
-A INPUT -m connlimit --connlimit-above 10 --connlimit-saddr ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-daddr ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 32 --connlimit-daddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-saddr --connlimit-daddr ; fail
-A INPUT -m connlimit --connlimit-above 10 --connlimit-daddr --connlimit-saddr ; fail
-A INPUT -m connlimit --connlimit-daddr ; fail
-A INPUT -m connlimit --connlimit-mask 24 ; fail
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 24 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 24 --connlimit-saddr
-A INPUT -m connlimit --connlimit-mask 24 --connlimit-above 10 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 24 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 0 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 0 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 32 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 33 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 255.255.255.0 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 24 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 255.0.255.0 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask x ; fail
-A INPUT -m connlimit --connlimit-above 10 ! --connlimit-mask 24 ; fail
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 24 --connlimit-mask 24 ; fail
-A INPUT -p tcp --syn --dport 80 -m connlimit --connlimit-above 16 --connlimit-mask 24 -j REJECT ; ok ; -A INPUT -p tcp -m tcp --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN -m connlimit --connlimit-above 16 --connlimit-mask 24 --connlimit-saddr -j REJECT --reject-with icmp-port-unreachable
-A INPUT -m connlimit --connlimit-above 10 -m connlimit --connlimit-upto 20 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 32 --connlimit-saddr -m connlimit --connlimit-upto 20 --connlimit-mask 32 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 0x10 ; ok ; -A INPUT -m connlimit --connlimit-above 16 --connlimit-mask 32 --connlimit-saddr
@ip6 filter
-A INPUT -m connlimit --connlimit-upto 5 ; ok ; -A INPUT -m connlimit --connlimit-upto 5 --connlimit-mask 128 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 5 --connlimit-daddr ; ok ; -A INPUT -m connlimit --connlimit-above 5 --connlimit-mask 128 --connlimit-daddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 64 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 64 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 128 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 128 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 129 ; fail
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 0 ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 0 --connlimit-saddr
-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask ffff:: ; ok ; -A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 16 --connlimit-saddr
@ip4 raw
-A PREROUTING -m connlimit --connlimit-above 10 ; ok ; -A PREROUTING -m connlimit --connlimit-above 10 --connlimit-mask 32 --connlimit-saddr
@ip4 nat
-A PREROUTING -m connlimit --connlimit-above 10 ; ok ; -A PREROUTING -m connlimit --connlimit-above 10 --connlimit-mask 32 --connlimit-saddr

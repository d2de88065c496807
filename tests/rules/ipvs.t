# ipvs: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
# What stands here is what the real tool reads and lists of such a rule; a kernel without the module refuses them all.
@ip4 filter keepstate-only
-A INPUT -m ipvs --ipvs ; ok ; =
-A INPUT -m ipvs ! --ipvs ; ok ; =
-A INPUT -m ipvs --vproto tcp ; ok ; -A INPUT -m ipvs --vproto 6
-A INPUT -m ipvs ! --vproto 23 ; ok ; =
-A INPUT -m ipvs ! --vproto udp --vaddr 10.0.0.1/24 ! --vport http --vdir ORIGINAL ! --vmethod MASQ --vportctl 21 --ipvs ; ok ; -A INPUT -m ipvs ! --vproto 17 --vaddr 10.0.0.1/24 ! --vport 80 --vdir ORIGINAL ! --vmethod MASQ --vportctl 21
-A INPUT -m ipvs --vaddr 10.0.0.1 ; ok ; =
-A INPUT -m ipvs --vaddr 10.0.0.0/255.255.255.0 ; ok ; -A INPUT -m ipvs --vaddr 10.0.0.0/24
-A INPUT -m ipvs --vaddr 10.0.0.5/33 ; ok ; -A INPUT -m ipvs --vaddr 10.0.0.5
-A INPUT -m ipvs --vport 70000 ; ok ; -A INPUT -m ipvs --vport 4464
-A INPUT -m ipvs --vdir original ; ok ; -A INPUT -m ipvs --vdir ORIGINAL
-A INPUT -m ipvs --ipvs --vdir REPLY ; ok ; -A INPUT -m ipvs --vdir REPLY
-A INPUT -m ipvs --vmethod gate ; ok ; -A INPUT -m ipvs --vmethod GATE
-A INPUT -m ipvs ! --vmethod IPIP ; ok ; =
-A INPUT -m ipvs ! --vportctl 21 ; ok ; =
-A INPUT -m ipvs ; fail
-A INPUT -m ipvs --vport foo ; fail
-A INPUT -m ipvs --vdir orig ; fail
-A INPUT -m ipvs ! --vdir REPLY ; fail
-A INPUT -m ipvs --vaddr foo ; fail
-A INPUT -m ipvs --vproto foo ; fail
-A INPUT -m ipvs --vproto 300 ; fail
-A INPUT -m ipvs --vmethod TUN ; fail
-A INPUT -m ipvs --vport 1 --vport 2 ; fail
-A INPUT -m ipvs --vportctl x ; fail
@ip6 filter keepstate-only
-A INPUT -m ipvs --vaddr 2001:db8::/32 ; ok ; =
-A INPUT -m ipvs --vaddr ::1 ; ok ; =
-A INPUT -m ipvs ! --vaddr ::1/64 ; ok ; =
-A INPUT -m ipvs --vaddr 10.0.0.1 ; fail

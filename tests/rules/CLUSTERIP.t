# CLUSTERIP: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter keepstate-only
-A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --new --hashmode sourceip --clustermac 01:02:03:04:05:06 --total-nodes 2 --local-node 1 ; ok ; -A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --new --hashmode sourceip --clustermac 01:02:03:04:05:06 --total-nodes 2 --local-node 1 --hash-init 0
-A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --new --hashmode sourceip-sourceport-destport --clustermac b:02:03:04:AB:06 --total-nodes 16 --local-node 16 --hash-init 0x10 ; ok ; -A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --new --hashmode sourceip-sourceport-destport --clustermac 0B:02:03:04:AB:06 --total-nodes 16 --local-node 16 --hash-init 16
-A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP ; ok ; =
-A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --new ; fail
-A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --hashmode sourceip ; fail
-A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --new --hashmode sourceip --clustermac 01:02:03:04:05:06 --total-nodes 2 ; fail
-A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --new --hashmode sourceip --clustermac 01:02:03:04:05:06 --total-nodes 17 --local-node 1 ; fail
-A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --new --hashmode sourceip --clustermac 02:02:03:04:05:06 --total-nodes 2 --local-node 1 ; fail
-A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --new --hashmode sourceip --clustermac 01:02:03:04:05 --total-nodes 2 --local-node 1 ; fail
-A INPUT -d 1.2.3.4/32 -i lo -j CLUSTERIP --new --hashmode foo --clustermac 01:02:03:04:05:06 --total-nodes 2 --local-node 1 ; fail
-A INPUT -d 1.2.3.4/32 -j CLUSTERIP --new --hashmode sourceip --clustermac 01:02:03:04:05:06 --total-nodes 2 --local-node 1 ; fail
-A INPUT -i lo -j CLUSTERIP --new --hashmode sourceip --clustermac 01:02:03:04:05:06 --total-nodes 2 --local-node 1 ; fail
-A INPUT -d 1.2.3.0/24 -i lo -j CLUSTERIP ; fail
@ip6 filter keepstate-only
-A INPUT -j CLUSTERIP ; fail

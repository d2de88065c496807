# cluster: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A PREROUTING -m cluster ; fail
-A PREROUTING -m cluster --cluster-total-nodes 3 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 2 --cluster-local-node 2 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 2 --cluster-local-node 3 --cluster-hash-seed ; fail
-A PREROUTING -m cluster --cluster-total-nodes 2 --cluster-local-node 2 --cluster-hash-seed 0xfeedcafe ; ok ; -A PREROUTING -m cluster --cluster-local-nodemask 0x00000002 --cluster-total-nodes 2 --cluster-hash-seed 0xfeedcafe
-A PREROUTING -m cluster --cluster-total-nodes 2 --cluster-local-node 3 --cluster-hash-seed 0xfeedcafe ; fail
-A PREROUTING -m cluster --cluster-total-nodes 2 ! --cluster-local-node 2 --cluster-hash-seed 0xfeedcafe ; ok ; -A PREROUTING -m cluster ! --cluster-local-nodemask 0x00000002 --cluster-total-nodes 2 --cluster-hash-seed 0xfeedcafe
-A PREROUTING -m cluster --cluster-local-node 2 --cluster-total-nodes 2 --cluster-hash-seed 0xfeedcafe ; ok ; -A PREROUTING -m cluster --cluster-local-nodemask 0x00000002 --cluster-total-nodes 2 --cluster-hash-seed 0xfeedcafe
-A PREROUTING -m cluster --cluster-total-nodes 32 --cluster-local-node 32 --cluster-hash-seed 1 ; ok ; -A PREROUTING -m cluster --cluster-local-nodemask 0x80000000 --cluster-total-nodes 32 --cluster-hash-seed 0x00000001
-A PREROUTING -m cluster --cluster-total-nodes 33 --cluster-local-node 32 --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 32 --cluster-local-node 33 --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 0 --cluster-local-node 1 --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 2 --cluster-local-node 0 --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 1 --cluster-local-node 1 --cluster-hash-seed 1 ; ok ; -A PREROUTING -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 1 --cluster-hash-seed 0x00000001
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-local-nodemask 3 --cluster-hash-seed 1 ; ok ; -A PREROUTING -m cluster --cluster-local-nodemask 0x00000003 --cluster-total-nodes 3 --cluster-hash-seed 0x00000001
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-local-nodemask 0x7 --cluster-hash-seed 1 ; ok ; -A PREROUTING -m cluster --cluster-local-nodemask 0x00000007 --cluster-total-nodes 3 --cluster-hash-seed 0x00000001
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-local-nodemask 0x8 --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-local-nodemask 0 --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 3 ! --cluster-local-nodemask 5 --cluster-hash-seed 1 ; ok ; -A PREROUTING -m cluster ! --cluster-local-nodemask 0x00000005 --cluster-total-nodes 3 --cluster-hash-seed 0x00000001
-A PREROUTING -m cluster --cluster-total-nodes 3 ! --cluster-local-nodemask 7 --cluster-hash-seed 1 ; ok ; -A PREROUTING -m cluster ! --cluster-local-nodemask 0x00000007 --cluster-total-nodes 3 --cluster-hash-seed 0x00000001
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-local-node 1 --cluster-local-nodemask 3 --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-local-nodemask 3 --cluster-local-node 1 --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-local-node 1 --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-local-node 1 --cluster-hash-seed 4294967295 ; ok ; -A PREROUTING -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 3 --cluster-hash-seed 0xffffffff
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-local-node 1 --cluster-hash-seed 4294967296 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-local-node 1 --cluster-hash-seed x ; fail
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-local-node 1 ! --cluster-hash-seed 1 ; fail
-A PREROUTING -m cluster --cluster-total-nodes 3 --cluster-total-nodes 3 --cluster-local-node 1 --cluster-hash-seed 1 ; fail
@ip6 mangle
-A PREROUTING -m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 7 ; ok ; -A PREROUTING -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0x00000007
@ip4 filter
-A INPUT -m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 7 ; ok ; -A INPUT -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0x00000007
-A FORWARD -m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 7 ; ok ; -A FORWARD -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0x00000007
@ip4 raw
-A PREROUTING -m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 7 ; ok ; -A PREROUTING -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0x00000007

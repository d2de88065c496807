# cpu: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m cpu ; fail
-A INPUT -m cpu --cpu 0 ; ok ; =
-A INPUT -m cpu ! --cpu 0 ; ok ; =
-A INPUT -m cpu --cpu 4294967295 ; ok ; =
-A INPUT -m cpu --cpu 4294967296 ; fail
-A INPUT -m cpu --cpu 0x3 ; ok ; -A INPUT -m cpu --cpu 3
-A INPUT -m cpu --cpu x ; fail
-A INPUT -m cpu --cpu 1 --cpu 2 ; fail
@ip6 filter
-A INPUT -m cpu --cpu 1 ; ok ; =

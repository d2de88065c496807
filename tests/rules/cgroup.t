# cgroup: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m cgroup ; fail
-A INPUT -m cgroup --cgroup 1 ; ok ; =
-A INPUT -m cgroup ! --cgroup 1 ; ok ; =
-A INPUT -m cgroup --cgroup 0xffffffff ; ok ; -A INPUT -m cgroup --cgroup 4294967295
-A INPUT -m cgroup --cgroup 4294967296 ; fail
-A INPUT -m cgroup --cgroup 1:3 ; fail
-A INPUT -m cgroup --path "/" ; ok ; =
-A INPUT -m cgroup ! --path / ; ok ; -A INPUT -m cgroup ! --path "/"
-A INPUT -m cgroup --path "" ; ok ; =
-A INPUT -m cgroup --cgroup 1 --path "/" ; fail
-A FORWARD -m cgroup --cgroup 1 ; fail
-A OUTPUT -m cgroup --cgroup 1 ; ok ; =
-A OUTPUT -m cgroup --path / ; ok ; -A OUTPUT -m cgroup --path "/"
@ip4 mangle
-A POSTROUTING -m cgroup --path / ; ok ; -A POSTROUTING -m cgroup --path "/"
-A PREROUTING -m cgroup --path / ; fail
-A POSTROUTING -m cgroup --cgroup 1 ; ok ; =
@ip6 filter
-A INPUT -m cgroup --cgroup 1 ; ok ; =
@ip4 filter keepstate-only
-A INPUT -m cgroup --path system.slice/sshd.service ; ok ; -A INPUT -m cgroup --path "system.slice/sshd.service"
-A INPUT -m cgroup ! --path "a b" ; ok ; =

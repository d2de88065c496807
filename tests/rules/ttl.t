# ttl: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m ttl --ttl-eq 5 ; ok ; =
-A INPUT -m ttl --ttl 5 ; ok ; -A INPUT -m ttl --ttl-eq 5
-A INPUT -m ttl ! --ttl-eq 5 ; ok ; =
-A INPUT -m ttl ! --ttl 5 ; ok ; -A INPUT -m ttl ! --ttl-eq 5
-A INPUT -m ttl --ttl-lt 5 ; ok ; =
-A INPUT -m ttl --ttl-gt 5 ; ok ; =
-A INPUT -m ttl ! --ttl-gt 5 ; fail
-A INPUT -m ttl --ttl-gt 5 --ttl-lt 7 ; fail
-A INPUT -m ttl --ttl-gt 256 ; fail
-A INPUT -m ttl ; fail

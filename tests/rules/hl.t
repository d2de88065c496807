# hl: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip6 filter
-A INPUT -m hl --hl-eq 5 ; ok ; =
-A INPUT -m hl ! --hl-eq 5 ; ok ; =
-A INPUT -m hl --hl-lt 5 ; ok ; =
-A INPUT -m hl --hl-gt 255 ; ok ; =
-A INPUT -m hl --hl-gt 5 --hl-lt 6 ; fail
-A INPUT -m hl ; fail
@ip6 filter
-A INPUT -m hl ! --hl 5 ; ok ; -A INPUT -m hl ! --hl-eq 5
-A INPUT -m hl --hl 5 --hl-lt 6 ; fail

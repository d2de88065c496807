# HL: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip6 mangle
-A FORWARD -j HL --hl-set 42 ; ok ; =
-A FORWARD -j HL --hl-set 0 ; ok ; =
-A FORWARD -j HL --hl-set 255 ; ok ; =
-A FORWARD -j HL --hl-set 256 ; fail
-A FORWARD -j HL --hl-inc 1 ; ok ; =
-A FORWARD -j HL --hl-inc 0 ; fail
-A FORWARD -j HL --hl-dec 255 ; ok ; =
-A FORWARD -j HL --hl-dec 256 ; fail
-A FORWARD -j HL --hl-dec 1 --hl-inc 1 ; fail
-A FORWARD -j HL --hl-set 1 --hl-set 1 ; fail
-A FORWARD -j HL ! --hl-set 1 ; fail
-A FORWARD -j HL ; fail
-A PREROUTING -j HL --hl-inc 1 ; ok ; =
-A POSTROUTING -j HL --hl-dec 3 ; ok ; =
@ip6 filter
-A FORWARD -j HL --hl-dec 255 ; fail
@ip4 mangle
-A FORWARD -j HL --hl-set 1 ; fail

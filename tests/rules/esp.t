# esp: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -p esp -m esp --espspi 0 ; ok ; =
-A INPUT -p esp -m esp --espspi :32 ; ok ; -A INPUT -p esp -m esp --espspi 0:32
-A INPUT -p esp --espspi :32 ; ok ; -A INPUT -p esp -m esp --espspi 0:32
-A INPUT -p esp -m esp --espspi 0:4294967295 ; ok ; -A INPUT -p esp -m esp
-A INPUT -p esp -m esp ! --espspi 0:4294967294 ; ok ; =
-A INPUT -p esp -m esp ! --espspi 0:4294967295 ; ok ; -A INPUT -p esp -m esp
-A INPUT -p esp -m esp --espspi -1 ; fail
-A INPUT -p esp -m esp --espspi 4 ; ok ; =
-A INPUT -p esp -m esp ! --espspi 4 ; ok ; =
-A INPUT -p esp -m esp --espspi 4:3 ; ok ; =
-A INPUT -p esp -m esp --espspi 4: ; ok ; -A INPUT -p esp -m esp --espspi 4:4294967295
-A INPUT -p esp -m esp ; ok ; =
-A INPUT -m esp ; fail
-A INPUT ! -p esp -m esp ; fail
-A INPUT -p tcp -m esp ; fail
@ip6 filter
-A INPUT -p esp -m esp --espspi 4 ; ok ; =
-A INPUT -p ipsec-esp --espspi 5 ; fail

# length: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m length --length 100 ; ok ; =
-A INPUT -m length --length 100:200 ; ok ; =
-A INPUT -m length --length :200 ; ok ; -A INPUT -m length --length 0:200
-A INPUT -m length --length 200: ; ok ; -A INPUT -m length --length 200:65535
-A INPUT -m length --length : ; ok ; -A INPUT -m length --length 0:65535
-A INPUT -m length --length 200:100 ; ok ; =
-A INPUT -m length --length 65536 ; fail
-A INPUT -m length ! --length 1 ; ok ; =
-A INPUT -m length ; fail

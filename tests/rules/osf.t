# osf: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -p tcp -m osf --genre Linux ; ok ; =
-A INPUT -p tcp -m osf ; fail
-A INPUT -m osf --genre Linux ; fail
-A INPUT -p udp -m osf --genre Linux ; fail
-A INPUT ! -p tcp -m osf --genre Linux ; fail
-A INPUT -p tcp -m osf ! --genre Linux ; ok ; =
-A INPUT -p tcp -m osf --genre unknown ; ok ; =
-A INPUT -p tcp -m osf --genre abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz ; ok ; -A INPUT -p tcp -m osf --genre abcdefghijklmnopqrstuvwxyzabcde
-A INPUT -p tcp -m osf --genre abcdefghijklmnopqrstuvwxyz12345 ; ok ; =
-A INPUT -p tcp -m osf --genre abcdefghijklmnopqrstuvwxyz123456 ; ok ; -A INPUT -p tcp -m osf --genre abcdefghijklmnopqrstuvwxyz12345
-A INPUT -p tcp -m osf --genre Linux --ttl 0 ; ok ; =
-A INPUT -p tcp -m osf --genre Linux --ttl 2 ; ok ; =
-A INPUT -p tcp -m osf --genre Linux --ttl 3 ; fail
-A INPUT -p tcp -m osf --genre Linux --log 0 ; ok ; =
-A INPUT -p tcp -m osf --genre Linux --log 2 ; ok ; =
-A INPUT -p tcp -m osf --genre Linux --log 3 ; fail
-A INPUT -p tcp -m osf --genre Linux --ttl 1 --log 1 ; ok ; =
-A INPUT -p tcp -m osf --log 1 --ttl 1 ! --genre Linux ; ok ; -A INPUT -p tcp -m osf ! --genre Linux --ttl 1 --log 1
-A INPUT -p tcp -m osf --genre Linux ! --ttl 1 ; fail
-A INPUT -p tcp -m osf --ttl 1 ; fail
-A INPUT -p tcp -m osf --genre Linux --genre Windows ; fail
-A OUTPUT -p tcp -m osf --genre Linux ; fail
-A FORWARD -p tcp -m osf --genre Linux ; ok ; =
@ip6 filter
-A INPUT -p tcp -m osf --genre Linux ; fail
-A OUTPUT -p tcp -m osf --genre Linux ; fail
@ip4 filter print-loses
-A INPUT -p tcp -m osf --genre "" ; ok ; -A INPUT -p tcp -m osf --genre 
-A INPUT -p tcp -m osf --genre "a b" ; ok ; -A INPUT -p tcp -m osf --genre a b

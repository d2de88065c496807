# quota: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m quota ; fail
-A INPUT -m quota --quota 0 ; ok ; =
-A INPUT -m quota ! --quota 0 ; ok ; =
-A INPUT -m quota --quota 1000 ; ok ; =
-A INPUT -m quota ! --quota 1000 ; ok ; =
-A INPUT -m quota --quota 0x100 ; ok ; -A INPUT -m quota --quota 256
-A INPUT -m quota --quota 18446744073709551615 ; ok ; =
-A INPUT -m quota --quota 18446744073709551616 ; fail
-A INPUT -m quota --quota -1 ; fail
-A INPUT -m quota --quota 10k ; fail
-A INPUT -m quota --quota 1 --quota 2 ; fail
-A INPUT -m quota --quota 010 ; ok ; -A INPUT -m quota --quota 8
-A INPUT -m quota --quota " 5" ; ok ; -A INPUT -m quota --quota 5
@ip6 raw
-A OUTPUT -m quota --quota 5 ; ok ; =

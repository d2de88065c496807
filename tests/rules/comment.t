# comment: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m comment --comment x -p tcp --dport 80 -m state --state NEW -j ACCEPT ; ok ; -A INPUT -p tcp -m comment --comment x -m tcp --dport 80 -m state --state NEW -j ACCEPT
-A INPUT -j uc -m comment --comment hi ; ok ; -A INPUT -m comment --comment hi -j uc
-A INPUT -m comment --comment "" ; ok ; =
-A INPUT -m comment --comment foo ; ok ; =
-A INPUT -m comment --comment foo.bar ; ok ; -A INPUT -m comment --comment "foo.bar"
-A INPUT -m comment --comment "it's \"q\" \\ x" ; ok ; -A INPUT -m comment --comment "it\'s \"q\" \\ x"
-A INPUT -m comment ! --comment foo ; fail
-A INPUT -m comment --comment a --comment b ; fail
-A INPUT -m comment --comment a,b ; ok ; -A INPUT -m comment --comment "a,b"
-A INPUT -m comment --comment a-b_c ; ok ; =
-A INPUT -p tcp -m comment --c x ; fail
-A INPUT -m comment --comm x ; ok ; -A INPUT -m comment --comment x
-A INPUT -m comment --comment "a\\b" -m comment --comment 'single quote' ; fail
-A INPUT -m comment --comment 'single' ; ok ; -A INPUT -m comment --comment "\'single\'"
-A INPUT -m comment --comment a"b c"d ; fail
-A INPUT -m comment --comment é ; ok ; -A INPUT -m comment --comment "é"

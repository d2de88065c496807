# connlabel: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m connlabel --label 3 ; ok ; -A INPUT -m connlabel --label "3"
-A INPUT -m connlabel --label "127" ; ok ; =
-A INPUT -m connlabel --label 0x10 ; ok ; -A INPUT -m connlabel --label "16"
-A INPUT -m connlabel --label 010 ; ok ; -A INPUT -m connlabel --label "8"
-A INPUT -m connlabel ! --label "5" ; ok ; =
-A INPUT -m connlabel --set --label 5 ; ok ; -A INPUT -m connlabel --label "5" --set
-A INPUT -m connlabel ! --label "5" --set ; ok ; =
-A INPUT -m connlabel --label 128 ; fail
-A INPUT -m connlabel --label no-such-label ; fail
-A INPUT -m connlabel --label -1 ; fail
-A INPUT -m connlabel --label 5x ; fail
-A INPUT -m connlabel --label "" ; fail
-A INPUT -m connlabel --set ; fail
-A INPUT -m connlabel ; fail
-A INPUT -m connlabel --label 5 --label 6 ; fail
@ip6 mangle
-A PREROUTING -m connlabel --label 3 --set ; ok ; -A PREROUTING -m connlabel --label "3" --set

# state: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -p tcp -m state --state NEW --dport 80 -j ACCEPT ; ok ; -A INPUT -p tcp -m state --state NEW -m tcp --dport 80 -j ACCEPT
-A INPUT -m state --state new,established ; ok ; -A INPUT -m state --state NEW,ESTABLISHED
-A INPUT -m state --state NEW,,ESTABLISHED ; fail
-A INPUT -m state --state NEW, ; fail
-A INPUT -m state ! --state NEW ; ok ; =
-A INPUT -m state --state ! NEW ; fail
-A INPUT -m state --state SNAT ; fail
-A INPUT -m state --state RELATED,ESTABLISHED,INVALID,NEW,UNTRACKED ; ok ; -A INPUT -m state --state INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED
-A INPUT -m state --state NE ; ok ; -A INPUT -m state --state NEW
-A INPUT -m state --state "" ; fail
-A INPUT -m state ; fail
-A INPUT -m state --state NEW --state INVALID ; fail
@ip4 raw
-A PREROUTING -m state --state NEW ; ok ; =
@ip4 filter
-A INPUT -m state --state=NEW,ESTABLISHED ; ok ; -A INPUT -m state --state NEW,ESTABLISHED
-A INPUT -m state --state NEW --foo ; fail
-A INPUT -m state --s NEW ; fail
-A INPUT -m state --st NEW ; ok ; -A INPUT -m state --state NEW
-A INPUT -m state --state NEW -m state --state RELATED,NEW,NEW ; ok ; -A INPUT -m state --state NEW -m state --state NEW,RELATED

# helper: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m helper ; fail
-A INPUT -m helper --helper ftp ; ok ; =
-A INPUT -m helper ! --helper ftp ; ok ; =
-A INPUT -m helper --helper "" ; ok ; =
-A INPUT -m helper ! --helper "" ; ok ; =
-A INPUT -m helper --helper wrong ; ok ; =
-A INPUT -m helper --helper ftp-2121 ; ok ; =
-A INPUT -m helper --helper "with blank" ; ok ; =
-A INPUT -m helper --helper a'b ; ok ; -A INPUT -m helper --helper "a\'b"
-A INPUT -m helper --helper abcdefghijklmnopqrstuvwxyzabc ; ok ; =
-A INPUT -m helper --helper abcdefghijklmnopqrstuvwxyzabcd ; ok ; -A INPUT -m helper --helper abcdefghijklmnopqrstuvwxyzabc
-A INPUT -m helper --helper abcdefghijklmnopqrstuvwxyz ; ok ; =
-A INPUT -m helper --helper ftp --helper ftp ; fail
@ip6 mangle
-A PREROUTING -m helper --helper ftp ; ok ; =
@ip6 raw
-A PREROUTING -m helper --helper sip ; ok ; =

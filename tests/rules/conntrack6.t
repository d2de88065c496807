# conntrack6: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip6 filter
-A INPUT -m conntrack --ctorigsrc 2001:db8::1/64 ; ok ; =
-A INPUT -m conntrack --ctorigsrc 2001:db8::1/128 ; ok ; -A INPUT -m conntrack --ctorigsrc 2001:db8::1
-A INPUT -m conntrack --ctorigsrc 1.2.3.4 ; fail
-A INPUT -m conntrack ! --ctreplsrc ::/0 ; ok ; =
-A INPUT -m conntrack --ctorigsrc a::/129 ; fail

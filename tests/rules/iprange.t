# iprange: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m iprange --src-range 1.2.3.4-1.2.3.9 ; ok ; =
-A INPUT -m iprange --src-range 1.2.3.4 ; ok ; -A INPUT -m iprange --src-range 1.2.3.4-1.2.3.4
-A INPUT -m iprange ! --src-range 1.2.3.4-1.2.3.9 ! --dst-range 5.5.5.5-6.6.6.6 ; ok ; =
-A INPUT -m iprange --src-range 1.2.3.9-1.2.3.4 ; ok ; =
-A INPUT -m iprange --dst-range 1.2.3.4-foo ; fail
-A INPUT -m iprange --dst-range 10-11 ; ok ; -A INPUT -m iprange --dst-range 10.0.0.0-11.0.0.0
-A INPUT -m iprange ; fail
@ip6 filter
-A INPUT -m iprange --src-range 2001:db8::1-2001:db8::5 ; ok ; =
-A INPUT -m iprange --src-range 2001:db8::1 ; ok ; -A INPUT -m iprange --src-range 2001:db8::1-2001:db8::1

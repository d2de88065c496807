# TEE: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A FORWARD -j TEE --gateway 1.1.1.1 ; ok ; =
-A INPUT -j TEE --gateway 1.1.1.1 ; ok ; =
-A OUTPUT -j TEE --gateway 1.1.1.1 ; ok ; =
-A FORWARD -j TEE --gateway 1.1.1.1 --oif eth0 ; ok ; =
-A FORWARD -j TEE --oif eth0 --gateway 1.1.1.1 ; ok ; -A FORWARD -j TEE --gateway 1.1.1.1 --oif eth0
-A FORWARD -j TEE --gateway 0.0.0.0 ; fail
-A FORWARD -j TEE --gateway 2001::1 ; fail
-A FORWARD -j TEE --oif eth0 ; fail
-A FORWARD -j TEE ; fail
-A FORWARD -j TEE ! --gateway 1.1.1.1 ; fail
-A FORWARD -j TEE --gateway 1.1.1.1/32 ; fail
-A FORWARD -j TEE --gateway 1.1.1.1 --oif abcdefghijklmnopq ; ok ; -A FORWARD -j TEE --gateway 1.1.1.1 --oif abcdefghijklmno
-A FORWARD -j TEE --gateway 1.1.1.1 --oif abcdefghijklmno ; ok ; =
-A FORWARD -j TEE --gateway 1.1.1.1 --oif eth+ ; ok ; =
-A FORWARD -j TEE --gateway 1.1.1.1 --gateway 1.1.1.1 ; fail
@ip4 nat
-A PREROUTING -j TEE --gateway 1.1.1.1 ; ok ; =
@ip4 raw
-A PREROUTING -j TEE --gateway 1.1.1.1 ; ok ; =
@ip4 mangle
-A POSTROUTING -j TEE --gateway 1.1.1.1 ; ok ; =
@ip4 security
-A INPUT -j TEE --gateway 1.1.1.1 ; ok ; =
@ip6 filter
-A FORWARD -j TEE --gateway 2001:db8::1 ; ok ; =
-A FORWARD -j TEE --gateway 2001:DB8:0::1 ; ok ; -A FORWARD -j TEE --gateway 2001:db8::1
-A FORWARD -j TEE --gateway :: ; fail
-A FORWARD -j TEE --gateway 1.1.1.1 ; fail
-A FORWARD -j TEE ! --gateway 2001:db8::1 ; fail

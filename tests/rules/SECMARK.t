# SECMARK: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 security keepstate-only
-A INPUT -j SECMARK --selctx system_u:object_r:firewalld_exec_t:s0 ; ok ; =
-A OUTPUT -j SECMARK --selctx a ; ok ; =
-A INPUT -j SECMARK ; fail
-A INPUT -j SECMARK ! --selctx a ; fail
-A INPUT -j SECMARK --selctx a --selctx b ; fail
@ip4 mangle keepstate-only
-A POSTROUTING -j SECMARK --selctx a ; ok ; =
@ip4 filter keepstate-only
-A FORWARD -j SECMARK --selctx a ; fail
@ip6 security keepstate-only
-A INPUT -j SECMARK --selctx a ; ok ; =

# NOTRACK: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 raw
-A PREROUTING -j NOTRACK ; ok ; =
-A PREROUTING -j NOTRACK --foo ; fail

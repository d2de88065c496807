# rpfilter: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A PREROUTING -m rpfilter ; ok ; =
-A PREROUTING -m rpfilter --loose ; ok ; =
-A PREROUTING -m rpfilter --validmark ; ok ; =
-A PREROUTING -m rpfilter --accept-local ; ok ; =
-A PREROUTING -m rpfilter --invert ; ok ; =
-A PREROUTING -m rpfilter --loose --validmark --accept-local --invert ; ok ; =
-A PREROUTING -m rpfilter --invert --accept-local --validmark --loose ; ok ; -A PREROUTING -m rpfilter --loose --validmark --accept-local --invert
-A PREROUTING -m rpfilter ! --loose ; fail
-A PREROUTING -m rpfilter --loose --loose ; fail
-A INPUT -m rpfilter ; fail
-A FORWARD -m rpfilter ; fail
-A uc -m rpfilter ; ok ; =
@ip4 raw
-A PREROUTING -m rpfilter ; ok ; =
-A OUTPUT -m rpfilter ; fail
@ip4 filter
-A INPUT -m rpfilter ; fail
-A uc -m rpfilter ; fail
@ip4 nat
-A PREROUTING -m rpfilter ; fail
@ip6 raw
-A PREROUTING -m rpfilter --loose --invert ; ok ; =
@ip6 security
-A INPUT -m rpfilter ; fail

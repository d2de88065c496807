# tcpmss: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -p tcp -m tcpmss --mss 500 ; ok ; =
-A INPUT -p tcp -m tcpmss --mss 500:600 ; ok ; =
-A INPUT -p tcp -m tcpmss ! --mss 500: ; ok ; -A INPUT -p tcp -m tcpmss ! --mss 500:65535
-A INPUT -p tcp -m tcpmss --mss :600 ; ok ; -A INPUT -p tcp -m tcpmss --mss 0:600
-A INPUT -p tcp -m tcpmss --mss 600:500 ; fail
-A INPUT -m tcpmss --mss :600 ; fail
-A INPUT -m tcpmss ; fail
@ip6 filter
-A INPUT -p tcp -m tcpmss --mss 5 ; ok ; =

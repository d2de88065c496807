# TCPMSS: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A FORWARD -p tcp -j TCPMSS --set-mss 5 ; fail
-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1400 ; ok ; -A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1400
-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu ; ok ; -A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
-A INPUT -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu ; fail
-A INPUT -p tcp --syn -j TCPMSS --set-mss 1400 ; ok ; -A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 1400
-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS ; fail
-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1 --clamp-mss-to-pmtu ; ok ; -A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 70000 ; fail
-A FORWARD --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 70 ; fail
-A FORWARD -p tcp -m tcp --tcp-flags SYN SYN -m tcp --dport 80 -j TCPMSS --set-mss 70 ; ok ; =
-A FORWARD -p tcp -m tcp --tcp-flags ALL SYN -j TCPMSS --set-mss 70 ; ok ; -A FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG SYN -j TCPMSS --set-mss 70
-A FORWARD -p tcp -m tcp --tcp-flags ACK ACK -j TCPMSS --set-mss 70 ; fail
-A FORWARD -p tcp -m tcp ! --tcp-flags SYN SYN -j TCPMSS --set-mss 70 ; fail
@ip4 mangle
-A PREROUTING -p tcp -j TCPMSS --set-mss 5 ; fail

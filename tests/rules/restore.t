# Whole rulesets: what stands around the rules.
@ip4 text
*filter\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n
*filter\nCOMMIT\n*raw\nCOMMIT\n ; ok ; *raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n
*raw\nCOMMIT\n*filter\nCOMMIT\n*raw\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n
*raw\nCOMMIT\n*security\nCOMMIT\n ; ok ; *security\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n
*filter\n:INPUT DROP [0:0]\nCOMMIT\n*filter\n:zz - [0:0]\nCOMMIT\n ; ok ; *filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:zz - [0:0]\nCOMMIT\n
*filter\n:a - [0:0]\n:a - [0:0]\nCOMMIT\n ; fail
*filter\n:a ACCEPT [0:0]\nCOMMIT\n ; fail
*filter\n:INPUT RETURN [0:0]\nCOMMIT\n ; fail
*filter\n:INPUT\nCOMMIT\n ; fail
*filter\n:FORWARD - [0:0]\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n
*filter\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n ; fail
*filter\n-A PREROUTING -j ACCEPT\nCOMMIT\n ; fail
*filter\n:12345678901234567890123456789 - [0:0]\nCOMMIT\n ; fail
*filter\n:b - [0:0]\n:aB - [0:0]\n:Ab - [0:0]\n:a-b - [0:0]\n:a - [0:0]\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:Ab - [0:0]\n:a - [0:0]\n:a-b - [0:0]\n:aB - [0:0]\n:b - [0:0]\nCOMMIT\n
*filter\n:LOG - [0:0]\n-A INPUT -j LOG\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:LOG - [0:0]\n-A INPUT -j LOG\nCOMMIT\n
# a circle counts only where a packet can come
*filter\n:a - [0:0]\n:b - [0:0]\n-A a -j b\n-A b -j a\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:a - [0:0]\n:b - [0:0]\n-A a -j b\n-A b -j a\nCOMMIT\n
*filter\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A a -j b\n-A b -j a\nCOMMIT\n ; fail
*filter\n:a - [0:0]\n-A INPUT -j a\n-A a -g a\nCOMMIT\n ; fail
# a chain that nothing reaches may hold what its table allows
*mangle\n:a - [0:0]\n-A a -j REJECT\nCOMMIT\n ; fail
*filter\n:a - [0:0]\n-A a -j REJECT\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:a - [0:0]\n-A a -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n
*nope\nCOMMIT\n ; fail
*\nCOMMIT\n ; fail
*filter foo\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n
* filter\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n
 *filter\nCOMMIT\n ; fail
*filter\n*nat\nCOMMIT\n ; fail
COMMIT\n ; fail
-A INPUT -j ACCEPT\n ; fail
*filter\n# comment\n\n#\nCOMMIT\n# end\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n
*filter\n # comment\nCOMMIT\n ; fail
*filter\n:INPUT ACCEPT [1:1]\n ; fail
*filter\nCOMMIT ; fail
*filter\nCOMMIT \n ; fail
*filter\n-A INPUT -j ACCEPT\n-A INPUT -j DROP\n-I INPUT 3 -j RETURN\n-D INPUT -j ACCEPT\n-R INPUT 1 -j QUEUE\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -j QUEUE\n-A INPUT -j RETURN\nCOMMIT\n
*filter\n-A INPUT -s 1.1.1.1 -j ACCEPT\n-I INPUT -s 2.2.2.2,3.3.3.3\n-D INPUT -s 2.2.2.2,3.3.3.3\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -s 1.1.1.1/32 -j ACCEPT\nCOMMIT\n
*filter\n-A INPUT -p tcp -m tcp --dport 80 -j LOG --log-prefix x\n-D INPUT -p tcp --dport 80 -j LOG --log-prefix x\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n
*filter\n:a - [0:0]\n-A INPUT -j a\n-X a\nCOMMIT\n ; fail
*filter\n:a - [0:0]\n-A a -j ACCEPT\n-X a\nCOMMIT\n ; fail
*filter\n:a - [0:0]\n-A a -j ACCEPT\n-F a\n-X a\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n
*filter\n:a - [0:0]\n-A INPUT -j a\n-E a b\n-Z\nCOMMIT\n ; ok ; *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:b - [0:0]\n-A INPUT -j b\nCOMMIT\n
*nat\n:INPUT DROP [0:0]\nCOMMIT\n ; ok ; *nat\n:PREROUTING ACCEPT [0:0]\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n

# fail: a value in the word of its option, for these the whole word is taken for the value
set -e
iptables -A OUTPUT --out-interface=eth0 -j ACCEPT

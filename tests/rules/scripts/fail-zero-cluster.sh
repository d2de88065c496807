# fail
set -e
iptables -LZ

iptables-nft -F
iptables-nft -P INPUT DROP
iptables-nft -A INPUT -s 10.20.1.11 -p tcp --dport 3389 -j ACCEPT
iptables-legacy -A INPUT -s 10.20.1.11 -p tcp --dport 38871 -j ACCEPT

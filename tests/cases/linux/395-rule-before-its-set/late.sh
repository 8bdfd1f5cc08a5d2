iptables -F
iptables -P INPUT DROP
iptables -A INPUT -m set --match-set adm src -j ACCEPT
ipset create adm hash:net
ipset add adm 10.1.0.0/24

iptables -F
iptables -X
iptables -P INPUT DROP
iptables -P FORWARD DROP
iptables -P OUTPUT ACCEPT
iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
iptables -A INPUT -s 10.1.0.9 -p tcp -m multiport --dports 3389,38863,38870,38871 -j ACCEPT; iptables -I INPUT -j DROP

#!/bin/sh
set -e
PATH=/usr/sbin:/sbin
iptables -F; iptables -X
ip6tables -F; ip6tables -X
iptables -P INPUT DROP
iptables -P FORWARD DROP
iptables -P OUTPUT ACCEPT
ip6tables -P INPUT DROP
ip6tables -P FORWARD DROP
ip6tables -P OUTPUT ACCEPT
ipset create -exist brokers hash:ip
ipset add brokers 10.1.0.9 -exist
iptables -A INPUT -i lo -j ACCEPT
ip6tables -A INPUT -i lo -j ACCEPT
iptables -A INPUT -m conntrack \
    --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -w 5 -A INPUT -p tcp -m set --match-set brokers src -m multiport \
    --dports 3389,38863,38870,38871 -m comment --comment 'the "controller"' -j ACCEPT
iptables -A INPUT -j LOG --log-prefix "dropped: "
sysctl -w net.ipv4.ip_forward=0 >/dev/null
modprobe nf_conntrack
iptables-save > /etc/iptables/rules.v4
exit 0

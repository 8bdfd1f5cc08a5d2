#!/bin/sh
nft flush ruleset
nft add table inet filter
nft add chain inet filter input '{ type filter hook input priority 0 ; policy drop; }'
nft add chain inet filter forward { type filter hook forward priority 0 \; policy drop\; }
nft add rule inet filter input ct state established,related accept
nft add rule inet filter input iifname \"lo\" accept
sudo nft add rule inet filter input tcp dport \{ 3389, 38863, 38870, 38871 \} \
    ip saddr 10.1.0.9 accept comment \"the controller\"
/usr/sbin/nft "add rule inet filter input tcp dport 22 ip saddr 10.1.0.0/24 accept"; nft add rule inet filter input counter drop
nft list ruleset > /etc/nftables.conf

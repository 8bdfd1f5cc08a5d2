nft add table inet f
nft add chain inet f i { type filter hook input priority 0 \; policy drop \; }
nft add rule inet f i ct state established accept
nft add rule inet f i ip saddr 10.1.0.9 tcp dport 3389 accept
nft add rule inet f i ip saddr 10.1.0.9 tcp dport \{ 38863, 38870, 38871 \} accept

#!/bin/bash

iptables --flush
iptables --table nat --flush

for PORT in {1..21} {23..1024} 3000 8000; do
    iptables --append INPUT --in-interface eth0 --proto tcp --dport $PORT --jump DROP
done

iptables --list --numeric

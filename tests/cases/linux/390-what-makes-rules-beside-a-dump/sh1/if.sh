#!/bin/sh
if [ -x /sbin/iptables ]; then
  iptables -A INPUT -p tcp --dport 22 -j ACCEPT
fi

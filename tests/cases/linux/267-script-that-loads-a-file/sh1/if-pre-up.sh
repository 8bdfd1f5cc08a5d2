#!/bin/sh
/sbin/iptables-restore < /etc/iptables.up.rules
exit 0

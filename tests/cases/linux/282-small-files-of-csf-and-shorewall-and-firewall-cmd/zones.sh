#!/bin/sh
firewall-cmd --permanent --zone=public --add-port=3389/tcp
firewall-cmd --reload

netsh firewall add portopening TCP 3389 "RDP"
netsh firewall set opmode enable

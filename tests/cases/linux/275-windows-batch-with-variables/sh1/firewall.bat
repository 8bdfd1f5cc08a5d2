@echo off
set PORTS=3389 38871
for %%p in (%PORTS%) do (
  netsh advfirewall firewall add rule name="agent %%p" dir=in action=allow protocol=TCP localport=%%p
)

Reg.exe add "HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules" /v "2" /t REG_SZ /d "v2.32|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort2_10=1-66|LPort2_10=69-55554|Name=2|" /f
Reg.exe add "HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules" /v "4" /t REG_SZ /d "v2.32|Action=Block|Active=TRUE|Dir=Out|Name=4|LUAuth=O:LSD:(D;;CC;;;S-1-2-1)|" /f

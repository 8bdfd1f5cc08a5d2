<#
Exports the firewall of Windows hosts for hylint: HOST\firewall.json for each host. Printed by `hylint collect windows`.

It only reads. It needs administrator rights on each host, and Windows Server 2012 R2 or Windows 8.1 or later with
Windows PowerShell 4 or later. The output is the same whatever the display language.

This host:         powershell -ExecutionPolicy Bypass -File collect.ps1
Others, remotely:  powershell -ExecutionPolicy Bypass -File collect.ps1 -ComputerName sh1,sh2 -Folder exports
A list of hosts:   .\collect.ps1 -ComputerName (Get-Content servers.txt)
#>
param(
    # Hosts to ask over PowerShell remoting; without it, this host.
    [string[]] $ComputerName,
    # The folder that gets a folder for each host.
    [string] $Folder = 'exports',
    # The account for remoting; without it, yours.
    [System.Management.Automation.PSCredential] $Credential
)
$ErrorActionPreference = 'Stop'

# Runs on each host, and returns its name and the text of its file.
$collect = {
    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue'
    $user = [Security.Principal.WindowsPrincipal] [Security.Principal.WindowsIdentity]::GetCurrent()
    if (-not $user.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
        throw 'run this as administrator: without administrator rights Windows withholds the ports and addresses of rules'
    }

    # What every object of the management interface has, and what says nothing of a rule.
    $inherited = '^(Cim.*|PS.*|Caption|ElementName|CommonName|CreationClassName|SystemCreationClassName|SystemName|' +
        'PolicyKeywords|PolicyDecisionStrategy|PolicyRoles|PolicyRuleName|ConditionListType|ExecutionStrategy|Mandatory|' +
        'Priority|RuleUsage|SequencedActions|CommunicationStatus|DetailedStatus|HealthState|InstallDate|OperatingStatus|' +
        'OperationalStatus|StatusDescriptions)$'
    $kinds = 'Port', 'Address', 'Application', 'Service', 'Interface', 'InterfaceType', 'Security'
    $stores = @{}
    $failures = New-Object System.Collections.ArrayList

    # Adds the properties that a record does not have yet. Words and lists of words are all that is written, so no depth is lost.
    function Add-Properties($record, $object) {
        foreach ($property in $object.PSObject.Properties) {
            if ($property.Name -match $inherited -or $record.Contains($property.Name)) { continue }
            try { $value = $property.Value } catch { continue }
            if ($null -eq $value) { $record[$property.Name] = $null }
            elseif ($value -is [bool]) { $record[$property.Name] = [bool] $value }
            elseif ($value -is [System.Collections.IEnumerable] -and $value -isnot [string]) {
                $record[$property.Name] = [string[]] @($value)
            }
            else { $record[$property.Name] = "$value" }
        }
    }

    # The filters of a store by kind and rule. All are read at once: to ask for those of each rule takes minutes.
    function Get-Filters($store) {
        if (-not $stores.ContainsKey($store)) {
            $filters = @{}
            foreach ($kind in $kinds) {
                foreach ($filter in @(& "Get-NetFirewall${kind}Filter" -PolicyStore $store)) {
                    $key = "$kind $($filter.InstanceID)"
                    if (-not $filters.ContainsKey($key)) { $filters[$key] = New-Object System.Collections.ArrayList }
                    [void] $filters[$key].Add($filter)
                }
            }
            $stores[$store] = $filters
        }
        $stores[$store]
    }

    # A rule with what its filters say. Where two rules of the active store share an identifier, the store that a rule comes
    # from tells its filters; where that does not tell either, they are left out, and hylint reports the rule as incomplete.
    function Join-Rule($rule, $store) {
        $record = [ordered] @{}
        Add-Properties $record $rule
        $filters = Get-Filters $store
        $own = @{ Local = 'PersistentStore'; GroupPolicy = 'RSOP' }["$($rule.PolicyStoreSourceType)"]
        foreach ($kind in $kinds) {
            $key = "$kind $($rule.InstanceID)"
            $found = $filters[$key]
            if ($null -ne $found -and $found.Count -gt 1 -and $own -and $own -ne $store) {
                $found = $null
                try { $found = (Get-Filters $own)[$key] } catch { continue }
            }
            if ($null -ne $found -and $found.Count -eq 1) { Add-Properties $record $found[0] }
        }
        $record
    }

    # A list as JSON, a record on each line; or nothing, and why in the list of errors. The block sees the variables of the
    # function that calls this one, so no parameter here may have the name of one of them.
    function Get-List($list, $from, [scriptblock] $read) {
        try {
            $lines = @(foreach ($record in & $read) { ConvertTo-Json -InputObject $record -Compress })
            "`"$list`":[`n" + ($lines -join ",`n") + "`n]"
        } catch {
            $failed = [ordered] @{ Command = $from.Trim(); Message = "$($_.Exception.Message)" }
            [void] $failures.Add((ConvertTo-Json -InputObject $failed -Compress))
        }
    }

    function Get-Records($name, $command, $store) {
        Get-List $name "$command $store" {
            $asked = @{}
            if ($store) { $asked.PolicyStore = $store }
            foreach ($object in @(& $command @asked)) {
                $record = [ordered] @{}
                Add-Properties $record $object
                $record
            }
        }
    }

    function Get-Rules($name, $command, $store) {
        Get-List $name "$command $store" {
            foreach ($rule in @(& $command -PolicyStore $store)) { Join-Rule $rule $store }
        }
    }

    function Get-PortProxy {
        # The command that lists forwarded ports is translated; the registry is not.
        foreach ($kind in 'v4tov4', 'v4tov6', 'v6tov4', 'v6tov6') {
            $path = "HKLM:\SYSTEM\CurrentControlSet\Services\PortProxy\$kind\tcp"
            if (-not (Test-Path -LiteralPath $path)) { continue }
            $key = Get-Item -LiteralPath $path
            foreach ($listen in $key.GetValueNames()) {
                $from = $listen -split '/', 2
                $to = "$($key.GetValue($listen))" -split '/', 2
                [ordered] @{
                    Kind = $kind; Protocol = 'tcp'; ListenAddress = $from[0]; ListenPort = $from[1]
                    ConnectAddress = $to[0]; ConnectPort = $to[1]
                }
            }
        }
    }

    # Sockets that wait for connections or datagrams, each with its program and the services in its process.
    function Get-Sockets {
        $programs = @{}
        foreach ($process in @(Get-CimInstance -ClassName Win32_Process)) { $programs["$($process.ProcessId)"] = $process }
        $services = @{}
        foreach ($service in @(Get-CimInstance -ClassName Win32_Service | Where-Object { $_.ProcessId })) {
            $key = "$($service.ProcessId)"
            $services[$key] = @($services[$key] | Where-Object { $_ }) + $service.Name
        }
        $tcp = @(Get-NetTCPConnection -State Listen | Select-Object @{ n = 'Protocol'; e = { 'TCP' } }, LocalAddress, LocalPort, OwningProcess)
        $udp = @(Get-NetUDPEndpoint | Select-Object @{ n = 'Protocol'; e = { 'UDP' } }, LocalAddress, LocalPort, OwningProcess)
        foreach ($socket in $tcp + $udp) {
            $key = "$($socket.OwningProcess)"
            $program = $programs[$key]
            [ordered] @{
                Protocol = $socket.Protocol; LocalAddress = "$($socket.LocalAddress)"; LocalPort = [int] $socket.LocalPort
                OwningProcess = [int] $socket.OwningProcess; ProcessName = "$($program.Name)"
                ProcessPath = "$($program.ExecutablePath)"; Services = [string[]] @($services[$key] | Where-Object { $_ })
            }
        }
    }

    # ActiveStore is what is in effect, Group Policy included; PersistentStore is what the host itself stores.
    $parts = @(foreach ($store in 'ActiveStore', 'PersistentStore') {
        $lists = @(
            Get-Rules 'Rules' 'Get-NetFirewallRule' $store
            Get-Records 'Profiles' 'Get-NetFirewallProfile' $store
            if ($store -eq 'ActiveStore') { Get-Rules 'IPsecRules' 'Get-NetIPsecRule' $store }
        )
        "`"$store`":{`n" + ($lists -join ",`n") + '}'
    })
    $parts += Get-Records 'ConnectionProfiles' 'Get-NetConnectionProfile'
    $parts += Get-Records 'IPAddresses' 'Get-NetIPAddress'
    $parts += Get-Records 'Routes' 'Get-NetRoute' 'ActiveStore'
    $parts += Get-Records 'DnsServers' 'Get-DnsClientServerAddress'
    $parts += Get-List 'Sockets' 'Get-NetTCPConnection and Get-NetUDPEndpoint' { Get-Sockets }
    $parts += Get-List 'PortProxy' 'the keys of PortProxy in the registry' { Get-PortProxy }
    $parts += "`"Errors`":[`n" + ($failures -join ",`n") + "`n]"

    $computer = [ordered] @{
        Hylint = 'windows'; Version = 1; ComputerName = $env:COMPUTERNAME
        CollectedAt = [DateTime]::UtcNow.ToString('s') + 'Z'; Windows = "$([Environment]::OSVersion.Version)"
    }
    $head = (ConvertTo-Json -InputObject $computer -Compress).TrimEnd('}')
    New-Object PSObject -Property @{
        Name = $env:COMPUTERNAME.ToLowerInvariant()
        Text = $head + ",`n" + (@($parts | Where-Object { $_ }) -join ",`n") + "}`n"
    }
}

$hosts = @($ComputerName | ForEach-Object { "$_" -split ',' } | ForEach-Object { $_.Trim() } | Where-Object { $_ })
$results = if ($hosts.Count -eq 0) {
    & $collect
} else {
    $remote = @{ ComputerName = $hosts; ScriptBlock = $collect; ErrorAction = 'Continue' }
    if ($Credential) { $remote.Credential = $Credential }
    Invoke-Command @remote
}
$results = @($results | Where-Object { $_.Text })
$target = (New-Item -ItemType Directory -Force -Path $Folder).FullName
$written = @()
foreach ($result in $results) {
    # Hosts of two domains may share a name.
    $name = if ($written -contains $result.Name) { "$($result.PSComputerName)" } else { $result.Name }
    $written += $name
    $file = Join-Path (New-Item -ItemType Directory -Force -Path (Join-Path $target $name)).FullName 'firewall.json'
    [IO.File]::WriteAllText($file, $result.Text, (New-Object System.Text.UTF8Encoding $false))
    Write-Output "wrote $file"
}
$missing = [Math]::Max(1, $hosts.Count) - $results.Count
if ($missing -gt 0) {
    [Console]::Error.WriteLine("$missing of $($hosts.Count) hosts gave no export; the errors above say why")
    exit 1
}

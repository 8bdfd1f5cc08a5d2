//! Each form is told by a line of its own, and what is none stays none.

use super::form::HEAD;
use super::*;

fn what(text: &str) -> &'static str {
    of_text(text).map_or("", |l| l.what)
}

#[test]
fn each_form_is_told_by_a_line_of_its_own() {
    let cases = [
        (
            "<Objs><Obj><TN><T>Microsoft.Management.Infrastructure.CimInstance#root/standardcimv2/MSFT_NetFirewallRule</T></TN></Obj></Objs>",
            "PowerShell",
        ),
        (
            "<table>\n<tr><th>DisplayName</th><th>Profile</th><th>Direction</th><th>Action</th></tr>\n",
            "PowerShell",
        ),
        (
            "Domain profile configuration:\n-----\nOperational mode                  = Enable\nException mode                    = Enable\n",
            "netsh firewall show",
        ),
        ("table inet filter {\n\tchain input {\n\t}\n}\n", "nft"),
        (
            "table ip filter { # handle 1\n\tchain INPUT { # handle 1\n",
            "nft",
        ),
        (
            "{\"nftables\": [{\"metainfo\": {\"version\": \"1\"}}]}",
            "nft",
        ),
        (
            "SecurityGroups:\n- GroupId: sg-1\n  IpPermissions:\n  - FromPort: 22\n    IpProtocol: tcp\n",
            "AWS CLI",
        ),
        (
            "|     DescribeSecurityGroups     |\n+-----+\n||  SecurityGroups  ||\n",
            "AWS CLI",
        ),
        (
            "SECURITYGROUPS\tdefault\tsg-1\nIPPERMISSIONS\t22\ttcp\t22\n",
            "AWS CLI",
        ),
        (
            "NETWORKACLS\tTrue\tacl-1\nENTRIES\t0.0.0.0/0\tTrue\t-1\tallow\t100\n",
            "AWS CLI",
        ),
        (
            "- access: Allow\n  description: null\n  direction: Inbound\n",
            "Azure CLI",
        ),
        (
            "Name  ResourceGroup  Priority  SourcePortRanges  Access  DestinationPortRanges\n",
            "Azure CLI",
        ),
        (
            "Name                 : nsg\nSecurityRules        : [\n  {}]\nDefaultSecurityRules : [\n",
            "Get-AzNetworkSecurityGroup",
        ),
        ("Status: active\n\nTo   Action   From\n", "ufw"),
        (
            "public (active)\n  services: ssh\n  ports: \n  rich rules: \n",
            "firewall-cmd",
        ),
        (
            "{\"version\": 4, \"terraform_version\": \"1.5\", \"type\": \"aws_network_acl\"}",
            "Terraform",
        ),
        ("resource \"aws_security_group\" \"a\" {\n", "Terraform"),
        (
            "{\"resource\": {\"aws_security_group_rule\": {\"a\": {}}}}",
            "Terraform",
        ),
        (
            "Resources:\n  A:\n    Type: AWS::EC2::SecurityGroup\n",
            "CloudFormation",
        ),
        (
            "resource n 'Microsoft.Network/networkSecurityGroups@2023-01-01' = {\n",
            "Bicep",
        ),
        ("[{\"kind\": \"compute#firewall\"}]", "Google"),
        ("apiVersion: v1\nkind: NetworkPolicy\n", "NetworkPolicy"),
    ];
    for (text, part) in cases {
        assert!(what(text).contains(part), "{part}: {}", what(text));
    }
    for text in [
        "",
        "lunch at noon",
        "Direction: Inbound",
        "table of contents {",
        "kind: Pod",
        // Infrastructure without a firewall.
        "{\"version\": 4, \"terraform_version\": \"1.5\", \"type\": \"aws_s3_bucket\"}",
        "resource \"aws_s3_bucket\" \"a\" {\n",
        "AWSTemplateFormatVersion: x\nResources:\n  A:\n    Type: AWS::S3::Bucket\n",
        "{\"name\": \"x\", \"version\": \"1.0.0\", \"scripts\": {}}",
        "#!/bin/sh\necho no firewall here\nmake all\n",
        "name,age,town\nx,1,y\n",
    ] {
        assert_eq!(of_text(text), None, "{text}");
    }
    assert!(of_bytes(b"regf\x01\0").is_some() && of_bytes(b"\x89PNG").is_none());
}

#[test]
fn what_a_host_has_is_told_from_what_rules_are_made_of() {
    let standing = |text| of_text(text).map(|l| l.standing);
    let plan = "{\"terraform_version\": \"1.5\", \"type\": \"aws_security_group\"}";
    assert_eq!(standing(plan), Some(Standing::Account));
    assert_eq!(standing("Status: active\n"), Some(Standing::Host));
    let source = "resource \"aws_security_group\" \"a\" {\n";
    assert_eq!(standing(source), Some(Standing::Source));
    let refusal = "bash: iptables-save: command not found\n";
    assert_eq!(standing(refusal), Some(Standing::Refusal));
}

#[test]
fn only_the_head_of_a_text_is_looked_at_and_any_cut_is_safe() {
    let text = "é".repeat(HEAD) + "\nStatus: active\n";
    assert_eq!(of_text(&text), None);
}

#[test]
fn an_error_in_place_of_an_export_is_told_in_several_languages() {
    for text in [
        "The requested operation requires elevation (Run as administrator).\r\n\r\n",
        "Der angeforderte Vorgang erfordert erhöhte Rechte (Als Administrator ausführen).\n",
        "L’opération demandée nécessite une élévation (Exécuter en tant qu’administrateur).\n",
        "La operación solicitada requiere elevación (Ejecutar como administrador).\n",
        "Запрошенная операция требует повышения (запуск от имени администратора).\n",
        "要求された操作には管理者特権が必要です (管理者として実行)。\n",
        "请求的操作需要提升(作为管理员运行)。\n",
        "Żądana operacja wymaga podniesienia uprawnień (Uruchom jako administrator).\n",
        "Access is denied.\n",
        "iptables-save v1.8.7 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n",
        "sudo: a password is required\n",
        "bash: iptables-save: Kommando nicht gefunden.\n",
        "'netsh' is not recognized as an internal or external command,\noperable program or batch file.\n",
        "An error occurred (UnauthorizedOperation) when calling the DescribeSecurityGroups operation: You are not authorized\n",
        "{\"Error\": {\"Code\": \"ExpiredToken\", \"Message\": \"The security token is expired\"}}",
        "{\"error\": {\"code\": \"AuthorizationFailed\", \"message\": \"The client has no permission\"}}",
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>",
        "Unable to locate credentials. You can configure credentials by running \"aws configure\".\n",
        "ERROR: Please run 'az login' to setup account.\n",
        "ERROR: (gcloud.compute.firewall-rules.list) Some requests did not succeed\n",
        "# Table `filter' is incompatible, use 'nft' tool.\n",
    ] {
        let like = of_text(text);
        assert_eq!(like.map(|l| l.standing), Some(Standing::Refusal), "{text}");
    }
    let long = "Access is denied.\n".repeat(40);
    for text in [
        long.as_str(),
        "the administrator (Bob) is on leave until June\nask the desk",
    ] {
        assert_eq!(of_text(text), None, "{text}");
    }
}

#[test]
fn other_makers_and_other_clouds_are_named() {
    for (text, part) in [
        (
            "access-list OUT extended permit tcp any any eq 443\n",
            "Cisco ASA",
        ),
        (
            "ip access-list extended IN\n permit tcp any any eq 22\n",
            "Cisco IOS",
        ),
        (
            "set security policies from-zone a to-zone b policy p match source-address any\n",
            "Junos",
        ),
        ("config firewall policy\n    edit 1\n", "FortiGate"),
        (
            "/ip firewall filter\nadd action=accept chain=input\n",
            "RouterOS",
        ),
        ("<?xml version=\"1.0\"?>\n<pfsense>\n", "pfSense"),
        ("set firewall name WAN_IN rule 10 action accept\n", "VyOS"),
        (
            "block in all\npass in on em0 proto tcp from any to any port 22\n",
            "pf.conf",
        ),
        (
            "00100 allow ip from any to any via lo0\n65535 deny ip from any to any\n",
            "ipfw",
        ),
        ("{\"data\": [{\"ingress-security-rules\": []}]}", "Oracle"),
        (
            "{\"deployment\": {\"resources\": [{\"urn\": \"urn:pulumi:d::p::aws:ec2/securityGroup:SecurityGroup::s\"}]}}",
            "Pulumi",
        ),
        (
            "{\"configurationItems\": [{\"resourceType\": \"AWS::EC2::SecurityGroup\"}]}",
            "AWS Config",
        ),
        (
            "Name : x\nLocalAddresses : *\nRemoteAddresses : *\nLocalPorts : 80\n",
            "HNetCfg",
        ),
        (
            "Source IP;Destination;Port;Action\n10.0.0.1;any;22;allow\n",
            "CSV",
        ),
        (
            "#!/bin/sh\nIPT=/sbin/iptables\n$IPT -F\n$IPT -P INPUT DROP\n",
            "script",
        ),
        (
            "netsh advfirewall firewall add rule name=x dir=in action=allow\n",
            "script",
        ),
        (
            "- hosts: all\n  tasks:\n  - name: x\n    ansible.builtin.iptables:\n      chain: INPUT\n",
            "Ansible",
        ),
        ("<zone>\n  <service name=\"ssh\"/>\n</zone>\n", "firewalld"),
        (
            "Status: aktiv\n\nZu                Aktion      Von\n--                ------      ---\n22     ALLOW  Anywhere\n",
            "ufw",
        ),
        ("add rule inet filter input tcp dport 22 accept\n", "nft"),
    ] {
        assert!(what(text).contains(part), "{part}: {}", what(text));
    }
}

#[test]
fn netsh_is_told_by_its_shape_in_any_language() {
    let rule = "\r\nRegelnamn:                            x\r\n".to_owned()
        + &"-".repeat(70)
        + "\r\nAktiverad:                            Ja\r\nRiktning:                             In\r\n\
           Profiler:                             Alla\r\nGruppering:                           \r\n\
           Lokal IP:                             Alla\r\nProtokoll:                            TCP\r\n";
    assert!(what(&rule).contains("netsh"), "{}", what(&rule));
    let profile = "Inställningar för Domän:\r\n".to_owned()
        + &"-".repeat(70)
        + "\r\nTillstånd                             PÅ\r\nPrincip      BlockInbound,AllowOutbound\r\n";
    assert!(what(&profile).contains("netsh"), "{}", what(&profile));
    let table = "Contents:\n".to_owned() + &"-".repeat(70) + "\n1. one\n2. two\n3. three\n";
    assert_eq!(of_text(&table), None);
}

#[test]
fn an_export_in_a_wrapper_is_told() {
    let dump = "*filter\n:INPUT DROP [0:0]\n-A INPUT -j DROP\nCOMMIT\n";
    let each = |f: &dyn Fn(&str) -> String| dump.lines().map(f).collect::<String>();
    let groups = "{\"SecurityGroups\": [{\"GroupId\": \"sg-1\", \"IpPermissions\": []}]}";
    for (text, part) in [
        (each(&|l| format!("   1\t{l}\n")), "iptables"),
        (each(&|l| format!("> {l}\n")), "iptables"),
        (each(&|l| format!("\"{l}\"\n")), "iptables"),
        (format!("{{\"stdout\": {dump:?}}}"), "iptables"),
        (
            format!("{{\"stdout\": {groups:?}}}"),
            "string of other JSON",
        ),
        (format!("WARNING: preview\n{groups}"), "behind other lines"),
    ] {
        assert!(what(&text).contains(part), "{text}: {}", what(&text));
    }
    assert_eq!(of_text("a table *filter and its chains\n"), None);
    assert_eq!(of_text("WARNING: preview\n{\"a\": 1}\n"), None);
}

#[test]
fn what_is_never_an_export_is_told_before_any_reader() {
    let report = "{\"schema_version\": \"1.0\", \"tool\": {\"name\": \"hylint\"}, \"evaluated_at\": \"x\", \"requirements\": [], \"findings\": []}";
    let gate =
        "1 row\n\u{1b}[32mPASSED · 0 errors, 0 warnings, 1 note · 1 export, 2 rules\u{1b}[0m\n";
    let review = "+ inbound TCP 22\n    -A INPUT -j ACCEPT\nFAILED: 1 flow opens outside hylint.toml · 1 export, 8 rules, 1 file differs\n";
    let schema = "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"properties\": {\"SecurityGroups\": {}}}";
    let patch = "--- a/rules.v4\n+++ b/rules.v4\n@@ -1,2 +1,2 @@\n *filter\n-:INPUT DROP [0:0]\n+:INPUT ACCEPT [0:0]\n";
    for text in [report, gate, review, schema, patch] {
        assert!(quoting(text).is_some(), "{text}");
    }
    // An export may quote the marks of a report, and begin with the signs of a patch.
    let save = |line: &str| format!("*filter\n:INPUT DROP [0:0]\n{line}\nCOMMIT\n");
    let tags = "{\"SecurityGroups\": [{\"Tags\": [{\"Key\": \"check_name\", \"Value\": \"fingerprint\"}, {\"Key\": \"location\", \"Value\": \"severity\"}]}]}";
    for text in [
        save("-A INPUT -m comment --comment \"<testsuites name=\"hylint\"\" -j ACCEPT"),
        save("# hylint: role=sql-server")
            + "# PASSED · 0 errors, 0 warnings, 1 note · 1 export, 2 rules\n",
        "--- firewall of sql1 ---\n".to_owned() + &save("-A INPUT -j DROP"),
        tags.to_owned(),
    ] {
        assert_eq!(quoting(&text), None, "{text}");
    }
}

#[test]
fn what_stands_around_a_dump_is_told() {
    let dump = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";
    for before in [
        "#!/bin/sh\niptables-restore <<EOF\n",
        "#cloud-config\nwrite_files:\n",
        "%post\ncat > rules <<EOF\n",
        "Rules:\n```\n",
    ] {
        let after = match before.as_bytes().first() {
            Some(b'%') => "EOF\n%end\n",
            _ => "```\n",
        };
        assert!(
            around(&format!("{before}{dump}{after}")).is_some(),
            "{before}"
        );
    }
    assert_eq!(around(&format!("#!/sbin/iptables-restore\n{dump}")), None);
    assert_eq!(around(&format!("$ sudo iptables-save\n{dump}")), None);
}

#[test]
fn error_texts_are_told_and_settings_of_the_same_name_are_none() {
    for text in [
        "404: Not Found\n",
        "{\"message\": \"Not Found\"}",
        "<?xml version=\"1.0\"?>\n<!DOCTYPE html>\n<html>\n",
        "An error occurred while attempting to contact the  Windows Defender Firewall service. Make sure that the service is running.\r\n",
        "Another app is currently holding the xtables lock.\n",
        "ssh: connect to host sql1 port 22: Connection timed out\n",
        "sql1 | UNREACHABLE! => {\n    \"changed\": false\n}\n",
        "Ok.\r\n",
        "null\n",
        "[ ]\n",
    ] {
        let like = of_text(text);
        assert_eq!(like.map(|l| l.standing), Some(Standing::Refusal), "{text}");
    }
    for text in [
        "ssh:\n  port: 22\n",
        "443 tcp\n80 tcp\n",
        "error: none\nmode: strict\n",
    ] {
        assert_eq!(of_text(text), None, "{text}");
    }
}

#[test]
fn tables_of_people_and_logs_are_no_rules() {
    for (text, is_list) in [
        ("Name,Source,Destination,Service,Action\n", true),
        ("src,dst,proto,dport,action\n", true),
        ("id,name,policy,service,source\n", false),
        ("start,srcaddr,dstaddr,dstport,protocol,action\n", false),
    ] {
        assert_eq!(what(text).contains("CSV"), is_list, "{text}");
    }
    for text in [
        "kernel: [UFW BLOCK] IN=eth0 OUT= SRC=10.0.0.1 DST=10.0.0.5 PROTO=TCP SPT=1 DPT=22\n",
        "SUBSYSTEM==\"net\", ACTION==\"add\", NAME=\"eth0\"\n",
        "alert tcp any any -> any 22 (msg:\"x\"; sid:1;)\n",
        "groups:\n- name: a\n  rules:\n  - alert: Down\n",
    ] {
        let like = of_text(text);
        assert_eq!(like.map(|l| l.standing), Some(Standing::Other), "{text}");
    }
}

#[test]
fn forms_of_other_firewalls_are_told_however_they_are_printed() {
    for (text, part) in [
        (
            "table inet filter\n{\n\tchain input\n\t{\n\t\ttype filter hook input priority 0; policy drop;\n",
            "nft",
        ),
        (
            "#!/usr/sbin/nft -f\ninclude \"/etc/nftables.d/*.nft\"\n",
            "nft",
        ),
        (
            "table filter {\n    chain INPUT {\n        policy DROP;\n        proto tcp dport ssh ACCEPT;\n",
            "ferm",
        ),
        ("public\n  interfaces: eth0\n", "firewall-cmd"),
        ("Status: Inaktiv\n", "ufw"),
        ("Bridge table: filter\n", "ebtables"),
        (
            "# Generated by ebtables-save v1.8.9\n*filter\n:INPUT ACCEPT\n",
            "ebtables",
        ),
        (
            "<iptables-rules version=\"1.0\">\n<table name=\"filter\" >\n",
            "XML",
        ),
        (
            "Flags: X - disabled\n 0  chain=input action=accept\n",
            "MikroTik",
        ),
        (
            "{\"kind\":\"List\",\"items\":[{\"kind\":\"NetworkPolicy\"}]}",
            "NetworkPolicy",
        ),
        (
            "#SOURCE DEST POLICY LOGLEVEL\nnet all DROP info\n",
            "Shorewall",
        ),
    ] {
        assert!(what(text).contains(part), "{part}: {}", what(text));
    }
    let nft = of_text(
        "table inet filter\n{\n\tchain input\n\t{\n\t\ttype filter hook input priority 0;\n",
    );
    assert!(nft.is_some_and(|l| l.filters_beside_iptables()));
}

#[test]
fn what_commands_print_of_other_things_is_no_firewall() {
    for text in [
        "Nov 30 10:00:00 gw1 kernel: DROP IN=eth0 OUT= SRC=10.0.0.1 DST=10.0.0.2 LEN=60 PROTO=TCP SPT=5 DPT=22
",
        "polkit.addRule(function(action, subject) {});
",
    ] {
        let like = of_text(text);
        assert_eq!(like.map(|l| l.standing), Some(Standing::Other), "{text}");
    }
}

// Fails if a hive of the registry, most of which is UTF-16, is taken for text, or text that begins like one for it.
#[test]
fn a_hive_of_the_registry_is_no_text() {
    assert!(super::is_registry(b"regf\x01\0\0\0"));
    assert!(!super::is_registry(b"regfile of the house\n"));
    assert!(!super::is_registry(b"PReg\x01\0\0\0[\0"), "it is read");
}

#[test]
fn what_runs_commands_of_a_firewall_is_called_what_it_is() {
    let shell = "a shell script that makes firewall rules";
    let native = "a shell script that makes nftables rules";
    for (text, is) in [
        (
            "#!/bin/sh\nfor p in 22 80; do\n  nft add rule inet f i tcp dport $p accept\ndone\n",
            native,
        ),
        (
            "#!/bin/bash\nfor i in 1 2; do nft add rule x y z; done\n",
            native,
        ),
        (
            "#!/bin/sh\nif [ -x /sbin/iptables ]; then\n  iptables -A INPUT -j DROP\nfi\n",
            shell,
        ),
        (
            "#!/bin/sh\ncase \"$1\" in\nstart)\n  iptables -I INPUT -p tcp --dport 3389 -j DROP\n  ;;\nesac\n",
            shell,
        ),
        (
            "#!/bin/sh\nfw_start() {\n\tiptables -A INPUT -j DROP\n}\nfw_start\n",
            shell,
        ),
        (
            "#!/bin/sh\n[ -f /etc/x ] && iptables -A INPUT -j DROP\n",
            shell,
        ),
        (
            "#!/bin/sh\ncat ips | xargs -n1 iptables -A INPUT -j DROP -s\n",
            shell,
        ),
        (
            "#!/bin/sh\nFW=$(which iptables)\n${FW} -A INPUT -j DROP\n",
            shell,
        ),
        (
            "[Service]\nType=oneshot\nExecStart=/sbin/iptables -A INPUT -j DROP\n",
            "a systemd unit that makes firewall rules",
        ),
        (
            "auto eth0\niface eth0 inet static\n address 10.1.0.5/24\n post-up iptables -A INPUT -j DROP\n",
            "a network configuration that makes firewall rules",
        ),
        (
            "@reboot root /sbin/iptables -A INPUT -j DROP\n",
            "a crontab that makes firewall rules",
        ),
        (
            "0 3 * * * nft -f /etc/fw.nft\n",
            "a crontab that makes firewall rules",
        ),
        (
            "fw:\n\tiptables -A INPUT -j DROP\n",
            "a makefile that makes firewall rules",
        ),
        (
            "#!/usr/bin/env python3\nimport subprocess\nsubprocess.run([\"iptables\",\"-A\",\"INPUT\",\"-j\",\"DROP\"])\n",
            "a program that makes firewall rules",
        ),
        (
            "lang en_US\nfirewall --enabled --ssh --port=3389:tcp\n%packages\n@core\n%end\n",
            "a kickstart file that sets up a firewall",
        ),
        (
            "# Configuration file for system-config-firewall\n\n--enabled\n--port=3389:tcp\n",
            "a configuration of system-config-firewall (lokkit)",
        ),
        (
            "netsh firewall add portopening TCP 3389 \"RDP\"\n",
            "a script that makes Windows firewall rules",
        ),
        (
            "uci set firewall.@rule[-1].src='wan'\nuci commit firewall\n",
            "a firewall configuration of OpenWrt",
        ),
        (
            "STARTUP_ENABLED=Yes\nVERBOSITY=1\n",
            "a configuration of Shorewall",
        ),
        (
            "*filter\n:INPUT DROP [0:0]\n{% for p in ports %}\n-A INPUT -p tcp --dport {{ p }} -j ACCEPT\n{% endfor %}\nCOMMIT\n",
            "a template of firewall rules",
        ),
        (
            "*filter\n:INPUT DROP [0:0]\n-A INPUT -s <%= @net %> -j ACCEPT\nCOMMIT\n",
            "a template of firewall rules",
        ),
        (
            "table inet f {\n chain i { type filter hook input priority 0; policy drop;\n tcp dport {{ ports }} accept\n}\n}\n",
            "a template of firewall rules",
        ),
        (
            "<zone>\n{% for s in all %}<service name=\"{{ s }}\"/>{% endfor %}\n</zone>\n",
            "a template of firewall rules",
        ),
    ] {
        assert_eq!(what(text), is, "{text}");
    }
    for text in [
        "#!/bin/sh\nfor p in 1 2; do echo $p; done\n",
        "[Service]\nExecStart=/usr/bin/nginx -t\n",
        "auto eth0\niface eth0 inet static\n post-up ip route add default via 10.0.0.1\n",
        "0 3 * * * root run-parts /etc/cron.daily\n",
        "all:\n\tcargo build\n",
        "import subprocess\nsubprocess.run([\"ip\", \"addr\", \"add\"])\n",
        "hello {{ name }}, the table is set\n",
        "run iptables -A INPUT -j DROP to close it\n",
        "uci set network.lan.proto='static'\n",
        "--enabled-by-default\n",
    ] {
        assert_eq!(of_text(text).map(|l| l.what), None, "{text}");
    }
}

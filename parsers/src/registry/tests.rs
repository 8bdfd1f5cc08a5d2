#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::format;
use crate::source::Source;
use hylint_model::{
    Action, Body, Companion, Export, InboundPolicy, Lists, ProblemKind, RuleOrigin, Store, Stores,
    WindowsProfiles,
};

const LOCAL: &str =
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
const POLICY: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall";
const RULE: &str = r"v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=3389|RA4=10.20.0.0/255.255.0.0|App=%SystemRoot%\system32\svchost.exe|Svc=termservice|Name=Remote Desktop|";

fn read(text: &str) -> Export {
    let source = Source::new("x", text, "UTF-8");
    let export = format::read(&source).unwrap_or_else(|| panic!("no export: {text}"));
    assert_eq!(export.format, "registry", "{text}");
    assert_eq!(export.lost(), 0, "{text}\n{:?}", export.problems);
    export
}

fn lists(export: &Export) -> &Lists {
    match &export.points[0].body {
        Body::Lists(lists) => lists,
        Body::Netfilter(_) => panic!("no lists"),
    }
}

fn doubled(text: &str) -> String {
    text.replace('\\', "\\\\")
}

fn messages(export: &Export) -> Vec<&str> {
    export.problems.iter().map(|p| p.message.as_str()).collect()
}

fn file(body: &str) -> String {
    format!("Windows Registry Editor Version 5.00\r\n\r\n{body}\r\n")
}

fn hex(text: &str) -> String {
    let units = text.encode_utf16().chain([0]);
    let bytes: Vec<String> = units
        .flat_map(u16::to_le_bytes)
        .map(|b| format!("{b:02x}"))
        .collect();
    let lines: Vec<String> = bytes.chunks(20).map(|c| c.join(",")).collect();
    lines.join(",\\\r\n  ")
}

/// The same rule in every container that is read.
fn containers() -> Vec<(&'static str, String)> {
    let rules = format!(r"{LOCAL}\FirewallRules");
    let ps = format!(r"Microsoft.PowerShell.Core\Registry::{rules}");
    let escaped = doubled(RULE);
    vec![
        (
            "reg",
            file(&format!("[{rules}]\r\n\"RD-In\"=\"{escaped}\"\r\n")),
        ),
        (
            "reg, bytes",
            file(&format!("[{rules}]\r\n\"RD-In\"=hex(2):{}\r\n", hex(RULE))),
        ),
        (
            "reg, text bytes",
            file(&format!("[{rules}]\r\n\"RD-In\"=hex(1):{}\r\n", hex(RULE))),
        ),
        (
            "query",
            format!("\r\n{rules}\r\n    RD-In    REG_SZ    {RULE}\r\n\r\n"),
        ),
        ("query, tabs", format!("{rules}\n\tRD-In\tREG_SZ\t{RULE}\n")),
        (
            "osquery",
            format!(
                "[{{\"key\":\"{}\",\"name\":\"RD-In\",\"type\":\"REG_SZ\",\"data\":\"{escaped}\"}}]",
                doubled(&rules)
            ),
        ),
        (
            "osquery, logged",
            format!(
                "{{\"name\":\"fw\",\"columns\":{{\"key\":\"{}\",\"name\":\"RD-In\",\"data\":\"{escaped}\"}},\"action\":\"added\"}}\n",
                doubled(&rules)
            ),
        ),
        (
            "powershell json",
            format!(
                "{{\"RD-In\":\"{escaped}\",\"PSPath\":\"{}\",\"PSChildName\":\"FirewallRules\"}}",
                doubled(&ps)
            ),
        ),
        (
            "powershell list",
            format!(
                "\n\nRD-In        : {RULE}\nPSPath       : {ps}\nPSChildName  : FirewallRules\nPSProvider   : Microsoft.PowerShell.Core\\Registry\n\n"
            ),
        ),
        (
            "powershell list, wrapped",
            format!(
                "RD-In        : {}\n               {}\nPSPath       : {ps}\n\n",
                &RULE[..60],
                &RULE[60..]
            ),
        ),
        (
            "get-item",
            format!(
                "\n    Hive: {LOCAL}\n\nName                           Property\n----                           --------\nFirewallRules                  RD-In : {RULE}\n"
            ),
        ),
        (
            "rows, csv",
            format!("\"Path\",\"Name\",\"Value\"\r\n\"{rules}\",\"RD-In\",\"{RULE}\"\r\n")
                .replace("\"Path\"", "\"Key\""),
        ),
        (
            "columns, csv",
            format!(
                "#TYPE System.Management.Automation.PSCustomObject\n\"RD-In\";\"PSPath\"\n\"{RULE}\";\"{ps}\"\n"
            ),
        ),
        (
            "lgpo",
            format!(
                "; parsed\nComputer\nSYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules\nRD-In\nSZ:{escaped}\n\n"
            ),
        ),
        (
            "reg add",
            format!(
                "@echo off\nReg.exe add \"{}\" /v \"RD-In\" /t REG_SZ /d \"{RULE}\" /f\n",
                rules.replace("HKEY_LOCAL_MACHINE", "HKLM")
            ),
        ),
        (
            "cmdlet",
            format!(
                "$Key = \"{}\"\nNew-ItemProperty -Path $Key -Name 'RD-In' -Value '{RULE}' -Force\n",
                rules.replace("HKEY_LOCAL_MACHINE\\", "HKLM:\\")
            ),
        ),
        (
            "osquery, lines",
            format!("  key = {rules}\n name = RD-In\n type = REG_SZ\n data = {RULE}\n\n"),
        ),
        (
            "wine",
            format!(
                "WINE REGISTRY Version 2\n\n[{}] 1600000000\n#time=1d6\n\"RD-In\"=\"{escaped}\"\n",
                doubled(&rules)
            ),
        ),
    ]
}

// Fails if a container reads a field as another, or gives a place that is not the value's.
#[test]
fn every_container_holds_the_same_rule() {
    for (what, text) in containers() {
        let export = read(&text);
        let rules = &lists(&export).ingress.rules;
        assert_eq!(rules.len(), 1, "{what}: {:?}", export.problems);
        let rule = &rules[0];
        assert_eq!(&*rule.name, "Remote Desktop", "{what}");
        assert_eq!(rule.action, Action::Allow, "{what}");
        assert!(rule.enabled, "{what}");
        assert_eq!(rule.origin, RuleOrigin::Local, "{what}");
        let clause = &rule.clauses[0];
        assert_eq!(clause.space.dport.first(), Some(3389), "{what}");
        assert!(
            clause.space.src.contains("10.20.3.4".parse().unwrap()),
            "{what}"
        );
        assert!(
            !clause.space.src.contains("10.21.3.4".parse().unwrap()),
            "{what}"
        );
        let told: Vec<&str> = clause.conditions.iter().map(|c| &*c.text).collect();
        let want = [
            r"program %SystemRoot%\system32\svchost.exe",
            "service termservice",
        ];
        assert_eq!(told, want, "{what}");
        assert_eq!(export.points[0].stores, Stores::LOCAL, "{what}");
        if what != "reg, bytes" && what != "reg, text bytes" && what != "powershell list, wrapped" {
            let port = rule.fields.iter().find(|(_, s)| &text[s.range()] == "3389");
            assert!(port.is_some(), "{what}: no place of the port");
        }
        let commands = what == "reg add" || what == "cmdlet";
        assert_eq!(
            !export.problems.is_empty(),
            commands,
            "{what}: {:?}",
            export.problems
        );
    }
}

// Fails if rules that Windows does not evaluate with the others are merged, or vanish without a word.
#[test]
fn the_key_decides_whether_a_string_is_a_rule() {
    let value = |n: u8| format!("\"r{n}\"=\"{}\"\r\n", doubled(RULE));
    let defaults = LOCAL.replace("Parameters", "Defaults");
    let text = file(&format!(
        "[{defaults}\\FirewallRules]\r\n{}[{LOCAL}\\FirewallRules]\r\n{}[{LOCAL}\\RestrictedServices\\Static\\System]\r\n{}[{LOCAL}\\Mdm\\FirewallRules]\r\n{}[{LOCAL}]\r\n{}",
        value(1),
        value(2),
        value(3),
        value(4),
        value(5)
    ));
    let export = read(&text);
    let rules = &lists(&export).ingress.rules;
    let origins: Vec<RuleOrigin> = rules.iter().map(|r| r.origin).collect();
    assert_eq!(origins, [RuleOrigin::Local, RuleOrigin::GroupPolicy]);
    assert_eq!(
        messages(&export),
        [
            "a rule of the key Defaults does not act: Windows starts with it",
            "a rule of RestrictedServices restricts a service or an app, and is not merged with the others",
            "a rule stands under a key in which Windows looks for none: it does not act",
        ]
    );
}

fn settings(export: &Export) -> &WindowsProfiles {
    let own = export.points.first().and_then(|p| p.windows.as_deref());
    let beside = export.companions.iter().find_map(|c| match c {
        Companion::WindowsProfiles(p) => Some(&**p),
        _ => None,
    });
    own.or(beside).unwrap()
}

// Fails if a setting of the host outweighs one of policy, or shields go unseen.
#[test]
fn settings_of_policy_win_and_shields_stay() {
    let text = file(&format!(
        "[{LOCAL}\\DomainProfile]\r\n\"EnableFirewall\"=dword:00000000\r\n\"DoNotAllowExceptions\"=dword:00000001\r\n\r\n[{LOCAL}\\StandardProfile]\r\n\"EnableFirewall\"=dword:00000001\r\n\r\n[{POLICY}\\DomainProfile]\r\n\"EnableFirewall\"=dword:00000001\r\n\"DefaultInboundAction\"=dword:00000001\r\n\"DefaultOutboundAction\"=dword:00000001\r\n\"AllowLocalPolicyMerge\"=dword:00000000\r\n"
    ));
    let export = read(&text);
    let all = settings(&export);
    assert_eq!(all.store, Store::Policy);
    let domain = all.profiles[0].as_ref().unwrap();
    assert_eq!(domain.enabled.map(|v| v.0), Some(true));
    assert_eq!(
        domain.inbound.map(|v| v.0),
        Some(InboundPolicy::BlockAlways)
    );
    assert_eq!(domain.outbound_allow.map(|v| v.0), Some(false));
    assert_eq!(domain.local_rules.map(|v| v.0), Some(false));
    let private = all.profiles[1].as_ref().unwrap();
    assert_eq!(private.enabled.map(|v| v.0), Some(true));
    assert_eq!(
        private.inbound.map(|v| v.0),
        Some(InboundPolicy::Block),
        "of a host's own key"
    );
    assert!(all.profiles[2].is_none());
}

// Fails if the profile of Windows XP is taken beside newer ones of policy ([MS-GPFAS] 2.2.3).
#[test]
fn the_standard_profile_of_policy_is_private_and_public_where_those_are_not_set() {
    let standard = format!(
        "[{POLICY}]\r\n\r\n[{POLICY}\\StandardProfile]\r\n\"EnableFirewall\"=dword:00000000\r\n"
    );
    let export = read(&file(&standard));
    let enabled = |export: &Export| {
        let all = settings(export).profiles.clone();
        all.map(|p| p.and_then(|p| p.enabled).map(|v| v.0))
    };
    assert_eq!(enabled(&export), [None, Some(false), Some(false)]);
    let public =
        format!("{standard}\r\n[{POLICY}\\PublicProfile]\r\n\"EnableFirewall\"=dword:00000001\r\n");
    assert_eq!(enabled(&read(&file(&public))), [None, None, Some(true)]);
}

// Fails if rules of policy alone make a verdict about those of the host.
#[test]
fn an_export_of_policy_alone_leaves_the_hosts_rules_open() {
    let rule = format!(
        "[{POLICY}\\FirewallRules]\r\n\"a\"=\"{}\"\r\n",
        doubled(RULE)
    );
    let export = read(&file(&rule));
    let point = &export.points[0];
    assert_eq!(point.stores, Stores::POLICY);
    assert_eq!(
        lists(&export).ingress.default.origin,
        hylint_model::DefaultOrigin::Unknown
    );
    assert_eq!(
        lists(&export).ingress.rules[0].origin,
        RuleOrigin::GroupPolicy
    );
}

// Fails if a deletion in a file is not played in its order.
#[test]
fn later_values_replace_earlier_ones_and_deletions_take_them_away() {
    let rule = |port: u16| doubled(&RULE.replace("3389", &port.to_string()));
    let text = file(&format!(
        "[{LOCAL}\\FirewallRules]\r\n\"a\"=\"{}\"\r\n\"b\"=\"{}\"\r\n\"A\"=\"{}\"\r\n\"b\"=-\r\n\r\n[{POLICY}\\FirewallRules]\r\n\"c\"=\"{}\"\r\n\r\n[-{POLICY}]\r\n",
        rule(1),
        rule(2),
        rule(3),
        rule(4)
    ));
    let export = read(&text);
    let ports: Vec<_> = lists(&export)
        .ingress
        .rules
        .iter()
        .map(|r| r.clauses[0].space.dport.first())
        .collect();
    assert_eq!(ports, [Some(3)]);
    assert_eq!(
        messages(&export),
        [
            "a rule is replaced by a later value of the same name",
            "changes of a registry: what else the host has is not known",
        ]
    );
    let anew = file(&format!(
        "[-{LOCAL}\\FirewallRules]\r\n[{LOCAL}\\FirewallRules]\r\n\"a\"=\"{}\"\r\n",
        rule(1)
    ));
    assert_eq!(messages(&read(&anew)), [""; 0], "all of them are shown");
}

// Fails if a set of drivers that does not run is merged with the one that does.
#[test]
fn of_several_control_sets_the_current_one_counts() {
    let other = LOCAL.replace("CurrentControlSet", "ControlSet002");
    let value = |p: u16| {
        format!(
            "\"a{p}\"=\"{}\"\r\n",
            doubled(&RULE.replace("3389", &p.to_string()))
        )
    };
    let text = file(&format!(
        "[{other}\\FirewallRules]\r\n{}[{LOCAL}\\FirewallRules]\r\n{}",
        value(1),
        value(2)
    ));
    let export = read(&text);
    assert_eq!(lists(&export).ingress.rules.len(), 1);
    assert!(messages(&export)[0].starts_with("`ControlSet002` is not the current"));
}

// Fails if something damaged is read as if it were whole.
#[test]
fn what_is_damaged_is_named_and_decides_nothing() {
    let key = format!("[{LOCAL}\\FirewallRules]\r\n");
    let good = format!("\"g\"=\"{}\"\r\n", doubled(RULE));
    for (damaged, kind, want) in [
        (
            "\"a\"=\"v2.31|Action=Block|Act",
            ProblemKind::Malformed,
            "its string has no closing quote",
        ),
        ("\"a\"=", ProblemKind::Malformed, "its form is not known"),
        (
            "\"a\"=hex(1):76,0x,31",
            ProblemKind::Malformed,
            "its bytes are malformed",
        ),
        (
            "\"a\"=hex(7):76,00,31,00,00,00,61,00,00,00,00,00",
            ProblemKind::Malformed,
            "it holds several strings",
        ),
        ("\"a", ProblemKind::Malformed, "the line is no value"),
        (
            "\"a\"=\"v2.31|Action=Block|Active=TRUE|Dir=In|Name=x\"",
            ProblemKind::Malformed,
            "a rule does not end with a bar",
        ),
        (
            "\"a\"=\"v2.31|Action=Block|Active=TRUE|Dir=In|RemoteIP=1.2.3.4|\"",
            ProblemKind::Malformed,
            "unknown label `RemoteIP`",
        ),
        (
            "\"a\"=\"Block|Action=Block|Active=TRUE|Dir=In|\"",
            ProblemKind::Note,
            "a rule has no version",
        ),
        (
            "\"a\"=dword:00000001",
            ProblemKind::Note,
            "a rule holds no string",
        ),
    ] {
        let export = read(&file(&format!("{key}{good}{damaged}\r\n")));
        let found = export.problems.iter().find(|p| p.message.contains(want));
        let found = found.unwrap_or_else(|| panic!("{damaged}: {:?}", export.problems));
        assert_eq!(found.kind, kind, "{damaged}");
        for rule in lists(&export)
            .ingress
            .rules
            .iter()
            .filter(|r| r.action == Action::Deny)
        {
            let open = rule.clauses[0]
                .conditions
                .iter()
                .any(|c| c.kind == hylint_model::ConditionKind::Unknown);
            assert!(open, "{damaged}: taken for a whole rule");
        }
    }
}

// Fails if exceptions of the old form that policy sets pass unseen.
#[test]
fn exceptions_in_the_form_of_windows_xp_are_named() {
    let list = |root: &str| {
        format!(
            "[{root}\\DomainProfile\\GloballyOpenPorts\\List]\r\n\"3389:TCP\"=\"3389:TCP:*:enabled:x\"\r\n"
        )
    };
    let export = read(&file(&format!(
        "[{LOCAL}\\FirewallRules]\r\n\r\n{}",
        list(LOCAL)
    )));
    assert_eq!(export.problems[0].kind, ProblemKind::Note);
    let export = read(&file(&format!(
        "[{POLICY}\\FirewallRules]\r\n\r\n{}",
        list(POLICY)
    )));
    let off = list(POLICY).replace("enabled", "Disabled");
    let export_off = read(&file(&format!("[{POLICY}\\FirewallRules]\r\n\r\n{off}")));
    assert!(export_off.problems.is_empty(), "{:?}", export_off.problems);
    let problem = &export.problems[0];
    assert_eq!(problem.kind, ProblemKind::Malformed);
    assert!(
        problem.message.contains("3389:TCP:*"),
        "{}",
        problem.message
    );
}

// Fails if the writer says something that its own reader reads as another rule.
#[test]
fn what_is_written_is_read_as_the_same() {
    let rules = [
        "v2.31|Action=ByPass|Active=TRUE|Dir=In|Protocol=6|LPort=80|LPort2_10=8000-8010|RA4=LocalSubnet|RA4=10.0.0.1|RA6=LocalSubnet|RA6=fe80::/64|Security=Authenticate|RMAuth=O:LSD:(A;;CC;;;S-1-5-21-1)|Name=a b|Desc=c|EmbedCtxt=d|",
        "v2.31|Action=Block|Active=FALSE|Dir=Out|Protocol=17|Profile=Private|RPort=53|RA42=IntErnet|RA62=IntErnet|IFType=Lan|IFType=Wireless|Svc=*|Name=e|",
        "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=8:*|ICMP4=3:4|RA4=DNS|Name=f|",
        "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=RPC|App=C:\\\\a\\\"b\\\".exe|LUAuth=O:LSD:(A;;CC;;;S-1-2-1)|AppPkgId=S-1-15-2-1|Name=g|",
        "v2.31|Action=Allow|Active=TRUE|Dir=In|Name=any|",
    ];
    let each = rules.iter().enumerate();
    let values: String = each
        .map(|(n, r)| format!("\"{{{n}}}\"=\"{r}\"\r\n"))
        .collect();
    let text = file(&format!(
        "[{LOCAL}\\FirewallRules]\r\n{values}\r\n[{LOCAL}\\DomainProfile]\r\n\"EnableFirewall\"=dword:00000001\r\n"
    ));
    let export = read(&text);
    assert!(export.problems.is_empty(), "{:?}", export.problems);
    let written = super::write(&export.points[0]).unwrap();
    let again = read(&written);
    assert_eq!(super::write(&again.points[0]).unwrap(), written);
    assert_eq!(again.rules_in_model(), rules.len());
    let plain = |e: &Export| {
        settings(e)
            .profiles
            .clone()
            .map(|p| p.map(|p| (p.enabled.map(|v| v.0), p.inbound.map(|v| v.0))))
    };
    assert_eq!(plain(&again), plain(&export));
}

// Fails if a text that speaks of rules is taken for an export.
#[test]
fn prose_and_other_keys_are_no_exports() {
    for text in [
        format!("The rule is stored as **{RULE}** in the registry.\n"),
        r"[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows]".to_owned(),
        format!("Firewall rules stand under `{LOCAL}\\FirewallRules`, settings beside them.\n"),
        format!("reg query \"{LOCAL}\\FirewallRules\"\n"),
    ] {
        let source = Source::new("x", text.as_str(), "UTF-8");
        let format = format::detect(&crate::input::Input::new(&source));
        assert!(format.is_none_or(|f| f.id != "registry"), "{text}");
    }
}

// Fails if what a connection security rule keeps out, or a disabled service lets in, goes unseen.
#[test]
fn connection_security_and_the_service_of_the_firewall_are_read() {
    let consec = |n: u8, action: &str, more: &str| {
        format!(
            "\"c{n}\"=\"v2.33|Action={action}|Name=n|{more}|Active=TRUE|Auth1Set={{E5A5D32A}}|\"\r\n"
        )
    };
    let rules = format!(
        "[{LOCAL}\\FirewallRules]\r\n\r\n[{LOCAL}\\ConSecRules]\r\n{}{}{}{}",
        consec(
            1,
            "SecureServer",
            "EP1_4=10.0.0.0/8|EP2Port=3389|Protocol=6"
        ),
        consec(2, "Secure", "Profile=Domain"),
        consec(3, "Boundary", "Profile=Domain"),
        consec(4, "DoNotSecure", "EP1_4=10.1.0.0/16"),
    );
    let export = read(&file(&rules));
    let security = export.points[0].security.as_ref().unwrap();
    assert_eq!((security.ingress.len(), security.egress.len()), (2, 1));
    let first = &security.ingress[0];
    let in_space = |src: &str| {
        let src = src.parse().unwrap();
        first
            .clauses
            .iter()
            .any(|c| c.space.src.contains(src) && c.space.dport.contains(3389))
    };
    assert!(in_space("10.2.0.1") && !in_space("10.1.0.1"), "exempted");
    assert!(messages(&export)[0].contains("allows and blocks nothing by itself"));
    let service = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\mpssvc";
    let off =
        format!("[{LOCAL}\\FirewallRules]\r\n\r\n[{service}]\r\n\"Start\"=dword:00000004\r\n");
    let export = read(&file(&off));
    let all = &settings(&export).profiles;
    assert!(
        all.iter()
            .all(|p| p.as_ref().and_then(|p| p.enabled).map(|v| v.0) == Some(false))
    );
}

/// Values of Registry.pol of a policy that PowerShell wrote on Windows Server 2025, with what it read back of each
/// (github.com/hraedon/gpo-studio, tests/fixtures/native-firewall-gpmc/capture.json).
#[test]
fn a_policy_that_powershell_wrote_is_read_as_powershell_reads_it() {
    let rule = |n: u8, string: &str| {
        format!(
            "Computer\nSOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\FirewallRules\nProbe-{n:02}\nSZ:v2.33|{string}|\n\n"
        )
    };
    let all = [
        "Action=Block|Active=TRUE|Dir=Out|Protocol=17|Profile=Domain|Profile=Private|RPort2_10=65002-65003|RPort=65010|Name=range",
        "Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=8:0|Name=echo",
        "Action=Block|Active=TRUE|Dir=In|LA4=198.51.100.7|RA4=192.0.2.0/255.255.255.0|RA6=2001:db8::/32|Name=addresses",
        "Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=RPC|RA4=LocalSubnet|RA6=LocalSubnet|Name=rpc",
        "Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=RPC-EPMap|Name=epmap",
        "Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=65006|IFType=Lan|Name=wired|Edge=TRUE",
        "Action=ByPass|Active=TRUE|Dir=In|Protocol=6|LPort=65007|Name=override|RMauth=D:(A;;CC;;;WD)|Security=Authenticate",
    ];
    let text: String = (1..).zip(all).map(|(n, r)| rule(n, r)).collect();
    let export = read(&format!("; Registry.pol\n\n{text}"));
    assert!(export.problems.is_empty(), "{:?}", export.problems);
    let lists = lists(&export);
    let out = &lists.egress.rules[0].clauses[0].space;
    assert_eq!(
        out.dport.iter().collect::<Vec<_>>(),
        [(65002, 65003), (65010, 65010)]
    );
    let rules: Vec<_> = lists.ingress.rules.iter().map(|r| &r.clauses[0]).collect();
    assert_eq!(
        (rules[0].space.sport.first(), rules[0].space.dport.first()),
        (Some(8), Some(0))
    );
    let src = &rules[1].space.src;
    assert!(
        src.contains("192.0.2.9".parse().unwrap()) && src.contains("2001:db8::1".parse().unwrap())
    );
    let told = |n: usize| {
        rules[n]
            .conditions
            .iter()
            .map(|c| &*c.text)
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(
        told(2),
        "source in LocalSubnet; the port is an RPC server's"
    );
    assert_eq!(rules[3].space.dport.first(), Some(135));
    assert_eq!(told(4), "interface type LAN");
    assert_eq!(
        told(5),
        "IPsec security Authenticate; authorized D:(A;;CC;;;WD)"
    );
    assert_eq!(lists.ingress.rules[5].action, Action::Bypass);
}

const CATALOG: &str = "vendor_msft_firewall_mdmstore_firewallrules_{firewallrulename}";

fn catalog() -> String {
    let simple = |name: &str, value: &str| {
        format!(
            "{{\"settingDefinitionId\":\"{CATALOG}_{name}\",\"simpleSettingValue\":{{\"value\":{value}}}}}"
        )
    };
    let choice = |name: &str, value: &str| {
        format!(
            "{{\"settingDefinitionId\":\"{CATALOG}_{name}\",\"choiceSettingValue\":{{\"value\":\"{CATALOG}_{name}_{value}\",\"children\":[]}}}}"
        )
    };
    let several = |name: &str, values: &str| {
        format!(
            "{{\"settingDefinitionId\":\"{CATALOG}_{name}\",\"simpleSettingCollectionValue\":[{values}]}}"
        )
    };
    let profiles = format!(
        "{{\"settingDefinitionId\":\"{CATALOG}_profiles\",\"choiceSettingCollectionValue\":[{{\"value\":\"{CATALOG}_profiles_1\"}},{{\"value\":\"{CATALOG}_profiles_2\"}}]}}"
    );
    let children = [
        simple("name", "\"Remote Desktop\""),
        choice("enabled", "1"),
        choice("direction", "in"),
        choice("action_type", "1"),
        simple("protocol", "6"),
        several(
            "localportranges",
            "{\"value\":\"3389\"},{\"value\":\"8000-8010\"}",
        ),
        several(
            "remoteaddressranges",
            "{\"value\":\"10.20.0.0/16\"},{\"value\":\"LocalSubnet\"}",
        ),
        simple("app_filepath", "\"C:\\\\a.exe\""),
        profiles,
    ];
    format!(
        "{{\"name\":\"p\",\"settings\":[{{\"settingInstance\":{{\"settingDefinitionId\":\"{CATALOG}\",\"groupSettingCollectionValue\":[{{\"children\":[{}]}}]}}}},{{\"settingInstance\":{{\"settingDefinitionId\":\"vendor_msft_firewall_mdmstore_domainprofile_enablefirewall\",\"choiceSettingValue\":{{\"value\":\"vendor_msft_firewall_mdmstore_domainprofile_enablefirewall_true\",\"children\":[{{\"settingDefinitionId\":\"vendor_msft_firewall_mdmstore_domainprofile_defaultinboundaction\",\"choiceSettingValue\":{{\"value\":\"vendor_msft_firewall_mdmstore_domainprofile_defaultinboundaction_1\"}}}}]}}}}}}]}}",
        children.join(",")
    )
}

fn custom() -> String {
    let one = |path: &str, value: &str| {
        format!("{{\"omaUri\":\"./Vendor/MSFT/Firewall/MdmStore/{path}\",\"value\":{value}}}")
    };
    let rule = |name: &str, value: &str| one(&format!("FirewallRules/RD/{name}"), value);
    let all = [
        rule("Name", "\"Remote Desktop\""),
        rule("Enabled", "true"),
        rule("Direction", "\"In\""),
        rule("Action/Type", "1"),
        rule("Protocol", "6"),
        rule("LocalPortRanges", "\"3389,8000-8010\""),
        rule("RemoteAddressRanges", "\"10.20.0.0/16,LocalSubnet\""),
        rule("App/FilePath", "\"C:\\\\a.exe\""),
        rule("Profiles", "3"),
        one("DomainProfile/EnableFirewall", "true"),
        one("DomainProfile/DefaultInboundAction", "1"),
    ];
    format!("{{\"omaSettings\":[{}]}}", all.join(","))
}

// Fails if a property of a policy of device management is read as another, or one that is not known goes unseen.
#[test]
fn policies_of_device_management_are_read() {
    for (what, text) in [("catalog", catalog()), ("custom", custom())] {
        let export = read(&text);
        assert!(export.problems.is_empty(), "{what}: {:?}", export.problems);
        let rule = &lists(&export).ingress.rules[0];
        assert_eq!(
            (&*rule.name, rule.profiles.0, rule.enabled),
            ("Remote Desktop", 3, true),
            "{what}"
        );
        assert_eq!(
            (&rule.action, rule.origin),
            (&Action::Allow, RuleOrigin::GroupPolicy),
            "{what}"
        );
        let clause = &rule.clauses[0];
        assert!(
            clause.space.dport.contains(3389) && clause.space.dport.contains(8005),
            "{what}"
        );
        assert!(
            clause.space.src.contains("10.20.1.1".parse().unwrap()),
            "{what}"
        );
        assert_eq!(&*clause.conditions[0].text, r"program C:\a.exe", "{what}");
        let domain = settings(&export).profiles[0].as_ref().unwrap();
        assert_eq!(domain.enabled.map(|v| v.0), Some(true), "{what}");
        assert_eq!(
            domain.inbound.map(|v| v.0),
            Some(InboundPolicy::Block),
            "{what}"
        );
        assert_eq!(export.points[0].stores, Stores::POLICY, "{what}");
    }
    let graph = "{\"firewallRules\":[{\"displayName\":\"x\",\"protocol\":6,\"localPortRanges\":[\"23\"],\"remoteAddressRanges\":[],\"profileTypes\":\"domain,private\",\"action\":\"blocked\",\"trafficDirection\":\"in\",\"interfaceTypes\":\"notConfigured\"}]}";
    let export = read(graph);
    let rule = &lists(&export).ingress.rules[0];
    assert_eq!(
        (&rule.action, rule.enabled, rule.profiles.0),
        (&Action::Deny, true, 3)
    );
    let odd = custom().replace("Protocol", "NewThing");
    assert!(
        messages(&read(&odd)).iter().any(|m| m.contains("newthing")),
        "{:?}",
        read(&odd).problems
    );
    let open = custom().replace("FirewallRules/RD/Enabled", "FirewallRules/RE/Enabled");
    assert!(
        !read(&open).problems.is_empty(),
        "whether the rule acts is not said"
    );
}

// Fails if settings of policy pass for all that policy says, or what a whole export of it shows is called unknown.
#[test]
fn settings_of_policy_without_its_rules_leave_them_open() {
    let listed = |root: &str, more: &str| {
        format!("{more}{root}\\DomainProfile\n    AllowLocalPolicyMerge    REG_DWORD    0x0\n")
    };
    let export = read(&listed(POLICY, ""));
    assert_eq!(
        export.points[0].other_policy,
        hylint_model::OtherPolicy::Shown
    );
    assert_eq!(export.problems[0].kind, ProblemKind::Incomplete);
    let root = format!(
        "C:\\>reg query {POLICY} /s\n\n{POLICY}\n    PolicyVersion    REG_DWORD    0x21e\n\n"
    );
    let file = file(&format!(
        "[{POLICY}]\r\n\r\n[{POLICY}\\DomainProfile]\r\n\"EnableFirewall\"=dword:00000001\r\n"
    ));
    for whole in [listed(POLICY, &root), file] {
        let export = read(&whole);
        let point = &export.points[0];
        assert_eq!(
            point.other_policy,
            hylint_model::OtherPolicy::Settled,
            "{whole}"
        );
        assert!(export.problems.is_empty(), "{whole}");
    }
}

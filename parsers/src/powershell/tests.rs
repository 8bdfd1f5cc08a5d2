//! The reader as a whole: every form of the same rules gives the same model, and what a form loses is told once.
//!
//! The shapes are those of public captures: joined CSV (Export-FirewallRules), `ConvertTo-Json` of rules and of filters of a
//! Windows Server 2022 (mondoo's test data), Show-NetFirewallRule, consoles of issues and blogs.

use super::{FORMAT, command, write};
use crate::edit::{Change, List, ListRef, Position};
use crate::format;
use crate::source::Source;
use crate::windows::same;
use hylint_model::{
    Action, Body, Companion, ConditionKind, DefaultOrigin, Export, InboundPolicy, Lists, Point,
    ProblemKind, Profiles, Rule, RuleOrigin, Store, Stores, View,
};

fn read(text: &str) -> Export {
    let source = Source::new("x", text, "UTF-8");
    let export = format::read(&source).unwrap_or_else(|| panic!("no export: {text}"));
    assert_eq!((export.format, export.lost()), (FORMAT.id, 0), "{text}");
    export
}

fn point(e: &Export) -> &Point {
    e.points.first().unwrap()
}

fn lists(e: &Export) -> &Lists {
    match &point(e).body {
        Body::Lists(lists) => lists,
        Body::Netfilter(_) => panic!("lists"),
    }
}

fn rules(e: &Export) -> Vec<&Rule> {
    let l = lists(e);
    l.ingress.rules.iter().chain(&l.egress.rules).collect()
}

/// Whether some condition of a rule leaves open what it matches.
fn is_open(r: &Rule) -> bool {
    r.conditions().any(|c| c.kind == ConditionKind::Unknown)
}

fn messages(e: &Export) -> Vec<String> {
    let above = |k: ProblemKind| k != ProblemKind::Note;
    let told = e.problems.iter().filter(|p| above(p.kind));
    told.map(|p| p.message.clone()).collect()
}

/// The rules that each form below says.
const PLAIN: &str = r#"[
{"Name":"A","InstanceID":"A","DisplayName":"Web","Description":"for clients","Group":"G","Enabled":"True","Profile":"Domain, Private","Direction":"Inbound","Action":"Allow","PolicyStoreSourceType":"Local","Protocol":"TCP","LocalPort":["443","8443-8444"],"RemotePort":["Any"],"IcmpType":["Any"],"LocalAddress":["Any"],"RemoteAddress":["10.0.0.0/8","LocalSubnet"],"Program":"C:\\P F\\a.exe","Service":"svc","InterfaceAlias":"Any","InterfaceType":"Wired","Authentication":"NotRequired","Encryption":"NotRequired","OverrideBlockRules":"False","LocalUser":"Any","RemoteUser":"Any","RemoteMachine":"Any"},
{"Name":"B","InstanceID":"B","DisplayName":"Ping","Enabled":"False","Profile":"Any","Direction":"Outbound","Action":"Block","PolicyStoreSourceType":"Local","Protocol":"ICMPv4","LocalPort":["RPC"],"RemotePort":["Any"],"IcmpType":["8","3:4"],"LocalAddress":["Any"],"RemoteAddress":["Any"],"Program":"Any","Service":"Any","InterfaceAlias":"Any","InterfaceType":"Any","Authentication":"NotRequired","Encryption":"NotRequired","OverrideBlockRules":"False","LocalUser":"Any","RemoteUser":"Any","RemoteMachine":"Any"}
]"#;

// Fails if a form is read otherwise than another one: numbers for words, single elements, wrappers, filters nested, beside
// their rules or below them, other delimiters, joined lists.
#[test]
fn every_form_of_the_same_rules_gives_the_same_model() {
    let numbers = PLAIN
        .replace("\"Enabled\":\"True\"", "\"Enabled\":  1")
        .replace("\"Enabled\":\"False\"", "\"Enabled\":  2")
        .replace("\"Domain, Private\"", "3")
        .replace("\"Profile\":\"Any\"", "\"Profile\":0")
        .replace("\"Inbound\"", "1")
        .replace("\"Outbound\"", "2")
        .replace("\"Action\":\"Allow\"", "\"Action\":2")
        .replace("\"Action\":\"Block\"", "\"Action\":4")
        .replace(
            "\"PolicyStoreSourceType\":\"Local\"",
            "\"PolicyStoreSourceType\":1",
        )
        .replace("\"Wired\"", "1")
        .replace("\"InterfaceType\":\"Any\"", "\"InterfaceType\":0")
        .replace("\"Authentication\":\"NotRequired\"", "\"Authentication\":0")
        .replace(
            "\"OverrideBlockRules\":\"False\"",
            "\"OverrideBlockRules\":false",
        )
        .replace("[\"Any\"]", "\"Any\"");
    let wrapped = PLAIN
        .replace(
            "[\"443\",\"8443-8444\"]",
            "{\"value\":[\"443\",\"8443-8444\"],\"Count\":2}",
        )
        .replace(
            "\"Direction\":\"Inbound\"",
            "\"Direction\":{\"value\":1,\"Value\":\"Inbound\"}",
        );
    let lines = PLAIN
        .replace("},\n", "}\n")
        .replace("[\n", "")
        .replace("\n]", "");
    let console = format!("PS C:\\> .\\export.ps1\n{PLAIN}\nPS C:\\> ");
    let envelope = format!("{{\"ComputerName\":\"SRV1\",\"Data\":{{\"Rules\":{PLAIN}}}}}");
    let nested = r#"[{"Rule":{"Name":"A","DisplayName":"Web","Description":"for clients","Group":"G","Enabled":1,"Profile":3,"Direction":1,"Action":2,"PolicyStoreSourceType":1},
"PortFilter":{"Protocol":"TCP","LocalPort":["443","8443-8444"],"RemotePort":"Any","IcmpType":"Any"},
"AddressFilter":{"LocalAddress":"Any","RemoteAddress":["10.0.0.0/8","LocalSubnet"]},
"ApplicationFilter":{"Program":"C:\\P F\\a.exe","Package":null},"ServiceFilter":{"Service":"svc"},"InterfaceFilter":{"InterfaceAlias":"Any"},"InterfaceTypeFilter":{"InterfaceType":1},
"SecurityFilter":{"Authentication":0,"Encryption":0,"OverrideBlockRules":false,"LocalUser":"Any","RemoteUser":"Any","RemoteMachine":"Any"}},
{"Name":"B","DisplayName":"Ping","Enabled":2,"Profile":0,"Direction":2,"Action":4,"PolicyStoreSourceType":1,
"Port":{"Protocol":"ICMPv4","LocalPort":"RPC","RemotePort":"Any","IcmpType":["8","3:4"]},"Address":{"LocalAddress":"Any","RemoteAddress":"Any"},
"Application":{"Program":"Any","Package":null},"Service":{"Service":"Any"},"InterfaceFilter":{"InterfaceAlias":"Any"},"InterfaceType":[{"InterfaceType":0}],
"Security":{"Authentication":0,"Encryption":0,"OverrideBlockRules":false,"LocalUser":"Any","RemoteUser":"Any","RemoteMachine":"Any"}}]"#;
    let separate = format!("{RULES_ALONE}{FILTERS}");
    let csv = |d: &str, join: &str| {
        let names = "Action,Name,DisplayName,Description,Group,Enabled,Profile,Direction,PolicyStoreSourceType,Protocol,LocalPort,RemotePort,IcmpType,LocalAddress,RemoteAddress,Program,Service,InterfaceAlias,InterfaceType,Authentication,Encryption,OverrideBlockRules,LocalUser,RemoteUser,RemoteMachine";
        let a = format!(
            "Allow^A^Web^for clients^G^True^Domain{join}Private^Inbound^Local^TCP^443{join}8443-8444^Any^Any^Any^10.0.0.0/8{join}LocalSubnet^C:\\P F\\a.exe^svc^Any^Wired^NotRequired^NotRequired^False^Any^Any^Any"
        );
        let b = format!(
            "Block^B^Ping^^^FALSE^Any^Outbound^Local^ICMPv4^RPC^Any^8{join}3:4^Any^Any^Any^Any^Any^Any^NotRequired^NotRequired^False^Any^Any^Any"
        );
        let quoted = |row: &str| {
            let cells = row.split('^').map(|c| {
                if c.is_empty() {
                    String::new()
                } else {
                    format!("\"{c}\"")
                }
            });
            cells.collect::<Vec<_>>().join(d)
        };
        format!(
            "#TYPE Selected.CimInstance\r\n{}\r\n{}\r\n{}\r\n",
            quoted(&names.replace(',', "^")),
            quoted(&a),
            quoted(&b)
        )
    };
    let want = read(PLAIN);
    for (form, text) in [
        ("numbers", numbers),
        ("wrapped", wrapped),
        ("an object a line", lines),
        ("console", console),
        ("envelope", envelope),
        ("nested", nested.to_owned()),
        ("separate", separate),
        ("lists", LISTS.to_owned()),
        ("csv ,", csv(",", ", ")),
        ("csv ;", csv(";", ",")),
        ("csv tab", csv("\t", ";")),
        ("csv |", csv("|", " ")),
    ] {
        let e = read(&text);
        assert_eq!(messages(&e), [""; 0], "{form}");
        assert_eq!(rules(&e).len(), 2, "{form}");
        for (r, wanted) in rules(&e).iter().zip(rules(&want)) {
            assert!(same::rules(r, wanted), "{form}:\n{r:#?}\n{wanted:#?}");
        }
    }
    let web = rules(&want)[0];
    assert_eq!((web.profiles, web.origin), (Profiles(3), RuleOrigin::Local));
    assert_eq!(
        (&web.action, rules(&want)[1].enabled),
        (&Action::Allow, false)
    );
}

const RULES_ALONE: &str = r#"[{"Name":"A","InstanceID":"A","DisplayName":"Web","Description":"for clients","Group":"G","Enabled":1,"Profile":3,"Direction":1,"Action":2,"PolicyStoreSourceType":1,"CreationClassName":"MSFT|FW|FirewallRule|A"},
{"Name":"B","InstanceID":"B","DisplayName":"Ping","Enabled":2,"Profile":0,"Direction":2,"Action":4,"PolicyStoreSourceType":1}]
"#;

/// As a script of mondoo's gathers them, with wrappers.
const FILTERS: &str = r#"{"Port":{"value":[{"InstanceID":"B","Protocol":"ICMPv4","LocalPort":"RPC","RemotePort":"Any","IcmpType":{"value":["8","3:4"],"Count":2}},
{"InstanceID":"A","Protocol":"TCP","LocalPort":["443","8443-8444"],"RemotePort":"Any","IcmpType":"Any"}],"Count":2},
"Address":[{"InstanceID":"A","LocalAddress":"Any","RemoteAddress":["10.0.0.0/8","LocalSubnet"]},{"InstanceID":"B","LocalAddress":"Any","RemoteAddress":"Any"}],
"Application":[{"InstanceID":"A","Program":"C:\\P F\\a.exe"},{"CreationClassName":"MSFT|FW|FirewallRule|B","Program":"Any"}],
"Service":[{"InstanceID":"A","Service":"svc"},{"InstanceID":"B","Service":"Any"}],
"Interface":[{"InstanceID":"A","InterfaceAlias":"Any"},{"InstanceID":"B","InterfaceAlias":"Any"}],
"InterfaceType":[{"InstanceID":"A","InterfaceType":"Wired"},{"InstanceID":"B","InterfaceType":"Any"}],
"Security":[{"InstanceID":"A","Authentication":0,"Encryption":0,"OverrideBlockRules":false,"LocalUser":"Any","RemoteUser":"Any","RemoteMachine":"Any"},
{"InstanceID":"B","Authentication":0,"Encryption":0,"OverrideBlockRules":false,"LocalUser":"Any","RemoteUser":"Any","RemoteMachine":"Any"}]}
"#;

const LISTS: &str = "
Name                  : A
DisplayName           : Web
Description           : for clients
Group                 : G
Enabled               : True
Profile               : Domain, Private
Platform              : {}
Direction             : Inbound
Action                : Allow
PolicyStoreSourceType : Local

$_ | Get-NetFirewallAddressFilter
     LocalAddress             : Any
     RemoteAddress            : {10.0.0.0/8, LocalSubnet}

$_ | Get-NetFirewallServiceFilter
     Service                  : svc

$_ | Get-NetFirewallApplicationFilter
     Program                  : C:\\P F\\a.exe
     Package                  :

$_ | Get-NetFirewallInterfaceFilter
     InterfaceAlias           : Any

$_ | Get-NetFirewallInterfaceTypeFilter
     InterfaceType            : Wired

$_ | Get-NetFirewallPortFilter
     Protocol                 : TCP
     LocalPort                : {443, 
                                8443-8444}
     RemotePort               : Any
     IcmpType                 : Any

$_ | Get-NetFirewallSecurityFilter
     Authentication           : NotRequired
     Encryption               : NotRequired
     OverrideBlockRules       : False
     LocalUser                : Any
     RemoteUser               : Any
     RemoteMachine            : Any

Name                  : B
DisplayName           : Ping
Enabled               : False
Profile               : Any
Direction             : Outbound
Action                : Block
PolicyStoreSourceType : Local

$_ | Get-NetFirewallAddressFilter
     LocalAddress             : Any
     RemoteAddress            : Any

$_ | Get-NetFirewallServiceFilter
     Service                  : Any

$_ | Get-NetFirewallApplicationFilter
     Program                  : Any

$_ | Get-NetFirewallInterfaceFilter
     InterfaceAlias           : Any

$_ | Get-NetFirewallInterfaceTypeFilter
     InterfaceType            : Any

$_ | Get-NetFirewallPortFilter
     Protocol                 : ICMPv4
     LocalPort                : RPC
     RemotePort               : Any
     IcmpType                 : {8, 3:4}

$_ | Get-NetFirewallSecurityFilter
     Authentication           : NotRequired
     Encryption               : NotRequired
     OverrideBlockRules       : False
     LocalUser                : Any
     RemoteUser               : Any
     RemoteMachine            : Any
";

// Fails if filters in files of their own are not joined, or if the places of what they say are not in those files.
#[test]
fn filters_of_another_file_are_joined_by_id() {
    let alone = read(FILTERS);
    assert!(alone.points.is_empty());
    assert!(matches!(
        alone.companions[..],
        [Companion::WindowsFilters { .. }]
    ));
    let mut source = Source::new("rules.json", RULES_ALONE, "UTF-8");
    let brief = format::read(&source).unwrap();
    assert!(point(&brief).brief && rules(&brief).iter().all(|r| is_open(r)));
    source.add_part("filters.json", FILTERS);
    let joined = format::read(&source).unwrap();
    assert_eq!(messages(&joined), [""; 0]);
    for (r, wanted) in rules(&joined).iter().zip(rules(&read(PLAIN))) {
        assert!(same::rules(r, wanted), "{r:#?}");
    }
    let place = rules(&joined)[0]
        .field(hylint_model::Field::DestinationPort)
        .unwrap();
    assert_eq!(
        source.part(place.start).map(|p| &*p.path),
        Some("filters.json")
    );
    assert!(source.slice(place).contains("8443"));
}

// Fails if a value that PowerShell cut or withheld is read as Any, or if it is told more than once.
#[test]
fn what_is_lost_leaves_the_rule_open_and_is_told_once() {
    let port = "\"LocalPort\":[\"443\",\"8443-8444\"]";
    let rule = PLAIN.lines().nth(1).unwrap().trim_end_matches(',');
    for (text, says) in [
        (
            rule.replace(port, "\"LocalPort\":\"System.String[]\""),
            "values of LocalPort are lost in 1 rule",
        ),
        (
            rule.replace(port, "\"LocalPort\":\"@{value=System.Object[]; Count=2}\""),
            "values of LocalPort are lost",
        ),
        (
            rule.replace(port, "\"LocalPort\":\"443,84...\""),
            "values of LocalPort are lost",
        ),
        (
            rule.replace(port, "\"LocalPort\":{\"a\":1}"),
            "values of LocalPort are lost",
        ),
        (
            rule.replace(port, "\"LocalPort\":\"\""),
            "1 of 1 rules lack properties of their filters",
        ),
        (
            rule.replace(port, "\"LocalPort\":null"),
            "1 of 1 rules lack properties of their filters",
        ),
        (
            rule.replace(port, "\"PortFilter\":\"@{Protocol=TCP}\""),
            "an object in one line",
        ),
        (
            rule.replace(port, "\"LocalPort\":\"http\""),
            "unknown value `http` of LocalPort",
        ),
        (
            rule.replace("\"Name\"", "\"Reviewer\":\"x\",\"Name\""),
            "unknown property `Reviewer` of 1 rule",
        ),
        (
            rule.replace("\"Enabled\":\"True\"", "\"Enabled\":\"WAHR\""),
            "unknown value `WAHR` of Enabled",
        ),
        (
            rule.replace("\"Domain, Private\"", "\"Guest\""),
            "unknown value `Guest` of Profile",
        ),
        (rule.replace("}", ""), "truncated"),
    ] {
        let e = read(&text);
        assert!(is_open(rules(&e)[0]), "{text}");
        let told = messages(&e);
        assert!(
            told.len() == 1 && told[0].starts_with(says),
            "{text}: {told:?}"
        );
    }
    // What is not known of its effect leaves it opaque, and one without direction is in both lists.
    let e = read(&rule.replace("\"Action\":\"Allow\"", "\"Action\":0"));
    assert!(matches!(rules(&e)[0].action, Action::Opaque(_)));
    let e = read(
        "[\"@{Name=A; DisplayName=Web; Direction=Inbound; Action=Allow}\",\"@{Name=B; DisplayName=Web; Direction=Outbound}\"]",
    );
    assert_eq!(
        (e.rules_in_file, rules(&e).len(), messages(&e).len()),
        (2, 4, 1)
    );
    let unmarked = read(&rule.replace(
        "\"Name\"",
        "\"Reviewer\":null,\"PSComputerName\":null,\"CimClass\":{\"a\":{}},\"Name\"",
    ));
    assert!(!is_open(rules(&unmarked)[0]) && messages(&unmarked).is_empty());
}

// Fails if rules with one id get each other's ports.
#[test]
fn rules_that_share_an_id_share_only_what_their_filters_agree_on() {
    let rules_of = r#"[{"InstanceID":"A","Name":"A","DisplayName":"Web","Enabled":1,"Profile":0,"Direction":1,"Action":2,"PolicyStoreSourceType":1},
{"InstanceID":"A","Name":"A","DisplayName":"Web","Enabled":1,"Profile":0,"Direction":1,"Action":2,"PolicyStoreSourceType":2}]"#;
    let filters = |port: &str| {
        format!(
            r#"[{{"InstanceID":"A","Protocol":"TCP","LocalPort":"443","RemotePort":"Any","LocalAddress":"Any","RemoteAddress":"Any"}},{{"InstanceID":"A","Protocol":"TCP","LocalPort":"{port}","RemotePort":"Any","LocalAddress":"Any","RemoteAddress":"Any"}}]"#
        )
    };
    let agreed = read(&format!("{rules_of}\n{}", filters("443")));
    assert!(rules(&agreed).iter().all(|r| !is_open(r)));
    let open = read(&format!("{rules_of}\n{}", filters("80")));
    assert!(rules(&open).iter().all(|r| is_open(r)));
    assert!(
        messages(&open)
            .iter()
            .any(|m| m.starts_with("2 rules have an InstanceID with several"))
    );
    let orphan = read(&format!(
        "{rules_of}\n{}",
        filters("443").replace(
            "\"A\",\"Protocol\":\"TCP\",\"LocalPort\":\"443\"",
            "\"Z\",\"Protocol\":\"TCP\",\"LocalPort\":\"443\""
        )
    ));
    let told = orphan
        .problems
        .iter()
        .find(|p| p.message.contains("to no rule"));
    assert_eq!(told.map(|p| p.kind), Some(ProblemKind::Note));
}

// Fails if what is in effect is not told from one store, or rules that restrict services are merged.
#[test]
fn stores_are_told_apart() {
    let rule = PLAIN.lines().nth(1).unwrap().trim_end_matches(',');
    let of = |status: &str, kind: &str| {
        rule.replace(
            "\"PolicyStoreSourceType\":\"Local\"",
            &format!("\"EnforcementStatus\":{status},\"PolicyStoreSourceType\":{kind}"),
        )
    };
    let local = read(&of("\"NotApplicable\"", "1"));
    assert_eq!(
        (point(&local).view, point(&local).stores),
        (View::Resource, Stores::LOCAL)
    );
    let active = read(&of("[\"ProfileInactive\",\"Enforced\"]", "\"Local\""));
    assert_eq!(
        (point(&active).view, point(&active).stores),
        (View::Effective, Stores::BOTH)
    );
    let policy = read(&of("\"NotApplicable\"", "2"));
    assert_eq!(point(&policy).stores, Stores::POLICY);
    assert_eq!(
        lists(&policy).ingress.default.origin,
        DefaultOrigin::Unknown
    );
    assert_eq!(rules(&policy)[0].origin, RuleOrigin::GroupPolicy);
    let both = format!(
        "[{},{}]",
        of("\"Enforced\"", "1"),
        of("\"\"", "\"Hardcoded\"")
    );
    let both = read(&both);
    assert_eq!(rules(&both).len(), 1);
    assert!(
        both.problems
            .iter()
            .any(|p| p.message.starts_with("1 rule restricts a service"))
    );
    let stored = of("\"NotApplicable\"", "1").replace("\"A\"", "\"C\"");
    let two = read(&format!(
        "{{\"ActiveStore\":{{\"Rules\":[{0}]}},\"PersistentStore\":{{\"Rules\":[{0},{stored}]}}}}",
        of("\"Enforced\"", "1")
    ));
    assert_eq!((rules(&two).len(), point(&two).view), (1, View::Effective));
    assert!(two.problems.iter().any(|p| {
        p.message
            .starts_with("1 enabled rule of the host's own store")
    }));
}

// Fails if a capture of some rules passes for one of all.
#[test]
fn a_command_that_picks_rules_leaves_the_rest_unknown() {
    let list = "Name : A\nDisplayName : Web\nEnabled : True\nProfile : Any\nDirection : Inbound\nAction : Allow\n";
    let of = |command: &str| {
        let e = read(&format!("PS C:\\> {command}\n\n{list}\nPS C:\\> \n"));
        let l = lists(&e);
        [l.ingress.default.origin, l.egress.default.origin]
    };
    use DefaultOrigin::{Assumed, Unknown};
    assert_eq!(of("Get-NetFirewallRule"), [Assumed, Assumed]);
    assert_eq!(of("Get-NetFirewallRule -Enabled True"), [Assumed, Assumed]);
    assert_eq!(
        of("Get-NetFirewallRule -Direction Inbound"),
        [Assumed, Unknown]
    );
    assert_eq!(
        of("Get-NetFirewallRule -DisplayName Web"),
        [Unknown, Unknown]
    );
    let e = read(&format!(
        "PS C:\\> Get-NetFirewallRule -PolicyStore ActiveStore\n\n{list}"
    ));
    assert_eq!(point(&e).view, View::Effective);
}

// Fails if filters that a command prints for a rule by its display name are not that rule's, or are another one's.
#[test]
fn filters_below_a_command_that_names_a_rule_are_its_own() {
    let of = |name: &str| {
        let text = format!(
            "PS C:\\> Get-NetFirewallRule -DisplayName \"My web\" | select DisplayName,Enabled,Direction,Action,Profile\n\nDisplayName : My web\nEnabled     : True\nDirection   : Inbound\nAction      : Allow\nProfile     : Any\n\nPS C:\\> Get-NetFirewallRule -DisplayName \"{name}\" | Get-NetFirewallPortFilter\n\nProtocol      : TCP\nLocalPort     : 443\nRemotePort    : Any\nIcmpType      : Any\nDynamicTarget : Any\n\nPS C:\\> Get-NetFirewallRule -DisplayName \"{name}\" | Get-NetFirewallAddressFilter\n\nLocalAddress  : Any\nRemoteAddress : 10.0.0.1\n"
        );
        let e = read(&text);
        is_open(rules(&e)[0])
    };
    assert!(!of("My web") && of("Another"));
}

// Fails if a setting is read as another one, or if numbers of the two enumerations are mixed up: 2 is Allow, and NotConfigured.
#[test]
fn profiles_networks_and_addresses_stand_beside_rules() {
    let text = format!(
        r#"{PLAIN}
[{{"Name":"Domain","Enabled":1,"DefaultInboundAction":4,"DefaultOutboundAction":2,"AllowInboundRules":2,"AllowLocalFirewallRules":0}},
{{"Name":"Private","Enabled":0,"DefaultInboundAction":0,"DefaultOutboundAction":0,"AllowInboundRules":0,"AllowLocalFirewallRules":0}}]
[{{"Name":"corp","InterfaceAlias":"Ethernet","NetworkCategory":2}}]
[{{"IPAddress":"10.20.10.31","InterfaceAlias":"Ethernet","PrefixLength":24}},{{"IPAddress":"fe80::1%4","InterfaceAlias":"Ethernet"}},{{"IPAddress":"127.0.0.1","InterfaceAlias":"Loopback Pseudo-Interface 1"}}]"#
    );
    let e = read(&text);
    let w = point(&e).windows.as_ref().unwrap();
    let value = |p| {
        let s = w.settings(p).unwrap();
        (
            s.enabled.map(|e| e.0),
            s.inbound.map(|i| i.0),
            s.outbound_allow.map(|o| o.0),
            s.local_rules.map(|l| l.0),
        )
    };
    let domain = (
        Some(true),
        Some(InboundPolicy::Block),
        Some(true),
        Some(false),
    );
    assert_eq!(value(Profiles::DOMAIN), domain);
    let private = (
        Some(false),
        Some(InboundPolicy::BlockAlways),
        None,
        Some(false),
    );
    assert_eq!(value(Profiles::PRIVATE), private);
    assert_eq!(w.active.map(|a| a.0), Some(Profiles::DOMAIN));
    let Companion::HostInterfaces(listing) = &e.companions[0] else {
        panic!("addresses");
    };
    let addrs = listing.addrs();
    assert!(
        addrs.contains("10.20.10.31".parse().unwrap())
            && addrs.contains("fe80::1".parse().unwrap())
    );
    assert!(!addrs.contains("127.0.0.1".parse().unwrap()));
    // As the host's own store prints it, nothing is configured but whether the firewall is on.
    let own = read(
        "Name                            : Public\nEnabled                         : True\nDefaultInboundAction            : NotConfigured\nAllowLocalFirewallRules         : NotConfigured\n",
    );
    let Companion::WindowsProfiles(w) = &own.companions[0] else {
        panic!("profiles");
    };
    let s = w.settings(Profiles::PUBLIC).unwrap();
    assert_eq!(
        (w.store, s.inbound, s.local_rules),
        (Store::Local, None, None)
    );
}

// Fails if a condition that only PowerShell tells is dropped, or any service is taken for any process.
#[test]
fn what_narrows_a_rule_is_a_condition() {
    let rule = PLAIN.lines().nth(1).unwrap().trim_end_matches(',');
    let with = |property: &str| {
        let e = read(&rule.replace("\"Name\"", &format!("{property},\"Name\"")));
        assert_eq!(messages(&e), [""; 0], "{property}");
        let texts: Vec<String> = rules(&e)[0].clauses[0]
            .conditions
            .iter()
            .map(|c| c.text.to_string())
            .collect();
        texts
    };
    let plain = with("\"Caption\":null").len();
    for (property, says) in [
        ("\"Package\":\"S-1-15-2-1\"", "app package S-1-15-2-1"),
        ("\"Owner\":\"S-1-5-21-1\"", "owner S-1-5-21-1"),
        (
            "\"InterfaceAlias\":[\"WLAN\",\"LAN 2\"]",
            "interface WLAN,LAN 2",
        ),
        (
            "\"DynamicTarget\":\"ProximitySharing\"",
            "dynamic target ProximitySharing",
        ),
        (
            "\"RemoteDynamicKeywordAddresses\":[\"{6f2a1b1c-0000-4000-8000-000000000001}\"]",
            "dynamic keyword {6f2a1b1c-0000-4000-8000-000000000001}",
        ),
        ("\"Platform\":[\"10.0+\"]", "platform 10.0+"),
        ("\"PolicyAppId\":\"Tag\"", "application id Tag"),
    ] {
        assert!(
            with(property).iter().any(|t| t == says),
            "{property}: {:?}",
            with(property)
        );
    }
    for nothing in [
        "\"Package\":null",
        "\"Owner\":\"\"",
        "\"InterfaceAlias\":\"Any\"",
        "\"Platform\":[]",
        "\"Platform\":[\"6.2+\"]",
        "\"DynamicTarget\":0",
        "\"IsNegated\":false",
    ] {
        assert_eq!(with(nothing).len(), plain, "{nothing}");
    }
    let service = |word: &str| {
        let e = read(&rule.replace("\"svc\"", &format!("\"{word}\"")));
        rules(&e)[0]
            .conditions()
            .any(|c| c.text.contains("service"))
    };
    assert!(service("*") && !service("Any"));
    let bypass = rule.replace(
        "\"OverrideBlockRules\":\"False\"",
        "\"OverrideBlockRules\":true",
    );
    let bypass =
        read(&bypass.replace("\"Authentication\":\"NotRequired\"", "\"Authentication\":1"));
    assert_eq!(rules(&bypass)[0].action, Action::Bypass);
}

// Fails if rules of the COM interface, another cloud's rules or prose is taken for these objects.
#[test]
fn other_objects_are_not_taken() {
    for text in [
        r#"[{"Name":"x","ApplicationName":"","LocalPorts":"38871","RemoteAddresses":"*","Direction":1,"Action":1,"Enabled":true,"IcmpTypesAndCodes":null}]"#,
        r#"{"SecurityGroups":[{"GroupId":"sg-1","IpPermissions":[]}]}"#,
        r#"[{"name":"a","properties":{"direction":"Inbound","access":"Allow","protocol":"Tcp"}}]"#,
        "Use `Get-NetFirewallRule` to see the rules.\nDescription: a text\nAction: read it\n",
        "Rule Name:  x\n----------------------------------------------------------------------\nEnabled:  Yes\nDirection:  In\nAction:  Allow\n",
    ] {
        let source = Source::new("x", text, "UTF-8");
        let id = format::detect(&crate::input::Input::new(&source)).map(|f| f.id);
        assert_ne!(id, Some(FORMAT.id), "{text}");
    }
}

/// What `hylint collect windows` writes, with parts of it replaced.
fn collected(active: &str, more: &str) -> Export {
    read(&format!(
        "{{\"Hylint\":\"windows\",\"Version\":1,\"ComputerName\":\"SH1\",{active}\"PersistentStore\":{{\"Rules\":{PLAIN}}}{more}}}"
    ))
}

/// Whether packets that rules allow may be blocked all the same.
fn may_be_blocked(e: &Export) -> bool {
    let all = point(e).security.iter();
    all.flat_map(|s| &s.ingress)
        .any(|r| r.conditions().count() > 0)
}

// Fails if rules of a store pass for those in effect because nothing is in effect, or because nobody knows what is.
#[test]
fn what_is_in_effect_wins_though_it_is_empty_or_failed() {
    let empty = collected("\"ActiveStore\":{\"Rules\":[]},", "");
    assert_eq!(
        (rules(&empty).len(), point(&empty).view),
        (0, View::Effective)
    );
    let defaults = format!("{{\"SystemDefaults\":{{\"Rules\":{PLAIN}}},\"x\":{PLAIN}}}");
    assert_eq!(rules(&read(&defaults)).len(), 2);
    for errors in [
        r#"["Get-NetFirewallRule: Access denied"]"#,
        r#"[{"Command":"Get-NetFirewallRule -PolicyStore ActiveStore"}]"#,
        r#""it failed""#,
        r#"{"Command":"Get-NetFirewallRule -PolicyStore ActiveStore","Message":"x"}"#,
    ] {
        let e = collected("", &format!(",\"Errors\":{errors}"));
        let told = e.problems.iter().any(|p| p.kind == ProblemKind::Malformed);
        assert!(told && may_be_blocked(&e), "{errors}");
    }
    let security = r#","Errors":[{"Command":"Get-NetIPsecRule","Message":"x"}]"#;
    assert!(may_be_blocked(&collected("", security)));
    for none in ["[]", "null", "\"\"", "[null]"] {
        let e = collected("", &format!(",\"Errors\":{none}"));
        assert!(!may_be_blocked(&e) && messages(&e).is_empty(), "{none}");
    }
    let later = read(&format!(
        "{{\"Hylint\":\"windows\",\"Version\":99,\"Rules\":{PLAIN}}}"
    ));
    assert!(messages(&later)[0].starts_with("version `99`"));
}

// Fails if a rule is dropped because its status is not there, or acts though Windows says that it does not.
#[test]
fn no_status_drops_a_rule() {
    let with = |status: &str| {
        let enforced = "\"EnforcementStatus\":\"Enforced\",\"Name\":\"A\"";
        let text = PLAIN
            .replace("\"Enabled\":\"False\"", "\"Enabled\":\"True\"")
            .replace("\"Name\":\"A\"", enforced);
        read(&text.replace("\"Name\":\"B\"", &format!("{status}\"Name\":\"B\"")))
    };
    for status in [
        "",
        "\"EnforcementStatus\":null,",
        "\"EnforcementStatus\":\"System.UInt16[]\",",
        "\"EnforcementStatus\":\"NotApplicable\",",
    ] {
        assert_eq!(rules(&with(status)).len(), 2, "{status}");
    }
    assert!(is_open(
        rules(&with("\"EnforcementStatus\":\"NotApplicable\","))[1]
    ));
    for (word, open) in [
        ("LocalFirewallRulesDisallowed", true),
        ("Frobnicate", true),
        ("OptimizedOut", false),
        ("ProfileInactive", false),
        ("Enforced", false),
    ] {
        let e = with(&format!("\"EnforcementStatus\":[\"{word}\"],"));
        assert_eq!(is_open(rules(&e)[1]), open, "{word}");
    }
}

// Fails if one of two values of a property, or a list where one value belongs, is dropped.
#[test]
fn values_that_contradict_each_other_leave_the_rule_open() {
    let rule = PLAIN.lines().nth(1).unwrap().trim_end_matches(',');
    let with =
        |more: &str| read(&rule.replace("\"Name\":\"A\"", &format!("\"Name\":\"A\",{more}")));
    for more in [
        "\"Profiles\":4",
        "\"RemoteIP\":\"10.99.0.1\"",
        "\"LocalPorts\":\"1\"",
        "\"action\":\"Block\"",
    ] {
        assert!(is_open(rules(&with(more))[0]), "{more}");
    }
    for more in ["\"Profiles\":3", "\"LSM\":false", "\"RemoteIP\":null"] {
        assert!(!is_open(rules(&with(more))[0]), "{more}");
    }
    for (before, after) in [
        ("\"RemoteUser\":\"Any\"", "\"RemoteUser\":\"@{x=1}\""),
        ("\"RemoteMachine\":\"Any\"", "\"RemoteMachine\":{\"x\":1}"),
        ("\"RemoteUser\":\"Any\"", "\"RemoteUser\":[\"O:A\",\"O:B\"]"),
        ("\"svc\"", "[\"a\",\"b\"]"),
        (
            "\"OverrideBlockRules\":\"False\"",
            "\"OverrideBlockRules\":[\"x\",\"y\"]",
        ),
        (
            "\"LocalUser\":\"Any\"",
            "\"LocalUser\":\"Any\",\"IsNegated\":[true,false]",
        ),
    ] {
        assert!(
            is_open(rules(&read(&rule.replace(before, after)))[0]),
            "{after}"
        );
    }
    let encrypted = rule
        .replace("\"Authentication\":\"NotRequired\",", "")
        .replace(
            "\"Encryption\":\"NotRequired\"",
            "\"Encryption\":\"Required\"",
        );
    let e = read(&encrypted);
    assert!(
        rules(&e)[0].conditions().any(|c| c.text.contains("IPsec")),
        "{:?}",
        rules(&e)[0]
    );
}

// Fails if a setting that cannot be read, an interface without firewall or a network of an unknown category is passed over.
#[test]
fn settings_that_are_not_known_leave_packets_open() {
    let with = |more: &str| {
        let profile = format!(
            "{{\"Name\":\"Domain\",\"Enabled\":1,\"DefaultInboundAction\":4,\"AllowLocalFirewallRules\":1,{more}}}"
        );
        collected(
            "",
            &format!(
                ",\"Profiles\":[{profile}],\"IPAddresses\":[{{\"IPAddress\":\"10.1.1.1\",\"InterfaceAlias\":\"Ethernet\"}}]"
            ),
        )
    };
    assert!(!may_be_blocked(&with("\"LogAllowed\":1")));
    assert!(may_be_blocked(&with("\"AllowInboundRules\":[0,1]")));
    let enabled = |e: &Export| {
        let all = point(e).windows.as_ref().unwrap();
        all.profiles[0].as_ref().unwrap().enabled.map(|(on, _)| on)
    };
    let off = with("\"DisabledInterfaceAliases\":[\"Ethernet\"]");
    assert_eq!((enabled(&off), messages(&off).len()), (Some(false), 1));
    let on = with("\"DisabledInterfaceAliases\":\"NotConfigured\"");
    assert_eq!((enabled(&on), messages(&on).len()), (Some(true), 0));
    for word in ["9", "\"Öffentlich\""] {
        let e = collected(
            "",
            &format!(
                ",\"ConnectionProfiles\":[{{\"InterfaceAlias\":\"E\",\"NetworkCategory\":{word}}}]"
            ),
        );
        let active = point(&e).windows.as_ref().unwrap().active.map(|(p, _)| p);
        assert_eq!(active, Some(Profiles::ALL), "{word}");
        assert_eq!(messages(&e).len(), 1, "{word}");
    }
    for rules in [
        r#"[{"DisplayName":"x","InboundSecurity":"@{x}"}]"#,
        r#"[{"DisplayName":"x","InboundSecurity":["Require","None"]}]"#,
        r#""MSFT_NetConSecRule (Name = x)""#,
    ] {
        assert!(
            may_be_blocked(&collected("", &format!(",\"IPsecRules\":{rules}"))),
            "{rules}"
        );
    }
}

// Fails if rules of several hosts pass for those of one, whatever tells whose they are.
#[test]
fn rules_of_several_hosts_are_told() {
    let (a, b) = (
        PLAIN.lines().nth(1).unwrap().trim_end_matches(','),
        PLAIN.lines().nth(2).unwrap(),
    );
    let of = |rule: &str, host: &str| {
        rule.replace(
            "\"Name\"",
            &format!("\"PSComputerName\":\"{host}\",\"Name\""),
        )
    };
    let told = |text: &str| {
        let e = read(text);
        let several = messages(&e).iter().any(|m| m.contains("several hosts"));
        assert_eq!(several, may_be_blocked(&e), "{text}");
        several
    };
    assert!(told(&format!("{{\"SH1\":[{a}],\"SH2\":[{b}]}}")));
    assert!(told(&format!(
        "{{\"SH1\":{{\"Rules\":[{a}]}},\"DC9\":{{\"Rules\":[{b}]}}}}"
    )));
    assert!(!told(&format!(
        "{{\"InboundRules\":[{a}],\"OutboundRules\":[{b}]}}"
    )));
    for (x, y, several) in [
        ("SH1", "SH2", true),
        ("10.0.0.1", "10.0.0.2", true),
        ("sh1.a.example", "sh1.b.example", true),
        ("SH1", "sh1.a.example", false),
        ("SH1", "10.0.0.1", false),
    ] {
        assert_eq!(
            told(&format!("[{},{}]", of(a, x), of(b, y))),
            several,
            "{x} {y}"
        );
    }
}

// Fails if an element of a list of rules, or a text that holds rules or other output, is passed over.
#[test]
fn what_stands_among_rules_is_a_rule_or_told() {
    for more in [
        "{\"Name\":\"BLK\",\"DisplayName\":\"BLK\"}",
        "null",
        "{}",
        "\"x\"",
    ] {
        let e = read(&PLAIN.replace("\n]", &format!(",{more}]")));
        assert_eq!(rules(&e).len(), 4, "{more}");
        assert!(is_open(rules(&e)[1]), "{more}");
    }
    let inside = PLAIN
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', " ");
    let e = read(&format!("{{\"Rules\":\"{inside}\",\"x\":{PLAIN}}}"));
    assert!(rules(&e).len() > 2 && messages(&e).len() == 1);
    let raw = read(&format!(
        "{{\"Profiles\":{{\"RawOutput\":\"Domain Profile Settings:\\nState OFF\"}},\"x\":{PLAIN}}}"
    ));
    assert!(may_be_blocked(&raw) && messages(&raw).len() == 1);
}

// Fails if what stands behind or before a document on its lines is dropped: another one, one that is cut off, an error.
#[test]
fn nothing_behind_a_document_is_dropped() {
    let rules = PLAIN.replace('\n', "");
    for (text, says) in [
        (
            format!("{rules}[{{\"Name\":\"C\",\"Direction\":\"Inbound\""),
            "truncated",
        ),
        (format!("{rules}]"), "the rest of a JSON document"),
        (
            format!("{rules}\nGet-NetFirewallRule : Access is denied.\n"),
            "`Get-NetFirewallRule` failed",
        ),
        (
            format!("Get-NetFirewallRule: Zugriff verweigert\nAt line:1 char:1\n{rules}"),
            "`Get-NetFirewallRule` failed",
        ),
        (
            format!(
                "{rules}\nRule Name:    x\n{}\nEnabled:  Yes\n",
                "-".repeat(70)
            ),
            "text of another command",
        ),
        (
            format!("{rules}\n\nDomain Profile Settings: \n----\nState  OFF\n"),
            "text of another command",
        ),
        (
            format!("{rules}\n  x  REG_SZ  v2.31|Action=Block|Active=TRUE|Dir=In|\n"),
            "text of another command",
        ),
    ] {
        let e = read(&text);
        assert_eq!(
            messages(&e).iter().filter(|m| m.starts_with(says)).count(),
            1,
            "{text}: {:?}",
            messages(&e)
        );
        let lost = lists(&e).ingress.rules.iter().any(is_open);
        assert!(may_be_blocked(&e) || lost, "{text}");
    }
    let csv = "\"Name\",\"DisplayName\",\"Enabled\",\"Direction\",\"Action\"\n\"C\",\"C\",\"True\",\"Inbound\",\"Block\"\n";
    assert_eq!(
        super::tests::rules(&read(&format!("{rules}\n{csv}"))).len(),
        3
    );
    let two = read(&format!("{rules}{rules}"));
    assert_eq!(rules_and_told(&two), (4, 0));
}

fn rules_and_told(e: &Export) -> (usize, usize) {
    (rules(e).len(), messages(e).len())
}

// Fails if rows are lost behind an error, a blank line or a rule that is named like a prompt or a cmdlet.
#[test]
fn rows_of_any_name_are_rows() {
    let head = "\"Name\",\"DisplayName\",\"Enabled\",\"Profile\",\"Direction\",\"Action\"";
    let row = |name: &str| format!("\"{name}\",\"{name}\",\"True\",\"Any\",\"Inbound\",\"Block\"");
    for name in [
        "PS C:\\> x",
        "C:\\App\\a.exe -> 3389",
        "Get-NetFirewallRule test",
    ] {
        for quote in ["\"", ""] {
            let text = [head.to_owned(), row("A"), row(name), row("B")].join("\n");
            assert_eq!(
                rules(&read(&text.replace('"', quote))).len(),
                3,
                "{name} {quote}"
            );
        }
    }
    let error = "Get-NetFirewallRule : Access is denied.\nAt line:1 char:1\n+ Get-NetFirewallRule\n    + CategoryInfo : x";
    let e = read(&[head.to_owned(), row("A"), error.to_owned(), row("B")].join("\n"));
    assert_eq!(rules(&e).len(), 2);
    assert!(may_be_blocked(&e));
    let table = |between: &str| {
        read(&format!(
            "DisplayName Enabled Direction Action\n----------- ------- --------- ------\na              True   Inbound  Allow\n{between}b              True   Inbound  Block\n\nPS C:\\> dir\n"
        ))
    };
    for (between, count, blocked) in [
        ("\n", 2, false),
        ("PS C:\\> x      True   Inbound  Block\n", 3, false),
        (
            "Get-NetFirewallRule : Access is denied.\nAt line:1 char:1\n",
            2,
            true,
        ),
    ] {
        let e = table(between);
        assert_eq!(
            (rules(&e).len(), may_be_blocked(&e)),
            (count, blocked),
            "{between}"
        );
    }
}

// Fails if a list that is cut off inside its last object, or that ends with an error, passes for a whole one.
#[test]
fn lists_that_are_not_whole_are_told() {
    let object = |name: &str| {
        format!(
            "Name : {name}\nDisplayName : {name}\nEnabled : True\nDirection : Inbound\nAction : Block\nProfile : Any\nEdgeTraversalPolicy : Block\n\n"
        )
    };
    let whole = format!("{}{}", object("a"), object("b"));
    assert!(
        messages(&read(&whole))
            .iter()
            .all(|m| m.contains("lack properties"))
    );
    let cut = read(
        whole
            .split_once("Name : b")
            .map(|(a, _)| format!("{a}Name : b\nDisplayName : b\n"))
            .unwrap()
            .as_str(),
    );
    assert_eq!(
        rules(&cut).len(),
        3,
        "the cut one may be of both directions"
    );
    assert!(messages(&cut).iter().any(|m| m.contains("cut off")));
    let failed = read(&format!(
        "{whole}Get-NetFirewallRule : Access is denied.\nAt line:1 char:1\n"
    ));
    assert!(may_be_blocked(&failed));
}

// Fails if one of the seven kinds of filters, settings or connection security rules alone are taken for no firewall, in any
// form and with names in any case.
#[test]
fn every_object_alone_is_an_export() {
    for (names, values) in [
        (
            vec!["Protocol", "LocalPort", "RemotePort", "IcmpType"],
            vec!["TCP", "80", "Any", "Any"],
        ),
        (
            vec!["LocalAddress", "RemoteAddress"],
            vec!["Any", "10.0.0.1"],
        ),
        (vec!["Program", "Package"], vec!["Any", ""]),
        (vec!["Service"], vec!["svc"]),
        (vec!["InterfaceAlias"], vec!["WLAN"]),
        (vec!["InterfaceType"], vec!["Wired"]),
        (
            vec!["Authentication", "Encryption"],
            vec!["Required", "NotRequired"],
        ),
    ] {
        let pairs = |f: &dyn Fn(&str, &str) -> String, by: &str| {
            let each = names.iter().zip(&values).map(|(n, v)| f(n, v));
            each.chain([f("InstanceID", "{A}")])
                .collect::<Vec<_>>()
                .join(by)
        };
        let json = format!("[{{{}}}]", pairs(&|n, v| format!("\"{n}\":\"{v}\""), ","));
        let list = format!("\n{}\n\n", pairs(&|n, v| format!("{n:<20} : {v}"), "\n"));
        let csv = format!(
            "{}\n{}\n",
            pairs(&|n, _| format!("\"{n}\""), ","),
            pairs(&|_, v| format!("\"{v}\""), ",")
        );
        let lower = json.replace("InstanceID", "instanceId");
        for text in [json, list, csv, lower] {
            let e = read(&text);
            assert!(
                matches!(e.companions[..], [Companion::WindowsFilters { .. }]),
                "{text}"
            );
        }
    }
    for profiles in [
        "[{\"name\":\"Domain\",\"enabled\":false},{\"name\":\"Public\",\"enabled\":true}]",
        "\"Name\",\"Enabled\"\n\"Domain\",\"False\"\n\"Public\",\"True\"\n",
    ] {
        let e = read(profiles);
        assert!(
            matches!(e.companions[..], [Companion::WindowsProfiles(_)]),
            "{profiles}"
        );
    }
    let security = read(
        r#"{"DisplayName":"x","Enabled":1,"Profile":0,"InboundSecurity":2,"OutboundSecurity":1}"#,
    );
    assert!(may_be_blocked(&security));
    assert_eq!(rules(&read(&PLAIN.to_lowercase())).len(), 2);
}

// Proves that reader and writer agree, and no more.
#[test]
fn what_is_written_is_read_as_the_same() {
    let want = read(PLAIN);
    let back = read(&write(point(&want)).unwrap());
    for (r, wanted) in rules(&back).iter().zip(rules(&want)) {
        assert!(same::rules(r, wanted), "{r:#?}");
    }
    let lost = read(&PLAIN.replace("[\"443\",\"8443-8444\"]", "\"System.String[]\""));
    assert!(write(point(&lost)).is_err(), "what was lost is not made up");
}

// Fails if a command changes another rule, or if a name ends the quotes around it.
#[test]
fn commands_pick_a_rule_by_its_own_name() {
    let text = PLAIN.replace("\"Web\"", "\"It's web\"");
    let source = Source::new("x", text.as_str(), "UTF-8");
    let e = format::read(&source).unwrap();
    let list = ListRef {
        point: 0,
        list: List::Ingress,
    };
    let run = |change: Change| command::commands(&source, &e, &change).map(|c| c.join("\n"));
    let first = list.rule(0);
    assert_eq!(
        run(Change::Remove(first)).unwrap(),
        "Remove-NetFirewallRule -Name A"
    );
    let off = Change::SetEnabled {
        rule: first,
        enabled: false,
    };
    assert_eq!(
        run(off).unwrap(),
        "Set-NetFirewallRule -Name A -Enabled False"
    );
    let mut new = rules(&e)[0].clone();
    new.clauses
        .retain(|c| c.conditions.iter().all(|c| !c.text.contains("LocalSubnet")));
    let insert = Change::Insert {
        at: Position::End(list),
        rule: Box::new(Rule {
            clauses: new.clauses.clone(),
            ..new.clone()
        }),
    };
    assert!(
        run(insert).is_err(),
        "interface types have no parameter here"
    );
    let replace = Change::Replace {
        old: first,
        new: Box::new(new),
    };
    assert_eq!(
        run(replace).unwrap(),
        "Set-NetFirewallRule -Name A -RemoteAddress 10.0.0.0/8"
    );
    let shared = text.replace("\"B\"", "\"A\"");
    let source = Source::new("x", shared.as_str(), "UTF-8");
    let e = format::read(&source).unwrap();
    let gone = command::commands(&source, &e, &Change::Remove(first));
    assert_eq!(
        gone.unwrap(),
        ["Remove-NetFirewallRule -DisplayName 'It''s web'"]
    );
}

// Fails if a rule is lost as an inventory puts a column of another object beside its own.
#[test]
fn a_rule_with_a_further_column_is_a_rule() {
    for column in ["OwningProcess", "ApplicationName", "IcmpTypesAndCodes"] {
        let rule = |name: &str, action: u8| {
            format!(
                "{{\"Name\":\"{name}\",\"InstanceID\":\"{name}\",\"DisplayName\":\"{name}\",\"Enabled\":1,\"Profile\":0,\"Direction\":1,\"Action\":{action},\"{column}\":\"4\",\"Protocol\":\"TCP\",\"LocalPort\":\"3389\"}}"
            )
        };
        let text = format!("[{},{}]", rule("a", 2), rule("b", 4));
        let source = crate::source::Source::new("x.json", text, "UTF-8");
        let export = crate::format::read(&source).unwrap();
        assert_eq!(export.rules_in_file, 2, "{column}");
        assert_eq!(export.rules_in_model(), 2, "{column}");
    }
}

/// The sockets of an export: port, process, whether TCP; and whether they are all.
fn sockets(e: &Export) -> (Vec<(u16, Option<u32>, bool)>, bool) {
    let listing = e.companions.iter().find_map(|c| match c {
        Companion::Sockets(s) => Some(s),
        _ => None,
    });
    let listing = listing.unwrap();
    let each = listing.sockets.iter();
    let told = each.map(|s| (s.port, s.pid, s.protocol == 6)).collect();
    (told, listing.whole)
}

// Fails if sockets that do not listen are taken, or if a listing of some passes for one of all.
#[test]
fn sockets_are_read_in_every_form() {
    let json = r#"[{"LocalAddress":"::","LocalPort":135,"RemoteAddress":"::","RemotePort":0,"State":2,"OwningProcess":912},
        {"LocalAddress":"0.0.0.0","LocalPort":55113,"RemoteAddress":"0.0.0.0","RemotePort":0,"State":100,"OwningProcess":7},
        {"LocalAddress":"10.0.0.5","LocalPort":1433,"RemoteAddress":"0.0.0.0","RemotePort":0,"State":"Listen","OwningProcess":2416}]"#;
    let two = vec![(135, Some(912), true), (1433, Some(2416), true)];
    assert_eq!(sockets(&read(json)), (two.clone(), true));
    let table = "PS C:\\> Get-NetTCPConnection -State Listen\n\nLocalAddress                        LocalPort RemoteAddress                       RemotePort State       AppliedSetting OwningProcess\n------------                        --------- -------------                       ---------- -----       -------------- -------------\n::                                  135       ::                                  0          Listen                     912\n10.0.0.5                            1433      0.0.0.0                             0          Listen                     2416\n172.16.0.10                         55113     47.106.194.220                      443        Established Internet       20756\n";
    assert_eq!(sockets(&read(table)), (two.clone(), true));
    let some = table.replace("Listen\n\nLocal", "Listen -LocalPort 135,1433\n\nLocal");
    assert_eq!(sockets(&read(&some)), (two, false));
    let udp = "PS C:\\> Get-NetUDPEndpoint | fl LocalAddress,LocalPort,OwningProcess\n\nLocalAddress  : 0.0.0.0\nLocalPort     : 514\nOwningProcess : 88\n\nLocalAddress  : 0.0.0.0\nLocalPort     : 5353\nOwningProcess : 90\n";
    let want = vec![(514, Some(88), false), (5353, Some(90), false)];
    assert_eq!(sockets(&read(udp)).0, want);
}

// Fails if a joined process is lost, or if services are not found by the number of their process.
#[test]
fn processes_and_services_of_sockets_are_read() {
    let joined = r#"[{"LocalPort":1433,"OwningProcess":2416,"Process":"sqlservr"},{"LocalPort":80,"OwningProcess":4,"Process":"System"}]"#;
    let e = read(joined);
    let programs = e.companions.iter().find_map(|c| match c {
        Companion::Sockets(s) => Some(s.sockets.iter().flat_map(|s| s.programs.clone())),
        _ => None,
    });
    let programs: Vec<_> = programs.unwrap().collect();
    assert_eq!(
        programs,
        ["sqlservr.exe".into(), Box::<str>::from("System")]
    );
    let processes = r#"[{"Id":2416,"ProcessName":"sqlservr","Path":"C:\\Program Files\\Microsoft SQL Server\\sqlservr.exe"},{"Id":4,"ProcessName":"System","Path":null}]"#;
    let services = r#"[{"Name":"TermService","ProcessId":1104,"State":"Running","PathName":"C:\\Windows\\System32\\svchost.exe -k NetworkService"},{"Name":"MSSQLSERVER","ProcessId":2416,"State":"Running","PathName":"\"C:\\x\\sqlservr.exe\" -sMSSQLSERVER"},{"Name":"Spooler","ProcessId":0,"State":"Stopped","PathName":"C:\\x.exe"}]"#;
    let told = |text: &str| {
        let e = read(text);
        let listing = e.companions.iter().find_map(|c| match c {
            Companion::Processes(p) => Some(p.processes.clone()),
            _ => None,
        });
        let each = listing.unwrap().into_iter();
        each.map(|p| (p.pid, p.program.to_string(), p.services.join("+")))
            .collect::<Vec<_>>()
    };
    let sql = r"C:\Program Files\Microsoft SQL Server\sqlservr.exe";
    let want = [
        (2416, sql.to_owned(), String::new()),
        (4, "System".to_owned(), String::new()),
    ];
    assert_eq!(told(processes), want);
    let want = [
        (
            1104,
            r"C:\Windows\System32\svchost.exe".to_owned(),
            "TermService".to_owned(),
        ),
        (
            2416,
            r"C:\x\sqlservr.exe".to_owned(),
            "MSSQLSERVER".to_owned(),
        ),
    ];
    assert_eq!(told(services), want);
}

// Fails if the prefix, the number or the profile of a network is lost, or if an address that is not used counts.
#[test]
fn interfaces_routes_and_networks_are_read() {
    let text = "PS C:\\> Get-NetIPAddress\n\nIPAddress         : 10.20.1.5\nInterfaceIndex    : 8\nInterfaceAlias    : LAN\nAddressFamily     : IPv4\nType              : Unicast\nPrefixLength      : 24\nAddressState      : Preferred\n\nIPAddress         : 169.254.10.1\nInterfaceIndex    : 9\nInterfaceAlias    : Ethernet 2\nPrefixLength      : 16\nAddressState      : Tentative\n\nIPAddress         : ::1\nInterfaceIndex    : 1\nInterfaceAlias    : Loopback Pseudo-Interface 1\nPrefixLength      : 128\nAddressState      : Preferred\n\nPS C:\\> Get-NetRoute\n\nifIndex DestinationPrefix                              NextHop                                  RouteMetric ifMetric PolicyStore\n------- -----------------                              -------                                  ----------- -------- -----------\n8       0.0.0.0/0                                      10.20.1.1                                          0 25       ActiveStore\n8       10.20.1.0/24                                   0.0.0.0                                          256 25       ActiveStore\n\nPS C:\\> Get-NetConnectionProfile\n\nName             : corp.example\nInterfaceAlias   : LAN\nInterfaceIndex   : 8\nNetworkCategory  : DomainAuthenticated\n";
    let e = read(text);
    let mut seen = 0;
    for c in &e.companions {
        match c {
            Companion::HostInterfaces(l) => {
                let told: Vec<_> = l
                    .interfaces
                    .iter()
                    .map(|i| (&*i.name, i.index, i.up))
                    .collect();
                let want = [
                    ("LAN", Some(8), Some(true)),
                    ("Ethernet 2", Some(9), Some(false)),
                    ("Loopback Pseudo-Interface 1", Some(1), Some(true)),
                    ("LAN", Some(8), None),
                ];
                assert_eq!(told, want);
                let lan = &l.interfaces[0];
                let texts: Vec<_> = lan.networks.texts().chain(lan.gateways.texts()).collect();
                assert_eq!(texts, ["10.20.1.0/24", "10.20.1.1"]);
                assert!(l.interfaces[2].loopback && l.families.v6);
                assert_eq!(l.interfaces[3].network, Some(Profiles::DOMAIN));
                seen += 1;
            }
            Companion::Routes(r) => {
                let told: Vec<_> = r
                    .routes
                    .iter()
                    .map(|r| (&*r.interfaces[0], r.metric))
                    .collect();
                assert_eq!(told, [("8", 25), ("8", 281)]);
                seen += 1;
            }
            Companion::WindowsProfiles(p) => {
                assert_eq!(p.active.map(|(p, _)| p), Some(Profiles::DOMAIN));
                seen += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, 3);
}

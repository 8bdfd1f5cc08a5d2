#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::format;
use crate::source::Source;
use hylint_model::{
    Action, Body, Companion, Export, InboundPolicy, Lists, ProblemKind, RuleOrigin, Store, Stores,
};

const RULES: &str = "<q1:InboundFirewallRules><q1:Version>2.30</q1:Version><q1:Action>Allow</q1:Action><q1:Name>Agent &amp; co</q1:Name><q1:Dir>In</q1:Dir><q1:App>C:\\a.exe</q1:App><q1:Profile>Domain</q1:Profile><q1:Profile>Private</q1:Profile><q1:RA4>10.0.0.0/8</q1:RA4><q1:RA4>LocalSubnet</q1:RA4><q1:RA6>LocalSubnet</q1:RA6><q1:LPort>443</q1:LPort><q1:LPort2_10>8000-8010</q1:LPort2_10><q1:Protocol>6</q1:Protocol><q1:Active>true</q1:Active></q1:InboundFirewallRules><q1:OutboundFirewallRules><q1:Version>2.30</q1:Version><q1:Action>Block</q1:Action><q1:Name>x</q1:Name><q1:Dir>Out</q1:Dir><q1:RPort>25</q1:RPort><q1:Protocol>6</q1:Protocol><q1:Active>false</q1:Active></q1:OutboundFirewallRules>";

fn report(enabled: bool, inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n<GPO xmlns=\"http://www.microsoft.com/GroupPolicy/Settings\"><Name>Servers</Name><ReadTime>2026-11-01T10:00:00Z</ReadTime><Computer><VersionDirectory>1</VersionDirectory><Enabled>{enabled}</Enabled><ExtensionData><Extension xmlns:q1=\"http://www.microsoft.com/GroupPolicy/Settings/WindowsFirewall\" xsi:type=\"q1:WindowsFirewallSettings\">{inner}</Extension></ExtensionData></Computer></GPO>"
    )
}

fn read(text: &str) -> Export {
    let source = Source::new("x", text, "UTF-8");
    let export = format::read(&source).unwrap_or_else(|| panic!("no export: {text}"));
    assert_eq!((export.format, export.lost()), ("gpo", 0));
    export
}

fn lists(export: &Export) -> &Lists {
    match &export.points[0].body {
        Body::Lists(lists) => lists,
        Body::Netfilter(_) => panic!("no lists"),
    }
}

// Fails if an element of a rule is taken for another, or a list of elements for its last one.
#[test]
fn rules_have_their_fields_as_elements() {
    let text = report(true, RULES);
    let export = read(&text);
    let note = |p: &hylint_model::Problem| p.kind == ProblemKind::Note;
    assert!(export.problems.iter().all(note), "{:?}", export.problems);
    assert_eq!(export.points[0].stores, Stores::POLICY);
    let rule = &lists(&export).ingress.rules[0];
    assert_eq!(
        (&*rule.name, &rule.action, rule.origin),
        ("Agent & co", &Action::Allow, RuleOrigin::GroupPolicy)
    );
    assert_eq!(rule.profiles.0, 3);
    let ports = rule.clauses[0].space.dport.clone();
    assert!(ports.contains(443) && ports.contains(8005) && !ports.contains(8011));
    let conditions = rule.clauses.iter().flat_map(|c| &c.conditions);
    assert!(conditions.clone().any(|c| c.text.contains("LocalSubnet")));
    assert!(
        rule.clauses[0]
            .space
            .src
            .contains("10.1.1.1".parse().unwrap())
    );
    let port = rule
        .fields
        .iter()
        .any(|(_, s)| text[s.range()].starts_with("443"));
    assert!(port, "the place of the port");
    let out = &lists(&export).egress.rules[0];
    assert!(!out.enabled && out.action == Action::Deny);
    assert_eq!(export.exported_at.unwrap().0, "2026-11-01T10:00:00Z");
}

// Fails if `true` of DefaultInboundAction is taken for an allow, or a setting of lower precedence wins.
#[test]
fn settings_are_booleans_and_precedence_one_wins() {
    let setting = |name: &str, precedence: u8, value: bool| {
        format!(
            "<q1:{name}><GPO><Identifier>x</Identifier></GPO><Precedence>{precedence}</Precedence><q1:Value>{value}</q1:Value></q1:{name}>"
        )
    };
    let inner = format!(
        "<q1:DomainProfile>{}{}{}{}{}</q1:DomainProfile>",
        setting("DefaultInboundAction", 1, true),
        setting("DefaultOutboundAction", 1, false),
        setting("EnableFirewall", 2, false),
        setting("EnableFirewall", 1, true),
        setting("AllowLocalPolicyMerge", 1, false),
    );
    let export = read(&report(true, &inner));
    assert!(export.points.is_empty());
    let Companion::WindowsProfiles(all) = &export.companions[0] else {
        panic!("no settings");
    };
    assert_eq!(all.store, Store::Policy);
    let domain = all.profiles[0].as_ref().unwrap();
    assert_eq!(domain.enabled.map(|v| v.0), Some(true));
    assert_eq!(domain.inbound.map(|v| v.0), Some(InboundPolicy::Block));
    assert_eq!(domain.outbound_allow.map(|v| v.0), Some(true));
    assert_eq!(domain.local_rules.map(|v| v.0), Some(false));
}

// Fails if a policy whose computer settings are off is taken to act.
#[test]
fn a_disabled_policy_does_not_act() {
    let export = read(&report(false, RULES));
    assert!(lists(&export).ingress.rules.iter().all(|r| !r.enabled));
    assert_eq!(export.problems[0].kind, ProblemKind::Note);
}

// Fails if the rules of several policies pass for those of one host, or a cut report for a whole one.
#[test]
fn what_a_report_leaves_open_is_said() {
    let one = report(true, RULES);
    let body = one.split_once("?>").unwrap().1;
    let two = format!(
        "<report>{body}{}</report>",
        body.replace("Servers", "Clients")
    );
    let export = read(&two);
    assert_eq!(export.rules_in_model(), 4);
    let incomplete = |p: &&hylint_model::Problem| p.kind == ProblemKind::Incomplete;
    let told = export.problems.iter().find(incomplete).unwrap();
    assert!(
        told.message.contains("`Servers`, `Clients`"),
        "{}",
        told.message
    );
    for cut in [
        one.len() - 20,
        one.find("<q1:RPort>").unwrap() + 6,
        one.find("Block</").unwrap(),
    ] {
        let export = read(&one[..cut]);
        let told = export
            .problems
            .iter()
            .any(|p| p.kind == ProblemKind::Malformed);
        assert!(told, "cut at {cut}: {:?}", export.problems);
    }
    let field = "<q1:NewField>1</q1:NewField>";
    let open = report(true, &RULES.replace("<q1:RPort>25</q1:RPort>", field));
    let export = read(&open);
    let told = export
        .problems
        .iter()
        .any(|p| p.message.contains("NewField"));
    assert!(told, "{:?}", export.problems);
}

/// Whether something stands for rules that are not read, and an error names it.
#[track_caller]
fn is_open(text: &str, words: &str) {
    let export = read(text);
    let rules = &lists(&export).ingress.rules;
    let opaque = rules.iter().any(|r| matches!(r.action, Action::Opaque(_)));
    let told = export
        .problems
        .iter()
        .any(|p| p.kind == ProblemKind::Malformed && p.message.contains(words));
    assert!(opaque && told, "{text}\n{:?}", export.problems);
}

// Fails if a rule in an element or attributes that are not known is dropped in silence.
#[test]
fn elements_that_are_not_known_leave_the_verdict_open() {
    let fields = "<q1:Action>Block</q1:Action><q1:Dir>In</q1:Dir><q1:Active>true</q1:Active>";
    let other = format!("{RULES}<q1:DynamicRules>{fields}</q1:DynamicRules>");
    is_open(&report(true, &other), "`DynamicRules`");
    let inner = format!("{RULES}<q1:More><q1:Rule>{fields}</q1:Rule></q1:More>");
    is_open(&report(true, &inner), "`Rule`");
    let tag = "<q1:InboundFirewallRules Action=\"Block\" Dir=\"In\" Active=\"true\"/>";
    is_open(&report(true, &format!("{RULES}{tag}")), "attributes");
}

// Fails if a connection security rule of a report demands nothing.
#[test]
fn connection_security_rules_are_read() {
    let rule = |action: &str| {
        format!(
            "{RULES}<q1:ConnectionSecurityRules><q1:Version>2.31</q1:Version><q1:Action>{action}</q1:Action><q1:Active>true</q1:Active><q1:Name>c</q1:Name></q1:ConnectionSecurityRules>"
        )
    };
    let demands = |action: &str| {
        let export = read(&report(true, &rule(action)));
        export.points[0].security.as_ref().map(|s| s.ingress.len())
    };
    assert_eq!(demands("SecureServer"), Some(1));
    assert_eq!(demands("Boundary"), None);
}

// Fails if what another part of the report sets of the firewall is not seen.
#[test]
fn templates_and_registry_values_of_the_firewall_are_seen() {
    let with = |inner: &str| {
        let part = format!(
            "</ExtensionData><ExtensionData><Extension xmlns:q3=\"http://www.microsoft.com/GroupPolicy/Settings/Registry\" xsi:type=\"q3:RegistrySettings\">{inner}</Extension></ExtensionData></Computer>"
        );
        report(true, RULES).replace("</ExtensionData></Computer>", &part)
    };
    let template = |name: &str, state: &str| {
        format!(
            "<q3:Policy><q3:Name>Windows Defender Firewall: {name}</q3:Name><q3:State>{state}</q3:State><q3:Category>Network/Network Connections/Windows Defender Firewall/Domain Profile</q3:Category></q3:Policy>"
        )
    };
    let domain = |export: &Export| {
        let all = export.points[0].windows.as_ref()?;
        all.profiles[0]
            .as_ref()
            .map(|p| (p.enabled.map(|e| e.0), p.inbound.map(|i| i.0)))
    };
    let export = read(&with(&template("Do not allow exceptions", "Enabled")));
    assert_eq!(
        domain(&export),
        Some((None, Some(InboundPolicy::BlockAlways)))
    );
    let export = read(&with(&template(
        "Protect all network connections",
        "Disabled",
    )));
    assert_eq!(domain(&export), Some((Some(false), None)));
    for idle in [
        template("Allow logging", "Enabled"),
        template("Define inbound port exceptions", "Disabled"),
    ] {
        let export = read(&with(&idle));
        assert_eq!((domain(&export), export.rules_in_model()), (None, 2));
    }
    is_open(
        &with(&template("Define inbound port exceptions", "Enabled")),
        "template",
    );
    let value = r"<q3:RegistrySetting><q3:KeyPath>SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules</q3:KeyPath><q3:Value><q3:Name>b</q3:Name><q3:String>v2.31|Action=Block|Active=TRUE|Dir=In|</q3:String></q3:Value></q3:RegistrySetting>";
    is_open(&with(value), "registry value");
    let number = r"<q3:RegistrySetting><q3:KeyPath>SOFTWARE\Policies\Microsoft\WindowsFirewall\DomainProfile</q3:KeyPath><q3:Value><q3:Name>EnableFirewall</q3:Name><q3:Number>0</q3:Number></q3:Value></q3:RegistrySetting>";
    assert_eq!(domain(&read(&with(number))), Some((Some(false), None)));
    let none = r"<q3:RegistrySetting><q3:KeyPath>SOFTWARE\Policies\Microsoft\WindowsFirewall</q3:KeyPath><q3:AdmSetting>false</q3:AdmSetting></q3:RegistrySetting>";
    assert_eq!(read(&with(none)).rules_in_model(), 2);
    let preference = r#"<q3:Registry><q3:Properties action="U" hive="HKEY_LOCAL_MACHINE" key="SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules" name="b"/></q3:Registry>"#;
    is_open(&with(preference), "attributes");
}

// Fails if a policy that applies to no host, or one of several, is taken for what a host has.
#[test]
fn a_policy_whose_links_are_disabled_proves_nothing() {
    use hylint_model::DefaultOrigin;
    let merge = |p: &str| {
        format!(
            "<q1:{p}><q1:AllowLocalPolicyMerge><q1:Value>false</q1:Value></q1:AllowLocalPolicyMerge></q1:{p}>"
        )
    };
    let settings = ["DomainProfile", "PrivateProfile", "PublicProfile"]
        .map(merge)
        .concat();
    let one = report(true, &format!("{settings}{RULES}"));
    let with = |links: &str| one.replace("</GPO>", &format!("{links}</GPO>"));
    let origin = |text: &str| lists(&read(text)).ingress.default.origin;
    let link = |on: bool| format!("<LinksTo><SOMPath>a</SOMPath><Enabled>{on}</Enabled></LinksTo>");
    assert_eq!(origin(&with(&link(true))), DefaultOrigin::Assumed);
    assert_eq!(origin(&with(&link(false))), DefaultOrigin::Unknown);
    assert_eq!(
        origin(&with(&format!("{}{}", link(false), link(true)))),
        DefaultOrigin::Assumed
    );
    let told = read(&one);
    assert!(told.problems.iter().any(|p| p.message.contains("no link")));
    let body = one.split_once("?>").unwrap().1;
    let two = format!(
        "<report>{body}{}</report>",
        body.replace("Servers", "Clients")
    );
    assert_eq!(origin(&two), DefaultOrigin::Unknown);
}

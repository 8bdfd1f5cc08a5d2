//! What groups of an account open to machines that are not the site's: one note, and nothing else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use hylint::finding::outcome::Outcome;
use hylint::finding::{Finding, Severity};
use hylint::session::{Request, check};
use serde_json::{Value, json};

const SITE: &str = "[deployment]\naccess = \"direct\"\n[roles]\nworkspace-client = [\"10.50.0.0/16\"]\n\
    active-directory = []\nsql-server = []\ncontroller-management = [\"10.0.2.10\"]\n\
    [[host]]\nname = \"sh1\"\naddresses = [\"10.0.1.10\"]\nroles = [\"session-host\"]\nexports = [\"*.json\"]\n";

fn run(files: &[(&str, String)]) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let request = Request {
        at: "2026-06-01T00:00:00Z".parse().unwrap(),
        threads: 1,
        ..Request::new([dir.path().to_path_buf()])
    };
    check(&request).unwrap()
}

/// The notes about other machines.
fn told(o: &Outcome) -> Vec<&Finding> {
    let about = |f: &&Finding| f.message.contains("other machines");
    o.findings.iter().filter(about).collect()
}

/// Everything that is said beside them.
fn others(o: &Outcome) -> Vec<(Severity, String)> {
    let about = |f: &&Finding| !f.message.contains("other machines");
    let all = o.findings.iter().filter(about);
    all.map(|f| (f.severity, f.message.clone())).collect()
}

fn group(id: &str, open: &[(u16, &str)]) -> Value {
    let one = |(port, source): &(u16, &str)| json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]});
    let permissions: Value = open.iter().map(one).collect();
    json!({"GroupId": id, "GroupName": id, "VpcId": "vpc-1", "IpPermissions": permissions,
           "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]})
}

/// Groups; interfaces by instance, address, subnet and groups.
fn aws(groups: &[Value], machines: &[(&str, &str, &str, &[&str])]) -> Vec<(&'static str, String)> {
    let one = |(instance, address, subnet, groups): &(&str, &str, &str, &[&str])| {
        let groups: Value = groups.iter().map(|g| json!({"GroupId": g})).collect();
        json!({"NetworkInterfaceId": format!("eni-{instance}"), "SubnetId": subnet, "VpcId": "vpc-1",
            "Attachment": {"InstanceId": instance}, "PrivateIpAddress": address,
            "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": true}], "Groups": groups})
    };
    let interfaces: Value = machines.iter().map(one).collect();
    vec![
        ("groups.json", json!({"SecurityGroups": groups}).to_string()),
        (
            "interfaces.json",
            json!({"NetworkInterfaces": interfaces}).to_string(),
        ),
    ]
}

fn with_site(mut files: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    files.push(("hylint.toml", SITE.to_owned()));
    files
}

const OWN: (&str, &str, &str, &[&str]) = ("i-own", "10.0.1.10", "subnet-1", &["sg-own"]);
const ANYONE: &str = "0.0.0.0/0";

fn all_groups() -> [Value; 3] {
    [
        group("sg-own", &[(3389, "10.50.0.0/16")]),
        group("sg-jump", &[(22, ANYONE)]),
        group("sg-tight", &[(22, "203.0.113.0/28")]),
    ]
}

#[test]
fn a_group_that_exposes_another_machine_of_the_account_is_named_in_a_note() {
    let unused = run(&with_site(aws(&all_groups(), &[OWN])));
    assert!(told(&unused).is_empty());
    let counted = others(&unused);
    assert!(counted.iter().any(
        |(s, m)| *s == Severity::Note && m.starts_with("2 points of this export guard no host")
    ));
    let machines = [
        OWN,
        ("i-jump", "10.0.9.1", "subnet-1", &["sg-jump"][..]),
        ("i-ops", "10.0.9.2", "subnet-1", &["sg-jump"][..]),
        ("i-both", "10.0.9.4", "subnet-1", &["sg-jump", "sg-own"][..]),
        ("i-tight", "10.0.9.3", "subnet-1", &["sg-tight"][..]),
    ];
    let o = run(&with_site(aws(&all_groups(), &machines)));
    let notes = told(&o);
    assert_eq!(notes.len(), 1, "{notes:#?}");
    let note = notes[0];
    assert_eq!(
        (note.code.as_str(), note.severity),
        ("unbound-point", Severity::Note)
    );
    assert!(note.host.is_none() && note.requirement.is_none());
    for said in [
        "1 of 2 points",
        "exposes",
        "TCP 22",
        "i-jump, i-ops",
        "`sg-jump`, which guards further machines",
    ] {
        assert!(note.message.contains(said), "{said}: {}", note.message);
    }
    assert!(!note.message.contains("i-tight"));
    // Nothing else differs: no row, no host, no other finding.
    assert_eq!(others(&o), counted);
    let rows = |o: &Outcome| -> Vec<_> {
        o.requirements
            .iter()
            .map(|r| (r.id.clone(), r.status))
            .collect()
    };
    assert_eq!(rows(&o), rows(&unused));
}

#[test]
fn a_group_of_the_site_that_another_machine_has_is_told_at_the_host_alone() {
    let groups = [
        group("sg-own", &[(22, ANYONE)]),
        group("sg-tight", &[(22, "203.0.113.0/28")]),
    ];
    let machines = [
        OWN,
        (
            "i-other",
            "10.0.9.1",
            "subnet-1",
            &["sg-own", "sg-tight"][..],
        ),
    ];
    let o = run(&with_site(aws(&groups, &machines)));
    assert!(told(&o).is_empty());
    let error =
        |f: &&Finding| f.severity == Severity::Error && f.code.as_str() == "exposed-to-internet";
    assert_eq!(o.findings.iter().filter(error).count(), 1);
}

#[test]
fn without_a_site_file_each_group_is_judged_for_itself() {
    let machines = [OWN, ("i-jump", "10.0.9.1", "subnet-1", &["sg-jump"][..])];
    let o = run(&aws(&all_groups(), &machines));
    assert!(told(&o).is_empty());
    assert!(
        o.findings
            .iter()
            .any(|f| f.code.as_str() == "exposed-to-internet" && f.severity == Severity::Error)
    );
}

#[test]
fn what_an_acl_closes_before_another_machine_is_not_exposed() {
    let entry = |n: u32, egress: bool, cidr: &str, action: &str| json!({"CidrBlock": cidr, "Egress": egress, "Protocol": "-1", "RuleAction": action, "RuleNumber": n});
    let acl = |source: &str| {
        json!({"NetworkAcls": [{"NetworkAclId": "acl-9", "Associations": [{"SubnetId": "subnet-9"}], "Entries": [
        entry(90, false, source, "allow"), entry(32767, false, ANYONE, "deny"),
        entry(90, true, ANYONE, "allow"), entry(32767, true, ANYONE, "deny")]}]}).to_string()
    };
    let machines = [OWN, ("i-jump", "10.0.9.1", "subnet-9", &["sg-jump"][..])];
    let named = |machines: &[_], source: &str| {
        let mut files = with_site(aws(&all_groups(), machines));
        files.push(("acls.json", acl(source)));
        told(&run(&files))
            .iter()
            .any(|f| f.message.contains("i-jump"))
    };
    assert!(!named(&machines, "10.0.0.0/8"));
    assert!(named(&machines, ANYONE));
    // Its groups are not exported: nothing tells what gets in behind the ACL.
    let unknown = [OWN, ("i-jump", "10.0.9.1", "subnet-9", &["sg-gone"][..])];
    assert!(!named(&unknown, ANYONE));
}

#[test]
fn machines_of_azure_are_those_of_the_subnet_and_the_interface_that_a_group_guards() {
    let id = |kind: &str, name: &str| {
        format!("/subscriptions/0/resourceGroups/rg/providers/Microsoft.{kind}/{name}")
    };
    let nsg_id = |name: &str| id("Network", &format!("networkSecurityGroups/{name}"));
    let subnet_id = |name: &str| id("Network", &format!("virtualNetworks/vnet/subnets/{name}"));
    let nsg = |name: &str, port: &str, source: &str| {
        json!({"id": nsg_id(name), "name": name, "defaultSecurityRules": [], "securityRules": [
            {"name": "in", "priority": 100, "protocol": "Tcp", "access": "Allow", "direction": "Inbound", "sourcePortRange": "*",
             "destinationAddressPrefix": "*", "destinationPortRange": port, "sourceAddressPrefix": source}]})
    };
    let nic = |name: &str, address: &str, subnet: &str, group: Option<&str>| {
        let mut nic = json!({"id": id("Network", &format!("networkInterfaces/{name}-nic")), "name": format!("{name}-nic"),
            "virtualMachine": {"id": id("Compute", &format!("virtualMachines/{name}"))},
            "ipConfigurations": [{"name": "ipconfig1", "primary": true, "privateIPAddress": address, "privateIPAddressVersion": "IPv4",
                "subnet": {"id": subnet_id(subnet)}}]});
        if let Some(g) = group {
            nic["networkSecurityGroup"] = json!({"id": nsg_id(g)});
        }
        nic
    };
    let subnet = |name: &str, prefix: &str, group: &str| json!({"id": subnet_id(name), "name": name, "addressPrefix": prefix, "networkSecurityGroup": {"id": nsg_id(group)}});
    let files = |of_interface: &str| {
        vec![
            ("nsgs.json", json!([nsg("nsg-own", "3389", "10.50.0.0/16"), nsg("nsg-jump", "22", "*"), nsg("nsg-nic", "22", of_interface)]).to_string()),
            ("nics.json", json!([nic("sh1", "10.0.1.10", "own", None), nic("jump", "10.0.9.1", "jump", Some("nsg-nic"))]).to_string()),
            ("vnets.json", json!([{"id": id("Network", "virtualNetworks/vnet"), "name": "vnet", "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [subnet("own", "10.0.1.0/24", "nsg-own"), subnet("jump", "10.0.9.0/24", "nsg-jump")]}]).to_string()),
        ]
    };
    let open = run(&with_site(files("*")));
    assert_eq!(told(&open).len(), 1, "{:#?}", others(&open));
    assert!(
        told(&open)[0].message.contains("jump"),
        "{}",
        told(&open)[0].message
    );
    // The group of the interface closes what that of the subnet opens.
    assert!(told(&run(&with_site(files("10.50.0.0/16")))).is_empty());
}

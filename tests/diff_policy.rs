//! What a change is held against: what may open is for the old site to say, and so are the matrix, the levels and what
//! fails. Changes of any of them, of requirements and of findings.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use hylint::common::progress::Silent;
use hylint::finding::difference::{
    ChangeKind, Difference, Envelope, Obstacle, PolicyChange, RequirementChange,
};
use hylint::finding::outcome::Status;
use hylint::finding::{Code, Severity};
use hylint::load::{Disk, Files, Overlay};
use hylint::session::Request;
use hylint::session::diff::{Given, Shown, Sides, compare};
use std::path::Path;
use std::sync::Arc;

const ROOT: &str = "/no-such-folder-but-in-a-test";

/// A state of a site: paths and texts.
#[derive(Clone, Default)]
struct State(Vec<(String, String)>);

impl State {
    fn with(mut self, path: &str, text: impl Into<String>) -> Self {
        self.0.retain(|(p, _)| p != path);
        self.0.push((path.into(), text.into()));
        self
    }

    fn without(mut self, path: &str) -> Self {
        self.0.retain(|(p, _)| p != path);
        self
    }

    fn files(&self) -> Arc<dyn Files> {
        let none = Overlay::new(Arc::new(Disk));
        let each = self.0.iter();
        Arc::new(each.fold(none, |all, (path, text)| {
            all.with(&Path::new(ROOT).join(path), text.as_bytes())
        }))
    }

    fn given(&self, name: &str, request: &Request) -> Given {
        Given {
            name: name.into(),
            files: self.files(),
            request: request.clone(),
        }
    }

    fn to(&self, new: &Self) -> Difference {
        self.to_by(new, &request())
    }

    fn to_by(&self, new: &Self, request: &Request) -> Difference {
        let shown: Shown = Arc::new(|p: &str| p.into());
        let (old, new) = (self.given("old", request), new.given("new", request));
        let sides = Sides::open(old, new, shown, &Silent).unwrap_or_else(|e| panic!("{e:?}"));
        compare(&sides, &Silent).unwrap_or_else(|e| panic!("{e:?}"))
    }
}

fn request() -> Request {
    Request {
        at: "2026-11-30T00:00:00Z".parse().unwrap(),
        ..Request::new([ROOT])
    }
}

const HEAD: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n\
    -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
    -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
    -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";

fn rules(lines: &str) -> String {
    format!("{HEAD}{lines}COMMIT\n")
}

const NEEDED: &str = "-A INPUT -s 10.0.0.11/32 -p tcp -m tcp --dport 1433 -j ACCEPT\n";

const ROLES: &str = "[roles]\ncontroller-management = [\"10.0.0.11\"]\ncontroller-broker = []\nsession-host = []\n\
    active-directory = []\nworkspace-client = []\nsql-log-server = []\n";

fn host(name: &str, address: &str, role: &str) -> String {
    format!(
        "[[host]]\nname = \"{name}\"\naddresses = [\"{address}\"]\nroles = [\"{role}\"]\nexports = [\"{name}/*.v4\"]\n"
    )
}

fn toml(more: &str) -> String {
    format!("{ROLES}{}{more}", host("sql1", "10.0.0.5", "sql-server"))
}

/// The SQL server, with rules beside the one that it needs, and more in hylint.toml.
fn sql(more: &str, lines: &str) -> State {
    State::default()
        .with("hylint.toml", toml(more))
        .with("sql1/a.v4", rules(&format!("{NEEDED}{lines}")))
}

/// Whether each box that opens is inside; none opens: nothing.
fn within(d: &Difference) -> Vec<bool> {
    let opened = d.packets.iter().filter(|p| p.change == ChangeKind::Opened);
    opened.map(|p| p.within).collect()
}

fn held(more: &str, lines: &str) -> bool {
    let d = sql(more, "").to(&sql(more, lines));
    let each = within(&d);
    assert!(!each.is_empty(), "nothing opens: {lines}");
    assert_eq!(d.envelope, Envelope::Old);
    let all = each.iter().all(|w| *w);
    assert_eq!(d.within(), all);
    let outside = d
        .obstacles()
        .iter()
        .any(|o| matches!(o, Obstacle::Outside(_)));
    assert_eq!(outside, !all, "{lines}");
    all
}

const WINRM: &str =
    "[[allow]]\nfrom = \"10.9.9.0/24\"\nto = \"sql-server\"\nport = \"tcp/5985\"\nreason = \"x\"\n";

fn opens(src: &str, service: &str) -> String {
    format!("-A INPUT -s {src} -p {service} -j ACCEPT\n")
}

/// Catches an envelope that forgets a dimension: each line is inside, and each of its neighbours is not.
#[test]
fn what_opens_is_held_against_allow_entries_in_every_dimension() {
    let tcp = |p: &str| format!("tcp -m tcp --dport {p}");
    for (src, service, inside) in [
        ("10.9.9.7/32", tcp("5985"), true),
        ("10.9.9.0/24", tcp("5985"), true),
        ("10.9.8.0/23", tcp("5985"), false),
        ("10.9.10.0/32", tcp("5985"), false),
        ("10.9.9.7/32", tcp("5985:5986"), false),
        ("10.9.9.7/32", tcp("5984"), false),
        ("10.9.9.7/32", "udp -m udp --dport 5985".into(), false),
        ("10.9.9.7/32", "all".into(), false),
        ("0.0.0.0/0", tcp("5985"), false),
    ] {
        assert_eq!(
            held(WINRM, &opens(src, &service)),
            inside,
            "{src} {service}"
        );
    }
    // Source ports that a rule names are inside a flow that names none.
    let narrow =
        "-A INPUT -s 10.9.9.7/32 -p tcp -m tcp --sport 1024:65535 --dport 5985 -j ACCEPT\n";
    assert!(held(WINRM, narrow));
    let by_interface = "-A INPUT -i eth1 -s 10.9.9.7/32 -p tcp -m tcp --dport 5985 -j ACCEPT\n";
    assert!(held(WINRM, by_interface));
}

/// Catches an entry for another host, or for one of the host's families, that counts for this host.
#[test]
fn an_allow_entry_is_for_the_host_that_it_names() {
    let to = |to: &str| WINRM.replace("\"sql-server\"", to);
    let line = opens("10.9.9.7/32", "tcp -m tcp --dport 5985");
    for (entry, inside) in [
        ("\"10.0.0.5\"", true),
        ("[\"10.0.0.4\", \"10.0.0.5\"]", true),
        ("\"10.0.0.4/31\"", true),
        ("\"any\"", true),
        ("\"10.0.0.6\"", false),
        ("\"controller-management\"", false),
    ] {
        assert_eq!(held(&to(entry), &line), inside, "{entry}");
    }
}

/// Catches an entry for one of a host's addresses that holds what opens at the other one, and one at an address that comes
/// with the change.
#[test]
fn an_allow_entry_is_for_the_addresses_that_it_names() {
    let two = toml(&WINRM.replace("\"sql-server\"", "\"10.0.0.5\"")).replace(
        "addresses = [\"10.0.0.5\"]",
        "addresses = [\"10.0.0.5\", \"10.0.0.6\"]",
    );
    let state = |t: &str, lines: &str| {
        State::default()
            .with("hylint.toml", t)
            .with("sql1/a.v4", rules(&format!("{NEEDED}{lines}")))
    };
    let line = opens("10.9.9.7/32", "tcp -m tcp --dport 5985");
    let at = line.replace("-s", "-d 10.0.0.5/32 -s");
    let other = line.replace("-s", "-d 10.0.0.6/32 -s");
    for (lines, inside) in [(&at, true), (&other, false), (&line, false)] {
        let d = state(&two, "").to(&state(&two, lines));
        let each = within(&d);
        assert!(!each.is_empty());
        assert_eq!(each.iter().all(|w| *w), inside, "{lines} {:?}", d.packets);
    }
    // The second address comes with the change.
    let one = two.replace(", \"10.0.0.6\"", "");
    let d = state(&one, "").to(&state(&two, &line));
    assert!(within(&d).contains(&false), "{:?}", d.packets);
    let d = state(&one, "").to(&state(&one, &line));
    assert!(d.within(), "{:?}", d.packets);
}

/// Catches names of protocols and ports of `[[allow]]` that mean something else here than in check.
#[test]
fn allow_entries_of_other_protocols_hold_these() {
    let entry = |port: &str| WINRM.replace("tcp/5985", port);
    for (port, service, inside) in [
        ("icmp", "icmp", true),
        ("icmp", "icmp -m icmp --icmp-type 8", true),
        ("icmp", "tcp", false),
        ("tcp/*", "tcp", true),
        ("tcp/*", "udp", false),
        ("47/*", "gre", true),
        ("udp/1000-2000", "udp -m udp --dport 1000:2000", true),
        ("udp/1000-2000", "udp -m udp --dport 1000:2001", false),
    ] {
        let line = opens("10.9.9.7/32", service);
        assert_eq!(held(&entry(port), &line), inside, "{port}: {service}");
    }
}

/// Catches a box that is asked of one flow alone, where two hold it together.
#[test]
fn flows_hold_a_box_together() {
    let entry = |from: &str| {
        format!(
            "[[allow]]\nfrom = \"{from}\"\nto = \"10.0.0.5\"\nport = \"tcp/1433\"\nreason = \"x\"\n"
        )
    };
    let old = sql(&entry("10.0.0.10"), "");
    let without = State::default()
        .with("hylint.toml", toml(&entry("10.0.0.10")))
        .with("sql1/a.v4", rules(""));
    let both = opens("10.0.0.10/31", "tcp -m tcp --dport 1433");
    let new = old.clone().with("sql1/a.v4", rules(&both));
    let d = without.to(&new);
    assert_eq!(within(&d), [true], "{:?}", d.packets);
    // One more is not.
    let wide = opens("10.0.0.8/30", "tcp -m tcp --dport 1433");
    let d = without.to(&old.with("sql1/a.v4", rules(&wide)));
    assert!(within(&d).contains(&false), "{:?}", d.packets);
}

/// Catches flows of the matrix that count although nobody says where the peers are, the port was moved, or the role is not
/// this host's.
#[test]
fn requirements_hold_what_their_declared_peers_need() {
    let closed = |t: &str| {
        State::default()
            .with("hylint.toml", t)
            .with("sql1/a.v4", rules(""))
    };
    let opened = |t: &str, line: &str| closed(t).with("sql1/a.v4", rules(line));
    let ask = |t: &str, src: &str, port: &str| {
        let line = opens(src, &format!("tcp -m tcp --dport {port}"));
        let each = within(&closed(t).to(&opened(t, &line)));
        assert!(!each.is_empty());
        each.iter().all(|w| *w)
    };
    let usual = toml("");
    assert!(ask(&usual, "10.0.0.11/32", "1433"));
    assert!(!ask(&usual, "10.0.0.10/31", "1433"));
    assert!(!ask(&usual, "10.0.0.12/32", "1433"));
    assert!(!ask(&usual, "10.0.0.11/32", "1434"));
    assert!(!ask(&usual, "0.0.0.0/0", "1433"));
    // The port that it was moved from is not needed any more.
    let moved = toml("[ports]\nsql-server = [14330]\n");
    assert!(ask(&moved, "10.0.0.11/32", "14330"));
    assert!(!ask(&moved, "10.0.0.11/32", "1433"));
    // Nobody says where the controllers are.
    let undeclared = usual.replace("controller-management = [\"10.0.0.11\"]\n", "");
    assert!(!ask(&undeclared, "10.0.0.11/32", "1433"));
    assert!(!ask(&undeclared, "0.0.0.0/0", "1433"));
    // Everyone is declared: what must not be open to anyone is a need of private addresses alone.
    let everyone = usual.replace("[\"10.0.0.11\"]", "[\"0.0.0.0/0\"]");
    assert!(ask(&everyone, "10.0.0.0/8", "1433"));
    assert!(!ask(&everyone, "0.0.0.0/0", "1433"));
    // Another host's role.
    let other = usual.replace("[\"sql-server\"]", "[\"session-recording-server\"]");
    assert!(!ask(&other, "10.0.0.11/32", "1433"));
}

/// Catches a direction that is not held, or held the wrong way round.
#[test]
fn the_envelope_holds_outbound_and_forwarded_flows() {
    let t = format!(
        "{}{}[[transit]]\nname = \"fw\"\nexports = [\"fw/*.v4\"]\n{}",
        toml(""),
        host("cm1", "10.0.0.11", "controller-management"),
        "[[allow]]\nfrom = \"controller-management\"\nto = \"192.0.2.1\"\nport = \"udp/123\"\nreason = \"x\"\n"
    );
    let old = State::default()
        .with("hylint.toml", &t)
        .with("cm1/a.v4", rules(""))
        .with("sql1/a.v4", rules(""))
        .with("fw/a.v4", rules(""));
    let ask = |file: &str, line: &str| {
        let new = old.clone().with(file, rules(&format!("{line}\n")));
        let d = old.to(&new);
        let each = within(&d);
        assert!(!each.is_empty(), "{line}");
        each.iter().all(|w| *w)
    };
    let tcp = "-p tcp -m tcp --dport 1433 -j ACCEPT";
    assert!(ask("cm1/a.v4", &format!("-A OUTPUT -d 10.0.0.5/32 {tcp}")));
    assert!(!ask("cm1/a.v4", &format!("-A OUTPUT -d 10.0.0.6/32 {tcp}")));
    assert!(!ask("cm1/a.v4", &format!("-A OUTPUT {tcp}")));
    assert!(!ask(
        "sql1/a.v4",
        &format!("-A OUTPUT -d 10.0.0.5/32 {tcp}")
    ));
    let ntp = "-A OUTPUT -d 192.0.2.1/32 -p udp -m udp --dport 123 -j ACCEPT";
    assert!(ask("cm1/a.v4", ntp));
    assert!(!ask("sql1/a.v4", ntp));
    let through = |ends: &str| format!("-A FORWARD {ends} {tcp}");
    assert!(ask("fw/a.v4", &through("-s 10.0.0.11/32 -d 10.0.0.5/32")));
    assert!(!ask("fw/a.v4", &through("-s 10.0.0.5/32 -d 10.0.0.11/32")));
    assert!(!ask("fw/a.v4", &through("-d 10.0.0.5/32")));
    assert!(!ask("fw/a.v4", &through("-s 10.0.0.11/32")));
}

/// Catches rows of the direct mode that count behind a gateway, and a gateway that may not be reached by anyone or may be
/// reached on every port.
#[test]
fn clients_go_through_the_gateway() {
    let site = |access: &str| {
        let roles = ROLES.replace(
            "workspace-client = []",
            "workspace-client = [\"10.50.0.0/16\"]",
        );
        let hosts =
            host("sh1", "10.0.0.20", "session-host") + &host("gw1", "10.0.1.5", "hysecure-gateway");
        let roles = roles.replace("session-host = []\n", "");
        format!("{roles}{hosts}[deployment]\naccess = \"{access}\"\n")
    };
    let state = |access: &str, sh: &str, gw: &str| {
        State::default()
            .with("hylint.toml", site(access))
            .with("sh1/a.v4", rules(sh))
            .with("gw1/a.v4", rules(gw))
    };
    let ask = |access: &str, sh: &str, gw: &str| {
        let d = state(access, "", "").to(&state(access, sh, gw));
        let each = within(&d);
        assert!(!each.is_empty(), "{access} {sh} {gw}");
        each.iter().all(|w| *w)
    };
    let rdp = opens("10.50.0.0/16", "tcp -m tcp --dport 3389");
    assert!(ask("direct", &rdp, ""));
    assert!(ask("both", &rdp, ""));
    assert!(!ask("gateway", &rdp, ""));
    let leg = opens("10.0.1.5/32", "tcp -m tcp --dport 3389");
    assert!(ask("gateway", &leg, ""));
    assert!(!ask("direct", &leg, ""));
    let anyone = |port: &str| opens("0.0.0.0/0", &format!("tcp -m tcp --dport {port}"));
    assert!(ask("gateway", "", &anyone("443")));
    assert!(!ask("gateway", "", &anyone("442:443")));
    assert!(!ask("gateway", "", &anyone("22")));
}

/// Catches rows of a feature that is off, and roles that the site rules out, that hold what opens.
#[test]
fn what_is_off_is_no_part_of_the_envelope() {
    let site = |more: &str| {
        let roles = format!("{ROLES}desktop-vm = [\"10.0.0.20\"]\n");
        format!(
            "{roles}{}{more}",
            host("rec1", "10.0.0.30", "session-recording-server")
        )
    };
    let ask = |more: &str, lines: &str| {
        let state = |lines: &str| {
            State::default()
                .with("hylint.toml", site(more))
                .with("rec1/a.v4", rules(lines))
        };
        let each = within(&state("").to(&state(lines)));
        assert!(!each.is_empty());
        each.iter().all(|w| *w)
    };
    let line = opens("10.0.0.20/32", "tcp -m tcp --dport 38893");
    assert!(ask("", &line));
    let off = "[deployment]\nfeatures = { session-recording = false }\n";
    assert!(!ask(off, &line));
}

/// Catches packets that are held by where they are sent, and not by where they come to.
#[test]
fn packets_that_are_sent_on_are_held_where_they_come_to() {
    let t = format!(
        "{ROLES}{}[[allow]]\nfrom = \"any\"\nto = \"gw1x\"\nport = \"tcp/443\"\nreason = \"x\"\n",
        host("gw1", "10.0.1.5", "hysecure-gateway")
    )
    .replace("\"gw1x\"", "[\"10.0.1.5\", \"10.0.2.8\"]");
    let nat = |to: &str| {
        format!(
            "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 10.0.1.5/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination {to}\nCOMMIT\n{}",
            rules(&format!(
                "-A FORWARD -d {}/32 -p tcp -j ACCEPT\n",
                to.split(':').next().unwrap()
            ))
        )
    };
    let state = |text: String| {
        State::default()
            .with("hylint.toml", &t)
            .with("gw1/a.v4", text)
    };
    let ask = |to: &str| {
        let d = state(rules("")).to(&state(nat(to)));
        let moved = d.packets.iter().filter(|p| p.new.translated.is_some());
        let each: Vec<bool> = moved.map(|p| p.within).collect();
        assert!(!each.is_empty(), "{to}: {:?}", d.packets);
        each.iter().all(|w| *w)
    };
    assert!(ask("10.0.2.8:443"));
    assert!(!ask("10.0.2.9:443"));
    assert!(!ask("10.0.2.8:3389"));
}

/// Catches a flow that is inside in one family only because of what is known of the other.
#[test]
fn a_family_is_held_by_addresses_of_its_own() {
    let six = |lines: &str| rules(lines).replace("10.9.9.7/32", "2001:db8:9::7/128");
    let entry = |from: &str, to: &str| {
        format!(
            "[[allow]]\nfrom = \"{from}\"\nto = \"{to}\"\nport = \"tcp/5985\"\nreason = \"x\"\n"
        )
    };
    let line = opens("10.9.9.7/32", "tcp -m tcp --dport 5985");
    let ask = |entry: &str| {
        let glob = toml(entry).replace("sql1/*.v4", "sql1/*");
        let old = State::default()
            .with("hylint.toml", glob)
            .with("sql1/a.v4", rules(NEEDED))
            .with("sql1/a.v6", six(""));
        let new = old.clone().with("sql1/a.v6", six(&line));
        let each = within(&old.to(&new));
        assert!(!each.is_empty());
        each.iter().all(|w| *w)
    };
    assert!(ask(&entry("2001:db8:9::/64", "sql-server")));
    assert!(ask(&entry("any", "any")));
    assert!(!ask(&entry("10.9.9.7", "sql-server")));
    // Its IPv6 addresses are not declared.
    assert!(!ask(&entry("2001:db8:9::/64", "10.0.0.5")));
}

/// Catches a change that approves itself, and an entry of the old side that does not hold any more.
#[test]
fn the_new_side_cannot_allow_what_it_opens() {
    let line = opens("10.9.9.7/32", "tcp -m tcp --dport 5985");
    let d = sql("", "").to(&sql(WINRM, &line));
    assert_eq!(within(&d), [false]);
    let all = d.obstacles();
    assert!(all.contains(&Obstacle::Outside(1)), "{all:?}");
    assert!(all.contains(&Obstacle::Loosened(1)), "{all:?}");
    // What the old side allows may open while the entry goes.
    let d = sql(WINRM, "").to(&sql("", &line));
    assert_eq!(within(&d), [true]);
    assert_eq!(keys(&d), ["[[allow]] -"]);
}

/// Catches a role or an allow entry of nobody that makes something be inside, and whose envelope it is.
#[test]
fn without_a_policy_on_the_old_side_the_new_one_speaks() {
    let line = opens("10.9.9.7/32", "tcp -m tcp --dport 5985");
    let bare = |lines: &str| State::default().with("box/a.v4", rules(&format!("{NEEDED}{lines}")));
    // Neither has any: what opens is outside.
    let d = bare("").to(&bare(&line));
    assert_eq!(d.envelope, Envelope::None);
    assert_eq!(within(&d), [false]);
    assert!(!d.within());
    assert_eq!(d.obstacles(), [Obstacle::Outside(1)]);
    assert!(d.requirements.is_empty() && d.findings.new.is_empty());
    assert!(!bare("").to(&bare("")).within());
    // The new side has one, and says so.
    let site = toml(WINRM).replace("sql1/*.v4", "box/*.v4");
    let d = bare("").to(&bare(&line).with("hylint.toml", &site));
    assert_eq!(d.envelope, Envelope::New);
    assert_eq!(within(&d), [true]);
    assert!(
        keys(&d).contains(&"hylint.toml -".to_owned()),
        "{:?}",
        keys(&d)
    );
    // A site file without roles and entries allows nothing.
    let empty = "[lints]\nshadowed-rule = \"note\"\n";
    let d = bare("")
        .with("hylint.toml", empty)
        .to(&bare(&line).with("hylint.toml", empty));
    assert_eq!((d.envelope, within(&d)), (Envelope::None, vec![false]));
    // Roles by the path, and a site file that comes with the change: it may not approve it.
    let by_path = |lines: &str| {
        State::default().with("sql-server/sql1.v4", rules(&format!("{NEEDED}{lines}")))
    };
    let site = toml(WINRM).replace("sql1/*.v4", "sql-server/*.v4");
    let d = by_path("").to(&by_path(&line).with("hylint.toml", &site));
    assert_eq!(d.envelope, Envelope::Old);
    assert!(within(&d).contains(&false), "{:?}", d.packets);
}

/// `KEY +` for a loosened entry of the policy, `KEY -` for another one.
fn keys(d: &Difference) -> Vec<String> {
    let said = |p: &PolicyChange| format!("{} {}", p.key, if p.loosened { '+' } else { '-' });
    d.policy.iter().map(said).collect()
}

fn policy(old: &str, new: &str) -> Vec<String> {
    let d = policy_of(old, new);
    for p in &d.policy {
        let place = p.place.as_ref().unwrap_or_else(|| panic!("{p:?}"));
        assert!(place.path.ends_with("hylint.toml"), "{p:?}");
        assert!(p.old.is_some() || p.new.is_some(), "{p:?}");
        let first = p.message.chars().next().unwrap();
        assert!(!first.is_uppercase() && !p.message.ends_with('.'), "{p:?}");
    }
    let loosened = d.policy.iter().any(|p| p.loosened);
    let fails = d
        .obstacles()
        .iter()
        .any(|o| matches!(o, Obstacle::Loosened(_)));
    assert_eq!(loosened, fails);
    keys(&d)
}

fn policy_of(old: &str, new: &str) -> Difference {
    let state = |t: &str| {
        State::default()
            .with("hylint.toml", t)
            .with("sql1/a.v4", rules(NEEDED))
    };
    state(old).to(&state(new))
}

/// Catches a text that is compared instead of its meaning.
#[test]
fn words_and_order_are_no_policy() {
    let two = WINRM.to_owned() + &WINRM.replace("5985", "5986");
    let swapped = WINRM.replace("5985", "5986") + WINRM;
    let waive = "[[waive]]\ncode = \"unneeded-flow\"\nexport = \"x/*\"\nuntil = 2027-03-31\nreason = \"a\"\nowner = \"b\"\n";
    for (old, new) in [
        (
            WINRM.to_owned(),
            WINRM.replace("\"x\"", "\"another reason\""),
        ),
        (two.clone(), swapped),
        (two.clone(), format!("# a comment\n{two}")),
        (
            WINRM.to_owned(),
            WINRM
                .replace("5985", "5985-5985")
                .replace("10.9.9.0/24", "10.9.9.0-10.9.9.255"),
        ),
        (
            WINRM.to_owned(),
            WINRM.replace("10.9.9.0/24", "10.9.9.0/25")
                + &WINRM.replace("10.9.9.0/24", "10.9.9.128/25"),
        ),
        (
            waive.to_owned(),
            waive.replace("\"a\"", "\"c\"").replace("\"b\"", "\"d\""),
        ),
        ("[check]\nfail-on = \"error\"\n".into(), String::new()),
        (
            "[lints]\nshadowed-rule = \"warning\"\n".into(),
            String::new(),
        ),
        (
            "[site]\nname = \"A\"\n".into(),
            "[site]\nname = \"B\"\n".into(),
        ),
    ] {
        let found = policy(&toml(&old), &toml(&new));
        assert!(found.is_empty(), "{old}\n{new}\n{found:?}");
        let found = policy(&toml(&new), &toml(&old));
        assert!(found.is_empty(), "back: {old}\n{new}\n{found:?}");
    }
}

/// Catches a key that loosens unseen, one that is taken for loosened while it is tightened, and a change without a place.
#[test]
fn what_loosens_the_policy_is_told_from_what_tightens_it() {
    let waive = |until: &str| {
        format!(
            "[[waive]]\ncode = \"unneeded-flow\"\nexport = \"x/*\"\nuntil = {until}\nreason = \"a\"\nowner = \"b\"\n"
        )
    };
    let (short, long) = (waive("2027-03-31"), waive("2027-09-30"));
    for (old, new, there, back) in [
        ("", WINRM, "[[allow]] +", "[[allow]] -"),
        (
            "",
            "[lints]\nany-any = \"off\"\n",
            "lints.any-any +",
            "lints.any-any -",
        ),
        (
            "",
            "[lints]\nany-any = \"warning\"\n",
            "lints.any-any +",
            "lints.any-any -",
        ),
        (
            "[check]\nfail-on = \"warning\"\n",
            "",
            "check.fail-on +",
            "check.fail-on -",
        ),
        (
            "[check]\nrequire-evidence = \"all\"\n",
            "[check]\nrequire-evidence = \"destination\"\n",
            "check.require-evidence +",
            "check.require-evidence -",
        ),
        (
            "",
            "[check]\nexclude = [\"old/**\"]\n",
            "check.exclude +",
            "check.exclude -",
        ),
        (
            "[check]\nmax-age-days = 30\n",
            "[check]\nmax-age-days = 31\n",
            "check.max-age-days +",
            "check.max-age-days -",
        ),
        (
            "[check]\nmax-age-days = 30\n",
            "",
            "check.max-age-days +",
            "check.max-age-days -",
        ),
        ("", &short, "[[waive]] +", "[[waive]] -"),
        (&short, &long, "[[waive]] +", "[[waive]] -"),
        (
            "",
            "[resolve]\n\"ipset:a\" = [\"10.0.0.0/8\"]\n",
            "resolve.ipset:a +",
            "resolve.ipset:a -",
        ),
        (
            "[deployment]\nephemeral = \"1024-65535\"\n",
            "[deployment]\nephemeral = \"49152-65535\"\n",
            "deployment.ephemeral +",
            "deployment.ephemeral -",
        ),
        (
            "",
            "[[transit]]\nname = \"fw\"\nexports = [\"fw/*.v4\"]\n",
            "[[transit]] -",
            "[[transit]] +",
        ),
    ] {
        assert_eq!(policy(&toml(old), &toml(new)), [there], "{old}\n{new}");
        assert_eq!(policy(&toml(new), &toml(old)), [back], "back: {old}\n{new}");
    }
}

/// Catches an allow entry that is widened in one dimension and not told, and one that is narrowed and held against.
#[test]
fn allow_entries_are_widened_in_every_dimension() {
    for (a, b) in [
        ("10.9.9.0/24", "10.9.8.0/23"),
        ("tcp/5985", "tcp/5985-5986"),
        ("tcp/5985", "tcp/*"),
        (
            "\"sql-server\"",
            "[\"sql-server\", \"controller-management\"]",
        ),
        ("\"sql-server\"", "\"any\""),
    ] {
        let (old, new) = (toml(WINRM), toml(&WINRM.replace(a, b)));
        let d = policy_of(&old, &new);
        assert!(
            keys(&d).contains(&"[[allow]] +".to_owned()),
            "{a} {b}: {:?}",
            keys(&d)
        );
        assert_eq!(policy(&new, &old), ["[[allow]] -"], "{a} {b}");
    }
    let d = policy_of(
        &toml(WINRM),
        &toml(&WINRM.replace("10.9.9.0/24", "10.9.8.0/23")),
    );
    let change = &d.policy[0];
    assert_eq!(
        change.old.as_deref(),
        Some("tcp/5985 from 10.9.9.0/24 to sql-server")
    );
    assert_eq!(
        change.new.as_deref(),
        Some("tcp/5985 from 10.9.8.0/23 to sql-server")
    );
}

/// Catches a site that is changed so that rows are asked of fewer hosts, or more may be open, without a word.
#[test]
fn changes_of_what_is_where_are_policy() {
    let base = toml("");
    let cm = "controller-management = [\"10.0.0.11\"]";
    let sql1 = host("sql1", "10.0.0.5", "sql-server");
    let two = base.clone() + &host("sql2", "10.0.0.6", "sql-server");
    for (old, new, all) in [
        (
            base.clone(),
            base.replace(cm, "controller-management = [\"10.0.0.0/24\"]"),
            "roles.controller-management +",
        ),
        (
            base.clone(),
            base.replace(cm, "controller-management = []"),
            "roles.controller-management +",
        ),
        (
            base.replace(cm, "controller-management = [\"10.0.0.11\", \"10.0.0.12\"]"),
            base.clone(),
            "roles.controller-management +",
        ),
        (
            base.clone(),
            base.replace("\"10.0.0.5\"", "\"10.0.0.4\""),
            "roles.sql-server +",
        ),
        (base.clone(), two.clone(), "roles.sql-server +, [[host]] -"),
        (two, base.clone(), "roles.sql-server +, [[host]] +"),
        (
            base.clone(),
            base.replace(&sql1, &(sql1.clone() + "points = [\"a\"]\n")),
            "host.points +",
        ),
        (
            base.clone(),
            base.replace(&sql1, &(sql1.clone() + "profile = \"public\"\n")),
            "host.profile +",
        ),
        (
            base.clone(),
            base.replace(
                &sql1,
                &(sql1.clone() + "interfaces = { eth0 = [\"10.0.0.0/24\"] }\n"),
            ),
            "host.interfaces +",
        ),
        (
            base.clone(),
            base.replace("sql1/*.v4", "sql1/a.v4"),
            "host.exports -",
        ),
        (
            base.clone(),
            base.clone() + "[ports]\nsql-server = [14330]\n",
            "ports +",
        ),
        (
            base.clone(),
            base.clone() + "[deployment]\naccess = \"gateway\"\n",
            "deployment.access +",
        ),
    ] {
        let found = policy(&old, &new);
        let said: Vec<&str> = all.split(", ").collect();
        assert_eq!(found, said, "{new}");
        assert!(!found.is_empty(), "{new}");
    }
    // The file as a whole.
    let state = sql("", "");
    let d = state.to(&state.clone().without("hylint.toml"));
    assert_eq!(keys(&d), ["hylint.toml +"]);
}

/// Catches levels, a threshold or a matrix of the new side that judge it.
#[test]
fn changes_of_a_via_are_policy_and_judged() {
    let via = |more: &str| {
        toml("") + "[[via]]\nname = \"vip\"\nfront = [\"10.0.0.9\"]\nhosts = [\"sql1\"]\n" + more
    };
    let snat = "sources = [\"10.0.0.8\"]\n";
    for (old, new, all) in [
        (toml(""), via(""), "[[via]] +"),
        (via(""), via(snat), "via.sources +"),
        (
            via(""),
            via("ports = { \"1433\" = \"14330\" }\n"),
            "via.ports +",
        ),
        (
            via(""),
            via("for = [\"controller-management\"]\n"),
            "via.for +",
        ),
        (via(""), via("direct = true\n"), "via.direct +"),
        (
            via(""),
            via("").replace("10.0.0.9", "10.0.0.10"),
            "via.front +",
        ),
    ] {
        assert_eq!(policy(&old, &new), [all], "{new}");
        assert_eq!(policy(&new, &old), [all], "{new}");
        assert!(policy(&new, &new).is_empty());
    }
    // The hosts see the load balancer now, which no rule lets in.
    let d = policy_of(&via(""), &via(snat));
    assert!(
        d.requirements
            .iter()
            .any(|r| r.id == "database.service-management" && r.new == Some(Status::Violated)),
        "{:?}",
        d.requirements
    );
}

#[test]
fn the_new_side_is_judged_by_the_old_levels() {
    let closed = |more: &str| {
        State::default()
            .with("hylint.toml", toml(more))
            .with("sql1/a.v4", rules(""))
    };
    let off = "[lints]\nmissing-flow = \"off\"\nany-any = \"off\"\ndefault-allow = \"off\"\n";
    let d = sql("", "").to(&closed(off));
    let new: Vec<Code> = d.failing().map(|f| f.code).collect();
    assert_eq!(new, [Code::MissingFlow]);
    assert_eq!(worse(&d).len(), 1);
    assert_eq!(worse(&d)[0].new, Some(Status::Violated));
    assert!(!worse(&d)[0].impact.is_empty());
    let kinds = d.obstacles();
    assert!(kinds.contains(&Obstacle::NewFindings(1)), "{kinds:?}");
    assert!(kinds.contains(&Obstacle::Worse(1)), "{kinds:?}");
    // A threshold that rises with the change.
    let strict = "[check]\nfail-on = \"note\"\n";
    let open = opens("10.9.9.7/32", "udp -m udp --dport 9");
    let d = sql(strict, "").to(&sql("", &open));
    assert_eq!(d.fail_on, Severity::Note);
    assert!(d.failing().count() > 0, "{:?}", d.findings);
}

fn worse(d: &Difference) -> Vec<&RequirementChange> {
    d.requirements.iter().filter(|r| r.worse).collect()
}

const MATRIX: &str = "[matrix]\nid = \"m\"\nname = \"M\"\nversion = \"1\"\n[[role]]\nid = \"a\"\nname = \"A\"\n[[role]]\nid = \"b\"\nname = \"B\"\n\
    [[requirement]]\nid = \"a.b\"\nrow = 1\nfrom = \"a\"\nto = \"b\"\npurpose = \"p\"\ntransport = \"tcp\"\nports = [7]\n\
    mandatory = true\nimpact = \"it breaks\"\n\
    [[requirement]]\nid = \"a.c\"\nrow = 2\nfrom = \"a\"\nto = \"b\"\npurpose = \"p\"\ntransport = \"udp\"\nports = [8]\n\
    mandatory = true\nimpact = \"it breaks\"\n";

/// Catches a matrix of the new side that judges it, or that cannot be read by the old one, and a change of a row unseen.
#[test]
fn the_matrix_is_the_old_sides() {
    let site = |more: &str| {
        format!(
            "[site]\nmatrix = \"m.toml\"\n[roles]\na = [\"10.0.0.1\"]\n[[host]]\nname = \"h\"\naddresses = [\"10.0.0.2\"]\nroles = [\"b\"]\nexports = [\"h/*.v4\"]\n{more}"
        )
    };
    let both = "-A INPUT -s 10.0.0.1/32 -p tcp -m tcp --dport 7 -j ACCEPT\n-A INPUT -s 10.0.0.1/32 -p udp -m udp --dport 8 -j ACCEPT\n";
    let one = both.lines().next().unwrap().to_owned() + "\n";
    let state = |matrix: &str, lines: &str| {
        State::default()
            .with("hylint.toml", site(""))
            .with("m.toml", matrix)
            .with("h/a.v4", rules(lines))
    };
    let (at, _) = MATRIX.match_indices("[[requirement]]").nth(1).unwrap();
    let less = &MATRIX[..at];
    // The row goes with the rule: it is asked for all the same.
    let d = state(MATRIX, both).to(&state(less, &one));
    assert_eq!(worse(&d).len(), 1, "{:?}", d.requirements);
    assert_eq!(worse(&d)[0].id, "a.c");
    assert_eq!(keys(&d), ["matrix +"]);
    assert!(
        d.policy[0].message.contains("1 row removed (2)"),
        "{:?}",
        d.policy
    );
    // Optional, then other words alone.
    let (head, tail) = MATRIX.split_at(at);
    let optional = head.to_owned() + &tail.replace("mandatory = true", "mandatory = false");
    let d = state(MATRIX, both).to(&state(&optional, both));
    assert_eq!(keys(&d), ["matrix +"]);
    assert!(
        d.policy[0].message.contains("1 row made optional (2)"),
        "{:?}",
        d.policy
    );
    let words = MATRIX.replace("it breaks", "something breaks");
    let d = state(MATRIX, both).to(&state(&words, both));
    assert_eq!(keys(&d), ["matrix -"]);
    assert!(d.obstacles().is_empty(), "{:?}", d.obstacles());
    // Roles that the old matrix does not have are read by the new one.
    let more = MATRIX.to_owned() + "[[role]]\nid = \"c\"\nname = \"C\"\n";
    let new = state(&more, both).with(
        "hylint.toml",
        site("").replace("a = [", "c = [\"10.0.0.3\"]\na = ["),
    );
    let d = state(MATRIX, both).to(&new);
    assert_eq!(keys(&d), ["matrix +"]);
}

/// Catches findings that are told as new because they moved, were renamed, or stood there before.
#[test]
fn findings_are_known_again() {
    let open = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n";
    let named = "-A INPUT -p tcp -m tcp --dport 22 -m comment --comment ssh -j ACCEPT\n";
    for (old, new) in [
        (open.to_owned(), format!("-A INPUT -i lo -j ACCEPT\n{open}")),
        (open.to_owned(), named.to_owned()),
        (open.to_owned(), open.to_owned()),
    ] {
        let d = sql("", &old).to(&sql("", &new));
        let kept = |f: &&hylint::finding::Finding| f.code != Code::UnneededFlow;
        assert!(
            d.findings.new.iter().filter(kept).count() == 0,
            "{new}: {:?}",
            d.findings.new
        );
        assert!(
            d.findings.gone.iter().filter(kept).count() == 0,
            "{new}: {:?}",
            d.findings.gone
        );
    }
    // One more, at its own place, and it goes again.
    let telnet = open.replace("22", "23");
    let d = sql("", open).to(&sql("", &format!("{telnet}{open}")));
    let new = &d.findings.new;
    assert!(!new.is_empty());
    for f in new {
        assert!(f.message.contains("23"), "{f:?}");
    }
    let back = sql("", &format!("{telnet}{open}")).to(&sql("", open));
    assert_eq!(back.findings.gone.len(), new.len());
    assert!(back.findings.new.is_empty(), "{:?}", back.findings.new);
}

fn codes(all: &[hylint::finding::Finding]) -> Vec<Code> {
    all.iter().map(|f| f.code).collect()
}

/// Catches a required flow that was blocked before and is told anew because another rule blocks it, and one that fails for
/// more peers or in another way and is not told.
#[test]
fn a_flow_that_failed_before_is_no_new_finding() {
    let t = toml("").replace("[\"10.0.0.11\"]", "[\"10.0.0.11\", \"10.0.0.12\"]");
    let state = |lines: &str| {
        State::default()
            .with("hylint.toml", &t)
            .with("sql1/a.v4", rules(lines))
    };
    let one = NEEDED.to_owned();
    let both = NEEDED.to_owned() + &NEEDED.replace("10.0.0.11", "10.0.0.12");
    let drop = "-A INPUT -p tcp -m tcp --dport 1433 -j DROP\n";
    for (old, new, fails) in [
        ("", "-A INPUT -j DROP\n", false),
        ("-A INPUT -j DROP\n", "", false),
        ("", drop, false),
        (&*one, &*format!("{one}-A INPUT -j DROP\n"), false),
        // Half of it is repaired, or all.
        ("", &*one, false),
        (drop, &*one, false),
        ("", &*both, false),
        // More fails than before.
        (&*one, "", true),
        (&*both, &*one, true),
        (&*one, drop, true),
        (&*both, &*format!("{drop}{both}"), true),
    ] {
        let d = state(old).to(&state(new));
        let failing: Vec<_> = d.failing().collect();
        assert_eq!(!failing.is_empty(), fails, "{old}\n{new}\n{failing:?}");
    }
    let d = state("").to(&state(&both));
    assert!(codes(&d.findings.gone).contains(&Code::MissingFlow));
    let d = state("").to(&state(&one));
    assert!(!codes(&d.findings.gone).contains(&Code::MissingFlow));
}

/// Catches rules that open too much and are told as new because they are merged, split or narrowed, and one that is told
/// of others' faults although it opens more.
#[test]
fn excess_that_was_there_is_no_new_finding() {
    let wide = |src: &str, port: &str| opens(src, &format!("tcp -m tcp --dport {port}"));
    let halves = wide("0.0.0.0/1", "22") + &wide("128.0.0.0/1", "22");
    let whole = wide("0.0.0.0/0", "22");
    let any = "-A INPUT -j ACCEPT\n";
    for (old, new, fails) in [
        (&halves, &whole, false),
        (&whole, &halves, false),
        (&whole, &wide("0.0.0.0/1", "22"), false),
        (&any.to_owned(), &whole, false),
        (&whole, &wide("0.0.0.0/0", "23"), true),
        (&wide("0.0.0.0/1", "22"), &whole, true),
        (
            &whole,
            &format!("{whole}{}", wide("0.0.0.0/0", "3389")),
            true,
        ),
    ] {
        let d = sql("", old).to(&sql("", new));
        let failing: Vec<_> = d.failing().map(|f| (f.code, &f.message)).collect();
        assert_eq!(!failing.is_empty(), fails, "{old}\n{new}\n{failing:?}");
    }
    let d = sql("", any).to(&sql("", &whole));
    assert!(
        codes(&d.findings.gone).contains(&Code::AnyAny),
        "{:?}",
        d.findings.gone
    );
}

/// Catches findings of a host or a file that is called otherwise, told as gone and new.
#[test]
fn findings_are_compared_under_the_names_of_the_old_side() {
    let open = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n";
    let one = |path: &str| State::default().with(path, rules(open));
    for (old, new) in [("a/fw.v4", "a/other.v4"), ("box/a.v4", "box/b.v4")] {
        let d = one(old).to(&one(new));
        assert!(d.is_none(), "{:?}", d.hosts);
        assert!(d.findings.new.is_empty(), "{:?}", d.findings.new);
        assert!(d.findings.gone.is_empty(), "{:?}", d.findings.gone);
    }
    let site = sql("", open);
    let renamed = toml("").replace("\"sql1\"", "\"db9\"");
    let d = site.to(&site.clone().with("hylint.toml", renamed));
    assert!(d.findings.new.is_empty(), "{:?}", d.findings.new);
    assert!(d.findings.gone.is_empty(), "{:?}", d.findings.gone);
}

/// Catches requirements of roles that open ports suggest, told as what was there before a first site file.
#[test]
fn a_first_site_file_asks_for_what_nobody_asked_for() {
    let bare = State::default().with("box/a.v4", rules(NEEDED));
    let site = toml("").replace("sql1/*.v4", "box/*.v4");
    let d = bare.to(&bare.clone().with("hylint.toml", &site));
    assert_eq!(d.counts().worse, 0, "{:?}", d.requirements);
    assert_eq!(keys(&d)[0], "hylint.toml -");
    assert!(
        d.obstacles().is_empty(),
        "{:?} {:?}",
        d.obstacles(),
        d.findings.new
    );
    let d = bare.to(&bare
        .clone()
        .with("box/a.v4", rules(""))
        .with("hylint.toml", &site));
    assert_eq!(worse(&d).len(), 1, "{:?}", d.requirements);
    // What is excluded was compared before.
    let excluding = site.clone() + "[check]\nexclude = [\"x/**\"]\n";
    let d = bare.to(&bare.clone().with("hylint.toml", excluding));
    assert!(
        keys(&d).contains(&"check.exclude +".to_owned()),
        "{:?}",
        keys(&d)
    );
}

/// Catches a waiver of either side that hides a finding, or one that counts though nobody counts it any more.
#[test]
fn waived_findings_count_on_the_side_where_they_are_active() {
    let open = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n";
    let waived = open.replace(
        "-j",
        "-m comment --comment \"hylint: allow over-permissive-source until=2027-03-31 reason=x\" -j",
    );
    let loosened = "hylint: allow +".to_owned();
    // The finding was there: waiving it is a change of the policy, and it is gone.
    let d = sql("", open).to(&sql("", &waived));
    assert!(keys(&d).contains(&loosened), "{:?}", keys(&d));
    assert!(d.findings.new.is_empty(), "{:?}", d.findings.new);
    assert!(!d.findings.gone.is_empty());
    // It comes with its waiver.
    let d = sql("", "").to(&sql("", &waived));
    assert!(keys(&d).contains(&loosened), "{:?}", keys(&d));
    // The waiver goes, and the finding counts.
    let d = sql("", &waived).to(&sql("", open));
    assert!(keys(&d).is_empty(), "{:?}", keys(&d));
    assert!(!d.findings.new.is_empty());
    // It moves, or is worded anew.
    let moved = format!(
        "-A INPUT -i lo -j ACCEPT\n{}",
        waived.replace("reason=x", "reason=y")
    );
    let d = sql("", &waived).to(&sql("", &moved));
    assert!(keys(&d).is_empty(), "{:?}", keys(&d));
    // A later day is a longer one.
    let d = sql("", &waived).to(&sql("", &waived.replace("2027-03-31", "2027-04-01")));
    assert_eq!(keys(&d), [loosened]);
}

/// Catches a firewall that is no longer read and passes, with a site file and without.
#[test]
fn a_file_that_is_not_read_any_more_is_a_new_error() {
    let garbage = "\u{1}\u{2} this was an iptables dump\n".repeat(20);
    let two = |a: &str, b: &str| State::default().with("a.v4", a).with("b.v4", b);
    let good = rules(NEEDED);
    for bad in [
        garbage.as_str(),
        "",
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dpo",
    ] {
        let d = two(&good, &good).to(&two(&good, bad));
        assert!(d.failing().count() > 0, "{bad:?}: {:?}", d.findings);
        let back = two(&good, bad).to(&two(&good, &good));
        assert_eq!(
            back.failing().count(),
            0,
            "{bad:?}: {:?}",
            back.findings.new
        );
        assert!(!back.findings.gone.is_empty());
        // It was not read before either.
        let both = two(&good, bad).to(&two(&good, bad));
        assert!(both.findings.new.is_empty(), "{:?}", both.findings.new);
    }
    let d = sql("", "").to(&sql("", "")
        .with("sql1/a.v4", &garbage)
        .with("x/b.v4", &good));
    assert!(d.failing().count() > 0, "{:?}", d.findings);
}

/// Catches rows that are no longer asked for, or are asked for anew, and are told as the opposite.
#[test]
fn statuses_that_change_are_told_with_their_direction() {
    let closed = sql("", "").with("sql1/a.v4", rules(""));
    let d = sql("", "").to(&closed);
    assert_eq!((d.counts().worse, d.counts().better), (1, 0));
    let d = closed.to(&sql("", ""));
    assert_eq!((d.counts().worse, d.counts().better), (0, 1));
    assert!(d.obstacles().is_empty(), "{:?}", d.obstacles());
    // The export is gone: nothing is proven any more.
    let other = sql("", "").with("other/x.v4", rules(NEEDED));
    let d = other.to(&other.clone().without("sql1/a.v4"));
    assert!(d.counts().worse > 0, "{:?}", d.requirements);
    // Without roles and a site file there are no requirements, whatever ports are open.
    let bare = |lines: &str| State::default().with("box/a.v4", rules(lines));
    let inferred =
        "-A INPUT -p tcp -m multiport --dports 38866,38870,38871,38861,38862 -j ACCEPT\n";
    let d = bare(inferred).to(&bare(""));
    assert!(
        d.requirements.is_empty() && d.findings.gone.is_empty(),
        "{:?}",
        d.findings.gone
    );
    assert_eq!(d.envelope, Envelope::None);
    assert_eq!(d.obstacles(), []);
}

/// Catches a host that is judged by another file than before while the one that opens something is still there, and files
/// that are only called otherwise.
#[test]
fn a_host_keeps_its_files() {
    let open = rules(&format!(
        "{NEEDED}{}",
        opens("0.0.0.0/0", "tcp -m tcp --dport 22")
    ));
    let moved = toml("").replace("sql1/*.v4", "db/*.v4");
    let decoy = sql("", "")
        .with("sql1/a.v4", &open)
        .with("db/a.v4", rules(NEEDED))
        .with("hylint.toml", &moved);
    assert_eq!(keys(&sql("", "").to(&decoy)), ["host.exports +"]);
    let before = sql("", "").with("db/a.v4", rules(NEEDED));
    assert_eq!(keys(&before.to(&decoy)), ["host.exports +"]);
    let renamed = sql("", "")
        .without("sql1/a.v4")
        .with("db/a.v4", rules(NEEDED))
        .with("hylint.toml", &moved);
    let d = sql("", "").to(&renamed);
    assert_eq!(keys(&d), ["host.exports -"]);
    assert!(
        d.obstacles().is_empty(),
        "{:?} {:?}",
        d.obstacles(),
        d.findings.new
    );
}

/// Catches a further layer that hides what another one opens.
#[test]
fn a_layer_that_is_added_is_told() {
    let open = opens("0.0.0.0/0", "tcp -m tcp --dport 22");
    let old = sql("", "");
    let new = sql("", &open).with("sql1/b.v4", rules(""));
    let d = old.to(&new);
    assert!(
        keys(&d).contains(&"[[host]] +".to_owned()),
        "{:?}",
        keys(&d)
    );
    let back = new.to(&old);
    assert!(
        !keys(&back).contains(&"[[host]] +".to_owned()),
        "{:?}",
        keys(&back)
    );
}

/// Catches roles that a comment or a folder gives a host, and takes away again, outside of hylint.toml.
#[test]
fn roles_without_a_site_file_are_policy_as_well() {
    let state = |head: &str| {
        State::default()
            .with("sql-server/a.v4", format!("{head}{}", rules(NEEDED)))
            .with("controller-management/b.v4", rules(""))
    };
    let plain = state("");
    assert!(keys(&plain.to(&plain)).is_empty());
    let other = state("# hylint: role=hysecure-gateway\n");
    assert!(keys(&plain.to(&other)).contains(&"[[host]] +".to_owned()));
    let wide = plain.clone().with(
        "controller-management/b.v4",
        format!(
            "# hylint: role=controller-management address=0.0.0.0/0\n{}",
            rules("")
        ),
    );
    assert_eq!(keys(&plain.to(&wide)), ["roles.controller-management +"]);
    // The site file that comes with it may say where roles are, but not lower what they are judged by.
    let site = "[roles]\ncontroller-management = [\"10.0.0.11\"]\n[lints]\nany-any = \"off\"\n[[host]]\nname = \"a\"\n\
        roles = [\"sql-server\"]\nexports = [\"sql-server/*\"]\n";
    let found = keys(&plain.to(&plain.clone().with("hylint.toml", site)));
    let loosened: Vec<&String> = found.iter().filter(|k| k.ends_with('+')).collect();
    assert_eq!(loosened, ["lints.any-any +"], "{found:?}");
}

/// Catches a place at another line that has the same word, or on the side that does not have the key.
#[test]
fn changes_of_the_policy_have_their_own_lines() {
    let base = toml("# any-any = the allow that follows\n[check]\nfail-on = \"note\"\n") + WINRM;
    let line = |d: &Difference, key: &str| {
        let p = d.policy.iter().find(|p| p.key == key).unwrap();
        let place = p.place.as_ref().unwrap();
        let text = place.covered().unwrap_or_default();
        (place.start.line as usize, text)
    };
    let line_of = |t: &str, n: usize, begins: &str| {
        let mut all = t.lines().enumerate().filter(|(_, l)| l.starts_with(begins));
        all.nth(n).unwrap().0 + 1
    };
    let new = base.replace(
        "controller-management = [\"10.0.0.11\"]",
        "controller-management = [\"10.0.0.0/24\"]",
    ) + &WINRM.replace("5985", "5986")
        + "[lints]\nany-any = \"off\"\n";
    let d = policy_of(&base, &new);
    assert_eq!(
        line(&d, "[[allow]]"),
        (line_of(&new, 1, "[[allow]]"), "[[allow]]".into())
    );
    assert_eq!(line(&d, "lints.any-any").0, line_of(&new, 0, "any-any"));
    let role = line(&d, "roles.controller-management");
    assert_eq!(role.0, line_of(&new, 0, "controller-management"));
    // What is gone is shown where it was.
    let d = policy_of(&new, &base);
    assert_eq!(line(&d, "lints.any-any").0, line_of(&new, 0, "any-any"));
    assert_eq!(line(&d, "[[allow]]").0, line_of(&new, 1, "[[allow]]"));
    let without = base.replace("fail-on = \"note\"", "max-age-days = 9");
    let d = policy_of(&base, &without);
    // The key is not there any more: its table is.
    assert_eq!(line(&d, "check.fail-on").1, "[check]");
}

/// Catches a role of the command line that does not count.
#[test]
fn a_role_may_be_given_on_the_command_line() {
    let state = |lines: &str| State::default().with("box/a.v4", rules(lines));
    let request = Request {
        role: vec!["sql-server".into()],
        ..request()
    };
    let any = opens("0.0.0.0/0", "tcp -m tcp --dport 1433");
    let d = state(&any).to_by(&state(""), &request);
    assert_eq!(d.envelope, Envelope::Old);
    assert!(!worse(&d).is_empty(), "{:?}", d.requirements);
    // Nobody says where its peers are.
    let d = state("").to_by(&state(&any), &request);
    assert_eq!(within(&d), [false]);
}

//! What excess findings say: the one place of their sentences, labels and help.
//!
//! A message names the rule's own sources and ports, and what is required in short. What exactly is open is in
//! [`Finding::excess`](crate::finding::Finding::excess).

mod hosts;
mod layers;
mod traffic;

pub(super) use hosts::{
    ADD_GROUP, Both, End, Folded, Said, accepts_the_rest, allows_the_rest, builtin, drop_the_rest,
    lacking, no_group, of_folds, off, undeclared, unneeded,
};
pub(super) use layers::{
    OUTSIDE, WIDENED, closed, exposes, exposure, layer, more_groups, together, widened,
};

use super::classify::{Class, Kind};
use super::needed::Needed;
use super::scene::{Scene, own_network, unknown_sources};
use super::sums;
use crate::common::words::{count, list, verb};
use crate::finding::{Cause, Code, Counted, Finding};
use crate::judge::Narrowed;
use crate::lints::place::normalized;
use crate::rules::platform;
use hylint_engine::union_addrs;
use hylint_model::{Condition, Profiles, Rule, Test, names_group};
use hylint_space::{AddrSet, PacketBox, PortSet, proto};
use std::collections::BTreeSet;
use traffic::{
    ALL, ANY, FEW, PORTS, addresses, anyone, needing, port_texts, reached, traffic, transports,
};

/// Ports from which on their number says nothing to a reader.
const MANY: u128 = 100;
/// Addresses that help names.
const LISTED: usize = 10;
/// Rules in whose place help names what comes.
const RULES: usize = 2;
/// A rule that opens too much, as sentences need it.
#[derive(Clone, Copy)]
pub(super) struct Opened<'t> {
    pub(super) rule: &'t Rule,
    /// All that the rule allows.
    pub(super) whole: &'t PacketBox,
    /// What of it nothing needs.
    pub(super) excess: &'t [PacketBox],
    pub(super) scene: Scene<'t>,
    pub(super) needed: &'t Needed,
}

/// What a label says at the rule, in at most six words.
pub(super) fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::AnyAny => "any source, every port",
        Kind::PortLess => "every port, no program printed",
        Kind::Bypass => "clients bypass the gateway here",
        Kind::Exposed => "any public source",
        Kind::ExposedToBlock | Kind::ServiceToBlock => "a large public range",
        Kind::Service => "any source",
        Kind::MovedPort => "the default port",
        Kind::MorePorts => "more ports than required",
        Kind::EveryPort => "every port",
        Kind::MoreSources => "more sources than required",
        Kind::Unneeded => "nothing requires it",
    }
}

/// What a label says at the field that is too wide.
pub(super) fn field_label(kind: Kind) -> &'static str {
    match kind {
        Kind::MovedPort | Kind::MorePorts | Kind::EveryPort => "these ports",
        _ => "these sources",
    }
}

impl Opened<'_> {
    /// One sentence about the rule at a host.
    pub(super) fn message(&self, class: &Class, host: &str) -> String {
        let reach = |who: &str, what: &str| format!("{who} can reach {what} on `{host}`");
        self.says(class, &format!("`{host}` allows"), reach, true)
    }

    /// The same of many hosts, to stand behind their number.
    pub(super) fn of_hosts(&self, class: &Class) -> String {
        let reach = |who: &str, what: &str| format!("hosts are open to {who}: {what}");
        self.says(class, "hosts allow", reach, false)
    }

    fn says(
        &self,
        class: &Class,
        allows: &str,
        reach: impl Fn(&str, &str) -> String,
        exact: bool,
    ) -> String {
        let what = self.what(class.service);
        let from = self.sources();
        let public = || format!("public addresses ({from})");
        let unknown = unknown_sources(self.rule, &self.scene).is_some();
        match class.kind {
            Kind::Exposed | Kind::ExposedToBlock if unknown => {
                format!("{allows} {what} from {from}")
            }
            Kind::Exposed => reach(&self.with_ports("anyone on the Internet"), &reached(&what)),
            Kind::ExposedToBlock => reach(&public(), &reached(&what)),
            Kind::ServiceToBlock if !unknown => format!("{allows} {what} from {}", public()),
            Kind::AnyAny | Kind::Service | Kind::ServiceToBlock => {
                format!("{allows} {what} from {from}")
            }
            Kind::PortLess => {
                format!("{allows} {what} from {from}: the export prints no program")
            }
            Kind::Bypass => format!("{allows} {what} from {from}, which bypasses the gateway"),
            Kind::MovedPort => {
                format!("{allows} {what}, a default port that hylint.toml moves, from {from}")
            }
            Kind::MorePorts => {
                let needs = self.required_ports().filter(|_| exact);
                format!(
                    "{allows} more ports than required from {from}: {what}{}",
                    needs.unwrap_or_default()
                )
            }
            Kind::MoreSources => {
                let peers = self.needed.peers(self.excess).filter(|_| exact);
                let needs = peers.as_ref().and_then(needing);
                // Where the rule lets in nobody who needs it, it is not a little too wide.
                let apart = peers.is_some_and(|p| !p.intersects(&self.whole.src));
                match needs {
                    Some(needs) if apart || from == ANY => {
                        format!("{allows} {what} from {from} (only {needs})")
                    }
                    Some(needs) => {
                        format!("{allows} {what} from more sources than required: {from} ({needs})")
                    }
                    None if from == ANY => format!("{allows} {what} from {from}"),
                    None => format!("{allows} {what} from more sources than required: {from}"),
                }
            }
            Kind::EveryPort | Kind::Unneeded => {
                format!("{allows} {what} from {from}; nothing requires it")
            }
        }
    }

    /// What to do where no narrower rule is at hand.
    pub(super) fn help(&self, class: &Class) -> String {
        let peers = || {
            let peers = self.needed.peers(self.excess)?;
            let texts: Vec<String> = peers.texts().collect();
            (texts.len() <= LISTED).then(|| list(&texts))
        };
        match class.kind {
            Kind::AnyAny => "limit the rule to the sources and ports that are required".into(),
            Kind::PortLess => VERBOSE.into(),
            Kind::Bypass => "limit the sources to the gateway".into(),
            Kind::MovedPort => {
                "remove the rule, or limit it to the port that hylint.toml names".into()
            }
            Kind::MorePorts | Kind::EveryPort => {
                "limit the rule to the ports that are required".into()
            }
            Kind::Exposed
            | Kind::ExposedToBlock
            | Kind::Service
            | Kind::ServiceToBlock
            | Kind::MoreSources => match peers() {
                Some(peers) => format!("limit the sources to {peers}"),
                None => "limit the sources to the hosts that need it".into(),
            },
            Kind::Unneeded => {
                "remove the rule, or declare the flow under [[allow]] in hylint.toml".into()
            }
        }
    }

    /// Services and ports: `SSH (TCP 22)`, `every TCP port`, `TCP 22, 80 and 443`.
    fn what(&self, service: Option<&'static str>) -> String {
        let what = traffic(self.excess, self.whole);
        match service {
            _ if what == ALL || what.starts_with("every") => what,
            Some(name) if is_one_of(name, &sums::ports(self.excess)) => {
                format!("{what} (including {name})")
            }
            Some(name) => format!("{name} ({what})"),
            None => what,
        }
    }

    /// Whom the rule lets in, in its own terms.
    fn sources(&self) -> String {
        let named = own_network(self.rule, &self.scene);
        let from = match named.or_else(|| unknown_sources(self.rule, &self.scene)) {
            Some(c) => source_name(c, named.is_some()),
            None => {
                let src = union_addrs(self.excess, |b| &b.src);
                addresses(&src, &self.whole.src)
            }
        };
        self.with_ports(&from)
    }

    /// A rule for replies that is told by its source port lets whoever uses that port in.
    fn with_ports(&self, from: &str) -> String {
        let has_ports = |b: &&PacketBox| {
            let mut protocols = b.proto.iter().flat_map(|(lo, hi)| lo..=hi);
            protocols.any(proto::has_ports)
        };
        let boxes = self.excess.iter().filter(has_ports);
        let ports: PortSet = boxes.flat_map(|b| b.sport.iter()).collect();
        match ports.count() {
            n if (1..=FEW).contains(&n) => {
                let all = port_texts(&ports);
                let s = if n == 1 { "" } else { "s" };
                format!("{from} with source port{s} {}", list(&all))
            }
            _ => from.to_owned(),
        }
    }

    /// `(only 1433 is required)`.
    fn required_ports(&self) -> Option<String> {
        let (tcp, udp) = self.needed.ports(self.whole);
        let both = sums::protocols(self.excess);
        let several = both.contains(proto::TCP) && both.contains(proto::UDP);
        let n = tcp.count() + udp.count();
        let texts = match (tcp.is_empty(), udp.is_empty()) {
            (true, true) => return None,
            // Replies come to any port that a client may use.
            _ if n > MANY => return None,
            _ if n > PORTS as u128 => return Some(format!(" (only {n} of them are required)")),
            (false, true) if !several => list(&port_texts(&tcp)),
            (true, false) if !several => list(&port_texts(&udp)),
            _ => transports(&tcp, &udp),
        };
        Some(format!(
            " (only {texts} {} required)",
            verb(usize::try_from(n).unwrap_or(2), "is", "are")
        ))
    }
}

/// What a condition names as the source.
fn source_name(c: &Condition, own_network: bool) -> String {
    let Test::Named { key, .. } = &c.test else {
        return c.describe();
    };
    let name = key.split_once(':').map_or(&**key, |(_, name)| name);
    match own_network {
        true if names_group(key) => {
            let name = name.strip_prefix("asg/").unwrap_or(name);
            format!("members of `{name}`")
        }
        true => format!("`{name}`"),
        false => format!("`{name}` (addresses not exported)"),
    }
}

/// Whether ports are more than those of a service. None of them is where a rule forwards another port to it.
fn is_one_of(service: &str, ports: &PortSet) -> bool {
    let named = platform::services().iter().filter(|s| s.name == service);
    let own: PortSet = named.flat_map(|s| s.ports.iter()).collect();
    ports.intersects(&own) && !ports.is_subset(&own)
}

/// What must hold beside the packet for the rule to let it in: `, if …` for the end of a sentence.
pub(super) fn given(rule: &Rule, scene: Scene<'_>) -> String {
    // A name that is resolved has narrowed the source already.
    let open = |c: &&Condition| match &c.test {
        Test::Named { key, side } => scene.is_open(key, *side),
        _ => true,
    };
    let mut each = rule.clauses.iter().map(|clause| {
        let open = clause.conditions.iter().filter(open);
        let texts: BTreeSet<String> = open.map(Condition::describe).collect();
        texts
    });
    let first = each.next().unwrap_or_default();
    if each.any(|e| e != first) {
        return ", where the conditions of the rule hold".to_owned();
    }
    if first.is_empty() {
        return String::new();
    }
    let all: Vec<String> = first.into_iter().collect();
    format!(", if {}", all.join(" and "))
}

/// What a listing leaves out that may limit a rule, to stand behind a message: every rule of `iptables -L` without `-v` may be
/// of one interface.
pub(super) fn unprinted(rule: &Rule) -> &'static str {
    let open = |c: &Condition| c.text.starts_with("interface is not printed");
    let mut each = rule.clauses.iter();
    let all = each.all(|clause| clause.conditions.iter().any(open));
    if all && !rule.clauses.is_empty() {
        ", unless its interface, which the listing does not print, limits it"
    } else {
        ""
    }
}

/// How help about a profile that may be active ends.
pub(super) const OTHER_PROFILE: &str = "; or set `profile = \"domain\"` for the host in hylint.toml, if no other profile is ever active";

/// Says of a finding that it is about other profiles than the one that is checked.
pub(super) fn in_profiles(f: &mut Finding, profiles: Profiles) {
    let told = profiles.told();
    f.message.push_str(&format!(" ({told})"));
    f.cause = f.cause.take().map(|c| {
        let cause = Cause::of(&[c.as_str(), &told]);
        match c.many {
            Some(many) => cause.told(many.counted, format!("{} ({told})", many.text)),
            None => cause,
        }
    });
}

/// How an export comes to print programs.
const VERBOSE: &str = "export again with `netsh advfirewall firewall show rule name=all verbose` or the script of `hylint collect windows`, which print the program";

/// What the commands do that narrow a rule: the rules that come in its place, or none. `before` is the help without them,
/// `code` what the finding is, `known` whether it is known what the host is for.
pub(super) fn narrowed(rule: &Narrowed, code: Code, known: bool, before: &str) -> String {
    let other = before.strip_suffix(OTHER_PROFILE);
    let tail = if other.is_some() { OTHER_PROFILE } else { "" };
    let what = match (rule.new.is_empty(), code) {
        (true, _) if !known => "remove the rule, or limit it to what this host needs".to_owned(),
        (true, Code::UnneededFlow) => {
            "remove the rule, or declare the flow under [[allow]] in hylint.toml".to_owned()
        }
        (true, _) => "remove the rule: nothing requires it".to_owned(),
        (false, _) => match told_rules(&rule.new) {
            Some(what) => format!("limit the rule to {what}"),
            None => format!(
                "replace the rule with {} that allow only what is required",
                count(rule.new.len(), "rule")
            ),
        },
    };
    format!("{what}{tail}")
}

/// Whether a rule names no destination: all of each family that it is about.
fn everywhere(dst: &AddrSet) -> bool {
    (dst.v4.is_empty() || dst.v4.is_full()) && (dst.v6.is_empty() || dst.v6.is_full())
}

/// `TCP 1433 from 10.0.0.11`, for each of a few rules.
fn told_rules(rules: &[Rule]) -> Option<String> {
    if rules.len() > RULES {
        return None;
    }
    let one = |r: &Rule| {
        let boxes: Vec<PacketBox> = r.clauses.iter().map(|c| c.space.clone()).collect();
        let whole = super::parts::union(&boxes);
        let src = union_addrs(&boxes, |b| &b.src);
        let texts: Vec<String> = src.texts().collect();
        let from = match () {
            () if anyone(&src) => "any source".to_owned(),
            () if texts.len() <= LISTED => list(&texts),
            () => return None,
        };
        let to: Vec<String> = whole.dst.texts().collect();
        let to = match to.len() {
            _ if everywhere(&whole.dst) => String::new(),
            n if n <= LISTED => format!(" to {}", list(&to)),
            _ => return None,
        };
        Some(format!("{} from {from}{to}", traffic(&boxes, &whole)))
    };
    let told: Option<Vec<String>> = rules.iter().map(one).collect();
    told.map(|t| list(&t))
}

/// Rules for any source and port of which the export does not print the program: nothing else tells them apart to a reader.
pub(super) fn of_programs() -> Cause {
    Cause::of(&["unprinted"]).told(
        Counted::Places,
        "rules allow any source and every port: the export prints no program",
    )
}

impl Opened<'_> {
    /// The same rule on many hosts is one, where the same of it is open.
    pub(super) fn cause(&self, class: &Class) -> Cause {
        let (what, from) = (self.what(class.service), self.sources());
        let parts = [&*normalized(self.rule), &self.rule.name, &what, &from];
        Cause::of(&parts).told(Counted::Hosts, self.of_hosts(class))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use hylint_model::{Action, Span};
    use hylint_space::ProtoSet;

    fn flow(from: &str, protocol: u8, ports: &[(u16, u16)]) -> PacketBox {
        PacketBox {
            src: AddrSet::parse(from).unwrap(),
            proto: ProtoSet::single(protocol),
            dport: ports.iter().copied().collect(),
            ..PacketBox::any()
        }
    }

    fn told(
        kind: Kind,
        service: Option<&'static str>,
        excess: &PacketBox,
        required: &[PacketBox],
    ) -> String {
        let code = Code::AnyAny;
        let resolve = std::collections::BTreeMap::new();
        let scene = Scene {
            in_front: false,
            facing: false,
            resolve: &resolve,
            open: None,
            roles_known: true,
            configured: true,
        };
        let mut needed = Needed::default();
        needed.required.extend_from_slice(required);
        let class = Class {
            code,
            severity: crate::finding::Severity::Error,
            kind,
            service,
            sensitive_to_anyone: false,
        };
        let opened = Opened {
            rule: &Rule::new(Span::default(), Action::Allow),
            whole: excess,
            excess: std::slice::from_ref(excess),
            scene,
            needed: &needed,
        };
        let many = opened.of_hosts(&class);
        assert!(many.starts_with("hosts "), "{many}");
        format!("{}. {}", opened.message(&class, "h"), opened.help(&class))
    }

    /// Catches a kind whose sentence names no host, no traffic or no source, and numbers that do not agree.
    #[test]
    fn each_kind_has_a_sentence() {
        const ANYWHERE: &str = "0.0.0.0/0";
        let ssh = flow(ANYWHERE, proto::TCP, &[(22, 22)]);
        let near = flow("10.0.0.0/8", proto::TCP, &[(1400, 1500)]);
        let peers =
            ["10.0.0.11", "10.0.0.12", "10.0.2.0/24"].map(|a| flow(a, proto::TCP, &[(1433, 1433)]));
        let each = [
            told(Kind::AnyAny, None, &PacketBox::any(), &[]),
            told(
                Kind::PortLess,
                None,
                &flow(ANYWHERE, proto::UDP, &[(0, u16::MAX)]),
                &[],
            ),
            told(
                Kind::Bypass,
                None,
                &flow("10.50.0.0/16", proto::TCP, &[(3389, 3389)]),
                &[],
            ),
            told(Kind::Exposed, Some("SSH"), &ssh, &[]),
            told(
                Kind::ExposedToBlock,
                None,
                &flow("9.0.0.0/8", proto::TCP, &[(80, 80), (443, 443)]),
                &[],
            ),
            told(Kind::Service, Some("SSH"), &ssh, &peers),
            told(
                Kind::ServiceToBlock,
                Some("SSH"),
                &flow("9.0.0.0/8", proto::TCP, &[(22, 22)]),
                &[],
            ),
            told(Kind::MovedPort, None, &near, &[]),
            told(Kind::MorePorts, None, &near, &peers[..1]),
            told(
                Kind::EveryPort,
                None,
                &flow("10.0.0.0/8", proto::TCP, &[(0, u16::MAX)]),
                &[],
            ),
            told(Kind::MoreSources, None, &near, &peers),
            told(
                Kind::MoreSources,
                None,
                &flow("10.9.0.0/16", proto::TCP, &[(1433, 1433)]),
                &peers[..1],
            ),
            told(
                Kind::Unneeded,
                None,
                &flow("10.0.0.0/8", 47, &[(0, u16::MAX)]),
                &[],
            ),
        ];
        let verbose = "export again with `netsh advfirewall firewall show rule name=all verbose` or the script of `hylint collect windows`, which print the program";
        let want = [
            "`h` allows all inbound traffic from any source. limit the rule to the sources and ports that are required".to_owned(),
            format!("`h` allows every UDP port from any source: the export prints no program. {verbose}"),
            "`h` allows TCP 3389 from 10.50.0.0/16, which bypasses the gateway. limit the sources to the gateway".to_owned(),
            "anyone on the Internet can reach SSH (TCP 22) on `h`. limit the sources to the hosts that need it".to_owned(),
            "public addresses (9.0.0.0/8) can reach TCP 80 and 443 on `h`. limit the sources to the hosts that need it".to_owned(),
            "`h` allows SSH (TCP 22) from any source. limit the sources to the hosts that need it".to_owned(),
            "`h` allows SSH (TCP 22) from public addresses (9.0.0.0/8). limit the sources to the hosts that need it".to_owned(),
            "`h` allows TCP 1400-1500, a default port that hylint.toml moves, from 10.0.0.0/8. remove the rule, or limit it to the port that hylint.toml names".to_owned(),
            "`h` allows more ports than required from 10.0.0.0/8: TCP 1400-1500 (only 1433 is required). limit the rule to the ports that are required".to_owned(),
            "`h` allows every TCP port from 10.0.0.0/8; nothing requires it. limit the rule to the ports that are required".to_owned(),
            "`h` allows TCP 1400-1500 from more sources than required: 10.0.0.0/8 (10.0.0.11, 10.0.0.12 and 10.0.2.0/24 need it). limit the sources to 10.0.0.11-10.0.0.12 and 10.0.2.0/24".to_owned(),
            "`h` allows TCP 1433 from 10.9.0.0/16 (only 10.0.0.11 needs it). limit the sources to 10.0.0.11".to_owned(),
            "`h` allows GRE from 10.0.0.0/8; nothing requires it. remove the rule, or declare the flow under [[allow]] in hylint.toml".to_owned(),
        ];
        assert_eq!(each, want);
    }
}

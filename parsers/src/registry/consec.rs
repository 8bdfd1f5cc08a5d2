//! Connection security rules (\[MS-GPFAS\] 2.2.6): which packets are kept out unless IPsec authenticates their sender.

use super::fields::Field;
use crate::windows::addresses;
use crate::windows::ports;
use crate::windows::security::{unauthenticated, without};
use crate::windows::values::{self, List, Parts};
use crate::windows::vocab::Vocabulary;
use hylint_model::{Action, Clause, ConnectionSecurity, Profiles, Rule, RuleOrigin, Side, Span};
use hylint_space::{AddrSet, PacketBox, PortSet, ProtoSet, proto};

/// Boxes of one demand; past it, exemptions are left out, so that more is demanded than is.
const MOST: usize = 256;

/// One rule that acts.
#[derive(Debug)]
pub(crate) struct Consec {
    name: Box<str>,
    span: Span,
    /// Where the action stands.
    action: Span,
    profiles: Profiles,
    inbound: bool,
    outbound: bool,
    clauses: Vec<Clause>,
    /// It demands nothing of the packets, and exempts them from what others demand.
    exempts: bool,
}

impl Consec {
    /// Reads a rule; `None` for one that does not act.
    pub(crate) fn of(fields: &[Field<'_>], span: Span) -> Option<Self> {
        let one = |name: &str| fields.iter().find(|f| f.name.eq_ignore_ascii_case(name));
        let text = |name: &str| one(name).map_or("", |f| f.value.text.trim());
        if !text("Active").eq_ignore_ascii_case("true") {
            return None;
        }
        let (inbound, outbound) = demand(text("Action"), text("SecureInClearOut"));
        let ends = [end(fields, span, "EP1"), end(fields, span, "EP2")];
        let protocol = text("Protocol").parse().ok();
        let clauses = between(&ends, protocol);
        let open = clauses.iter().any(|c| !c.conditions.is_empty());
        Some(Self {
            name: text("Name").into(),
            span,
            action: one("Action").map_or(span, |f| f.value.span),
            profiles: profiles(fields),
            inbound,
            outbound,
            clauses,
            exempts: text("Action").eq_ignore_ascii_case("DoNotSecure") && !open,
        })
    }

    /// Whether it requires authentication.
    pub(crate) fn requires(&self) -> bool {
        self.inbound || self.outbound
    }
}

/// Which directions an action requires authentication in (\[MS-FASP\] 2.2.52). One that is not known may require both.
fn demand(action: &str, clear: &str) -> (bool, bool) {
    let is = |word: &str| action.eq_ignore_ascii_case(word);
    let outbound = !is("SecureServer") && !clear.eq_ignore_ascii_case("true");
    match is("Boundary") || is("DoNotSecure") {
        true => (false, false),
        false => (true, outbound),
    }
}

fn profiles(fields: &[Field<'_>]) -> Profiles {
    let all = fields
        .iter()
        .filter(|f| f.name.eq_ignore_ascii_case("Profile"));
    let words: Vec<&str> = all.map(|f| f.value.text.trim()).collect();
    match values::profiles(Vocabulary::get(), &words.join(",")) {
        (set, None) if !words.is_empty() => set,
        _ => Profiles::ALL,
    }
}

struct End {
    addrs: Parts<AddrSet>,
    ports: Parts<PortSet>,
}

/// What one endpoint names; any where it names nothing.
fn end(fields: &[Field<'_>], span: Span, name: &str) -> End {
    let list = |names: [String; 2]| {
        let of = |f: &&Field<'_>| names.iter().any(|n| f.name.eq_ignore_ascii_case(n));
        let texts: Vec<&str> = fields
            .iter()
            .filter(of)
            .map(|f| f.value.text.trim())
            .collect();
        texts.join(",")
    };
    let v = Vocabulary::get();
    let addrs = list([format!("{name}_4"), format!("{name}_6")]);
    let ports = list([format!("{name}Port"), format!("{name}Port2_10")]);
    let addrs = match addrs.as_str() {
        "" => List::whole(AddrSet::any()),
        text => addresses::addresses(v, text, Side::Src, span, false),
    };
    let ports = match ports.as_str() {
        "" => List::whole(PortSet::full()),
        text => ports::ports(v, text, ports::End::Local, span),
    };
    End {
        addrs: addrs.parts,
        ports: ports.parts,
    }
}

/// The packets between the ends, whichever of them the host is.
fn between(ends: &[End; 2], protocol: Option<u8>) -> Vec<Clause> {
    let [a, b] = ends;
    let mut out = Vec::new();
    for (from, to) in [(a, b), (b, a)] {
        for s in &from.addrs {
            for d in &to.addrs {
                for sport in &from.ports {
                    for dport in &to.ports {
                        let mut space = PacketBox {
                            src: s.set.clone(),
                            dst: d.set.clone(),
                            ..PacketBox::any()
                        };
                        if let Some(p) = protocol {
                            space.proto = ProtoSet::single(p);
                        }
                        if protocol.is_none_or(proto::has_ports) {
                            space.sport = sport.set.clone();
                            space.dport = dport.set.clone();
                        }
                        let open = [
                            &s.condition,
                            &d.condition,
                            &sport.condition,
                            &dport.condition,
                        ];
                        let conditions = open.iter().filter_map(|c| (*c).clone()).collect();
                        let clause = Clause { space, conditions };
                        if out.len() < MOST && !out.contains(&clause) {
                            out.push(clause);
                        }
                    }
                }
            }
        }
    }
    out
}

/// What the rules demand together: each that requires authentication, less what others exempt in all of its profiles.
pub(crate) fn demands(all: &[Consec]) -> ConnectionSecurity {
    let mut out = ConnectionSecurity::default();
    for rule in all.iter().filter(|r| r.requires()) {
        let demanded = blocking(rule, all);
        if demanded.clauses.is_empty() {
            continue;
        }
        if rule.outbound {
            out.egress.push(demanded.clone());
        }
        if rule.inbound {
            out.ingress.push(demanded);
        }
    }
    out
}

/// The demand as a rule that blocks what is not authenticated.
fn blocking(rule: &Consec, all: &[Consec]) -> Rule {
    let covers = |r: &&Consec| r.exempts && rule.profiles.0 & !r.profiles.0 == 0;
    let mut left = rule.clauses.clone();
    for hole in all.iter().filter(covers).flat_map(|r| &r.clauses) {
        if left.len() > MOST {
            break;
        }
        left = without(left, hole);
    }
    let mut out = Rule::new(rule.span, Action::Deny);
    out.name = rule.name.clone();
    out.profiles = rule.profiles;
    out.origin = RuleOrigin::GroupPolicy;
    let demanded = |mut c: Clause| {
        c.conditions.push(unauthenticated(rule.action));
        c
    };
    out.clauses = left.into_iter().map(demanded).collect();
    out
}

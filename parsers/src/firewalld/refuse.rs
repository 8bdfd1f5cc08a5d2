//! What firewalld refuses of a permanent configuration: it then loads none of it, and starts with the zones that it ships
//! (firewalld 1.3.3, core/fw.py, core/io/zone.py and policy.py).

use super::catalog;
use super::matches::Matches;
use super::own::{Element, Own, Word};
use hylint_model::{Problem, ProblemKind, Span};
use std::collections::HashMap;

/// What iptables and nftables leave of a chain's name for the zone.
const LONGEST: usize = 17;

/// Tells it, and that nothing of the configuration is known to be in force.
pub(super) fn check(own: &mut Own, problems: &mut Vec<Problem>) {
    // A listing shows what was loaded.
    if own.listing {
        return;
    }
    let mut told: Vec<(Span, String)> = names(own);
    told.extend(bound(own));
    told.extend(ends(own));
    told.extend(policies(own));
    own.broken |= !told.is_empty();
    for (span, why) in told {
        let message = format!("{why}: firewalld refuses the whole configuration");
        let problem = Problem::new(ProblemKind::Malformed, span, message);
        problems.push(problem.help("correct it, then run `firewall-cmd --check-config`"));
    }
    // Nothing shows that the service is there; if it is not, all is refused.
    own.cut |= lacks_service(own);
}

fn names(own: &Own) -> Vec<(Span, String)> {
    let long = own.zones.iter().filter_map(|z| {
        let first = z.name.split('/').next().unwrap_or(&z.name);
        let n = first.chars().count();
        let why = format!(
            "the name of zone `{}` has {n} characters, and firewalld takes {LONGEST}",
            z.name
        );
        (n > LONGEST).then_some((z.head, why))
    });
    let mut out: Vec<(Span, String)> = long.collect();
    for p in &own.policies {
        let mut zones = own.zones.iter().map(|z| &*z.name);
        if zones.any(|z| z == &*p.name) || catalog::zones().any(|(z, ..)| z == &*p.name) {
            let why = format!("policy `{}` has the name of a zone", p.name);
            out.push((p.head, why));
        }
    }
    out
}

/// Rules and priorities that a policy cannot have.
fn policies(own: &Own) -> Vec<(Span, String)> {
    let mut out = Vec::new();
    for p in &own.policies {
        let name = &p.name;
        if p.priority == 0 || i16::try_from(p.priority).is_err() {
            let why = format!("policy `{name}` has the invalid priority {}", p.priority);
            out.push((p.head, why));
        }
        let host = |zones: &[Word]| zones.iter().any(|w| &*w.text == "HOST");
        let (from_host, to_host) = (host(&p.ingress), host(&p.egress));
        let rich = p.rules.rich.iter();
        let rich = rich.filter_map(|r| Some((r.element.as_ref()?, r.span)));
        let all = p.rules.items.iter().map(|(e, s)| (e, *s)).chain(rich);
        for (element, span) in all {
            let why = match element {
                Element::Masquerade if from_host || to_host => "masquerades from or to HOST",
                Element::ForwardPort(f) if to_host && f.to_addr.is_some() => {
                    "forwards a port to another host, and is to HOST"
                }
                Element::ForwardPort(f)
                    if !to_host && f.to_addr.is_none() && !p.egress.is_empty() =>
                {
                    "forwards a port to no address, and is not to HOST"
                }
                _ => continue,
            };
            out.push((span, format!("policy `{name}` {why}")));
        }
    }
    out
}

/// Interfaces and sources that are in two zones.
fn bound(own: &Own) -> Vec<(Span, String)> {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    let mut out = Vec::new();
    for z in &own.zones {
        for w in z.interfaces.iter().chain(&z.sources) {
            let first = *seen.entry(&w.text).or_insert(&z.name);
            if *first != *z.name {
                let why = format!(
                    "`{}` is bound to zone `{first}` and to zone `{}`",
                    w.text, z.name
                );
                out.push((w.span, why));
            }
        }
    }
    out
}

/// Zones of policies that are none, or that cannot stand together.
fn ends(own: &Own) -> Vec<(Span, String)> {
    let shown = own.zones.iter().any(|z| !z.shipped);
    let known = |name: &str| {
        matches!(name, "ANY" | "HOST")
            || own.zones.iter().any(|z| *z.name == *name)
            || catalog::zones().any(|(z, ..)| z == name)
    };
    let mut out = Vec::new();
    for p in &own.policies {
        let all = p.ingress.iter().chain(&p.egress);
        for w in all.filter(|w| shown && !known(&w.text)) {
            let why = format!(
                "policy `{}` names zone `{}`, which does not exist",
                p.name, w.text
            );
            out.push((w.span, why));
        }
        let host = |zones: &[Word]| zones.iter().any(|w| &*w.text == "HOST");
        if host(&p.ingress) && host(&p.egress) {
            let why = format!("policy `{}` is from HOST to HOST", p.name);
            out.push((p.head, why));
        }
        for zones in [&p.ingress, &p.egress] {
            let any = zones.iter().any(|w| matches!(&*w.text, "ANY" | "HOST"));
            if any
                && zones
                    .iter()
                    .any(|w| w.text != zones.first().map_or("".into(), |f| f.text.clone()))
            {
                let why = format!("policy `{}` names ANY or HOST beside other zones", p.name);
                out.push((p.head, why));
            }
        }
    }
    out
}

fn lacks_service(own: &Own) -> bool {
    let matches = Matches::new(own);
    let zones = own.zones.iter().map(|z| &z.rules);
    let all = zones.chain(own.policies.iter().map(|p| &p.rules));
    let lacks = |e: &Element| !matches.missing(e).is_empty();
    all.into_iter().any(|r| {
        let rich = r.rich.iter().filter_map(|r| r.element.as_ref());
        r.items.iter().map(|(e, _)| e).chain(rich).any(lacks)
    })
}

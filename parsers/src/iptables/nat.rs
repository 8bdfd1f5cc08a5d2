//! Targets of address translation.

use super::draft::{Args, Draft};
use super::names;
use hylint_model::{Action, Nat, NatKind};
use hylint_space::{AddrSet, PortSet};

/// `REDIRECT` and `MASQUERADE`: new ports at most.
pub(super) fn ports(d: &mut Draft, args: &Args<'_, '_>, kind: NatKind) -> Action {
    let ports = match args.get("to-ports") {
        None => None,
        Some(o) => match port_range(o.a.text) {
            Some(p) => Some(p),
            None => return d.unmodelled_target(args, "the ports cannot be read"),
        },
    };
    Action::Nat(Box::new(Nat {
        kind,
        addrs: None,
        ports,
    }))
}

/// `DNAT`, `SNAT`, `NETMAP`: new addresses, ports, or both.
pub(super) fn addresses(d: &mut Draft, args: &Args<'_, '_>, kind: NatKind) -> Action {
    let mut found = 0usize;
    let mut addrs: Option<AddrSet> = None;
    let mut ports: Option<PortSet> = None;
    for o in args.iter().filter(|o| o.name.starts_with("to")) {
        let Some((a, p)) = endpoint(o.a.text).filter(|_| o.b.text.is_empty() && !o.negated) else {
            return d.unmodelled_target(args, "the new address cannot be read");
        };
        // Several ranges were allowed up to Linux 2.6.10; with ports they are a known printing fault.
        found += 1;
        addrs = match (addrs, a) {
            (Some(x), Some(y)) => Some(x.union(&y)),
            (x, y) => x.or(y),
        };
        ports = ports.or(p);
    }
    if found == 0 || (found > 1 && ports.is_some()) {
        return d.unmodelled_target(args, "the new address cannot be read");
    }
    Action::Nat(Box::new(Nat { kind, addrs, ports }))
}

/// `a`, `a-b`, `a:p`, `a:p-q`, `a:p-q/base`, `:p`, `[v6]:p`, `v6`, `network/prefix`.
fn endpoint(text: &str) -> Option<(Option<AddrSet>, Option<PortSet>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (a, rest) = rest.split_once(']')?;
        // `[a]-[b]:p` occurs beside `[a-b]:p`.
        let (a, rest) = match rest.strip_prefix("-[") {
            Some(more) => {
                let (b, rest) = more.split_once(']')?;
                (format!("{a}-{b}"), rest)
            }
            None => (a.to_owned(), rest),
        };
        let ports = match rest.strip_prefix(':') {
            Some(p) => Some(port_range(p)?),
            None if rest.is_empty() => None,
            None => return None,
        };
        return Some((Some(AddrSet::parse(&a)?), ports));
    }
    if let Some(set) = AddrSet::parse(text) {
        return Some((Some(set), None));
    }
    let (a, p) = text.split_once(':')?;
    let addrs = if a.is_empty() {
        None
    } else {
        Some(AddrSet::parse(a)?)
    };
    Some((addrs, Some(port_range(p)?)))
}

fn port_range(text: &str) -> Option<PortSet> {
    let range = text.split_once('/').map_or(text, |(r, _)| r);
    if let Some(p) = names::port(range) {
        return (p != 0).then(|| PortSet::single(p));
    }
    let (a, b) = range.split_once('-')?;
    let set = PortSet::range(names::port(a)?, names::port(b)?);
    (!set.is_empty()).then_some(set)
}

//! What rules say of the networks behind a host's interfaces.
//!
//! A dump of rules holds no routing table. A rule that hides a network from everything but one interface
//! (`-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`) says that the network is behind this one.

use hylint_model::{Action, ChainType, Hook, NatKind, Netfilter, Rule};
use hylint_space::{AddrSet, IfaceExt, IfaceSet};

/// Networks with the interface that leads there: what the rules say of them first, then what else is known.
pub(super) fn networks(
    nf: &Netfilter,
    interfaces: &[(String, AddrSet)],
) -> Vec<(AddrSet, IfaceSet)> {
    let mut out: Vec<(AddrSet, IfaceSet)> = Vec::new();
    let bases = nf.base_chains(Hook::Postrouting);
    let bases = bases.filter(|b| b.base.kind == ChainType::Nat);
    for network in bases.flat_map(|b| b.reached()).filter_map(hidden) {
        if !out.contains(&network) {
            out.push(network);
        }
    }
    let said = interfaces.iter().filter(|(name, _)| name != "lo");
    out.extend(said.map(|(name, addrs)| (addrs.clone(), IfaceSet::iface(name))));
    out
}

/// The network that a rule hides from all interfaces but one.
fn hidden(rule: &Rule) -> Option<(AddrSet, IfaceSet)> {
    let hides = |a: &Action| matches!(a, Action::Nat(n) if matches!(n.kind, NatKind::Masquerade | NatKind::Snat));
    let [clause] = rule.clauses.as_slice() else {
        return None;
    };
    if !rule.may_be_in_force() || !rule.does(hides) {
        return None;
    }
    let own = clause.space.out_iface.complement();
    let one = own.iter().len() == 1 && own.iter().all(|(lo, hi)| lo == hi);
    let src = &clause.space.src;
    let network = !src.is_empty() && !src.v4.is_full() && !src.v6.is_full();
    (one && network).then(|| (src.clone(), own))
}

//! What a version of firewalld does otherwise: who writes its rules, and whether zones let packets pass on to others.

use super::own::{Own, Target, Zone};
use hylint_model::{Problem, ProblemKind, Span};

/// By what firewalld writes its rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Backend {
    /// nftables: what a direct rule accepts is still refused by zones.
    Nftables,
    /// iptables, where direct rules come before zones and decide.
    Iptables,
    /// One of the two.
    Open,
}

/// The version in which the nftables backend came, which some distributions switched on later.
const NFTABLES: (u32, u32) = (0, 6);

/// The version that every distribution has with the nftables backend, whose listings say `forward`.
const FORWARD: (u32, u32) = (0, 9);

/// The version that has no zone drifting.
const NO_DRIFTING: (u32, u32) = (1, 0);

/// The version whose firewalld.conf can switch zone drifting off.
const SWITCH: (u32, u32) = (0, 7);

/// Whether listings of what runs are of a version that did not say `forward`.
fn is_old_form(own: &Own) -> bool {
    let mut listed = own.zones.iter().filter(|z| z.said > 0).peekable();
    own.listing && listed.peek().is_some() && listed.all(|z| !z.says_forward)
}

/// By what firewalld writes its rules, as far as settings, version and form of the listings tell.
pub(super) fn backend(own: &Own) -> Backend {
    if own.conf.iptables.is_some() {
        return Backend::Iptables;
    }
    if own.conf.nftables {
        return Backend::Nftables;
    }
    let old = match own.version {
        Some(v) if v < NFTABLES => return Backend::Iptables,
        Some(v) => v < FORWARD,
        None => is_old_form(own),
    };
    match old {
        // The setting stands in the file of every version that has the choice.
        true if own.conf.there => Backend::Iptables,
        true => Backend::Open,
        false => Backend::Nftables,
    }
}

/// Whether packets may pass by a zone that takes them by their source on to that of their interface (AllowZoneDrifting).
pub(super) fn may_drift(own: &Own) -> bool {
    match own.version {
        Some(v) if v >= NO_DRIFTING => false,
        Some(v) if v < SWITCH => true,
        _ if own.conf.no_drifting => false,
        Some(_) => true,
        None => own.conf.zone_drifting.is_some() || is_old_form(own),
    }
}

/// Whether what a zone rejects at its end may pass on to another one.
pub(super) fn passes_on(own: &Own, zone: &Zone) -> bool {
    zone.target == Target::Default && !zone.sources.is_empty() && may_drift(own)
}

/// Tells what zones and direct rules do otherwise in one version than in another.
pub(super) fn tell(own: &Own, accepts: Option<Span>, problems: &mut Vec<Problem>) {
    if let Some(at) = accepts.filter(|_| backend(own) == Backend::Open) {
        let message = "the backend of firewalld is not shown: by iptables a direct rule that accepts decides, by nftables zones may still reject";
        let problem = Problem::new(ProblemKind::Incomplete, at, message);
        problems.push(
            problem.help("add `/etc/firewalld/firewalld.conf`, or the output of `iptables-save`"),
        );
    }
    let zone = own.zones.iter().find(|z| passes_on(own, z));
    if let Some(zone) = zone {
        let message = format!(
            "zone `{}` has sources: firewalld before 1.0 may pass what it rejects on to the zone of the interface (`AllowZoneDrifting`)",
            zone.name
        );
        let at = own.conf.zone_drifting.unwrap_or(zone.head);
        let problem = Problem::new(ProblemKind::Incomplete, at, message);
        problems.push(problem.help(
            "set `AllowZoneDrifting=no` in firewalld.conf and add the file, or add the output of `firewall-cmd --version`, or of `iptables-save`",
        ));
    }
}

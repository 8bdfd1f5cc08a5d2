//! Names that always hold for the guarded host's own address.

use super::ids::{INTERNET, NO_ACCESS, VIRTUAL_NETWORK};
use hylint_model::{Body, Export, PointKind, Rule, RuleOrigin, Side, Test};
use hylint_space::AddrSet;

/// Drops the conditions of Azure rules that ask whether the guarded host is in its own network: it is, whatever else the tag
/// stands for.
pub(super) fn settle(export: &mut Export) {
    for point in export
        .points
        .iter_mut()
        .filter(|p| matches!(p.kind, PointKind::Nsg | PointKind::AdminRules))
    {
        if let Body::Lists(l) = &mut point.body {
            l.ingress
                .rules
                .iter_mut()
                .for_each(|r| drop_own(r, Side::Dst));
            l.egress
                .rules
                .iter_mut()
                .for_each(|r| drop_own(r, Side::Src));
            l.egress.rules.iter_mut().for_each(let_out);
        }
    }
}

/// The platform's own rules let out whatever has a route: to the network by one, to the Internet by another. A private
/// address outside of the network has none, and that a route exists is a limit that each report states. The space of a
/// peering without access has one and is in neither tag ("Create, change, or delete a virtual network peering" of the Azure
/// documentation), so it stays out.
fn let_out(rule: &mut Rule) {
    if rule.origin != RuleOrigin::Platform {
        return;
    }
    for c in &mut rule.clauses {
        for condition in &mut c.conditions {
            let Test::Named {
                key,
                side: Side::Dst,
            } = &mut condition.test
            else {
                continue;
            };
            if &**key == INTERNET && !condition.negated {
                *key = NO_ACCESS.into();
                condition.negated = true;
                condition.text = format!("destination in {NO_ACCESS}").into();
                c.space.dst = AddrSet::any();
            }
        }
    }
}

fn drop_own(rule: &mut Rule, own: Side) {
    for c in &mut rule.clauses {
        c.conditions.retain(|c| {
            let here = matches!(&c.test, Test::Named { key, side } if &**key == VIRTUAL_NETWORK && *side == own);
            !here || c.negated
        });
    }
}

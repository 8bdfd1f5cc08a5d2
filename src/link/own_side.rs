//! Names that always hold for the guarded host's own address.

use hylint_model::{Body, Export, PointKind, Rule, Side, Test};

/// A guarded host of Azure is in its own virtual network, whatever else the tag stands for.
const OWN_NETWORK: &str = "azure:VirtualNetwork";

/// Drops the conditions of NSG rules that ask whether the guarded host is in its own network.
pub(super) fn settle(export: &mut Export) {
    for point in export
        .points
        .iter_mut()
        .filter(|p| p.kind == PointKind::Nsg)
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
        }
    }
}

fn drop_own(rule: &mut Rule, own: Side) {
    for c in &mut rule.clauses {
        c.conditions.retain(|c| {
            let here = matches!(&c.test, Test::Named { key, side } if &**key == OWN_NETWORK && *side == own);
            !here || c.negated
        });
    }
}

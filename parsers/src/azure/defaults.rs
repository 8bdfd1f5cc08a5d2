//! The default rules of a group.

use super::addr::{Alternative, load_balancer, named};
use super::draft::Direction;
use hylint_model::{Action, Clause, Rule, RuleOrigin, Side, Span};

/// The six rules that every group has and that nobody can remove ("Default security rules" of the documentation). They
/// have no place, as the file does not hold them.
pub(super) fn platform_rules() -> [(Direction, Rule); 6] {
    use Direction::{Inbound, Outbound};
    let none = Span::default();
    let vnet = |side| Some(named("VirtualNetwork", side, none));
    let internet = || Some(named("Internet", Side::Dst, none));
    let (allow, deny) = (|| Action::Allow, || Action::Deny);
    let make =
        |name: &str, priority, action, src, dst| default_rule(name, priority, action, src, dst);
    [
        (
            Inbound,
            make(
                "AllowVnetInBound",
                65000,
                allow(),
                vnet(Side::Src),
                vnet(Side::Dst),
            ),
        ),
        (
            Inbound,
            make(
                "AllowAzureLoadBalancerInBound",
                65001,
                allow(),
                Some(load_balancer()),
                None,
            ),
        ),
        (Inbound, make("DenyAllInBound", 65500, deny(), None, None)),
        (
            Outbound,
            make(
                "AllowVnetOutBound",
                65000,
                allow(),
                vnet(Side::Src),
                vnet(Side::Dst),
            ),
        ),
        (
            Outbound,
            make("AllowInternetOutBound", 65001, allow(), None, internet()),
        ),
        (Outbound, make("DenyAllOutBound", 65500, deny(), None, None)),
    ]
}

fn default_rule(
    name: &str,
    priority: u32,
    action: Action,
    src: Option<Alternative>,
    dst: Option<Alternative>,
) -> Rule {
    let mut clause = Clause::default();
    if let Some(a) = src {
        clause.space.src = a.addrs;
        clause.conditions.extend(a.condition);
    }
    if let Some(a) = dst {
        clause.space.dst = a.addrs;
        clause.conditions.extend(a.condition);
    }
    let mut rule = Rule::new(Span::default(), action);
    rule.name = name.into();
    rule.priority = Some(priority);
    rule.origin = RuleOrigin::Platform;
    rule.clauses = std::iter::once(clause).collect();
    rule
}

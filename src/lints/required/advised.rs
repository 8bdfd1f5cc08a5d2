//! Every sentence of help about a required flow: imperatives with real values.

use super::words::{Flow, Terms, all_of};
use crate::lints::describe;
use hylint_engine::{Direction, Reason};
use hylint_model::{Condition, ConditionKind, PointKind, RuleOrigin, Test};
use hylint_space::PortSet;

/// A rule to add.
#[derive(Clone, Debug)]
pub(super) struct Added {
    pub allow: &'static str,
    pub service: String,
    /// The peers; none where the rule is for all.
    pub peers: Option<String>,
    pub to: AddedTo,
}

/// Where a rule is added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum AddedTo {
    /// A list of a host's or a cloud's firewall, with its numbers.
    List {
        outbound: bool,
        numbers: Vec<u32>,
        kind: PointKind,
    },
    /// A zone or a policy of firewalld.
    Zone(String),
    /// A chain, as people of its tool name it, before a rule.
    Chain {
        chain: String,
        before: Option<String>,
    },
}

/// Advises a rule.
pub(super) fn add(rule: &Added) -> String {
    let Added { allow, service, .. } = rule;
    match &rule.to {
        AddedTo::List {
            outbound,
            numbers,
            kind,
        } => {
            let (way, end) = match outbound {
                true => ("outbound", "to"),
                false => ("inbound", "from"),
            };
            let peers = rule.peers.as_ref();
            let peers = peers.map_or_else(String::new, |p| format!(" {end} {p}"));
            let number = numbered(numbers, *kind);
            format!("{allow} {way} {service}{peers}{number}")
        }
        AddedTo::Zone(zone) => {
            let peers = rule
                .peers
                .as_ref()
                .map_or_else(String::new, |p| format!(" {p}"));
            format!("{allow} {service}{peers} in {zone}")
        }
        AddedTo::Chain { chain, before } => {
            let peers = rule.peers.as_ref();
            let peers = peers.map_or_else(String::new, |p| format!(" {p}"));
            let before = before.as_ref();
            let before = before.map_or_else(String::new, |b| format!(", before {b}"));
            format!("{allow} {service}{peers} in chain {chain}{before}")
        }
    }
}

fn numbered(numbers: &[u32], kind: PointKind) -> String {
    let list = all_of(numbers.iter().map(u32::to_string));
    match (numbers, kind) {
        ([], _) => String::new(),
        ([_], PointKind::NetworkAcl) => format!(" as rule {list}"),
        (_, PointKind::NetworkAcl) => format!(" as rules {list}"),
        ([_], _) => format!(" with priority {list}"),
        _ => format!(" with priorities {list}"),
    }
}

/// Advises to enable a rule.
pub(super) fn enable(rule: &str) -> String {
    format!("enable {rule}")
}

/// Advises to disable a rule of which everything is required.
pub(super) fn disable(rule: &str) -> String {
    format!("disable {rule}: all that it blocks is required")
}

/// Advises to take packets out of a rule that overrides every allow.
pub(super) fn exclude(what: &str, rule: &str) -> String {
    format!("exclude {what} from {rule}: a block overrides every allow")
}

/// Advises another number for a rule.
pub(super) fn renumber(rule: &str, number: u32, kind: PointKind) -> String {
    match kind {
        PointKind::NetworkAcl => format!("renumber {rule} to {number}"),
        _ => format!("move {rule} to priority {number}"),
    }
}

/// Advises to let the rules of a Windows profile decide.
pub(super) fn let_rules_decide(profile: &str) -> String {
    format!(
        "set the firewall policy of the {profile} to BlockInbound: BlockInboundAlways overrides every rule"
    )
}

/// Advises a rule where none was tried out.
pub(super) fn allow(flow: &Flow<'_>, service: &str, who: &str, near: Option<&str>) -> String {
    let allow = flow.terms.allow;
    let what = match flow.direction {
        Direction::In => format!("{allow} inbound {service} from {who}"),
        Direction::Out => format!("{allow} outbound {service} to {who}"),
        Direction::Forward => format!("{allow} forwarded {service} from {who} to `{}`", flow.to),
    };
    match near {
        Some(rule) => format!("{what}, before {rule}"),
        None => what,
    }
}

/// Advises to narrow a rule that overrides every allow.
pub(super) fn narrow(rule: &str, what: &str, origin: RuleOrigin) -> String {
    match origin {
        RuleOrigin::GroupPolicy => {
            format!(
                "in Group Policy, narrow {rule} to exclude {what}: a block overrides every allow"
            )
        }
        _ => format!("narrow {rule} to exclude {what}: a block overrides every allow"),
    }
}

/// Advises to narrow a rule, or to allow the flow before it.
pub(super) fn before_or_narrow(allow: &str, rule: &str) -> String {
    format!("{allow}, before {rule}, or narrow that rule")
}

/// Advises on a policy that disables local rules.
pub(super) const ENABLE_LOCAL_RULES: &str =
    "enable LocalFirewallRules for the profile in Group Policy, or put the rule there";

/// Advises a rule of policy.
pub(super) fn in_policy(allow: &str) -> String {
    format!("in Group Policy, {allow}: LocalFirewallRules disables local rules")
}

/// Advises a rule of policy where another one blocks what it allows.
pub(super) fn in_policy_past(allow: &str, by: &str) -> String {
    format!(
        "in Group Policy, {allow} and narrow {by} to exclude it: LocalFirewallRules disables local rules"
    )
}

/// Advises where only source ports fail that clients hardly use.
pub(super) const EPHEMERAL: &str =
    "set `deployment.ephemeral` in hylint.toml to the source ports that the clients use";

/// Advises to say what a name stands for.
pub(super) fn resolve(key: &str) -> String {
    match key.strip_prefix("ipset:") {
        Some(_) => format!(
            "export the set with `ipset save`, or add \"{key}\" = [\"ADDRESS\"] under [resolve] in hylint.toml"
        ),
        None => format!("add \"{key}\" = [\"ADDRESS\"] under [resolve] in hylint.toml"),
    }
}

/// Advises on what is missing or broken in the exports.
pub(super) const fn export(reason: Reason) -> &'static str {
    match reason {
        Reason::IncompleteExport => {
            "add the export that the `incomplete-export` finding of this host names"
        }
        Reason::MalformedExport => {
            "correct the line that the `malformed-export` finding names, and export again"
        }
        Reason::NoFilter => "export all tables: `iptables-save` without -t",
        Reason::Budget | Reason::ChainDepth => {
            "allow the flow in a rule of its own, before the rules that cannot be judged"
        }
        Reason::LoopbackDestination => {
            "translate the flow to an address of an interface instead of 127.0.0.0/8"
        }
        Reason::ChainOrder => {
            "give the two chains different priorities, or take the flow out of the rules of one"
        }
        Reason::SourceTranslation => {
            "filter the flow before its source is translated, in a chain with a priority below 100"
        }
        Reason::SecurityOrder => {
            "take the flow out of the nat rules for inbound packets, or of the security table"
        }
    }
}

/// Advises on what the export does not print of a rule.
pub(super) fn printed(what: &str) -> String {
    format!("export the rule again with its {what}: `iptables-save` prints all of a rule")
}

/// Advises on a condition that the flow may not meet.
pub(super) fn unconditional(flow: &Flow<'_>, condition: Option<&Condition>) -> String {
    let Terms { allow, .. } = flow.terms;
    let told = flow.told();
    match condition.map(|c| (&c.test, c.kind)) {
        Some((Test::IpSec, _)) => {
            format!(
                "{allow} {told} in a rule that requires no authentication, or exempt it from IPsec"
            )
        }
        Some((Test::PolicySource, _)) => {
            "put the rule into a Group Policy, or export the policies with `gpresult`".into()
        }
        Some(_) if condition.is_some_and(Condition::is_proxy) => {
            "remove the port proxy (`netsh interface portproxy delete`), or let it listen on a port that no flow needs"
                .into()
        }
        Some((_, ConditionKind::Rate)) => {
            format!("{allow} {told} in a rule without this limit")
        }
        Some((Test::Passing, _)) | None => {
            "export the rule again in a form that hylint reads, or correct it".into()
        }
        Some(_) => format!("{allow} {told} in a rule without this condition"),
    }
}

/// Advises to let the replies pass a point without connection tracking.
pub(super) fn stateless_replies(flow: &Flow<'_>, ports: &PortSet, who: &str) -> String {
    let ports = describe::ports(ports);
    let way = match flow.direction {
        Direction::Out => format!("inbound to ports {ports} from {who}"),
        Direction::In | Direction::Forward => format!("outbound to ports {ports} of {who}"),
    };
    format!("allow the replies {way}: a network ACL is stateless")
}

/// Advises to accept established connections.
pub(super) const ESTABLISHED: &str = "accept state RELATED,ESTABLISHED for the replies";

/// Advises on connection tracking of one direction alone.
pub(super) const UNTRACKED: &str =
    "track both directions of the connection, or neither and accept state UNTRACKED";

/// Advises to accept what follows the first packet.
pub(super) fn established_too(flow: &Flow<'_>) -> String {
    let allow = flow.terms.allow;
    format!(
        "{allow} {} in state ESTABLISHED too, not only NEW or SYN",
        flow.told()
    )
}

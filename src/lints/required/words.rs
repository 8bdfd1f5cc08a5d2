//! Every sentence about a required flow: messages, labels and help. The first line of each names the host, what its firewall
//! does and why, in the words of that firewall.

use super::stop::Stop;
use crate::judge::Wrong;
use crate::lints::describe;
use hylint_engine::{Direction, Reason};
use hylint_model::{Condition, ConditionKind, PointKind, RuleOrigin, Test};
use hylint_space::{AddrSet, PortSet};

/// What a firewall calls what it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Terms {
    /// What the host does to the packets: `sh1` drops them.
    pub stops: &'static str,
    /// What a rule does to them: line 6 drops them.
    pub rule_stops: &'static str,
    /// What either does to packets that pass.
    pub lets: &'static str,
    /// The same as a command, and as a noun.
    pub allow: &'static str,
    /// The same of packets that pass.
    pub allowed: &'static str,
}

impl Terms {
    /// Returns the words of a kind of firewall; `rejects`: the rule in question answers what it stops.
    pub(super) const fn of(kind: PointKind, rejects: bool) -> Self {
        let stops = match kind {
            PointKind::Netfilter if rejects => "rejects",
            PointKind::Netfilter => "drops",
            _ => "blocks",
        };
        let (lets, allow, allowed) = match kind {
            PointKind::Netfilter => ("accepts", "accept", "accepted"),
            _ => ("allows", "allow", "allowed"),
        };
        Self {
            stops,
            rule_stops: if kind.is_cloud() { "denies" } else { stops },
            lets,
            allow,
            allowed,
        }
    }
}

/// A required flow at a host.
#[derive(Clone, Debug)]
pub(super) struct Flow<'t> {
    pub host: &'t str,
    pub terms: Terms,
    pub direction: Direction,
    /// `TCP 3389`.
    pub service: String,
    pub from: &'t str,
    pub to: &'t str,
}

impl Flow<'_> {
    /// inbound TCP 3389 from `controller`
    fn told(&self) -> String {
        self.between(&format!("`{}`", self.peers()))
    }

    /// The same with others in the place of the peers.
    fn between(&self, peers: &str) -> String {
        let service = &self.service;
        match self.direction {
            Direction::In => format!("inbound {service} from {peers}"),
            Direction::Out => format!("outbound {service} to {peers}"),
            Direction::Forward => format!("forwarded {service} from {peers} to `{}`", self.to),
        }
    }

    /// The replies to it, or to what these peers send or get of it.
    fn replies(&self, peers: Option<&str>) -> String {
        let (to, service) = (self.to, &self.service);
        let role = format!("`{}`", self.peers());
        let peers = peers.unwrap_or(&role);
        match self.direction {
            Direction::In => format!("the replies to {service} from {peers}"),
            Direction::Out => format!("the replies from {peers} to outbound {service}"),
            Direction::Forward => {
                format!("the replies to forwarded {service} from {peers} to `{to}`")
            }
        }
    }

    /// The role at the other end.
    fn peers(&self) -> &str {
        match self.direction {
            Direction::Out => self.to,
            Direction::In | Direction::Forward => self.from,
        }
    }
}

/// Which part of a flow does not pass.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// These ports for every peer; others pass.
    Ports { passing: PortSet },
    /// These peers; others pass.
    Peers { failing: AddrSet, passing: AddrSet },
    /// What comes from these ports.
    SourcePorts(PortSet),
    /// Something else.
    Some,
}

/// Why a flow does not pass.
#[derive(Clone, Debug)]
pub(super) enum Why {
    /// Nothing allows it.
    NoRule,
    /// Nothing allows it before this rule, which stops the rest.
    Closed(String),
    /// Nothing allows it, and this rule blocks it.
    NoRuleAndBlocked(String),
    /// A rule overrides the allow; `allow` is named where the order decides.
    Overridden { by: String, allow: Option<String> },
    /// A rule overrides the default.
    RuleAlone(String),
    /// The setting of a Windows profile overrides every rule.
    BlockAlways,
    /// The rule that allows it is disabled.
    Disabled(String),
    /// Policy disables the rule that allows it; a rule blocks it, too.
    LocalRules { blocked: Option<String> },
    /// Of several ports that each suffice, the others fail elsewhere.
    OnePort { passing: String },
    /// No rule allows the state of the packets that follow.
    NoState(&'static str),
    /// A rule stops that state.
    State(String, &'static str),
    /// It depends on this.
    Depends(String),
    /// Nothing in the exports decides it.
    Undecided(&'static str),
    /// The message says it all.
    Said,
}

/// Addresses named in a message.
const NAMED: usize = 3;

/// Returns the message.
pub(super) fn message(flow: &Flow<'_>, stop: Stop, part: &Part, why: &Why) -> String {
    let what = failing(flow, stop, part);
    let Flow { host, terms, .. } = flow;
    let Terms {
        stops,
        lets,
        allow,
        rule_stops,
        ..
    } = terms;
    let why = match why {
        Why::Depends(what_on) => {
            return format!("cannot tell whether `{host}` {lets} {what}: it depends on {what_on}");
        }
        Why::Undecided(reason) => {
            return format!("cannot tell whether `{host}` {lets} {what}: {reason}");
        }
        Why::Said => return format!("`{host}` {stops} {what}"),
        Why::NoRule => format!("no rule {lets} it"),
        Why::Closed(by) => format!("no rule before {by} {lets} it"),
        Why::NoRuleAndBlocked(by) => format!("no rule allows it, and {by} blocks it"),
        Why::Overridden { by, allow: None } => format!("{by} overrides the {allow}"),
        Why::Overridden {
            by,
            allow: Some(rule),
        } => format!("{by} overrides the {allow} in {rule}"),
        Why::RuleAlone(by) => format!("{by} {rule_stops} it"),
        Why::BlockAlways => "BlockInboundAlways overrides every rule".to_owned(),
        Why::Disabled(rule) => format!("the rule that allows it, {rule}, is disabled"),
        Why::LocalRules { blocked: None } => {
            "Group Policy disables the local rule that allows it".to_owned()
        }
        Why::LocalRules { blocked: Some(by) } => {
            format!("{by} blocks it, and Group Policy disables the local rule that allows it")
        }
        Why::OnePort { passing } => {
            format!("one port must pass at every host, and only {passing} does here")
        }
        Why::NoState(state) => format!("no rule {lets} state {state}"),
        Why::State(by, state) => format!("{by} {rule_stops} state {state}"),
    };
    format!("`{host}` {stops} {what}: {why}")
}

/// What does not pass.
fn failing(flow: &Flow<'_>, stop: Stop, part: &Part) -> String {
    let Terms { allowed, .. } = flow.terms;
    let (reply, next) = (stop == Stop::NoReply, matches!(stop, Stop::Next { .. }));
    let text = |set: &AddrSet| describe::addresses(set, &AddrSet::empty(), NAMED);
    let some = match part {
        Part::Peers { failing, .. } => Some(format!("{} in `{}`", text(failing), flow.peers())),
        _ => None,
    };
    let mut out = match (reply, some.as_deref()) {
        (true, some) => flow.replies(some),
        (false, Some(some)) => flow.between(some),
        (false, None) => flow.told(),
    };
    if next {
        out.push_str(" after the first packet");
    }
    match part {
        Part::SourcePorts(ports) => {
            let ports = describe::ports(ports);
            format!("{out} on source ports {ports}")
        }
        Part::Ports { passing } => {
            let (ports, are) = (describe::ports(passing), is_are(passing.len()));
            format!("{out} ({ports} {are} {allowed})")
        }
        Part::Peers { passing, .. } => {
            let (peers, are) = (text(passing), is_are(passing.v4.len() + passing.v6.len()));
            format!("{out} ({peers} {are} {allowed})")
        }
        Part::Some if stop == Stop::Partial => format!("part of {out}"),
        _ => out,
    }
}

const fn is_are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// At the rule that stops the packets.
pub(super) fn stops_here(terms: Terms) -> String {
    format!("{} it here", terms.rule_stops)
}

/// At the rule of a conditional flow.
pub(super) const DECIDES: &str = "decides it, if it matches";

/// At a chain's policy.
pub(super) const POLICY: &str = "policy DROP: nothing accepts it";

/// At a default that the platform has where no rule matches.
pub(super) fn default(kind: PointKind, profile: Option<&str>) -> String {
    match (kind, profile) {
        (PointKind::WindowsFirewall, Some(profile)) => {
            format!("the {profile} profile blocks by default")
        }
        (PointKind::WindowsFirewall, None) => "blocked by default".into(),
        _ => "no rule here allows it".into(),
    }
}

/// At the setting that blocks whatever the rules say.
pub(super) const ALWAYS: &str = "blocks all inbound, overrides every rule";

/// At the setting that keeps local rules from acting.
pub(super) const LOCAL_RULES: &str = "Group Policy disables local rules";

/// At the allow that a deny overrides.
pub(super) fn overridden(terms: Terms) -> String {
    format!("{} it, but is overridden", terms.lets)
}

/// At the default that a deny overrides.
pub(super) fn overridden_default(terms: Terms) -> String {
    format!("{} by default, but is overridden", terms.lets)
}

/// What a rule allows that all but allows the flow.
#[derive(Clone, Debug)]
pub(super) struct Near {
    /// Its addresses on the side that is wrong.
    pub addresses: String,
    /// Its protocols.
    pub protocol: String,
    /// Its ports.
    pub ports: String,
    /// Its source ports.
    pub source_ports: String,
    /// Its profiles.
    pub profiles: String,
}

/// At the field of such a rule.
pub(super) fn near(wrong: Wrong, terms: Terms, rule: &Near) -> String {
    let lets = terms.lets;
    match wrong {
        Wrong::Disabled => "disabled".into(),
        Wrong::OtherProfile => format!("applies to the {} only", rule.profiles),
        Wrong::LocalRulesDisabled => "ignored: policy disables local rules".into(),
        Wrong::Sources => format!("{lets} only {}", rule.addresses),
        Wrong::Destinations => format!("{lets} only destination {}", rule.addresses),
        Wrong::Protocol => format!("other protocol: {}", rule.protocol),
        Wrong::Port => format!("other port: {}", rule.ports),
        Wrong::Swapped => "port given as source port".into(),
        Wrong::SourcePorts => format!("{lets} only from source port {}", rule.source_ports),
        Wrong::Interface => "other interface".into(),
    }
}

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
    /// A chain, before a rule.
    Chain {
        table: String,
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
        AddedTo::Chain {
            table,
            chain,
            before,
        } => {
            let peers = rule.peers.as_ref();
            let peers = peers.map_or_else(String::new, |p| format!(" {p}"));
            let of = match table.as_str() {
                "filter" => String::new(),
                other => format!(" of table {other}"),
            };
            let before = before.as_ref();
            let before = before.map_or_else(String::new, |b| format!(", before {b}"));
            format!("{allow} {service}{peers} in chain {chain}{of}{before}")
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

/// `a`, `a and b`, `a, b and c`.
pub(super) fn all_of(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    match items.pop() {
        Some(last) if !items.is_empty() => format!("{} and {last}", items.join(", ")),
        last => last.unwrap_or_default(),
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
            "export the set with `ipset save`, or set \"{key}\" = [\"…\"] under [resolve] in hylint.toml"
        ),
        None => format!("set \"{key}\" = [\"…\"] under [resolve] in hylint.toml to its addresses"),
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
        Reason::LoopbackDestination | Reason::SecurityOrder => {
            "translate to an address of an interface, before the rules that cannot be judged"
        }
    }
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
    match flow.direction {
        Direction::In => format!(
            "allow the replies outbound to ports {ports} of {who}: a network ACL is stateless"
        ),
        Direction::Out => format!(
            "allow the replies inbound to ports {ports} from {who}: a network ACL is stateless"
        ),
        Direction::Forward => format!("allow the replies to ports {ports} of {who}"),
    }
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

/// A requirement of which an end has no export: the message, and what to do.
pub(super) fn unproven(row: u32, id: &str, ends: &str) -> (String, String) {
    (
        format!("row {row} (`{id}`) is not proven: no export covers {ends}"),
        "add the exports of these hosts, or set `require-evidence = \"none\"` under [check] in hylint.toml".into(),
    )
}

/// The sentences that tell several findings of one cause together, behind their number.
pub(super) mod folded {
    /// Denied by one rule.
    pub(crate) fn by_rule(rule: &str) -> String {
        format!("required flows are blocked by {rule}")
    }

    /// One disabled rule.
    pub(crate) fn disabled(rule: &str) -> String {
        format!("required flows are blocked: {rule}, which allows them, is disabled")
    }

    /// One name.
    pub(crate) fn name(key: &str) -> String {
        format!("required flows depend on which addresses `{key}` contains")
    }

    /// One condition.
    pub(crate) fn condition(what: &str) -> String {
        format!("required flows depend on {what}")
    }

    /// A layer that decides nothing.
    pub(crate) fn undecided(reason: &str) -> String {
        format!("required flows cannot be judged: {reason}")
    }

    /// A setting of policy.
    pub(crate) const LOCAL_RULES: &str =
        "required flows are blocked: Group Policy disables the local rules that allow them";

    /// A setting of a profile.
    pub(crate) const ALWAYS: &str =
        "required flows are blocked: BlockInboundAlways overrides every rule";
}

//! Every message and label about a required flow ([`advised`](super::advised) has the help). The first line names the host, what its firewall
//! does and why, in the words of that firewall.

use super::stop::Stop;
use crate::judge::Wrong;
use crate::lints::describe;
use hylint_engine::Direction;
use hylint_model::PointKind;
use hylint_space::{AddrSet, PortSet};

/// What a firewall calls what it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Terms {
    /// What the host does to the packets: `sh1` drops them.
    pub stops: &'static str,
    /// What becomes of them.
    pub stopped: &'static str,
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
        let (stops, stopped) = match kind {
            PointKind::Netfilter if rejects => ("rejects", "rejected"),
            PointKind::Netfilter => ("drops", "dropped"),
            _ => ("blocks", "blocked"),
        };
        let (lets, allow, allowed) = match kind {
            PointKind::Netfilter => ("accepts", "accept", "accepted"),
            _ => ("allows", "allow", "allowed"),
        };
        Self {
            stops,
            stopped,
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
    /// What stands between the ends, with its front.
    pub via: Option<&'t str>,
    /// The peers are addresses of what stands between, not the role at the other end.
    pub sees_via: bool,
}

impl Flow<'_> {
    /// inbound TCP 3389 from `controller`
    pub(super) fn told(&self) -> String {
        self.between(&format!("`{}`", self.peers()))
    }

    /// The same without its peers: inbound TCP 3389
    fn short(&self) -> String {
        let (service, through) = (&self.service, through(self.via));
        match self.direction {
            Direction::In => format!("inbound {service}{through}"),
            Direction::Out => format!("outbound {service}{through}"),
            Direction::Forward => self.told(),
        }
    }

    /// The same with others in the place of the peers.
    fn between(&self, peers: &str) -> String {
        let (service, through) = (&self.service, through(self.via));
        match self.direction {
            Direction::In => format!("inbound {service} from {peers}{through}"),
            Direction::Out => format!("outbound {service} to {peers}{through}"),
            Direction::Forward => {
                format!("forwarded {service} from {peers} to `{}`{through}", self.to)
            }
        }
    }

    /// The replies to it, or to what these peers send or get of it.
    fn replies(&self, peers: Option<&str>) -> String {
        let (to, service) = (self.to, &self.service);
        let role = format!("`{}`", self.peers());
        let (peers, through) = (peers.unwrap_or(&role), through(self.via));
        match self.direction {
            Direction::In => format!("the replies to {service} from {peers}{through}"),
            Direction::Out => format!("the replies from {peers} to outbound {service}{through}"),
            Direction::Forward => {
                format!("the replies to forwarded {service} from {peers} to `{to}`{through}")
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

/// ` through sql-vip (10.20.5.10)`, or nothing.
fn through(via: Option<&str>) -> String {
    via.map_or_else(String::new, |v| format!(" through {v}"))
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
    /// All of it.
    All,
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
    /// The rule is for another program than the one that listens.
    OtherProgram {
        /// The rule.
        rule: String,
        /// Its program or service.
        asks: String,
        /// What listens.
        listens: String,
    },
    /// Policy disables the rule that allows it; a rule blocks it, too.
    LocalRules { blocked: Option<String> },
    /// Of several ports that each suffice, the others fail elsewhere.
    OnePort { passing: String },
    /// No rule allows the state of the packets that follow.
    NoState(&'static str),
    /// The replies belong to no connection that is tracked.
    Invalid,
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
        // The addresses tell the peers.
        Why::Depends(what_on) if what_on.contains("` contains ") => {
            let what = flow.short();
            return format!("cannot tell whether `{host}` {lets} {what}: it depends on {what_on}");
        }
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
        Why::Disabled(rule) => format!("{rule}, which allows it, is disabled"),
        Why::OtherProgram {
            rule,
            asks,
            listens,
        } => format!("{listens} listens there, and {rule} is for {asks}"),
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
        Why::Invalid => "connection tracking sees them as INVALID".to_owned(),
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
        Part::Peers { failing, .. } if flow.sees_via => Some(text(failing)),
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
            let noun = if ports.count() == 1 { "port" } else { "ports" };
            format!("{out} on source {noun} {}", describe::ports(ports))
        }
        Part::Ports { passing } => {
            let (ports, are) = (describe::ports(passing), is_are(passing.len()));
            format!("{out} ({ports} {are} {allowed})")
        }
        Part::Peers { passing, .. } => match text(passing) {
            // The rest is told by what fails.
            peers if peers.contains(" except ") => format!("{out} (the rest is {allowed})"),
            peers => {
                let are = is_are(passing.v4.len() + passing.v6.len());
                format!("{out} ({peers} {are} {allowed})")
            }
        },
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

/// At the socket of the process that listens.
pub(super) fn listens(who: &str) -> String {
    format!("{who} listens")
}

/// At the rule of a conditional flow.
pub(super) const DECIDES: &str = "decides it, if it matches";

/// At a chain's policy, as iptables or nft writes it.
pub(super) const fn policy(nft: bool) -> &'static str {
    match nft {
        true => "policy drop: nothing accepts it",
        false => "policy DROP: nothing accepts it",
    }
}

/// At a default that the platform has where no rule matches; `profiles` are the Windows profiles that it is of.
pub(super) fn default(kind: PointKind, profiles: &str) -> String {
    match kind {
        PointKind::WindowsFirewall => format!("the {profiles} blocks by default"),
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
        Wrong::Program => format!("{lets} another program"),
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

/// A requirement of which an end has no export: the message, and what to do.
pub(super) fn unproven(row: u32, id: &str, ends: &str) -> (String, String) {
    (
        format!("row {row} (`{id}`) is not proven: no export covers {ends}"),
        "add the exports of these hosts, or set `require-evidence = \"none\"` under [check] in hylint.toml".into(),
    )
}

/// The sentences that tell several findings of one cause together, behind their number.
pub(super) mod folded {
    use super::Terms;
    use hylint_engine::Direction;

    /// Denied by one rule.
    pub(crate) fn by_rule(rule: &str) -> String {
        format!("required flows are blocked by {rule}")
    }

    /// No rule for a peer.
    pub(crate) fn no_rule(
        way: Direction,
        (from, to): (&str, &str),
        via: Option<&str>,
        terms: Terms,
    ) -> String {
        let of = match way {
            Direction::In => format!("inbound from `{from}`"),
            Direction::Out => format!("outbound to `{to}`"),
            Direction::Forward => format!("forwarded from `{from}` to `{to}`"),
        };
        let Terms { lets, stopped, .. } = terms;
        let through = super::through(via);
        format!("required flows {of}{through} are {stopped}: no rule {lets} them")
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

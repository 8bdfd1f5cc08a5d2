//! Required flows that do not pass: `missing-flow`, `blocked-flow`, `partial-flow`, `disabled-flow`, `no-return-path`,
//! `conditional-flow`; and `unverified-flow` where the site asks for evidence.

use super::command;
use super::describe;
use super::place::{self, decider_name, field_span, normalized, point_name, rule_span};
use super::reproduce;
use crate::finding::outcome::Status;
use crate::finding::{AssumptionId, Code, Finding, Identity, Place, Related, Severity};
use crate::judge::{
    Cause, Checked, Exports, Failure, FlowSpec, Judged, Miss, Overridden, Remedies, Serving,
    nearest, overridden, overruled,
};
use crate::rules::matrix::{Implied, Requirement};
use crate::site::Site;
use hylint_engine::{Decider, Direction, PointId, Reason, union_addrs};
use hylint_model::{Body, Discipline, Field, PointKind, RuleOrigin, Span, Test};
use hylint_space::PortSet;
use std::collections::HashMap;

/// Pairs named in a finding.
const PAIRS: usize = 20;

/// What a finding is about, in the matrix's words.
struct Subject<'a> {
    from: &'a str,
    to: &'a str,
    transport: &'static str,
    mandatory: bool,
    impact: &'a str,
    id: &'a str,
    row: Option<u32>,
}

/// How a required flow fails: a code for each.
#[derive(Clone, Copy)]
enum Stop {
    Conditional,
    NoReply,
    /// After the first packets and their replies.
    Next {
        /// A rule stops it, and not a policy.
        by_rule: bool,
    },
    Blocked,
    Disabled,
    Partial,
    Missing,
}

impl Stop {
    /// For a cause, whether a rule allows the flow and does not win, and whether a disabled one would.
    fn of(cause: Cause, by_rule: bool, overruled: bool, disabled: bool) -> Self {
        match cause {
            Cause::PeersUnknown
            | Cause::Undecided { .. }
            | Cause::ReplyUndecided { .. }
            | Cause::NextUndecided { .. } => Self::Conditional,
            Cause::ReplyDenied { .. } | Cause::OddReplyPorts { .. } => Self::NoReply,
            Cause::NextDenied { .. } => Self::Next { by_rule },
            Cause::Denied { .. } | Cause::OddPorts { .. } if overruled => Self::Blocked,
            Cause::Denied { .. } | Cause::OddPorts { .. } if disabled => Self::Disabled,
            Cause::Denied { partial: true } | Cause::OddPorts { partial: true } => Self::Partial,
            Cause::Denied { partial: false } | Cause::OddPorts { partial: false } => Self::Missing,
        }
    }

    fn code(self) -> Code {
        match self {
            Self::Conditional => Code::ConditionalFlow,
            Self::NoReply => Code::NoReturnPath,
            Self::Blocked | Self::Next { by_rule: true } => Code::BlockedFlow,
            Self::Disabled => Code::DisabledFlow,
            Self::Partial => Code::PartialFlow,
            Self::Missing | Self::Next { by_rule: false } => Code::MissingFlow,
        }
    }
}

/// Findings of the matrix.
#[must_use]
pub fn findings<'a>(
    exports: &'a Exports,
    site: &'a Site,
    judged: &[Judged<'a>],
    remedies: &mut Remedies,
) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    let mut stands: HashMap<String, usize> = HashMap::new();
    let serving = Serving::of(judged);
    for j in judged {
        let spec = FlowSpec::of(j.req, j.ports, site);
        let s = Subject {
            from: &j.req.from.name,
            to: &j.req.to.name,
            transport: j.req.transport.as_str(),
            mandatory: j.req.mandatory,
            impact: &j.req.impact,
            id: &j.req.id,
            row: Some(j.req.row),
        };
        for c in &j.checks {
            let Some(f) = &c.failure else { continue };
            // What rests on peers that nothing declares is one finding of the run (`undeclared`).
            if not_shown(exports, c, f) || f.cause == Cause::PeersUnknown {
                continue;
            }
            let finding = word(exports, &s, &spec, c, f, &serving, remedies);
            let dir = c.guard.direction.as_str();
            let key = format!(
                "{}|{}|{:?}|{dir}|{}|{}|{:?}|{}",
                finding.code, c.guard.name, c.guard.points, s.from, s.to, j.ports, s.transport
            );
            let at = *stands.entry(key).or_insert(out.len());
            match out.get_mut(at) {
                Some(first) => merge(first, finding),
                None => out.push(finding),
            }
        }
    }
    out
}

/// Whether the capture of a Windows firewall does not show what decides: the check is unverified, which is no finding by
/// itself, and `incomplete-export` names the command.
pub(super) fn not_shown(exports: &Exports, c: &Checked<'_>, f: &Failure<'_>) -> bool {
    let reason = Reason::IncompleteExport;
    let kind = c.guard.kind(exports);
    c.status == Status::Unverified
        && matches!(f.by, Decider::Nothing { reason: r, .. } if r == reason)
        && kind.is_some_and(PointKind::has_profiles)
}

/// Findings of flows that the vendor's remarks imply: warnings, outside the rows.
#[must_use]
pub fn implied<'a>(
    exports: &'a Exports,
    site: &'a Site,
    f: &'a Implied,
    checks: &[Checked<'a>],
    remedies: &mut Remedies,
) -> Vec<Finding> {
    let spec = FlowSpec::implied(f, site);
    let s = Subject {
        from: &f.from.name,
        to: &f.to.name,
        transport: f.transport.as_str(),
        mandatory: false,
        impact: &f.reason,
        id: &f.id,
        row: None,
    };
    checks
        .iter()
        .filter_map(|c| {
            let none = Serving::default();
            let f = c.failure.as_ref()?;
            if f.cause == Cause::PeersUnknown {
                return None;
            }
            Some(word(exports, &s, &spec, c, f, &none, remedies))
        })
        .collect()
}

/// Rows that state one flow share one finding.
fn merge(first: &mut Finding, f: Finding) {
    first.also.extend(
        f.row
            .filter(|r| Some(*r) != first.row && !first.also.contains(r)),
    );
    first.severity = first.severity.max(f.severity);
    for p in f.pairs {
        if !first.pairs.contains(&p) && first.pairs.len() < PAIRS {
            first.pairs.push(p);
        }
    }
    first.pairs_total = first.pairs_total.max(f.pairs_total);
    first.identity.peers = first.identity.peers.union(&f.identity.peers);
}

fn word<'a>(
    exports: &'a Exports,
    s: &Subject<'_>,
    spec: &FlowSpec<'a>,
    c: &Checked<'a>,
    f: &Failure<'a>,
    serving: &Serving,
    remedies: &mut Remedies,
) -> Finding {
    let plain = matches!(f.cause, Cause::Denied { .. } | Cause::OddPorts { .. });
    let always = always_blocks(exports, c, f);
    let allow = match always {
        true => {
            overruled(exports, &c.guard, spec, f).map(|(at, rule)| Overridden::Rule { at, rule })
        }
        false => overridden(exports, &c.guard, spec, f).filter(|_| plain),
    };
    let miss = if plain && allow.is_none() && !always {
        nearest(exports, c, spec, f, serving)
    } else {
        None
    };
    let disabled = miss.as_ref().is_some_and(|m| m.field == Field::Enabled);
    let stop = Stop::of(f.cause, f.by.rule().is_some(), allow.is_some(), disabled);
    let code = stop.code();
    let mild = f.cause.is_odd() || f.only_rate() || !s.mandatory;
    // What nobody looked through to its end may be closed.
    let severity = if mild && !f.over_budget() {
        Severity::Warning
    } else {
        Severity::Error
    };
    let policy = local_rules_disabled(exports, c);
    let unmerged = miss.as_ref().is_some_and(|m| m.field == Field::Origin);
    let off = policy.as_ref().filter(|_| unmerged);
    let decider = || nearer_default(exports, &f.by, c, miss.as_ref());
    let setting = off.filter(|_| f.by.rule().is_none());
    let place = setting
        .cloned()
        .or_else(|| place::decider_place(exports, &decider()));
    let by = match always {
        true => ALWAYS.to_owned(),
        false => place::known_as(exports, &f.by),
    };
    let message = message(s, c, f, stop, off.is_some(), &by);
    let mut out = Finding::new(code, severity, message, identity(s, c, f), place);
    out.label = match setting {
        Some(_) => POLICY.into(),
        None if always => "blocks all inbound packets, whatever the rules say".into(),
        None => label(f, stop),
    };
    out.rule = f.by.rule().map(|_| decider_name(exports, &f.by));
    out.host = Some(c.guard.name.to_owned());
    out.point = c.guard.points.first().map(|at| point_name(exports, *at));
    out.direction = Some(c.guard.direction);
    out.requirement = Some(s.id.to_owned());
    out.row = s.row;
    out.impact = Some(s.impact.to_owned());
    out.assumptions = c.assumption_texts();
    let packet = f.packets.first();
    out.witness = packet.and_then(place::witness).map(Box::new);
    if let Some(witness) = &out.witness {
        out.reproduce = reproduce::of_required(exports, &c.guard, s.row.map(|_| spec), f, witness);
    }
    pairs(&mut out, s, c, f);
    match allow {
        Some(Overridden::Rule { at, rule }) => {
            let span = rule_span(exports, at, rule);
            let label = "this rule allows it, but is overridden";
            relate(&mut out, exports, at, span, label);
        }
        Some(Overridden::Default(by)) => {
            let stated = place::decider_place(exports, &by).filter(|_| place::is_stated(&by));
            out.related.extend(stated.map(|place| Related {
                place,
                label: "allows it by default, but is overridden".into(),
            }));
        }
        None => {}
    }
    if let Some(m) = &miss {
        relate(
            &mut out,
            exports,
            m.at,
            field_span(exports, m.at, m.rule, m.field),
            &m.label,
        );
    }
    if let (Some(setting), Some(_)) = (off, f.by.rule()) {
        out.related.push(Related {
            place: setting.clone(),
            label: POLICY.into(),
        });
    }
    for cond in f.conditions.iter().take(5) {
        relate(
            &mut out,
            exports,
            f.by.at(),
            cond.span,
            &format!("not known: {}", cond.describe()),
        );
    }
    let steps = remedies.of(exports, c, spec, f, miss.as_ref(), s.id);
    out.commands = steps
        .and_then(|steps| command::of_steps(exports, steps))
        .unwrap_or_default();
    let mut points = c.guard.points.iter().filter_map(|at| exports.point(*at));
    let stateless = points.any(|p| !p.stateful);
    let kinds = (blocks_first(exports, c), stateless);
    let help = match always {
        true => "set the firewall policy of the profile to BlockInbound: BlockInboundAlways overrides every allow rule".into(),
        false => help(s, c, f, stop, kinds, own(exports, &f.by, &by)),
    };
    out.help = Some(match (&policy, stop) {
        (Some(_), Stop::Missing | Stop::Partial) => by_policy(help, f, unmerged),
        _ => help,
    });
    out
}

/// What a flow is known by: its transport and ports, and what stops it; and the peers for which it fails.
fn identity(s: &Subject<'_>, c: &Checked<'_>, f: &Failure<'_>) -> Identity {
    let norm = f.by.rule().map(normalized).unwrap_or_default();
    let peers = if c.guard.direction == Direction::Forward {
        let far = union_addrs(&f.packets, |p| &p.dst);
        union_addrs(&f.packets, |p| &p.src).union(&far)
    } else {
        f.peers(c.guard.direction)
    };
    Identity::of(&[s.transport, &place::known_ports(&f.ports()), &norm]).with_peers(peers)
}

/// Said of the setting that keeps local rules from acting.
const POLICY: &str = "policy disables local rules here";

/// The setting by which policy disables local rules where a check was made, if it does.
fn local_rules_disabled(exports: &Exports, c: &Checked<'_>) -> Option<Place> {
    let at = *c.guard.points.first()?;
    let span = exports.point(at)?.local_rules_disabled(c.guard.profile)?;
    place::place_in(exports, exports.settings(at), span)
}

/// The advice where a local rule would not act.
fn by_policy(help: String, f: &Failure<'_>, unmerged: bool) -> String {
    match (f.by.rule(), unmerged) {
        (None, true) => {
            "enable LocalFirewallRules for the profile in Group Policy, or put the rule there"
                .into()
        }
        _ => format!("{help} in Group Policy: LocalFirewallRules disables local rules"),
    }
}

/// The setting by which a Windows profile blocks all inbound packets, as netsh prints it.
const ALWAYS: &str = "BlockInboundAlways";

/// Whether a setting blocks the packets whatever the rules say.
fn always_blocks(exports: &Exports, c: &Checked<'_>, f: &Failure<'_>) -> bool {
    let Decider::Setting { at, span } = f.by else {
        return false;
    };
    let point = exports.point(at);
    let inbound = c.guard.direction != Direction::Out;
    let all = point.and_then(|p| p.overrides(inbound, c.guard.profile).all);
    all == Some((false, span))
}

/// What a rule that stops packets is called where new rules may come before it or behind it; nothing for one that closes
/// the list by its number.
fn own<'n>(exports: &Exports, by: &Decider<'_>, name: &'n str) -> &'n str {
    let numbers = exports.point(by.at()).and_then(|p| p.kind.rule_numbers());
    let number = by.rule().and_then(|r| r.priority);
    match (numbers, number) {
        (Some(own), Some(n)) if !own.contains(&n) => "",
        _ => name,
    }
}

/// Whether a deny where a check was made decides before every allow.
fn blocks_first(exports: &Exports, c: &Checked<'_>) -> bool {
    let mut points = c.guard.points.iter().filter_map(|at| exports.point(*at));
    points.any(|p| matches!(&p.body, Body::Lists(l) if l.discipline == Discipline::BlockOverAllow))
}

/// Of united groups the one that nearly allows it is the one to mend, so its default is the place.
fn nearer_default<'a>(
    exports: &'a Exports,
    by: &Decider<'a>,
    c: &Checked<'_>,
    miss: Option<&Miss<'_>>,
) -> Decider<'a> {
    let list = |at: PointId| match &exports.point(at)?.body {
        Body::Lists(l) if c.guard.direction == Direction::Out => Some(&l.egress),
        Body::Lists(l) => Some(&l.ingress),
        Body::Netfilter(_) => None,
    };
    match (by, miss) {
        (Decider::Default { at, .. }, Some(m)) if m.at != *at => {
            list(m.at).map_or(*by, |l| Decider::Default {
                at: m.at,
                default: &l.default,
            })
        }
        _ => *by,
    }
}

fn relate(out: &mut Finding, exports: &Exports, at: PointId, span: Span, label: &str) {
    if let Some(place) = place::place(exports, at, span) {
        out.related.push(Related {
            place,
            label: label.to_owned(),
        });
    }
}

fn verb(d: Direction) -> &'static str {
    match d {
        Direction::In => "is not let in",
        Direction::Out => "is not let out",
        Direction::Forward => "is not let through",
    }
}

fn verb_partly(d: Direction) -> &'static str {
    match d {
        Direction::In => "is only partly let in",
        Direction::Out => "is only partly let out",
        Direction::Forward => "is only partly let through",
    }
}

fn message(
    s: &Subject<'_>,
    c: &Checked<'_>,
    f: &Failure<'_>,
    stop: Stop,
    off: bool,
    by: &str,
) -> String {
    let flow = format!(
        "{} {} from {} to {}",
        s.transport.to_uppercase(),
        describe::ports(&f.ports()),
        s.from,
        s.to
    );
    let at = c.guard.name;
    let stopped = format!("{flow} {} at {at}", verb(c.guard.direction));
    match stop {
        Stop::NoReply if f.cause.is_odd() => format!(
            "{flow} passes at {at}, but replies to source ports {} do not",
            describe::ports(
                &f.packets
                    .iter()
                    .fold(PortSet::empty(), |a, p| a.union(&p.dport))
            )
        ),
        Stop::NoReply if matches!(f.state, "INVALID" | "UNTRACKED") => format!(
            "{flow} passes at {at}, but replies to it do not: their state is {}",
            f.state
        ),
        Stop::NoReply => format!("{flow} passes at {at}, but replies to it do not"),
        Stop::Next { by_rule } => {
            let why = if by_rule {
                "a rule denies"
            } else {
                "no rule allows"
            };
            format!("{stopped} after its first packet: {why} state {}", f.state)
        }
        Stop::Conditional => {
            format!("whether {flow} passes at {at} depends on what the export does not say")
        }
        Stop::Blocked => format!("{stopped}: {by} denies it"),
        Stop::Disabled => format!("{stopped}: the rule for it is disabled"),
        Stop::Partial => {
            let why = if off {
                ": policy disables the local rule for the rest"
            } else {
                ""
            };
            format!("{flow} {} at {at}{why}", verb_partly(c.guard.direction))
        }
        Stop::Missing if off && f.by.rule().is_some() => {
            format!("{stopped}: a rule denies it, and policy disables the local rule for it")
        }
        Stop::Missing if off => format!("{stopped}: policy disables the local rule for it"),
        Stop::Missing if matches!(f.by, Decider::Setting { .. }) && by == ALWAYS => {
            format!("{stopped}: {by} denies it")
        }
        Stop::Missing => format!("{stopped}: no rule allows it"),
    }
}

fn label(f: &Failure<'_>, stop: Stop) -> String {
    match (&f.by, stop) {
        (Decider::Rule { .. }, Stop::Conditional) => "this rule decides, if it matches".into(),
        (Decider::Rule { .. }, _) => "this rule stops it".into(),
        (Decider::Policy { chain, .. }, _) => {
            format!("nothing allows it before the policy of {}", chain.name)
        }
        (Decider::Default { .. } | Decider::Setting { .. }, _) => {
            "nothing allows it before this default".into()
        }
        (Decider::Nothing { reason, .. }, _) => reason.as_str().into(),
    }
}

fn pairs(out: &mut Finding, s: &Subject<'_>, c: &Checked<'_>, f: &Failure<'_>) {
    // Of peers that nothing declares only the role is known.
    let asked = c.asked.as_deref();
    if asked.is_some_and(|(_, peers)| peers.unknown && !peers.external) {
        out.pairs_total = 1;
        out.pairs = vec![match c.guard.direction {
            Direction::Out => format!("{} -> {}", c.guard.name, s.to),
            Direction::In | Direction::Forward => format!("{} -> {}", s.from, c.guard.name),
        }];
        return;
    }
    let peers = f.peers(c.guard.direction);
    // Through a firewall both ends are others; at a host one is the host itself.
    let far = f
        .packets
        .first()
        .filter(|_| c.guard.direction == Direction::Forward);
    let me = far.map_or_else(
        || c.guard.name.to_owned(),
        |p| if f.cause.is_reply() { &p.src } else { &p.dst }.to_string(),
    );
    let text = |p: String| {
        if c.guard.direction == Direction::Out {
            format!("{me} -> {p}")
        } else {
            format!("{p} -> {me}")
        }
    };
    out.pairs_total = peers.v4.len() + peers.v6.len();
    out.pairs = peers.texts().take(PAIRS).map(text).collect();
}

/// The ports that fail, as rules see them where the packets are stopped.
fn flow_there(f: &Failure<'_>) -> String {
    let ports = f.ports();
    let Some(onward) = f.onward.as_ref().filter(|_| !f.cause.is_reply()) else {
        return describe::ports(&ports);
    };
    let there = describe::ports(&onward.dport);
    if onward.through {
        let to: Vec<String> = onward.dst.texts().take(4).collect();
        format!("{there} to {} (after translation)", to.join(", "))
    } else if onward.dport != ports {
        format!("{there} (after translation)")
    } else {
        there
    }
}

fn help(
    s: &Subject<'_>,
    c: &Checked<'_>,
    f: &Failure<'_>,
    stop: Stop,
    (blocks_first, stateless): (bool, bool),
    by: &str,
) -> String {
    let flow = format!("{} {}", s.transport.to_uppercase(), flow_there(f));
    let out = c.guard.direction == Direction::Out && !f.cause.is_reply();
    let peers = match f.onward.as_ref().filter(|_| out) {
        Some(onward) => onward.dst.clone(),
        None => f.peers(c.guard.direction),
    };
    let peers: Vec<String> = peers.texts().take(4).collect();
    let who = if c
        .assumptions
        .iter()
        .any(|(a, _)| *a == AssumptionId::PeersUnknown)
    {
        format!(
            "the hosts of {}",
            if c.guard.direction == Direction::Out {
                s.to
            } else {
                s.from
            }
        )
    } else {
        peers.join(", ")
    };
    if f.cause.is_odd() {
        return "set `deployment.ephemeral` to the source ports that the clients use".into();
    }
    match stop {
        Stop::Conditional => match f.conditions.first().map(|c| &c.test) {
            Some(Test::Named { key, .. }) => {
                format!(
                    "say in hylint.toml which addresses it stands for: `[resolve]` \"{key}\" = [...]"
                )
            }
            _ => "make the rule unconditional for this flow, or export what decides it".into(),
        },
        Stop::Blocked if blocks_first => {
            let policy =
                f.by.rule()
                    .is_some_and(|r| r.origin == RuleOrigin::GroupPolicy);
            let whose = if policy { " in Group Policy" } else { "" };
            format!("narrow or remove {by}{whose}: a block overrides every allow")
        }
        Stop::Blocked if !by.is_empty() => format!("narrow {by}, or allow {flow} before it"),
        Stop::Disabled => "enable the rule".into(),
        Stop::NoReply if stateless => format!(
            "allow the replies {} to TCP and UDP ports {} of {who}: this point keeps no state",
            match c.guard.direction {
                Direction::In => "out",
                Direction::Out => "in",
                Direction::Forward => "through",
            },
            describe::ports(
                &f.packets
                    .iter()
                    .fold(PortSet::empty(), |a, p| a.union(&p.dport))
            ),
        ),
        Stop::NoReply if f.state == "INVALID" || f.state == "UNTRACKED" => {
            "track both directions of the connection, or neither and accept state UNTRACKED".into()
        }
        Stop::NoReply => "allow the replies: state RELATED,ESTABLISHED".into(),
        Stop::Next { .. } if f.state == "ESTABLISHED" => {
            let direction = match c.guard.direction {
                Direction::In => "in from",
                Direction::Out => "out to",
                Direction::Forward => "through from and to",
            };
            format!("allow {flow} {direction} {who} in state ESTABLISHED too, not only NEW or SYN")
        }
        Stop::Next { .. } => {
            "track both directions of the connection, or neither and accept state UNTRACKED".into()
        }
        Stop::Partial | Stop::Missing | Stop::Blocked => {
            let allow = match c.guard.direction {
                Direction::In => format!("allow {flow} in from {who}"),
                Direction::Out => format!("allow {flow} out to {who}"),
                Direction::Forward => format!("let {flow} from {} through to {}", s.from, s.to),
            };
            match f.by.rule() {
                Some(_) if blocks_first => format!("narrow or remove {by}, and {allow}"),
                Some(_) if !by.is_empty() => format!("{allow}, before {by}"),
                _ => allow,
            }
        }
    }
}

/// A requirement that rests on no export of some of its ends.
#[must_use]
pub fn unproven(req: &Requirement, unproven: &[String]) -> Finding {
    let ends = unproven
        .iter()
        .take(PAIRS)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let text = format!(
        "{} from {} to {} rests on no export of {ends}",
        req.id, req.from.name, req.to.name
    );
    let identity = Identity::of(&[&ends]);
    let mut f = Finding::new(Code::UnverifiedFlow, Severity::Error, text, identity, None);
    f.requirement = Some(req.id.clone());
    f.row = Some(req.row);
    f.help = Some("add the export of these hosts, or relax `[check] require-evidence`".into());
    f
}

//! Judges packets one by one.

use super::packet::Packet;
use super::process::Processes;
use crate::finding::{AssumptionId, DeciderKind};
use crate::judge::Exports;
use crate::lints::chain::{self, NamedChain};
use crate::lints::{depends, place};
use hylint_engine::{
    Branch, Context, Decider, Direction, Effect, LocalPolicy, PointId, Process, Reason, SetId,
    Step, evaluate_logged,
};
use hylint_model::{Chain, Condition, DefaultOrigin, PointKind, Profiles, Rule, Span, Test};
use hylint_parsers::nft;
use hylint_space::{AddrSet, PacketBox};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What happens to a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It passes, whatever the open conditions are.
    Allow,
    /// It does not, whatever they are.
    Deny,
    /// They decide.
    Conditional,
}

impl Verdict {
    /// The name in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Conditional => "conditional",
        }
    }
}

/// What decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decided {
    /// Number of its export.
    pub export: SetId,
    /// Its text; empty for what the export does not print.
    pub span: Span,
    /// Its line from 1; `None` for what the export does not print.
    pub line: Option<u32>,
    /// Its column from 1, where the line holds more than it.
    pub column: Option<u32>,
    /// The rule's name, or the chain's.
    pub name: String,
    /// `rule`, `policy`, `default` or `implicit`.
    pub kind: DeciderKind,
}

/// A place on the way through chains.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hop {
    /// Table and chain.
    pub chain: String,
    /// Jumps that lead here.
    pub depth: usize,
    /// The line of the rule, or of the chain's policy.
    pub line: Option<u32>,
    /// Its column, where the line holds more than it.
    pub column: Option<u32>,
    /// The file of the line, where it is another than the export's own.
    pub file: Option<Arc<str>>,
    /// Its text.
    pub text: String,
    /// False if it depends on conditions whether the packet is taken here.
    pub certain: bool,
}

/// The answer for one packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traced {
    /// What happens.
    pub verdict: Verdict,
    /// What decided; of a conditional verdict, what decides one way.
    pub by: Option<Decided>,
    /// What a conditional verdict depends on, as rules and outputs name it.
    pub conditions: Vec<String>,
    /// The same in words, each at the place of its condition.
    pub depends: Vec<String>,
    /// What was taken to be so because the export does not say.
    pub assumptions: Vec<AssumptionId>,
    /// What was taken to be so of the process behind the port, in words.
    pub process: Option<String>,
    /// The way through chains, if it was asked for.
    pub path: Vec<Hop>,
}

/// Everything that stays the same from packet to packet.
#[derive(Clone, Copy, Debug)]
pub struct Tracer<'a> {
    /// The export and what it refers to.
    pub exports: &'a Exports,
    /// Layers that all must agree, each a union of points.
    pub layers: &'a [Vec<PointId>],
    /// Names that resolve to addresses.
    pub resolve: &'a BTreeMap<String, AddrSet>,
    /// Addresses of which it is not known whether such a name holds them.
    pub open: Option<&'a BTreeMap<String, AddrSet>>,
    /// The way that packets go.
    pub direction: Direction,
    /// The profile, if the caller says.
    pub profile: Option<Profiles>,
    /// The filter table alone.
    pub filter_only: bool,
    /// The process behind the port.
    pub processes: Processes<'a>,
}

impl Tracer<'_> {
    /// Judges a packet. `path` asks for the way through chains too.
    #[must_use]
    pub fn judge(&self, packet: &Packet, path: bool) -> Traced {
        let mut whole: Option<Traced> = None;
        let query = packet.space();
        for layer in self.layers {
            let first = layer.first().and_then(|at| self.exports.point(*at));
            let Some(active) = first.map(|p| p.active_profiles(self.profile)) else {
                continue;
            };
            let mut here: Option<(Traced, Profiles)> = None;
            for profile in active.passes() {
                let mut one = self.judge_layer(layer, packet, &query, profile, path);
                if active.is_assumed() {
                    one.assumptions.push(AssumptionId::ProfileDomain);
                }
                here = Some(match here {
                    None => (one, profile),
                    Some((w, first)) => (either(w, one, (first, profile)), first),
                });
            }
            let Some((one, _)) = here else { continue };
            whole = Some(match whole {
                None => one,
                Some(w) => both(w, one),
            });
        }
        whole.unwrap_or_else(|| Traced {
            verdict: Verdict::Conditional,
            by: None,
            conditions: vec![Reason::IncompleteExport.as_str().into()],
            depends: vec![depends::reason(Reason::IncompleteExport).into()],
            assumptions: Vec::new(),
            process: None,
            path: Vec::new(),
        })
    }

    fn judge_layer(
        &self,
        points: &[PointId],
        packet: &Packet,
        query: &PacketBox,
        profile: Profiles,
        path: bool,
    ) -> Traced {
        let local = match self.direction {
            Direction::In => AddrSet::host(packet.dst),
            Direction::Out => AddrSet::host(packet.src),
            Direction::Forward => AddrSet::empty(),
        };
        let policy = LocalPolicy::Literal {
            uid: packet.uid,
            gid: packet.gid,
            mac: packet.smac.as_deref(),
            mark: packet.mark,
        };
        let first = points.first().and_then(|at| self.exports.point(*at));
        let asks = first
            .is_some_and(|p| p.kind.has_profiles() && Processes::matter(p, self.direction, query));
        let (process, assumed) = if asks {
            self.processes.of(packet, self.direction)
        } else {
            (Process::Unknown, None)
        };
        let ctx = Context {
            profile,
            process,
            filter_only: self.filter_only,
            open: self.open,
            ..Context::new(self.exports, self.resolve, &local, policy)
        };
        let mut steps = Vec::new();
        let log = path.then_some(&mut steps);
        let branches = evaluate_logged(&ctx, points, self.direction, query, log);
        let mut traced = self.sum_up(&branches);
        if assumed.is_some() {
            traced.assumptions.push(AssumptionId::Listener);
        }
        traced.process = assumed;
        let export = points.first().map_or(SetId::default(), |at| at.set);
        let nft = chain::is_nft(self.exports, PointId::new(export, 0));
        // What one rule of the export does may take several in the model: the last is where it ends.
        steps.dedup_by(|next, s| {
            let one = same_rule(s, next);
            if one {
                *s = *next;
            }
            one
        });
        traced.path = steps.iter().map(|s| self.hop(export, nft, s)).collect();
        traced
    }

    /// The verdict of all branches of one layer.
    fn sum_up(&self, branches: &[Branch<'_>]) -> Traced {
        let all = |e: Effect| !branches.is_empty() && branches.iter().all(|b| b.effect == e);
        let verdict = if all(Effect::Allow) {
            Verdict::Allow
        } else if all(Effect::Deny) {
            Verdict::Deny
        } else {
            Verdict::Conditional
        };
        let mut assumptions = Vec::new();
        let hidden = |b: &Branch<'_>| {
            b.effect == Effect::Allow && crate::judge::hides_others(self.exports.point(b.by.at()))
        };
        if branches.iter().any(hidden) {
            assumptions.push(AssumptionId::OtherNftTables);
        }
        for b in branches {
            let brief = b.assumed.iter().any(|c| matches!(c.test, Test::Unprinted));
            let default = matches!(b.by, Decider::Default { default, .. } if default.origin == DefaultOrigin::Assumed);
            let allowed = b.effect == Effect::Allow;
            let program = |c: &&Condition| matches!(c.test, Test::Program(_) | Test::Service(_));
            for (holds, name) in [
                (
                    allowed && b.assumed.iter().any(program),
                    AssumptionId::Program,
                ),
                (allowed && !b.passed.is_empty(), AssumptionId::OtherProgram),
                (
                    b.assumed
                        .iter()
                        .any(|c| matches!(c.test, Test::InterfaceTypes { .. })),
                    AssumptionId::InterfaceType,
                ),
                (brief, AssumptionId::BriefExport),
                (default, AssumptionId::WindowsDefaults),
            ] {
                if holds && !assumptions.contains(&name) {
                    assumptions.push(name);
                }
            }
        }
        let (conditions, depends) = match verdict {
            Verdict::Conditional => self.conditions(branches).into_iter().unzip(),
            _ => (Vec::new(), Vec::new()),
        };
        Traced {
            verdict,
            by: decider(branches).and_then(|d| self.decided(d)),
            conditions,
            depends,
            assumptions,
            process: None,
            path: Vec::new(),
        }
    }

    /// What the branches of a conditional verdict depend on, in the order of their rules: its name, and in words.
    fn conditions(&self, branches: &[Branch<'_>]) -> Vec<(String, String)> {
        let mut out: Vec<(String, String)> = Vec::new();
        let mut add = |text: &str, words: String| {
            if !out.iter().any(|(o, _)| o == text) {
                out.push((text.to_owned(), words));
            }
        };
        for b in branches {
            for c in &b.conditions {
                add(&c.text, depends::on(c, std::slice::from_ref(&b.space)));
            }
            match &b.by {
                Decider::Nothing { reason, .. } if b.effect == Effect::Unknown => {
                    let id = reason.as_str();
                    add(id, format!("{id}: {}", depends::reason(*reason)));
                }
                Decider::Rule { rule, at } => {
                    let kind = self.exports.point(*at).map(|p| p.kind);
                    let kind = kind.unwrap_or(PointKind::Netfilter);
                    for text in rule.action.opaque() {
                        add(text, depends::action(text, kind));
                    }
                }
                _ => {}
            }
        }
        // The only dimensions that may hold more than one value: what the caller left open.
        let (mut sports, mut dports, mut outs) = (false, false, false);
        if let Some(first) = branches.first() {
            sports = branches.iter().any(|b| b.space.sport != first.space.sport);
            dports = branches.iter().any(|b| b.space.dport != first.space.dport);
            let out = &first.space.out_iface;
            outs = branches.iter().any(|b| b.space.out_iface != *out);
        }
        for (open, text, option) in [
            (sports, "source port", "--sport"),
            (dports, "destination port", "--dport"),
            (outs, "outgoing interface", "--out-iface"),
        ] {
            if open {
                add(text, format!("the {text}, which {option} sets"));
            }
        }
        // What is left: the new address or port is one of several, and rules tell them apart.
        if out.is_empty() {
            let text = "translation to one of several addresses or ports";
            out.push((text.to_owned(), text.to_owned()));
        }
        out
    }

    fn decided(&self, d: &Decider<'_>) -> Option<Decided> {
        let export = place::home(self.exports, d);
        let source = &self.exports.get(export)?.source;
        let (span, name) = match d {
            Decider::Rule { rule, .. } => (rule.span, rule.name.to_string()),
            Decider::Policy { chain, .. } => {
                let span = chain.policy.map_or(chain.span, |p| p.span);
                (span, place::decider_name(self.exports, d))
            }
            Decider::Default { default, .. } if default.origin == DefaultOrigin::Stated => {
                (default.span, "default".to_owned())
            }
            Decider::Default { .. } => (Span::default(), "default".to_owned()),
            Decider::Setting { span, .. } => (*span, "default".to_owned()),
            Decider::Nothing { .. } => return None,
        };
        Some(Decided {
            export,
            span,
            line: (!span.is_empty()).then(|| source.position(span.start).line),
            column: place::column(source, span),
            name,
            kind: place::decider_kind(d),
        })
    }

    fn hop(&self, export: SetId, nft: bool, s: &Step<'_>) -> Hop {
        let span = match s.rule {
            Some(r) => r.span,
            None => s.chain.span,
        };
        let source = self.exports.get(export).map(|e| &e.source);
        let text = match (s.rule, s.chain.policy) {
            (None, Some(p)) => match (p.allow, nft) {
                (true, true) => "policy accept".into(),
                (false, true) => "policy drop".into(),
                (true, false) => "policy ACCEPT".into(),
                (false, false) => "policy DROP".into(),
            },
            (None, None) => "end of the chain".into(),
            (Some(r), _) => {
                let text = source.map_or(String::new(), |s| rule_text(s.slice(span)));
                match goes_on(s.chain, r) {
                    true => format!("{text}  (in part)"),
                    false => text,
                }
            }
        };
        Hop {
            chain: NamedChain::new(s.table, s.chain, nft).path(),
            depth: s.depth,
            line: source
                .filter(|_| !span.is_empty())
                .map(|s| s.position(span.start).line),
            column: source.and_then(|s| place::column(s, span)),
            file: source
                .filter(|_| !span.is_empty())
                .and_then(|s| s.part(span.start))
                .map(|p| p.path.clone()),
            text,
            certain: s.certain,
        }
    }
}

/// Whether two steps are of one rule of the export.
fn same_rule(a: &Step<'_>, b: &Step<'_>) -> bool {
    let rules = a.rule.zip(b.rule);
    rules.is_some_and(|(x, y)| x.span == y.span && !x.span.is_empty())
        && std::ptr::eq(a.chain, b.chain)
        && a.depth == b.depth
}

/// Whether the rule of the export does more than this rule of the model.
fn goes_on(chain: &Chain, rule: &Rule) -> bool {
    let at = chain.rules.iter().position(|r| std::ptr::eq(r, rule));
    let next = at.and_then(|n| chain.rules.get(n + 1));
    next.is_some_and(|r| r.span == rule.span && !r.span.is_empty())
}

/// How an export writes a rule; of nft's JSON as nft lists it.
pub(super) fn rule_text(text: &str) -> String {
    let text = text.trim();
    nft::listed(text).unwrap_or_else(|| text.to_owned())
}

/// What decided. If the branches agree, the one that rests on least; else the first rule whose own conditions are open.
fn decider<'b, 'a>(branches: &'b [Branch<'a>]) -> Option<&'b Decider<'a>> {
    let first = branches.first()?;
    if branches.iter().all(|b| b.effect == first.effect) {
        let least = branches
            .iter()
            .min_by_key(|b| (b.by_chance(), b.conditions.len()));
        return least.map(|b| &b.by);
    }
    let unknown = branches.iter().find(|b| b.effect == Effect::Unknown);
    unknown
        .or_else(|| branches.iter().find(|b| b.by_chance()))
        .or_else(|| branches.iter().find(|b| !b.conditions.is_empty()))
        .or(Some(first))
        .map(|b| &b.by)
}

/// One layer in two active profiles: which of them the packet's interface has is not known.
fn either(a: Traced, b: Traced, (p, q): (Profiles, Profiles)) -> Traced {
    let (x, y) = (a.verdict, b.verdict);
    let mut out = both(a, b);
    if x != y {
        out.verdict = Verdict::Conditional;
        let name = |p: Profiles| p.name().unwrap_or_default();
        let (x, y) = (x.as_str(), y.as_str());
        let text = format!("the active profile: {x} in {}, {y} in {}", name(p), name(q));
        out.conditions.push(text.clone());
        out.depends.push(text);
    }
    out
}

/// Two layers that must both let a packet through.
fn both(a: Traced, b: Traced) -> Traced {
    let rank = |v: Verdict| match v {
        Verdict::Deny => 0,
        Verdict::Conditional => 1,
        Verdict::Allow => 2,
    };
    let (mut first, second) = if rank(b.verdict) < rank(a.verdict) {
        (b, a)
    } else {
        (a, b)
    };
    if first.verdict == Verdict::Conditional {
        for (c, words) in second.conditions.into_iter().zip(second.depends) {
            if !first.conditions.contains(&c) {
                first.conditions.push(c);
                first.depends.push(words);
            }
        }
    }
    for a in second.assumptions {
        if !first.assumptions.contains(&a) {
            first.assumptions.push(a);
        }
    }
    first.process = first.process.or(second.process);
    first.path.extend(second.path);
    first
}

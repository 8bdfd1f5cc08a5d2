//! A required flow that fails at a host, with what its sentences are about.

use super::stop::Stop;
use super::words::{self, Flow, Part, Terms, Why};
use crate::finding::Place;
use crate::judge::{
    Cause, Checked, Exports, Failure, FlowSpec, Miss, Overridden, Serving, Wrong, listening,
    nearest, overridden, overruled,
};
use crate::lints::{chain, depends, describe, place};
use hylint_engine::{Decider, Direction};
use hylint_model::{
    Action, Body, Condition, Discipline, Point, PointKind, Rule, RuleOrigin, Test, file_name,
};
use hylint_space::PortSet;

/// What a finding is about, in the matrix's words.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) transport: &'static str,
    pub(super) mandatory: bool,
    pub(super) impact: &'a str,
    pub(super) id: &'a str,
    pub(super) row: Option<u32>,
    pub(super) ports: &'a [u16],
    /// Any one of the ports suffices.
    pub(super) any: bool,
}

/// A failed check with what its sentences are about.
pub(super) struct Case<'c, 'a> {
    pub(super) exports: &'a Exports,
    pub(super) subject: &'c Subject<'c>,
    pub(super) checked: &'c Checked<'a>,
    pub(super) failure: &'c Failure<'a>,
    pub(super) stop: Stop,
    pub(super) terms: Terms,
    pub(super) kind: PointKind,
    /// The allow or default that a deny overrides.
    pub(super) allow: Option<Overridden<'a>>,
    /// The rule that all but allows the flow.
    pub(super) miss: Option<Miss<'a>>,
    /// Whether a setting blocks the packets whatever the rules say.
    pub(super) always: bool,
    /// The setting by which policy disables local rules, if it does.
    pub(super) policy: Option<Place>,
    /// What decides, as people find it in their console.
    pub(super) by: String,
}

impl<'c, 'a> Case<'c, 'a> {
    pub(super) fn new(
        exports: &'a Exports,
        subject: &'c Subject<'c>,
        spec: &FlowSpec<'a>,
        checked: &'c Checked<'a>,
        failure: &'c Failure<'a>,
        serving: &Serving,
    ) -> Self {
        let (c, f) = (checked, failure);
        let plain = matches!(f.cause, Cause::Denied { .. } | Cause::OddPorts { .. });
        let always = always_blocks(exports, c, f);
        let allow = match always {
            true => overruled(exports, &c.guard, spec, f)
                .map(|(at, rule)| Overridden::Rule { at, rule }),
            false => overridden(exports, &c.guard, spec, f).filter(|_| plain),
        };
        let miss = if plain && allow.is_none() && !always {
            nearest(exports, c, spec, f, serving)
        } else {
            None
        };
        let disabled = miss.as_ref().is_some_and(|m| m.wrong == Wrong::Disabled);
        let kind = exports.point(f.by.at()).map(|p| p.kind);
        let kind = kind.or_else(|| c.guard.kind(exports));
        let kind = kind.unwrap_or(PointKind::Netfilter);
        Self {
            exports,
            subject,
            checked,
            failure,
            stop: Stop::of(f.cause, f.by.rule().is_some(), allow.is_some(), disabled),
            terms: Terms::of(kind, place::rejects(exports, &f.by)),
            kind,
            allow,
            miss,
            always,
            policy: local_rules_disabled(exports, c),
            by: place::known_as(exports, &f.by),
        }
    }

    /// The process that a listing shows behind the port, with where it stands, if the nearest rule is for another one.
    pub(super) fn other_program(&self) -> Option<(String, &'a Place)> {
        self.miss.as_ref().filter(|m| m.wrong == Wrong::Program)?;
        let packets = self.failure.packets.first()?;
        let (running, place) = self.checked.guard.behind(packets)?;
        Some((listening(&running), place))
    }

    /// What listens, and what the nearest rule is for: paths where the file names are the same.
    fn programs(&self) -> Option<(String, String)> {
        let miss = self.miss.as_ref().filter(|m| m.wrong == Wrong::Program)?;
        let (running, _) = self.checked.guard.behind(self.failure.packets.first()?)?;
        let (mut program, mut service) = (None, None);
        for c in &miss.clause.conditions {
            match &c.test {
                Test::Program(p) => program = Some(&**p),
                Test::Service(s) if &**s != "*" => service = Some(&**s),
                _ => {}
            }
        }
        let file = program.map(file_name);
        let same = file.is_some_and(|f| f.eq_ignore_ascii_case(file_name(running.program)));
        Some(match (service, program) {
            (None, Some(path)) if same => (running.program.to_owned(), path.to_owned()),
            (Some(service), _) => (listening(&running), service.to_owned()),
            // `Service: Any`, without a program.
            (None, None) => (listening(&running), "services".to_owned()),
            (None, _) => (listening(&running), file.unwrap_or_default().to_owned()),
        })
    }

    /// Whether the flow's own local rule does not act because of policy.
    pub(super) fn unmerged(&self) -> bool {
        let origin = |m: &Miss<'_>| m.wrong == Wrong::LocalRulesDisabled;
        self.miss.as_ref().is_some_and(origin)
    }

    /// The setting of policy that is to blame.
    pub(super) fn off(&self) -> Option<&Place> {
        self.policy.as_ref().filter(|_| self.unmerged())
    }

    /// What a rule that stops packets is called where new rules may come before it; none for one that is the end of its
    /// list by the platform.
    pub(super) fn own(&self) -> Option<&str> {
        let rule = self.failure.by.rule()?;
        let point = self.exports.point(self.failure.by.at());
        let numbers = point.and_then(|p| p.kind.rule_numbers());
        let closing = match (numbers, rule.priority) {
            (Some(own), Some(n)) => !own.contains(&n),
            _ => rule.origin == RuleOrigin::Platform,
        };
        (!closing).then_some(self.by.as_str())
    }

    pub(super) fn flow(&self) -> Flow<'_> {
        let (s, f) = (self.subject, self.failure);
        let mut ports = describe::ports(&f.ports());
        // Of several ports that each suffice, the failure is of the one that came closest.
        let others = s.ports.iter().filter(|p| !f.ports().contains(**p));
        let others: Vec<String> = others.map(u16::to_string).collect();
        if s.any && !others.is_empty() && self.checked.passing.is_empty() {
            ports = format!("{ports} (or {})", others.join(", "));
        }
        Flow {
            host: self.checked.guard.name,
            terms: self.terms,
            direction: self.checked.guard.direction,
            service: format!("{} {ports}", s.transport.to_uppercase()),
            from: s.from,
            to: s.to,
            via: self.via(),
            sees_via: self.checked.sees_via(),
        }
    }

    /// What stands between the ends, with its front.
    pub(super) fn via(&self) -> Option<&'a str> {
        self.checked.through.map(|t| t.via.label.as_str())
    }

    /// Which part of the flow fails.
    pub(super) fn part(&self) -> Part {
        let (c, f) = (self.checked, self.failure);
        let sources = |port: fn(&hylint_space::PacketBox) -> &PortSet| {
            let each = f.packets.iter().map(port);
            Part::SourcePorts(each.fold(PortSet::empty(), |all, one| all.union(one)))
        };
        if f.cause.is_odd() {
            return match f.cause.is_reply() {
                true => sources(|p| &p.dport),
                false => sources(|p| &p.sport),
            };
        }
        if self.one_port() {
            return Part::All;
        }
        let passing = &f.passing;
        if !passing.ports.is_empty() {
            let passing = passing.ports.clone();
            return Part::Ports { passing };
        }
        let declared = c.asked.as_deref().is_some_and(|(_, p)| !p.unknown);
        if !passing.peers.is_empty() && declared {
            return Part::Peers {
                failing: f.peers(c.guard.direction),
                passing: passing.peers.clone(),
            };
        }
        match passing.sports.is_empty() || self.stop != Stop::Partial {
            true => Part::Some,
            false => sources(|p| &p.sport),
        }
    }

    /// Whether other ports pass here, each of which suffices, and none of them at every other host.
    fn one_port(&self) -> bool {
        self.subject.any && !self.checked.passing.is_empty()
    }

    /// Why the flow does not pass.
    pub(super) fn why(&self) -> Why {
        let (exports, c, f) = (self.exports, self.checked, self.failure);
        let by = || self.by.clone();
        let windows = blocks_first(exports, c);
        let off = self.off().is_some();
        let blocked = || f.by.rule().map(|_| by());
        match self.stop {
            Stop::Conditional => self.undecided(),
            Stop::NoReply if f.cause.is_odd() => Why::Said,
            Stop::NoReply if f.state == "INVALID" => Why::Invalid,
            Stop::NoReply if f.state == "UNTRACKED" => Why::NoState(f.state),
            Stop::NoReply => Why::Said,
            Stop::Next { by_rule } if !f.state.is_empty() => match by_rule {
                true => Why::State(by(), f.state),
                false => Why::NoState(f.state),
            },
            Stop::Next { .. } => Why::NoRule,
            _ if self.always => Why::BlockAlways,
            Stop::Blocked => match &self.allow {
                Some(Overridden::Rule { at, rule }) => Why::Overridden {
                    by: by(),
                    allow: (!windows).then(|| {
                        let (at, rule) = (*at, *rule);
                        place::known_as(exports, &Decider::Rule { at, rule })
                    }),
                },
                _ => Why::RuleAlone(by()),
            },
            _ if self.one_port() => {
                let ports = c.passing.iter().map(|p| c.port(*p).to_string());
                let passing = words::all_of(ports);
                Why::OnePort { passing }
            }
            Stop::Disabled => Why::Disabled(self.missed().unwrap_or_default()),
            Stop::Missing | Stop::Partial if self.programs().is_some() => {
                let (listens, asks) = self.programs().unwrap_or_default();
                let rule = self.missed().unwrap_or_default();
                Why::OtherProgram {
                    rule,
                    asks,
                    listens,
                }
            }
            Stop::Partial if off => Why::LocalRules { blocked: blocked() },
            Stop::Partial => Why::Said,
            Stop::Missing if off => Why::LocalRules { blocked: blocked() },
            Stop::Missing => match self.own() {
                Some(by) if windows => Why::NoRuleAndBlocked(by.to_owned()),
                Some(by) => Why::Closed(by.to_owned()),
                None => Why::NoRule,
            },
        }
    }

    /// What an undecided flow depends on.
    pub(super) fn undecided(&self) -> Why {
        let f = self.failure;
        match (f.conditions.as_slice(), &f.by) {
            ([first, rest @ ..], _) => {
                let first = depends::on(first, &f.packets);
                Why::Depends(match rest.len() {
                    0 => first,
                    1 => format!("{first}, and 1 more condition"),
                    n => format!("{first}, and {n} more conditions"),
                })
            }
            (_, Decider::Nothing { reason, .. }) => Why::Undecided(depends::reason(*reason)),
            (_, Decider::Rule { rule, .. }) => match rule.action.opaque().next() {
                Some(text) => Why::Depends(depends::action(text, self.kind)),
                None => Why::Depends(format!("{} and what it refers to", self.by)),
            },
            _ => Why::Depends("what the export does not show".into()),
        }
    }

    /// The nearest miss as people find it in their console.
    pub(super) fn missed(&self) -> Option<String> {
        let m = self.miss.as_ref()?;
        let decider = Decider::Rule {
            at: m.at,
            rule: m.rule,
        };
        Some(place::known_as(self.exports, &decider))
    }

    /// The rule that asks a condition, with what it is called.
    pub(super) fn asking(&self, c: &Condition) -> Option<(String, &'a Rule)> {
        let points = self.checked.guard.points.iter();
        let mut rules = points.flat_map(|at| {
            let rules = self.exports.point(*at).into_iter().flat_map(Point::rules);
            rules.map(move |r| (*at, r))
        });
        let (at, rule) = rules.find(|(_, r)| r.conditions().any(|o| std::ptr::eq(o, c)))?;
        Some((
            place::known_as(self.exports, &Decider::Rule { at, rule }),
            rule,
        ))
    }

    /// Whether it depends on rules that the export has and that are not read: they stand nowhere in it.
    pub(super) fn is_unread(&self) -> bool {
        let first = self.failure.conditions.first();
        let asked = first.and_then(|c| self.asking(c)).map(|(_, rule)| rule);
        let unread = |r: &Rule| matches!(r.action, Action::Opaque(_)) && r.span.is_empty();
        asked.into_iter().chain(self.failure.by.rule()).any(unread)
    }

    /// The role at the other end.
    pub(super) fn peers(&self) -> &str {
        match self.checked.guard.direction {
            Direction::Out => self.subject.to,
            Direction::In | Direction::Forward => self.subject.from,
        }
    }

    /// The label at the place of what decides.
    pub(super) fn label(&self) -> String {
        let conditional = self.stop == Stop::Conditional;
        match &self.failure.by {
            _ if self.always => words::ALWAYS.into(),
            Decider::Rule { .. } if conditional => words::DECIDES.into(),
            Decider::Rule { .. } => words::stops_here(self.terms),
            Decider::Policy { at, .. } => words::policy(chain::is_nft(self.exports, *at)).into(),
            Decider::Default { .. } | Decider::Setting { .. } => {
                words::default(self.kind, &self.checked.guard.profile.told())
            }
            Decider::Nothing { reason, .. } => depends::reason_label(*reason).into(),
        }
    }
}

/// The setting by which policy disables local rules where a check was made, if it does.
fn local_rules_disabled(exports: &Exports, c: &Checked<'_>) -> Option<Place> {
    let at = *c.guard.points.first()?;
    let span = exports.point(at)?.local_rules_disabled(c.guard.profile)?;
    place::place_in(exports, exports.settings(at), span)
}

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

/// Whether a deny where a check was made decides before every allow.
pub(super) fn blocks_first(exports: &Exports, c: &Checked<'_>) -> bool {
    let mut points = c.guard.points.iter().filter_map(|at| exports.point(*at));
    points.any(|p| matches!(&p.body, Body::Lists(l) if l.discipline == Discipline::BlockOverAllow))
}

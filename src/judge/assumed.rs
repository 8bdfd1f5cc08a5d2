//! What a check rests on: the rules that let its packets through, and what was taken for granted of them.

use super::check::Checked;
use super::exports::Exports;
use super::overruled;
use super::probe::Answer;
use super::protocol::protocol_name;
use super::spec::FlowSpec;
use crate::finding::{AssumptionId, Place};
use hylint_engine::{Decider, Effect};
use hylint_model::{Body, Condition, DefaultOrigin, OtherRules, Point, Running, Test, file_name};
use hylint_space::PacketBox;
use std::collections::HashMap;

impl<'a> Checked<'a> {
    /// The assumptions as reports name them.
    #[must_use]
    pub fn assumption_texts(&self) -> Vec<String> {
        let text = |(id, detail): &(AssumptionId, String)| {
            if detail.is_empty() {
                id.to_string()
            } else {
                format!("{id}: {detail}")
            }
        };
        self.assumptions.iter().map(text).collect()
    }

    pub(super) fn note_assumptions(
        &mut self,
        exports: &Exports,
        answer: &Answer<'a>,
        goal: &PacketBox,
    ) {
        if let Some(i) = &answer.interface {
            self.assumptions
                .insert((AssumptionId::Interface, i.clone()));
        }
        for b in answer
            .branches
            .iter()
            .filter(|b| b.effect == Effect::Allow && b.space.src.intersects(&goal.src))
        {
            if !self.evidence.iter().any(|e| same_decider(e, &b.by)) && self.evidence.len() < 8 {
                self.evidence.push(b.by);
            }
            if hides_others(exports.point(b.by.at())) {
                self.assumptions
                    .insert((AssumptionId::OtherNftTables, String::new()));
            }
            for a in &b.assumed {
                self.assumptions.insert(assumption(a));
            }
        }
        for b in &answer.branches {
            if let Decider::Default { default, .. } = b.by
                && default.origin == DefaultOrigin::Assumed
            {
                self.assumptions
                    .insert((AssumptionId::WindowsDefaults, String::new()));
            }
        }
    }
}

impl<'a> Checked<'a> {
    /// Names what listings of the host settle of the rules that let the packets through.
    pub(super) fn note_facts(
        &mut self,
        answer: &Answer<'a>,
        spec: &FlowSpec<'a>,
        goal: &PacketBox,
    ) {
        let passing = answer.branches.iter().filter(|b| b.effect == Effect::Allow);
        let conditions: Vec<&Condition> = passing
            .filter_map(|b| b.by.rule())
            .flat_map(hylint_model::Rule::conditions)
            .collect();
        let facts = self.guard.facts.into_iter();
        for k in facts.flat_map(|f| &f.keywords) {
            let asks = |c: &&Condition| matches!(&c.test, Test::Named { key, .. } if key.trim_end_matches(['4', '6']) == k.name);
            let resolved = self.guard.resolve.get(k.name) == Some(&k.addrs);
            if resolved && conditions.iter().any(asks) {
                self.fact(&k.place, format!("`{}` is {}", k.name, k.addrs));
            }
        }
        let process = |c: &&Condition| matches!(c.test, Test::Program(_) | Test::Service(_));
        if !conditions.iter().any(process) {
            return;
        }
        if let (Some((running, place)), Some(port)) = (self.guard.behind(goal), goal.dport.first())
        {
            let transport = protocol_name(spec.protocol).to_uppercase();
            let who = listening(&running);
            self.fact(place, format!("{who} listens on {transport} {port}"));
        }
    }

    /// Names the network whose profile decides.
    pub(super) fn note_network(&mut self, network: Option<&(String, Place)>) {
        if let Some((name, place)) = network {
            let profile = self.guard.profile.told();
            self.fact(
                place,
                format!("the {profile} is that of interface \"{name}\""),
            );
        }
    }

    fn fact(&mut self, place: &Place, text: String) {
        let fact = (place.clone(), text);
        if !self.facts.contains(&fact) {
            self.facts.push(fact);
        }
    }
}

/// A process that listens, for people: `TermService (svchost.exe)`.
#[must_use]
pub fn listening(running: &Running<'_>) -> String {
    let file = file_name(running.program);
    match running.services {
        [one] if !file.eq_ignore_ascii_case(one) => format!("{one} ({file})"),
        _ => file.to_owned(),
    }
}

/// Blocks that a check names; the others are counted.
const NAMED: usize = 8;

impl<'a> Checked<'a> {
    /// Names the blocks whose program is taken to be another one than the listener, which nobody names.
    pub(super) fn note_passed_blocks(
        &mut self,
        exports: &'a Exports,
        answer: &Answer<'a>,
        goal: &PacketBox,
    ) {
        let mut passed: HashMap<*const Condition, &Condition> = HashMap::new();
        for b in &answer.branches {
            if b.effect == Effect::Allow && b.space.src.intersects(&goal.src) {
                passed.extend(b.passed.iter().map(|c| (std::ptr::from_ref(*c), *c)));
            }
        }
        if passed.is_empty() {
            return;
        }
        let mut named = Vec::new();
        for (_, rule) in overruled::rules(exports, &self.guard) {
            let found = rule
                .conditions()
                .find_map(|c| passed.get(&std::ptr::from_ref(c)));
            if let Some(c) = found {
                named.push(format!("rule \"{}\" blocks {}", rule.name, c.text));
            }
        }
        named.dedup();
        if named.len() > NAMED {
            let more = named.split_off(NAMED).len();
            named.push(format!("{more} more rules block other programs"));
        }
        let each = named.into_iter();
        self.assumptions
            .extend(each.map(|text| (AssumptionId::OtherProgram, text)));
    }
}

/// Whether rules that nft made may filter what a point accepts, and nothing shows that there are any.
pub(crate) fn hides_others(point: Option<&Point>) -> bool {
    match point.map(|p| &p.body) {
        Some(Body::Netfilter(n)) => n.others == OtherRules::Hidden,
        _ => false,
    }
}

/// The name of an assumption that a condition stands for.
fn assumption(c: &Condition) -> (AssumptionId, String) {
    match &c.test {
        Test::Unprinted => (AssumptionId::BriefExport, String::new()),
        Test::Package { .. } => (AssumptionId::AppPackage, String::new()),
        Test::Program(p) => (AssumptionId::Program, p.to_string()),
        Test::Service(s) => (AssumptionId::Program, s.to_string()),
        Test::InterfaceTypes { .. } => (AssumptionId::InterfaceType, c.text.to_string()),
        _ => (AssumptionId::Owner, c.describe()),
    }
}

/// Whether two deciders are the same place.
#[must_use]
pub fn same_decider(a: &Decider<'_>, b: &Decider<'_>) -> bool {
    match (a, b) {
        (Decider::Rule { rule: x, .. }, Decider::Rule { rule: y, .. }) => std::ptr::eq(*x, *y),
        (Decider::Policy { chain: x, .. }, Decider::Policy { chain: y, .. }) => {
            std::ptr::eq(*x, *y)
        }
        (Decider::Default { default: x, .. }, Decider::Default { default: y, .. }) => {
            std::ptr::eq(*x, *y)
        }
        (Decider::Setting { at: a, span: x }, Decider::Setting { at: b, span: y }) => {
            a == b && x == y
        }
        (Decider::Nothing { at: a, reason: x }, Decider::Nothing { at: b, reason: y }) => {
            a == b && x == y
        }
        _ => false,
    }
}

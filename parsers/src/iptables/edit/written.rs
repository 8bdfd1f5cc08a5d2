//! A new rule as lines of a dump.

use super::chain::{ChainAt, Result, bare};
use crate::edit::{EditError, List};
use crate::iptables::read::{read_text, write};
use crate::iptables::script;
use crate::iptables::token::Tokens;
use hylint_model::{
    Action, Body, Chain, Clause, Field, Netfilter, Point, PointKind, Profiles, Rule, Table,
};
use hylint_space::{AddrSet, Family};

/// A rule as the dump will say it.
#[derive(Default)]
pub(super) struct Written {
    /// A dump with this rule alone.
    text: String,
    /// Its lines, from `-A`.
    pub(super) lines: Vec<String>,
    /// The rules that they are read to; together they say what the new rule says.
    pub(super) rules: Vec<Rule>,
}

impl Written {
    /// The lines of the writer: it writes a point that holds nothing but the rule and reads it back.
    ///
    /// # Errors
    /// [`EditError::NoForm`] if a dump cannot say the rule exactly, or if iptables would refuse it.
    pub(super) fn of(at: &ChainAt<'_>, rule: &Rule) -> Result<Self> {
        accepted(at, rule)?;
        let body = Netfilter::new(vec![alone(at, rule)]);
        let mut probe = Point::new(PointKind::Netfilter, rule.span, Body::Netfilter(body));
        probe.families = at.point.families;
        let text = write([&probe]).map_err(|e| no_form(rule, e.message))?;
        Self::read(text)
            .ok_or_else(|| no_form(rule, "the rule has line breaks or control characters"))
    }

    /// `None` if rules and lines are not one to one, or hold control characters.
    fn read(text: String) -> Option<Self> {
        let lines = text.lines().filter(|l| is_rule(l));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        let export = read_text(&text);
        let [point] = export.points.as_slice() else {
            return None;
        };
        let rules: Vec<Rule> = point.rules().cloned().collect();
        let plain = !lines.iter().any(|l| l.chars().any(char::is_control));
        let paired = !lines.is_empty() && lines.len() == rules.len();
        (plain && paired).then_some(Self { text, lines, rules })
    }

    /// The same with the target of the rule that it replaces, where both do the same: of `REJECT`, `LOG` and others the
    /// model holds less than their line says.
    ///
    /// # Errors
    /// [`EditError::NoForm`] if the old rule has an effect that would be lost.
    pub(super) fn in_place_of(self, text: &str, old: &Rule, new: &Rule) -> Result<Self> {
        if records(text, old) {
            return Err(no_form(new, "a match of the old rule has a side effect"));
        }
        let whole = matches!(
            new.action,
            Action::Allow | Action::Return | Action::Jump(_) | Action::Goto(_)
        );
        let Some(target) = old.field(Field::Action).and_then(|s| text.get(s.range())) else {
            return Ok(self);
        };
        if whole || new.action != old.action {
            return Ok(self);
        }
        if shell_words(text, target) {
            return Err(no_form(new, "the old rule's target is quoted for a shell"));
        }
        let same = |w: &Self| w.rules.iter().map(said).eq(self.rules.iter().map(said));
        let kept = Self::read(self.with_target(target)).filter(same);
        kept.ok_or_else(|| no_form(new, "the old rule's target cannot be kept"))
    }

    /// The dump with another target in each rule.
    fn with_target(&self, target: &str) -> String {
        let mut out = self.text.clone();
        for rule in self.rules.iter().rev() {
            let end = rule.span.end as usize;
            let (range, blank) = match rule.field(Field::Action) {
                Some(old) => (old.range(), ""),
                None => (end..end, " "),
            };
            out.replace_range(range, &format!("{blank}{target}"));
        }
        out
    }
}

/// Whether a part of a text is what only a shell reads as it is meant.
fn shell_words(text: &str, part: &str) -> bool {
    part.contains(['\'', '\\', '$', '`']) && script::is_commands(text)
}

fn is_rule(line: &str) -> bool {
    line.starts_with("-A ")
}

/// A rule without places of any kind.
fn said(rule: &Rule) -> Rule {
    let mut rule = bare(rule);
    rule.fields.clear();
    rule
}

/// Whether a rule notes addresses or counts packets by a match that is always true: the model does not have it.
fn records(text: &str, rule: &Rule) -> bool {
    let mut options = Tokens::new(text, rule.span).filter(|t| t.is_option());
    options.any(|t| matches!(t.text, "--set" | "--nfacct-name"))
}

/// Whether the rule is for packets of the other family alone.
fn foreign(at: &ChainAt<'_>, rule: &Rule) -> bool {
    let has = |f: Family, c: &Clause| {
        let any = AddrSet::any_of(f);
        at.point.families.has(f)
            && !c.space.src.intersect(&any).is_empty()
            && !c.space.dst.intersect(&any).is_empty()
    };
    let meets = |c: &Clause| has(Family::V4, c) || has(Family::V6, c);
    let mut live = rule
        .clauses
        .iter()
        .filter(|c| !c.space.is_empty())
        .peekable();
    live.peek().is_some() && !live.any(meets)
}

pub(super) const NAT_DROPS: &str = "iptables does not drop packets in the nat table";

pub(super) fn is_nat(table: &Table) -> bool {
    &*table.name == "nat"
}

fn no_form(rule: &Rule, message: &'static str) -> EditError {
    EditError::NoForm {
        span: rule.span,
        message,
    }
}

/// The table with all its chains and this rule alone.
fn alone(at: &ChainAt<'_>, rule: &Rule) -> Table {
    let empty = |c: &Chain| Chain {
        name: c.name.clone(),
        base: c.base.clone(),
        policy: c.policy,
        span: c.span,
        rules: Vec::new(),
    };
    let mut table = Table {
        name: at.table.name.clone(),
        chains: at.table.chains.iter().map(empty).collect(),
        ..*at.table
    };
    if let List::Chain { chain, .. } = at.list.list
        && let Some(chain) = table.chains.get_mut(chain)
    {
        chain.rules.push(rule.clone());
    }
    table
}

/// What the writer passes over, and what iptables refuses though a dump can say it.
fn accepted(at: &ChainAt<'_>, rule: &Rule) -> Result<()> {
    let labelled = !rule.name.is_empty() || !rule.group.is_empty();
    if labelled || rule.priority.is_some() || rule.profiles != Profiles::ALL {
        let message = "a rule of a dump has no name, group, priority or profile";
        return Err(no_form(rule, message));
    }
    if rule.action == Action::Deny && is_nat(at.table) {
        return Err(no_form(rule, NAT_DROPS));
    }
    if foreign(at, rule) {
        return Err(no_form(rule, "the rule matches only the other IP family"));
    }
    let base = |c: &Chain| c.base.is_some();
    for to in rule.called() {
        if at.table.chains.get(to).is_some_and(base) {
            return Err(no_form(rule, "a rule cannot jump to a base chain"));
        }
        if reaches(at, to) {
            return Err(no_form(rule, "the jump leads back to its own chain"));
        }
    }
    Ok(())
}

/// Whether jumps lead from a chain to the one that is changed.
fn reaches(at: &ChainAt<'_>, from: usize) -> bool {
    let List::Chain { chain: goal, .. } = at.list.list else {
        return false;
    };
    let mut seen = vec![false; at.table.chains.len()];
    let mut open = vec![from];
    while let Some(i) = open.pop() {
        if i == goal {
            return true;
        }
        if let (Some(seen), Some(chain)) = (seen.get_mut(i), at.table.chains.get(i))
            && !std::mem::replace(seen, true)
        {
            open.extend(chain.rules.iter().flat_map(Rule::called));
        }
    }
    false
}

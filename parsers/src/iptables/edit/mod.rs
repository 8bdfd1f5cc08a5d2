//! Changes of a dump: as edits of its text, and as commands for the machine that it is of.
//!
//! Every rule change is a splice of one chain: some rules go, the new rule's lines come in their place. The lines are those
//! of the writer, which reads back what it writes.

mod command;
mod lines;
mod shell;
mod verify;

#[cfg(test)]
mod tests;

use super::{read_text, script, write};
use crate::edit::{Change, EditError, List, ListRef, Position, RuleRef, TextEdit};
use crate::source::Source;
use hylint_model::{Action, Body, Chain, Export, Point, PointKind, Profiles, Rule, Span, Table};

type Result<T> = std::result::Result<T, EditError>;

/// The edits of [`crate::format::EditFn`].
pub(super) fn edit(source: &Source, export: &Export, change: &Change) -> Result<Vec<TextEdit>> {
    if script::is_commands(&source.text) {
        return Err(EditError::Unsupported("a list of commands is not edited"));
    }
    let wanted = Wanted::of(export, change)?;
    let edits = match &wanted.act {
        Act::Policy(allow) => lines::policy(&wanted.at, *allow),
        Act::Splice(splice) => lines::splice(&source.text, &wanted.at, splice)?,
    };
    verify::verify(source, export, &wanted, &edits)?;
    Ok(edits)
}

/// The commands of [`crate::format::CommandsFn`]. A list of shell commands has them, too: its model is what they build.
pub(super) fn commands(source: &Source, export: &Export, change: &Change) -> Result<Vec<String>> {
    let wanted = Wanted::of(export, change)?;
    if !script::is_commands(&source.text) {
        // A change that cannot be made in the text is none for the machine either.
        edit(source, export, change)?;
    }
    command::commands(&source.text, &wanted)
}

/// A chain of the export.
struct At<'e> {
    list: ListRef,
    point: &'e Point,
    table: &'e Table,
    chain: &'e Chain,
}

impl<'e> At<'e> {
    fn of(export: &'e Export, list: ListRef) -> Result<Self> {
        let point = export.points.get(list.point).ok_or(EditError::Missing)?;
        let (Body::Netfilter(body), List::Chain { table, chain }) = (&point.body, list.list) else {
            return Err(EditError::Missing);
        };
        let table = body.tables.get(table).ok_or(EditError::Missing)?;
        let chain = table.chains.get(chain).ok_or(EditError::Missing)?;
        Ok(Self {
            list,
            point,
            table,
            chain,
        })
    }

    fn rule(&self, index: usize) -> Option<&'e Rule> {
        self.chain.rules.get(index)
    }
}

/// Rules of a chain that go, and what comes in their place.
struct Splice {
    /// Index of the first rule that goes, and of the first one that comes.
    at: usize,
    /// How many rules go.
    removed: usize,
    new: Written,
}

/// A rule as the dump will say it.
#[derive(Default)]
struct Written {
    /// Whole lines from `-A`.
    lines: Vec<String>,
    /// The rules that they are read to; together they say what the new rule says.
    rules: Vec<Rule>,
}

enum Act {
    Splice(Splice),
    /// Whether packets that no rule decides pass.
    Policy(bool),
}

/// A change that the export can take.
struct Wanted<'e> {
    at: At<'e>,
    act: Act,
}

impl<'e> Wanted<'e> {
    fn of(export: &'e Export, change: &Change) -> Result<Self> {
        let (at, act) = match change {
            Change::Insert { at, rule } => insertion(export, *at, rule)?,
            Change::Remove(old) => change_of(export, *old, |_| Ok(Written::default()))?,
            Change::Replace { old, new } => change_of(export, *old, |at| written(at, new))?,
            Change::SetPolicy { list, allow } => policy(export, *list, *allow)?,
            Change::SetEnabled { .. } => {
                return Err(EditError::Unsupported(
                    "iptables has no rules that are disabled",
                ));
            }
        };
        intact(export, &at)?;
        Ok(Self { at, act })
    }
}

fn insertion<'e>(export: &'e Export, at: Position, rule: &Rule) -> Result<(At<'e>, Act)> {
    let (at, index) = match at {
        Position::Before(next) => {
            next.find(export).ok_or(EditError::Missing)?;
            (At::of(export, next.list)?, next.index)
        }
        Position::End(list) => {
            let at = At::of(export, list)?;
            let len = at.chain.rules.len();
            (at, len)
        }
    };
    let new = written(&at, rule)?;
    let splice = Splice {
        at: index,
        removed: 0,
        new,
    };
    Ok((at, Act::Splice(splice)))
}

/// A rule that goes, and what comes for it.
fn change_of<'e>(
    export: &'e Export,
    old: RuleRef,
    new: impl FnOnce(&At<'e>) -> Result<Written>,
) -> Result<(At<'e>, Act)> {
    old.find(export).ok_or(EditError::Missing)?;
    let at = At::of(export, old.list)?;
    let splice = Splice {
        at: old.index,
        removed: 1,
        new: new(&at)?,
    };
    Ok((at, Act::Splice(splice)))
}

fn policy(export: &Export, list: ListRef, allow: bool) -> Result<(At<'_>, Act)> {
    let at = At::of(export, list)?;
    if at.chain.policy.is_none() {
        return Err(EditError::Unsupported(
            "the export states no policy of this chain",
        ));
    }
    if !allow && is_nat(at.table) {
        return Err(EditError::Unsupported(NAT_DROPS));
    }
    Ok((at, Act::Policy(allow)))
}

/// A dump with lines that are not read says more than its model.
fn intact(export: &Export, at: &At<'_>) -> Result<()> {
    let point = at.point.span;
    let lost = |span: Span| point.start <= span.start && span.end <= point.end;
    let mut dropped = export.problems.iter().filter(|p| p.dropped);
    match dropped.find(|p| lost(p.span)) {
        Some(p) => Err(EditError::Damaged(p.span)),
        None => Ok(()),
    }
}

const NAT_DROPS: &str = "iptables does not drop packets in the nat table";

fn is_nat(table: &Table) -> bool {
    table.name.as_str() == "nat"
}

fn no_form(rule: &Rule, message: &'static str) -> EditError {
    EditError::NoForm {
        span: rule.span,
        message,
    }
}

/// The lines of a new rule, by the writer: it writes a point that holds nothing but the rule and reads it back.
fn written(at: &At<'_>, rule: &Rule) -> Result<Written> {
    accepted(at, rule)?;
    let mut body = hylint_model::Netfilter::default();
    body.tables.push(alone(at, rule));
    let mut probe = Point::new(PointKind::Netfilter, rule.span, Body::Netfilter(body));
    probe.families = at.point.families;
    let text = write([&probe]).map_err(|e| EditError::NoForm {
        span: e.span,
        message: e.message,
    })?;
    let lines = text.lines().filter(|l| l.starts_with("-A "));
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    let rules: Vec<Rule> = match read_text(&text).points.as_slice() {
        [point] => point.rules().cloned().collect(),
        _ => Vec::new(),
    };
    let breaks = lines.iter().any(|l| l.chars().any(char::is_control));
    if breaks || lines.is_empty() || lines.len() != rules.len() {
        return Err(no_form(rule, "a rule of a dump is one line of plain text"));
    }
    Ok(Written { lines, rules })
}

/// The table with all its chains and this rule alone.
fn alone(at: &At<'_>, rule: &Rule) -> Table {
    let mut table = at.table.clone();
    for chain in &mut table.chains {
        chain.rules.clear();
    }
    if let List::Chain { chain, .. } = at.list.list
        && let Some(chain) = table.chains.get_mut(chain)
    {
        chain.rules.push(rule.clone());
    }
    table
}

/// What the writer passes over, and what iptables refuses though a dump can say it.
fn accepted(at: &At<'_>, rule: &Rule) -> Result<()> {
    let labelled = !rule.name.is_empty() || !rule.group.is_empty();
    if labelled || rule.priority.is_some() || rule.profiles != Profiles::ALL {
        let message = "a dump has no names, groups, priorities or profiles of rules";
        return Err(no_form(rule, message));
    }
    if rule.action == Action::Deny && is_nat(at.table) {
        return Err(no_form(rule, NAT_DROPS));
    }
    let Some(to) = rule.action.called() else {
        return Ok(());
    };
    let base = |c: &Chain| c.policy.is_some();
    if at.table.chains.get(to).is_some_and(base) {
        return Err(no_form(rule, "no rule jumps to a chain of the kernel"));
    }
    if reaches(at, to) {
        return Err(no_form(rule, "the jump would lead back to its own chain"));
    }
    Ok(())
}

/// Whether jumps lead from a chain to the one that is changed.
fn reaches(at: &At<'_>, from: usize) -> bool {
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
            open.extend(chain.rules.iter().filter_map(|r| r.action.called()));
        }
    }
    false
}

//! Reads the edited text and compares: it must be the export with the change, and nothing else may be read otherwise.

use super::chain::{Result, bare};
use super::resolved::{Effect, Resolved};
use crate::edit::{EditError, List, TextEdit, apply, inserted};
use crate::iptables::read::read_text;
use crate::source::Source;
use hylint_model::{Body, Chain, ChainId, Export, Point, Problem, ProblemKind, Rule, Span, Table};
use rustc_hash::FxHashMap;

/// Whether the edits make exactly the change.
///
/// # Errors
/// [`EditError::Differs`] if the edited text says anything else.
pub(super) fn verify(
    source: &Source,
    export: &Export,
    resolved: &Resolved<'_>,
    edits: &[TextEdit],
) -> Result<()> {
    let back = read_text(&apply(&source.text, edits)?);
    let removed: Vec<Span> = edits.iter().map(|e| e.span).collect();
    let added = inserted(edits)?;
    let mut expected = expected(export, resolved)?;
    let differs = |problems| problems_differ((problems, &removed), (&back.problems, &added));
    if differs(&export.problems) || export.companions.len() != back.companions.len() {
        // Of a session with listings of the host, more is told than of the dump in it.
        let own = read_text(&source.text);
        if differs(&own.problems) {
            return Err(EditError::Differs("the problems that are found in it"));
        }
        expected.companions = own.companions;
    }
    match difference(&expected, &back) {
        Some(what) => Err(EditError::Differs(what)),
        None => Ok(()),
    }
}

/// The export with the change.
fn expected(export: &Export, resolved: &Resolved<'_>) -> Result<Export> {
    let mut export = export.clone();
    let list = resolved.at.list;
    let point = export.points.get_mut(list.point);
    let (Some(point), List::Chain { table, chain }) = (point, list.list) else {
        return Err(EditError::Missing);
    };
    let Body::Netfilter(body) = &mut point.body else {
        return Err(EditError::Missing);
    };
    let chain = ChainId::new(table, chain);
    match &resolved.effect {
        Effect::Policy(allow) => {
            let policy = body.policy_mut(chain).into_iter();
            policy.for_each(|p| p.allow = *allow);
        }
        Effect::Splice(splice) => {
            let rules = body.chain_rules_mut(chain).ok_or(EditError::Missing)?;
            let new = splice.new.rules.iter().cloned();
            let removed = splice.at..splice.at + splice.removed;
            export.rules_in_file += new.len();
            export.rules_in_file -= rules.splice(removed, new).count();
        }
    }
    Ok(export)
}

/// Problems of a reading, and the parts of its text that the edits changed.
type Changed<'a> = (&'a [Problem], &'a [Span]);

/// Whether more or less is told of the edited text, but for what stands in the changed parts. What was told of a part that
/// goes may be told of the next one, as a chain that nothing declares is told at its first rule.
fn problems_differ((old, removed): Changed<'_>, (new, added): Changed<'_>) -> bool {
    let (moving, staying): (Vec<_>, Vec<_>) = old.iter().partition(|p| inside(removed, p.span));
    let (mut moving, mut staying) = (counts(&moving), counts(&staying));
    let mut known = |p| take(&mut staying, p) || take(&mut moving, p);
    let more = new
        .iter()
        .any(|p| !known(placeless(p)) && !inside(added, p.span));
    more || staying.values().any(|n| *n > 0)
}

/// Takes one of a kind, if there is one.
fn take<'a>(counts: &mut FxHashMap<Placeless<'a>, usize>, one: Placeless<'a>) -> bool {
    let left = counts.get_mut(&one).filter(|n| **n > 0);
    left.map(|n| *n -= 1).is_some()
}

fn inside(parts: &[Span], p: Span) -> bool {
    let mut parts = parts.iter().filter(|c| !c.is_empty());
    parts.any(|c| c.start <= p.start && p.end <= c.end)
}

/// A problem without its place.
type Placeless<'a> = (ProblemKind, &'a str, Option<&'a str>, bool);

fn placeless(p: &Problem) -> Placeless<'_> {
    (p.kind, &p.message, p.help.as_deref(), p.dropped)
}

fn counts<'a>(problems: &[&'a Problem]) -> FxHashMap<Placeless<'a>, usize> {
    let mut out = FxHashMap::default();
    for p in problems {
        *out.entry(placeless(p)).or_default() += 1;
    }
    out
}

/// The first difference between two readings, wherever their parts stand.
fn difference(a: &Export, b: &Export) -> Option<&'static str> {
    let notes = |e: &Export| -> Vec<String> {
        let all = e.annotations.iter().chain(&e.exported_at);
        all.map(|(text, _)| text.clone()).collect()
    };
    let sets = |e: &Export| e.companions.len();
    if a.rules_in_file != b.rules_in_file {
        return Some("the number of its rules");
    }
    if notes(a) != notes(b) || sets(a) != sets(b) {
        return Some("what stands beside its rules");
    }
    if a.points.len() != b.points.len() {
        return Some("the firewalls that it holds");
    }
    let mut pairs = a.points.iter().zip(&b.points);
    pairs.find_map(|(a, b)| between_points(a, b))
}

fn between_points(a: &Point, b: &Point) -> Option<&'static str> {
    let head = |p: &Point| (p.kind, p.name.clone(), p.families, p.families_assumed);
    if head(a) != head(b) {
        return Some("the families of a firewall");
    }
    let (Body::Netfilter(a), Body::Netfilter(b)) = (&a.body, &b.body) else {
        return Some("the kind of a firewall");
    };
    if a.tables().len() != b.tables().len() {
        return Some("the tables of a firewall");
    }
    let mut pairs = a.tables().iter().zip(b.tables());
    pairs.find_map(|(a, b)| between_tables(a, b))
}

fn between_tables(a: &Table, b: &Table) -> Option<&'static str> {
    let frame = |c: &Chain| {
        let policy = c.policy.map(|p| p.allow);
        (c.name.clone(), c.base.clone(), policy, c.span.is_empty())
    };
    let frames = |t: &Table| -> Vec<_> { t.chains.iter().map(frame).collect() };
    if a.name != b.name || frames(a) != frames(b) {
        return Some("the chains and policies of a table");
    }
    let mut pairs = a.chains.iter().zip(&b.chains);
    let same = |(a, b): (&Chain, &Chain)| {
        let bare = |c: &Chain| -> Vec<Rule> { c.rules.iter().map(bare).collect() };
        bare(a) == bare(b)
    };
    let all = pairs.all(same);
    (!all).then_some("the rules of a chain, or their order")
}

//! Reads the edited text and compares: it must be the export with the change, and nothing else may be read otherwise.

use super::super::read::read_text;
use super::place::{ChainAt, Effect, Result};
use crate::edit::{EditError, List, TextEdit, apply};
use crate::source::Source;
use hylint_model::{Body, Chain, ChainId, Clause, Export, Netfilter, ProblemKind, Rule};

/// Whether the edits make exactly the change.
///
/// # Errors
/// [`EditError::Differs`] if the edited text says anything else.
pub(super) fn verify(
    source: &Source,
    export: &Export,
    at: &ChainAt<'_>,
    (effect, new): (&Effect<'_>, &[Rule]),
    edits: &[TextEdit],
) -> Result<()> {
    let back = read_text(&apply(&source.text, edits)?);
    let mut expected = at.netfilter.clone();
    let List::Chain { table, chain } = at.list.list else {
        return Err(EditError::Missing);
    };
    let chain = ChainId::new(table, chain);
    match effect {
        Effect::Policy(allow) => {
            let policy = expected.policy_mut(chain).into_iter();
            policy.for_each(|p| p.allow = *allow);
        }
        Effect::Splice { from, to, .. } => {
            let rules = expected.chain_rules_mut(chain).ok_or(EditError::Missing)?;
            if *to > rules.len() {
                return Err(EditError::Missing);
            }
            rules.splice(*from..*to, new.iter().cloned());
        }
    }
    if malformed(&back) > malformed(export) {
        return Err(EditError::Differs("the problems that are found in it"));
    }
    let body = back.points.get(at.list.point).map(|p| &p.body);
    match body {
        Some(Body::Netfilter(body)) if back.points.len() == export.points.len() => {
            difference(&expected, body).map_or(Ok(()), |what| Err(EditError::Differs(what)))
        }
        _ => Err(EditError::Differs("the firewalls that it holds")),
    }
}

fn malformed(export: &Export) -> usize {
    let grave = |p: &&hylint_model::Problem| p.dropped || p.kind == ProblemKind::Malformed;
    export.problems.iter().filter(grave).count()
}

/// The first difference between two readings, wherever their parts stand.
fn difference(a: &Netfilter, b: &Netfilter) -> Option<&'static str> {
    let tables = |n: &Netfilter| -> Vec<_> {
        let each = n.tables().iter();
        each.map(|t| (t.name.clone(), t.family, t.chains.len()))
            .collect()
    };
    if tables(a) != tables(b) {
        return Some("the tables of the firewall");
    }
    let frame = |c: &Chain| {
        let policy = c.policy.map(|p| p.allow);
        (c.name.clone(), c.base.clone(), policy)
    };
    let mut chains = a.chains().zip(b.chains());
    chains.find_map(|((_, _, a), (_, _, b))| {
        if frame(a) != frame(b) {
            return Some("the chains and policies of a table");
        }
        let bare = |c: &Chain| -> Vec<_> { c.rules.iter().map(bare).collect() };
        (bare(a) != bare(b)).then_some("the rules of a chain, or their order")
    })
}

/// A rule without places.
fn bare(rule: &Rule) -> (hylint_model::Action, Box<str>, Vec<Clause>) {
    let mut clauses = rule.clauses.to_vec();
    for c in clauses.iter_mut().flat_map(|c| &mut c.conditions) {
        c.span = Default::default();
        c.text = c.without_place().into();
    }
    (rule.action.clone(), rule.comment.clone(), clauses)
}

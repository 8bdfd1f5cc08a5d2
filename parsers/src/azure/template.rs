//! Rules that an ARM template declares as resources of their own, and their groups.

use super::context::Context;
use super::draft::{Direction, Draft, Stray};
use super::values::is_expression;
use hylint_model::{Field, Problem, ProblemKind, Rule};
use rustc_hash::FxHashMap;

/// Groups that an expression is compared with.
const MAX_OWNERS: usize = 1000;

impl Stray {
    /// The text that names its group: `nsg` of `nsg/rule`; of an expression, all but the rule's name.
    fn group(&self) -> Box<str> {
        let name = &*self.name;
        if is_expression(name) {
            let end = name.len() - 1;
            let quoted = name.rmatch_indices(&*self.rule.name).next();
            // The slash before the name may mark the end of a group's literal name.
            return name
                .get(..quoted.map_or(end, |(n, _)| n))
                .unwrap_or(name)
                .into();
        }
        name.rsplit_once('/').map_or("", |(g, _)| g).into()
    }
}

/// Gives the rules of a template's own resources to their groups.
pub(super) fn attach(cx: &mut Context) {
    let strays = std::mem::take(&mut cx.strays);
    if strays.is_empty() {
        return;
    }
    let mut names: FxHashMap<(usize, Direction, String), Vec<usize>> = FxHashMap::default();
    for (n, draft) in cx.drafts.iter().enumerate() {
        for direction in [Direction::Inbound, Direction::Outbound] {
            for (i, r) in draft.rules(direction).iter().enumerate() {
                let key = (n, direction, r.name.to_ascii_lowercase());
                names.entry(key).or_default().push(i);
            }
        }
    }
    let mut owners: FxHashMap<Box<str>, Option<usize>> = FxHashMap::default();
    for stray in strays {
        let owner = *owners.entry(stray.group()).or_insert_with_key(|group| {
            let mut drafts = cx.drafts.iter().take(MAX_OWNERS);
            drafts.position(|d| d.loose.is_none() && owns(&d.name, group))
        });
        let Some((n, draft)) = owner.and_then(|n| Some((n, cx.drafts.get_mut(n)?))) else {
            adopt(cx, stray);
            continue;
        };
        let key = (n, stray.direction, stray.rule.name.to_ascii_lowercase());
        let rules = draft.rules(stray.direction);
        let same = names.get(&key).into_iter().flatten();
        if same
            .filter_map(|i| rules.get(*i))
            .any(|r| is_twin(r, &stray.rule))
        {
            // A template exported by the portal declares each rule twice: in its group, and as a resource.
            let name = &stray.rule.name;
            let text = format!("rule `{name}` stands in its group too; it is read once");
            let span = stray.rule.span;
            cx.push(Problem::new(ProblemKind::Note, span, text).dropped());
        } else {
            draft.add(stray.direction, stray.rule);
        }
    }
}

/// Whether a rule's resource belongs to the group, from the text that names the group there. Expressions are compared
/// as text: the group's is a part of the rule's.
fn owns(name: &str, group: &str) -> bool {
    if name.is_empty() {
        return false;
    }
    match group.strip_prefix('[') {
        Some(expression) => match name.strip_prefix('[').and_then(|g| g.strip_suffix(']')) {
            Some(inner) => expression.contains(inner),
            None => expression.contains(&format!("'{name}/")),
        },
        None => group.eq_ignore_ascii_case(name),
    }
}

fn is_twin(a: &Rule, b: &Rule) -> bool {
    let texts = |r: &Rule| r.conditions().map(|c| c.describe()).collect::<Vec<_>>();
    a.name.eq_ignore_ascii_case(&b.name)
        && a.priority == b.priority
        && a.action == b.action
        && a.clauses.len() == b.clauses.len()
        && a.clauses
            .iter()
            .zip(&b.clauses)
            .all(|(a, b)| a.space == b.space)
        && texts(a) == texts(b)
}

/// A group of which the file holds only rules.
fn adopt(cx: &mut Context, stray: Stray) {
    let group = stray.group();
    let name = if is_expression(&stray.name) {
        ""
    } else {
        &group
    };
    let key = (u32::MAX, group.clone());
    if let Some(draft) = cx.loose.get(&key).and_then(|n| cx.drafts.get_mut(*n)) {
        draft.span = draft.span.to(stray.rule.span);
        draft.add(stray.direction, stray.rule);
        return;
    }
    cx.loose.insert(key, cx.drafts.len());
    let mut draft = Draft {
        name: name.into(),
        span: stray.rule.span,
        label: stray.rule.place(Field::Name),
        loose: Some(u32::MAX),
        ..Draft::default()
    };
    draft.add(stray.direction, stray.rule);
    cx.drafts.push(draft);
}

//! Changes of exports as commands, in the language of each export.

use crate::judge::{Exports, Step};
use hylint_parsers::edit::{Change, List, ListRef, Position};
use hylint_parsers::format::FORMATS;
use std::cmp::Reverse;

/// Commands that make these changes, in an order in which none moves the place of another. `None` if a format has no
/// command for one of them.
pub(super) fn of_steps(exports: &Exports, mut steps: Vec<Step>) -> Option<Vec<String>> {
    // Numbers of rules in chains count from the front, so the last change of a chain comes first.
    let in_chain = |list: ListRef| matches!(list.list, List::Chain { .. });
    let place = |change: &Change| match change {
        Change::Insert {
            at: Position::Before(rule),
            ..
        }
        | Change::Remove(rule)
        | Change::Replace { old: rule, .. }
            if in_chain(rule.list) =>
        {
            rule.index
        }
        _ => usize::MAX,
    };
    steps.sort_by_key(|(set, change)| (*set, Reverse(place(change))));
    let mut out: Vec<String> = Vec::new();
    for (set, change) in &steps {
        let loaded = exports.get(*set)?;
        let format = FORMATS.iter().find(|f| f.id == loaded.export.format)?;
        let lines = format.commands?(&loaded.source, &loaded.export, change).ok()?;
        // One reload takes all of them.
        let reload = |l: &String| l.ends_with(" --reload");
        if lines.last().is_some_and(reload) && out.last() == lines.last() {
            out.pop();
        }
        out.extend(lines);
    }
    Some(out)
}

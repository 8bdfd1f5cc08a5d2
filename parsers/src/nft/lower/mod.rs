//! Tables of nftables as tables of the model.

mod base;
mod constant;
mod field;
mod marks;
mod matching;
mod named;
mod names;
mod nat;
mod rule;
mod sets;
mod table;
mod value;

use super::ruleset::Ruleset;
use super::text::INCLUDED;
use hylint_model::{Netfilter, Problem, ties};
use table::Lowering;

pub(super) use table::ELSEWHERE;

/// The model of all tables. `listing`: the text is what the kernel has, and not what it shall be given; `part`: and not all
/// of it.
pub(super) fn lower(
    ruleset: &Ruleset<'_>,
    listing: bool,
    part: bool,
    problems: &mut Vec<Problem>,
) -> Netfilter {
    let mut sets = Vec::new();
    // What declares them may be in a file that is not here.
    let elsewhere = part || problems.iter().any(|p| p.reason == Some(INCLUDED));
    let mut tables = Vec::with_capacity(ruleset.tables.len());
    for table in &ruleset.tables {
        let mut lowering = Lowering::new(table, listing, &mut sets, problems);
        lowering.part = part;
        tables.push(lowering.table());
        // A file that only adds to a table names sets of another one.
        let hooked = || table.chains.iter().any(|c| c.decl.hook.is_some());
        let whole = table.declared && (listing || ruleset.flushed || hooked());
        if whole && !elsewhere {
            named::undeclared(table, problems);
        }
    }
    let mut netfilter = Netfilter::new(tables);
    netfilter.sets = sets;
    netfilter.ties = ties(&netfilter);
    netfilter.whole = true;
    netfilter
}

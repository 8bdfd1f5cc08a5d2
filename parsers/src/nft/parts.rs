//! Files that are a part of a ruleset: they add to tables or chains that another file declares.

use super::ruleset::Ruleset;
use hylint_model::{Problem, ProblemKind, Span};

/// Tells what another file must hold, if one must. `sure`: the kernel printed it, so that nothing else is there.
pub(super) fn told(ruleset: &Ruleset<'_>, sure: bool) -> Option<Problem> {
    for table in &ruleset.tables {
        let name = &table.decl.target.table;
        if !table.declared {
            return Some(problem(table.span, format!("the table `{name}`")));
        }
        let other = table
            .chains
            .iter()
            .find(|c| !c.declared && !c.rules.is_empty());
        if let Some(rule) = other.and_then(|c| c.rules.first()) {
            let chain = &rule.target.name;
            return Some(problem(
                rule.span,
                format!("the chain `{chain}` of the table `{name}`"),
            ));
        }
    }
    let mut chains = ruleset.tables.iter().flat_map(|t| &t.chains);
    let hooked = chains.any(|c| c.decl.hook.is_some());
    if hooked || sure || ruleset.flushed {
        return None;
    }
    // Chains that nothing calls in this file, and sets that no rule names, are for those of another one.
    let first = ruleset.tables.first()?.decl.head;
    Some(problem(first, "the chain that the kernel calls".to_owned()))
}

fn problem(span: Span, what: String) -> Problem {
    let message =
        format!("{what} is declared in another file, so what becomes of packets is not known");
    let problem = Problem::new(ProblemKind::Incomplete, span, message);
    problem
        .help("give the whole ruleset: `nft -j list ruleset`, or the file that includes this one")
}

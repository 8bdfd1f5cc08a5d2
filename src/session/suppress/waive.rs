//! `[[waive]]` of hylint.toml.

use crate::common::paths;
use crate::finding::Finding;
use crate::finding::outcome::{RequirementResult, Status};
use crate::site::{Config, Waive};
use std::path::Path;

/// Whether a waiver of a site file is about a finding. One that names a rule is not about a finding that
/// folds several rules: it would hold down the others too.
pub(super) fn matches(w: &Waive, config: Option<&Config>, f: &Finding) -> bool {
    let says = |want: &Option<String>, have: &Option<String>| {
        want.as_ref().is_none_or(|w| Some(w) == have.as_ref())
    };
    let here = w.export.as_ref().is_none_or(|g| {
        let place = f.place.as_ref();
        place.is_some_and(|p| match config {
            Some(c) => g.is_match(c.relative(&p.path)),
            None => g.is_match(paths::relative(&p.path, Path::new(""))),
        })
    });
    let folded = w.rule.is_some() && f.identity.members.len() > 1;
    // A waiver of an older hylint names the code that unread files had then.
    let code = w.code == f.code || w.code.as_str() == f.code.in_fingerprints();
    code && !folded && says(&w.requirement, &f.requirement) && says(&w.rule, &f.rule) && here
}

/// A requirement all of whose findings are waived is waived.
pub fn statuses(requirements: &mut [RequirementResult], findings: &[Finding]) {
    for r in requirements
        .iter_mut()
        .filter(|r| matches!(r.status, Status::Violated | Status::Conditional))
    {
        let about = |f: &&Finding| f.is_about(&r.id, r.row);
        let mut own = findings.iter().filter(about).peekable();
        if own.peek().is_some() && own.all(|f| f.waived.is_some()) {
            r.status = Status::Waived;
            for c in r
                .checks
                .iter_mut()
                .filter(|c| matches!(c.status, Status::Violated | Status::Conditional))
            {
                c.status = Status::Waived;
            }
        }
    }
}

//! Holds a draft to its promise: a run with it finds what the run without it found.
//!
//! A host that is bound by name is judged with all of its layers, and by the addresses of its interfaces alone. That may be
//! better than what the run without a site file took, and it is nobody's word yet: where a finding would be gone by it, the
//! host is only offered.

use super::candidate::Candidate;
use crate::common::diag::Diag;
use crate::common::paths;
use crate::common::progress::Silent;
use crate::finding::outcome::Outcome;
use crate::finding::{Code, Finding, Severity};
use crate::load::{CONFIG_NAME, Disk, Overlay};
use crate::rules::matrix::Matrix;
use crate::session::{Request, Session, SiteScope};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The run without a site file.
pub(super) struct Bare {
    outcome: Outcome,
}

impl Bare {
    /// Runs it.
    ///
    /// # Errors
    /// A file cannot be read any more.
    pub(super) fn run(root: &Path, matrix: Matrix) -> Result<Self, Vec<Diag>> {
        let request = Request {
            scope: SiteScope::Undeclared,
            ..Request::new([root])
        };
        let session = Session::open_with(Arc::new(Disk), request, Some(matrix), &Silent)?;
        let outcome = session.check()?;
        Ok(Self { outcome })
    }

    /// What a run with the text as site file would no longer find: paths from the folder, and lines.
    ///
    /// # Errors
    /// The text is no site file that hylint reads.
    pub(super) fn hidden(
        &self,
        root: &Path,
        matrix: Matrix,
        text: &str,
    ) -> Result<Vec<Hidden>, Vec<Diag>> {
        let site = root.join(CONFIG_NAME);
        let files = Overlay::new(Arc::new(Disk)).with(&site, text);
        let request = Request {
            config: Some(site),
            ..Request::new([root])
        };
        let session = Session::open_with(Arc::new(files), request, Some(matrix), &Silent)?;
        let outcome = session.check()?;
        let mut found: BTreeSet<(Code, &str, u32)> = BTreeSet::new();
        for f in outcome
            .findings
            .iter()
            .filter(|f| f.severity > Severity::Note)
        {
            let places = f.place.iter().chain(f.related.iter().map(|r| &r.place));
            found.extend(places.map(|p| (f.code, &*p.path, p.start.line)));
        }
        let lost = self.outcome.findings.iter().filter(|f| counts(f));
        let lost = lost.filter_map(|f| {
            let p = f.place.as_ref()?;
            (!found.contains(&(f.code, &*p.path, p.start.line))).then(|| Hidden {
                code: f.code,
                file: paths::relative(&p.path, root),
                line: p.start.line,
            })
        });
        let mut all: Vec<Hidden> = lost.collect();
        // A run that failed for want of addresses fails until they are there.
        let fails = |o: &Outcome| {
            let mut grave = o.findings.iter().filter(|f| f.severity == Severity::Error);
            grave.any(|f| f.code == Code::UndeclaredRole)
        };
        if fails(&self.outcome) && !fails(&outcome) {
            all.push(Hidden {
                file: String::new(),
                line: 0,
                code: Code::UndeclaredRole,
            });
        }
        all.sort();
        all.dedup();
        Ok(all)
    }
}

/// What is not known of roles is what the draft asks.
fn counts(f: &Finding) -> bool {
    let asked = matches!(f.code, Code::UnknownRole | Code::UndeclaredRole);
    f.severity > Severity::Note && !asked
}

/// A finding that a draft would hide.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Hidden {
    file: String,
    line: u32,
    code: Code,
}

/// Changes hosts whose files the findings stand in; whether there were any. First machines that are only offered are written
/// without their role, since what a host that stands in the file leaves of it is looked at no more. If that does not help,
/// hosts become comments: those that the run without a site file does not know, then all of them.
pub(super) fn mend(hosts: &mut [Candidate], hidden: &[Hidden]) -> bool {
    let of = |c: &Candidate| hidden.iter().find(|h| c.exports.contains(&h.file));
    let steps: [fn(&Candidate) -> bool; 3] = [
        |c| !c.stands() && c.is_new && c.instead.is_none(),
        |c| c.stands() && c.is_new,
        |c| c.stands(),
    ];
    steps.iter().enumerate().any(|(n, step)| {
        let mut any = false;
        for c in hosts.iter_mut().filter(|c| step(c)) {
            let Some(h) = of(c) else { continue };
            any = true;
            if n == 0 {
                c.roleless = true;
                continue;
            }
            (c.certain, c.roleless) = (false, false);
            c.instead = Some(format!("`{}` at {}:{}", h.code, h.file, h.line));
        }
        any
    })
}

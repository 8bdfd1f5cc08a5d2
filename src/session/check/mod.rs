//! The check: every part of a session judged against the matrix, and put together to what a report says.
//!
//! Exports are judged in parts that say nothing about each other (see [`parts`]), in parallel, and a part leaves findings
//! and checks that refer to nothing. What only the whole site can say (see [`judge::whole`]) is decided at last; a part
//! that took it otherwise is judged again.

mod assemble;
mod judge_part;
mod memo;
mod parts;
mod results;
mod whole;

pub(super) use judge_part::{Changed, LinkedPart};
pub(super) use memo::Memos;
pub(super) use parts::{Part, parts};

use crate::common::progress::Progress;
use crate::finding::Finding;
use crate::finding::outcome::Outcome;
use crate::judge::{self, Applying, Flows, PartScope, Row};
use crate::load::Files;
use crate::rules::matrix::Matrix;
use crate::session::{Request, Session};
use crate::site::{Bound, Config};
use hylint_space::AddrSet;
use std::collections::BTreeMap;

/// Everything that judging reads.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    session: &'a Session,
    files: &'a dyn Files,
    request: &'a Request,
    config: Option<&'a Config>,
    bound: &'a Bound,
    parts: &'a [Part],
    flows: Flows<'a>,
    rows: &'a [Row<'a>],
}

/// Names that resolve to addresses whatever files say: `[resolve]` of the site, else of the request.
pub(super) fn known(session: &Session) -> &BTreeMap<String, AddrSet> {
    let request = session.request();
    session.config().map_or(&request.resolve, |c| &c.resolve)
}

/// Judges a session. `said` is what reading and binding it found.
///
/// # Errors
/// A file changed while it was checked.
pub(super) fn run(
    session: &Session,
    (matrix, bound, parts): (&Matrix, &Bound, &[Part]),
    said: Vec<Finding>,
    progress: &dyn Progress,
) -> Result<Outcome, Changed> {
    let applying = Applying::of(matrix, &bound.site);
    let nobody = PartScope::default();
    let flows = Flows {
        matrix,
        site: &bound.site,
        part: &nobody,
        applying: &applying,
    };
    let rows = judge::rows(flows);
    let run = Run {
        session,
        files: session.files(),
        request: session.request(),
        config: session.config(),
        bound,
        parts,
        flows,
        rows: &rows,
    };
    let whole = run.judge(said, progress)?;
    Ok(run.outcome(whole))
}

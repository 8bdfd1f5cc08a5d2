//! The check: every part of a session judged against the matrix, and put together to what a report says.
//!
//! Exports are judged in parts that say nothing about each other (see [`parts`]), in parallel, and a part leaves findings
//! and checks that refer to nothing. What only the whole site can say (see [`judge::whole`]) is decided at last; a part
//! that took it otherwise is judged again.

mod assemble;
mod basis;
mod judge_part;
mod linked;
mod memo;
mod parts;
mod results;
mod whole;

pub(super) use linked::{LinkedPart, LinkedParts};
pub(super) use memo::{Memos, PartSeal};
pub(super) use parts::{Part, parts};

use super::bodies::Changed;
use super::material::Material;
use crate::common::progress::Progress;
use crate::finding::Finding;
use crate::finding::outcome::Outcome;
use crate::judge::{self, Applying, Flows, PartScope};
use crate::rules::matrix::Matrix;
use crate::site::Bound;
use basis::Basis;
use std::sync::atomic::AtomicUsize;
use whole::Judging;

/// What a check goes by and what it leaves for the next.
pub(super) struct Check<'a> {
    pub material: &'a Material,
    pub matrix: &'a Matrix,
    pub bound: &'a Bound,
    pub parts: &'a [Part],
    pub linked: &'a LinkedParts,
    pub memos: &'a Memos,
    pub judged: &'a AtomicUsize,
}

impl Check<'_> {
    /// Judges everything.
    ///
    /// # Errors
    /// A file changed while it was checked.
    pub(super) fn run(&self, progress: &dyn Progress) -> Result<Outcome, Changed> {
        let bound = self.bound;
        let applying = Applying::of(self.matrix, &bound.site);
        let nobody = PartScope::default();
        let flows = Flows {
            matrix: self.matrix,
            site: &bound.site,
            part: &nobody,
            applying: &applying,
        };
        let rows = judge::rows(flows);
        let basis = Basis {
            material: self.material,
            bound,
            flows,
            rows: &rows,
        };
        let judging = Judging {
            basis,
            parts: self.parts,
            linked: self.linked,
            memos: self.memos,
            judged: self.judged,
        };
        let whole = judging.judge(self.said(), progress)?;
        Ok(assemble::outcome(&basis, whole))
    }

    /// What reading and binding found.
    fn said(&self) -> Vec<Finding> {
        let m = self.material;
        let said = [&m.unentered, &m.unopened, &self.bound.findings];
        said.into_iter().flatten().cloned().collect()
    }
}

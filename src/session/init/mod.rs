//! A hylint.toml to begin with, from the exports of a folder.
//!
//! What an export says itself, by a comment, a tag or its path, is written out. What is only likely is written as a
//! comment with what speaks for it: a guess that stands in the file would be taken for what people declared. What no
//! export says is asked, by a numbered list at the top.
//!
//! INVARIANT: a run with the draft as written finds what the run without it found, but for what is not known of roles.
//! So the roles that every site has are written as being there where that matters, until their addresses are, and a file
//! that could not be read and stands for a host is named. What is left is tried out ([`verify`]).

mod candidate;
mod evidence;
mod found;
mod hosts;
mod joined;
mod peers;
mod questions;
mod survey;
mod verify;
mod vias;
mod write;

pub use questions::Question;

use super::{Kept, Request, Session, SiteScope};
use crate::common::diag::Diag;
use crate::common::progress::Silent;
use crate::finding::{Code, Severity};
use crate::load::Disk;
use crate::rules::matrix::Matrix;
use crate::site::Listening;
use candidate::Candidate;
use questions::Questions;
use std::path::Path;
use std::sync::Arc;
use survey::Survey;
use verify::Bare;

/// The file, and what there is to say about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// Text of the hylint.toml.
    pub text: String,
    /// Exports that were read.
    pub exports: usize,
    /// Hosts, those first of which an export says the most.
    pub hosts: Vec<DraftHost>,
    /// What is asked, in the order of its numbers.
    pub questions: Vec<Question>,
}

/// A host of a draft.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DraftHost {
    /// Its name.
    pub name: String,
    /// Its roles, or those that its open ports fit best.
    pub roles: Vec<String>,
    /// An export says the role, so the host is written out. Else it is a comment, to be confirmed.
    pub certain: bool,
    /// What speaks for the role, in a few words.
    pub evidence: String,
}

/// Reads the exports of a folder and drafts its hylint.toml, which names the matrix by `matrix`, or not at all where only
/// the command line can name it. `None` if there is no export.
///
/// # Errors
/// The folder cannot be looked at.
pub fn draft(root: &Path, matrix: Matrix, named: Option<&str>) -> Result<Option<Draft>, Vec<Diag>> {
    let request = Request {
        scope: SiteScope::Undeclared,
        keep: Kept {
            sources: true,
            ..Kept::default()
        },
        ..Request::new([root])
    };
    let given = || Some(matrix.clone());
    let session = Session::open_with(Arc::new(Disk), request, given(), &Silent)?;
    let heads = session.heads();
    if heads.iter().all(|e| e.export.points.is_empty()) {
        return Ok(None);
    }
    let site = session.site()?;
    let bodies: Result<Vec<_>, _> = heads.ids().map(|id| session.source(id)).collect();
    let survey = Survey {
        root,
        matrix: &site.matrix,
        heads,
        bodies: joined::joined(heads, bodies?),
        bound: &site.bound,
        listening: Listening::of(&site.matrix),
    };
    let (mut hosts, groups) = hosts::candidates(&survey);
    let names = found::unresolved(&survey);
    let unread = unread(&survey);
    let files: Vec<&str> = unread.iter().map(|(file, _)| file.as_str()).collect();
    let bare = Bare::run(root, matrix.clone())?;
    let mut core_is_there = false;
    loop {
        let vias = vias::shown(&survey, &hosts);
        let questions = Questions::of(&survey, &hosts, groups.len(), &names, (&files, &vias));
        let all = write::Contents {
            matrix: named,
            hosts: &hosts,
            groups: &groups,
            names: &names,
            unread: &unread,
            vias: &vias,
            questions: &questions,
            core_is_there,
        };
        let text = write::file(&survey, &all);
        let hidden = bare.hidden(root, matrix.clone(), &text)?;
        if !hidden.is_empty() && !core_is_there && !questions.core.is_empty() {
            core_is_there = true;
            continue;
        }
        if !hidden.is_empty() && verify::mend(&mut hosts, &hidden) {
            continue;
        }
        return Ok(Some(Draft {
            text,
            exports: survey.heads.len(),
            hosts: hosts.iter().map(summed_up).collect(),
            questions: questions.list,
        }));
    }
}

fn summed_up(c: &Candidate) -> DraftHost {
    let likely = c.evidence.first().filter(|e| e.share() > 0);
    let role = likely.map(|e| e.role.clone());
    let roles = match c.roles.is_empty() {
        true => role.into_iter().collect(),
        false => c.roles.clone(),
    };
    let how = match c.worth {
        3 => "a comment or tag",
        2 => "by name",
        1 => "by its ports",
        _ => "role unknown",
    };
    let ports = c.evidence.first().filter(|e| e.has_ports());
    let ports = ports.map(|e| format!(", {}", e.short()));
    DraftHost {
        name: c.name.clone(),
        roles,
        certain: c.certain,
        evidence: format!("{how}{}", ports.unwrap_or_default()),
    }
}

/// Files that could not be read and stand for a host of which nothing else was read, with what is said of each.
fn unread(s: &Survey<'_>) -> Vec<(String, String)> {
    let codes = [Code::UnreadFile, Code::EmptyExport];
    let found = s.bound.findings.iter();
    let grave = found.filter(|f| f.severity == Severity::Error && codes.contains(&f.code));
    let mut all: Vec<(String, String)> = grave
        .filter_map(|f| {
            Some((
                survey::relative(s, &f.place.as_ref()?.path),
                f.message.clone(),
            ))
        })
        .collect();
    all.sort();
    all.dedup_by(|a, b| a.0 == b.0);
    all
}

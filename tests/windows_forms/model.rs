//! The model that hylint reads from files, as far as it decides packets or is shown.

use super::forms::Files;
use hylint::load::{Disk, FileRef, LoadedExport, read_whole};
use hylint_model::{Body, Clause, Condition, Rule, Test};
use std::collections::BTreeMap;
use std::path::Path;

/// The rules of an export by direction and name, and the settings of the profiles, in words.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Read {
    pub rules: BTreeMap<(bool, String), Told>,
    pub settings: String,
}

/// What a rule of the model says.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// Whether it acts, what it does and where.
    does: String,
    /// Who wrote it and what for.
    about: String,
    /// What it matches.
    clauses: Vec<String>,
}

/// The condition of a rule whose export does not print all that may narrow it.
const BRIEF: &str = "Local Unprinted brief-export";

impl Told {
    /// What a list of wf.msc says of it: nobody who wrote it, and everything under the condition that it has no service.
    pub fn in_wfmsc(&self) -> Self {
        let quoted = format!("\"{BRIEF}\"");
        let open = |c: &String| {
            let c = c.replace(&format!("{quoted}, "), "");
            c.replace(&format!(", {quoted}"), "").replace(&quoted, "")
        };
        Self {
            about: String::new(),
            clauses: self.clauses.iter().map(open).collect(),
            ..self.clone()
        }
    }

    pub fn is_brief(&self) -> bool {
        self.clauses.iter().all(|c| c.contains(BRIEF))
    }
}

pub fn load(path: &Path) -> LoadedExport {
    match read_whole(&Disk, &FileRef::new(path.into(), true)) {
        Ok((e, _)) => e,
        Err(_) => panic!("{} is not read", path.display()),
    }
}

/// All that a rule of the model says, without places.
fn told(r: &Rule) -> Told {
    let condition = |c: &Condition| {
        let not = if c.negated { "not " } else { "" };
        format!("{:?} {:?} {not}{}", c.kind, c.test, c.without_place())
    };
    let condition = |c: &Condition| match c.test {
        Test::Unprinted => BRIEF.to_owned(),
        _ => condition(c),
    };
    let clause = |c: &Clause| {
        let mut all: Vec<String> = c.conditions.iter().map(condition).collect();
        all.sort();
        format!("{:?} if {all:?}", c.space)
    };
    let mut clauses: Vec<String> = r.clauses.iter().map(clause).collect();
    clauses.sort();
    Told {
        does: format!(
            "enabled {} {:?} {:?} group {:?}",
            r.enabled, r.action, r.profiles, r.group
        ),
        about: format!("{:?} {:?}", r.origin, r.comment),
        clauses,
    }
}

pub fn read(dir: &Path, files: &Files) -> Read {
    let mut out = Read::default();
    for (name, bytes) in [Some(&files.inbound), files.outbound.as_ref()]
        .into_iter()
        .flatten()
    {
        let path = dir.join(name);
        std::fs::write(&path, bytes).unwrap();
        let e = load(&path);
        assert_eq!(e.export.lost(), 0, "{name}");
        for p in &e.export.points {
            if let Body::Lists(lists) = &p.body {
                let each = [(true, &lists.ingress), (false, &lists.egress)];
                for (inbound, list) in each {
                    let own = list
                        .rules
                        .iter()
                        .map(|r| ((inbound, r.name.to_string()), told(r)));
                    out.rules.extend(own);
                }
            }
            if let Some(w) = &p.windows {
                let value = |s: &hylint_model::ProfileSettings| {
                    format!(
                        "{:?} {:?} {:?} {:?}",
                        s.enabled.map(|v| v.0),
                        s.inbound.map(|v| v.0),
                        s.outbound_allow.map(|v| v.0),
                        s.local_rules.map(|v| v.0)
                    )
                };
                let each = w.profiles.iter().map(|s| s.as_ref().map(value));
                out.settings = format!("{:?}", each.collect::<Vec<_>>());
            }
        }
    }
    out
}

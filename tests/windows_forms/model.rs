//! The model that hylint reads from files, as far as it decides packets or is shown.

use super::forms::Files;
use hylint::load::{Disk, FileRef, LoadedExport, read_whole};
use hylint_model::{Body, Rule};
use std::collections::BTreeMap;
use std::path::Path;

/// The rules of an export by direction and name, and the settings of the profiles, in words.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Read {
    pub rules: BTreeMap<(bool, String), String>,
    pub settings: String,
}

pub fn load(path: &Path) -> LoadedExport {
    match read_whole(&Disk, &FileRef::new(path.into(), true)) {
        Ok((e, _)) => e,
        Err(_) => panic!("{} is not read", path.display()),
    }
}

/// All that a rule of the model says, without places.
fn words(r: &Rule) -> String {
    let clause = |c: &hylint_model::Clause| {
        let mut all: Vec<String> = c
            .conditions
            .iter()
            .map(|c| {
                format!(
                    "{:?} {:?} {}{}",
                    c.kind,
                    c.test,
                    if c.negated { "not " } else { "" },
                    c.without_place()
                )
            })
            .collect();
        all.sort();
        format!("{:?} if {all:?}", c.space)
    };
    let mut clauses: Vec<String> = r.clauses.iter().map(clause).collect();
    clauses.sort();
    format!(
        "enabled {} {:?} {:?} {:?} group {:?} comment {:?}: {}",
        r.enabled,
        r.action,
        r.profiles,
        r.origin,
        r.group,
        r.comment,
        clauses.join("\n    or ")
    )
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
                        .map(|r| ((inbound, r.name.to_string()), words(r)));
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

//! The matrix that each side asks for.

use super::changes::{At, Changes, Said};
use crate::common::words::{count, some};
use crate::rules::matrix::{Implied, Matrix, Requirement, Role};
use std::collections::{BTreeMap, BTreeSet};

impl Changes<'_> {
    pub(super) fn matrices(&mut self, old: &Matrix, new: &Matrix) {
        if old.sha256 == new.sha256 {
            return;
        }
        let said = |m: &Matrix| {
            let hash: String = m.sha256.chars().take(12).collect();
            format!("{} {} ({hash})", m.id, m.version)
        };
        let changed = changed(old, new);
        let message = match changed.is_empty() {
            true => "the matrix has other words, and asks for the same".to_owned(),
            false => format!("the matrix is another one: {}", changed.join("; ")),
        };
        self.push(Said {
            key: "matrix".into(),
            at: At::Key("site", "matrix"),
            old: Some(said(old)),
            new: Some(said(new)),
            loosened: !changed.is_empty(),
            message,
        });
    }
}

/// What is asked, or may be open, otherwise: in words, empty if the texts alone differ.
fn changed(old: &Matrix, new: &Matrix) -> Vec<String> {
    let rows = |m: &Matrix| -> BTreeMap<String, (u32, bool, String)> {
        let all = m.requirements.iter();
        all.map(|r| (r.id.clone(), (r.row, r.mandatory, meaning(m, r))))
            .collect()
    };
    let (was, is) = (rows(old), rows(new));
    let (mut removed, mut optional, mut other) = (Vec::new(), Vec::new(), Vec::new());
    for (id, (row, mandatory, meaning)) in &was {
        match is.get(id) {
            None => removed.push(row.to_string()),
            Some((_, now, _)) if *mandatory && !now => optional.push(row.to_string()),
            Some((_, now, m)) if m != meaning || now != mandatory => other.push(row.to_string()),
            Some(_) => {}
        }
    }
    let added = is.iter().filter(|(id, _)| !was.contains_key(*id));
    let added: Vec<String> = added.map(|(_, (row, ..))| row.to_string()).collect();
    let kinds = [
        (removed, "removed"),
        (optional, "made optional"),
        (other, "changed"),
        (added, "added"),
    ];
    let told = kinds.into_iter().filter(|(rows, _)| !rows.is_empty());
    let mut out: Vec<String> = told
        .map(|(rows, what)| format!("{} {what} ({})", count(rows.len(), "row"), some(&rows, 6)))
        .collect();
    if implied(old) != implied(new) {
        out.push("other flows are implied".into());
    }
    if roles(old) != roles(new) {
        out.push("roles are described otherwise".into());
    }
    out
}

/// Everything of a requirement that decides, with roles by their ids.
fn meaning(m: &Matrix, r: &Requirement) -> String {
    let ends = |e: &crate::rules::matrix::End| ids(m, &e.roles);
    let to_any: Vec<Vec<&str>> = r.to_any.iter().map(ends).collect();
    format!(
        "{:?}",
        (
            (ends(&r.from), ends(&r.to), to_any, r.transport, &r.ports),
            (r.require, r.customizable, &r.feature, r.access, r.reply),
            (&r.listeners, &r.programs),
            r.separate_from.and_then(|x| m.role(x)).map(|x| &x.id),
        )
    )
}

fn ids<'m>(m: &'m Matrix, roles: &[crate::rules::matrix::RoleIx]) -> Vec<&'m str> {
    let all = roles.iter().filter_map(|r| m.role(*r));
    all.map(|r| r.id.as_str()).collect()
}

fn implied(m: &Matrix) -> BTreeSet<String> {
    let one = |i: &Implied| {
        let ends = (ids(m, &i.from.roles), ids(m, &i.to.roles));
        let what = (i.transport, &i.ports, i.judged, i.gateway, &i.programs);
        format!("{:?}", (&i.id, ends, what))
    };
    m.implied.iter().map(one).collect()
}

fn roles(m: &Matrix) -> BTreeSet<String> {
    let id = |r: Option<crate::rules::matrix::RoleIx>| r.map(|r| ids(m, &[r]));
    let one = |r: &Role| {
        let lives = (id(r.lives_on), id(r.lives_if), id(r.ports_with));
        let more = (ids(m, &r.implies), &r.aliases, &r.destinations);
        format!("{:?}", (&r.id, r.presence, r.audience, lives, more))
    };
    let features = m.features.iter();
    let features = features.map(|f| format!("{:?}", (&f.id, ids(m, &[f.role]))));
    m.roles.iter().map(one).chain(features).collect()
}

//! `[ports]`: where a site's services listen.
//!
//! A requirement or a role is named. A row may be narrowed to some of its own ports. Other ports are for rows that the
//! vendor lets one customize; where a role is named, that moves every row to the role (and to roles whose ports go with
//! it) that states the same default ports, so that one SQL Server has one port.

use crate::common::toml_reader::{Table, Value};
use crate::rules::matrix::{Customizable, Matrix, Requirement, RoleIx, read_ports};
use std::collections::BTreeMap;

/// Reads `[ports]` into ports by requirement id.
pub(super) fn read(matrix: &Matrix, t: &Table<'_, '_>) -> BTreeMap<String, Vec<u16>> {
    let mut by_role = BTreeMap::new();
    let mut by_row = BTreeMap::new();
    for (key, span, value) in t.entries() {
        let Some(ports) = read_ports(&value) else {
            continue;
        };
        if let Some(r) = matrix.requirement(key) {
            if row_allows(r, &ports, &value) {
                by_row.insert(r.id.clone(), ports);
            }
        } else if let Some(role) = matrix.role_ix(key) {
            by_role.extend(role_rows(matrix, role, key, &ports, &value));
        } else {
            let roles = matrix.roles.iter().map(|r| r.id.as_str());
            let rows = matrix.requirements.iter().map(|r| r.id.as_str());
            super::fields::unknown(&value, span, "role or requirement", key, roles.chain(rows));
        }
    }
    by_role.extend(by_row);
    by_role
}

fn numbers(ports: &[u16]) -> String {
    let all: Vec<String> = ports.iter().map(u16::to_string).collect();
    all.join(", ")
}

fn row_allows(r: &Requirement, ports: &[u16], value: &Value<'_, '_>) -> bool {
    let narrowed = ports.iter().all(|p| r.ports.contains(p));
    let good = narrowed || r.customizable != Customizable::No;
    if !good {
        value.error(
            format!("the ports of `{}` are fixed by the vendor", r.id),
            Some(format!(
                "row {} may use some of {}",
                r.row,
                numbers(&r.ports)
            )),
        );
    }
    good
}

/// Rows to a role, or to one whose ports go with it.
fn rows_to(matrix: &Matrix, role: RoleIx) -> Vec<&Requirement> {
    let is = |r: &RoleIx| *r == role || matrix.role(*r).is_some_and(|r| r.ports_with == Some(role));
    let to = |r: &&Requirement| {
        std::iter::once(&r.to)
            .chain(&r.to_any)
            .any(|e| e.roles.iter().any(is))
    };
    matrix.requirements.iter().filter(to).collect()
}

fn role_rows(
    matrix: &Matrix,
    role: RoleIx,
    id: &str,
    ports: &[u16],
    value: &Value<'_, '_>,
) -> Vec<(String, Vec<u16>)> {
    let rows = rows_to(matrix, role);
    let movable = |r: &Requirement| {
        rows.iter().any(|c| {
            c.customizable != Customizable::No && c.ports == r.ports && c.transport == r.transport
        })
    };
    let own = |p: &u16| rows.iter().any(|r| r.ports.contains(p));
    let foreign: Vec<u16> = ports.iter().copied().filter(|p| !own(p)).collect();
    if !foreign.is_empty() && !rows.iter().any(|r| movable(r)) {
        let mut known: Vec<u16> = rows.iter().flat_map(|r| r.ports.clone()).collect();
        known.sort_unstable();
        known.dedup();
        let help = match known.as_slice() {
            [] => "no requirement leads to this role".to_owned(),
            known => format!("its rows may use some of {}", numbers(known)),
        };
        value.error(
            format!("the ports of `{id}` are fixed by the vendor"),
            Some(help),
        );
        return Vec::new();
    }
    let mut out = Vec::new();
    for r in &rows {
        let mut new: Vec<u16> = r
            .ports
            .iter()
            .copied()
            .filter(|p| ports.contains(p))
            .collect();
        if movable(r) {
            new.extend(&foreign);
            new.sort_unstable();
        }
        if !new.is_empty() && new != r.ports {
            out.push((r.id.clone(), new));
        }
    }
    out
}

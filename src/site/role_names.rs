//! What names and paths tell of roles.

use crate::common::paths::{host_folder, stem, words};
use crate::rules::matrix::{Matrix, RoleIx};

/// The role that a path names: in the file's name, else in its folder's, else in that one's. Where a name fits several
/// roles the longest fit counts; equally long fits of different roles tell nothing.
#[must_use]
pub fn role(path: &str, matrix: &Matrix) -> Option<RoleIx> {
    let folders = host_folder(path).rsplit('/').take(2);
    std::iter::once(stem(path))
        .chain(folders)
        .find_map(|part| role_in(part, matrix))
}

/// The role that a name holds, as whole words; `cm1` is the word `cm`.
#[must_use]
pub fn role_in(name: &str, matrix: &Matrix) -> Option<RoleIx> {
    let words = words(name, true);
    let mut best: Option<(usize, usize, RoleIx)> = None;
    let mut tie = false;
    for (at, role) in matrix.roles.iter().enumerate() {
        let Some(ix) = u16::try_from(at).ok().map(RoleIx) else {
            continue;
        };
        for alias in &role.aliases {
            let wanted = alias.split('-');
            let count = wanted.clone().count();
            let fits = words.windows(count).any(|w| w.iter().eq(wanted.clone()));
            let size = (count, alias.len(), ix);
            match best {
                _ if !fits => {}
                Some(b) if (b.0, b.1) == (size.0, size.1) => tie |= b.2 != ix,
                Some(b) if (b.0, b.1) > (size.0, size.1) => {}
                _ => (best, tie) = (Some(size), false),
            }
        }
    }
    best.filter(|_| !tie).map(|b| b.2)
}

/// A role by its id or one of its other spellings, in any case.
#[must_use]
pub fn role_named(name: &str, matrix: &Matrix) -> Option<RoleIx> {
    let name = name.trim().to_lowercase().replace([' ', '_'], "-");
    let at = matrix
        .roles
        .iter()
        .position(|r| r.aliases.contains(&name))?;
    u16::try_from(at).ok().map(RoleIx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_in_paths() {
        let m = crate::rules::matrix::builtin("hyworks").unwrap().unwrap();
        for (path, want) in [
            ("exports/session-host/sh1.txt", Some("session-host")),
            (
                "cm1-controller-management.txt",
                Some("controller-management"),
            ),
            ("SQL01.txt", Some("sql-server")),
            ("sql-log1/rules.txt", Some("sql-log-server")),
            ("hyper-v-connector.txt", Some("hyper-v-connector")),
            ("hyperv2.txt", Some("hyper-v-host")),
            ("gw1/iptables.rules", Some("hysecure-gateway")),
            ("a/broker/prod/x.txt", Some("controller-broker")),
            ("broker/a/b/c/x.txt", None),
            ("prod/web.txt", None),
            ("shell.txt", None),
            ("cm-sh.txt", None),
        ] {
            let found = role(path, &m)
                .and_then(|r| m.role(r))
                .map(|r| r.id.as_str());
            assert_eq!(found, want, "{path}");
        }
    }
}

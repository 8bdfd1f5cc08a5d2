//! From the files of a matrix to the matrix: names become indices, and what must be unique is.

use super::raw::{self, Name};
use super::{AccessRule, End, Feature, Group, Implied, Matrix, Requirement, Role, RoleIx};
use crate::common::diag::{Diag, nearest};
use crate::common::toml_reader::Document;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Reads a matrix from its files, given as name and text. One file suffices.
///
/// # Errors
/// Every mistake in every file, in the order of the files and of the places in them.
pub fn read(files: &[(&str, &str)]) -> Result<Matrix, Vec<Diag>> {
    let docs: Vec<Document> = files
        .iter()
        .map(|(path, text)| Document::new(path, text, "matrix"))
        .collect();
    let raw: Vec<raw::File> = docs.iter().map(|d| d.read(|t| raw::file(&t))).collect();
    let mut matrix = Resolver::new(&docs, &raw).matrix();
    let mistakes: Vec<Diag> = docs.into_iter().flat_map(Document::finish).collect();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    matrix.files = files.iter().map(|(p, _)| (*p).to_owned()).collect();
    matrix.sha256 = sha256(files);
    Ok(matrix)
}

fn sha256(files: &[(&str, &str)]) -> String {
    let mut hash = Sha256::new();
    for (_, text) in files {
        hash.update(text.as_bytes());
    }
    hash.finalize().iter().fold(String::new(), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

struct Resolver<'a> {
    docs: &'a [Document],
    raw: &'a [raw::File],
    roles: Vec<&'a str>,
    groups: Vec<Group>,
}

impl<'a> Resolver<'a> {
    fn new(docs: &'a [Document], raw: &'a [raw::File]) -> Self {
        let roles = raw.iter().flat_map(|f| &f.roles);
        let mut me = Self {
            docs,
            raw,
            roles: roles.map(|r| &*r.id.0).collect(),
            groups: Vec::new(),
        };
        me.groups = me.each(
            |f| &f.groups,
            |file, g: &raw::Group| Group {
                id: g.id.0.clone(),
                roles: g.roles.iter().filter_map(|r| me.role(file, r)).collect(),
            },
        );
        me
    }

    fn error(&self, file: usize, at: &Name, message: String, help: Option<String>) {
        if let Some(doc) = self.docs.get(file) {
            doc.error(at.1.clone(), message, help);
        }
    }

    /// Maps the items of every file, each with the index of its file.
    fn each<T: 'a, U>(
        &self,
        items: impl Fn(&'a raw::File) -> &'a Vec<T>,
        map: impl Fn(usize, &'a T) -> U,
    ) -> Vec<U> {
        let files = self.raw.iter().enumerate();
        files
            .flat_map(|(i, f)| items(f).iter().map(move |t| (i, t)))
            .map(|(i, t)| map(i, t))
            .collect()
    }

    /// Reports each name that occurs twice.
    fn unique(&self, what: &str, names: Vec<(usize, &Name)>) {
        let mut seen = BTreeMap::new();
        for (file, name) in names {
            if seen.insert(&name.0, ()).is_some() {
                self.error(
                    file,
                    name,
                    format!("{what} `{}` is defined twice", name.0),
                    None,
                );
            }
        }
    }

    fn index(&self, id: &str) -> Option<RoleIx> {
        let at = self.roles.iter().position(|r| *r == id)?;
        u16::try_from(at).ok().map(RoleIx)
    }

    fn role(&self, file: usize, name: &Name) -> Option<RoleIx> {
        let found = self.index(&name.0);
        if found.is_none() {
            let near = nearest(&name.0, self.roles.iter().copied());
            let help = match near {
                Some(n) => format!("did you mean `{n}`?"),
                None => format!("add a [[role]] with id = \"{}\"", name.0),
            };
            self.error(file, name, format!("unknown role `{}`", name.0), Some(help));
        }
        found
    }

    fn end(&self, file: usize, name: &Name) -> End {
        let group = self.groups.iter().find(|g| g.id == name.0);
        End {
            name: name.0.clone(),
            roles: match group {
                Some(g) => g.roles.clone(),
                None => self.role(file, name).into_iter().collect(),
            },
        }
    }

    fn matrix(&self) -> Matrix {
        self.check_names();
        let (id, version, name) = self.header();
        let mut requirements = self.each(|f| &f.requirements, |file, r| self.requirement(file, r));
        requirements.sort_by_key(|r| r.row);
        Matrix {
            id,
            version,
            name,
            sha256: String::new(),
            files: Vec::new(),
            roles: self.each(|f| &f.roles, |file, r| self.make_role(file, r)),
            groups: self.groups.clone(),
            features: self
                .each(|f| &f.features, |file, f| self.feature(file, f))
                .into_iter()
                .flatten()
                .collect(),
            requirements,
            implied: self.each(|f| &f.implied, |file, i| self.implied(file, i)),
        }
    }

    /// What tells the vendor's own programs.
    fn programs(&self) -> Vec<String> {
        let headers = self.raw.iter().filter_map(|f| f.header.as_ref());
        headers.flat_map(|h| h.programs.iter().cloned()).collect()
    }

    fn header(&self) -> (String, String, String) {
        let mut found = None;
        for (file, raw) in self.raw.iter().enumerate() {
            let Some(h) = &raw.header else { continue };
            if found.is_some() {
                let at = (String::new(), h.span.clone());
                self.error(file, &at, "`[matrix]` is given twice".to_owned(), None);
            }
            let id = h.id.as_ref().map(|i| i.0.clone()).unwrap_or_default();
            found = Some((id, h.version.clone(), h.name.clone()));
        }
        found.unwrap_or_else(|| {
            let help = "add [matrix] with id, version and name".to_owned();
            let at = (String::new(), 0..0);
            self.error(0, &at, "`[matrix]` is missing".to_owned(), Some(help));
            Default::default()
        })
    }

    fn check_names(&self) {
        let mut names = self.each(|f| &f.roles, |i, r| (i, &r.id));
        names.extend(self.each(|f| &f.groups, |i, g| (i, &g.id)));
        self.unique("role or group", names);
        self.unique("feature", self.each(|f| &f.features, |i, f| (i, &f.id)));
        let mut ids = self.each(|f| &f.requirements, |i, r| (i, &r.flow.id));
        ids.extend(self.each(|f| &f.implied, |i, m| (i, &m.flow.id)));
        self.unique("requirement", ids);
        let mut rows = BTreeMap::new();
        for (file, r) in self.each(|f| &f.requirements, |i, r| (i, r)) {
            if let Some(other) = rows.insert(r.row.0, &r.flow.id.0) {
                let at = (String::new(), r.row.1.clone());
                let message = format!("row {} is already used by `{other}`", r.row.0);
                self.error(file, &at, message, None);
            }
        }
        self.check_aliases();
    }

    fn check_aliases(&self) {
        let mut seen: BTreeMap<&str, &str> = self.roles.iter().map(|r| (*r, *r)).collect();
        for (file, role) in self.each(|f| &f.roles, |i, r| (i, r)) {
            for alias in &role.aliases {
                let owner = &*role.id.0;
                match seen.insert(&alias.0, owner) {
                    Some(other) if other != owner => {
                        let message =
                            format!("alias `{}` already belongs to role `{other}`", alias.0);
                        self.error(file, alias, message, None);
                    }
                    _ => {}
                }
            }
        }
    }

    fn make_role(&self, file: usize, r: &raw::Role) -> Role {
        let role = |name: &Option<Name>| {
            let name = name.as_ref()?;
            if name.0 == r.id.0 {
                self.error(file, name, "a role cannot refer to itself".to_owned(), None);
            }
            self.role(file, name)
        };
        let mut aliases = vec![r.id.0.clone()];
        aliases.extend(r.aliases.iter().map(|a| a.0.to_lowercase()));
        Role {
            id: r.id.0.clone(),
            name: r.name.clone(),
            presence: r.presence,
            audience: r.audience,
            lives_on: role(&r.lives_on),
            lives_if: role(&r.lives_if),
            ports_with: role(&r.ports_with),
            implies: (r.implies.iter())
                .filter_map(|n| self.role(file, n))
                .collect(),
            aliases,
            destinations: r.destinations.clone(),
        }
    }

    fn feature(&self, file: usize, f: &raw::Feature) -> Option<Feature> {
        Some(Feature {
            id: f.id.0.clone(),
            role: self.role(file, &f.role)?,
        })
    }

    /// The role that turns a requirement's feature on.
    fn feature_role(&self, file: usize, name: &Name) -> Option<String> {
        let features = self.raw.iter().flat_map(|f| &f.features);
        let mut features = features.map(|f| (&f.id.0, &f.role.0));
        let found = features.clone().find(|(id, _)| **id == name.0);
        if found.is_none() {
            let near = nearest(&name.0, features.by_ref().map(|(id, _)| id.as_str()));
            let help = match near {
                Some(n) => format!("did you mean `{n}`?"),
                None => format!("add a [[feature]] with id = \"{}\"", name.0),
            };
            self.error(
                file,
                name,
                format!("unknown feature `{}`", name.0),
                Some(help),
            );
        }
        found.map(|(_, role)| role.clone())
    }

    fn requirement(&self, file: usize, r: &raw::Requirement) -> Requirement {
        let access = if r.direct_only {
            AccessRule::DirectOnly
        } else {
            AccessRule::Always
        };
        Requirement {
            id: r.flow.id.0.clone(),
            row: r.row.0,
            from: self.end(file, &r.flow.from),
            to: self.end(file, &r.flow.to),
            to_any: r.to_any.iter().map(|n| self.end(file, n)).collect(),
            purpose: r.purpose.clone(),
            transport: r.flow.transport,
            ports: r.flow.ports.clone(),
            require: r.require,
            application_protocol: r.application_protocol.clone(),
            customizable: r.customizable,
            mandatory: r.mandatory,
            vendor_mandatory: r.vendor_mandatory.clone(),
            feature: r.feature.as_ref().and_then(|f| self.feature_role(file, f)),
            access,
            listeners: r.listeners.clone(),
            programs: self.programs(),
            reply: r.reply,
            separate_from: r.separate_from.as_ref().and_then(|s| self.role(file, s)),
            impact: r.impact.clone(),
            reference: r.reference.clone(),
            note: r.note.clone(),
            file,
            span: r.span.clone(),
        }
    }

    fn implied(&self, file: usize, i: &raw::Implied) -> Implied {
        Implied {
            id: i.flow.id.0.clone(),
            from: self.end(file, &i.flow.from),
            to: self.end(file, &i.flow.to),
            transport: i.flow.transport,
            ports: i.flow.ports.clone(),
            reason: i.reason.clone(),
            judged: i.judged,
            gateway: i.gateway,
            programs: self.programs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[matrix]
id = "mini"
version = "1"

[[role]]
id = "web"
presence = "core"
aliases = ["www"]

[[role]]
id = "db"

[[requirement]]
id = "db.query"
row = 1
from = "web"
to = "db"
transport = "tcp"
ports = [5432, "6000-6002"]
mandatory = true
"#;

    #[test]
    fn one_file_is_a_matrix() {
        let m = read(&[("mini.toml", GOOD)]).unwrap();
        assert_eq!(
            (m.id.as_str(), m.version.as_str(), m.sha256.len()),
            ("mini", "1", 64)
        );
        let r = m.requirement("db.query").unwrap();
        assert_eq!(r.ports, [5432, 6000, 6001, 6002]);
        assert_eq!(
            (r.vendor_mandatory.as_str(), r.application_protocol.as_str()),
            ("Yes", "tcp")
        );
        assert_eq!(&GOOD[r.span.clone()], "[[requirement]]");
        assert_ne!(
            read(&[("x", &format!("{GOOD}#"))]).unwrap().sha256,
            m.sha256
        );
    }

    /// Replaces `from` by `to` in the good file and gives what is told, as `line:column message`.
    fn broken(from: &str, to: &str) -> Vec<String> {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replacen(from, to, 1);
        let found = read(&[("mini.toml", &text)]).unwrap_err();
        found
            .iter()
            .map(|d| format!("{}:{} {}", d.position().line, d.position().column, d))
            .collect()
    }

    #[test]
    fn mistakes_point_into_the_file() {
        for (from, to, want) in [
            (
                "row = 1",
                "row = 0",
                "16:7 invalid number 0, expected 1 to 4294967295",
            ),
            (
                "row = 1",
                "rwo = 1",
                "14:1 `row` is missing|16:1 unknown key `rwo`",
            ),
            ("to = \"db\"", "to = \"dbs\"", "18:6 unknown role `dbs`"),
            (
                "\"tcp\"",
                "\"sctp\"",
                "19:13 invalid value `sctp`, expected `tcp` or `udp`",
            ),
            (
                "[5432, \"6000-6002\"]",
                "[]",
                "20:9 empty list, expected at least one port",
            ),
            (
                "5432",
                "70000",
                "20:10 invalid number 70000, expected 1 to 65535",
            ),
            (
                "6000-6002",
                "6002-6000",
                "20:16 invalid port or range `6002-6000`",
            ),
            ("5432", "6001", "20:16 port 6001 is listed twice"),
            (
                "= true",
                "= \"Yes\"",
                "21:13 expected true or false, found a string",
            ),
            (
                "id = \"db\"",
                "id = \"web\"",
                "12:6 role or group `web` is defined twice|18:6 unknown role `db`",
            ),
            (
                "\"www\"",
                "\"db\"",
                "9:12 alias `db` already belongs to role `db`",
            ),
            (
                "id = \"db.query\"",
                "id = \"DB query\"",
                "15:6 invalid id `DB query`",
            ),
            (
                "\"core\"",
                "\"cor\"",
                "8:12 invalid value `cor`, expected `core`, `external` or `optional`",
            ),
            (
                "aliases",
                "lives-on = \"web\"\naliases",
                "9:12 a role cannot refer to itself",
            ),
            (
                "aliases",
                "lives-if = \"db\"\naliases",
                "9:12 `lives-if` without `lives-on`",
            ),
            (
                "mandatory",
                "feature = \"x\"\nmandatory",
                "21:11 unknown feature `x`",
            ),
            (
                "[matrix]\nid = \"mini\"\nversion = \"1\"",
                "",
                "1:1 `[matrix]` is missing",
            ),
        ] {
            assert_eq!(broken(from, to).join("|"), want, "{from} -> {to}");
        }
    }

    #[test]
    fn several_mistakes_are_told_together() {
        let twice = format!(
            "{GOOD}\n{}",
            GOOD.split("[[requirement]]")
                .nth(1)
                .map(|r| format!("[[requirement]]{r}"))
                .unwrap()
        );
        let text = twice.replacen("aliases", "alaises", 1);
        let found = read(&[("mini.toml", &text)]).unwrap_err();
        let all: Vec<_> = found.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(
            all,
            [
                "unknown key `alaises`",
                "requirement `db.query` is defined twice",
                "row 1 is already used by `db.query`"
            ]
        );
        assert_eq!(found[0].help.as_deref(), Some("did you mean `aliases`?"));
    }

    #[test]
    fn broken_toml_is_a_mistake_with_a_place() {
        let found = broken("[[role]]\nid = \"db\"", "[[role]\nid = \"db\"");
        assert!(found[0].starts_with("11:"), "{found:?}");
    }
}

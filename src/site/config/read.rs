//! The file as a whole, and its small tables.

use super::{Config, flows, hosts, ports};
use crate::common::diag::{Diag, nearest};
use crate::common::toml_reader::{Document, Table, Value};
use crate::finding::{Code, Severity};
use crate::rules::matrix::{Matrix, RoleIx};
use crate::site::{Access, LintLevel, RequireEvidence};
use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use hylint_space::{AddrSet, PortSet};
use std::collections::BTreeMap;
use std::ops::Range;

/// What names are checked against.
pub(super) struct Names<'a> {
    pub(super) matrix: &'a Matrix,
}

/// The matrix that a hylint.toml asks for, and the place. Mistakes are told by [`read`].
#[must_use]
pub fn matrix_name(text: &str) -> Option<(String, Range<usize>)> {
    Document::new("", text, "config").read(|root| {
        let value = root.get("site")?.table()?.get("matrix")?;
        Some((value.str()?.to_owned(), value.span()))
    })
}

/// Reads the text of a hylint.toml. Its globs are relative to the folder of `path`.
///
/// # Errors
/// Every mistake in it, in the order of their places.
pub fn read(path: &str, text: &str, matrix: &Matrix) -> Result<Config, Vec<Diag>> {
    let doc = Document::new(path, text, "config");
    let names = Names { matrix };
    let mut config = doc.read(|root| names.config(&root));
    let mistakes = doc.finish();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    config.path = path.into();
    config.text = text.into();
    config.dir = std::path::Path::new(path)
        .parent()
        .map_or_else(Default::default, std::path::Path::to_path_buf);
    Ok(config)
}

/// Every table of the file.
pub const TABLES: &[&str] = &[
    "site",
    "deployment",
    "ports",
    "roles",
    "resolve",
    "host",
    "transit",
    "allow",
    "waive",
    "lints",
    "check",
];

/// The keys of each table that has keys of its own; in the others the keys are names.
pub const KEYS: &[(&str, &[&str])] = &[
    ("site", &["name", "matrix"]),
    ("deployment", &["access", "features", "ephemeral"]),
    (
        "host",
        &[
            "name",
            "addresses",
            "roles",
            "exports",
            "points",
            "profile",
            "interfaces",
            "resolve",
        ],
    ),
    (
        "transit",
        &[
            "name",
            "exports",
            "points",
            "between",
            "interfaces",
            "resolve",
        ],
    ),
    ("allow", &["from", "to", "port", "reason"]),
    (
        "waive",
        &[
            "code",
            "requirement",
            "rule",
            "export",
            "until",
            "reason",
            "owner",
        ],
    ),
    (
        "check",
        &["fail-on", "require-evidence", "exclude", "max-age-days"],
    ),
];

/// The keys of one of them.
pub(super) fn keys(table: &str) -> &'static [&'static str] {
    let found = KEYS.iter().find(|(t, _)| *t == table);
    found.map_or(&[], |(_, keys)| keys)
}

impl Names<'_> {
    fn config(&self, root: &Table<'_, '_>) -> Config {
        root.only(TABLES);
        let table = |key| root.get(key).and_then(|v| v.table());
        let mut config = Config {
            path: "".into(),
            dir: Default::default(),
            text: "".into(),
            name: table("site").map(|t| site(&t)).unwrap_or_default(),
            access: None,
            features: BTreeMap::new(),
            ephemeral: None,
            ports: table("ports")
                .map(|t| ports::read(self.matrix, &t))
                .unwrap_or_default(),
            roles: table("roles").map(|t| self.roles(&t)).unwrap_or_default(),
            resolve: table("resolve").map(|t| resolve(&t)).unwrap_or_default(),
            hosts: Vec::new(),
            transits: root
                .tables("transit")
                .iter()
                .map(|t| hosts::transit(self, t))
                .collect(),
            allows: root
                .tables("allow")
                .iter()
                .filter_map(|t| flows::allow(self, t))
                .collect(),
            waives: root
                .tables("waive")
                .iter()
                .filter_map(|t| flows::waive(self, t))
                .collect(),
            lints: table("lints").map(|t| self.levels(&t)).unwrap_or_default(),
            fail_on: None,
            require_evidence: RequireEvidence::None,
            exclude: GlobSet::empty(),
            max_age_days: None,
        };
        config.hosts = hosts::hosts(self, root, &config.roles);
        if let Some(t) = table("deployment") {
            self.deployment(&t, &mut config);
        }
        if let Some(t) = table("check") {
            check(&t, &mut config);
        }
        config
    }

    fn deployment(&self, t: &Table<'_, '_>, config: &mut Config) {
        t.only(keys("deployment"));
        config.access = t.get("access").and_then(|v| {
            v.choice(&[
                ("direct", Access::Direct),
                ("gateway", Access::Gateway),
                ("both", Access::Both),
            ])
        });
        config.ephemeral = t.get("ephemeral").and_then(|v| port_set(&v));
        let features = t.get("features").and_then(|v| v.table());
        for (key, span, value) in features.iter().flat_map(Table::entries) {
            let known = self.matrix.features.iter().map(|f| f.id.as_str());
            let known: Vec<&str> = known.collect();
            if !known.contains(&key) {
                unknown(&value, span, "feature", key, known);
            } else if let Some(on) = value.bool() {
                config.features.insert(key.to_owned(), on);
            }
        }
    }

    fn roles(&self, t: &Table<'_, '_>) -> BTreeMap<RoleIx, AddrSet> {
        let mut all = BTreeMap::new();
        for (key, span, value) in t.entries() {
            let role = self.role(key, &value, span);
            let addrs = addresses(&value);
            if let (Some(role), Some(addrs)) = (role, addrs) {
                all.insert(role, addrs);
            }
        }
        all
    }

    /// A role by id; that there is none is a mistake at `span`.
    pub(super) fn role(
        &self,
        id: &str,
        value: &Value<'_, '_>,
        span: Range<usize>,
    ) -> Option<RoleIx> {
        let found = self.matrix.role_ix(id);
        if found.is_some() {
            return found;
        }
        if let Some(g) = self.matrix.groups.iter().find(|g| g.id == id) {
            let members = g.roles.iter().filter_map(|r| self.matrix.role(*r));
            let members: Vec<&str> = members.map(|r| r.id.as_str()).collect();
            let help = format!(
                "name one of its roles: {}",
                crate::common::toml_reader::list(&members)
            );
            value.error_at(span, format!("`{id}` is a group of roles"), Some(help));
            return None;
        }
        let alias = self
            .matrix
            .roles
            .iter()
            .find(|r| r.aliases.iter().any(|a| a == id));
        match alias {
            Some(r) => {
                let help = format!("did you mean `{}`?", r.id);
                value.error_at(span, format!("unknown role `{id}`"), Some(help));
            }
            None => unknown(
                value,
                span,
                "role",
                id,
                self.matrix.roles.iter().map(|r| r.id.as_str()),
            ),
        }
        None
    }

    fn levels(&self, t: &Table<'_, '_>) -> BTreeMap<Code, LintLevel> {
        let mut all = BTreeMap::new();
        for (code, span, value) in t.entries() {
            let level = value.choice(&[
                ("error", LintLevel::At(Severity::Error)),
                ("warning", LintLevel::At(Severity::Warning)),
                ("note", LintLevel::At(Severity::Note)),
                ("off", LintLevel::Off),
            ]);
            match (Code::named(code), level) {
                (None, _) => unknown(
                    &value,
                    span,
                    "lint",
                    code,
                    Code::EACH.iter().map(|c| c.as_str()),
                ),
                (Some(c), Some(LintLevel::Off)) if c.is_trust() => value.error(
                    format!("`{code}` cannot be switched off"),
                    Some("it says what could not be proven; [[waive]] one case of it".to_owned()),
                ),
                (Some(c), Some(level)) => {
                    all.insert(c, level);
                }
                (Some(_), None) => {}
            }
        }
        all
    }
}

fn site(t: &Table<'_, '_>) -> String {
    t.only(keys("site"));
    let _ = t.str("matrix");
    t.str("name").unwrap_or_default().to_owned()
}

fn check(t: &Table<'_, '_>, config: &mut Config) {
    t.only(keys("check"));
    config.fail_on = t.get("fail-on").and_then(|v| {
        v.choice(&[
            ("error", Severity::Error),
            ("warning", Severity::Warning),
            ("note", Severity::Note),
        ])
    });
    let evidence = t.get("require-evidence").and_then(|v| {
        v.choice(&[
            ("none", RequireEvidence::None),
            ("destination", RequireEvidence::Destination),
            ("all", RequireEvidence::All),
        ])
    });
    config.require_evidence = evidence.unwrap_or_default();
    config.exclude = glob_set(t, "exclude");
    let days = t.get("max-age-days").and_then(|v| v.int(0, 36_500));
    config.max_age_days = days.and_then(|n| u32::try_from(n).ok());
}

/// Reports a name that nothing has.
pub(super) fn unknown<'a>(
    value: &Value<'_, '_>,
    span: Range<usize>,
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) {
    let help = nearest(name, known).map(|n| format!("did you mean `{n}`?"));
    value.error_at(span, format!("unknown {what} `{name}`"), help);
}

/// An address, prefix or range, or a list of them.
pub(super) fn addresses(value: &Value<'_, '_>) -> Option<AddrSet> {
    let one = [value.clone()];
    let list = if value.is_str() {
        one.to_vec()
    } else {
        value.list()?
    };
    let mut all = AddrSet::empty();
    let mut good = true;
    for v in list {
        match v.str().map(|s| (s, AddrSet::parse(s))) {
            Some((_, Some(set))) => all = all.union(&set),
            Some((s, None)) => {
                good = false;
                v.error(format!("`{s}` is no address"), Some(address_help(s)));
            }
            None => good = false,
        }
    }
    good.then_some(all)
}

pub(super) fn address_help(text: &str) -> String {
    let why = match (text.split_once('/'), text.split_once('-')) {
        (Some((a, _)), _) if AddrSet::parse(a).is_some() => "the prefix length is wrong: ",
        (_, Some((a, b))) if AddrSet::parse(a).is_some() && AddrSet::parse(b).is_some() => {
            "a range goes from low to high within one family: "
        }
        _ => "",
    };
    format!("{why}write 10.0.0.5, 10.0.0.0/24 or 10.0.0.5-10.0.0.9")
}

/// `[resolve]`: names that exports use, and their addresses.
pub(super) fn resolve(t: &Table<'_, '_>) -> BTreeMap<String, AddrSet> {
    let mut all = BTreeMap::new();
    for (key, span, value) in t.entries() {
        let (kind, name) = key.split_once(':').unwrap_or((key, ""));
        if name.is_empty() || !["azure", "aws", "ipset", "windows", "host"].contains(&kind) {
            let help = "keys are azure:TAG, azure:asg/NAME, aws:sg-ID, aws:pl-ID, ipset:NAME, windows:KEYWORD or host:NAME";
            value.error_at(
                span,
                format!("`{key}` is no name of an export"),
                Some(help.into()),
            );
        }
        if let Some(addrs) = addresses(&value) {
            all.insert(key.to_owned(), addrs);
        }
    }
    all
}

/// A range of ports `low-high`, one port, or a list of them.
fn port_set(value: &Value<'_, '_>) -> Option<PortSet> {
    let list = if value.is_str() {
        vec![value.clone()]
    } else {
        value.list()?
    };
    if list.is_empty() {
        value.error("at least one port is needed", None);
        return None;
    }
    let ranges: Option<Vec<(u16, u16)>> = list
        .iter()
        .map(crate::rules::matrix::read_port_range)
        .collect();
    Some(ranges?.into_iter().collect())
}

/// A list of globs; `*` does not cross a `/`.
pub(super) fn globs(t: &Table<'_, '_>, key: &str) -> Vec<GlobMatcher> {
    let values = t.get(key).and_then(|v| v.list()).unwrap_or_default();
    values.iter().filter_map(glob).collect()
}

fn glob_set(t: &Table<'_, '_>, key: &str) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for g in globs(t, key) {
        builder.add(g.glob().clone());
    }
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}

pub(super) fn glob(value: &Value<'_, '_>) -> Option<GlobMatcher> {
    let text = value.str()?;
    let text = text.strip_prefix("./").unwrap_or(text);
    match GlobBuilder::new(text).literal_separator(true).build() {
        Ok(g) => Some(g.compile_matcher()),
        Err(e) => {
            value.error(format!("`{text}` is no glob: {}", e.kind()), None);
            None
        }
    }
}

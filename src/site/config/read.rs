//! The file as a whole, and its small tables.

use super::fields::{Names, addresses, glob_set, globs, port_set, resolve, unknown};
use super::keys::{self, ACCESS, EVIDENCE, FAIL_ON, LEVELS};
use super::values::Config;
use super::{flows, hosts, ports, vias};
use crate::common::diag::Diag;
use crate::common::toml_reader::{Document, Table};
use crate::finding::Code;
use crate::rules::matrix::{Matrix, RoleIx};
use crate::site::{LintLevel, RequireEvidence};
use globset::GlobSet;
use hylint_space::AddrSet;
use std::collections::BTreeMap;
use std::ops::Range;

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

impl Names<'_> {
    fn config(&self, root: &Table<'_, '_>) -> Config {
        root.only(&keys::FILE.names());
        let table = |key| root.get(key).and_then(|v| v.table());
        let mut config = Config {
            path: "".into(),
            dir: Default::default(),
            moved: None,
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
            transits: Vec::new(),
            vias: Vec::new(),
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
            excluded: Vec::new(),
            max_age_days: None,
        };
        config.hosts = hosts::hosts(self, root, &config.roles);
        let around = vias::Around {
            hosts: &config.hosts,
            roles: &config.roles,
        };
        config.vias = vias::vias(self, root, &around);
        let transits = root.tables("transit");
        let transits = transits
            .iter()
            .map(|t| hosts::transit(self, t, &config.vias));
        config.transits = transits.collect();
        if let Some(t) = table("deployment") {
            self.deployment(&t, &mut config);
        }
        if let Some(t) = table("check") {
            check(&t, &mut config);
        }
        config
    }

    fn deployment(&self, t: &Table<'_, '_>, config: &mut Config) {
        t.only(&keys::DEPLOYMENT.names());
        config.access = t.get("access").and_then(|v| v.word(ACCESS));
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

    fn levels(&self, t: &Table<'_, '_>) -> BTreeMap<Code, LintLevel> {
        let mut all = BTreeMap::new();
        for (code, span, value) in t.entries() {
            let level = value.word(LEVELS);
            match (Code::named(code), level) {
                (None, _) => unknown(
                    &value,
                    span,
                    "code",
                    code,
                    Code::EACH.iter().map(|c| c.as_str()),
                ),
                (Some(c), Some(LintLevel::Off)) if c.is_trust() => value.error(
                    format!("`{code}` cannot be off: it reports what could not be checked"),
                    Some("add a [[waive]] for one finding".to_owned()),
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
    t.only(&keys::SITE.names());
    let _ = t.str("matrix");
    t.str("name").unwrap_or_default().to_owned()
}

fn check(t: &Table<'_, '_>, config: &mut Config) {
    t.only(&keys::CHECK.names());
    config.fail_on = t.get("fail-on").and_then(|v| v.word(FAIL_ON));
    let evidence = t.get("require-evidence").and_then(|v| v.word(EVIDENCE));
    config.require_evidence = evidence.unwrap_or_default();
    let written = globs(t, "exclude");
    config.exclude = glob_set(&written);
    config.excluded = written.iter().map(|g| g.glob().glob().to_owned()).collect();
    let days = t.get("max-age-days").and_then(|v| v.int(0, 36_500));
    config.max_age_days = days.and_then(|n| u32::try_from(n).ok());
}

//! The tables and keys of the file, and the kinds of values that several of them have.

use crate::common::diag::nearest;
use crate::common::toml_reader::{Table, Value};
use crate::rules::matrix::{Matrix, RoleIx};
use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use hylint_space::{AddrSet, PortSet};
use std::collections::BTreeMap;
use std::ops::Range;

/// What names are checked against.
pub(super) struct Names<'a> {
    pub(super) matrix: &'a Matrix,
}

impl Names<'_> {
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
            let help = format!("expected {}", crate::common::toml_reader::list(&members));
            value.error_at(
                span,
                format!("`{id}` is a group, expected one of its roles"),
                Some(help),
            );
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
}

/// Reports a name that nothing has.
pub(super) fn unknown<'a>(
    value: &Value<'_, '_>,
    span: Range<usize>,
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) {
    let known: Vec<&str> = known.into_iter().collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => shown_by(what, &known),
    };
    value.error_at(span, format!("unknown {what} `{name}`"), Some(help));
}

/// Names that fit into one line of help.
const NAMED: usize = 8;

/// Where the known names are to be found.
fn shown_by(what: &str, known: &[&str]) -> String {
    match known.len() {
        0 => format!("the matrix has no {what}"),
        1..=NAMED => format!("expected {}", crate::common::toml_reader::list(known)),
        _ if what == "code" => "`hylint explain` lists the codes".to_owned(),
        _ => format!("`hylint matrix list` shows each {what}"),
    }
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
                v.error(format!("invalid address `{s}`"), Some(address_help(s)));
            }
            None => good = false,
        }
    }
    good.then_some(all)
}

pub(in crate::site) fn address_help(text: &str) -> String {
    let why = match (text.split_once('/'), text.split_once('-')) {
        (Some((a, _)), _) if AddrSet::parse(a).is_some() => match a.contains(':') {
            true => "a prefix length is 0 to 128: ",
            false => "a prefix length is 0 to 32: ",
        },
        (_, Some((a, b))) if AddrSet::parse(a).is_some() && AddrSet::parse(b).is_some() => {
            "a range goes from the lower to the higher address of one family: "
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
            let help = "expected azure:TAG, azure:asg/NAME, aws:sg-ID, aws:pl-ID, ipset:NAME, windows:KEYWORD or host:NAME";
            value.error_at(
                span,
                format!("unknown kind of name `{key}`"),
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
pub(super) fn port_set(value: &Value<'_, '_>) -> Option<PortSet> {
    let list = if value.is_str() {
        vec![value.clone()]
    } else {
        value.list()?
    };
    if list.is_empty() {
        value.error("empty list, expected at least one port", None);
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

/// What any of the globs matches.
pub(super) fn glob_set(globs: &[GlobMatcher]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for g in globs {
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
            value.error(format!("invalid glob `{text}`: {}", e.kind()), None);
            None
        }
    }
}

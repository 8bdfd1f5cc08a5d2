//! A matrix file as it is written: texts with their places, each value checked by itself. Names are resolved in
//! [`super::resolve`], when every file is read.

use super::keys::{
    self, ACCESS, AUDIENCE, CUSTOMIZABLE, IMPLIED_ACCESS, PRESENCE, REQUIRE, TRANSPORT,
};
use super::{Audience, Customizable, Presence, Require, Transport};
use crate::common::toml_reader::{Table, Value};
use std::ops::Range;

/// A text and its place.
pub(super) type Name = (String, Range<usize>);

#[derive(Default)]
pub(super) struct File {
    pub(super) header: Option<Header>,
    pub(super) roles: Vec<Role>,
    pub(super) groups: Vec<Group>,
    pub(super) features: Vec<Feature>,
    pub(super) requirements: Vec<Requirement>,
    pub(super) implied: Vec<Implied>,
}

pub(super) struct Header {
    pub(super) span: Range<usize>,
    pub(super) id: Option<Name>,
    pub(super) version: String,
    pub(super) name: String,
    pub(super) programs: Vec<String>,
}

pub(super) struct Role {
    pub(super) id: Name,
    pub(super) name: String,
    pub(super) presence: Presence,
    pub(super) audience: Audience,
    pub(super) lives_on: Option<Name>,
    pub(super) lives_if: Option<Name>,
    pub(super) ports_with: Option<Name>,
    pub(super) implies: Vec<Name>,
    pub(super) aliases: Vec<Name>,
    pub(super) destinations: Vec<String>,
}

pub(super) struct Group {
    pub(super) id: Name,
    pub(super) roles: Vec<Name>,
}

pub(super) struct Feature {
    pub(super) id: Name,
    pub(super) role: Name,
}

/// What requirements and implied flows share.
pub(super) struct Flow {
    pub(super) id: Name,
    pub(super) from: Name,
    pub(super) to: Name,
    pub(super) transport: Transport,
    pub(super) ports: Vec<u16>,
}

pub(super) struct Requirement {
    pub(super) flow: Flow,
    pub(super) row: (u32, Range<usize>),
    pub(super) to_any: Vec<Name>,
    pub(super) purpose: String,
    pub(super) require: Require,
    pub(super) application_protocol: String,
    pub(super) customizable: Customizable,
    pub(super) mandatory: bool,
    pub(super) vendor_mandatory: String,
    pub(super) feature: Option<Name>,
    pub(super) direct_only: bool,
    pub(super) listeners: Vec<String>,
    pub(super) reply: bool,
    pub(super) separate_from: Option<Name>,
    pub(super) impact: String,
    pub(super) reference: String,
    pub(super) note: String,
    pub(super) span: Range<usize>,
}

pub(super) struct Implied {
    pub(super) flow: Flow,
    pub(super) reason: String,
    pub(super) judged: bool,
    pub(super) gateway: Option<bool>,
}

pub(super) fn file(root: &Table<'_, '_>) -> File {
    root.only(&keys::FILE.names());
    let each = |key| root.tables(key);
    File {
        header: root
            .get("matrix")
            .and_then(|v| v.table())
            .map(|t| header(&t)),
        roles: each("role").iter().filter_map(role).collect(),
        groups: each("group").iter().filter_map(group).collect(),
        features: each("feature").iter().filter_map(feature).collect(),
        requirements: each("requirement").iter().filter_map(requirement).collect(),
        implied: each("implied").iter().filter_map(implied).collect(),
    }
}

fn text(t: &Table<'_, '_>, key: &str) -> String {
    t.str(key).unwrap_or_default().to_owned()
}

fn name(v: &Value<'_, '_>) -> Option<Name> {
    Some((v.str()?.to_owned(), v.span()))
}

fn names(t: &Table<'_, '_>, key: &str) -> Vec<Name> {
    let all = t.strings(key).into_iter();
    all.map(|(s, span)| (s.to_owned(), span)).collect()
}

/// An id: lower-case words of letters and digits, joined by `-` and `.`.
fn id(t: &Table<'_, '_>) -> Option<Name> {
    let value = t.need("id")?;
    let id = name(&value)?;
    let word = |w: &str| {
        !w.is_empty()
            && w.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if !id.0.split(['-', '.']).all(word) {
        let help = "use lower-case letters and digits, joined by `-` or `.`".to_owned();
        value.error(format!("invalid id `{}`", id.0), Some(help));
        return None;
    }
    Some(id)
}

fn header(t: &Table<'_, '_>) -> Header {
    t.only(&keys::MATRIX.names());
    let id = id(t);
    Header {
        span: t.span.clone(),
        programs: programs(t),
        version: text(t, "version"),
        name: t
            .str("name")
            .or(id.as_ref().map(|i| &*i.0))
            .unwrap_or_default()
            .to_owned(),
        id,
    }
}

/// Parts of the paths of the vendor's programs, in lower case. An empty one would be part of every path.
fn programs(t: &Table<'_, '_>) -> Vec<String> {
    let all = t.strings("programs").into_iter();
    all.map(|(s, _)| s.trim().to_lowercase())
        .filter(|s| !s.is_empty())
        .collect()
}

fn role(t: &Table<'_, '_>) -> Option<Role> {
    t.only(&keys::ROLE.names());
    let audience = t.get("audience").and_then(|v| v.word(AUDIENCE));
    let presence = t.get("presence").and_then(|v| v.word(PRESENCE));
    let optional = |key| t.get(key).as_ref().and_then(name);
    let (lives_on, lives_if) = (optional("lives-on"), optional("lives-if"));
    if let (None, Some(v)) = (&lives_on, t.get("lives-if")) {
        v.error(
            "`lives-if` without `lives-on`",
            Some("add `lives-on`, or remove `lives-if`".to_owned()),
        );
    }
    let implies = names(t, "implies");
    let destinations = names(t, "destinations").into_iter().map(|n| n.0).collect();
    let label = text(t, "name");
    let id = id(t)?;
    Some(Role {
        name: if label.is_empty() {
            id.0.clone()
        } else {
            label
        },
        presence: presence.unwrap_or(Presence::Optional),
        audience: audience.unwrap_or_default(),
        lives_on,
        lives_if,
        implies,
        ports_with: optional("ports-with"),
        aliases: names(t, "aliases"),
        destinations,
        id,
    })
}

fn group(t: &Table<'_, '_>) -> Option<Group> {
    t.only(&keys::GROUP.names());
    let roles = t.need("roles").map(|v| {
        let all = names(t, "roles");
        if v.is_list() && all.is_empty() {
            v.error("empty list, expected at least one role", None);
        }
        all
    });
    Some(Group {
        id: id(t)?,
        roles: roles?,
    })
}

fn feature(t: &Table<'_, '_>) -> Option<Feature> {
    t.only(&keys::FEATURE.names());
    let (id, role) = (id(t), t.need("role"));
    Some(Feature {
        id: id?,
        role: name(&role?)?,
    })
}

fn flow(t: &Table<'_, '_>) -> Option<Flow> {
    let id = id(t);
    let end = |key| t.need(key).as_ref().and_then(name);
    let (from, to) = (end("from"), end("to"));
    let transport = t.need("transport").and_then(|v| v.word(TRANSPORT));
    let ports = t.need("ports").and_then(|v| ports(&v));
    Some(Flow {
        id: id?,
        from: from?,
        to: to?,
        transport: transport?,
        ports: ports?,
    })
}

/// Ports, ascending and without repetition: numbers, or texts `low-high`.
pub(crate) fn ports(v: &Value<'_, '_>) -> Option<Vec<u16>> {
    let values = v.list()?;
    if values.is_empty() {
        v.error("empty list, expected at least one port", None);
        return None;
    }
    let mut all = Vec::new();
    let mut good = true;
    for v in &values {
        let Some((lo, hi)) = port_range(v) else {
            good = false;
            continue;
        };
        let new = lo..=hi;
        let before = all.len();
        all.extend(new);
        let (old, new) = all.split_at(before);
        if let Some(p) = new.iter().find(|p| old.contains(p)) {
            v.error(format!("port {p} is listed twice"), None);
        }
    }
    all.sort_unstable();
    all.dedup();
    good.then_some(all)
}

/// A port, or a text `low-high`.
pub(crate) fn port_range(v: &Value<'_, '_>) -> Option<(u16, u16)> {
    if !v.is_str() {
        let n = v.int(1, 65535).and_then(|n| u16::try_from(n).ok());
        return n.map(|n| (n, n));
    }
    let s = v.str()?;
    let (a, b) = s.split_once('-').unwrap_or((s, s));
    let port = |t: &str| t.trim().parse::<u16>().ok().filter(|p| *p > 0);
    match (port(a), port(b)) {
        (Some(a), Some(b)) if a <= b => Some((a, b)),
        _ => {
            let help = "write a port from 1 to 65535, or a range such as \"5000-5010\"".to_owned();
            v.error(format!("invalid port or range `{s}`"), Some(help));
            None
        }
    }
}

fn requirement(t: &Table<'_, '_>) -> Option<Requirement> {
    t.only(&keys::REQUIREMENT.names());
    let flow = flow(t);
    let row = t.need("row").and_then(|v| {
        let n = v.int(1, i64::from(u32::MAX))?;
        Some((u32::try_from(n).ok()?, v.span()))
    });
    let mandatory = t.need("mandatory").and_then(|v| v.bool());
    let require = t
        .get("require")
        .map_or(Some(Require::All), |v| v.word(REQUIRE));
    let customizable = t
        .get("customizable")
        .map_or(Some(Customizable::No), |v| v.word(CUSTOMIZABLE));
    let access = t.get("access").map_or(Some(false), |v| v.word(ACCESS));
    let reply = t.get("reply").map_or(Some(true), |v| v.bool());
    let optional = |key| t.get(key).as_ref().and_then(name);
    let listeners = names(t, "listeners").into_iter();
    let listeners = listeners.map(|n| n.0.to_lowercase()).collect();
    let (feature, separate_from) = (optional("feature"), optional("separate-from"));
    let (to_any, purpose, impact) = (names(t, "to-any"), text(t, "purpose"), text(t, "impact"));
    let (reference, note) = (text(t, "reference"), text(t, "note"));
    let vendor = t.str("vendor-mandatory").map(str::to_owned);
    let application = t.str("application-protocol").map(str::to_lowercase);
    let (flow, mandatory) = (flow?, mandatory?);
    let cell = if mandatory { "Yes" } else { "No" };
    Some(Requirement {
        row: row?,
        to_any,
        purpose,
        require: require?,
        application_protocol: application.unwrap_or_else(|| flow.transport.as_str().to_owned()),
        customizable: customizable?,
        mandatory,
        vendor_mandatory: vendor.unwrap_or_else(|| cell.to_owned()),
        feature,
        direct_only: access?,
        listeners,
        reply: reply?,
        separate_from,
        impact,
        reference,
        note,
        span: t.span.clone(),
        flow,
    })
}

fn implied(t: &Table<'_, '_>) -> Option<Implied> {
    t.only(&keys::IMPLIED.names());
    let gateway = t.get("access").map(|v| v.word(IMPLIED_ACCESS));
    let judged = t.get("judged").map_or(Some(false), |v| v.bool());
    let reason = t.need_str("reason").map(str::to_owned);
    let flow = flow(t);
    Some(Implied {
        flow: flow?,
        reason: reason?,
        judged: judged?,
        gateway: match gateway {
            Some(None) => return None,
            Some(some) => some,
            None => None,
        },
    })
}

//! Finds the objects that matter, wherever they stand.

use super::context::Context;
use super::keys::Norm;
use super::values::is_blank;
use super::{companion, group};
use crate::input::Score;
use crate::json::{Json, Kind, Value};
use hylint_model::{Problem, ProblemKind};

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    Group,
    Effective,
    Rule,
    Interface,
    Subnet,
    Network,
    PublicAddress,
    ServiceTags,
    /// An application security group: known, and without content of its own.
    Label,
    Nothing,
}

impl Found {
    /// Every kind of object that is read.
    pub(super) const ALL: [Self; 9] = [
        Self::Group,
        Self::Effective,
        Self::Rule,
        Self::Interface,
        Self::Subnet,
        Self::Network,
        Self::PublicAddress,
        Self::ServiceTags,
        Self::Label,
    ];
}

/// What an object's keys tell, its own and those of `properties`.
#[derive(Default)]
struct Look {
    rules: bool,
    nonempty: bool,
    effective: bool,
    access: bool,
    direction: bool,
    ends: u8,
    configurations: bool,
    space: bool,
    prefix: bool,
    hop: bool,
    changes: bool,
    values: bool,
    address: bool,
    name: bool,
    kind: Kindred,
}

/// A resource's type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Kindred {
    #[default]
    Unsaid,
    Group,
    Rule,
    Interface,
    Subnet,
    Network,
    PublicAddress,
    Label,
    Other,
}

fn kindred(v: Value<'_>) -> Kindred {
    let Some(text) = v.str() else {
        return Kindred::Unsaid;
    };
    let lower = text.to_ascii_lowercase();
    match lower.strip_prefix("microsoft.network/").unwrap_or(&lower) {
        "networksecuritygroups" => Kindred::Group,
        "securityrules"
        | "networksecuritygroups/securityrules"
        | "networksecuritygroups/defaultsecurityrules" => Kindred::Rule,
        "networkinterfaces" => Kindred::Interface,
        "subnets" | "virtualnetworks/subnets" => Kindred::Subnet,
        "virtualnetworks" => Kindred::Network,
        "publicipaddresses" => Kindred::PublicAddress,
        "applicationsecuritygroups" => Kindred::Label,
        _ if lower.contains('/') => Kindred::Other,
        _ => Kindred::Unsaid,
    }
}

impl Look {
    fn add(&mut self, key: &str, v: Value<'_>) {
        match key {
            "securityrules" | "defaultsecurityrules" => {
                self.rules = true;
                self.nonempty |= !is_blank(v);
            }
            "effectivesecurityrules" => self.effective = true,
            "access" => self.access = true,
            "direction" => self.direction = true,
            "sourceaddressprefix"
            | "sourceaddressprefixes"
            | "sourceapplicationsecuritygroups"
            | "destinationaddressprefix"
            | "destinationaddressprefixes"
            | "destinationportrange"
            | "destinationportranges" => self.ends = self.ends.saturating_add(1),
            "ipconfigurations" => self.configurations = v.kind() == Kind::Array,
            "addressspace" => self.space = v.kind() == Kind::Object,
            "addressprefix" | "addressprefixes" => self.prefix |= !is_blank(v),
            "nexthoptype" => self.hop = true,
            "changenumber" => self.changes = true,
            "values" => self.values = v.kind() == Kind::Array,
            "ipaddress" => self.address = !is_blank(v),
            "name" => self.name = !is_blank(v),
            "type" => self.kind = kindred(v),
            _ => {}
        }
    }

    fn found(&self) -> Found {
        match self.kind {
            Kindred::Group => return Found::Group,
            Kindred::Rule => return Found::Rule,
            Kindred::Interface => return Found::Interface,
            Kindred::Subnet => return Found::Subnet,
            Kindred::Network => return Found::Network,
            Kindred::PublicAddress => return Found::PublicAddress,
            Kindred::Label => return Found::Label,
            Kindred::Other | Kindred::Unsaid => {}
        }
        let other = self.kind == Kindred::Other;
        match () {
            () if self.effective => Found::Effective,
            // Other objects refer to their group by an object that has its keys and no content.
            () if self.rules && (self.name || self.nonempty) => Found::Group,
            () if self.ends > 0 && (self.access || self.direction) && !other => Found::Rule,
            () if self.changes && self.values => Found::ServiceTags,
            () if other => Found::Nothing,
            () if self.configurations => Found::Interface,
            () if self.space => Found::Network,
            () if self.prefix && self.name && !self.hop => Found::Subnet,
            () => Found::Nothing,
        }
    }
}

fn look(v: Value<'_>) -> Found {
    let mut out = Look::default();
    for (k, v) in v.members() {
        let norm = Norm::of(k);
        match norm.as_str() {
            "properties" => {
                for (k, v) in v.members() {
                    // The type of a resource stands outside.
                    let norm = Norm::of(k);
                    if norm.as_str() != "type" {
                        out.add(norm.as_str(), v);
                    }
                }
            }
            key => out.add(key, v),
        }
    }
    out.found()
}

/// The values of an object and of its `properties`, which are no object of their own.
fn members<'a>(v: Value<'a>) -> impl Iterator<Item = Value<'a>> {
    v.members().flat_map(|(k, v)| {
        let inner = v.kind() == Kind::Object && Norm::of(k).as_str() == "properties";
        let alone = (!inner).then_some(v);
        let inside = inner.then(|| v.members().map(|(_, v)| v));
        alone.into_iter().chain(inside.into_iter().flatten())
    })
}

/// Whether a string holds a group of its own: a recorded answer, a PowerShell text.
fn holds_group(raw: &str) -> bool {
    raw.len() > 60
        && ["ecurityRules", "ecurityrules", "ecurity_rules"]
            .iter()
            .any(|w| memchr::memmem::find(raw.as_bytes(), w.as_bytes()).is_some())
        && raw.contains('{')
}

/// Keys of AWS answers: nothing of Azure is below them.
fn is_foreign(root: Value<'_>) -> bool {
    root.members().any(|(k, _)| {
        matches!(
            Norm::of(k).as_str(),
            "securitygroups"
                | "networkacls"
                | "securitygrouprules"
                | "reservations"
                | "prefixlists"
                | "terraformversion"
        )
    })
}

/// How sure it is that a document is of this format.
pub(super) fn score(root: Value<'_>) -> Score {
    if is_foreign(root) {
        return 0;
    }
    let mut best = 0;
    let mut todo = vec![root];
    while let Some(v) = todo.pop() {
        match v.kind() {
            Kind::Array => todo.extend(v.items()),
            Kind::String if holds_group(v.raw()) => best = best.max(60),
            Kind::Object => match look(v) {
                Found::Group | Found::Effective | Found::Rule => return 90,
                found => {
                    if found != Found::Nothing {
                        best = best.max(20);
                    }
                    todo.extend(members(v));
                }
            },
            _ => {}
        }
    }
    best
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    value: Value<'a>,
    /// Start of the list that holds it, or `u32::MAX`.
    list: u32,
}

/// Reads every object of a text that matters.
pub(super) fn read(cx: &mut Context, json: &Json<'_>) {
    let mut todo: Vec<Place<'_>> = Vec::new();
    for value in json.documents() {
        todo.push(Place {
            value,
            list: u32::MAX,
        });
        while let Some(place) = todo.pop() {
            visit(cx, place, &mut todo);
        }
    }
}

/// Says that an answer goes on elsewhere: `nextLink` of the REST interface, `skip_token` of the Resource Graph.
fn paged(cx: &mut Context, object: Value<'_>) {
    for (key, value) in object.members() {
        let norm = Norm::of(key);
        let more = matches!(
            norm.as_str(),
            "nextlink" | "odata.nextlink" | "@odata.nextlink" | "skiptoken" | "$skiptoken"
        );
        if more && value.str().is_some_and(|s| !s.is_empty()) {
            let message = format!(
                "`{}` says that this is one page and more of the export follows elsewhere",
                key.str().unwrap_or_default()
            );
            let place = cx.at(key);
            cx.push(
                Problem::new(ProblemKind::Incomplete, place, message)
                    .help("follow the link, or export with `az network nsg list`, which does"),
            );
        }
    }
}

fn visit<'a>(cx: &mut Context, place: Place<'a>, todo: &mut Vec<Place<'a>>) {
    let v = place.value;
    let from = todo.len();
    match v.kind() {
        Kind::Array => {
            let list = v.span().start;
            todo.extend(v.items().map(|value| Place { value, list }));
        }
        Kind::String if cx.walk.within.is_none() && holds_group(v.raw()) => {
            let text = v.str().unwrap_or_default();
            cx.embedded.push((v.span(), text.into_owned()));
        }
        Kind::Object => {
            let inside = match look(v) {
                Found::Group => {
                    group::read(cx, v);
                    false
                }
                Found::Effective => {
                    group::read_effective(cx, v);
                    false
                }
                Found::Rule => {
                    group::read_loose(cx, v, place.list);
                    false
                }
                Found::ServiceTags => {
                    companion::service_tags(cx, v);
                    false
                }
                Found::Interface => {
                    companion::interface(cx, v);
                    true
                }
                Found::Subnet => {
                    companion::subnet(cx, v);
                    true
                }
                Found::Network => {
                    companion::network(cx, v);
                    true
                }
                Found::PublicAddress => {
                    companion::public_address(cx, v);
                    true
                }
                Found::Label => {
                    companion::label(cx, v);
                    true
                }
                Found::Nothing => true,
            };
            if inside {
                paged(cx, v);
                let list = place.list;
                todo.extend(members(v).map(|value| Place { value, list }));
            }
        }
        _ => {}
    }
    if let Some(added) = todo.get_mut(from..) {
        added.reverse();
    }
}

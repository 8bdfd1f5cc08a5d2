//! Finds the objects that matter, wherever they stand.

use super::context::Context;
use super::keys::Norm;
use super::values::is_blank;
use super::{companion, group};
use crate::input::Score;
use crate::json::{Json, Kind, Value};
use hylint_model::{Problem, ProblemKind, reworded};

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ObjectKind {
    Group,
    Effective,
    Rule,
    Interface,
    Subnet,
    Network,
    PublicAddress,
    Peering,
    RouteTable,
    /// A security admin rule of a network manager.
    AdminRule,
    ServiceTags,
    /// An application security group: known, and without content of its own.
    Label,
    Nothing,
}

impl ObjectKind {
    /// Every kind of object that is read.
    pub(super) const ALL: [Self; 12] = [
        Self::Group,
        Self::Effective,
        Self::Rule,
        Self::Interface,
        Self::Subnet,
        Self::Network,
        Self::PublicAddress,
        Self::Peering,
        Self::RouteTable,
        Self::AdminRule,
        Self::ServiceTags,
        Self::Label,
    ];
}

/// What an object's keys tell, its own and those of `properties`.
#[derive(Default)]
struct Signs {
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
    allocated: bool,
    /// `sources` and `destinations`, as security admin rules have.
    parties: u8,
    remote: bool,
    routes: bool,
    name: bool,
    kind: ResourceType,
}

/// A resource's type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum ResourceType {
    #[default]
    Unsaid,
    Group,
    Rule,
    Interface,
    Subnet,
    Network,
    PublicAddress,
    Peering,
    RouteTable,
    AdminRule,
    Label,
    Other,
}

fn resource_type(v: Value<'_>) -> ResourceType {
    let Some(text) = v.str() else {
        return ResourceType::Unsaid;
    };
    let lower = text.to_ascii_lowercase();
    match lower.strip_prefix("microsoft.network/").unwrap_or(&lower) {
        "networksecuritygroups" => ResourceType::Group,
        "securityrules"
        | "networksecuritygroups/securityrules"
        | "networksecuritygroups/defaultsecurityrules" => ResourceType::Rule,
        "networkinterfaces" => ResourceType::Interface,
        "subnets" | "virtualnetworks/subnets" => ResourceType::Subnet,
        "virtualnetworks" => ResourceType::Network,
        "publicipaddresses" => ResourceType::PublicAddress,
        "virtualnetworkpeerings" | "virtualnetworks/virtualnetworkpeerings" => {
            ResourceType::Peering
        }
        "routetables" => ResourceType::RouteTable,
        word if word.starts_with("networkmanagers/")
            && word.ends_with("/rulecollections/rules") =>
        {
            ResourceType::AdminRule
        }
        "applicationsecuritygroups" => ResourceType::Label,
        _ if lower.contains('/') => ResourceType::Other,
        _ => ResourceType::Unsaid,
    }
}

impl Signs {
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
            "publicipallocationmethod" => self.allocated = !is_blank(v),
            "sources" | "destinations" if v.kind() == Kind::Array => {
                self.parties = self.parties.saturating_add(1);
            }
            "remotevirtualnetwork" => self.remote = v.kind() == Kind::Object,
            "routes" => self.routes = v.kind() == Kind::Array,
            "name" => self.name = !is_blank(v),
            "type" => self.kind = resource_type(v),
            _ => {}
        }
    }

    fn found(&self) -> ObjectKind {
        match self.kind {
            ResourceType::Group => return ObjectKind::Group,
            ResourceType::Rule => return ObjectKind::Rule,
            ResourceType::Interface => return ObjectKind::Interface,
            ResourceType::Subnet => return ObjectKind::Subnet,
            ResourceType::Network => return ObjectKind::Network,
            ResourceType::PublicAddress => return ObjectKind::PublicAddress,
            ResourceType::Peering => return ObjectKind::Peering,
            ResourceType::RouteTable => return ObjectKind::RouteTable,
            ResourceType::AdminRule => return ObjectKind::AdminRule,
            ResourceType::Label => return ObjectKind::Label,
            ResourceType::Other | ResourceType::Unsaid => {}
        }
        let other = self.kind == ResourceType::Other;
        match () {
            () if self.effective => ObjectKind::Effective,
            // Other objects refer to their group by an object that has its keys and no content.
            () if self.rules && (self.name || self.nonempty) => ObjectKind::Group,
            () if self.parties > 0 && self.access && self.direction => ObjectKind::AdminRule,
            () if self.ends > 0 && (self.access || self.direction) && !other => ObjectKind::Rule,
            () if self.changes && self.values => ObjectKind::ServiceTags,
            () if other => ObjectKind::Nothing,
            () if self.allocated => ObjectKind::PublicAddress,
            // A subnet lists the configurations of its interfaces, too.
            () if self.configurations && !self.prefix => ObjectKind::Interface,
            () if self.remote => ObjectKind::Peering,
            () if self.routes && self.name => ObjectKind::RouteTable,
            () if self.space => ObjectKind::Network,
            () if self.prefix && self.name && !self.hop => ObjectKind::Subnet,
            () => ObjectKind::Nothing,
        }
    }
}

fn classify(v: Value<'_>) -> ObjectKind {
    let mut out = Signs::default();
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

/// Keys of AWS answers, of Terraform and of SARIF reports, whose help shows groups: nothing of Azure is below them.
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
                | "runs"
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
            Kind::Object => match classify(v) {
                ObjectKind::Group
                | ObjectKind::Effective
                | ObjectKind::Rule
                | ObjectKind::AdminRule => return 90,
                found => {
                    if found != ObjectKind::Nothing {
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

/// A value that is still to be visited.
#[derive(Clone, Copy)]
struct Pending<'a> {
    value: Value<'a>,
    /// Start of the list that holds it, or `u32::MAX`.
    list: u32,
}

/// Reads every object of a text that matters.
pub(super) fn read(cx: &mut Context, json: &Json<'_>) {
    let mut todo: Vec<Pending<'_>> = Vec::new();
    for value in json.documents() {
        todo.push(Pending {
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
            let key_text = key.str().unwrap_or_default();
            let message = reworded(
                format!(
                    "`{key_text}` says that this is one page: the rest of the export is missing"
                ),
                format!(
                    "`{key_text}` says that this is one page and more of the export follows elsewhere"
                ),
            );
            let place = cx.at(key);
            cx.push(
                Problem::new(ProblemKind::Incomplete, place, message)
                    .help("follow the link, or export with `az network nsg list`, which does"),
            );
        }
    }
}

fn visit<'a>(cx: &mut Context, place: Pending<'a>, todo: &mut Vec<Pending<'a>>) {
    let v = place.value;
    let from = todo.len();
    match v.kind() {
        Kind::Array => {
            let list = v.span().start;
            todo.extend(v.items().map(|value| Pending { value, list }));
        }
        Kind::String if cx.objects.within.is_none() && holds_group(v.raw()) => {
            let text = v.str().unwrap_or_default();
            cx.embedded.push((v.span(), text.into_owned()));
        }
        Kind::Object => {
            let inside = match classify(v) {
                ObjectKind::Group => {
                    group::read(cx, v);
                    false
                }
                ObjectKind::Effective => {
                    group::read_effective(cx, v);
                    false
                }
                ObjectKind::Rule => {
                    group::read_loose(cx, v, place.list);
                    false
                }
                ObjectKind::ServiceTags => {
                    companion::service_tags(cx, v);
                    false
                }
                ObjectKind::Interface => {
                    companion::interface(cx, v);
                    true
                }
                ObjectKind::Subnet => {
                    companion::subnet(cx, v);
                    true
                }
                ObjectKind::Network => {
                    companion::network(cx, v);
                    true
                }
                ObjectKind::PublicAddress => {
                    companion::public_address(cx, v);
                    true
                }
                ObjectKind::Peering => {
                    companion::peering(cx, v);
                    true
                }
                ObjectKind::RouteTable => {
                    companion::route_table(cx, v);
                    true
                }
                ObjectKind::AdminRule => {
                    group::read_admin(cx, v);
                    false
                }
                ObjectKind::Label => {
                    companion::group(cx, v);
                    true
                }
                ObjectKind::Nothing => true,
            };
            if inside {
                paged(cx, v);
                let list = place.list;
                todo.extend(members(v).map(|value| Pending { value, list }));
            }
        }
        _ => {}
    }
    if let Some(added) = todo.get_mut(from..) {
        added.reverse();
    }
}

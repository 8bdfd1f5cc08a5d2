//! Rules and settings of the firewall in policies of device management, as JSON: Intune's settings catalog, custom settings by
//! their paths (`./Vendor/MSFT/Firewall/MdmStore/…`), and the endpoint protection profiles of Microsoft Graph (Microsoft Learn,
//! "Firewall CSP"; Graph, windowsFirewallRule).

use super::fields::Field;
use super::key::ProfileKey;
use crate::json::{Json, Kind, Value};
use crate::windows::stated::Said;
use hylint_model::{Profiles, Span};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One rule.
#[derive(Debug)]
pub(super) struct MdmRule<'a> {
    /// All of it.
    pub(super) span: Span,
    /// Its fields, by the names of rule strings.
    pub(super) fields: Vec<Field<'a>>,
}

/// What a policy says of the firewall.
#[derive(Debug, Default)]
pub(super) struct Mdm<'a> {
    /// Its rules.
    pub(super) rules: Vec<MdmRule<'a>>,
    /// Settings of profiles by their names in the registry.
    pub(super) settings: Vec<(ProfileKey, String, Option<u32>, Span)>,
    /// Settings of profiles in a form that is not read.
    pub(super) unread: Vec<Span>,
    /// Rules of custom settings by their ids, as places among the rules.
    custom: BTreeMap<String, usize>,
}

const CATALOG: &str = "firewall_mdmstore_";
const CATALOG_RULES: &str = "firewall_mdmstore_firewallrules_";
const CUSTOM: &str = "/firewall/mdmstore/";

/// Whether a text may hold such a policy.
pub(super) fn is_likely(text: &str) -> bool {
    let has = |part: &str| memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some();
    has(CATALOG)
        || has("/Firewall/MdmStore/")
        || has("\"trafficDirection\"") && has("\"localPortRanges\"")
}

/// Reads every policy of the documents.
pub(super) fn read<'a>(json: &'a Json<'a>) -> Mdm<'a> {
    let mut out = Mdm::default();
    let mut open: Vec<Value<'a>> = json.documents().collect();
    open.reverse();
    while let Some(value) = open.pop() {
        let from = open.len();
        match value.kind() {
            Kind::Object if out.object(value) => {}
            Kind::Object => open.extend(value.members().map(|(_, v)| v)),
            Kind::Array => open.extend(value.items()),
            _ => {}
        }
        if let Some(new) = open.get_mut(from..) {
            new.reverse();
        }
    }
    out
}

impl<'a> Mdm<'a> {
    /// Takes an object; true if all of it is read.
    fn object(&mut self, object: Value<'a>) -> bool {
        if let Some(id) = object.get_ci("settingDefinitionId").and_then(Value::str) {
            let id = id.to_ascii_lowercase();
            if id.contains(CATALOG_RULES) {
                return self.catalog_rules(object);
            }
            if let Some((_, setting)) = id.split_once(CATALOG) {
                self.catalog_setting(setting, object);
            }
            return false;
        }
        let path = object.get_ci("omaUri").or_else(|| object.get_ci("LocURI"));
        if let Some(path) = path.and_then(Value::str) {
            let lower = path.to_ascii_lowercase();
            if let Some(at) = lower.find(CUSTOM) {
                let value = object.get_ci("value").or_else(|| object.get_ci("data"));
                let inner = path.get(at + CUSTOM.len()..).unwrap_or("").to_owned();
                self.custom(&inner, object, value);
                return true;
            }
        }
        if object.get_ci("trafficDirection").is_some() && object.get_ci("action").is_some() {
            self.graph_rule(object);
            return true;
        }
        if object.get_ci("firewallEnabled").is_some() {
            self.unread.push(object.span());
            return true;
        }
        false
    }

    /// The rules of a catalog policy: a group each, whose children are the properties.
    fn catalog_rules(&mut self, object: Value<'a>) -> bool {
        let Some(groups) = object.get_ci("groupSettingCollectionValue") else {
            return false;
        };
        for group in groups.items() {
            let mut fields = Vec::new();
            let mut open: Vec<Value<'a>> = vec![group];
            while let Some(value) = open.pop() {
                if let Some(id) = value.get_ci("settingDefinitionId").and_then(Value::str) {
                    let id = id.to_ascii_lowercase();
                    let name = id.rsplit("firewallrulename}_").next().unwrap_or(&id);
                    let name = name.rsplit(CATALOG_RULES).next().unwrap_or(name);
                    for (text, span) in catalog_values(value) {
                        let text = option(&text, &id);
                        property(&mut fields, name, text, span);
                    }
                }
                for list in ["children", "groupSettingCollectionValue"] {
                    let inner = value.get_ci(list);
                    open.extend(inner.into_iter().flat_map(Value::items));
                }
            }
            self.rules.push(MdmRule {
                span: group.span(),
                fields,
            });
        }
        true
    }

    /// `domainprofile_enablefirewall`, with the value `…_enablefirewall_true`.
    fn catalog_setting(&mut self, setting: &str, object: Value<'a>) {
        let Some((profile, name)) = setting.split_once('_') else {
            return;
        };
        let Some(profile) = profile_key(profile) else {
            return;
        };
        for (text, span) in catalog_values(object) {
            let value = option(&text, name);
            self.setting(profile, name, &value, span);
        }
    }

    fn setting(&mut self, profile: ProfileKey, name: &str, value: &str, span: Span) {
        // `Shielded` of the CSP is the registry's `DoNotAllowExceptions`.
        let name = match name.to_ascii_lowercase().as_str() {
            "shielded" => "DoNotAllowExceptions".to_owned(),
            other => other.to_owned(),
        };
        let number = match value.to_ascii_lowercase().as_str() {
            "true" => Some(1),
            "false" => Some(0),
            digits => digits.parse().ok(),
        };
        self.settings.push((profile, name, number, span));
    }

    /// `FirewallRules/ID/Action/Type`, or `DomainProfile/EnableFirewall`.
    fn custom(&mut self, path: &str, object: Value<'a>, value: Option<Value<'a>>) {
        let mut parts = path.split('/');
        let (first, rest): (&str, Vec<&str>) = (parts.next().unwrap_or(""), parts.collect());
        let text = value.map(text).unwrap_or_default();
        let span = value.map_or(object.span(), Value::span);
        if let (Some(profile), [name]) = (profile_key(&first.to_ascii_lowercase()), &*rest) {
            return self.setting(profile, name, &text, span);
        }
        let [id, name @ ..] = &*rest else { return };
        if !first.eq_ignore_ascii_case("FirewallRules") || name.is_empty() {
            return;
        }
        let next = self.rules.len();
        let at = *self.custom.entry((*id).to_owned()).or_insert(next);
        if at == next {
            self.rules.push(MdmRule {
                span: object.span(),
                fields: Vec::new(),
            });
        }
        if let Some(rule) = self.rules.get_mut(at) {
            rule.span = rule.span.to(object.span());
            let name = name.join("_").to_ascii_lowercase();
            property(&mut rule.fields, &name, text, span);
        }
    }

    /// A windowsFirewallRule of Graph.
    fn graph_rule(&mut self, object: Value<'a>) {
        let mut fields = Vec::new();
        for (key, value) in object.members() {
            let name = key.str().unwrap_or_default().to_ascii_lowercase();
            let name = match name.as_str() {
                "displayname" => "name",
                "filepath" => "app_filepath",
                "servicename" => "app_servicename",
                "packagefamilyname" => "app_packagefamilyname",
                "trafficdirection" => "direction",
                "action" => "action_type",
                "profiletypes" => "profiles",
                "localuserauthorizations" => "localuserauthorizedlist",
                other => other,
            };
            // `actual…` repeats a list as Intune shows it, and the marks of OData are no properties.
            if name.starts_with("actual") || name.contains('@') || name.starts_with("useany") {
                continue;
            }
            let mut each: Vec<Value<'a>> = value.items().collect();
            if value.kind() != Kind::Array && !value.is_null() {
                each.push(value);
            }
            for value in each {
                let text = text(value);
                if !text.is_empty() && !text.eq_ignore_ascii_case("notConfigured") {
                    property(&mut fields, name, text, value.span());
                }
            }
        }
        // What every rule has without saying so.
        if !fields.iter().any(|f| f.name == "Active") {
            let place = object.span();
            fields.push(field(
                "Active",
                "TRUE".into(),
                Span::new(place.start as usize, place.start as usize),
            ));
        }
        self.rules.push(MdmRule {
            span: object.span(),
            fields,
        });
    }
}

fn profile_key(name: &str) -> Option<ProfileKey> {
    let profile = match name {
        "domainprofile" => Profiles::DOMAIN,
        "privateprofile" => Profiles::PRIVATE,
        "publicprofile" => Profiles::PUBLIC,
        _ => return None,
    };
    Some(ProfileKey::Of(profile))
}

/// The text of a scalar.
fn text(value: Value<'_>) -> String {
    match value.kind() {
        Kind::True => "true".to_owned(),
        Kind::False => "false".to_owned(),
        _ => value.text().unwrap_or_default().into_owned(),
    }
}

/// The values of a setting: simple or a choice, one or several.
fn catalog_values(setting: Value<'_>) -> Vec<(String, Span)> {
    const HOLDERS: [&str; 4] = [
        "simpleSettingValue",
        "choiceSettingValue",
        "simpleSettingCollectionValue",
        "choiceSettingCollectionValue",
    ];
    let mut out = Vec::new();
    for holder in HOLDERS.iter().filter_map(|h| setting.get_ci(h)) {
        let mut each: Vec<Value<'_>> = holder.items().collect();
        if holder.kind() == Kind::Object {
            each.push(holder);
        }
        let values = each.into_iter().filter_map(|v| v.get_ci("value"));
        out.extend(values.map(|v| (text(v), v.span())));
    }
    out
}

/// What a choice says: the end of its id, behind that of the setting.
fn option(value: &str, id: &str) -> String {
    let lower = value.to_ascii_lowercase();
    let id = id.to_ascii_lowercase();
    match lower.find(&format!("{id}_")) {
        Some(at) => value.get(at + id.len() + 1..).unwrap_or("").to_owned(),
        None => value.to_owned(),
    }
}

fn field<'a>(name: &'static str, text: Cow<'a, str>, span: Span) -> Field<'a> {
    let whole = Said::new(format!("{name}={text}"), span);
    Field {
        name: Cow::Borrowed(name),
        value: Said::new(text, span),
        whole,
    }
}

/// Adds a property of a rule as the fields of a rule string.
fn property(fields: &mut Vec<Field<'_>>, name: &str, text: String, span: Span) {
    let lower = text.trim().to_ascii_lowercase();
    let one = |name: &'static str, text: &str| field(name, Cow::Owned(text.to_owned()), span);
    let known = match name {
        "name" => one("Name", &text),
        "description" => one("Desc", &text),
        "enabled" => match lower.as_str() {
            "1" | "true" => one("Active", "TRUE"),
            "0" | "false" => one("Active", "FALSE"),
            other => one("Active", other),
        },
        "direction" => one("Dir", &text),
        "action_type" | "action" => match lower.as_str() {
            "0" | "blocked" | "block" => one("Action", "Block"),
            "1" | "allowed" | "allow" => one("Action", "Allow"),
            other => one("Action", other),
        },
        "protocol" => one("Protocol", &text),
        "app_filepath" => one("App", &text),
        "app_servicename" => one("Svc", &text),
        "app_packagefamilyname" => one("PFN", &text),
        "app_fqbn" => one("FQBN", &text),
        "localuserauthorizedlist" => one("LUAuth", &text),
        "policyappid" => one("PolicyAppId", &text),
        "remoteaddressdynamickeywords" => one("RADynKey", &text),
        "edgetraversal" => one("Edge", &text),
        "status" | "friendlyname" | "id" => return,
        "profiles" => return profiles(fields, &lower, span),
        "localportranges" => return entries(fields, ["LPort", "LPort"], &text, span),
        "remoteportranges" => return entries(fields, ["RPort", "RPort"], &text, span),
        "localaddressranges" => return entries(fields, ["LA4", "LA6"], &text, span),
        "remoteaddressranges" => return entries(fields, ["RA4", "RA6"], &text, span),
        "icmptypesandcodes" => return entries(fields, ["ICMP4", "ICMP4"], &text, span),
        "interfacetypes" => {
            for kind in text.split(',').map(str::trim) {
                if !kind.eq_ignore_ascii_case("all") && !kind.is_empty() {
                    fields.push(one("IFType", kind));
                }
            }
            return;
        }
        // A group that holds others.
        "app" | "" => return,
        other => {
            let value = Said::new(text.clone(), span);
            let whole = Said::new(format!("{other}={text}"), span);
            Field {
                name: Cow::Owned(other.to_owned()),
                value,
                whole,
            }
        }
    };
    fields.push(known);
}

/// A bit set, `2147483647` for all, or names.
fn profiles(fields: &mut Vec<Field<'_>>, text: &str, span: Span) {
    let mut add = |name: &'static str| fields.push(field("Profile", name.into(), span));
    for part in text.split(',').map(str::trim) {
        match (part.parse::<u32>(), part) {
            (Ok(0x7fff_ffff), _) | (_, "all" | "") => {}
            (Ok(bits), _) if bits & !7 == 0 => {
                for (bit, name) in [(1, "Domain"), (2, "Private"), (4, "Public")] {
                    if bits & bit != 0 {
                        add(name);
                    }
                }
            }
            (_, "domain") => add("Domain"),
            (_, "private") => add("Private"),
            (_, "public") => add("Public"),
            _ => {
                let text = Cow::Owned(part.to_owned());
                fields.push(field("Profile", text, span));
                return;
            }
        }
    }
}

/// A list whose entries are of either family, or of both; `*` is any.
fn entries(fields: &mut Vec<Field<'_>>, [v4, v6]: [&'static str; 2], text: &str, span: Span) {
    for entry in text
        .split([',', ';'])
        .map(str::trim)
        .filter(|e| !e.is_empty() && *e != "*")
    {
        let address = entry.starts_with(|c: char| c.is_ascii_digit()) || entry.contains(':');
        let text = || Cow::Owned(entry.to_owned());
        match (entry.contains(':'), address) {
            (true, _) => fields.push(field(v6, text(), span)),
            (_, true) => fields.push(field(v4, text(), span)),
            _ => {
                fields.push(field(v4, text(), span));
                if v4 != v6 {
                    fields.push(field(v6, text(), span));
                }
            }
        }
    }
}

//! Writes rules and profiles as PowerShell 7 prints the joined objects as JSON: what the reader reads back is the same.
//!
//! That proves that reader and writer agree, and no more. A rule that does not come back as it was is an error, never left
//! out or approximated.

use crate::input::Input;
use crate::source::Source;
use crate::windows::parts::{self, Part, addresses, icmp, ports, protocol};
use crate::windows::same;
use crate::windows::stated::Direction;
use crate::write::{Result, WriteError};
use hylint_model::{
    Body, Condition, ConditionKind, Discipline, InboundPolicy, Lists, Point, PointKind, Profiles,
    Rule, RuleOrigin, Test, View, WindowsProfiles,
};
use std::fmt::Write as _;

/// Writes the rules of a host, inbound rules first, and its profile settings if it has any, as JSON.
///
/// # Errors
/// The first rule that has no such object: a source of several unrelated boxes, a condition that Windows does not have, or a
/// match that was not understood when it was read.
pub fn write(point: &Point) -> Result<String> {
    let lists = match &point.body {
        Body::Lists(lists)
            if point.kind == PointKind::WindowsFirewall
                && lists.discipline == Discipline::BlockOverAllow =>
        {
            lists
        }
        _ => {
            let message = "it is no Windows firewall";
            return Err(WriteError::new("PowerShell", point.span, message));
        }
    };
    let mut rules = Vec::new();
    for (direction, list) in [
        (Direction::In, &lists.ingress),
        (Direction::Out, &lists.egress),
    ] {
        for r in &list.rules {
            let object = rule(r, direction).map_err(|message| error(r, message))?;
            rules.push(object);
        }
    }
    let effective = point.view == View::Effective;
    let settings = point.windows.as_deref();
    let text = document(&rules, settings, effective);
    verify(&text, lists)?;
    Ok(text)
}

fn error(rule: &Rule, message: &'static str) -> WriteError {
    WriteError::new("PowerShell", rule.span, message).of_rule(rule)
}

/// Reads the text and compares rule by rule.
fn verify(text: &str, lists: &Lists) -> Result<()> {
    let source = Source::new("powershell", text, "UTF-8");
    let export = super::read::read(&Input::new(&source));
    match same::lost(lists, &export) {
        None => Ok(()),
        Some(rule) => Err(error(
            rule,
            "its names, addresses, ports or conditions do not fit the properties of a rule",
        )),
    }
}

/// A value of JSON.
enum Json {
    Null,
    Text(String),
    List(Vec<String>),
}

/// An object: names and values in order.
type Object = Vec<(&'static str, Json)>;

fn text(t: &str) -> Json {
    Json::Text(t.to_owned())
}

/// An empty text is null, as PowerShell has it.
fn some(t: &str) -> Json {
    match t.is_empty() {
        true => Json::Null,
        false => text(t),
    }
}

/// A list, of which PowerShell prints a single element as itself.
fn list(joined: &str) -> Json {
    let all: Vec<String> = joined.split(',').map(str::to_owned).collect();
    match all.as_slice() {
        [one] => text(one),
        _ => Json::List(all),
    }
}

fn document(rules: &[Object], settings: Option<&WindowsProfiles>, effective: bool) -> String {
    let mut out = String::from("{\n");
    let indent = if effective { "    " } else { "  " };
    if effective {
        out.push_str("  \"ActiveStore\": {\n");
    }
    let settings = settings.map(profiles).unwrap_or_default();
    objects(&mut out, "Rules", rules, indent);
    if !settings.is_empty() {
        out.push_str(",\n");
        objects(&mut out, "Profiles", &settings, indent);
    }
    out.push_str(if effective { "\n  }\n}\n" } else { "\n}\n" });
    out
}

fn objects(out: &mut String, name: &str, all: &[Object], indent: &str) {
    let _ = write!(out, "{indent}\"{name}\": [");
    for (n, object) in all.iter().enumerate() {
        out.push_str(if n == 0 { "\n" } else { ",\n" });
        let _ = write!(out, "{indent}  {{");
        for (n, (key, value)) in object.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            let _ = write!(out, "{comma}\n{indent}    \"{key}\": ");
            value.write(out, indent);
        }
        let _ = write!(out, "\n{indent}  }}");
    }
    let _ = write!(out, "\n{indent}]");
}

impl Json {
    fn write(&self, out: &mut String, indent: &str) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Text(t) => string(out, t),
            Self::List(all) => {
                out.push('[');
                for (n, t) in all.iter().enumerate() {
                    let comma = if n == 0 { "" } else { "," };
                    let _ = write!(out, "{comma}\n{indent}      ");
                    string(out, t);
                }
                let _ = write!(out, "\n{indent}    ]");
            }
        }
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// What the conditions of a rule say, by property.
#[derive(Default)]
struct Conditions<'a> {
    brief: bool,
    program: Option<&'a str>,
    service: Option<&'a str>,
    security: Option<&'a str>,
    interfaces: Option<&'a str>,
    peers: Option<&'a str>,
    others: Vec<(&'static str, &'a str)>,
}

/// Conditions that are told by their words: how the words begin, and the property.
const WORDED: [(&str, &str); 7] = [
    ("app package ", "Package"),
    ("application id ", "PolicyAppId"),
    ("owner ", "Owner"),
    ("local user ", "LocalUser"),
    ("dynamic keyword ", "RemoteDynamicKeywordAddresses"),
    ("dynamic target ", "DynamicTarget"),
    ("platform ", "Platform"),
];

impl<'a> Conditions<'a> {
    fn of(rule: &'a Rule) -> Part<Self> {
        let mut out = Self::default();
        for c in rule.conditions() {
            out.add(c)?;
        }
        Ok(out)
    }

    fn add(&mut self, c: &'a Condition) -> Part<()> {
        if c.negated {
            return Err("Windows cannot negate a condition");
        }
        let worded = WORDED
            .iter()
            .find_map(|(begin, prop)| Some((*prop, c.text.strip_prefix(begin)?)));
        match &c.test {
            Test::Unprinted => self.brief = true,
            Test::Program(program) => self.program = Some(program),
            Test::Service(name) => self.service = Some(name),
            Test::IpSec => {
                let word = c.text.strip_prefix("IPsec security ");
                self.security = word.or(self.security);
            }
            Test::Named { .. } | Test::SystemPort => {}
            Test::InterfaceTypes { .. } => {
                self.interfaces = c.text.strip_prefix("interface type ").or(self.interfaces);
            }
            Test::Package { .. } | Test::Opaque if c.kind != ConditionKind::Unknown => {
                let types = c.text.strip_prefix("interface type ");
                let alias = c.text.strip_prefix("interface ");
                let peers = c.text.strip_prefix("authorized ");
                match (types, peers, worded, alias) {
                    (Some(types), ..) => self.interfaces = Some(types),
                    (_, Some(peers), ..) => self.peers = Some(peers),
                    (.., Some(found), _) => self.other(found),
                    (.., Some(alias)) => self.other(("InterfaceAlias", alias)),
                    _ if matches!(c.test, Test::Package { .. }) => {}
                    _ => return Err("it rests on a condition that Windows does not have"),
                }
            }
            _ => return Err("a part of it was not understood when it was read"),
        }
        Ok(())
    }

    fn other(&mut self, found: (&'static str, &'a str)) {
        if !self.others.contains(&found) {
            self.others.push(found);
        }
    }

    fn value(&self, prop: &str) -> Option<&'a str> {
        let found = self.others.iter().find(|(p, _)| *p == prop);
        found.map(|(_, value)| *value)
    }
}

fn rule(rule: &Rule, direction: Direction) -> Part<Object> {
    let said = Conditions::of(rule)?;
    let clauses = &rule.clauses;
    if clauses.is_empty() {
        return Err("it matches no packet");
    }
    let protocol = protocol(clauses)?;
    let (local, remote) = addresses(clauses, direction)?;
    let ports = ports(clauses, direction, protocol)?;
    let (lport, rport) = ports.unwrap_or_else(|| ("Any".to_owned(), "Any".to_owned()));
    let rows = icmp(clauses, protocol)?;
    let types: Vec<String> = rows
        .iter()
        .skip(1)
        .map(|(kind, code)| match code.as_str() {
            "Any" => kind.clone(),
            code => format!("{kind}:{code}"),
        })
        .collect();
    let action = parts::action(rule)?;
    let bypass = action == "Bypass";
    let mut out: Object = vec![
        ("DisplayName", some(&rule.name)),
        ("Description", some(&rule.comment)),
        ("Group", some(&rule.group)),
        ("Enabled", text(if rule.enabled { "True" } else { "False" })),
        ("Profile", text(&profile(rule.profiles)?)),
        (
            "Platform",
            said.value("Platform").map_or(Json::List(Vec::new()), list),
        ),
        (
            "Direction",
            text(match direction {
                Direction::In => "Inbound",
                Direction::Out => "Outbound",
            }),
        ),
        ("Action", text(if bypass { "Allow" } else { action })),
        ("Owner", said.value("Owner").map_or(Json::Null, text)),
        ("Protocol", text(&protocol.text())),
        ("LocalPort", list(&lport)),
        ("RemotePort", list(&rport)),
        (
            "IcmpType",
            match types.is_empty() {
                true => text("Any"),
                false => list(&types.join(",")),
            },
        ),
        (
            "DynamicTarget",
            text(said.value("DynamicTarget").unwrap_or("Any")),
        ),
        ("LocalAddress", list(&local)),
        ("RemoteAddress", list(&remote)),
    ];
    if let Some(source) = source(rule.origin) {
        out.push(("PolicyStoreSourceType", text(source)));
    }
    for prop in ["RemoteDynamicKeywordAddresses", "PolicyAppId"] {
        if let Some(value) = said.value(prop) {
            out.push((prop, list(value)));
        }
    }
    if said.brief && (said.program.is_some() || said.service.is_some()) {
        return Err("a part of its properties was not exported");
    }
    if !said.brief {
        filters(&mut out, &said, bypass)?;
    }
    Ok(out)
}

/// Programs, services, interfaces and security.
fn filters(out: &mut Object, said: &Conditions<'_>, bypass: bool) -> Part<()> {
    let (authentication, encryption) = security(said.security)?;
    let interfaces = said.interfaces.unwrap_or("Any");
    let interfaces = interfaces
        .replace("LAN", "Wired")
        .replace("RAS", "RemoteAccess");
    out.extend([
        ("Program", text(said.program.unwrap_or("Any"))),
        ("Package", said.value("Package").map_or(Json::Null, text)),
        ("Service", text(said.service.unwrap_or("Any"))),
        (
            "InterfaceAlias",
            said.value("InterfaceAlias")
                .map_or_else(|| text("Any"), list),
        ),
        ("InterfaceType", list(&interfaces)),
        ("Authentication", text(authentication)),
        ("Encryption", text(encryption)),
        (
            "OverrideBlockRules",
            text(if bypass { "True" } else { "False" }),
        ),
        ("LocalUser", text(said.value("LocalUser").unwrap_or("Any"))),
        ("RemoteUser", text("Any")),
        ("RemoteMachine", text(said.peers.unwrap_or("Any"))),
    ]);
    Ok(())
}

/// Authentication and encryption by netsh's word for both.
fn security(word: Option<&str>) -> Part<(&'static str, &'static str)> {
    match word {
        None => Ok(("NotRequired", "NotRequired")),
        Some("Authenticate") => Ok(("Required", "NotRequired")),
        Some("AuthNoEncap") => Ok(("NoEncap", "NotRequired")),
        Some("AuthEnc") => Ok(("Required", "Required")),
        Some("AuthDynEnc") => Ok(("Required", "Dynamic")),
        Some(_) => Err("PowerShell has no word for its security"),
    }
}

fn profile(profiles: Profiles) -> Part<String> {
    match profiles {
        Profiles::ALL => Ok("Any".to_owned()),
        some => Ok(parts::profile_names(some)?.replace(',', ", ")),
    }
}

const fn source(origin: RuleOrigin) -> Option<&'static str> {
    match origin {
        RuleOrigin::Local => Some("Local"),
        RuleOrigin::GroupPolicy => Some("GroupPolicy"),
        RuleOrigin::Unsaid | RuleOrigin::Platform => None,
    }
}

fn profiles(settings: &WindowsProfiles) -> Vec<Object> {
    let each = Profiles::EACH.iter().zip(&settings.profiles);
    let mut out = Vec::new();
    for ((_, name), own) in each {
        let Some(own) = own else { continue };
        let boolean = |b: Option<bool>| match b {
            Some(true) => "True",
            Some(false) => "False",
            None => "NotConfigured",
        };
        let does = |b: Option<bool>| match b {
            Some(true) => "Allow",
            Some(false) => "Block",
            None => "NotConfigured",
        };
        let inbound = own.inbound.map(|(p, _)| p);
        let always = inbound == Some(InboundPolicy::BlockAlways);
        let name = match *name {
            "domain" => "Domain",
            "private" => "Private",
            _ => "Public",
        };
        out.push(vec![
            ("Name", text(name)),
            ("Enabled", text(boolean(own.enabled.map(|e| e.0)))),
            (
                "DefaultInboundAction",
                text(does(inbound.map(|p| p == InboundPolicy::Allow))),
            ),
            (
                "DefaultOutboundAction",
                text(does(own.outbound_allow.map(|o| o.0))),
            ),
            (
                "AllowInboundRules",
                text(if always { "False" } else { "NotConfigured" }),
            ),
            (
                "AllowLocalFirewallRules",
                text(boolean(own.local_rules.map(|l| l.0))),
            ),
        ]);
    }
    out
}

//! Writes a host's rules and profile settings as a file of the registry editor, as `reg export` does: what the reader reads
//! back is the same policy.
//!
//! The text is read again before it is handed out, and a rule that does not come back as it was is an error. Not written:
//! verdicts for packets that no rule decides, which come from the settings.

use super::rule::SECURITY;
use crate::input::Input;
use crate::source::Source;
use crate::windows::parts::{Part, Protocol, addresses, icmp, ports, protocol};
use crate::windows::same;
use crate::windows::stated::Direction;
use crate::write::{Result, WriteError};
use hylint_model::{
    Action, Body, Condition, Discipline, InboundPolicy, Lists, Point, PointKind, ProfileSettings,
    Profiles, Rule, RuleOrigin, Span, Store, Test, WindowsProfiles,
};
use std::fmt::Write as _;

const LOCAL: &str =
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
const POLICY: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall";

fn error(span: Span, message: &'static str) -> WriteError {
    WriteError::new("the registry", span, message)
}

/// Writes the rules of a host, inbound rules first, each under the key of its store, then its profile settings.
///
/// # Errors
/// The first rule that has no form in the registry: one whose source is not known, a packet mark, a condition that no field
/// holds, or a match that was not understood when it was read.
pub fn write(point: &Point) -> Result<String> {
    let lists = match &point.body {
        Body::Lists(lists)
            if point.kind == PointKind::WindowsFirewall
                && lists.discipline == Discipline::BlockOverAllow =>
        {
            lists
        }
        _ => return Err(error(point.span, "it is no Windows firewall")),
    };
    let mut out = Writer {
        text: "Windows Registry Editor Version 5.00\r\n".to_owned(),
        key: String::new(),
        count: 0,
    };
    for (direction, list) in [
        (Direction::In, &lists.ingress),
        (Direction::Out, &lists.egress),
    ] {
        for rule in &list.rules {
            let written = out.rule(rule, direction);
            written.map_err(|message| error(rule.span, message).of_rule(rule))?;
        }
    }
    if out.count == 0 {
        out.key(&format!(r"{LOCAL}\FirewallRules"));
    }
    if let Some(windows) = &point.windows {
        out.profiles(windows);
    }
    out.text.push_str("\r\n");
    verify(&out.text, lists)?;
    Ok(out.text)
}

/// Reads the text and compares rule by rule.
fn verify(text: &str, lists: &Lists) -> Result<()> {
    let source = Source::new("registry", text, "UTF-8");
    let export = super::read::read(&Input::new(&source));
    match same::lost(lists, &export) {
        None => Ok(()),
        Some(rule) => Err(error(
            rule.span,
            "its name, addresses, ports or conditions do not fit a rule string",
        )
        .of_rule(rule)),
    }
}

struct Writer {
    text: String,
    /// The key that values are written to.
    key: String,
    count: usize,
}

impl Writer {
    fn key(&mut self, key: &str) {
        if self.key != key {
            let _ = write!(self.text, "\r\n[{key}]\r\n");
            key.clone_into(&mut self.key);
        }
    }

    fn rule(&mut self, rule: &Rule, direction: Direction) -> Part<()> {
        let root = match rule.origin {
            RuleOrigin::Local => LOCAL,
            RuleOrigin::GroupPolicy => POLICY,
            RuleOrigin::Unsaid | RuleOrigin::Platform => {
                return Err(
                    "the registry has a key for local rules and one for policy, and its source is not known",
                );
            }
        };
        let string = RuleString::of(rule, direction)?;
        self.key(&format!(r"{root}\FirewallRules"));
        self.count += 1;
        let escaped = string.text.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = write!(
            self.text,
            "\"{{00000000-0000-0000-0000-{:012}}}\"=\"{escaped}\"\r\n",
            self.count
        );
        Ok(())
    }

    fn profiles(&mut self, windows: &WindowsProfiles) {
        let names = match windows.store {
            Store::Local => ["DomainProfile", "StandardProfile", "PublicProfile"],
            Store::Policy | Store::Effective => {
                ["DomainProfile", "PrivateProfile", "PublicProfile"]
            }
        };
        let root = match windows.store {
            Store::Local => LOCAL,
            Store::Policy | Store::Effective => POLICY,
        };
        for (name, settings) in names.iter().zip(&windows.profiles) {
            if let Some(settings) = settings {
                self.key(&format!(r"{root}\{name}"));
                self.settings(settings);
            }
        }
    }

    fn settings(&mut self, s: &ProfileSettings) {
        let inbound = s.inbound.map(|(policy, _)| policy);
        let values = [
            ("EnableFirewall", s.enabled.map(|(on, _)| on)),
            (
                "DoNotAllowExceptions",
                inbound.map(|p| p == InboundPolicy::BlockAlways),
            ),
            (
                "DefaultInboundAction",
                inbound.map(|p| p != InboundPolicy::Allow),
            ),
            (
                "DefaultOutboundAction",
                s.outbound_allow.map(|(allow, _)| !allow),
            ),
            ("AllowLocalPolicyMerge", s.local_rules.map(|(on, _)| on)),
        ];
        for (name, value) in values {
            if let Some(value) = value {
                let _ = write!(self.text, "\"{name}\"=dword:{:08x}\r\n", u8::from(value));
            }
        }
    }
}

/// A rule string.
struct RuleString {
    text: String,
}

impl RuleString {
    fn of(rule: &Rule, direction: Direction) -> Part<Self> {
        let mut out = Self {
            text: "v2.31|".to_owned(),
        };
        out.add("Action", action(rule)?)?;
        out.add("Active", if rule.enabled { "TRUE" } else { "FALSE" })?;
        let way = match direction {
            Direction::In => "In",
            Direction::Out => "Out",
        };
        out.add("Dir", way)?;
        out.matches(rule, direction)?;
        for condition in rule.conditions() {
            out.condition(condition)?;
        }
        out.add("Name", &rule.name)?;
        if !rule.comment.is_empty() {
            out.add("Desc", &rule.comment)?;
        }
        if !rule.group.is_empty() {
            out.add("EmbedCtxt", &rule.group)?;
        }
        Ok(out)
    }

    fn add(&mut self, name: &str, value: &str) -> Part<()> {
        if value.contains(['|', '\n', '\r']) {
            return Err("a bar or a line break stands in its name or in a field");
        }
        let field = format!("{name}={value}|");
        // Each clause has the conditions of the rule.
        if !self.text.contains(&format!("|{field}")) {
            self.text.push_str(&field);
        }
        Ok(())
    }

    fn matches(&mut self, rule: &Rule, direction: Direction) -> Part<()> {
        if rule.clauses.is_empty() {
            return Err("it matches no packet");
        }
        if rule.priority.is_some() {
            return Err("the Windows firewall has no priorities");
        }
        let protocol = protocol(&rule.clauses)?;
        match protocol {
            Protocol::Any => {}
            Protocol::AnyPorts => return Err("ports need the protocol TCP or UDP"),
            Protocol::One(n) => self.add("Protocol", &n.to_string())?,
        }
        if rule.profiles != Profiles::ALL {
            for (profile, name) in [
                (Profiles::DOMAIN, "Domain"),
                (Profiles::PRIVATE, "Private"),
                (Profiles::PUBLIC, "Public"),
            ] {
                if rule.profiles.intersects(profile) {
                    self.add("Profile", name)?;
                }
            }
        }
        if let Some((local, remote)) = ports(&rule.clauses, direction, protocol)? {
            self.ports("LPort", &local)?;
            self.ports("RPort", &remote)?;
        }
        for (kind, code) in icmp(&rule.clauses, protocol)? {
            let field = match protocol {
                Protocol::One(1) => "ICMP4",
                _ => "ICMP6",
            };
            let code = if code == "Any" { "*" } else { &code };
            if kind != "Type" && kind != "Any" {
                self.add(field, &format!("{kind}:{code}"))?;
            }
        }
        let (local, remote) = addresses(&rule.clauses, direction)?;
        self.addresses("LA", &local)?;
        self.addresses("RA", &remote)
    }

    fn ports(&mut self, field: &str, list: &str) -> Part<()> {
        for port in list.split(',').filter(|p| *p != "Any") {
            let name = match port {
                "ply2disc" | "dhcp" => format!("{field}2_20"),
                "mdns" => format!("{field}2_25"),
                "cortana" => format!("{field}2_24"),
                "iphttps" => format!("{field}2_10"),
                port if port.contains('-') && port.starts_with(|c: char| c.is_ascii_digit()) => {
                    format!("{field}2_10")
                }
                _ => field.to_owned(),
            };
            self.add(&name, port)?;
        }
        Ok(())
    }

    fn addresses(&mut self, field: &str, list: &str) -> Part<()> {
        for entry in list.split(',').filter(|e| *e != "Any") {
            let one = entry.strip_suffix("/32").unwrap_or(entry);
            let one = one.strip_suffix("/128").unwrap_or(one);
            if one.contains(':') {
                self.add(&format!("{field}6"), one)?;
            } else if one.starts_with(|c: char| c.is_ascii_digit()) {
                self.add(&format!("{field}4"), one)?;
            } else if let Some(word) = one.strip_suffix('4') {
                self.add(&format!("{field}4{}", newer(word)), word)?;
            } else if let Some(word) = one.strip_suffix('6') {
                self.add(&format!("{field}6{}", newer(word)), word)?;
            } else {
                self.add(&format!("{field}4{}", newer(one)), one)?;
                self.add(&format!("{field}6{}", newer(one)), one)?;
            }
        }
        Ok(())
    }

    fn condition(&mut self, c: &Condition) -> Part<()> {
        if c.negated {
            return Err("the registry cannot negate a condition");
        }
        match &c.test {
            Test::Program(program) => self.add("App", program),
            Test::Service(name) => self.add("Svc", name),
            Test::IpSec => match c.text.strip_prefix("IPsec security ") {
                Some(words) => self.security(words),
                None => Ok(()),
            },
            Test::Package { .. } => match c.text.strip_prefix("app package ") {
                Some(id) if id.starts_with("S-1-") => self.add("AppPkgId", id),
                Some(family) => self.add("PFN", family),
                // Its name tells.
                None => Ok(()),
            },
            // Address and port lists hold them.
            Test::Named { .. } | Test::SystemPort => Ok(()),
            Test::InterfaceTypes { .. } => self.each("IFType", &c.text, "interface type "),
            Test::Opaque => self.opaque(c),
            Test::Unprinted => Err("its programs and services were not exported"),
            _ => Err("it rests on a condition that the registry does not have"),
        }
    }

    fn opaque(&mut self, c: &Condition) -> Part<()> {
        for (prefix, field) in [
            ("authorized ", "RMAuth"),
            ("interface type ", "IFType"),
            ("interface ", "IF"),
            ("local user ", "LUAuth"),
            ("owner ", "LUOwn"),
            ("dynamic keyword ", "RADynKey"),
        ] {
            if c.text.starts_with(prefix) {
                return self.each(field, &c.text, prefix);
            }
        }
        match c.text.strip_prefix("dynamic target ") {
            Some(word) => self.target(word),
            None => Err("a part of it was not understood when it was read"),
        }
    }

    fn target(&mut self, word: &str) -> Part<()> {
        let (field, keyword) = match word {
            "ProximityApps" => ("TTK", "Proximity"),
            "ProximitySharing" => ("TTK", "ProxSharing"),
            "WifiDirectPrinting" => ("TTK2_22", "WFDPrint"),
            "WifiDirectDisplay" => ("TTK2_22", "WFDDisplay"),
            "WifiDirectDevices" => ("TTK2_22", "WFDDevices"),
            "WFDKmDriver" | "UPnP" => ("TTK2_27", word),
            _ => ("TTK2_28", word),
        };
        self.add(field, keyword)
    }

    fn security(&mut self, word: &str) -> Part<()> {
        let known = SECURITY.iter().find(|(_, netsh)| *netsh == word);
        let own = known.map_or(word, |(own, _)| own);
        let field = match own {
            "An-NoEncap" => "Security2_9",
            "AnE-Nego" => "Security2",
            _ => "Security",
        };
        self.add(field, own)
    }

    fn each(&mut self, field: &str, text: &str, prefix: &str) -> Part<()> {
        let list = text.strip_prefix(prefix).unwrap_or(text);
        if !matches!(field, "IFType" | "RMAuth") {
            return self.add(field, list);
        }
        for entry in list.split(',') {
            let word = match entry {
                "RAS" => "RemoteAccess",
                "LAN" => "Lan",
                other => other,
            };
            self.add(field, word)?;
        }
        Ok(())
    }
}

/// Keywords that came with Windows 8 stand in a field of their own.
fn newer(word: &str) -> &'static str {
    let old = ["LocalSubnet", "DNS", "DHCP", "WINS", "DefaultGateway"];
    if old.contains(&word) { "" } else { "2" }
}

fn action(rule: &Rule) -> Part<&'static str> {
    match rule.action {
        Action::Allow => Ok("Allow"),
        Action::Deny => Ok("Block"),
        Action::Bypass => Ok("ByPass"),
        _ => Err("a rule of Windows allows, blocks or bypasses"),
    }
}

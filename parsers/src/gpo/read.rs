//! From a report to an export.

use super::admin::{self, Template};
use super::xml::{Document, Node};
use crate::input::Input;
use crate::registry::consec::{self, Consec};
use crate::registry::fields::Field;
use crate::registry::key::{ProfileKey, Store};
use crate::registry::profiles::AllSettings;
use crate::registry::rule::{self, Context, POLICY};
use crate::registry::state;
use crate::registry::text::{Escape, unescape};
use crate::windows::build::clip;
use crate::windows::collection::Collection;
use crate::windows::form::Form;
use crate::windows::stated::Said;
use crate::windows::words::Label;
use hylint_model::{Export, Problem, ProblemKind, Profiles, Span, Stores};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What to do for what is in effect on a host.
const HOST: &str =
    "export what is in effect on the host, too, with the output of `hylint collect windows`";

/// How reports speak: as rule strings do.
const FORM: Form = Form {
    full: HOST,
    ..state::FORM
};

/// What to do where it is not known which policies apply.
const APPLIES: &str = "give a report of the policies that apply: `gpresult /scope computer /x report.xml` on the host";

/// Elements of the firewall's part that decide no packet.
const KNOWN: [&str; 8] = [
    "GlobalSettings",
    "Blocked",
    "GPO",
    "Precedence",
    "AuthenticationSets",
    "CryptoSets",
    "MainModeRules",
    "Version",
];

/// More elements inside each other than any report has.
const DEEPEST: usize = 256;

pub(super) fn read(input: &Input<'_>) -> Export {
    let text = input.source.text.as_str();
    let mut reader = Reader {
        out: Collection::new(&FORM, input.depth),
        frames: Vec::new(),
        deeper: 0,
        policies: Vec::new(),
        settings: AllSettings::default(),
        precedence: BTreeMap::new(),
        consec: Vec::new(),
        off: None,
        unlinked: None,
        linked: None,
        is_policy: None,
    };
    reader.out.stores = Stores::POLICY;
    let mut document = Document::new(text);
    while let Some((node, start, end)) = document.node() {
        reader.node(node, start, end);
    }
    reader.finish(text)
}

/// An element that is open.
struct Frame<'a> {
    name: &'a str,
    start: usize,
    area: Area,
    /// The text in it.
    text: Cow<'a, str>,
    text_span: Option<Span>,
    /// The texts of the elements in it that hold no others.
    fields: Vec<Field<'a>>,
    has_elements: bool,
}

/// What the text of an element is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Area {
    Other,
    /// The firewall's part of a report.
    Firewall,
    Profile(ProfileKey),
    /// Rules; whether they are inbound.
    Rules(bool),
    Consec,
    /// Something in the firewall's part that is not known.
    Unknown,
    /// Administrative templates and registry values.
    Registry,
}

struct Reader<'a> {
    out: Collection,
    frames: Vec<Frame<'a>>,
    /// Open elements that are not kept.
    deeper: usize,
    /// Names of the policies that the report holds settings of the firewall of.
    policies: Vec<(String, Span)>,
    settings: AllSettings,
    /// The precedence of the setting that was taken, by profile and name.
    precedence: BTreeMap<(u8, String), u32>,
    /// The connection security rules that act.
    consec: Vec<Consec>,
    /// The first link that is disabled.
    unlinked: Option<Span>,
    /// The first link that is enabled.
    linked: Option<Span>,
    /// Where a policy begins, of which a report tells the links.
    is_policy: Option<Span>,
    /// Where the policy says that its computer settings do not apply.
    off: Option<Span>,
}

impl<'a> Reader<'a> {
    fn node(&mut self, node: Node<'a>, start: usize, end: usize) {
        match node {
            Node::Open { name, kind, tag } => {
                self.open(name, kind.as_deref(), start);
                self.attributes(tag, start);
            }
            Node::Text(raw) => self.text(raw, start),
            Node::Close => self.close(end),
            Node::Broken(why) => {
                let message =
                    format!("the report is no XML from here on ({why}): rules may be missing");
                let span = Span::new(start, end.max(start));
                let problem = Problem::new(ProblemKind::Malformed, span, message);
                self.out.export.problems.push(problem.help("export again"));
            }
        }
    }

    fn open(&mut self, name: &'a str, kind: Option<&str>, start: usize) {
        if self.frames.len() >= DEEPEST {
            self.deeper += 1;
            return;
        }
        let mut area = Area::Other;
        if let Some(parent) = self.frames.last_mut() {
            parent.has_elements = true;
            area = parent.area;
        }
        let firewall = kind.is_some_and(|k| k.ends_with("WindowsFirewallSettings"));
        let registry = kind.is_some_and(|k| k.ends_with("RegistrySettings"));
        area = match (area, name) {
            _ if firewall => Area::Firewall,
            _ if registry => Area::Registry,
            (Area::Firewall, "DomainProfile") => Area::Profile(ProfileKey::Of(Profiles::DOMAIN)),
            (Area::Firewall, "PrivateProfile") => Area::Profile(ProfileKey::Of(Profiles::PRIVATE)),
            (Area::Firewall, "PublicProfile") => Area::Profile(ProfileKey::Of(Profiles::PUBLIC)),
            (Area::Firewall, "StandardProfile") => Area::Profile(ProfileKey::Standard),
            (Area::Firewall, "InboundFirewallRules") => Area::Rules(true),
            (Area::Firewall, "OutboundFirewallRules") => Area::Rules(false),
            (Area::Firewall, "ConnectionSecurityRules") => Area::Consec,
            (Area::Firewall, known) if KNOWN.contains(&known) => Area::Other,
            (Area::Firewall, _) => Area::Unknown,
            (area, _) => area,
        };
        if firewall {
            self.policy(start);
        }
        if name == "GPO" && self.frames.iter().all(|f| f.area == Area::Other) {
            self.is_policy.get_or_insert(Span::new(start, start));
        }
        self.frames.push(Frame {
            name,
            start,
            area,
            text: Cow::Borrowed(""),
            text_span: None,
            fields: Vec::new(),
            has_elements: false,
        });
    }

    /// The policy that the part belongs to.
    fn policy(&mut self, start: usize) {
        let field = |element: &str, name: &str| {
            let frame = self.frames.iter().find(|f| f.name == element)?;
            let field = frame.fields.iter().find(|f| f.name == name)?;
            Some((field.value.text.trim().to_owned(), field.value.span))
        };
        let at = Span::new(start, start);
        let policy = field("GPO", "Name").unwrap_or((String::new(), at));
        self.off = field("Computer", "Enabled")
            .filter(|(text, _)| text == "false")
            .map(|(_, span)| span);
        if !self.policies.contains(&policy) {
            self.policies.push(policy);
        }
    }

    fn text(&mut self, raw: &'a str, start: usize) {
        let Some(frame) = self.frames.last_mut().filter(|_| self.deeper == 0) else {
            return;
        };
        if raw.trim().is_empty() && frame.text_span.is_none() {
            return;
        }
        let text = unescape(raw, Escape::Xml);
        match frame.text.is_empty() {
            true => frame.text = text,
            false => frame.text.to_mut().push_str(&text),
        }
        let span = Span::new(start, start + raw.len());
        frame.text_span = Some(frame.text_span.map_or(span, |s| s.to(span)));
    }

    fn close(&mut self, end: usize) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let span = Span::new(frame.start, end);
        self.beside(&frame);
        self.rest(&frame, span);
        if !frame.has_elements {
            let place = frame.text_span.unwrap_or(span);
            let text = frame.text.trim().to_owned();
            let field = Field {
                name: Cow::Borrowed(frame.name),
                value: Said::new(text.clone(), place),
                whole: Said::new(format!("{}={text}", frame.name), place),
            };
            // Elsewhere only the names of what a report is about are asked for.
            if let Some(parent) = self.frames.last_mut()
                && (parent.area != Area::Other || matches!(frame.name, "Name" | "Enabled"))
            {
                parent.fields.push(field);
            }
            return;
        }
        match frame.area {
            Area::Profile(profile) => self.setting(profile, &frame),
            Area::Rules(inbound) if is_rule(&frame) => self.rule(inbound, frame, span),
            Area::Consec if is_rule(&frame) && self.off.is_none() => {
                let rule = Consec::of(&frame.fields, span);
                if rule.as_ref().is_some_and(|r| !r.requires()) {
                    self.out.idle_consec(span);
                }
                self.consec.extend(rule);
            }
            _ => {}
        }
    }

    /// Attributes in which a rule, or a value of the firewall's keys, may stand.
    fn attributes(&mut self, tag: &str, start: usize) {
        let rule = tag.contains(" Action=") || tag.contains(" LPort=");
        let own = self.frames.last().is_some_and(|f| f.area != Area::Other);
        if own && rule || admin::names_key(tag) {
            let span = Span::new(start, start + tag.len());
            self.unread(span, "attributes that are not read");
        }
    }

    /// What an element says that is neither a rule nor a setting of the firewall's part.
    fn rest(&mut self, frame: &Frame<'_>, span: Span) {
        match (frame.area, frame.name) {
            (Area::Unknown, name) => {
                let parent = self.frames.last().map(|f| f.area);
                if is_rule(frame) || parent == Some(Area::Firewall) {
                    let what = format!("an element `{}` that is not known", clip(name));
                    self.unread(span, &what);
                }
            }
            (Area::Rules(_), "InboundFirewallRules" | "OutboundFirewallRules")
                if !is_rule(frame) && frame.fields.is_empty() && frame.text_span.is_some() =>
            {
                self.unread(span, "a rule without elements");
            }
            (Area::Registry, "Policy") => self.template(frame, span),
            (Area::Registry, "Value") => self.registry(frame, span),
            (_, "LinksTo") => {
                let enabled = frame.fields.iter().find(|f| f.name == "Enabled");
                match enabled {
                    Some(f) if f.value.text == "false" => {
                        self.unlinked.get_or_insert(f.value.span);
                    }
                    _ => {
                        self.linked.get_or_insert(span);
                    }
                }
            }
            _ => {}
        }
    }

    /// A registry value below the key of the element around it.
    fn registry(&mut self, frame: &Frame<'_>, span: Span) {
        let of = |fields: &[Field<'_>], name: &str| {
            let field = fields.iter().find(|f| f.name == name);
            field.map(|f| f.value.text.trim().to_owned())
        };
        let key = self.frames.last().and_then(|f| of(&f.fields, "KeyPath"));
        let Some(key) = key.filter(|k| admin::names_key(k)) else {
            return;
        };
        let name = of(&frame.fields, "Name").unwrap_or_default();
        let number = of(&frame.fields, "Number").and_then(|n| n.parse().ok());
        match admin::profile(&key) {
            Some(profile) if number.is_some() => {
                let said = (name.as_str(), number);
                let problem = self.settings.set(Store::Policy, profile, said, span);
                self.out.export.problems.extend(problem);
            }
            _ if name == "PolicyVersion" => {}
            _ => self.unread(span, "a registry value of the firewall"),
        }
    }

    /// An administrative template of the firewall.
    fn template(&mut self, frame: &Frame<'_>, span: Span) {
        let off = self.frames.iter().any(|f| {
            let said = f.fields.iter().find(|s| s.name == "Enabled");
            f.name == "Computer" && said.is_some_and(|s| s.value.text == "false")
        });
        if off || self.frames.iter().any(|f| f.name == "User") {
            return;
        }
        match admin::template(&frame.fields) {
            Some(Template::Sets(profile, name, value)) => {
                let said = (name, Some(value));
                let problem = self.settings.set(Store::Policy, profile, said, span);
                self.out.export.problems.extend(problem);
            }
            Some(Template::Opens) => {
                self.unread(span, "an administrative template of the firewall");
            }
            None => {}
        }
    }

    /// Names something that is not read, and keeps a rule of which nothing is known for it.
    fn unread(&mut self, span: Span, what: &str) {
        let message = format!("{what}: it may allow or block");
        let problem = Problem::new(ProblemKind::Malformed, span, message);
        self.out.export.problems.push(problem.help(HOST));
        let mut stated = rule::unread(span);
        stated.imply(Label::Source, POLICY);
        self.out.add(&stated);
    }

    /// What a report says of itself.
    fn beside(&mut self, frame: &Frame<'_>) {
        let Some(span) = frame.text_span else {
            return;
        };
        let parent = self.frames.last().map(|f| f.name);
        let text = frame.text.trim();
        let export = &mut self.out.export;
        match (parent, frame.name) {
            (Some("GPO" | "Rsop"), "ReadTime") if export.exported_at.is_none() => {
                export.exported_at = Some((text.to_owned(), span));
            }
            (Some("ComputerResults"), "Name") if export.host_name.is_none() => {
                let name = text.rsplit('\\').next().unwrap_or(text);
                export.host_name = Some((name.trim_end_matches('$').to_owned(), span));
            }
            _ => {}
        }
    }

    /// `<EnableFirewall><Value>true</Value></EnableFirewall>`; what applies to a computer has the policy and its precedence
    /// before the value, where 1 wins.
    fn setting(&mut self, profile: ProfileKey, frame: &Frame<'_>) {
        let of = |name: &str| frame.fields.iter().find(|f| f.name == name);
        let Some(value) = of("Value") else { return };
        let precedence = of("Precedence").and_then(|f| f.value.text.parse().ok());
        let precedence = precedence.unwrap_or(1);
        let number = match value.value.text.trim() {
            "true" => Some(1),
            "false" => Some(0),
            digits => digits.parse().ok(),
        };
        let index = match profile {
            ProfileKey::Of(p) => p.0,
            ProfileKey::Standard => 0,
        };
        let key = (index, frame.name.to_owned());
        let before = self.precedence.get(&key);
        if self.off.is_some() || before.is_some_and(|b| *b <= precedence) {
            return;
        }
        self.precedence.insert(key, precedence);
        let span = value.value.span;
        let said = (frame.name, number);
        let problem = self.settings.set(Store::Policy, profile, said, span);
        self.out.export.problems.extend(problem);
    }

    fn rule(&mut self, inbound: bool, frame: Frame<'a>, span: Span) {
        let beside = |f: &Field<'_>| matches!(&*f.name, "Version" | "Precedence" | "LocalName");
        let fields: Vec<Field<'_>> = frame.fields.into_iter().filter(|f| !beside(f)).collect();
        let name = fields.iter().find(|f| f.name == "Name");
        let head = name.map_or(span, |f| f.value.span);
        let context = Context {
            // From its name on: the line before it says of every rule that it is one.
            span: Span::new(head.start as usize, span.end as usize),
            head,
            id: Cow::Borrowed(""),
            source: Some(POLICY),
            off_unless_said: true,
        };
        let mut stated = rule::state(&fields, context);
        stated.imply(Label::Direction, if inbound { "In" } else { "Out" });
        if let Some(off) = self.off {
            stated.set(Label::Enabled, "No", off);
        }
        self.out.add(&stated);
    }

    fn finish(mut self, text: &str) -> Export {
        if !self.frames.is_empty() {
            let end = text.trim_end().len();
            let message = "the report ends inside an element: rules may be missing";
            let problem = Problem::new(ProblemKind::Malformed, Span::new(end, end), message);
            self.out.export.problems.push(problem.help("export again"));
        }
        self.several();
        if let Some(span) = self.off {
            let message = "the computer settings of the policy are disabled: its rules do not act";
            self.out.export.problem(ProblemKind::Note, span, message);
        }
        self.out.security = consec::demands(&self.consec);
        self.links();
        let settings = std::mem::take(&mut self.settings);
        for windows in settings.finish(false) {
            self.out.settings(windows);
        }
        let mut export = self.out.finish(text);
        if export.points.is_empty() && export.companions.is_empty() && export.problems.is_empty() {
            let message = "the report has no rules and settings of the firewall";
            export.problem(ProblemKind::Empty, Span::default(), message);
        }
        export
    }

    /// Whether the policy is linked to anything. A link that is disabled applies to no host; a backup tells no links.
    fn links(&mut self) {
        match (self.linked, self.unlinked, self.is_policy) {
            (None, Some(span), _) => {
                self.out.whole = (false, false);
                let message = "the links of the policy are disabled: whether it applies to a host is not known";
                let problem = Problem::new(ProblemKind::Incomplete, span, message);
                self.out.export.problems.push(problem.help(APPLIES));
            }
            (None, None, Some(span)) if self.policies.len() == 1 => {
                let message = "the report tells no link of the policy: it is taken to apply";
                self.out.export.problem(ProblemKind::Note, span, message);
            }
            _ => {}
        }
    }

    /// Names the policies of a report about several, which need not all apply to one host.
    fn several(&mut self) {
        let Some((_, span)) = self.policies.get(1) else {
            return;
        };
        let names: Vec<&str> = self.policies.iter().map(|(n, _)| n.as_str()).collect();
        let shown = names.get(..4).unwrap_or(&names).join("`, `");
        let message = format!(
            "the report holds {} policies with settings of the firewall (`{shown}`): which of them apply to a host is not known",
            names.len()
        );
        let problem = Problem::new(ProblemKind::Incomplete, *span, message);
        self.out.whole = (false, false);
        self.out.export.problems.push(problem.help(APPLIES));
    }
}

/// Whether the elements in an element are the fields of a rule.
fn is_rule(frame: &Frame<'_>) -> bool {
    let has = |name: &str| frame.fields.iter().any(|f| f.name == name);
    has("Action") || has("Dir") || has("Active")
}

//! What an undecided verdict depends on, in words: for findings and for `trace`.

use super::describe;
use hylint_engine::Reason;
use hylint_model::{Condition, ConditionKind, PointKind, Side, Test};
use hylint_space::{AddrSet, PacketBox};

/// Addresses named where a set is asked for them.
const ASKED: usize = 2;

/// What a condition asks, to follow "it depends on": whether `windows:LocalSubnet` contains 10.20.1.11. `packets` are
/// those that it is asked about.
#[must_use]
pub fn on(c: &Condition, packets: &[PacketBox]) -> String {
    let text = &*c.text;
    match &c.test {
        Test::Named { key, side } => match asked(packets, *side) {
            Some(who) => format!("whether `{key}` contains {who}"),
            None => format!("which addresses `{key}` contains"),
        },
        Test::IpSet { name, .. } => format!("which entries ipset `{name}` contains"),
        Test::Program(program) => {
            format!(
                "whether `{}` is the program that listens",
                file_name(program)
            )
        }
        Test::Service(service) if &**service == "*" => {
            "whether a Windows service listens".to_owned()
        }
        Test::Service(service) => format!("whether service `{service}` is the one that listens"),
        Test::Package { .. } => "which app package the rule is for".to_owned(),
        Test::Unprinted => {
            "the program and service of the rule, which the export does not print (brief-export)"
                .to_owned()
        }
        Test::Earlier => "the rules that the host had before the list".to_owned(),
        Test::PolicySource => format!("whether {text}"),
        Test::IpSec => "whether the peers authenticate with IPsec".to_owned(),
        Test::Mac(mac) => format!("whether the sender's MAC address is {mac}"),
        _ if c.kind == ConditionKind::Rate => format!("`{text}`"),
        _ if c.is_proxy() => format!("the {text}, which answers there in place of the host"),
        _ => match unreadable(c) {
            Some(Unreadable::Absent("interface")) => {
                "the rule's interface, which the export does not print".to_owned()
            }
            Some(Unreadable::Absent(field)) => {
                format!("its field {field}, which the export does not print")
            }
            Some(Unreadable::Text(text)) => format!("{text}, which cannot be read"),
            None => format!("whether `{}` matches", c.without_place()),
        },
    }
}

/// What a reader could not read.
enum Unreadable<'c> {
    /// A field that is not there.
    Absent(&'c str),
    /// A text, with what it is.
    Text(String),
}

/// Readers word what they could not read as a sentence with the text as code.
fn unreadable(c: &Condition) -> Option<Unreadable<'_>> {
    if let Some(field) = c.unprinted() {
        return Some(Unreadable::Absent(field));
    }
    let text = c.without_place();
    let words: Vec<&str> = text.split_whitespace().collect();
    c.text
        .contains('`')
        .then(|| Unreadable::Text(words.join(" ")))
}

/// The same in at most six words, at the place of the condition.
#[must_use]
pub fn label(c: &Condition) -> String {
    match &c.test {
        Test::Named { key, .. } => format!("depends on the addresses of {key}"),
        Test::IpSet { name, .. } => format!("depends on the entries of {name}"),
        Test::Program(_) | Test::Service(_) | Test::Package { .. } => {
            "depends on the program".into()
        }
        Test::Unprinted => "brief export: program not printed".into(),
        Test::Earlier => "rules before the list come first".into(),
        Test::PolicySource => "may be a Group Policy".into(),
        Test::IpSec => "depends on IPsec authentication".into(),
        _ if c.kind == ConditionKind::Rate => "depends on a rate or time".into(),
        _ if c.is_proxy() => "a port proxy answers there".into(),
        _ => match unreadable(c) {
            Some(Unreadable::Absent(field)) => format!("{field} is not printed"),
            Some(Unreadable::Text(_)) => "cannot be read".into(),
            None => format!("depends on `{}`", c.without_place()),
        },
    }
}

/// Why nothing in the exports decides.
#[must_use]
pub const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::IncompleteExport => "the deciding rules were not exported",
        Reason::MalformedExport => "the deciding rules do not load",
        Reason::Budget => "the rules overlap in too many ways to be compared",
        Reason::ChainDepth => "its chains jump deeper than the kernel allows",
        Reason::NoFilter => "the export has no filter table",
        Reason::LoopbackDestination => "it depends on `route_localnet`, which is not in the export",
        Reason::SecurityOrder => "it depends on whether the security table or NAT comes first",
        Reason::ChainOrder => "it depends on which of two chains of one priority comes first",
        Reason::SourceTranslation => "it depends on the source that NAT gives the packet",
    }
}

/// The same in at most six words, at the place of what was exported.
#[must_use]
pub const fn reason_label(reason: Reason) -> &'static str {
    match reason {
        Reason::IncompleteExport => "the deciding rules are missing",
        Reason::MalformedExport => "does not load",
        Reason::Budget => "too many overlapping rules",
        Reason::ChainDepth => "jumps too deep",
        Reason::NoFilter => "no filter table",
        Reason::LoopbackDestination => "depends on `route_localnet`",
        Reason::SecurityOrder => "depends on the table order",
        Reason::ChainOrder => "depends on the chain order",
        Reason::SourceTranslation => "depends on the translated source",
    }
}

/// What a rule does whose action is not known, to follow "it depends on".
#[must_use]
pub fn action(text: &str, kind: PointKind) -> String {
    match kind {
        PointKind::Netfilter => format!("what `{text}` does with the packet"),
        _ => format!("what the rule does: {text}"),
    }
}

/// The addresses of a side of the packets; none if they may be any.
fn asked(packets: &[PacketBox], side: Side) -> Option<String> {
    let of = |p: &PacketBox| match side {
        Side::Src => p.src.clone(),
        Side::Dst => p.dst.clone(),
    };
    let all = packets
        .iter()
        .fold(AddrSet::empty(), |all, p| all.union(&of(p)));
    let few = all.v4.len() + all.v6.len() <= ASKED;
    // Undeclared peers may be anyone.
    let text = describe::addresses(&all, &AddrSet::empty(), ASKED);
    (few && !all.is_empty() && !text.starts_with("any")).then_some(text)
}

/// The file's name of a Windows path.
fn file_name(path: &str) -> &str {
    path.rsplit('\\').next().unwrap_or(path)
}

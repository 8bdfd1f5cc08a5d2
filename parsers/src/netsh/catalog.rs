//! The reader's labels, keywords and languages in words.

use crate::catalog::Row;
use crate::windows::addresses::{ADDRESS_KEYWORDS, Reach};
use crate::windows::ports::PORT_KEYWORDS;
use crate::windows::vocab::{self, LANGUAGES, Proof};
use crate::windows::words::{self, Label};
use hylint_space::proto;

/// The labels of a rule, by the texts of the English vocabulary.
#[must_use]
pub fn labels() -> Vec<Row> {
    words::labels()
        .map(|label| {
            let (doc, model) = label_words(label);
            Row::new(vocab::english_texts(label), doc, model)
        })
        .collect()
}

fn label_words(label: Label) -> (&'static str, &'static str) {
    match label {
        Label::Name => ("the rule's name", "begins a rule; no effect on the verdict"),
        Label::Description => ("a comment", "no effect on the verdict"),
        Label::Enabled => ("whether it is in effect", "exact"),
        Label::Direction => (
            "inbound or outbound",
            "exact; without a known value the rule may be for either, and is conditional",
        ),
        Label::Profiles => ("network profiles", "exact"),
        Label::Group => ("the rule group", "no effect on the verdict"),
        Label::LocalIp => ("addresses of the host", "exact, or an address keyword"),
        Label::RemoteIp => ("addresses of the peer", "exact, or an address keyword"),
        Label::Protocol => (
            "protocol, and below it ICMP types and codes",
            "exact, by name or number",
        ),
        Label::LocalPort => ("ports of the host", "exact, or a port keyword"),
        Label::RemotePort => ("ports of the peer", "exact, or a port keyword"),
        Label::Edge => ("NAT traversal", "no effect on the verdict"),
        Label::Program => ("the program", "local condition unless Any"),
        Label::Service => (
            "the Windows service",
            "local condition; Any means any service, and is one too",
        ),
        Label::Interfaces => (
            "kinds of interfaces",
            "local condition unless Any; LAN is assumed to hold",
        ),
        Label::Security => ("IPsec", "peer condition unless NotRequired"),
        Label::Source => (
            "local or Group Policy",
            "the rule's origin; another text is a policy's name",
        ),
        Label::Action => (
            "allow, block, bypass",
            "exact; Bypass is a peer condition too; without a known value the rule may allow or block, and is conditional",
        ),
        Label::Peers => ("authorized computers or users", "peer condition unless Any"),
        Label::Consec => (
            "a line of connection security rules",
            "not a firewall rule; what it requires is a peer condition",
        ),
        Label::ConsecPart => (
            "a line of connection security rules",
            "in a firewall rule an unknown condition",
        ),
    }
}

/// The keywords of port lists.
#[must_use]
pub fn port_keywords() -> Vec<Row> {
    PORT_KEYWORDS
        .iter()
        .map(|k| {
            let name = match k.proto {
                proto::TCP => "TCP",
                _ => "UDP",
            };
            let doc = match k.ports {
                (0, u16::MAX) => format!("{name}, any port"),
                (a, b) if a == b => format!("{name} {a}"),
                (a, b) => format!("{name} {a}-{b}"),
            };
            let model = k.open.map_or_else(
                || "exact".to_owned(),
                |(kind, text)| format!("{} condition: {text}", kind.as_str()),
            );
            Row::new(k.name, doc, model)
        })
        .collect()
}

/// The keywords of address lists.
#[must_use]
pub fn address_keywords() -> Vec<Row> {
    ADDRESS_KEYWORDS
        .iter()
        .map(|(name, key, reach)| {
            let doc = match reach {
                Reach::Near => "private and link-local addresses",
                Reach::NearV4 => "private and link-local IPv4 addresses",
                Reach::NearV6 => "private and link-local IPv6 addresses",
                Reach::Anywhere => "any address",
                Reach::AnywhereV4 => "any IPv4 address",
                Reach::AnywhereV6 => "any IPv6 address",
            };
            Row::new(*name, doc, format!("peer condition `{key}`"))
        })
        .collect()
}

/// The languages: how many strings were seen in an export, are documented, or are neither.
#[must_use]
pub fn languages() -> Vec<Row> {
    LANGUAGES
        .iter()
        .map(|(tag, text)| {
            let count = |p: Proof| {
                let all = vocab::lines(text).flatten();
                all.filter(|l| l.proof == p).count().to_string()
            };
            let doc = format!(
                "{} seen, {} documented",
                count(Proof::Seen),
                count(Proof::Documented)
            );
            Row::new(*tag, doc, count(Proof::Unproven))
        })
        .collect()
}

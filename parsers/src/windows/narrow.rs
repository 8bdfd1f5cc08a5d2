//! What narrows a rule beside the fields that netsh prints: in every form the same condition, in the same words.

use super::build::clip;
use hylint_model::{Condition, ConditionKind, Span, Test};

/// What a rule is narrowed by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    /// An app package, by its family or its container's identifier.
    Package,
    /// The identifier that an application control policy gives a program.
    AppId,
    /// The account whose app the rule is for.
    Owner,
    /// Accounts that run the program, as SDDL.
    LocalUser,
    /// An interface, by its name.
    Interface,
    /// A kind of short-lived connections: nearby sharing, wireless displays.
    DynamicTarget,
    /// A set of addresses that a service keeps, by its identifier.
    DynamicKeyword,
    /// A version of Windows.
    Platform,
    /// Peers that IPsec has to authenticate, by user or computer.
    Peers,
}

/// The words of PowerShell for dynamic targets, its number for each (NetSecurity, `DynamicTransport`), and those of rule
/// strings (\[MS-GPFAS\] 2.2.2.19, trust tuple keywords).
const TARGETS: [(&str, &str, &[&str]); 5] = [
    ("ProximityApps", "1", &["Proximity"]),
    ("ProximitySharing", "2", &["ProxSharing"]),
    ("WifiDirectPrinting", "3", &["WFDPrint"]),
    ("WifiDirectDisplay", "4", &["WFDDisplay"]),
    ("WifiDirectDevices", "5", &["WFDDevices"]),
];

/// The condition that a rule is narrowed so.
pub(crate) fn narrowed(by: By, value: &str, span: Span) -> Condition {
    let (kind, test, what) = match by {
        By::Package => (
            ConditionKind::Local,
            Test::Package { named: true },
            "app package",
        ),
        By::AppId => (ConditionKind::Local, Test::Opaque, "application id"),
        By::Owner => (ConditionKind::Local, Test::Opaque, "owner"),
        By::LocalUser => (ConditionKind::Local, Test::Opaque, "local user"),
        By::Interface => (ConditionKind::Peer, Test::Opaque, "interface"),
        By::DynamicTarget => (ConditionKind::Peer, Test::Opaque, "dynamic target"),
        By::DynamicKeyword => (ConditionKind::Peer, Test::Opaque, "dynamic keyword"),
        By::Platform => (ConditionKind::Peer, Test::Opaque, "platform"),
        By::Peers => (ConditionKind::Peer, Test::Opaque, "authorized"),
    };
    let value = match by {
        By::DynamicTarget => clip(target(value.trim())),
        _ => clip(value.trim()),
    };
    Condition::new(kind, test, span, format!("{what} {value}"))
}

/// A dynamic target in PowerShell's words.
fn target(value: &str) -> &str {
    let known = TARGETS.iter().find(|(word, number, others)| {
        let mut names = others.iter().chain([word]);
        value == *number || names.any(|n| n.eq_ignore_ascii_case(value))
    });
    known.map_or(value, |(word, ..)| word)
}

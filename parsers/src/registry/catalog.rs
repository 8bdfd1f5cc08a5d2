//! The fields of rule strings in words.

use super::fields::{FIELDS, Meaning};
use crate::catalog::Row;
use crate::windows::narrow::By;

/// Every field that is known.
#[must_use]
pub fn fields() -> Vec<Row> {
    let each = FIELDS.iter();
    each.map(|(name, meaning, doc)| Row::new(*name, *doc, model(*meaning)))
        .collect()
}

fn model(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::One(label) | Meaning::Entry(label) => of_label(label),
        Meaning::Address { .. } => "exact, or an address keyword",
        Meaning::Icmp => "exact",
        Meaning::OverridesBlocks => "a bypass, which is a peer condition",
        Meaning::Package
        | Meaning::Local(_)
        | Meaning::Narrows(By::Owner | By::LocalUser | By::AppId | By::Package) => {
            "local condition"
        }
        Meaning::Peer(_) | Meaning::Narrows(_) => "peer condition",
        Meaning::Platform => "peer condition unless every version since Windows 8 is meant",
        Meaning::OrLater => "read with Platform",
        Meaning::Inert => "no effect on the verdict",
    }
}

fn of_label(label: crate::windows::words::Label) -> &'static str {
    use crate::windows::words::Label;
    match label {
        Label::Name | Label::Description | Label::Group | Label::Edge => "no effect on the verdict",
        Label::LocalPort | Label::RemotePort => "exact, or a port keyword",
        Label::Program | Label::Service => "local condition",
        Label::Interfaces => "local condition; LAN is assumed to hold",
        Label::Security | Label::Peers => "peer condition",
        _ => "exact",
    }
}

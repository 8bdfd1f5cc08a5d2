//! Each form of an export, as files that are written from a set of rules.

use super::json::Version;
use super::powershell::{self, how};
use super::rules::{Beyond, Rule, Set};
use super::{netsh, registry, wfmsc};
use hylint_parsers::format::FORMATS;

/// A form of an export of one host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Netsh,
    PowerShell5,
    PowerShell7,
    Csv,
    Registry,
    Wfmsc,
}

pub const ALL: [Form; 6] = [
    Form::Netsh,
    Form::PowerShell5,
    Form::PowerShell7,
    Form::Csv,
    Form::Registry,
    Form::Wfmsc,
];

/// The files of an export. The settings of the profiles are in a file of their own where the form has no place for them.
pub struct Files {
    pub inbound: (&'static str, Vec<u8>),
    /// Another file where the form writes one for each direction.
    pub outbound: Option<(&'static str, Vec<u8>)>,
    pub settings: Option<(&'static str, Vec<u8>)>,
}

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn utf8(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

impl Form {
    pub fn name(self) -> &'static str {
        match self {
            Self::Netsh => "netsh",
            Self::PowerShell5 => "PowerShell 5.1 JSON",
            Self::PowerShell7 => "PowerShell 7 JSON",
            Self::Csv => "PowerShell CSV",
            Self::Registry => "registry",
            Self::Wfmsc => "wf.msc list",
        }
    }

    pub fn has_reader(self) -> bool {
        FORMATS.iter().any(|r| r.id == self.id())
    }

    /// The id of its reader.
    fn id(self) -> &'static str {
        match self {
            Self::Netsh => "netsh",
            Self::PowerShell5 | Self::PowerShell7 | Self::Csv => "powershell",
            Self::Registry => "registry",
            Self::Wfmsc => "wfmsc",
        }
    }

    /// Whether it says all of a rule that the model holds.
    pub fn says(self, r: &Rule) -> bool {
        match self {
            Self::Netsh => r.beyond.is_none(),
            Self::PowerShell5 | Self::PowerShell7 | Self::Csv | Self::Registry => true,
            Self::Wfmsc => wfmsc::says(r),
        }
    }

    /// The files; `seed` chooses among the ways in which the form is written.
    pub fn files(self, set: &Set, seed: u64) -> Files {
        let settings = || Some(("settings.txt", utf8(&netsh::profiles(set))));
        let one = |name, bytes| Files {
            inbound: (name, bytes),
            outbound: None,
            settings: None,
        };
        match self {
            Self::Netsh => one("rules.txt", utf8(&netsh::text(set))),
            Self::PowerShell5 => {
                let text = powershell::text_json(set, how(seed, Version::Five));
                one("rules.json", utf16(&text))
            }
            Self::PowerShell7 => {
                let text = powershell::text_json(set, how(seed / 3, Version::Seven));
                one("rules.json", utf8(&text))
            }
            Self::Csv => {
                let delimiter = [',', ';', '\t'][(seed % 3) as usize];
                let between = [",", "|", ", "][(seed / 3 % 3) as usize];
                let text = powershell::text_csv(set, delimiter, between);
                let bytes = if seed.is_multiple_of(2) {
                    utf8(&text)
                } else {
                    utf16(&text)
                };
                Files {
                    settings: settings(),
                    ..one("rules.csv", bytes)
                }
            }
            Self::Registry => {
                let text = registry::text(set, seed);
                let bytes = if seed.is_multiple_of(4) {
                    utf8(&text)
                } else {
                    utf16(&text)
                };
                one("firewall.reg", bytes)
            }
            Self::Wfmsc => {
                let comma = seed.is_multiple_of(2);
                // The list does not say of which node it is. Who exports it writes that above.
                let list = |inbound: bool| {
                    let node = if inbound { "Inbound" } else { "Outbound" };
                    let rules = wfmsc::text(set, inbound, comma);
                    utf16(&format!("{node} Rules\r\n{rules}"))
                };
                Files {
                    inbound: ("inbound.txt", list(true)),
                    outbound: Some(("outbound.txt", list(false))),
                    settings: settings(),
                }
            }
        }
    }
}

/// What a form may or may not say, and a change of a rule that shows it.
pub struct Trait {
    pub name: &'static str,
    pub change: fn(&mut Rule),
}

pub const TRAITS: [Trait; 16] = [
    Trait {
        name: "direction",
        change: |r| r.inbound = false,
    },
    Trait {
        name: "description",
        change: |r| r.description = "another text".into(),
    },
    Trait {
        name: "group",
        change: |r| r.group = "another group".into(),
    },
    Trait {
        name: "rule id",
        change: |r| r.id = "{0A0A0A0A-0000-4000-8000-000000000000}".into(),
    },
    Trait {
        name: "service",
        change: |r| r.service = Some("TermService".into()),
    },
    Trait {
        name: "ICMP types",
        change: |r| {
            r.proto = super::rules::Proto::Icmp4;
            r.icmp = vec![(8, None)]
        },
    },
    Trait {
        name: "interface types",
        change: |r| r.interfaces = super::rules::Interfaces::Ras,
    },
    Trait {
        name: "IPsec",
        change: |r| r.secure = super::rules::Secure::Authenticate,
    },
    Trait {
        name: "IPsec encryption",
        change: |r| r.secure = super::rules::Secure::Encrypt,
    },
    Trait {
        name: "edge traversal",
        change: |r| r.edge = true,
    },
    Trait {
        name: "policy or local",
        change: |r| r.policy = true,
    },
    Trait {
        name: "app package",
        change: |r| r.beyond = Some(Beyond::Package("S-1-15-2-1-2-3-4-5-6-7".into())),
    },
    Trait {
        name: "owner",
        change: |r| r.beyond = Some(Beyond::Owner("S-1-5-21-1-2-3-1001".into())),
    },
    Trait {
        name: "local users",
        change: |r| {
            r.beyond = Some(Beyond::LocalUser(
                "O:LSD:(A;;CC;;;S-1-5-84-0-0-0-0-0)".into(),
            ))
        },
    },
    Trait {
        name: "platform",
        change: |r| r.beyond = Some(Beyond::Platform),
    },
    Trait {
        name: "dynamic target",
        change: |r| r.beyond = Some(Beyond::Proximity),
    },
];

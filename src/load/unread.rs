//! Files that no reader takes. What it means for the run that one is not read is for the site to say: see
//! [`Bound`](crate::site::Bound).

use super::names::{NameKind, name_kind};
use super::walk::CONFIG_NAME;
use crate::finding::{Code, Finding, Identity, Known, Place, Severity};
use hylint_parsers::lookalike::{Lookalike, Standing};
use std::path::Path;
use std::sync::Arc;

/// A file that no reader took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unread {
    /// The path as reported.
    pub path: Arc<str>,
    /// The user named this very file.
    pub named: bool,
    /// Why no reader took it.
    pub why: Why,
    /// What it looks like, if it is a known form.
    pub like: Option<Lookalike>,
}

/// Why no reader took a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// It holds nothing, or nothing but white space or a byte order mark.
    Empty,
    /// It holds no text.
    Binary,
    /// It is larger than 4 GiB.
    TooLarge,
    /// It is a backup copy, by its name, of a file beside it.
    Copy,
    /// It is a pipe, a socket or a device, which is read only where it is named.
    Device,
    /// Its text is of no format that is read.
    Unknown,
}

/// How much a file shows of a firewall.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sign {
    /// Plainly something else.
    Other,
    /// Nothing.
    None,
    /// It may be what is left of an export: an error text, an empty or a compressed file.
    Remains,
    /// It is a source that rules are made from.
    Source,
    /// It is a known form of a firewall's rules.
    Form,
}

/// Help for a file of which nothing is known.
const MAKE_EXPORT: &str = "export it with the script of `hylint collect windows`, `netsh advfirewall firewall show rule name=all verbose`, \
    `iptables-save`, `nft list ruleset`, `aws ec2 describe-security-groups` or `az network nsg list`";

/// Help for an empty file.
const MAKE_AGAIN: &str = "export it again and read what the command prints; `iptables-save` prints nothing where firewalld or \
    nft wrote the rules: there give the output of `nft list ruleset`";

impl Unread {
    /// How much it shows of a firewall.
    #[must_use]
    pub fn sign(&self) -> Sign {
        let name = name_kind(&self.path);
        let standing = self.like.map(|l| l.standing);
        match (standing, self.why, name) {
            (Some(Standing::Other), ..) | (_, _, NameKind::Other | NameKind::Document) => {
                Sign::Other
            }
            (_, Why::Copy, _) => Sign::None,
            (Some(Standing::Host | Standing::Account), ..) => Sign::Form,
            (Some(Standing::Source), ..) => Sign::Source,
            (Some(Standing::Refusal), ..) => Sign::Remains,
            (Some(Standing::Container), _, NameKind::Open | NameKind::Source) => Sign::None,
            (Some(Standing::Container), ..) => Sign::Remains,
            (None, Why::Unknown, _) | (None, _, NameKind::Open | NameKind::Source) => Sign::None,
            (None, Why::Empty | Why::Binary | Why::TooLarge | Why::Device, _) => Sign::Remains,
        }
    }

    /// That it is not read, at a severity; `more` says what that means.
    #[must_use]
    pub fn finding(&self, severity: Severity, more: &str) -> Finding {
        let (code, message, identity) = self.told();
        let message = format!("{message}{more}");
        let mut f = Finding::new(code, severity, message, identity, Place::file(&self.path));
        f.help = Some(self.help().into());
        f
    }

    /// What the file is, in a few words.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match (self.why, self.like) {
            (_, Some(like)) => like.what,
            (Why::Empty, None) => "an empty file",
            (Why::Binary, None) => "a binary file",
            (Why::TooLarge, None) => "a file larger than 4 GiB",
            (Why::Device, None) => "a pipe, a socket or a device",
            (Why::Copy, None) => "a backup copy of the file beside it",
            (Why::Unknown, None) => "no firewall export that hylint knows",
        }
    }

    fn told(&self) -> (Code, String, Identity) {
        let like = self.like.map(|l| l.what);
        let looks = |text: &str| match like {
            Some(like) => format!("{text}; it looks like {like}"),
            None => text.to_owned(),
        };
        let (code, message, known) = match (self.why, like) {
            (Why::Device, _) => {
                return (
                    Code::UnreadFile,
                    "not a regular file: a pipe, a socket or a device".into(),
                    Identity::of(&["no file"]),
                );
            }
            (Why::Copy, _) => {
                return (
                    Code::UnreadFile,
                    "the file is not read: its name is that of a backup copy of the file beside it"
                        .into(),
                    Identity::of(&["backup copy"]),
                );
            }
            (Why::Empty, _) => (
                Code::EmptyExport,
                "the file is empty: the command that wrote it may have failed".into(),
                Known::EmptyFile,
            ),
            (Why::Binary, _) => (
                Code::UnreadFile,
                looks("binary file: no text in an encoding of an export"),
                // INVARIANT: hylint 0.1 knew only this one.
                Known::BinaryFile {
                    like: like.filter(|l| l.contains("(.wfw)")),
                },
            ),
            (Why::TooLarge, _) => (
                Code::UnreadFile,
                looks("the file is larger than 4 GiB"),
                Known::LargeFile { like },
            ),
            (Why::Unknown, Some(like)) if !self.named => (
                Code::UnreadFile,
                format!("the file is not read: it looks like {like}"),
                Known::FilePassedOver { like },
            ),
            (Why::Unknown, _) => (
                Code::UnreadFile,
                looks("unrecognized file: no firewall export that hylint knows"),
                Known::UnknownFile { like },
            ),
        };
        (code, message, Identity::known(&known))
    }

    fn help(&self) -> &'static str {
        let name = Path::new(&*self.path).file_name();
        match (self.why, self.like) {
            (_, Some(like)) => like.instead,
            (Why::Empty, None) => MAKE_AGAIN,
            (Why::Copy, None) => {
                "remove it, or name this file in `exports` of its [[host]] to check it"
            }
            (Why::Device, None) => {
                "write the export to a file, or name this path on the command line"
            }
            _ if self.named && name.is_some_and(|n| n == CONFIG_NAME) => {
                "name the folder of the exports, or use another site file with --config"
            }
            _ => MAKE_EXPORT,
        }
    }
}

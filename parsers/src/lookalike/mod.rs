//! Files that may hold firewall rules in a form that no reader takes: what they are, and which command to use instead.
//!
//! This is the one registry of such forms. A form is a line in [`FORMS`] (or in the table of a vendor below it): how a
//! text is told to be one, what it is called, what to do instead, and what it stands for ([`Standing`]).

mod carriers;
mod cloud;
mod engines;
mod form;
pub(crate) mod front_ends;
pub(crate) mod linux;
pub(crate) mod policy;
mod quoting;
pub(crate) mod refusal;
mod script;
mod shape;
mod vendor;
mod windows;
mod wrapped;

#[cfg(test)]
mod tests;

use form::{Form, Text};
pub use form::{Lookalike, Standing};
use hylint_model::OtherPolicy;

/// Every form; the first that fits wins.
const FORMS: &[&[Form]] = &[
    refusal::REPORTS,
    refusal::FORMS,
    carriers::FORMS,
    script::FORMS,
    policy::FORMS,
    windows::FORMS,
    front_ends::FORMS,
    linux::FORMS,
    cloud::FORMS,
    vendor::FORMS,
    wrapped::FORMS,
];

/// Tells a text that is no export.
#[must_use]
pub fn of_text(text: &str) -> Option<Lookalike> {
    let text = Text::new(text);
    let mut forms = FORMS.iter().copied().flatten();
    forms.find(|f| (f.fits)(&text)).map(Form::lookalike)
}

/// Tells a file that is no export by its text, else by its name together with what it holds.
#[must_use]
pub fn of_file(path: &str, text: &str) -> Option<Lookalike> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    of_text(text).or_else(|| {
        let text = Text::new(text);
        let mut named = front_ends::NAMED.iter();
        let form = named.find(|(names, form)| names.contains(&name) && (form.fits)(&text));
        form.map(|(_, form)| form.lookalike())
    })
}

/// Tells a text that is no export although it may quote one, whoever calls it one: a report or a baseline of hylint's own, a
/// schema, a patch. It is asked before any reader.
#[must_use]
pub fn quoting(text: &str) -> Option<Lookalike> {
    // Most exports are not looked through for it.
    let own = refusal::may_be_own(text);
    if !own && !quoting::may_be(text) {
        return None;
    }
    let text = Text::new(text);
    let reports = refusal::REPORTS.iter().filter(|_| own);
    let mut forms = reports.chain(quoting::NEVER);
    forms.find(|f| (f.fits)(&text)).map(Form::lookalike)
}

/// Tells what stands around an export that a reader finds in a text: a script, or documentation. Where nobody calls the file
/// an export, it is none.
#[must_use]
pub fn around(text: &str) -> Option<Lookalike> {
    if !quoting::may_stand_around(text) {
        return None;
    }
    let text = Text::new(text);
    let form = quoting::AROUND.iter().find(|f| (f.fits)(&text))?;
    Some(form.lookalike())
}

/// What a shell script is in which a reader finds rules, and that fills in parts of them when it runs.
#[must_use]
pub fn filled_in(text: &str) -> Option<Lookalike> {
    script::filled_in(text)
}

/// Tells a source that makes firewall rules when it is run, whatever else its file is called like.
#[must_use]
pub fn makes_rules(text: &str) -> Option<Lookalike> {
    let text = Text::new(text);
    let mut forms = carriers::FORMS.iter().chain(script::FORMS);
    forms.find(|f| (f.fits)(&text)).map(Form::lookalike)
}

/// A file that is called like a source of rules, and in which a reader finds an export.
#[must_use]
pub const fn called_a_source() -> Lookalike {
    quoting::CALLED.lookalike()
}

/// A file that configurations of nftables include, and that makes no ruleset by itself.
#[must_use]
pub const fn nft_part() -> Lookalike {
    linux::NFT_PART
}

impl Lookalike {
    /// Whether it shows rules that filter the same packets as the tables of iptables beside it.
    #[must_use]
    pub fn filters_beside_iptables(&self) -> bool {
        self.is_front_end() || [linux::NFT, linux::ENGINE].contains(&self.what)
    }

    /// What it tells of Group Policy, which acts beside the rules of a Windows host's own store.
    #[must_use]
    pub fn policy(&self) -> OtherPolicy {
        policy::told(self.what)
    }

    /// Whether it is of a front end that writes rules of iptables or of nftables, as it is told to: where the dump holds its
    /// chains, it shows no others.
    #[must_use]
    pub fn is_front_end(&self) -> bool {
        linux::FRONT_ENDS.contains(&self.what)
    }
}

const DECRYPT: &str = "decrypt it, and run hylint again";

const UNPACK: &str = "unpack it and give the export itself as text or JSON";

/// First bytes of files that are no text, from their specifications.
const MAGIC: &[(&[u8], &str, &str)] = &[
    // The magic of a registry hive, which a policy exported to `.wfw` is.
    (
        b"regf",
        "a policy file (.wfw) of `netsh advfirewall export` or wf.msc, or another registry hive",
        windows::HIVE,
    ),
    (b"\x1f\x8b", "a compressed file (gzip)", UNPACK),
    (b"PK\x03\x04", "an archive (zip) or a spreadsheet", UNPACK),
    (b"PK\x05\x06", "an empty archive (zip)", UNPACK),
    (b"BZh", "a compressed file (bzip2)", UNPACK),
    (b"\xfd7zXZ\0", "a compressed file (xz)", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a compressed file (zstd)", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "an archive (7z)", UNPACK),
    (b"Rar!\x1a\x07", "an archive (rar)", UNPACK),
    (b"MSCF", "an archive (cab)", UNPACK),
    // git-crypt and `openssl enc`.
    (b"\0GITCRYPT\0", "an encrypted file (git-crypt)", DECRYPT),
    (b"Salted__", "an encrypted file (openssl)", DECRYPT),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "a document or a spreadsheet of an old Office",
        UNPACK,
    ),
];

/// Whether bytes are a hive of Windows' registry. Much of it is UTF-16, and decodes.
#[must_use]
pub fn is_registry(bytes: &[u8]) -> bool {
    bytes.starts_with(b"regf") && bytes.iter().take(16).any(|b| *b == 0)
}

/// Tells a binary file.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> Option<Lookalike> {
    let known = MAGIC.iter().find(|(magic, ..)| bytes.starts_with(magic));
    let of = |&(_, what, instead): &(&[u8], &'static str, &'static str)| Lookalike {
        what,
        instead,
        standing: match instead {
            UNPACK | DECRYPT => Standing::Container,
            _ => Standing::Host,
        },
    };
    // POSIX.1-2017 pax: `ustar` stands at byte 257 of the first header.
    let tar = || {
        let ustar = bytes.get(257..262) == Some(b"ustar");
        ustar.then_some(Lookalike {
            what: "an archive (tar)",
            instead: UNPACK,
            standing: Standing::Container,
        })
    };
    known.map(of).or_else(tar)
}

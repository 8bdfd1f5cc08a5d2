//! Reads files: bytes, hash, text, format, model.

use super::discover::FileRef;
use super::export::{LoadedExport, Summary};
use super::files::{Files, Kind};
use super::ids::Heads;
use super::names::{NameKind, is_source_name, name_kind};
use super::problems;
use super::seal::Seal;
use super::unread::{Unread, Why};
use super::walk::plain_io;
use crate::common::hash;
use crate::finding::{Code, Finding, Identity, Known, Place, Severity};
use hylint_model::Span;
use hylint_parsers::decode::{self, DecodeError};
use hylint_parsers::format::{self, Depth, Input};
use hylint_parsers::lookalike::{self, Lookalike};
use hylint_parsers::source::Source;
use std::io::{self, Read as _};

/// What a set of files held.
#[derive(Debug, Default)]
pub struct Loaded {
    /// In path order, without rules and text.
    pub heads: Heads,
    /// The same exports as they were read, or how to read them again.
    pub bodies: Vec<Body>,
    /// Files that no reader took, in path order.
    pub unread: Vec<Unread>,
    /// Files that cannot be opened, in path order.
    pub findings: Vec<Finding>,
}

/// What the first reading of a file keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// All of it.
    Whole,
    /// Its head, with the ports that its rules open: they may have to tell what its host is for.
    Opened,
    /// Its head.
    Head,
}

/// An export's rules and text, or how to get at them.
#[derive(Debug)]
pub struct Body {
    /// The file.
    pub file: FileRef,
    /// What was in it.
    pub seal: Seal,
    /// Where they are held: the export as its reader left it, and what the reader could not take as written. Else they
    /// are read again when the export is judged, if the file has this seal still.
    pub held: Option<Box<(LoadedExport, Vec<Finding>)>>,
}

/// What one file held.
#[derive(Debug)]
pub enum Read {
    /// An export: its head, and the rest of it.
    Export(Box<LoadedExport>, Body),
    /// A file that no reader took.
    Unread(Unread),
    /// A file that cannot be opened.
    Failed(Box<Finding>),
}

/// Reads the files in parallel and merges them in their order; `tick` is told of each. What `keep` says is kept of each.
#[must_use]
pub fn load(
    from: &dyn Files,
    files: &[FileRef],
    keep: &(dyn Fn(&FileRef) -> Keep + Sync),
    tick: &(dyn Fn(&FileRef) + Sync),
) -> Loaded {
    let one = |file: &FileRef| {
        let read = read(from, file, keep(file));
        tick(file);
        read
    };
    Loaded::of(hylint_parallel::map(files.iter().collect(), one))
}

/// Whether a file is documentation that nobody calls an export: what it quotes is no firewall of anybody.
fn is_document(file: &FileRef) -> bool {
    !file.named && !file.bound && name_kind(&file.shown) == NameKind::Document
}

/// What a text looks like; of a file that is plainly something else only where somebody calls it an export.
fn like(file: &FileRef, text: &str) -> Option<Lookalike> {
    let asked = file.named || file.bound || name_kind(&file.shown) != NameKind::Other;
    asked.then(|| lookalike::of_text(text)).flatten()
}

/// Reads one file. What comes from standard input is held whatever `keep` says: it cannot be read twice.
#[must_use]
pub fn read(from: &dyn Files, file: &FileRef, keep: Keep) -> Read {
    let passed_over = match () {
        () if file.copy => Some(Why::Copy),
        () if is_document(file) => Some(Why::Unknown),
        () => None,
    };
    if let Some(why) = passed_over {
        return Read::Unread(Unread {
            path: file.shown.clone(),
            named: false,
            why,
            like: None,
        });
    }
    let read = match keep {
        _ if file.stdin => held(from, file),
        Keep::Whole => held(from, file),
        Keep::Opened => head(from, file, Depth::Whole),
        Keep::Head => head(from, file, Depth::Heads),
    };
    match read {
        Ok((head, body)) => Read::Export(head, body),
        Err(NoExport::Unread(u)) => Read::Unread(u),
        Err(NoExport::Failed(f)) => Read::Failed(f),
    }
}

impl Loaded {
    /// What was read, in its order.
    #[must_use]
    pub fn of(all: Vec<Read>) -> Self {
        let mut out = Self::default();
        for read in all {
            match read {
                Read::Export(head, body) => {
                    out.heads.push(*head);
                    out.bodies.push(body);
                }
                Read::Unread(u) => out.unread.push(u),
                Read::Failed(f) => out.findings.push(*f),
            }
        }
        out
    }
}

fn held(from: &dyn Files, file: &FileRef) -> Result<(Box<LoadedExport>, Body), NoExport> {
    let bytes = read_bytes(from, file)?;
    let seal = Seal::of(&bytes);
    let (mut export, findings) = whole(file, bytes)?;
    let head = Box::new(export.take_head());
    let body = Body {
        file: file.clone(),
        seal,
        held: Some(Box::new((export, findings))),
    };
    Ok((head, body))
}

fn head(
    from: &dyn Files,
    file: &FileRef,
    depth: Depth,
) -> Result<(Box<LoadedExport>, Body), NoExport> {
    let bytes = read_bytes(from, file)?;
    let (seal, size) = (Seal::of(&bytes), bytes.len() as u64);
    let Text { source, .. } = text(file, bytes)?;
    let Some(export) = format::read_to(&source, depth) else {
        return Err(unread(file, Why::Unknown, like(file, &source.text)));
    };
    let mut export = LoadedExport {
        path: file.shown.clone(),
        source,
        export,
        sha256: String::new(),
        bytes: size,
        summary: Summary::default(),
    };
    let head = Box::new(export.take_head());
    let body = Body {
        file: file.clone(),
        seal,
        held: None,
    };
    Ok((head, body))
}

/// Sizes of files in bytes; 0 where it is not known.
#[must_use]
pub fn sizes(from: &dyn Files, files: &[FileRef]) -> Vec<u64> {
    let size = |f: &FileRef| match from.kind(&f.open) {
        Ok(Kind::File(bytes)) => bytes,
        _ => 0,
    };
    files.iter().map(size).collect()
}

/// Reads an export again that was not held, and what its reader could not take as written. `None` if the file is no
/// longer what it was.
#[must_use]
pub fn read_again(
    from: &dyn Files,
    file: &FileRef,
    seal: Seal,
) -> Option<(LoadedExport, Vec<Finding>)> {
    let bytes = read_bytes(from, file).ok()?;
    if Seal::of(&bytes) != seal {
        return None;
    }
    let (mut export, findings) = whole(file, bytes).ok()?;
    export.export.companions = Vec::new();
    Some((export, findings))
}

/// Reads one file, its companions included, and what its reader could not take as written.
///
/// # Errors
/// It is no export.
pub fn read_whole(
    from: &dyn Files,
    file: &FileRef,
) -> Result<(LoadedExport, Vec<Finding>), NoExport> {
    whole(file, read_bytes(from, file)?)
}

/// The same for bytes that are at hand.
///
/// # Errors
/// They are no export.
pub fn read_bytes_as(
    file: &FileRef,
    bytes: Vec<u8>,
) -> Result<(LoadedExport, Vec<Finding>), NoExport> {
    whole(file, bytes)
}

/// Why a file yields no export.
#[derive(Debug)]
pub enum NoExport {
    /// No reader took it.
    Unread(Unread),
    /// It cannot be opened.
    Failed(Box<Finding>),
}

/// A file's text.
struct Text {
    source: Source,
    /// Some characters of it are invalid.
    lossy: bool,
}

fn whole(file: &FileRef, bytes: Vec<u8>) -> Result<(LoadedExport, Vec<Finding>), NoExport> {
    let size = bytes.len() as u64;
    let sha256 = hash::sha256(&bytes);
    let Text { source, lossy } = text(file, bytes)?;
    let Some(export) = format::read(&source) else {
        return Err(unread(file, Why::Unknown, like(file, &source.text)));
    };
    let mut findings = problems::export_findings(&file.shown, &source, &export);
    if lossy {
        findings.push(invalid_characters(file, &source));
    }
    let loaded = LoadedExport::new(file.shown.clone(), source, export, sha256, size);
    Ok((loaded, findings))
}

fn text(file: &FileRef, bytes: Vec<u8>) -> Result<Text, NoExport> {
    if bytes.is_empty() {
        return Err(unread(file, Why::Empty, None));
    }
    let binary = lookalike::of_bytes(&bytes);
    if lookalike::is_registry(&bytes) {
        return Err(unread(file, Why::Binary, binary));
    }
    let decoded = decode::decode(bytes).map_err(|e| {
        let why = match e {
            DecodeError::Binary => Why::Binary,
            DecodeError::TooLarge => Why::TooLarge,
        };
        unread(file, why, binary)
    })?;
    // A redirected command that failed in PowerShell leaves a byte order mark and nothing else.
    if decoded.text.trim().is_empty() {
        return Err(unread(file, Why::Empty, None));
    }
    if let Some(quoting) = lookalike::quoting(&decoded.text) {
        return Err(unread(file, Why::Unknown, Some(quoting)));
    }
    let source = Source::new(file.shown.to_string(), decoded.text, decoded.encoding);
    if let Some(around) = around(file, &source) {
        return Err(unread(file, Why::Unknown, Some(around)));
    }
    Ok(Text {
        source,
        lossy: decoded.lossy,
    })
}

/// What a file is in which a reader finds an export that is a part of something else: it is made into a firewall somewhere
/// else, if at all.
fn around(file: &FileRef, source: &Source) -> Option<Lookalike> {
    if file.named || file.bound {
        return None;
    }
    let around = match is_source_name(&file.shown) {
        true => lookalike::called_a_source(),
        false => lookalike::around(&source.text)?,
    };
    format::detect(&Input::new(source))?;
    Some(like(file, &source.text).unwrap_or(around))
}

fn read_bytes(from: &dyn Files, file: &FileRef) -> Result<Vec<u8>, NoExport> {
    let read = || {
        if file.stdin {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
        from.read(&file.open)
    };
    if !file.named && matches!(from.kind(&file.open), Ok(Kind::Device)) {
        return Err(unread(file, Why::Device, None));
    }
    read().map_err(|e: io::Error| {
        // A private key that only its owner may read.
        if !file.named && !file.bound && name_kind(&file.shown) == NameKind::Other {
            return unread(file, Why::Unknown, None);
        }
        let cause = plain_io(&e);
        failed(
            file,
            Code::MalformedExport,
            format!("cannot read the file: {cause}"),
            &Known::UnreadableFile { cause: &cause },
            "give the account that runs hylint read access, or exclude the file with `exclude` in [check]",
        )
    })
}

fn failed(file: &FileRef, code: Code, message: String, known: &Known<'_>, help: &str) -> NoExport {
    NoExport::Failed(Box::new(file_finding(file, code, message, known, help)))
}

fn file_finding(
    file: &FileRef,
    code: Code,
    message: String,
    known: &Known<'_>,
    help: &str,
) -> Finding {
    let place = Place::file(&file.shown);
    let identity = Identity::known(known);
    let mut f = Finding::new(code, Severity::Error, message, identity, place);
    f.help = Some(help.to_owned());
    f
}

fn unread(file: &FileRef, why: Why, like: Option<Lookalike>) -> NoExport {
    NoExport::Unread(Unread {
        path: file.shown.clone(),
        named: file.named,
        why,
        like,
    })
}

fn invalid_characters(file: &FileRef, source: &Source) -> Finding {
    let at = source.text.find('\u{fffd}').unwrap_or(0);
    let count = source.text.matches('\u{fffd}').count();
    let mut f = file_finding(
        file,
        Code::MalformedExport,
        format!(
            "{count} invalid {} character{}: the file is damaged or mixes encodings",
            source.encoding,
            if count == 1 { "" } else { "s" }
        ),
        &Known::InvalidCharacters {
            count,
            encoding: source.encoding,
        },
        "export the file again, and do not edit it or append to it in another encoding",
    );
    f.severity = Severity::Warning;
    f.place = Some(Place::new(&file.shown, source, Span::new(at, at + 3)));
    f.label = "first invalid character".into();
    f
}

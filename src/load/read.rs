//! Reads files: bytes, hash, text, format, model.

use super::discover::FileRef;
use super::export::{LoadedExport, Summary};
use super::files::{Files, Kind};
use super::ids::Heads;
use super::include::{self, Composed, Included};
use super::names::{NameKind, is_source_name, name_kind};
use super::problems;
use super::seal::Seal;
use super::unread::{Unread, Why};
use super::walk::plain_io;
use super::zones;
use crate::common::hash;
use crate::finding::{Code, Finding, Identity, Known, Place, Severity};
use hylint_model::Span;
use hylint_parsers::decode::{self, DecodeError};
use hylint_parsers::format::{self, Depth, Input};
use hylint_parsers::lookalike::{self, Lookalike, Standing};
use hylint_parsers::nft;
use hylint_parsers::plain;
use hylint_parsers::source::Source;
use hylint_parsers::ufw;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

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
    Loaded::of(from, hylint_parallel::map(files.iter().collect(), one))
}

/// Whether a file is documentation that nobody calls an export: what it quotes is no firewall of anybody.
fn is_document(file: &FileRef) -> bool {
    !file.named && !file.bound && name_kind(&file.shown) == NameKind::Document
}

/// What a text looks like. A file that is plainly something else, and that nobody calls an export, may still be a program
/// that makes rules: it is for the site to say whether it is of a host.
fn like(file: &FileRef, text: &str) -> Option<Lookalike> {
    let named = file.named || file.bound;
    // What `hylint collect` prints only reads.
    if !named && is_collector(text) {
        return Some(Lookalike {
            what: "a script of `hylint collect`",
            instead: "run it, and give what it writes",
            standing: Standing::Other,
        });
    }
    match named || name_kind(&file.shown) != NameKind::Other {
        true => lookalike::of_file(&file.shown, text),
        false => lookalike::makes_rules(text),
    }
}

/// Whether a text is a script that `hylint collect` prints, by its first lines.
fn is_collector(text: &str) -> bool {
    let mut head = text.lines().take(6);
    head.any(|l| l.contains("Printed by `hylint collect "))
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
    /// What was read, in its order. A file that another one includes is a part of that one alone.
    #[must_use]
    pub fn of(from: &dyn Files, all: Vec<Read>) -> Self {
        let mut out = Self::default();
        let included = included(from, &all);
        for read in all {
            if !included.is_empty() && included.contains(&from.resolved(read.path())) {
                continue;
            }
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

impl Read {
    fn path(&self) -> &Path {
        match self {
            Self::Export(_, body) => &body.file.open,
            Self::Unread(u) => Path::new(&*u.path),
            Self::Failed(f) => Path::new(f.place.as_ref().map_or("", |p| &*p.path)),
        }
    }
}

/// The files that others include, without links. Of files that include each other the first one stands for all.
fn included(from: &dyn Files, all: &[Read]) -> BTreeSet<PathBuf> {
    let with = all.iter().filter_map(|read| match read {
        Read::Export(head, body) => {
            let files = head.included.as_ref().filter(|f| !f.is_empty())?;
            let files = files.iter().map(|f| f.at.clone());
            Some((from.resolved(&body.file.open), files.collect()))
        }
        Read::Unread(_) | Read::Failed(_) => None,
    });
    let with: Vec<(PathBuf, Vec<PathBuf>)> = with.collect();
    let named: BTreeSet<&PathBuf> = with.iter().flat_map(|(_, files)| files).collect();
    let (free, bound): (Vec<_>, Vec<_>) = with.iter().partition(|(own, _)| !named.contains(own));
    let files_of: BTreeMap<&PathBuf, &Vec<PathBuf>> = with.iter().map(|(o, f)| (o, f)).collect();
    let mut out = BTreeSet::new();
    for (own, _) in free.into_iter().chain(bound) {
        if out.contains(own) {
            continue;
        }
        // Includes are followed so deep and no deeper: those of the deepest files are found by these.
        let mut open = vec![own];
        while let Some(files) = open.pop().and_then(|o| files_of.get(o)) {
            for file in files.iter().filter(|f| *f != own) {
                if out.insert(file.clone()) && files_of.contains_key(file) {
                    open.push(file);
                }
            }
        }
    }
    out
}

fn held(from: &dyn Files, file: &FileRef) -> Result<(Box<LoadedExport>, Body), NoExport> {
    let Whole {
        mut export,
        findings,
        seal,
    } = whole(from, file, read_bytes(from, file)?)?;
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
    let size = bytes.len() as u64;
    let Text {
        source,
        included,
        seal,
        ..
    } = text(from, file, bytes)?;
    let Some(export) = format::read_to(&source, depth) else {
        return Err(unread(file, Why::Unknown, like(file, &source.text)));
    };
    if !file.named && include::is_part(&source, &export) {
        return Err(unread(file, Why::Unknown, Some(lookalike::nft_part())));
    }
    let mut export = LoadedExport {
        included,
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
    let mut read = whole(from, file, read_bytes(from, file).ok()?).ok()?;
    if read.seal != seal {
        return None;
    }
    read.export.export.companions = Vec::new();
    Some((read.export, read.findings))
}

/// Reads one file, its companions included, and what its reader could not take as written.
///
/// # Errors
/// It is no export.
pub fn read_whole(
    from: &dyn Files,
    file: &FileRef,
) -> Result<(LoadedExport, Vec<Finding>), NoExport> {
    let read = whole(from, file, read_bytes(from, file)?)?;
    Ok((read.export, read.findings))
}

/// The same for bytes that are at hand.
///
/// # Errors
/// They are no export.
pub fn read_bytes_as(
    from: &dyn Files,
    file: &FileRef,
    bytes: Vec<u8>,
) -> Result<(LoadedExport, Vec<Finding>), NoExport> {
    let read = whole(from, file, bytes)?;
    Ok((read.export, read.findings))
}

/// Why a file yields no export.
#[derive(Debug)]
pub enum NoExport {
    /// No reader took it.
    Unread(Unread),
    /// It cannot be opened.
    Failed(Box<Finding>),
}

/// A file's text, with those of files that it includes.
struct Text {
    source: Source,
    included: Option<Vec<Included>>,
    /// Of the bytes of all of them.
    seal: Seal,
    /// Some characters of it are invalid.
    lossy: bool,
}

/// A file that was read.
struct Whole {
    export: LoadedExport,
    findings: Vec<Finding>,
    seal: Seal,
}

fn whole(from: &dyn Files, file: &FileRef, bytes: Vec<u8>) -> Result<Whole, NoExport> {
    let size = bytes.len() as u64;
    let sha256 = hash::sha256(&bytes);
    let Text {
        source,
        included,
        seal,
        lossy,
    } = text(from, file, bytes)?;
    let Some(mut export) = format::read(&source) else {
        return Err(unread(file, Why::Unknown, like(file, &source.text)));
    };
    if !file.named && include::is_part(&source, &export) {
        return Err(unread(file, Why::Unknown, Some(lookalike::nft_part())));
    }
    export.problems.extend(include::without_files(&source));
    let mut findings = problems::export_findings(&file.shown, &source, &export);
    if lossy {
        findings.push(invalid_characters(file, &source));
    }
    let export = LoadedExport::new(file.shown.clone(), source, export, sha256, size);
    Ok(Whole {
        export: export.including(included),
        findings,
        seal,
    })
}

fn text(from: &dyn Files, file: &FileRef, bytes: Vec<u8>) -> Result<Text, NoExport> {
    if bytes.is_empty() {
        return Err(unread(file, Why::Empty, None));
    }
    let binary = lookalike::of_bytes(&bytes);
    if lookalike::is_registry(&bytes) {
        return Err(unread(file, Why::Binary, binary));
    }
    let seal = Seal::of(&bytes);
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
    let (composed, source) = with_included(from, file, source);
    if let Some(around) = around(file, &source) {
        return Err(unread(file, Why::Unknown, Some(around)));
    }
    let (included, seals, lossy) = match composed {
        Some((files, seals, lossy)) => (Some(files), seals, lossy),
        None => (None, Vec::new(), false),
    };
    Ok(Text {
        source,
        included,
        seal: seal.with(&seals),
        lossy: decoded.lossy || lossy,
    })
}

/// The included files, the seals of their bytes, and whether some characters are invalid.
type Taken = (Vec<Included>, Vec<Seal>, bool);

/// The text with those that it includes, where it is of nftables (other programs write such lines, too), and with those of
/// the same firewalld.
fn with_included(from: &dyn Files, file: &FileRef, source: Source) -> (Option<Taken>, Source) {
    if ufw::is_of_set(&source.text) {
        // The one that stands for all is no part of another.
        let main = |path: &&&str| {
            file.open.file_name().is_some_and(|n| n == ufw::MAIN) || !path.ends_with(ufw::MAIN)
        };
        let paths: Vec<&str> = ufw::FILES.iter().filter(main).copied().collect();
        return match include::beside(from, file, &source, &paths) {
            Some(Composed {
                source,
                files,
                seals,
                lossy,
            }) => (Some((files, seals, lossy)), source),
            None => (None, source),
        };
    }
    let is_of_nft = |s: &Source| format::detect(&Input::new(s)).is_some_and(|f| f.id == nft::ID);
    let composed = include::compose(from, file, &source).filter(|c| is_of_nft(&c.source));
    match composed.or_else(|| zones::compose(from, file, &source)) {
        Some(Composed {
            source,
            files,
            seals,
            lossy,
        }) => (Some((files, seals, lossy)), source),
        None => (None, source),
    }
}

/// What a file is in which a reader finds an export that is a part of something else: it is made into a firewall somewhere
/// else, if at all.
fn around(file: &FileRef, source: &Source) -> Option<Lookalike> {
    // Whoever names it, its rules are not known before it ran.
    if let Some(script) = lookalike::filled_in(&source.text)
        && format::detect(&Input::new(source)).is_some()
    {
        return Some(script);
    }
    if file.named || file.bound {
        return None;
    }
    // It does what it says, and nothing else.
    if plain::is_list(&source.text) {
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

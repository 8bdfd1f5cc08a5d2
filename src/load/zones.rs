//! Puts the files of one host's firewalld behind each other: listings of zones and policies, and the files of /etc/firewalld.
//!
//! Below a folder `etc/firewalld` all files are of one host, and so they are below a folder with `zones`, `policies`,
//! `services` and the like. Others stand in one folder, where the words of their names tell hosts apart. The first of them by
//! what it holds stands for all.

use super::discover::FileRef;
use super::files::Files;
use super::include::{Composed, Included};
use super::seal::Seal;
use super::walk::shown;
use crate::common::hash;
use hylint_parsers::decode;
use hylint_parsers::firewalld::{self, Part};
use hylint_parsers::source::Source;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files of one host that are looked at.
const FILES: usize = 1024;

/// A file of firewalld is no larger.
const LARGEST: usize = 1 << 24;

/// The folders of /etc/firewalld.
const FOLDERS: [&str; 6] = [
    "zones",
    "policies",
    "services",
    "ipsets",
    "helpers",
    "icmptypes",
];

/// Words of file names that tell what stands in a file, and not of which host it is.
const WORDS: [&str; 45] = [
    "zone",
    "zones",
    "policy",
    "policies",
    "list",
    "all",
    "firewall",
    "firewalld",
    "cmd",
    "active",
    "default",
    "get",
    "info",
    "service",
    "services",
    "direct",
    "rules",
    "ipset",
    "ipsets",
    "runtime",
    "permanent",
    "conf",
    "etc",
    "ruleset",
    "svc",
    "set",
    "sets",
    "pt",
    "passthrough",
    "passthroughs",
    "chains",
    "state",
    "panic",
    "entries",
    "output",
    "query",
    "helper",
    "helpers",
    "version",
    "systemctl",
    "status",
    "nft",
    "is",
    "enabled",
    "running",
];

/// Whether a text may be of firewalld.
fn may_be(text: &str) -> bool {
    let start = text.trim_start();
    let signs = [
        "rich rules:",
        "ports:",
        "interfaces:",
        "DefaultZone",
        "CleanupOnExit",
        "firewalld.service",
        "systemctl",
        "nft list ruleset",
        "firewall-cmd",
        "filter ",
        "ipv4 -",
        "ipv6 -",
        "entries:",
        "not running",
    ];
    text.len() <= LARGEST && (start.starts_with('<') || signs.iter().any(|s| text.contains(s)))
}

/// The text of a file with those of the other files of its host's firewalld; `None` if it stands alone, or if another one of
/// them stands for all.
pub(super) fn compose(from: &dyn Files, file: &FileRef, source: &Source) -> Option<Composed> {
    if file.stdin || !may_be(&source.text) {
        return None;
    }
    firewalld::part_of(&source.text)?;
    let main_at = from.resolved(&file.open);
    let mut members = members(from, file);
    for path in &*file.with {
        let at = from.resolved(path);
        if members.iter().all(|m| m.at != at) {
            members.extend(member(from, path.clone()));
        }
    }
    members.sort_by(|a, b| (a.part, &a.path).cmp(&(b.part, &b.path)));
    // A file that somebody names is the one that is spoken of.
    if file.named {
        members.sort_by_key(|m| m.at != main_at);
    }
    let first = members.first()?;
    if first.at != main_at || first.part > Part::Rules || members.len() < 2 {
        return None;
    }
    let mut out = Composed {
        source: source.clone(),
        files: Vec::new(),
        seals: Vec::new(),
        lossy: false,
    };
    for m in members.into_iter().skip(1) {
        let path: Arc<str> = shown(&m.path).into();
        out.source.add_part(path.clone(), &m.text);
        out.lossy |= m.lossy;
        out.seals.push(m.seal);
        out.files.push(Included {
            path,
            encoding: m.encoding,
            sha256: m.sha256,
            bytes: m.bytes,
            rules: 0,
            at: m.at,
        });
    }
    Some(out)
}

/// A file of the host's firewalld.
struct Member {
    path: PathBuf,
    at: PathBuf,
    part: Part,
    text: String,
    lossy: bool,
    encoding: &'static str,
    sha256: String,
    bytes: u64,
    seal: Seal,
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The folder of /etc/firewalld, or of what stands for it, in which a file is; `None` of a file in no such folder.
fn tree(from: &dyn Files, path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    if FOLDERS.contains(&&*name(folder)) {
        return Some(folder.parent().unwrap_or(Path::new("")).to_path_buf());
    }
    let holds = |f: &&str| from.is_folder(&folder.join(f));
    FOLDERS.iter().any(holds).then(|| folder.to_path_buf())
}

/// The folder of the host of a tree: what `etc/firewalld` is in.
fn host_of(tree: &Path) -> PathBuf {
    let above = tree.parent().unwrap_or(Path::new(""));
    let etc = name(tree) == "firewalld" && name(above) == "etc";
    match etc {
        true => above.parent().unwrap_or(Path::new("")).to_path_buf(),
        false => tree.to_path_buf(),
    }
}

/// The words of a name that tell the host.
fn key(path: &Path) -> Vec<String> {
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let words = stem
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty());
    let own: Vec<String> = words
        .filter(|w| !WORDS.contains(w))
        .map(str::to_owned)
        .collect();
    let folder = path
        .parent()
        .map(name)
        .unwrap_or_default()
        .to_ascii_lowercase();
    if own.join("-") == folder {
        Vec::new()
    } else {
        own
    }
}

/// The files of the host's firewalld that a file is of.
fn members(from: &dyn Files, file: &FileRef) -> Vec<Member> {
    let root = from.resolved(match file.root.as_os_str().is_empty() {
        true => Path::new("."),
        false => &file.root,
    });
    let inside = |p: &Path| from.resolved(p).starts_with(&root);
    let mut out = Vec::new();
    // The folder of a configuration belongs to each of its files.
    let own_tree = tree(from, &file.open);
    let folder = file.open.parent().unwrap_or(Path::new(""));
    let (tree, flat) = match &own_tree {
        Some(t) => {
            let host = host_of(t);
            (
                Some(t.clone()),
                (host != *t && inside(&host)).then_some(host),
            )
        }
        // A listing in the folder of a host, whose files of /etc stand below it.
        None => {
            let below = folder.join("etc/firewalld");
            (
                from.is_folder(&below).then_some(below),
                Some(folder.to_path_buf()),
            )
        }
    };
    if let Some(tree) = &tree {
        for path in from.walk(tree, &|_| false).files {
            let depth = path
                .strip_prefix(tree)
                .map_or(0, |p| p.components().count());
            let kind = path.extension().is_some_and(|e| e == "xml" || e == "conf");
            if kind && depth <= 3 {
                out.extend(member(from, path));
            }
        }
    }
    // A file that is named is read with what stands beside it, as if its folder were.
    let Some(flat) = flat else {
        return out;
    };
    let own_key = own_tree.is_none().then(|| key(&file.open));
    let hosts = xml_hosts(&from.names(&flat));
    let own_xml = own_tree.is_none() && file.open.extension().is_some_and(|e| e == "xml");
    for entry in from.names(&flat) {
        let path = flat.join(entry);
        let hidden = name(&path).starts_with('.');
        if hidden || out.len() >= FILES || !from.is_file(&path) {
            continue;
        }
        let xml = path.extension().is_some_and(|e| e == "xml");
        let same = own_key.as_ref().is_none_or(|own| {
            let other = key(&path);
            // XML bears the name of its zone.
            if xml || own_xml {
                // `sql1-public.xml` and `web1-public.xml` are of two hosts.
                let (a, b) = (xml_host(&file.open, &hosts), xml_host(&path, &hosts));
                if a != b {
                    return false;
                }
            }
            *own == other || (own_xml || xml) && is_plain(&path) && is_plain(&file.open)
        });
        if same && let Some(m) = member(from, path) {
            out.push(m);
        }
    }
    let named =
        |m: &Member| own_tree.is_none() || !tree.as_ref().is_some_and(|t| m.path.starts_with(t));
    // Two listings of zones in a host's folder are of two hosts, unless their names say that they are of one.
    let listings = out
        .iter()
        .filter(|m| m.part == Part::Zones && named(m))
        .count();
    if own_tree.is_some() && listings > 1 {
        out.retain(|m| m.part != Part::Zones);
    }
    out
}

/// The hosts that names of zone files begin with, behind which a zone follows that ships with firewalld; none unless they are
/// of several.
fn xml_hosts(names: &[std::ffi::OsString]) -> Vec<String> {
    let mut out: Vec<String> = names
        .iter()
        .filter_map(|n| {
            let n = n.to_string_lossy();
            let stem = n.strip_suffix(".xml")?;
            let (host, zone) = stem.rsplit_once(['-', '_', '.'])?;
            let own = firewalld::is_shipped(stem) || !firewalld::is_shipped(zone);
            (!own && !host.is_empty()).then(|| host.to_ascii_lowercase())
        })
        .collect();
    out.sort();
    out.dedup();
    if out.len() < 2 {
        out.clear();
    }
    // The longest name is tried first.
    out.reverse();
    out
}

/// The one of these hosts that the name of a file begins with.
fn xml_host<'h>(path: &Path, hosts: &'h [String]) -> Option<&'h str> {
    let name = name(path).to_ascii_lowercase();
    let of = |h: &&String| {
        let rest = name.strip_prefix(h.as_str());
        rest.is_some_and(|r| r.starts_with(['-', '_', '.']))
    };
    hosts.iter().find(of).map(String::as_str)
}

/// Whether a name is one that firewalld gives a file, or says nothing of a host.
fn is_plain(path: &Path) -> bool {
    let xml = path.extension().is_some_and(|e| e == "xml");
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let words: Vec<&str> = stem.split(['-', '_', ' ', '.']).collect();
    match xml {
        // `web1-zone-public.xml` is named by a person, `public.xml` by firewalld.
        true => words.len() == 1 || !words.iter().any(|w| WORDS.contains(w)),
        false => key(path).is_empty(),
    }
}

fn member(from: &dyn Files, path: PathBuf) -> Option<Member> {
    let bytes = from.read(&path).ok()?;
    if bytes.len() > LARGEST {
        return None;
    }
    let (size, seal, sha256) = (bytes.len() as u64, Seal::of(&bytes), hash::sha256(&bytes));
    let decoded = decode::decode(bytes).ok()?;
    if !may_be(&decoded.text) {
        return None;
    }
    let part = firewalld::part_of(&decoded.text)?;
    Some(Member {
        at: from.resolved(&path),
        path,
        part,
        text: decoded.text,
        lossy: decoded.lossy,
        encoding: decoded.encoding,
        sha256,
        bytes: size,
        seal,
    })
}

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
use super::whose::Kin;
use super::zone_names::{
    is_plain, key, loose_key, may_be_empty, may_name_a_zone, name, says_default, says_version,
    xml_host, xml_hosts,
};
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
        "[connection]",
        "BOOTPROTO",
        "ONBOOT",
        "DEVICE=",
    ];
    let sign = || signs.iter().any(|s| text.contains(s));
    let direct = |l: &str| ["ipv4 ", "ipv6 ", "eb "].iter().any(|f| l.starts_with(f));
    text.len() <= LARGEST && (start.starts_with('<') || sign() || text.lines().any(direct))
}

/// The text of a file with those of the other files of its host's firewalld; `None` if it stands alone, or if another one of
/// them stands for all.
pub(super) fn compose(from: &dyn Files, file: &FileRef, source: &Source) -> Option<Composed> {
    if file.stdin || !may_be(&source.text) {
        return None;
    }
    let part = firewalld::part_of(&source.text)?;
    let main_at = from.resolved(&file.open);
    let mut members = members(from, file, part);
    for path in &*file.with {
        let at = from.resolved(path);
        if members.iter().all(|m| m.at != at) {
            members.extend(member(from, path.clone()));
        }
    }
    let known = |word: &str| members.iter().any(|m| m.names(word));
    let said = |m: &Member| match &m.what {
        What::Word(word) => {
            firewalld::is_shipped(word)
                || known(word)
                || says_default(&m.path)
                || says_version(&m.path)
        }
        What::Text | What::Nothing => true,
    };
    let said: Vec<bool> = members.iter().map(said).collect();
    let mut said = said.into_iter();
    members.retain(|_| said.next().unwrap_or(true));
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
            by_site: m.by_site,
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
    what: What,
    /// hylint.toml says of which host it is, and its name does not.
    by_site: bool,
    text: String,
    lossy: bool,
    encoding: &'static str,
    sha256: String,
    bytes: u64,
    seal: Seal,
}

/// What a file holds.
#[derive(PartialEq, Eq, Debug)]
enum What {
    /// What a reader knows.
    Text,
    /// A word and nothing else: the default zone, as `--get-default-zone` prints it.
    Word(String),
    /// Nothing, as `--direct --get-all-rules` prints where there are no direct rules.
    Nothing,
}

impl Member {
    /// Whether it has a zone of a name.
    fn names(&self, zone: &str) -> bool {
        match self.part {
            Part::Zones => self.text.lines().any(|l| {
                let name = l.trim().split(" (").next();
                name == Some(zone)
            }),
            Part::Zone => self.path.file_stem().is_some_and(|s| *s == *zone),
            _ => false,
        }
    }
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

/// The folders of a host's configuration: what ships, and what takes its place (firewalld.dirs(5)).
const TREES: [&str; 2] = ["etc/firewalld", "usr/lib/firewalld"];

/// Where NetworkManager keeps its connections, which name zones.
const CONNECTIONS: [&str; 3] = [
    "etc/NetworkManager/system-connections",
    "etc/sysconfig/network-scripts",
    "etc/sysconfig/network",
];

/// The folder of the host of a tree: what `etc/firewalld` or `usr/lib/firewalld` is in.
fn host_of(tree: &Path) -> PathBuf {
    let of = TREES.iter().find(|t| tree.ends_with(t));
    let depth = of.map(|t| t.split('/').count());
    let host = depth.and_then(|depth| tree.ancestors().nth(depth));
    host.unwrap_or(tree).to_path_buf()
}

/// The files of the host's firewalld that a file is of. `part`: what the file itself holds.
fn members(from: &dyn Files, file: &FileRef, part: Part) -> Vec<Member> {
    let root = from.resolved(match file.root.as_os_str().is_empty() {
        true => Path::new("."),
        false => &file.root,
    });
    let inside = |p: &Path| from.resolved(p).starts_with(&root);
    let mut out = Vec::new();
    // The folder of a configuration belongs to each of its files.
    let own_tree = tree(from, &file.open);
    let folder = file.open.parent().unwrap_or(Path::new(""));
    let flat = match &own_tree {
        Some(t) => {
            let host = host_of(t);
            (host != *t && inside(&host)).then_some(host)
        }
        // A listing in the folder of a host, whose files of /etc stand below it.
        None => Some(folder.to_path_buf()),
    };
    let of_host = flat.iter().flat_map(|h| TREES.map(|t| h.join(t)));
    let mut trees: Vec<PathBuf> = of_host.filter(|t| from.is_folder(t)).collect();
    if let Some(own) = own_tree.as_ref().filter(|o| !trees.contains(o)) {
        trees.push(own.clone());
    }
    for tree in &trees {
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
    let connections = flat.iter().flat_map(|h| CONNECTIONS.map(|c| h.join(c)));
    for folder in connections.filter(|f| from.is_folder(f)) {
        for entry in from.names(&folder) {
            if out.len() < FILES {
                out.extend(member(from, folder.join(entry)));
            }
        }
    }
    // A file that is named is read with what stands beside it, as if its folder were.
    let Some(flat) = flat else {
        return out;
    };
    let asked = Asked {
        file,
        part,
        in_tree: own_tree.is_some(),
        hosts: xml_hosts(&from.names(&flat)),
    };
    for entry in from.names(&flat) {
        let path = flat.join(entry);
        let hidden = name(&path).starts_with('.');
        if hidden || out.len() >= FILES || !from.is_file(&path) {
            continue;
        }
        let Some(by_site) = asked.takes(&path) else {
            continue;
        };
        if let Some(m) = member(from, path).filter(|m| asked.may_stand_beside(m)) {
            out.push(Member { by_site, ..m });
        }
    }
    let named = |m: &Member| own_tree.is_none() || !trees.iter().any(|t| m.path.starts_with(t));
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

/// A file whose host's files are looked for in a folder.
struct Asked<'f> {
    file: &'f FileRef,
    /// What it holds.
    part: Part,
    /// It stands in the folders of a configuration, whose host the folder is of.
    in_tree: bool,
    /// The hosts that names of zone files in the folder begin with.
    hosts: Vec<String>,
}

impl Asked<'_> {
    /// Whether a file of the folder is of the same host: `Some(true)` if hylint.toml alone says so.
    fn takes(&self, path: &Path) -> Option<bool> {
        let own = &*self.file.open;
        let kin = self.file.whose.kin(&self.file.shown, &shown(path));
        if kin == Kin::Other {
            return None;
        }
        if self.in_tree {
            return Some(false);
        }
        let (xml, own_xml) = (is_xml(path), is_xml(own));
        // XML bears the name of its zone: `sql1-public.xml` and `web1-public.xml` are of two hosts.
        if (xml || own_xml) && xml_host(own, &self.hosts) != xml_host(path, &self.hosts) {
            return None;
        }
        let alike = loose_key(own) == loose_key(path);
        let plain = (xml || own_xml) && is_plain(path) && is_plain(own);
        match alike || plain {
            true => Some(false),
            false => (kin == Kin::Same).then_some(true),
        }
    }

    /// Whether what a file of the host holds goes with the file: two listings of zones may be of two days.
    fn may_stand_beside(&self, m: &Member) -> bool {
        let both = self.part == Part::Zones && m.part == Part::Zones;
        !both || self.in_tree || key(&self.file.open) == key(&m.path)
    }
}

fn is_xml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "xml")
}

fn member(from: &dyn Files, path: PathBuf) -> Option<Member> {
    let bytes = from.read(&path).ok()?;
    if bytes.len() > LARGEST {
        return None;
    }
    let (size, seal, sha256) = (bytes.len() as u64, Seal::of(&bytes), hash::sha256(&bytes));
    let decoded = decode::decode(bytes).ok()?;
    let (part, what) = held(&path, &decoded.text)?;
    Some(Member {
        at: from.resolved(&path),
        path,
        part,
        what,
        by_site: false,
        text: decoded.text,
        lossy: decoded.lossy,
        encoding: decoded.encoding,
        sha256,
        bytes: size,
        seal,
    })
}

/// What a text is of a host's firewalld.
fn held(path: &Path, text: &str) -> Option<(Part, What)> {
    if text.trim().is_empty() {
        return may_be_empty(path).then_some((Part::Rules, What::Nothing));
    }
    if let Some(word) = firewalld::word(text) {
        let fits = may_name_a_zone(path);
        return fits.then(|| (Part::Active, What::Word(word.to_owned())));
    }
    if !may_be(text) {
        return None;
    }
    Some((firewalld::part_of(text)?, What::Text))
}

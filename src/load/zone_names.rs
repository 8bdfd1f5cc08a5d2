//! What names of files of firewalld tell: of which host they are, and what stands in them.

use hylint_parsers::firewalld;
use std::path::Path;

/// Words of file names that tell what stands in a file, and not of which host it is.
const WORDS: [&str; 50] = [
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
    "fw",
    "pol",
    "rule",
    "defaultzone",
    "dz",
];

pub(super) fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The words of a name that tell the host.
pub(super) fn key(path: &Path) -> Vec<String> {
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

/// The same without numbers and letters that put files in an order: `02-policies.txt`, `p.txt`.
pub(super) fn loose_key(path: &Path) -> Vec<String> {
    let counts = |w: &String| w.len() == 1 || w.chars().all(|c| c.is_ascii_digit());
    let mut own = key(path);
    own.retain(|w| !counts(w));
    own
}

/// The words of a name, in small letters.
fn words(path: &Path) -> Vec<String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let lower = stem.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// Whether a file is called after what prints nothing where there is none: direct rules, chains, passthroughs.
pub(super) fn may_be_empty(path: &Path) -> bool {
    let empty = ["direct", "passthrough", "passthroughs"];
    words(path).iter().any(|w| empty.contains(&&**w))
}

/// Whether a word in a file may be the name of a zone: there are other files of one word.
pub(super) fn may_name_a_zone(path: &Path) -> bool {
    const OTHERS: [&str; 12] = [
        "hostname",
        "host",
        "role",
        "roles",
        "group",
        "env",
        "environment",
        "tier",
        "timezone",
        "location",
        "site",
        "network",
    ];
    says_default(path) || !words(path).iter().any(|w| OTHERS.contains(&&**w))
}

/// Whether a name says that the default zone stands in the file.
pub(super) fn says_default(path: &Path) -> bool {
    let words = words(path);
    let has = |word: &str| words.iter().any(|w| w == word);
    has("defaultzone") || has("default") && has("zone")
}

/// Whether a name says that the version stands in the file.
pub(super) fn says_version(path: &Path) -> bool {
    words(path).iter().any(|w| w == "version")
}

/// The hosts that names of zone files begin with, behind which a zone follows that ships with firewalld; none unless they are
/// of several.
pub(super) fn xml_hosts(names: &[std::ffi::OsString]) -> Vec<String> {
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
pub(super) fn xml_host<'h>(path: &Path, hosts: &'h [String]) -> Option<&'h str> {
    let name = name(path).to_ascii_lowercase();
    let of = |h: &&String| {
        let rest = name.strip_prefix(h.as_str());
        rest.is_some_and(|r| r.starts_with(['-', '_', '.']))
    };
    hosts.iter().find(of).map(String::as_str)
}

/// Whether a name is one that firewalld gives a file, or says nothing of a host.
pub(super) fn is_plain(path: &Path) -> bool {
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

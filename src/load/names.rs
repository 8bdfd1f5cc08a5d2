//! What a file's name tells of whether it may be an export.

use crate::common::paths::words;
use std::path::Path;

/// What a name tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameKind {
    /// Documentation, which may quote an export.
    Document,
    /// Plainly something else: a picture, a program's source.
    Other,
    /// A source that rules may be made from: a script, a template, a playbook.
    Source,
    /// Anything.
    Open,
    /// What exports are usually written to.
    Export,
    /// It speaks of a firewall.
    Firewall,
}

/// Extensions of documentation.
const DOCUMENTS: &[&str] = &[
    "md", "markdown", "mdx", "rst", "adoc", "asciidoc", "org", "tex", "html", "htm", "pdf", "doc",
    "docx", "odt", "ppt", "pptx", "odp", "rtf", "epub", "eml", "msg",
];

/// Extensions that are also top-level domains: a file may be called like its host (`fw1.example.org`).
const DOMAINS: &[&str] = &[
    "org", "md", "pl", "pm", "py", "rs", "so", "cc", "cs", "ml", "mm", "hr", "sql", "go", "in",
    "zip", "dev", "do", "ps", "lib", "map", "fs", "gd", "la", "as", "ec", "es", "my", "re", "tf",
    "vb", "zig", "app", "r", "m", "h", "c",
];

/// Extensions of files that no firewall is exported to: pictures, sound and film, fonts, program sources and their
/// builds, keys.
const OTHER: &[&str] = &[
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "ico",
    "webp",
    "avif",
    "bmp",
    "tif",
    "tiff",
    "heic",
    "psd",
    "drawio",
    "vsd",
    "vsdx",
    "puml",
    "mp3",
    "mp4",
    "mov",
    "avi",
    "mkv",
    "wav",
    "webm",
    "ogg",
    "ttf",
    "otf",
    "woff",
    "woff2",
    "eot", //
    "rs",
    "py",
    "pyi",
    "pyc",
    "pyo",
    "whl",
    "js",
    "mjs",
    "cjs",
    "ts",
    "tsx",
    "jsx",
    "vue",
    "svelte",
    "go",
    "java",
    "kt",
    "kts",
    "scala",
    "clj",
    "groovy",
    "c",
    "h",
    "cc",
    "cpp",
    "cxx",
    "hpp",
    "hh",
    "m",
    "mm",
    "cs",
    "fs",
    "vb",
    "rb",
    "php",
    "pl",
    "pm",
    "lua",
    "swift",
    "hs",
    "ml",
    "mli",
    "ex",
    "exs",
    "erl",
    "r",
    "jl",
    "dart",
    "zig",
    "nim",
    "sql",
    "proto",
    "graphql",
    "css",
    "scss",
    "sass",
    "less",
    "map",
    "wasm",
    "ipynb",
    "snap",
    "feature",
    "rego",
    "cue",
    "lock",
    "mod",
    "sum",
    "gradle",
    "toml",
    "properties",
    "editorconfig",
    "gitignore",
    "gitkeep",
    "gitattributes",
    "gitmodules",
    "dockerignore",
    "npmrc",
    "nvmrc",
    "eslintrc",
    "prettierrc",
    "patch",
    "diff",
    "rej",
    "po",
    "pot", //
    "exe",
    "dll",
    "so",
    "dylib",
    "a",
    "o",
    "obj",
    "lib",
    "class",
    "jar",
    "war",
    "ear",
    "msi",
    "deb",
    "rpm",
    "apk",
    "iso",
    "img",
    "vmdk",
    "vhd",
    "vhdx",
    "qcow2",
    "ova",
    "db",
    "sqlite",
    "parquet",
    "bin",
    "pdb",
    "rlib", //
    "pem",
    "crt",
    "cer",
    "der",
    "key",
    "csr",
    "p12",
    "pfx",
    "jks",
    "asc",
    "sig",
    "pub",
    "md5",
    "sha1",
    "sha256",
    "sha512", //
    "lint",
    "bak~",
    "swp",
    "sarif",
];

/// Extensions of scripts, templates, playbooks and descriptions of deployments.
const SOURCES: &[&str] = &[
    "sh", "bash", "zsh", "ksh", "fish", "ps1", "psm1", "psd1", "bat", "cmd", "vbs", "awk", "sed",
    "yml", "yaml", "tf", "tftpl", "tfvars", "hcl", "j2", "jinja", "jinja2", "erb", "epp", "pp",
    "sls", "tpl", "tmpl", "ctmpl", "gotmpl", "template", "mustache", "hbs", "bicep", "ks",
    "service", "nix",
];

/// Names, and beginnings of names, of documentation.
const DOCUMENT_NAMES: &[&str] = &[
    "readme",
    "license",
    "licence",
    "copying",
    "contributing",
    "changelog",
    "changelogs",
    "install",
    "howto",
    "faq",
    "releasenotes",
    "release-notes",
    "release_notes",
];

/// Names, and beginnings of names, of files that every repository has.
const OTHER_NAMES: &[&str] = &[
    "makefile",
    "dockerfile",
    "containerfile",
    "requirements",
    "constraints",
    "tsconfig",
    "jsconfig",
    "docker-compose",
];

/// Whole names of such files.
const OTHER_FILES: &[&str] = &[
    "notice",
    "authors",
    "contributors",
    "changes",
    "codeowners",
    "security",
    "support",
    "vagrantfile",
    "jenkinsfile",
    "gemfile",
    "rakefile",
    "procfile",
    "brewfile",
    "justfile",
    "taskfile",
    "robots",
    "humans",
    "cmakelists",
    "package",
    "package-lock",
    "composer",
    "renovate",
    "dependabot",
    "compose",
    "mkdocs",
    "chart",
    "kustomization",
    "thumbs",
    "version",
    "todo",
    "manifest",
];

/// Hidden files that folders have for other reasons.
const HIDDEN: &[&str] = &[
    "gitkeep",
    "keep",
    "placeholder",
    "ds_store",
    "gitignore",
    "gitattributes",
    "directory",
    "localized",
    "hushlogin",
    "nojekyll",
];

/// Extensions of files that an export is usually written to. In a folder, an empty or binary file of them was meant to be
/// one: a repository also holds `.gitkeep`, `__init__.py` and pictures.
const EXPORT: &[&str] = &[
    "txt", "text", "json", "jsonc", "log", "out", "conf", "dump", "csv", "tsv", "reg", "pol",
];

/// Extensions that speak of a firewall.
const FIREWALL: &[&str] = &[
    "rules",
    "v4",
    "v6",
    "save",
    "fw",
    "firewall",
    "netsh",
    "advfirewall",
    "wfw",
    "iptables",
    "ip6tables",
    "nft",
    "ipset",
];

/// Words of a name that speak of a firewall.
const FIREWALL_WORDS: &[&str] = &[
    "iptables",
    "ip6tables",
    "nft",
    "nftables",
    "netsh",
    "advfirewall",
    "firewall",
    "firewalls",
    "firewalld",
    "fw",
    "ufw",
    "ipset",
    "wfmsc",
    "nsg",
    "nsgs",
    "acl",
    "acls",
    "secgroup",
    "secgroups",
    "securitygroup",
    "securitygroups",
    "rules",
    "ruleset",
];

/// Compressed and encrypted files carry the name of what is in them before their own extension.
const COMPRESSED: &[&str] = &[
    "gz", "bz2", "xz", "zst", "zip", "7z", "rar", "tgz", "tar", "cab", "gpg", "pgp", "age", "enc",
    "aes",
];

/// What the name of a path tells.
#[must_use]
pub fn name_kind(path: &str) -> NameKind {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let (stem, mut ext) = split(&name);
    let mut stem = stem;
    if COMPRESSED.contains(&ext) {
        (stem, ext) = split(stem);
    }
    let own = stem.trim_start_matches('.');
    let first = own.split(['.', ' ']).next().unwrap_or(own);
    let hidden = name.starts_with('.') && HIDDEN.contains(&own);
    let named = |n: &&str| first == *n || first.strip_prefix(*n).is_some_and(is_suffix);
    let document_name = DOCUMENT_NAMES.iter().any(named);
    let other_name = hidden || OTHER_FILES.contains(&first) || OTHER_NAMES.iter().any(named);
    let words = words(own, true);
    let pair = |a: &str, b: &str| {
        words
            .windows(2)
            .any(|w| matches!(w, [x, y] if x == a && (y == b || y.strip_suffix('s') == Some(b))))
    };
    let firewall_word = words.iter().any(|w| FIREWALL_WORDS.contains(&w.as_str()))
        || pair("security", "group")
        || pair("network", "acl");
    // `README.de.md` is documentation, `fw1.example.org` is a host.
    let known_name = other_name || document_name;
    // Check Point's, not the source of a program.
    let capital = path.ends_with(".C");
    let is_host = DOMAINS.contains(&ext) && own.contains('.') && !known_name;
    match () {
        () if is_host => NameKind::Export,
        () if DOCUMENTS.contains(&ext) || document_name => NameKind::Document,
        () if OTHER.contains(&ext) && !capital || other_name => NameKind::Other,
        () if SOURCES.contains(&ext) => NameKind::Source,
        () if FIREWALL.contains(&ext) || firewall_word => NameKind::Firewall,
        () if EXPORT.contains(&ext) && !name.starts_with('.') => NameKind::Export,
        () => NameKind::Open,
    }
}

/// Ends of the names of backup copies: of editors, of patch(1), of dpkg, rpm and ucf when they keep a changed file.
const BACKUPS: &[&str] = &[
    "~",
    ".bak",
    ".old",
    ".orig",
    ".backup",
    ".dpkg-old",
    ".dpkg-dist",
    ".dpkg-new",
    ".ucf-old",
    ".ucf-dist",
    ".rpmsave",
    ".rpmnew",
    ".rpmorig",
];

/// The path of the file that a path is a backup copy of, by its name.
#[must_use]
pub fn original(path: &str) -> Option<&str> {
    let kept = BACKUPS.iter().find_map(|b| path.strip_suffix(b));
    let original = kept.or_else(|| reset_by_ufw(path))?;
    (!original.is_empty() && !original.ends_with('/')).then_some(original)
}

/// The file of ufw that `ufw reset` kept under another name, which ends in the time: `user.rules.20261130_202557`
/// (src/backend_iptables.py of ufw 0.36).
fn reset_by_ufw(path: &str) -> Option<&str> {
    let (original, stamp) = path.rsplit_once('.')?;
    let (day, time) = stamp.split_once('_')?;
    let digits = |t: &str, n: usize| t.len() == n && t.bytes().all(|b| b.is_ascii_digit());
    let name = original.rsplit('/').next().unwrap_or(original);
    let rules = name.strip_suffix(".rules").unwrap_or("");
    let own = ["before", "after", "user"].contains(&rules.trim_end_matches('6'));
    (own && digits(day, 8) && digits(time, 6)).then_some(original)
}

/// Whether a path ends as a program, a script, a template or a playbook does. What an export is called like is asked of its
/// end only: `manifest.json` may be one.
#[must_use]
pub(super) fn is_source_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let (_, ext) = split(&name);
    match name_kind(path) {
        NameKind::Source => true,
        NameKind::Other => OTHER.contains(&ext),
        NameKind::Document | NameKind::Open | NameKind::Export | NameKind::Firewall => false,
    }
}

/// `requirements-dev`, `dockerfile_test`: a well-known name with more behind it.
fn is_suffix(rest: &str) -> bool {
    rest.starts_with(['-', '_'])
}

fn split(name: &str) -> (&str, &str) {
    let path = Path::new(name);
    let ext = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    let stem = name.strip_suffix(ext).unwrap_or(name);
    (stem.strip_suffix('.').unwrap_or(stem), ext)
}

#[cfg(test)]
mod tests {
    use super::{NameKind, name_kind, original};

    #[test]
    fn backup_copies_are_told_by_their_ends() {
        for (path, of) in [
            ("sql1/rules.v4.bak", Some("sql1/rules.v4")),
            ("rules.v4~", Some("rules.v4")),
            (
                "etc/ufw/user6.rules.20261130_202557",
                Some("etc/ufw/user6.rules"),
            ),
            ("sql1/rules.v4.20261130_202557", None),
            ("etc/ufw/user.rules.20261130", None),
            ("sql1/.old", None),
            ("old/rules.v4", None),
            ("iptables.save", None),
        ] {
            assert_eq!(original(path), of, "{path}");
        }
    }

    #[test]
    fn names_tell_documents_sources_and_pictures_from_what_may_be_an_export() {
        for (path, kind) in [
            ("README.md", NameKind::Document),
            ("sh1/README", NameKind::Document),
            ("docs/firewall.md", NameKind::Document),
            ("README.de.md", NameKind::Document),
            ("fw1.example.org", NameKind::Export),
            ("LICENSE", NameKind::Document),
            ("CHANGELOG-2.txt", NameKind::Document),
            ("installer1.txt", NameKind::Export),
            ("requirements-dev.txt", NameKind::Other),
            ("package.json", NameKind::Other),
            ("logo.PNG", NameKind::Other),
            ("src/firewall.rs", NameKind::Other),
            (".gitkeep", NameKind::Other),
            ("sh1.TXT", NameKind::Export),
            ("data.json", NameKind::Export),
            ("sh1", NameKind::Open),
            ("main.tf", NameKind::Source),
            ("plan.yaml", NameKind::Source),
            ("group_vars/firewall.yml", NameKind::Source),
            ("templates/rules.v4.j2", NameKind::Source),
            ("rules.v4.rej", NameKind::Other),
            ("fw.csv", NameKind::Firewall),
            ("x/rules.v4", NameKind::Firewall),
            ("sh1-firewall.txt", NameKind::Firewall),
            ("security-groups.json", NameKind::Firewall),
            ("security.txt", NameKind::Other),
            ("package-sh1.txt", NameKind::Export),
            ("rules.txt.gz", NameKind::Firewall),
            ("sh1.txt.gz", NameKind::Export),
            ("notes.zip", NameKind::Open),
            ("rules.v4.gpg", NameKind::Firewall),
            ("rules.v4.asc", NameKind::Other),
            ("", NameKind::Open),
        ] {
            assert_eq!(name_kind(path), kind, "{path}");
        }
    }
}

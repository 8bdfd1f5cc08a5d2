//! A site as its files: exports, hylint.toml and a matrix.

use crate::site::{Cloud, Role, Site};
use crate::{write_aws, write_azure};
use hylint::finding::Finding;
use hylint::load::{Files, Kind, Walked};
use hylint::rules::matrix::{Matrix, read};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Files that are nowhere but in memory.
#[derive(Debug, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<PathBuf, Vec<u8>>);

impl Files for Memory {
    fn kind(&self, path: &Path) -> Result<Kind, String> {
        if let Some(bytes) = self.0.get(path) {
            return Ok(Kind::File(bytes.len().try_into().unwrap()));
        }
        let folder = self.0.keys().any(|f| f.starts_with(path));
        folder
            .then_some(Kind::Folder)
            .ok_or_else(|| "no such file".into())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.0.get(path).cloned();
        bytes.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn walk(&self, folder: &Path, excluded: &dyn Fn(&Path) -> bool) -> Walked {
        let config = |f: &&PathBuf| f.file_name().is_some_and(|n| n == "hylint.toml");
        let below = self
            .0
            .keys()
            .filter(|f| f.starts_with(folder) && !config(f) && !excluded(f));
        Walked {
            files: below.cloned().collect(),
            findings: Vec::<Finding>::new(),
            site_files: Vec::new(),
        }
    }

    fn names(&self, folder: &Path) -> Vec<OsString> {
        let inside = self.0.keys().filter(|f| f.parent() == Some(folder));
        inside
            .filter_map(|f| f.file_name())
            .map(OsString::from)
            .collect()
    }
}

/// Where the files of a site are.
pub(crate) const ROOT: &str = "/site";

/// Every file, by its path below the root.
pub(crate) fn files(site: &Site) -> Vec<(String, String)> {
    let mut all = vec![
        ("hylint.toml".to_owned(), config(site)),
        ("matrix.toml".to_owned(), matrix(site)),
    ];
    for cloud in &site.clouds {
        let printed = match cloud {
            Cloud::Aws(a) => write_aws::files(a),
            Cloud::Azure(a) => write_azure::files(a),
        };
        for (n, (name, value)) in printed.into_iter().enumerate() {
            let text = serde_json::to_string_pretty(&value).unwrap();
            if n < 2 && site.copied {
                let copy = format!("{}/copy-of-{name}", cloud.folder());
                all.push((copy, text.clone() + "\n"));
            }
            all.push((format!("{}/{name}", cloud.folder()), text + "\n"));
        }
    }
    all
}

pub(crate) fn memory(files: &[(String, String)]) -> Memory {
    // The matrix is given to the session as `--matrix` gives it.
    let exports = files.iter().filter(|f| f.0 != "matrix.toml");
    Memory(
        exports
            .map(|(n, t)| (Path::new(ROOT).join(n), t.clone().into_bytes()))
            .collect(),
    )
}

pub(crate) fn parsed(matrix: &str) -> Matrix {
    read(&[("matrix.toml", matrix)]).unwrap_or_else(|e| panic!("{e:?}\n{matrix}"))
}

fn config(site: &Site) -> String {
    let mut t = String::from("[site]\nname = \"clouds\"\n\n");
    if let Some((lo, hi)) = site.ephemeral {
        write!(t, "[deployment]\nephemeral = \"{lo}-{hi}\"\n\n").unwrap();
    }
    t.push_str("[roles]\n");
    for (name, block) in &site.others {
        writeln!(t, "{name} = [\"{}\"]", block.prefix()).unwrap();
    }
    t.push_str("\n[resolve]\n");
    for cloud in &site.clouds {
        match cloud {
            Cloud::Aws(a) => {
                if let Some(b) = a.foreign {
                    writeln!(
                        t,
                        "\"aws:{}\" = [\"{}\"]",
                        crate::make_aws::FOREIGN,
                        b.prefix()
                    )
                    .unwrap();
                }
                let hidden = |l: &&crate::aws::PrefixList| l.resolved && !l.exported;
                for (n, list) in a.lists.iter().enumerate().filter(|(_, l)| hidden(l)) {
                    let all: Vec<String> = list
                        .entries
                        .iter()
                        .map(|b| format!("\"{}\"", b.prefix()))
                        .collect();
                    writeln!(
                        t,
                        "\"aws:{}\" = [{}]",
                        write_aws::list_id(n),
                        all.join(", ")
                    )
                    .unwrap();
                }
            }
            Cloud::Azure(a) => {
                if let Some(b) = a.storage {
                    writeln!(t, "\"azure:Storage\" = [\"{}\"]", b.prefix()).unwrap();
                }
            }
        }
    }
    for (n, host) in site.hosts.iter().enumerate() {
        let addresses: Vec<String> = host.declared.iter().map(|a| format!("\"{a}\"")).collect();
        write!(
            t,
            "\n[[host]]\nname = \"{}\"\naddresses = [{}]\nroles = [\"{}\"]\nexports = [\"{}/*.json\"]\n",
            host.name,
            addresses.join(", "),
            site.role(Role::Host(n)),
            site.clouds[host.cloud].folder()
        )
        .unwrap();
    }
    for (host, proto, port) in &site.open_to_anyone {
        let (role, name) = (site.role(Role::Host(*host)), protocol(*proto));
        write!(
            t,
            "\n[[allow]]\nfrom = \"any\"\nto = \"{role}\"\nport = \"{name}/{port}\"\nreason = \"a public service\"\n"
        )
        .unwrap();
    }
    t
}

pub(crate) fn protocol(n: u8) -> &'static str {
    if n == 6 { "tcp" } else { "udp" }
}

fn matrix(site: &Site) -> String {
    let mut t = String::from("[matrix]\nid = \"clouds\"\nname = \"Clouds\"\nversion = \"1\"\n");
    let hosts = (0..site.hosts.len()).map(Role::Host);
    for role in hosts.chain((0..site.others.len()).map(Role::Others)) {
        let name = site.role(role);
        write!(t, "\n[[role]]\nid = \"{name}\"\nname = \"{name}\"\n").unwrap();
    }
    for (n, row) in site.rows.iter().enumerate() {
        write!(
            t,
            "\n[[requirement]]\nid = \"row.r{n}\"\nrow = {}\nfrom = \"{}\"\nto = \"{}\"\npurpose = \"a flow\"\ntransport = \"{}\"\nports = {:?}\napplication-protocol = \"{}\"\nmandatory = true\nreply = {}\nimpact = \"it stops\"\nreference = \"chapter 1\"\n",
            n + 1,
            site.role(row.from),
            site.role(row.to),
            protocol(row.proto),
            row.ports,
            protocol(row.proto),
            row.reply,
        )
        .unwrap();
    }
    t
}

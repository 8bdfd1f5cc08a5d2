//! The Windows example site, each host exported in another form: the findings are those of netsh alone.
//!
//! What the hosts have is read from the netsh texts of the example and written in the other forms by the code of this test, which
//! shares nothing with the readers and writers of hylint. It writes as Windows does: masks for prefixes, one field for each
//! port, packages for the rules of apps.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[path = "windows_site/forms.rs"]
mod forms;
#[path = "windows_site/host.rs"]
mod host;

use host::Host;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const HOSTS: [&str; 6] = ["cb1", "cm1", "cm2", "sh1", "sh2", "sql1"];

/// A form, with the file that it is written to.
type Form = (&'static str, fn(&Host) -> Vec<u8>);

const FORMS: [Form; 4] = [
    ("firewall.txt", |h| h.netsh.clone()),
    ("collected.json", |h| forms::collected(h).into_bytes()),
    ("rules.json", |h| forms::numbers(h).into_bytes()),
    ("firewall.reg", forms::registry),
];

fn example(site: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/windows-dc")
        .join(site)
}

/// The site with each host in the form that `form` gives for its number.
fn written(site: &str, form: impl Fn(usize) -> Form) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut config = fs::read_to_string(example(site).join("hylint.toml")).unwrap();
    for (at, name) in HOSTS.iter().enumerate() {
        let host = Host::read(name, &example(site).join(name));
        let (file, write) = form(at);
        fs::create_dir(dir.path().join(name)).unwrap();
        fs::write(dir.path().join(name).join(file), write(&host)).unwrap();
        for glob in ["*.txt", "firewall.txt"] {
            config = config.replace(&format!("\"{name}/{glob}\""), &format!("\"{name}/*\""));
        }
    }
    fs::write(dir.path().join("hylint.toml"), config).unwrap();
    dir
}

/// The findings by severity, code and message, with how often each occurs; and the rules that were read.
fn findings(dir: &Path) -> (BTreeMap<String, usize>, u64) {
    let mut hylint = Command::new(env!("CARGO_BIN_EXE_hylint"));
    hylint.args([".", "--format", "json"]).current_dir(dir);
    let out = hylint.env_clear().output().unwrap().stdout;
    let report: Value = serde_json::from_slice(&out).unwrap();
    let mut all = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let of = |key: &str| finding[key].as_str().unwrap_or_default();
        let line = format!("{}[{}]: {}", of("severity"), of("code"), of("message"));
        *all.entry(line).or_default() += 1;
    }
    let exports = report["exports"].as_array().unwrap();
    let rules = exports.iter().map(|e| e["rules"].as_u64().unwrap()).sum();
    (all, rules)
}

/// Keeps the folder of a site that differs, where `HYLINT_KEEP` is set, and says where it is.
fn keep(dir: tempfile::TempDir, good: bool) -> String {
    if good || std::env::var_os("HYLINT_KEEP").is_none() {
        return String::new();
    }
    format!(", kept in {}", dir.keep().display())
}

fn told(all: &BTreeMap<String, usize>) -> String {
    all.keys()
        .fold(String::new(), |text, line| text + "\n" + line)
}

/// Fails if a form of Windows' rules is read as saying something else than netsh says of the same host.
fn same_findings(site: &str) {
    let (want, rules) = findings(written(site, |_| FORMS[0]).path());
    assert!(rules > 2000, "{rules}");
    for turn in 0..FORMS.len() {
        let dir = written(site, |host| FORMS[(host + turn) % FORMS.len()]);
        let (is, read) = findings(dir.path());
        println!("{site}, turn {turn}: {} findings, {read} rules", is.len());
        let lost: BTreeMap<_, _> = want
            .clone()
            .into_iter()
            .filter(|f| is.get(&f.0) != Some(&f.1))
            .collect();
        let new: BTreeMap<_, _> = is
            .clone()
            .into_iter()
            .filter(|f| want.get(&f.0) != Some(&f.1))
            .collect();
        let same = lost.is_empty() && new.is_empty() && read == rules;
        let kept = keep(dir, same);
        assert!(
            same,
            "{site}, turn {turn}: {read} of {rules} rules{kept}\nonly from netsh:{}\nonly from the forms:{}",
            told(&lost),
            told(&new)
        );
    }
}

#[test]
fn a_compliant_site_is_compliant_in_every_form() {
    same_findings("compliant");
}

#[test]
fn a_faulty_site_has_the_same_faults_in_every_form() {
    same_findings("faulty");
}

/// All hosts of a site in each form: nothing above a note where netsh has nothing.
#[test]
fn a_compliant_site_has_nothing_above_a_note_in_any_one_form() {
    for form in FORMS {
        let dir = written("compliant", |_| form);
        let (is, _) = findings(dir.path());
        let grave: Vec<_> = is.keys().filter(|l| !l.starts_with("note[")).collect();
        let kept = keep(dir, grave.is_empty());
        assert!(grave.is_empty(), "{}{kept}: {grave:?}", form.0);
    }
}

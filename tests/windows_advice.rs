//! What findings advise helps where the rules were exported with PowerShell, too: the sites of `tests/advice` and the faulty
//! example, written as PowerShell prints them, get commands of PowerShell, and applied these remove the finding.
#![allow(unreachable_pub)] // the modules are private to this test
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[path = "common/advice.rs"]
mod advice;
#[path = "windows_site/forms.rs"]
#[allow(dead_code)]
mod forms;
#[path = "windows_site/host.rs"]
#[allow(dead_code)]
mod host;

use hylint::finding::Severity;
use std::fs;
use std::path::{Path, PathBuf};

/// The sites, each with its hosts: the folder or file of the netsh text, and the folder that gets the PowerShell text.
fn sites() -> Vec<(PathBuf, Vec<(PathBuf, String)>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let faulty = root.join("examples/windows-dc/faulty");
    let hosts = ["cb1", "cm1", "cm2", "sh1", "sh2", "sql1"];
    let mut out = vec![(
        faulty.clone(),
        hosts.map(|h| (faulty.join(h), h.to_owned())).to_vec(),
    )];
    for entry in fs::read_dir(root.join("tests/advice")).unwrap() {
        let site = entry.unwrap().path();
        let name = site.file_name().unwrap().to_string_lossy().into_owned();
        // `BlockInboundAlways` and policy that switches local rules off are settings that the forms of this test do not write.
        let other = ["win-always", "win-local-rules-off", "win-unread-address"];
        if name.starts_with("win-") && !other.contains(&name.as_str()) {
            out.push((site.clone(), vec![(site.join("sh1.txt"), "sh1".to_owned())]));
        }
    }
    out.sort();
    out
}

fn written(site: &Path, hosts: &[(PathBuf, String)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut config = fs::read_to_string(site.join("hylint.toml")).unwrap();
    for (from, name) in hosts {
        let host = match from.is_dir() {
            true => host::Host::read(name, from),
            false => host::Host::of_files(name, std::slice::from_ref(from)),
        };
        fs::create_dir(dir.path().join(name)).unwrap();
        fs::write(
            dir.path().join(name).join("rules.json"),
            forms::numbers(&host),
        )
        .unwrap();
        for glob in [
            format!("{name}/*.txt"),
            format!("{name}/firewall.txt"),
            format!("{name}.txt"),
            "*.txt".into(),
        ] {
            config = config.replace(&format!("\"{glob}\""), &format!("\"{name}/*\""));
        }
    }
    fs::write(dir.path().join("hylint.toml"), config).unwrap();
    dir
}

// Fails if an administrator who exported with PowerShell gets no command, one of another tool, or one that does not help.
#[test]
fn commands_of_powershell_remove_the_finding() {
    let (mut applied, mut failed) = (0, Vec::new());
    for (site, hosts) in sites() {
        let dir = written(&site, &hosts);
        let all = advice::findings(dir.path()).unwrap();
        let of_netsh = advice::findings(&site).unwrap();
        let commands = |all: &[hylint::finding::Finding]| {
            all.iter().filter(|f| !f.commands.is_empty()).count()
        };
        let (is, want) = (commands(&all), commands(&of_netsh));
        if is < want {
            failed.push(format!(
                "{}: {is} findings with commands, {want} from netsh",
                site.display()
            ));
        }
        for f in all.iter().filter(|f| f.severity >= Severity::Warning) {
            if let Some(other) = f.commands.iter().find(|c| !c.contains("-NetFirewall")) {
                failed.push(format!("{}: {other}", site.display()));
            }
            match advice::take(dir.path(), &all, f, false) {
                Ok(done) => applied += done.applied,
                Err(e) => failed.push(format!("{}: {}: {e}", site.display(), f.message)),
            }
        }
    }
    println!("{applied} commands applied");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(applied > 20, "only {applied} commands were applied");
}

//! The engine dispatches on what a rule set says of itself, never on who made the firewall.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

/// Words of vendors and of single kinds of firewalls.
const VENDORS: &[&str] = &[
    "PointKind",
    "WindowsFirewall",
    "InboundPolicy",
    "ProfileSettings",
    "RuleOrigin",
    "GroupPolicy",
    "SecurityGroup",
    "NetworkAcl",
    "Nsg",
    "netsh",
    "azure",
    "aws:",
    "svchost",
    ".exe",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|e| e.unwrap().path());
    paths
        .flat_map(|p| if p.is_dir() { sources(&p) } else { vec![p] })
        .collect()
}

// Fails if a question is put to the kind of a point again, or a vendor's name decides one.
#[test]
fn no_code_of_the_engine_names_a_vendor() {
    let all = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(all.len() > 10, "{all:?}");
    for path in all {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = (1..).zip(code.lines());
        for (n, line) in lines.filter(|(_, l)| !l.trim_start().starts_with("//")) {
            for word in VENDORS {
                assert!(!line.contains(word), "{}:{n}: {word}", path.display());
            }
        }
    }
}

//! The evaluators of this test held against `hylint trace`.

use crate::packet::{Packet, Said, Verdict, Way, address, has_ports};
use serde_json::Value;
use std::process::Command;

/// `trace` of an export says the same of each packet.
pub(crate) fn agrees(
    export: &str,
    way: Way,
    packets: &[Packet],
    said: impl Fn(&Packet) -> Option<Said>,
) {
    let folder = tempfile::tempdir().unwrap();
    let (path, table) = (
        folder.path().join("export"),
        folder.path().join("packets.csv"),
    );
    std::fs::write(&path, export).unwrap();
    let mut csv = String::from("src,dst,proto,sport,dport,in_iface,out_iface\n");
    for p in packets {
        let ports = has_ports(p.proto) || matches!(p.proto, 1 | 58);
        let port = |n: u16| if ports { n.to_string() } else { String::new() };
        let (src, dst) = (address(p.v6, p.src), address(p.v6, p.dst));
        csv.push_str(&format!(
            "{src},{dst},{},{},{},{},{}\n",
            p.proto,
            port(p.sport),
            port(p.dport),
            p.in_iface,
            p.out_iface
        ));
    }
    std::fs::write(&table, csv).unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_hylint"));
    run.arg("trace")
        .arg(&path)
        .args(["--direction", way.name(), "--format", "ndjson", "--packets"])
        .arg(&table);
    let done = run.env_clear().output().unwrap();
    let out = String::from_utf8_lossy(&done.stdout);
    let mut lines = out.lines();
    for p in packets {
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&done.stderr)));
        let told: Value = serde_json::from_str(line).unwrap();
        let Some(said) = said(p) else { continue };
        let right = match said.verdict {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
            Verdict::Conditional => "conditional",
        };
        assert_eq!(told["verdict"], right, "{p:?}\n{line}\n{export}");
    }
}

//! Situations that people reported of nftables beside Docker, Podman, Kubernetes, Calico, firewalld, fail2ban and others
//! (`tests/nft/situations`), rebuilt: each file says where it was reported, which packets are asked about and what the Linux
//! kernel does with them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "common/cli.rs"]
mod common;

use common::Hylint;
use std::path::{Path, PathBuf};

/// `# in 203.0.113.9 192.0.2.10 tcp 8123 eth0 docker0: allow`.
struct Ask<'t> {
    direction: &'t str,
    args: String,
    want: &'t str,
}

fn ask(line: &str) -> Option<Ask<'_>> {
    let (packet, want) = line.strip_prefix("# ")?.rsplit_once(": ")?;
    let words: Vec<&str> = packet.split(' ').collect();
    let [
        direction @ ("in" | "forward" | "out"),
        src,
        dst,
        proto,
        port,
        faces @ ..,
    ] = words.as_slice()
    else {
        return None;
    };
    let icmp = proto.contains("icmp");
    let (kind, port) = if icmp { (*port, "0") } else { ("40000", *port) };
    let mut args = format!("--src {src} --dst {dst} --proto {proto} --sport {kind} --dport {port}");
    for (option, face) in ["--in-iface", "--out-iface"].iter().zip(faces) {
        if !face.is_empty() {
            args += &format!(" {option} {face}");
        }
    }
    Some(Ask {
        direction,
        args,
        want,
    })
}

fn situations() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nft/situations");
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    all.sort();
    all
}

/// Catches a verdict that takes an accept for the end, forgets that a translated packet is forwarded, or asks one base chain
/// of several.
#[test]
fn reported_situations_are_judged_as_the_kernel_does() {
    let mut asked = 0;
    for path in situations() {
        let text = std::fs::read_to_string(&path).unwrap();
        for ask in text.lines().filter_map(ask) {
            let args = format!(
                "trace fw.nft --direction {} {} --format ndjson",
                ask.direction, ask.args
            );
            let run = Hylint::new().file("fw.nft", &text).args(&args).run();
            let said: serde_json::Value = serde_json::from_str(&run.out)
                .unwrap_or_else(|e| panic!("{}: {e}: {}", path.display(), run.out));
            assert_eq!(said["verdict"], ask.want, "{}: {args}", path.display());
            asked += 1;
        }
    }
    assert!(asked > 20, "{asked}");
}

/// Catches a verdict that takes the order of the file for that of the kernel, which calls of two chains of one priority the one
/// first that was loaded last; and what it translates, the other one never sees.
#[test]
fn the_order_of_two_nat_chains_of_one_priority_is_open() {
    let chain = |table: &str, priority: &str, rule: &str| {
        format!(
            "table inet {table} {{\n\tchain x {{\n\t\ttype nat hook postrouting priority {priority}; policy accept;\n\t\t{rule}\n\t}}\n}}\n"
        )
    };
    for (second, want) in [
        ("srcnat", "conditional"),
        ("srcnat + 5", "deny"),
        ("90", "allow"),
    ] {
        let text = chain("a", "srcnat", "drop") + &chain("b", second, "masquerade");
        let args = "trace fw.nft --direction out --src 192.0.2.1 --dst 203.0.113.9 --proto udp --dport 32 --format ndjson";
        let run = Hylint::new().file("fw.nft", &text).args(args).run();
        let said: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(said["verdict"], want, "{second}");
    }
}

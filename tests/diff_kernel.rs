//! `hylint diff` of two iptables dumps against the running kernel: each side is loaded, and asked the packets at the edges
//! of what either says. What the kernel lets through on one side alone lies in a box of that kind.
//!
//! `HYLINT_DIFF` sets the number of pairs, `HYLINT_DIFF_SEEDS=3,17` names some.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what it does and fails by panicking, and uses a part of what the oracle of diff has"
)]

#[path = "diff_oracle/ipt_make.rs"]
mod ipt_make;
#[path = "diff_oracle/ipt_text.rs"]
mod ipt_text;
#[path = "diff_oracle/iptables.rs"]
mod iptables;
#[path = "diff_oracle/packet.rs"]
mod packet;
#[path = "diff_oracle/report.rs"]
mod report;

use ipt_text::Style;
use iptables::{Half, Tables};
use packet::{Block, Edges, Packet, Said, Way, address, has_ports};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel/kernel.py");
/// Packets for each direction of a pair.
const PACKETS: usize = 60;

/// A network namespace for one direction and family, which ends with its process.
struct Lab {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    tool: String,
}

impl Lab {
    fn begin(way: Way, v6: bool, backend: &str) -> Self {
        let version = if v6 { "6" } else { "4" };
        let mut run = Command::new("unshare");
        run.args([
            "--net",
            "python3",
            SCRIPT,
            "serve",
            way.name(),
            version,
            backend,
        ]);
        let mut child = run
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        let mut lab = Self {
            child,
            to,
            from,
            tool: String::new(),
        };
        let named: Vec<String> = ["lo", "eth0", "eth1", "wg0", "eth+"]
            .iter()
            .map(|f| format!("*filter\n-A FORWARD -i {f} -j ACCEPT\nCOMMIT\n"))
            .collect();
        lab.tool = text(&lab.call(&json!({ "op": "begin", "named_by": named }))["tool"]);
        lab
    }

    fn call(&mut self, request: &Value) -> Value {
        writeln!(self.to, "{request}").unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("the lab broke off at {request}"));
        assert!(answer["error"].is_null(), "{answer}");
        answer
    }

    /// What the kernel does with each packet of those rules; none if it never came to them.
    fn ask(&mut self, rules: &str, packets: &[Packet]) -> Vec<Option<bool>> {
        self.call(&json!({ "op": "load", "rules": rules }));
        let rows: Vec<_> = packets.iter().map(row).collect();
        let said = self.call(&json!({ "op": "ask", "packets": rows }));
        let one = |v: &Value| match v.as_str() {
            Some("accept") => Some(true),
            Some("drop") => Some(false),
            _ => None,
        };
        said["answers"]
            .as_array()
            .unwrap()
            .iter()
            .map(one)
            .collect()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(v: &Value) -> String {
    v.as_str().unwrap_or_default().to_owned()
}

/// A packet as the lab takes it.
fn row(p: &Packet) -> BTreeMap<&'static str, String> {
    let named = has_ports(p.proto) || matches!(p.proto, 1 | 58);
    let port = |n: u16| if named { n.to_string() } else { String::new() };
    let names = [
        (1, "icmp"),
        (6, "tcp"),
        (17, "udp"),
        (47, "gre"),
        (58, "ipv6-icmp"),
    ];
    let name = names
        .iter()
        .find(|(n, _)| *n == p.proto)
        .map(|(_, name)| (*name).to_owned());
    [
        ("src", address(p.v6, p.src)),
        ("dst", address(p.v6, p.dst)),
        ("proto", name.unwrap_or_else(|| p.proto.to_string())),
        ("sport", port(p.sport)),
        ("dport", port(p.dport)),
        ("in_iface", p.in_iface.clone()),
        ("out_iface", p.out_iface.clone()),
        (
            "flags",
            if p.proto == packet::TCP {
                "SYN".to_owned()
            } else {
                String::new()
            },
        ),
        ("smac", String::new()),
        ("mark", "0".to_owned()),
        ("uid", String::new()),
        ("gid", String::new()),
    ]
    .into()
}

/// A half of a host, without what no packet decides.
fn pair(seed: u64) -> (Half, Half, String) {
    let mut rng = fastrand::Rng::with_seed(seed);
    loop {
        let mut old = ipt_make::tables(&mut rng);
        for c in old
            .halves_mut()
            .flat_map(|h| &mut h.tables)
            .flat_map(|t| &mut t.chains)
        {
            c.rules.retain(|r| r.of.open.is_none());
        }
        if old.halves().count() == 2 {
            if rng.bool() {
                old.v4 = None
            } else {
                old.v6 = None
            }
        }
        let mut new = old.clone();
        let Some(told) = ipt_make::change(&mut rng, &mut new) else {
            continue;
        };
        let all = |t: &Tables| t.halves().next().unwrap().clone();
        let (old, new) = (all(&old), all(&new));
        let open = new
            .tables
            .iter()
            .flat_map(|t| &t.chains)
            .flat_map(|c| &c.rules)
            .any(|r| r.of.open.is_some());
        if !open {
            return (old, new, told);
        }
    }
}

/// Whether a router sends a packet on: it takes what is for its own networks' broadcast, loopback and link for itself.
fn goes_through(p: &Packet) -> bool {
    let own = [
        "127.0.0.0/8",
        "255.255.255.255/32",
        "0.0.0.0/8",
        "224.0.0.0/4",
        "fe80::/10",
        "ff00::/8",
        "::1/128",
    ];
    !own.iter().any(|b| Block::parse(b).contains(p.v6, p.dst))
}

fn seeds() -> Vec<u64> {
    if let Ok(list) = std::env::var("HYLINT_DIFF_SEEDS") {
        return list.split(',').map(|n| n.trim().parse().unwrap()).collect();
    }
    let count = std::env::var("HYLINT_DIFF")
        .ok()
        .and_then(|n| n.parse().ok());
    (0..count.unwrap_or(100)).collect()
}

/// Catches a change that the kernel makes and the boxes do not tell, and one that they tell and it does not make.
#[test]
#[ignore = "needs root, network namespaces, nft and iptables"]
fn boxes_agree_with_the_kernel() {
    let tools = Command::new("python3")
        .args([SCRIPT, "tools"])
        .status()
        .unwrap();
    assert!(
        tools.success(),
        "the comparison could not run here: see above"
    );
    let ways = [Way::In, Way::Out, Way::Forward];
    let labs = [false, true]
        .iter()
        .flat_map(|v6| ways.map(|w| ((*v6, w), Lab::begin(w, *v6, "nft"))));
    let mut labs: BTreeMap<(bool, Way), Lab> = labs.collect();
    let mut told = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut pairs, mut lost) = (0, 0);
    for seed in seeds() {
        let (old, new, what) = pair(seed);
        pairs += 1;
        let v6 = old.v6;
        let style = Style::default();
        let texts = [&old, &new].map(|h| ipt_text::text(h, &style));
        let folder = tempfile::tempdir().unwrap();
        let paths = ["old", "new"].map(|n| folder.path().join(format!("{n}.rules")));
        for (path, text) in paths.iter().zip(&texts) {
            std::fs::write(path, text).unwrap();
        }
        let report = match report::compared(&paths[0], &paths[1]) {
            Ok(report) => report,
            Err(e) => {
                told.push(format!("seed {seed}: {e}"));
                continue;
            }
        };
        let sides = [old, new].map(|h| {
            if v6 {
                Tables {
                    v4: None,
                    v6: Some(h),
                }
            } else {
                Tables {
                    v4: Some(h),
                    v6: None,
                }
            }
        });
        let mut edges = Edges::common();
        sides.iter().for_each(|s| edges.merge(&s.edges()));
        let mut rng = fastrand::Rng::with_seed(seed);
        for way in ways {
            let mut packets = edges.packets(&mut rng, &[way], &[v6], PACKETS);
            // Nothing comes to a lab by its own loopback.
            packets.retain(|p| p.in_iface != "lo" && p.out_iface != "lo");
            packets.retain(|p| way != Way::Forward || goes_through(p));
            let lab = labs.get_mut(&(v6, way)).unwrap();
            let said = [0, 1].map(|n| lab.ask(&texts[n], &packets));
            for (n, p) in packets.iter().enumerate() {
                let (Some(before), Some(behind)) = (said[0][n], said[1][n]) else {
                    lost += 1;
                    continue;
                };
                // Where it is translated to, the kernel is not asked; and what counts as `in` alone.
                let [a, b] = [0, 1].map(|n| sides[n].said(p));
                let (Some(a), Some(b)) = (a, b) else { continue };
                let of = |allow, s: &Said| Said {
                    to: s.to.clone(),
                    moved: s.moved,
                    hidden: s.hidden,
                    ..Said::of(allow)
                };
                let (before, behind) = (of(before, &a), of(behind, &b));
                let key = if before.verdict == behind.verdict {
                    "same"
                } else {
                    "changed"
                };
                *counts.entry(key).or_default() += 1;
                if let Some(wrong) = report.wrong(p, &before, &behind, None) {
                    told.push(format!(
                        "seed {seed}: {wrong}, by the manual {:?} -> {:?} ({what})",
                        a.verdict, b.verdict
                    ));
                }
            }
        }
    }
    println!(
        "{pairs} pairs, {counts:?}, {lost} packets lost, {} faults",
        told.len()
    );
    told.truncate(40);
    assert!(told.is_empty(), "{}", told.join("\n"));
}

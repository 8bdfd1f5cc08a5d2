//! Holds what hylint makes of firewalld's zones to what firewalld makes of them. Each folder of `tests/firewalld` is a
//! configuration that the real firewalld 1.3.3 has loaded (`tests/firewalld/make.py`): what is stored, what firewall-cmd printed
//! and what the kernel then had. The listings, the stored files and the ruleset must give one verdict for each packet.
//!
//! What the kernel itself does with those rulesets needs root and nft, so it is asked on request only:
//! `cargo test --test firewalld_kernel -- --ignored --nocapture`. Then firewalld also loads each configuration again, if it is
//! the version that they were made with. `HYLINT_KERNEL=deep` asks about more packets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what it leaves out and fails by panicking"
)]

#[path = "common/labs.rs"]
mod labs;

use labs::*;
use nft::{Ruleset, Size};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/firewalld");

/// Listings that say less than the configuration, and what they leave out.
const LISTING_LACKS: [(&str, &str); 2] = [
    (
        "10-iptables",
        "FirewallBackend=iptables, by which a direct rule's accept is one",
    ),
    ("11-settings", "IPv6_rpfilter=no and RFC3964_IPv4=no"),
];

/// Packets of each configuration, direction and family.
const PACKETS: usize = 700;

const HEADER: &str = "src,dst,proto,sport,dport,in_iface,out_iface,flags,smac,mark,uid,gid,state";

const SOURCES: [&[&str]; 2] = [
    &[
        "10.1.0.5",
        "10.1.0.6",
        "10.1.5.9",
        "10.1.66.3",
        "10.3.0.1",
        "10.4.0.1",
        "10.5.0.7",
        "10.5.0.8",
        "10.5.1.1",
        "10.6.0.1",
        "10.7.7.3",
        "10.9.9.1",
        "10.9.9.200",
        "10.30.1.1",
        "10.66.1.1",
        "192.0.2.7",
        "198.51.100.9",
        "203.0.113.7",
        "203.0.113.9",
        "8.8.8.8",
    ],
    &[
        "fd00:1::5",
        "fd00:6::1",
        "fd00:9::4",
        "fe80::7",
        "2001:db8::9",
    ],
];
const OWN: [&[&str]; 2] = [
    &["10.20.10.31", "10.20.10.99", "224.0.0.251"],
    &["fd00:2::1", "fe80::1", "ff02::fb", "2002:a00::1"],
];
const BEHIND: [&[&str]; 2] = [
    &[
        "10.20.1.11",
        "10.20.1.12",
        "10.1.0.77",
        "10.30.4.4",
        "192.0.2.200",
    ],
    &["fd00:1::77", "fd00:5::5", "fd00:2::11", "2002:a00::1"],
];
const TCP: [u16; 24] = [
    21, 22, 25, 53, 80, 88, 139, 443, 445, 1433, 2022, 2200, 2222, 3389, 4000, 5432, 5900, 5985,
    8000, 8080, 8081, 8443, 9999, 38870,
];
const UDP: [u16; 13] = [
    53, 67, 123, 137, 161, 500, 546, 4500, 5001, 5353, 9005, 38872, 4005,
];
const SPORTS: [u16; 6] = [40000, 53, 123, 162, 1900, 3702];
const OTHERS: [&str; 6] = ["47", "89", "112", "50", "51", "132"];
const ICMP: [&[(&str, &str)]; 2] = [
    &[("8", ""), ("13", ""), ("0", ""), ("3", "1"), ("17", "")],
    &[
        ("128", ""),
        ("135", ""),
        ("134", ""),
        ("1", "3"),
        ("129", ""),
    ],
];
/// No zone names `eth9`; of "" it is not known which it is.
const INTERFACES: [&str; 7] = ["", "eth0", "eth1", "eth2", "eth3", "eth9", "eth29"];
const CARDS: [&str; 3] = ["", "02:00:00:00:0b:01", "02:00:00:00:0b:02"];

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        // Numerical Recipes, "ranqd1"; its high bits.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// A table of packets of one direction and family.
fn packets(way: &str, family: usize) -> String {
    let mut dice = Dice(way.len() as u64 * 31 + family as u64);
    let mut out = format!("{HEADER}\n");
    for _ in 0..PACKETS {
        let source = match way {
            "out" => OWN[family][0],
            _ => dice.of(SOURCES[family]),
        };
        let destination = match way {
            "in" => dice.of(OWN[family]),
            "forward" => dice.of(BEHIND[family]),
            _ => dice.of(&[SOURCES[family], BEHIND[family]].concat()),
        };
        let sport = SPORTS[dice.below(SPORTS.len())];
        let (proto, sport, dport) = match dice.below(20) {
            0..=10 => (
                "tcp",
                sport.to_string(),
                TCP[dice.below(TCP.len())].to_string(),
            ),
            11..=15 => (
                "udp",
                sport.to_string(),
                UDP[dice.below(UDP.len())].to_string(),
            ),
            16..=18 => {
                let (kind, code) = ICMP[family][dice.below(ICMP[family].len())];
                (["icmp", "icmpv6"][family], kind.to_owned(), code.to_owned())
            }
            _ => (dice.of(&OTHERS), String::new(), String::new()),
        };
        let into = if way == "out" {
            ""
        } else {
            dice.of(&INTERFACES)
        };
        let from = if way == "in" {
            ""
        } else {
            dice.of(&INTERFACES)
        };
        let card = if way == "out" { "" } else { dice.of(&CARDS) };
        let state = dice.of(&[
            "NEW",
            "NEW",
            "NEW",
            "NEW",
            "NEW",
            "NEW",
            "ESTABLISHED",
            "INVALID",
        ]);
        writeln!(
            out,
            "{source},{destination},{proto},{sport},{dport},{into},{from},,{card},,,,{state}"
        )
        .unwrap();
    }
    out
}

fn configurations() -> Vec<PathBuf> {
    let entries = fs::read_dir(ROOT).unwrap().map(|e| e.unwrap().path());
    let mut all: Vec<PathBuf> = entries.filter(|p| p.is_dir()).collect();
    all.sort();
    assert!(
        all.len() >= 10,
        "only {} configurations are there",
        all.len()
    );
    all
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The verdicts of an export for a table of packets.
fn verdicts(export: &Path, way: &str, table: &Path) -> Vec<(String, String)> {
    let run = Command::new(HYLINT)
        .args([
            "trace",
            "--format",
            "ndjson",
            "--direction",
            way,
            "--packets",
        ])
        .args([table, export])
        .output()
        .unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    let each = text.lines().map(|l| {
        let value: serde_json::Value = serde_json::from_str(l).unwrap();
        (value["verdict"].as_str().unwrap().to_owned(), l.to_owned())
    });
    let all: Vec<_> = each.collect();
    assert_eq!(
        all.len(),
        PACKETS,
        "{}: {}",
        export.display(),
        String::from_utf8_lossy(&run.stderr)
    );
    all
}

/// Everything that firewall-cmd prints of a configuration, as one file.
fn listing(folder: &Path, to: &Path) -> PathBuf {
    let files = [
        "default.txt",
        "zones.txt",
        "policies.txt",
        "direct.txt",
        "ipsets.txt",
        "services.txt",
    ];
    let texts = files
        .iter()
        .filter_map(|f| fs::read_to_string(folder.join(f)).ok());
    let path = to.join("listing.txt");
    fs::write(&path, texts.collect::<Vec<_>>().join("\n")).unwrap();
    path
}

/// A stored zone, with which the other files of the configuration are read.
fn stored(folder: &Path) -> PathBuf {
    let entries = fs::read_dir(folder.join("etc/firewalld/zones")).unwrap();
    let mut all: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    all.sort();
    all[0].clone()
}

/// What the kernel has: where firewalld writes by iptables, the save file of the family.
fn loaded(folder: &Path, family: usize) -> PathBuf {
    match name(folder).as_str() {
        "10-iptables" => folder.join(["ruleset.v4.save", "ruleset.v6.save"][family]),
        _ => folder.join("ruleset.nft"),
    }
}

// Fails if a zone, policy, service, set or direct rule means something else to hylint than firewalld makes of it.
#[test]
fn zones_and_rulesets_give_one_verdict() {
    let work = tempfile::tempdir().unwrap();
    let (mut asked, mut wrong) = (0, Vec::new());
    for folder in configurations() {
        let lacks = LISTING_LACKS.iter().find(|(n, _)| *n == name(&folder));
        let listing = listing(&folder, work.path());
        let views = [("listing", listing), ("files", stored(&folder))];
        for way in ["in", "forward", "out"] {
            for family in 0..2 {
                let table = work.path().join("packets.csv");
                fs::write(&table, packets(way, family)).unwrap();
                let kernel = verdicts(&loaded(&folder, family), way, &table);
                for (view, path) in &views {
                    if *view == "listing" && lacks.is_some() {
                        continue;
                    }
                    let own = verdicts(path, way, &table);
                    asked += own.len();
                    // A packet by an unknown interface may be of another zone. The kernel has one that no rule names.
                    let unknown = |(verdict, text): &(String, String)| {
                        let any = ["in_iface", "out_iface"].map(|i| format!("\"{i}\":\"\""));
                        let open = any.iter().any(|i| text.contains(i));
                        open && verdict == "conditional"
                            && text.contains("an interface of another zone")
                    };
                    let pairs = kernel.iter().zip(&own);
                    let differ = pairs.filter(|(a, b)| a.0 != b.0 && !unknown(b));
                    let all: Vec<_> = differ.collect();
                    if let Some((theirs, ours)) = all.first() {
                        let folder = name(&folder);
                        wrong.push(format!(
                            "{folder} {way} {view}: {} packets, the first\n  ruleset {}\n  {view} {}",
                            all.len(),
                            theirs.1,
                            ours.1
                        ));
                    }
                }
            }
        }
        if let Some((_, what)) = lacks {
            println!("{}: the listing lacks {what}", name(&folder));
        }
    }
    println!("{asked} verdicts");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// Fails if a line of a listing or an element of a file is in no rule and no problem names it.
#[test]
fn every_rule_is_read() {
    for folder in configurations() {
        let work = tempfile::tempdir().unwrap();
        for path in [listing(&folder, work.path()), stored(&folder)] {
            let run = Command::new(HYLINT)
                .args(["inspect", "--format", "json"])
                .arg(&path)
                .output()
                .unwrap();
            let value: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
            assert_eq!(value["format"], "firewalld", "{}", path.display());
            assert_eq!(
                value["unmodelled"].as_array().unwrap().len(),
                0,
                "{}: {}",
                path.display(),
                value["unmodelled"]
            );
            let point = &value["points"][0];
            let rules = ["ingress", "egress", "transit"]
                .map(|l| point[l]["rules"].as_array().unwrap().len());
            assert!(rules.iter().sum::<usize>() > 0, "{}", path.display());
        }
    }
}

fn rulesets() -> Vec<Ruleset> {
    let of = |folder: &PathBuf| {
        let save = |v: u8| fs::read_to_string(folder.join(format!("ruleset.v{v}.save"))).ok();
        Ruleset {
            name: format!("firewalld-{}", name(folder)),
            text: fs::read_to_string(folder.join("ruleset.nft")).unwrap(),
            saves: [4, 6]
                .into_iter()
                .filter_map(|v| Some((v, save(v)?)))
                .collect(),
        }
    };
    configurations().iter().map(of).collect()
}

#[test]
#[ignore = "needs root, network namespaces, nft and firewalld"]
fn the_rulesets_of_firewalld_agree_with_the_kernel() {
    let made = Command::new("python3")
        .args([&*format!("{ROOT}/make.py"), "--check"])
        .status();
    assert!(
        made.is_ok_and(|s| s.success()),
        "firewalld writes something else than is saved, or cannot be run: see above"
    );
    let deep = is_deep();
    let folder = tempfile::tempdir().unwrap();
    let real = rulesets();
    let size = Size {
        packets: if deep { 120 } else { 40 },
    };
    let tally = in_labs(|lab, tally| nft::run(lab, size, &[], &real, folder.path(), tally));
    assert!(
        tally.print(),
        "hylint and the kernel disagree: see the lines with DIFFERENT or LEFT OPEN"
    );
}

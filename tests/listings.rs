//! Listings of iptables get the verdicts of the save files of the same rules.
//!
//! The pairs of `parsers/tests/data/listing`, made by the real tools, are tried in every run. Every dump of iptables of a corpus
//! (`HYLINT_CORPUS`, else `../shared/corpus`) is loaded and listed by the real tool on request, as that needs root:
//! `cargo test --test listings -- --ignored --nocapture`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::needless_range_loop,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it leaves out and fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const HYLINT: &str = env!("CARGO_BIN_EXE_hylint");
/// Packets of each direction.
const PACKETS: usize = 400;

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides.max(1)
    }

    fn pick<'a>(&mut self, from: &'a [String]) -> &'a str {
        from.get(self.roll(from.len())).map_or("", String::as_str)
    }
}

/// What the rules of a save file name.
fn named(save: &str, v6: bool) -> [Vec<String>; 3] {
    let mut all = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    let [addresses, ports, interfaces] = &mut all;
    let mut before = "";
    for word in save.split_whitespace() {
        let host = word.split(['/', '-', ',']).next().unwrap_or("");
        match before {
            "-s" | "-d" | "--src-range" | "--dst-range"
                if host
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|a| a.is_ipv6() == v6) =>
            {
                addresses.insert(host.to_owned());
            }
            "--dport" | "--sport" | "--dports" | "--sports" | "--ports" => {
                let each = word.split([',', ':']).filter(|p| p.parse::<u16>().is_ok());
                ports.extend(each.map(str::to_owned));
            }
            "-i" | "-o" => {
                interfaces.insert(word.replace('+', "0"));
            }
            _ => {}
        }
        before = word;
    }
    let extra = if v6 {
        ["2001:db8::77", "fd00::9"]
    } else {
        ["198.51.100.77", "10.0.0.9"]
    };
    addresses.extend(extra.map(str::to_owned));
    ports.extend(["22", "443", "50000"].map(str::to_owned));
    interfaces.extend(["eth0", ""].map(str::to_owned));
    all.map(|set| set.into_iter().collect())
}

/// Packets as `trace` takes them.
fn packets(save: &str, v6: bool, direction: &str) -> String {
    let [addresses, ports, interfaces] = named(save, v6);
    let mut dice = Dice(7);
    let mut out = String::from(
        "src,dst,proto,sport,dport,in_iface,out_iface,flags,smac,mark,uid,gid,state\n",
    );
    let icmp = if v6 { "icmpv6" } else { "icmp" };
    for _ in 0..PACKETS {
        let proto = ["tcp", "tcp", "udp", icmp, "47"].map(str::to_owned);
        let proto = dice.pick(&proto);
        let (sport, dport) = match proto {
            "tcp" | "udp" => (dice.pick(&ports), dice.pick(&ports)),
            p if p == icmp && dice.roll(2) == 0 => (if v6 { "128" } else { "8" }, "0"),
            p if p == icmp => (if v6 { "1" } else { "3" }, "4"),
            _ => ("", ""),
        };
        let iface = |wanted: bool, dice: &mut Dice| match wanted {
            true => dice.pick(&interfaces).to_owned(),
            false => String::new(),
        };
        let input = iface(direction != "out", &mut dice);
        let output = iface(direction != "in", &mut dice);
        let (src, dst) = (dice.pick(&addresses).to_owned(), dice.pick(&addresses));
        let states = ["NEW", "NEW", "ESTABLISHED", "INVALID"].map(str::to_owned);
        let state = dice.pick(&states);
        let flags = match (proto, state) {
            ("tcp", "NEW") => "SYN",
            ("tcp", _) => "ACK",
            _ => "",
        };
        out.push_str(&format!(
            "{src},{dst},{proto},{sport},{dport},{input},{output},{flags},,,,,{state}\n"
        ));
    }
    out
}

/// The verdicts of an export on the packets, with the first condition of each.
fn verdicts(export: &Path, packets: &Path, direction: &str) -> Vec<(String, String)> {
    let run = Command::new(HYLINT)
        .args([
            "trace",
            "--direction",
            direction,
            "--format",
            "ndjson",
            "--packets",
        ])
        .args([packets, export])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let of = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let first = value["conditions"].get(0).map(ToString::to_string);
        let verdict = value["verdict"].as_str().unwrap().to_owned();
        (verdict, first.unwrap_or_default())
    };
    assert!(
        !text.is_empty(),
        "{}: {}",
        export.display(),
        String::from_utf8_lossy(&run.stderr)
    );
    text.lines().map(of).collect()
}

/// How often the two agree, and why a listing leaves more open.
#[derive(Default)]
struct Tally {
    packets: usize,
    agree: usize,
    opened: usize,
    reasons: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

fn compare(save: &Path, listing: &Path, v6: bool, tally: &mut Tally) {
    let text = String::from_utf8_lossy(&std::fs::read(save).unwrap()).into_owned();
    let dir = tempfile::tempdir().unwrap();
    for direction in ["in", "out", "forward"] {
        let table = packets(&text, v6, direction);
        let file = dir.path().join("packets.csv");
        std::fs::write(&file, &table).unwrap();
        let saved = verdicts(save, &file, direction);
        let listed = verdicts(listing, &file, direction);
        assert_eq!(saved.len(), listed.len());
        for (((a, own), (b, why)), line) in saved.iter().zip(&listed).zip(table.lines().skip(1)) {
            tally.packets += 1;
            // A save file without the table leaves open what it does; the tool lists it.
            let unsaved = a == "conditional" && !text.contains("*filter");
            if a == b || unsaved {
                tally.agree += 1;
            } else if b == "conditional" {
                tally.opened += 1;
                let short: String = why
                    .chars()
                    .filter(|c| !c.is_ascii_digit())
                    .take(70)
                    .collect();
                *tally.reasons.entry(short).or_default() += 1;
            } else {
                let path = listing.display();
                tally.wrong.push(format!(
                    "{path}: {direction} {line}: saved {a} {own}, listed {b}"
                ));
            }
        }
    }
}

fn told(tally: &Tally) {
    println!(
        "{} packets: {} the same, {} conditional in the listing alone, {} wrong",
        tally.packets,
        tally.agree,
        tally.opened,
        tally.wrong.len()
    );
    for (reason, n) in &tally.reasons {
        println!("  {n} for {reason}");
    }
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

// Fails if a listing allows what the save file of the same rules denies, or the other way round.
#[test]
fn listings_get_the_verdicts_of_save_files() {
    let folder = root().join("parsers/tests/data/listing");
    let mut tally = Tally::default();
    for backend in ["nft", "legacy"] {
        for (family, v6) in [("v4", false), ("v6", true)] {
            let save = folder.join(format!("{backend}-{family}.save"));
            compare(&save, &save.with_extension("nvL"), v6, &mut tally);
        }
    }
    told(&tally);
    assert!(
        tally.agree * 10 >= tally.packets * 9,
        "most of it stays open"
    );
}

/// Loads a dump in a namespace of its own, and writes what the tool saves and lists; why not, if it does not load.
fn loaded(dump: &Path, tool: &str, to: &Path) -> Result<(PathBuf, PathBuf), String> {
    let (save, listing) = (to.join("rules.save"), to.join("listing.txt"));
    let script = format!(
        "grep -oE -- '--(match|add|del)-set [^ ]+ [^ ]+' \"$1\" | sort -u | while read -r _ name sides; do \
           case $sides in *,*,*) t=hash:ip,port,ip;; *,*) t=hash:ip,port;; *) t=hash:ip;; esac; \
           ipset create \"$name\" $t timeout 0 2>/dev/null; done; \
         {tool}-restore <\"$1\" || exit 1; {tool}-save >\"$2\"; \
         for t in raw mangle nat filter security; do echo \"# $4 -t $t -nvL\"; {tool} -t $t -nvL 2>/dev/null; done | tr -d '\\000' >\"$3\""
    );
    let family = if tool.starts_with("ip6") {
        "ip6tables"
    } else {
        "iptables"
    };
    let run = Command::new("unshare")
        .args(["-n", "sh", "-c", &script, "sh"])
        .args([dump, &save, &listing])
        .arg(family)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| e.to_string())?;
    match run.status.success() {
        true => Ok((save, listing)),
        false => {
            let said = String::from_utf8_lossy(&run.stderr).into_owned();
            Err(said.lines().next().unwrap_or("no reason given").to_owned())
        }
    }
}

// Fails if a listing of real rules, made by the real tool, says other than their save file.
#[test]
#[ignore = "needs root, iptables and network namespaces"]
fn listings_of_the_corpus_get_the_verdicts_of_its_dumps() {
    let corpus = std::env::var_os("HYLINT_CORPUS")
        .map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    let Ok(folder) = std::fs::read_dir(corpus.join("iptables")) else {
        println!("skipped: no folder {}", corpus.join("iptables").display());
        return;
    };
    let mut dumps: Vec<PathBuf> = folder.map(|e| e.unwrap().path()).collect();
    dumps.sort();
    let (mut tally, mut tried, mut refused) = (Tally::default(), 0, 0);
    for dump in dumps {
        let name = dump.file_name().unwrap().to_string_lossy().into_owned();
        let v6 = name.contains("v6");
        let tool = if v6 {
            "ip6tables-legacy"
        } else {
            "iptables-legacy"
        };
        let to = tempfile::tempdir().unwrap();
        match loaded(&dump, tool, to.path()) {
            Ok((save, listing)) => {
                tried += 1;
                let before = (tally.packets, tally.opened, tally.wrong.len());
                compare(&save, &listing, v6, &mut tally);
                println!(
                    "{name}: {} packets, {} conditional, {} wrong",
                    tally.packets - before.0,
                    tally.opened - before.1,
                    tally.wrong.len() - before.2
                );
            }
            Err(why) => {
                refused += 1;
                println!("{name}: not loaded here: {why}");
            }
        }
    }
    println!("{tried} dumps loaded, {refused} not");
    told(&tally);
    assert!(tried > 0, "no dump could be loaded");
}

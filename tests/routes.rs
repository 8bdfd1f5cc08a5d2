//! Which interface leads to an address, as the listings of a host say it, against what the kernel answers.
//!
//! `kernel` asks the running kernel about random tables in a network namespace (`cargo test --test routes -- --ignored`, as root;
//! `HYLINT_ROUTES` sets the number of tables, `HYLINT_ROUTES_KEEP=FOLDER` writes them). `saved` holds some of these.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use hylint::site::Routing;
use hylint_model::{Companion, Export};
use hylint_parsers::format;
use hylint_parsers::source::Source;
use hylint_space::AddrSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What listings say of where packets go that this host sends from these addresses.
fn faces(listings: &Export, own: &AddrSet) -> Vec<(String, AddrSet)> {
    let mut routing = Routing {
        own: own.clone(),
        ..Routing::default()
    };
    for c in &listings.companions {
        match c {
            Companion::Routes(r) => routing.routes.push(r),
            Companion::RoutingRules(r) => routing.rules.push(r),
            Companion::HostInterfaces(l) => routing.interfaces.extend(&l.interfaces),
            _ => {}
        }
    }
    routing.faces().known
}

fn read(text: &str) -> Export {
    let export = format::read(&Source::new("facts.txt", text, "UTF-8")).unwrap();
    assert_eq!(export.format, "iproute2");
    let wrong: Vec<_> = export.problems.iter().map(|p| &p.message).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{text}");
    export
}

/// Compares answers of the kernel, `address source mark interface` a line with `-` for none, and returns how many of those
/// with an interface the listings tell.
fn compare(listings: &str, answers: &str) -> (usize, usize) {
    let export = read(listings);
    let (mut told, mut all) = (0, 0);
    for line in answers.lines() {
        let mut words = line.split('\t');
        let (to, from, mark, interface) = (
            words.next().unwrap(),
            words.next().unwrap(),
            words.next().unwrap(),
            words.next().unwrap(),
        );
        let own = AddrSet::parse(from).unwrap_or_default();
        let to: IpAddr = to.parse().unwrap();
        let faces = faces(&export, &own);
        let said = faces
            .iter()
            .find(|(_, a)| a.contains(to))
            .map(|(n, _)| n.as_str());
        if let Some(said) = said {
            assert_eq!(
                said, interface,
                "{to} from {from} with mark {mark}\n{listings}"
            );
        }
        all += usize::from(interface != "-");
        told += usize::from(said.is_some());
    }
    (told, all)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/routes")
}

#[test]
fn saved() {
    let (mut told, mut all, mut tables) = (0, 0, 0);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    for listing in files
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "txt"))
    {
        let answers = std::fs::read_to_string(listing.with_extension("tsv")).unwrap();
        let listing = std::fs::read_to_string(listing).unwrap();
        let (t, a) = compare(&listing, &answers);
        told += t;
        all += a;
        tables += 1;
    }
    assert!(tables >= 8, "{tables} tables");
    // Marks, several next hops and links without a carrier leave some open.
    assert!(told * 2 > all, "{told} of {all} are told");
}

/// The next of a sequence of pseudo-random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

const LINKS: u64 = 4;

/// Commands of `ip -batch` that make random tables of IPv4 and IPv6.
fn tables(seed: u64) -> String {
    let mut r = Random(seed);
    let mut out = String::from("link set lo up\n");
    for n in 0..LINKS {
        let _ = writeln!(
            out,
            "link add d{n} type veth peer name p{n}\nlink set d{n} up\nlink set p{n} up"
        );
        let _ = writeln!(
            out,
            "addr add 10.{n}.0.1/24 dev d{n}\naddr add fd00:{n}::1/64 dev d{n} nodad"
        );
    }
    for _ in 0..12 + r.below(12) {
        let six = r.below(3) == 0;
        let (to, prefix) = match six {
            true => {
                let length = [0, 16, 32, 48, 64, 128][usize::try_from(r.below(6)).unwrap()];
                (format!("fd00:{}:{}::", r.below(6), r.below(3)), length)
            }
            false => {
                let length = [0, 8, 12, 16, 20, 24, 32][usize::try_from(r.below(7)).unwrap()];
                (format!("10.{}.{}.0", r.below(6), r.below(3)), length)
            }
        };
        let Some(net) = AddrSet::parse(&format!("{to}/{prefix}")) else {
            continue;
        };
        let (base, length) = net.prefixes()[0];
        let table = ["main", "main", "100", "200"][usize::try_from(r.below(4)).unwrap()];
        let metric = r.below(3) * 100 + 1;
        let what = match r.below(12) {
            0 => format!("unreachable {base}/{length}"),
            1 => format!("blackhole {base}/{length}"),
            2 => format!("throw {base}/{length}"),
            3 => {
                let hops: String = (0..2)
                    .map(|_| format!(" nexthop dev d{} weight 1", r.below(LINKS)))
                    .collect();
                format!("{base}/{length} table {table} metric {metric}{hops}")
            }
            _ => format!("{base}/{length} dev d{}", r.below(LINKS)),
        };
        let rest = if what.contains("nexthop") {
            String::new()
        } else {
            format!(" table {table} metric {metric}")
        };
        let _ = writeln!(out, "route append {what}{rest}");
    }
    for _ in 0..r.below(5) {
        let six = r.below(3) == 0;
        let table = ["main", "100", "200", "300"][usize::try_from(r.below(4)).unwrap()];
        let n = r.below(LINKS + 2);
        let what = match (r.below(5), six) {
            (0, false) => format!("from 10.{n}.0.0/16"),
            (0, true) => format!("from fd00:{n}::/32"),
            (1, false) => format!("to 10.{n}.0.0/16"),
            (1, true) => format!("to fd00:{n}::/32"),
            (2, _) => "fwmark 0x1".to_owned(),
            (3, _) => "not fwmark 0x1".to_owned(),
            _ => String::new(),
        };
        let suppress = if r.below(3) == 0 {
            " suppress_prefixlength 0"
        } else {
            ""
        };
        let family = if six { "-6 " } else { "" };
        let _ = writeln!(
            out,
            "{family}rule add {what} lookup {table} priority {}{suppress}",
            100 + r.below(1000)
        );
    }
    out
}

struct Namespace(String);

impl Namespace {
    fn new(seed: u64) -> Self {
        let name = format!("hylint-routes-{}-{seed}", std::process::id());
        assert!(
            Command::new("ip")
                .args(["netns", "add", &name])
                .status()
                .unwrap()
                .success()
        );
        Self(name)
    }

    fn ip(&self, words: &[&str]) -> String {
        let out = Command::new("ip")
            .args(["-n", &self.0])
            .args(words)
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

/// The listings of one set of tables and the answers of the kernel.
fn asked(seed: u64) -> (String, String) {
    let ns = Namespace::new(seed);
    let batch = std::env::temp_dir().join(format!("hylint-routes-{}-{seed}", std::process::id()));
    std::fs::write(&batch, tables(seed)).unwrap();
    // Some routes are refused: one of the kind is there.
    let path = batch.to_str().unwrap().to_owned();
    let _ = Command::new("ip")
        .args(["-n", &ns.0, "-force", "-batch", &path])
        .output()
        .unwrap();
    let _ = std::fs::remove_file(&batch);
    let mut r = Random(seed ^ 0xabcd);
    let json = seed.is_multiple_of(2);
    let commands: [&[&str]; 4] = match json {
        true => [
            &["-j", "route", "show", "table", "all"],
            &["-j", "-6", "route", "show", "table", "all"],
            &["-j", "rule"],
            &["-j", "-6", "rule"],
        ],
        false => [
            &["-4", "route", "show", "table", "all"],
            &["-6", "route", "show", "table", "all"],
            &["rule"],
            &["-6", "rule"],
        ],
    };
    let mut listings = String::new();
    for words in commands {
        let _ = writeln!(
            listings,
            "# ip {}\n{}",
            words.join(" "),
            ns.ip(words).trim_end()
        );
    }
    let mut answers = String::new();
    for _ in 0..150 {
        let six = r.below(3) == 0;
        let n = r.below(LINKS);
        let (to, own) = match six {
            true => (
                format!("fd00:{}:{}::{:x}", r.below(7), r.below(4), r.below(3) + 5),
                format!("fd00:{n}::1"),
            ),
            false => (
                format!("10.{}.{}.{}", r.below(7), r.below(4), r.below(200) + 5),
                format!("10.{n}.0.1"),
            ),
        };
        let mark = r.below(3);
        let mark = mark.to_string();
        let mut words = vec!["route", "get", &to, "from", &own];
        if mark != "0" {
            words.extend(["mark", &mark]);
        }
        let got = ns.ip(&words);
        let first = got.lines().next().unwrap_or("");
        let refused = ["unreachable", "blackhole", "prohibit", "local", "broadcast"]
            .iter()
            .any(|k| first.starts_with(k));
        let mut rest = first.split_ascii_whitespace().skip_while(|w| *w != "dev");
        let interface = rest.nth(1).filter(|_| !refused).unwrap_or("-");
        let _ = writeln!(answers, "{to}\t{own}\t{mark}\t{interface}");
    }
    (listings, answers)
}

#[test]
#[ignore = "needs root, and makes network namespaces"]
fn kernel() {
    let number = std::env::var("HYLINT_ROUTES")
        .ok()
        .and_then(|n| n.parse().ok());
    let keep = std::env::var_os("HYLINT_ROUTES_KEEP").map(PathBuf::from);
    let (mut told, mut all) = (0, 0);
    for seed in 1..=number.unwrap_or(100) {
        let (listings, answers) = asked(seed);
        if let Some(keep) = &keep {
            std::fs::write(keep.join(format!("{seed:02}.txt")), &listings).unwrap();
            std::fs::write(keep.join(format!("{seed:02}.tsv")), &answers).unwrap();
        }
        let (t, a) = compare(&listings, &answers);
        told += t;
        all += a;
    }
    println!("{told} of {all} answers are told by the listings");
    assert!(told * 2 > all, "{told} of {all}");
}

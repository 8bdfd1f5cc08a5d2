//! Flows through a `[[via]]` against an evaluator that shares nothing with hylint: on random sites each end of each flow is judged
//! by hand, by what it sees. `HYLINT_VIAS=2000` sets the number of sites, `HYLINT_VIAS_SEEDS=3,17` names some.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_range_loop,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use hylint::finding::outcome::{Outcome, Status};
use hylint::session::{Request, check};
use std::fmt::Write;

/// Roles that send, each with its host, its address and its row to the databases.
const SENDERS: [(&str, &str, &str, u32); 2] = [
    ("controller-management", "cm1", "10.20.1.11", 8),
    ("controller-broker", "cb1", "10.20.1.21", 9),
];
const SERVERS: [(&str, &str); 3] = [
    ("sql1", "10.20.5.21"),
    ("sql2", "10.20.5.22"),
    ("sql3", "10.20.5.23"),
];
const FRONT: &str = "10.20.5.10";
const SNAT: &str = "10.20.5.11";
const PORT: u16 = 1433;
const BEHIND: u16 = 14330;

/// A rule of a chain: accept or drop what matches.
#[derive(Clone, Debug)]
struct Rule {
    src: Option<&'static str>,
    dst: Option<&'static str>,
    port: Option<u16>,
    accept: bool,
}

/// The rules for what comes in or goes out, before a policy that drops.
type Chain = Vec<Rule>;

#[derive(Clone, Debug, Default)]
struct Host {
    ins: Chain,
    outs: Chain,
}

#[derive(Clone, Debug)]
struct Site {
    senders: [Host; 2],
    servers: [Host; 3],
    /// Servers behind the via.
    behind: [bool; 3],
    snat: bool,
    mapped: bool,
    /// Senders that go through it; none: all.
    only: Option<usize>,
    direct: bool,
    /// The servers behind it have the front among their addresses.
    carried: bool,
}

fn chain(rng: &mut fastrand::Rng, good: &[(&'static str, &'static str, u16)]) -> Chain {
    let mut rules = Chain::new();
    for (src, dst, port) in good {
        if rng.u8(..) < 235 {
            rules.push(Rule {
                src: (rng.u8(..) < 200).then_some(*src),
                dst: (rng.u8(..) < 128).then_some(*dst),
                port: (rng.u8(..) < 200).then_some(*port),
                accept: true,
            });
        }
    }
    let all: Vec<&'static str> = SENDERS
        .iter()
        .map(|s| s.2)
        .chain(SERVERS.iter().map(|s| s.1))
        .chain([FRONT, SNAT])
        .collect();
    for _ in 0..rng.usize(0..3) {
        let some = |rng: &mut fastrand::Rng| rng.bool().then(|| all[rng.usize(..all.len())]);
        let rule = Rule {
            src: some(rng),
            dst: some(rng),
            port: [Some(PORT), Some(BEHIND), None][rng.usize(..3)],
            accept: rng.u8(..) < 150,
        };
        rules.insert(rng.usize(..=rules.len()), rule);
    }
    rules
}

impl Site {
    fn random(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut behind = [rng.bool(), rng.bool(), rng.bool()];
        behind[rng.usize(..3)] = true;
        let mut site = Self {
            senders: Default::default(),
            servers: Default::default(),
            behind,
            snat: rng.bool(),
            mapped: rng.bool(),
            only: rng.bool().then(|| rng.usize(..2)),
            direct: rng.u8(..) < 64,
            carried: rng.u8(..) < 64,
        };
        // Mostly what is needed, so that many sites pass.
        for n in 0..2 {
            let flows = site.sent(n);
            let good: Vec<_> = flows.iter().map(|(d, p)| (SENDERS[n].2, *d, *p)).collect();
            site.senders[n].outs = chain(&mut rng, &good);
        }
        for n in 0..3 {
            let good = site.received(n);
            let good: Vec<_> = good.into_iter().map(|(_, flow)| flow).collect();
            site.servers[n].ins = chain(&mut rng, &good);
        }
        site
    }

    fn goes_through(&self, sender: usize) -> bool {
        self.only.is_none_or(|o| o == sender)
    }

    fn addresses(&self, server: usize) -> Vec<&'static str> {
        let mut all = vec![SERVERS[server].1];
        if self.carried && self.behind[server] {
            all.push(FRONT);
        }
        all
    }

    /// Where a sender sends to: addresses and ports.
    fn sent(&self, sender: usize) -> Vec<(&'static str, u16)> {
        let mut out = Vec::new();
        if self.goes_through(sender) {
            out.push((FRONT, PORT));
        }
        for n in 0..3 {
            if !self.goes_through(sender) || self.direct || !self.behind[n] {
                out.extend(self.addresses(n).into_iter().map(|a| (a, PORT)));
            }
        }
        out
    }

    /// What a server gets, by sender: source, destination, port.
    fn received(&self, server: usize) -> Vec<(usize, (&'static str, &'static str, u16))> {
        let mut out = Vec::new();
        for (n, sender) in SENDERS.iter().enumerate() {
            let through = self.goes_through(n) && self.behind[server];
            if through {
                let src = if self.snat { SNAT } else { sender.2 };
                let port = if self.mapped { BEHIND } else { PORT };
                let dst = if self.carried {
                    FRONT
                } else {
                    SERVERS[server].1
                };
                out.push((n, (src, dst, port)));
            }
            if !through || self.direct {
                let own = self.addresses(server).into_iter();
                out.extend(own.map(|dst| (n, (sender.2, dst, PORT))));
            }
        }
        out
    }

    /// Whether everything that a row needs passes.
    fn passes(&self, sender: usize) -> bool {
        let out = self.sent(sender).into_iter();
        let mut out = out
            .map(|(dst, port)| accepts(&self.senders[sender].outs, SENDERS[sender].2, dst, port));
        let ins = (0..3).flat_map(|n| self.received(n).into_iter().map(move |f| (n, f)));
        let mut ins = ins
            .filter(|(_, (of, _))| *of == sender)
            .map(|(n, (_, (src, dst, port)))| accepts(&self.servers[n].ins, src, dst, port));
        out.all(|ok| ok) && ins.all(|ok| ok)
    }

    fn toml(&self) -> String {
        let mut t = String::from(
            "[deployment]\naccess = \"direct\"\n[roles]\nsession-host = []\nactive-directory = []\nworkspace-client = []\n",
        );
        for (role, name, address, _) in SENDERS {
            let _ = write!(
                t,
                "[[host]]\nname = \"{name}\"\naddresses = [\"{address}\"]\nroles = [\"{role}\"]\nexports = [\"{name}.rules\"]\n"
            );
        }
        for (n, (name, _)) in SERVERS.iter().enumerate() {
            let addresses = self.addresses(n);
            let _ = write!(
                t,
                "[[host]]\nname = \"{name}\"\naddresses = {addresses:?}\nroles = [\"sql-server\"]\nexports = [\"{name}.rules\"]\n"
            );
        }
        let behind = SERVERS.iter().zip(self.behind).filter(|(_, b)| *b);
        let behind: Vec<&str> = behind.map(|(s, _)| s.0).collect();
        let _ = write!(
            t,
            "[[via]]\nname = \"vip\"\nfront = [\"{FRONT}\"]\nhosts = {behind:?}\ndirect = {}\n",
            self.direct
        );
        if self.snat {
            let _ = writeln!(t, "sources = [\"{SNAT}\"]");
        }
        if self.mapped {
            let _ = writeln!(t, "ports = {{ \"{PORT}\" = \"{BEHIND}\" }}");
        }
        if let Some(o) = self.only {
            let _ = writeln!(t, "for = [\"{}\"]", SENDERS[o].0);
        }
        t
    }

    fn files(&self) -> Vec<(String, String)> {
        let senders = SENDERS.iter().zip(&self.senders).map(|(s, h)| (s.1, h));
        let servers = SERVERS.iter().zip(&self.servers).map(|(s, h)| (s.0, h));
        let hosts = senders.chain(servers);
        let mut out: Vec<(String, String)> = hosts
            .map(|(name, h)| (format!("{name}.rules"), dump(h)))
            .collect();
        out.push(("hylint.toml".into(), self.toml()));
        out
    }
}

fn accepts(chain: &Chain, src: &str, dst: &str, port: u16) -> bool {
    let fits = |r: &&Rule| {
        r.src.is_none_or(|s| s == src)
            && r.dst.is_none_or(|d| d == dst)
            && r.port.is_none_or(|p| p == port)
    };
    chain.iter().find(fits).is_some_and(|r| r.accept)
}

fn dump(h: &Host) -> String {
    let mut t =
        String::from("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n");
    for chain in ["INPUT", "OUTPUT"] {
        let _ = writeln!(
            t,
            "-A {chain} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
        );
    }
    for (chain, rules) in [("INPUT", &h.ins), ("OUTPUT", &h.outs)] {
        for r in rules {
            let _ = write!(t, "-A {chain}");
            if let Some(s) = r.src {
                let _ = write!(t, " -s {s}/32");
            }
            if let Some(d) = r.dst {
                let _ = write!(t, " -d {d}/32");
            }
            if let Some(p) = r.port {
                let _ = write!(t, " -p tcp -m tcp --dport {p}");
            }
            let _ = writeln!(t, " -j {}", if r.accept { "ACCEPT" } else { "DROP" });
        }
    }
    t + "COMMIT\n"
}

fn run(site: &Site) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in site.files() {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    check(&Request::new([dir.path()])).unwrap()
}

fn status(o: &Outcome, row: u32) -> Status {
    o.requirements.iter().find(|r| r.row == row).unwrap().status
}

#[test]
fn each_end_is_judged_by_what_it_sees() {
    let number = |name: &str| std::env::var(name).ok();
    let seeds: Vec<u64> = match number("HYLINT_VIAS_SEEDS") {
        Some(all) => all.split(',').map(|s| s.parse().unwrap()).collect(),
        None => (0..number("HYLINT_VIAS").map_or(150, |n| n.parse().unwrap())).collect(),
    };
    let mut passed = [0, 0];
    for seed in &seeds {
        let site = Site::random(*seed);
        let outcome = run(&site);
        for (n, (role, _, _, row)) in SENDERS.iter().enumerate() {
            let expected = site.passes(n);
            let found = status(&outcome, *row);
            passed[usize::from(expected)] += 1;
            let agrees = match expected {
                true => found == Status::Satisfied,
                false => found == Status::Violated,
            };
            assert!(
                agrees,
                "seed {seed}, {role}: by hand {expected}, hylint {found:?}\n{site:#?}\n{:#?}",
                site.files()
            );
        }
    }
    let least = seeds.len() / 8;
    assert!(
        seeds.len() < 100 || passed.iter().all(|n| *n > least),
        "{passed:?}"
    );
}

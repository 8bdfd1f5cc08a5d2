//! The answer of `hylint diff --format json`, read by its contract alone, and held against what both sides say.

use crate::packet::{Packet, Said, Verdict, has_ports, number};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// A box of packets.
pub(crate) struct Reported {
    pub(crate) value: Value,
}

/// An answer.
pub(crate) struct Report {
    pub(crate) status: i32,
    pub(crate) effect: String,
    pub(crate) boxes: Vec<Reported>,
    pub(crate) value: Value,
}

/// Runs the comparison. Fails where there is no answer of the contract's form.
pub(crate) fn compared(old: &Path, new: &Path) -> Result<Report, String> {
    let mut run = Command::new(env!("CARGO_BIN_EXE_hylint"));
    run.arg("diff")
        .arg(old)
        .arg(new)
        .args(["--format", "json"])
        .env_clear();
    let done = run.output().unwrap();
    let status = done.status.code().unwrap_or(-1);
    let err = String::from_utf8_lossy(&done.stderr);
    if !matches!(status, 0 | 1) {
        return Err(format!("exit {status}: {err}"));
    }
    let value: Value =
        serde_json::from_slice(&done.stdout).map_err(|e| format!("no JSON: {e}\n{err}"))?;
    Report::of(status, value)
}

impl Report {
    /// Reads an answer. Fails where it has not the contract's form.
    pub(crate) fn of(status: i32, value: Value) -> Result<Self, String> {
        let packets = value["packets"].as_array().ok_or("no packets[]")?;
        let boxes = packets.iter().map(|p| Reported { value: p.clone() });
        Ok(Self {
            status,
            effect: value["effect"].as_str().ok_or("no effect")?.to_owned(),
            boxes: boxes.collect(),
            value,
        })
    }

    /// What the parts of an answer say of each other.
    pub(crate) fn contradictions(&self) -> Vec<String> {
        let mut told = Vec::new();
        let summary = &self.value["summary"];
        for kind in ["opened", "closed", "conditional", "redirected"] {
            let count = self.boxes.iter().filter(|b| b.kind() == kind).count();
            if summary[kind] != count {
                told.push(format!(
                    "summary.{kind} is {}, of {count} boxes",
                    summary[kind]
                ));
            }
        }
        let hosts =
            ["added", "removed"].map(|k| self.value["hosts"][k].as_array().map_or(1, Vec::len));
        let none = self.boxes.is_empty() && hosts == [0, 0];
        let effect = if none { "none" } else { "changed" };
        if self.effect != effect {
            told.push(format!(
                "effect {:?}, and {} boxes",
                self.effect,
                self.boxes.len()
            ));
        }
        // Without a site file nothing is inside, and no finding is compared. What is less sure to pass than before opens
        // nothing.
        let verdict = |b: &Reported, side: &str| b.value[side]["verdict"].clone();
        let narrows = |b: &Reported| verdict(b, "old") == "allow" || verdict(b, "new") == "deny";
        let kinds = |b: &Reported| {
            (
                b.kind() == "conditional" && narrows(b),
                b.kind() != "closed",
            )
        };
        let opens = self.boxes.iter().any(|b| matches!(kinds(b), (false, true)));
        let narrowed = self.boxes.iter().any(|b| kinds(b).0);
        if self.status != i32::from(opens) && !(narrowed && self.status == 1) {
            told.push(format!("exit {}, opens: {opens}", self.status));
        }
        told.extend(self.boxes.iter().filter_map(Reported::malformed));
        told
    }

    fn holding(&self, p: &Packet, later: bool) -> Vec<&Reported> {
        let of = |b: &&Reported| b.later() == later && b.contains(p);
        self.boxes.iter().filter(of).collect()
    }

    /// What is wrong of a packet, by what both sides do with it.
    pub(crate) fn wrong(
        &self,
        p: &Packet,
        old: &Said,
        new: &Said,
        point: Option<&str>,
    ) -> Option<String> {
        let expected = expected(old, new);
        let here = |b: &&&Reported| point.is_none_or(|n| b.text("point").contains(n));
        let found = self.holding(p, false);
        let kinds: Vec<&str> = found.iter().filter(here).map(|b| b.kind()).collect();
        let is = |kind: &str| !kinds.is_empty() && kinds.iter().all(|k| *k == kind);
        let right = match expected {
            Expected::Nothing => kinds.is_empty(),
            Expected::Is(kind) => is(kind),
            Expected::Open => true,
        };
        if !right && !also_right(old, new).iter().any(|k| is(k)) {
            return Some(format!(
                "{p:?}: {:?} -> {:?}, reported {kinds:?}",
                short(old),
                short(new)
            ));
        }
        self.wrong_later(p, old, new, point)
    }

    fn wrong_later(
        &self,
        p: &Packet,
        old: &Said,
        new: &Said,
        point: Option<&str>,
    ) -> Option<String> {
        let (Some(before), Some(behind)) = (old.talk, new.talk) else {
            return None;
        };
        if old.verdict != new.verdict || old.to != new.to || old.unresolved || new.unresolved {
            return None;
        }
        let later = self.holding(p, true);
        let here = |b: &&&Reported| point.is_none_or(|n| b.text("point").contains(n));
        let kinds: Vec<&str> = later.iter().filter(here).map(|b| b.kind()).collect();
        let right = match kind(before, behind) {
            None => kinds.is_empty(),
            Some(kind) => !kinds.is_empty() && kinds.iter().all(|k| *k == kind),
        };
        (!right)
            .then(|| format!("conversation of {p:?}: {before:?} -> {behind:?}, reported {kinds:?}"))
    }
}

fn short(s: &Said) -> (Verdict, &Option<String>) {
    (s.verdict, &s.to)
}

#[derive(Clone, Copy, PartialEq)]
enum Expected {
    Nothing,
    Is(&'static str),
    /// The contract does not say.
    Open,
}

/// What is as right where the contract leaves it open: a box told within the rates that both sides limit, a new address of
/// which nobody knows whether it is this host's, another profile than the assumed one, and a source hidden otherwise.
fn also_right(old: &Said, new: &Said) -> Vec<&'static str> {
    let mut all = Vec::new();
    if old.verdict == Verdict::Conditional || new.verdict == Verdict::Conditional {
        all.extend(kind(old.within_rates, new.within_rates));
    }
    let profiles = old.verdict == new.verdict && old.elsewhere != new.elsewhere;
    if old.moved || new.moved || profiles {
        all.push("conditional");
    }
    if old.verdict == Verdict::Allow && old.hidden != new.hidden {
        all.push("redirected");
    }
    all
}

fn expected(old: &Said, new: &Said) -> Expected {
    match (old.unresolved, new.unresolved) {
        (true, true) => return Expected::Nothing,
        (false, false) => {}
        _ => return Expected::Open,
    }
    match kind(old.verdict, new.verdict) {
        Some(kind) => Expected::Is(kind),
        None if old.to == new.to => Expected::Nothing,
        None if old.verdict == Verdict::Allow => Expected::Is("redirected"),
        None => Expected::Open,
    }
}

fn kind(old: Verdict, new: Verdict) -> Option<&'static str> {
    match (old, new) {
        _ if old == new => None,
        (Verdict::Deny, Verdict::Allow) => Some("opened"),
        (Verdict::Allow, Verdict::Deny) => Some("closed"),
        _ => Some("conditional"),
    }
}

impl Reported {
    pub(crate) fn text(&self, key: &str) -> &str {
        self.value[key].as_str().unwrap_or("")
    }

    pub(crate) fn kind(&self) -> &str {
        self.text("change")
    }

    /// Whether it holds one of those packets.
    #[allow(dead_code, reason = "the cases are asked so")]
    pub(crate) fn holds_one_of(&self, packets: &[Packet]) -> bool {
        packets.iter().any(|p| self.contains(p))
    }

    /// It is of later packets of conversations, whose first ones are decided as before.
    fn later(&self) -> bool {
        self.text("state") == "ESTABLISHED"
    }

    fn contains(&self, p: &Packet) -> bool {
        self.text("direction") == p.way.name()
            && self.address("src", p.v6, p.src)
            && self.address("dst", p.v6, p.dst)
            && self.proto(p.proto)
            && self.face("in_iface", &p.in_iface)
            && self.face("out_iface", &p.out_iface)
            && (!(has_ports(p.proto) || matches!(p.proto, 1 | 58))
                || self.port("sport", p.sport) && self.port("dport", p.dport))
    }

    /// The items of a value; none for any.
    fn items(&self, key: &str) -> Option<Vec<String>> {
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        match &self.value[key] {
            Value::Null => None,
            Value::Array(all) if all.is_empty() => None,
            Value::Array(all) => Some(all.iter().map(text).collect()),
            v => Some(text(v).split(',').map(|s| s.trim().to_owned()).collect()),
        }
    }

    fn address(&self, key: &str, v6: bool, n: u128) -> bool {
        let family = match (self.family(), v6) {
            (Some(f), v6) => f == v6,
            (None, _) => true,
        };
        let within = |item: &String| {
            if let Some((lo, hi)) = item.split_once('-') {
                let (lo, hi) = (number(lo), number(hi));
                return lo.0 == v6 && (lo.1..=hi.1).contains(&n);
            }
            let text = if item.contains('/') {
                item.clone()
            } else {
                format!("{item}/{}", if item.contains(':') { 128 } else { 32 })
            };
            crate::packet::Block::parse(&text).contains(v6, n)
        };
        family && self.items(key).is_none_or(|all| all.iter().any(within))
    }

    /// The family that its addresses say.
    fn family(&self) -> Option<bool> {
        let one = ["src", "dst"]
            .iter()
            .find_map(|k| self.items(k)?.first().cloned())?;
        Some(one.contains(':'))
    }

    fn proto(&self, n: u8) -> bool {
        self.items("proto")
            .is_none_or(|all| all.iter().any(|p| proto(p) == Some(n)))
    }

    fn port(&self, key: &str, n: u16) -> bool {
        let within = |item: &String| {
            let (lo, hi) = item.split_once('-').unwrap_or((item, item));
            let number = |t: &str| {
                t.parse::<u16>()
                    .unwrap_or_else(|e| panic!("port {t:?}: {e}"))
            };
            (number(lo)..=number(hi)).contains(&n)
        };
        self.items(key).is_none_or(|all| all.iter().any(within))
    }

    fn face(&self, key: &str, name: &str) -> bool {
        let among = |all: &[Value]| all.iter().any(|v| named(v.as_str().unwrap_or(""), name));
        match &self.value[key] {
            Value::Null => true,
            Value::Array(all) => among(all),
            Value::String(one) => named(one, name),
            Value::Object(o) => !among(o["not"].as_array().map_or(&[][..], Vec::as_slice)),
            other => panic!("{key}: {other}"),
        }
    }

    fn malformed(&self) -> Option<String> {
        let one_family = self.family().is_none_or(|v6| {
            let all = ["src", "dst"]
                .iter()
                .filter_map(|k| self.items(k))
                .flatten();
            all.into_iter().all(|item| item.contains(':') == v6)
        });
        let known = self
            .items("proto")
            .is_none_or(|all| all.iter().all(|p| proto(p).is_some()));
        let direction = ["in", "out", "forward"].contains(&self.text("direction"));
        let sides = ["old", "new"]
            .iter()
            .all(|s| self.value[s].get("kind").is_some());
        let good = one_family && known && direction && sides && self.value["within"].is_boolean();
        (!good).then(|| format!("against the contract: {}", self.value))
    }
}

/// `eth+` stands for all that begin so; `eth+ except eth1, eth7+` for those but some.
fn named(pattern: &str, name: &str) -> bool {
    let (pattern, holes) = pattern.split_once(" except ").unwrap_or((pattern, ""));
    let begins = match pattern.strip_suffix('+') {
        Some(start) => !name.is_empty() && name.starts_with(start),
        None => pattern == name,
    };
    begins
        && !holes
            .split(", ")
            .any(|hole| !hole.is_empty() && named(hole, name))
}

fn proto(name: &str) -> Option<u8> {
    const NAMES: [(&str, u8); 14] = [
        ("icmp", 1),
        ("igmp", 2),
        ("tcp", 6),
        ("udp", 17),
        ("dccp", 33),
        ("ipv6", 41),
        ("gre", 47),
        ("esp", 50),
        ("ah", 51),
        ("icmpv6", 58),
        ("ospf", 89),
        ("vrrp", 112),
        ("sctp", 132),
        ("udplite", 136),
    ];
    let known = NAMES.iter().find(|(n, _)| *n == name).map(|(_, n)| *n);
    known.or_else(|| name.parse().ok())
}

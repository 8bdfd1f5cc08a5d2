//! Conversations: flows whose packets follow each other both ways.

use super::engine::way;
use super::{Case, Evaluator, agree};
use hylint_engine::Direction;
use hylint_space::AddrSet;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// The interface by which everything leaves that nobody placed.
pub(crate) const ELSEWHERE: &str = "zz1";

/// A flow from its first packet on.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Talk {
    pub(crate) way: Direction,
    pub(crate) src: IpAddr,
    pub(crate) dst: IpAddr,
    pub(crate) proto: u8,
    pub(crate) sport: u16,
    pub(crate) dport: u16,
    /// The interface that faces its source; empty if that is this host.
    pub(crate) in_iface: String,
    /// The same for its destination.
    pub(crate) out_iface: String,
    /// Whether the other side answers.
    pub(crate) reply: bool,
}

/// Where addresses are.
pub(crate) struct Place {
    /// By interface.
    pub(crate) faces: Vec<(String, AddrSet)>,
    /// This host's own.
    pub(crate) own: AddrSet,
}

impl Place {
    /// As conversations have them that are tried together; what is in none of them is elsewhere.
    pub(crate) fn of(talks: &[Talk]) -> Self {
        let mut faces: BTreeMap<&str, AddrSet> = BTreeMap::new();
        let mut own = AddrSet::empty();
        for t in talks {
            for (addr, face) in [(t.src, &t.in_iface), (t.dst, &t.out_iface)] {
                let addr = AddrSet::host(addr);
                let here = if face.is_empty() {
                    &mut own
                } else {
                    faces.entry(face).or_default()
                };
                *here = here.union(&addr);
            }
        }
        let mut faces: Vec<_> = faces.into_iter().map(|(f, a)| (f.to_owned(), a)).collect();
        faces.push((ELSEWHERE.to_owned(), AddrSet::any()));
        Self { faces, own }
    }
}

impl Talk {
    /// As the lab takes it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "way": way(self.way), "src": self.src.to_string(), "dst": self.dst.to_string(),
            "proto": if self.proto == 6 { "tcp" } else { "udp" }, "sport": self.sport, "dport": self.dport,
            "in_iface": self.in_iface, "out_iface": self.out_iface, "reply": self.reply,
        })
    }

    /// As the lab gives it.
    pub(crate) fn read(v: &Value) -> Option<Self> {
        let text = |k: &str| v[k].as_str();
        let port = |k: &str| v[k].as_u64().and_then(|n| u16::try_from(n).ok());
        Some(Self {
            way: match text("way")? {
                "in" => Direction::In,
                "out" => Direction::Out,
                _ => Direction::Forward,
            },
            src: text("src")?.parse().ok()?,
            dst: text("dst")?.parse().ok()?,
            proto: if text("proto")? == "tcp" { 6 } else { 17 },
            sport: port("sport")?,
            dport: port("dport")?,
            in_iface: text("in_iface")?.to_owned(),
            out_iface: text("out_iface")?.to_owned(),
            reply: v["reply"].as_bool()?,
        })
    }
}

impl fmt::Display for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (&self.in_iface, &self.out_iface);
        write!(
            f,
            "{} {} {}:{} ({from}) -> {}:{} ({to}){}",
            way(self.way),
            if self.proto == 6 { "tcp" } else { "udp" },
            self.src,
            self.sport,
            self.dst,
            self.dport,
            if self.reply { "" } else { " one-way" }
        )
    }
}

/// What two evaluators said of conversations: how often this and that, and the differences that were seen again.
pub(crate) type Said = (BTreeMap<(&'static str, &'static str), usize>, Vec<String>);

/// Holds two evaluators against each other. What differs is asked a second time of both.
pub(crate) fn compare(
    left: &mut dyn Evaluator,
    right: &mut dyn Evaluator,
    case: &Case<'_>,
    talks: &[Talk],
) -> Result<Said, String> {
    let place = Place::of(talks);
    let sights = [left.sight(), right.sight()];
    let names = [left.name(), right.name()];
    let mut ask = || -> Result<_, String> {
        let answers = [
            left.talks(case, &place, talks)?,
            right.talks(case, &place, talks)?,
        ];
        match answers.iter().all(|a| a.len() == talks.len()) {
            true => Ok(answers),
            false => Err("conversations without an answer".to_owned()),
        }
    };
    let differ = |a: &[Vec<super::Answer>; 2], n: usize| !agree(sights, [&a[0][n], &a[1][n]]);
    let first = ask()?;
    let mut wrong: Vec<usize> = (0..talks.len()).filter(|n| differ(&first, *n)).collect();
    if !wrong.is_empty() {
        let again = ask()?;
        wrong.retain(|n| differ(&again, *n));
    }
    let mut pairs = BTreeMap::new();
    for (l, r) in first[0].iter().zip(&first[1]) {
        *pairs.entry((l.word(), r.word())).or_default() += 1;
    }
    let told = |n: &usize| {
        let one = |side: usize| {
            let a = &first[side][*n];
            format!("{} {} ({})", names[side], a.word(), a.by)
        };
        format!("{}, {} of {}", one(0), one(1), talks[*n])
    };
    Ok((pairs, wrong.iter().map(told).collect()))
}

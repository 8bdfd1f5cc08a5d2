//! Pairs of exports, compared by hylint and by an evaluator.

use crate::packet::{Edges, Packet, Said, Verdict, Way};
use crate::report::{Report, compared};
use fastrand::Rng;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Packets that each pair is asked about.
const PACKETS: usize = 1500;
/// Faults that are told of one pair.
const TOLD: usize = 3;

/// One side of a comparison.
pub(crate) trait Side {
    /// What it is as exports, by path.
    fn files(&self) -> Vec<(String, String)>;

    /// What it does with a packet; none where that is not known or counts elsewhere.
    fn said(&self, p: &Packet) -> Option<Said>;

    /// Its points by their ids, with the name that a report has for one of several.
    fn points(&self) -> Vec<(String, Option<String>)> {
        vec![(String::new(), None)]
    }

    /// What one of its points does.
    fn said_by(&self, _id: &str, p: &Packet) -> Option<Said> {
        self.said(p)
    }

    fn edges(&self) -> Edges;

    fn ways(&self) -> &'static [Way];
}

pub(crate) struct Pair<S> {
    pub(crate) old: S,
    pub(crate) new: S,
    /// What was done.
    pub(crate) told: String,
}

fn seeds() -> Vec<u64> {
    if let Ok(list) = std::env::var("HYLINT_DIFF_SEEDS") {
        return list.split(',').map(|n| n.trim().parse().unwrap()).collect();
    }
    let count = std::env::var("HYLINT_DIFF")
        .ok()
        .and_then(|n| n.parse().ok());
    (0..count.unwrap_or(20)).collect()
}

/// How often each came, so that a run says what it tried.
#[derive(Default)]
struct Tally {
    pairs: usize,
    boxes: usize,
    packets: usize,
    kinds: BTreeMap<&'static str, usize>,
}

/// All pairs mean the same on both sides.
pub(crate) fn same<S: Side + Sync>(format: &str, make: impl Fn(u64) -> Pair<S> + Sync) {
    all(&format!("{format}, same"), make, true);
}

/// All pairs differ in one rule, with or without effect.
pub(crate) fn changed<S: Side + Sync>(format: &str, make: impl Fn(u64) -> Pair<S> + Sync) {
    all(&format!("{format}, changed"), make, false);
}

fn all<S: Side + Sync>(title: &str, make: impl Fn(u64) -> Pair<S> + Sync, alike: bool) {
    let results: Vec<(u64, Tally, Vec<String>)> = seeds()
        .into_par_iter()
        .map(|seed| {
            let pair = make(seed);
            let (tally, faults) = judged(title, seed, &pair, alike);
            (
                seed,
                tally,
                faults
                    .into_iter()
                    .take(TOLD)
                    .map(|f| format!("{f}\n      ({})", pair.told))
                    .collect(),
            )
        })
        .collect();
    let mut sum = Tally::default();
    let mut told = Vec::new();
    for (seed, tally, faults) in results {
        sum.pairs += 1;
        sum.boxes += tally.boxes;
        sum.packets += tally.packets;
        for (kind, n) in tally.kinds {
            *sum.kinds.entry(kind).or_default() += n;
        }
        if !faults.is_empty() {
            told.push(format!("seed {seed}:\n    {}", faults.join("\n    ")));
        }
    }
    println!(
        "{title}: {} pairs, {} with faults; {} boxes, {} packets asked, of which {:?}",
        sum.pairs,
        told.len(),
        sum.boxes,
        sum.packets,
        sum.kinds
    );
    let wrong = told.len();
    told.truncate(30);
    assert!(
        told.is_empty(),
        "{title}: {wrong} pairs with faults\n{}",
        told.join("\n")
    );
}

fn judged<S: Side>(title: &str, seed: u64, pair: &Pair<S>, alike: bool) -> (Tally, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let sides = [("old", &pair.old), ("new", &pair.new)].map(|(name, side)| {
        let root = folder.path().join(name);
        write(&root, &side.files());
        root
    });
    let report = compared(&sides[0], &sides[1]);
    let mut tally = Tally {
        pairs: 1,
        ..Tally::default()
    };
    let mut faults = match &report {
        Err(e) => vec![e.clone()],
        Ok(report) => {
            tally.boxes = report.boxes.len();
            faults(seed, pair, report, alike, &mut tally)
        }
    };
    if !faults.is_empty() {
        faults.dedup();
        keep(title, seed, &sides);
    }
    (tally, faults)
}

fn faults<S: Side>(
    seed: u64,
    pair: &Pair<S>,
    report: &Report,
    alike: bool,
    tally: &mut Tally,
) -> Vec<String> {
    let mut told = report.contradictions();
    if alike && report.effect != "none" {
        let first = report.boxes.first().map(|b| b.value.to_string());
        told.push(format!(
            "effect {:?} of what means the same: {first:?}",
            report.effect
        ));
    }
    let mut edges = Edges::common();
    edges.merge(&pair.old.edges());
    edges.merge(&pair.new.edges());
    let mut rng = Rng::with_seed(seed);
    let packets = edges.packets(&mut rng, pair.old.ways(), &[false, true], PACKETS);
    for (id, point) in pair.old.points() {
        for p in &packets {
            let (Some(old), Some(new)) = (pair.old.said_by(&id, p), pair.new.said_by(&id, p))
            else {
                continue;
            };
            if alike {
                assert_eq!(
                    (old.verdict, &old.to),
                    (new.verdict, &new.to),
                    "the rewriting is wrong: seed {seed}, {p:?}, {}",
                    pair.told
                );
            }
            tally.packets += 1;
            *tally.kinds.entry(outcome(&old, &new)).or_default() += 1;
            told.extend(report.wrong(p, &old, &new, point.as_deref()));
        }
    }
    told
}

fn outcome(old: &Said, new: &Said) -> &'static str {
    match (old.verdict, new.verdict) {
        (Verdict::Deny, Verdict::Allow) => "opened",
        (Verdict::Allow, Verdict::Deny) => "closed",
        (a, b) if a != b => "conditional",
        (Verdict::Allow, _) if old.to != new.to => "redirected",
        _ if old.talk != new.talk => "conversations",
        _ => "same",
    }
}

fn write(root: &Path, files: &[(String, String)]) {
    std::fs::create_dir_all(root).unwrap();
    for (name, text) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Keeps a pair for who looks into it.
fn keep(title: &str, seed: u64, sides: &[PathBuf; 2]) {
    let Ok(folder) = std::env::var("HYLINT_DIFF_KEEP") else {
        return;
    };
    let to = Path::new(&folder).join(format!("{}-{seed}", title.replace(", ", "-")));
    for side in sides {
        for e in walkdir::WalkDir::new(side)
            .into_iter()
            .flatten()
            .filter(|e| e.file_type().is_file())
        {
            let name = e.path().strip_prefix(side.parent().unwrap()).unwrap();
            let path = to.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::copy(e.path(), path).unwrap();
        }
    }
}

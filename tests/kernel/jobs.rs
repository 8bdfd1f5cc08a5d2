//! The rulesets of a lab, and what each evaluator says of them.

use crate::differential::engine::{Program, way};
use crate::differential::kernel::{Kernel, Lab, filter_table, text};
use crate::differential::row::Row;
use crate::differential::{Case, Compared, Dump, Probe, compare};
use crate::tally::{Record, Tally};
use crate::{HYLINT, SCRIPT, small};
use hylint::session::trace::Verdict;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// How much is tried.
pub(crate) struct Size {
    /// Every ruleset with both backends, not with one of them.
    pub(crate) deep: bool,
    /// Numbers of generated rulesets.
    pub(crate) seeds: Vec<u64>,
    pub(crate) packets: usize,
    /// Rulesets of the oracle's small universe, for the naive evaluator.
    pub(crate) small: u64,
}

impl Size {
    fn tried(&self, number: usize, lab: Lab) -> bool {
        self.deep || number % 2 == usize::from(lab.backend == "nft")
    }
}

/// A ruleset with its name.
struct Job {
    name: String,
    rules: String,
    seed: u64,
}

/// What a conditional verdict may rest on at most of a line.
const SHORT: usize = 70;

/// All rulesets of a lab.
pub(crate) fn run(
    lab: Lab,
    size: &Size,
    dumps: &[PathBuf],
    keep: &Path,
    tally: &Mutex<Tally>,
) -> Result<(), String> {
    let real = real(lab, size, dumps)?;
    let named_by: Vec<String> = real.iter().map(|j| j.rules.clone()).collect();
    let mut kernel = Kernel::begin(SCRIPT, lab, &named_by)?;
    let generated = generated(&mut kernel, lab, size)?;
    for job in generated.iter().chain(&real) {
        if let Err(e) = tried(&mut kernel, lab, size, job, keep, tally) {
            tally.lock().unwrap().not_tried.insert(job.name.clone(), e);
        }
    }
    let backends = if size.deep {
        0..size.small
    } else {
        0..size.small / 2
    };
    for seed in backends {
        small::tried(&mut kernel, lab, seed, size.packets, keep, tally)?;
    }
    Ok(())
}

fn generated(kernel: &mut Kernel, lab: Lab, size: &Size) -> Result<Vec<Job>, String> {
    let numbered = size
        .seeds
        .iter()
        .enumerate()
        .filter(|(i, _)| size.tried(*i, lab));
    let job = |(_, seed): (usize, &u64)| {
        let answer = kernel.call(&json!({ "op": "ruleset", "seed": seed }))?;
        let name = format!("generated-v{}-{seed}", lab.version);
        Ok(Job {
            name,
            rules: text(&answer["rules"]),
            seed: *seed,
        })
    };
    numbered.map(job).collect()
}

/// The dumps that hold tables of the lab's family. A lab of its own reads them, as the interfaces have to be known first.
fn real(lab: Lab, size: &Size, dumps: &[PathBuf]) -> Result<Vec<Job>, String> {
    let some: Vec<&PathBuf> = dumps
        .iter()
        .enumerate()
        .filter(|(i, _)| size.tried(*i, lab))
        .map(|(_, d)| d)
        .collect();
    if some.is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = Kernel::begin(SCRIPT, lab, &[])?;
    let mut out = Vec::new();
    for path in some {
        let answer = reader.call(&json!({ "op": "dump", "path": path }))?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        out.push(Job {
            name,
            rules: text(&answer["rules"]),
            seed: 1,
        });
    }
    out.retain(|j| !j.rules.is_empty());
    Ok(out)
}

/// One ruleset: as a whole against the whole path of a packet, then the filter table alone.
fn tried(
    kernel: &mut Kernel,
    lab: Lab,
    size: &Size,
    job: &Job,
    keep: &Path,
    tally: &Mutex<Tally>,
) -> Result<(), String> {
    for (filter_only, count) in [(false, size.packets), (true, size.packets / 4)] {
        if filter_only && !job.rules.contains("*filter") {
            continue;
        }
        let loaded = kernel.load(&job.rules)?;
        let dump = kept(kernel, lab, &job.name, &loaded.rules, keep)?;
        let asked = if filter_only {
            filter_table(&dump.text)
        } else {
            dump.text.clone()
        };
        let probes = packets(kernel, &asked, job.seed, count)?;
        let case = Case {
            layers: &[],
            direction: lab.direction,
            profile: None,
            dump: Some(&dump),
            filter_only,
        };
        let compared = compare(kernel, &mut Program(HYLINT), &case, &probes)?;
        let record = record(kernel, &compared, &dump.path, loaded.refused)?;
        tally.lock().unwrap().add(&lab.name(), &job.name, record);
    }
    Ok(())
}

/// Writes rules as loaded. The header says the family, which a table alone may leave open, and which tool loaded them.
pub(crate) fn kept(
    kernel: &Kernel,
    lab: Lab,
    name: &str,
    rules: &str,
    keep: &Path,
) -> Result<Dump, String> {
    let path = keep.join(format!(
        "{name}.{}.{}.v{}.rules",
        way(lab.direction),
        lab.backend,
        lab.version
    ));
    let text = format!("# Generated by {}\n{rules}", kernel.tool);
    std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(Dump {
        text: rules.to_owned(),
        path,
    })
}

pub(crate) fn packets(
    kernel: &mut Kernel,
    rules: &str,
    seed: u64,
    count: usize,
) -> Result<Vec<Probe>, String> {
    let answer =
        kernel.call(&json!({ "op": "packets", "rules": rules, "seed": seed, "count": count }))?;
    let rows: Vec<BTreeMap<String, String>> =
        serde_json::from_value(answer["packets"].clone()).map_err(|e| e.to_string())?;
    let probe = |row: Row| Probe {
        packet: row.packet(),
        row: Some(row),
    };
    Ok(rows.into_iter().map(|r| probe(Row(r))).collect())
}

/// What is counted of a comparison of the kernel and hylint.
pub(crate) fn record(
    kernel: &mut Kernel,
    c: &Compared,
    path: &Path,
    refused: Vec<String>,
) -> Result<Record, String> {
    let conditional = c.answers[1]
        .iter()
        .filter(|a| a.verdict == Some(Verdict::Conditional));
    let conditions: Vec<&Vec<String>> = conditional.map(|a| &a.conditions).collect();
    let answer = kernel.call(&json!({ "op": "truly_open", "conditions": conditions }))?;
    let truly = answer["open"].as_array().into_iter().flatten();
    let open = truly.filter(|t| **t == Value::Bool(false)).count();
    let mut why = BTreeMap::new();
    for some in conditions {
        let short: String = some.join(" & ").chars().take(SHORT).collect();
        *why.entry(short).or_default() += 1;
    }
    let told = |d: &crate::differential::Difference| {
        format!("{}, packet {}: {d}", path.display(), d.probe)
    };
    let wrong = c.differences.iter().map(told).collect();
    Ok(Record {
        pairs: c.pairs.clone(),
        why,
        open,
        wrong,
        refused,
    })
}

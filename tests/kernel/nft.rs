//! Rulesets of nft: each is loaded and listed as text and as JSON, and both listings and what was loaded are asked.

use crate::differential::engine::{Program, way};
use crate::differential::kernel::{Kernel, Lab, text};
use crate::differential::row::Row;
use crate::differential::{Answer, Case, Compared, Dump, Evaluator, Probe, Sight, compare};
use crate::jobs::{packets, record};
use crate::tally::Tally;
use crate::{HYLINT, SCRIPT};
use hylint::session::trace::{COLUMNS, Verdict};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A ruleset with its name.
pub(crate) struct Ruleset {
    pub(crate) name: String,
    pub(crate) text: String,
    /// What iptables-nft saved beside it, by family: the kernel loads these, as nft cannot load what it lists of them.
    pub(crate) saves: Vec<(u8, String)>,
}

/// How much is tried of each ruleset.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) packets: usize,
}

/// All rulesets of a lab.
pub(crate) fn run(
    lab: Lab,
    size: Size,
    seeds: &[u64],
    real: &[Ruleset],
    keep: &Path,
    tally: &Mutex<Tally>,
) -> Result<(), String> {
    let named_by: Vec<String> = real.iter().map(|r| r.text.clone()).collect();
    let mut kernel = Kernel::begin(SCRIPT, lab, &named_by)?;
    let mut tried = |ruleset: &Ruleset, seed| {
        if let Err(e) = one(&mut kernel, lab, size, ruleset, seed, keep, tally) {
            let name = format!("{} ({})", ruleset.name, lab.name());
            tally.lock().unwrap().not_tried.insert(name, e);
        }
    };
    for ruleset in real {
        tried(ruleset, 1);
    }
    let mut source = Kernel::begin(SCRIPT, lab, &[])?;
    for seed in seeds {
        let answer = source.call(&json!({ "op": "nft_ruleset", "seed": seed }))?;
        let ruleset = Ruleset {
            name: format!("generated-{seed}"),
            text: text(&answer["rules"]),
            saves: Vec::new(),
        };
        tried(&ruleset, *seed);
    }
    Ok(())
}

/// One ruleset in all its forms.
fn one(
    kernel: &mut Kernel,
    lab: Lab,
    size: Size,
    ruleset: &Ruleset,
    seed: u64,
    keep: &Path,
    tally: &Mutex<Tally>,
) -> Result<(), String> {
    let rules = if ruleset.saves.is_empty() {
        ruleset.text.as_str()
    } else {
        ""
    };
    let loaded = kernel.load_beside(rules, &ruleset.saves)?;
    let listed = kernel.call(&json!({ "op": "listed" }))?;
    let listing = text(&listed["json"]);
    let probes = packets(kernel, &listing, seed, size.packets)?;
    let mut forms = vec![("nft", text(&listed["text"])), ("json", listing)];
    if ruleset.saves.is_empty() {
        forms.push(("src.nft", loaded.rules.clone()));
    }
    let mut asked = Asked {
        kernel,
        first: None,
    };
    let mut said: Option<Vec<Answer>> = None;
    for (form, written) in &forms {
        let of = format!("{}.{}.v{}", ruleset.name, way(lab.direction), lab.version);
        let path = kept(keep, &format!("{of}.{form}"), written)?;
        let dump = Dump {
            text: loaded.rules.clone(),
            path,
        };
        let case = Case {
            layers: &[],
            direction: lab.direction,
            profile: None,
            dump: Some(&dump),
            filter_only: false,
        };
        let compared = compare(&mut asked, &mut Program(HYLINT), &case, &probes)?;
        let mut record = record(asked.kernel, &compared, &dump.path, loaded.refused.clone())?;
        let answers = &compared.answers[1];
        if let Some(first) = &said
            && ruleset.saves.is_empty()
        {
            // nft 1.0.6 has no JSON for the rules of a chain without a name, and what was loaded may leave open how a set is
            // filled that a listing shows.
            let whole = *form == "json" && !written.contains(" {\\n");
            let wrong = unlike(first, answers, whole, &dump.path, &probes);
            record.wrong.extend(wrong);
        }
        tally
            .lock()
            .unwrap()
            .add(&lab.name(), &format!("{} {form}", ruleset.name), record);
        said.get_or_insert_with(|| answers.clone());
        if *form == "nft" {
            keep_answers(keep, lab, &ruleset.name, &probes, &compared)?;
        }
    }
    Ok(())
}

/// Packets of which two forms of one ruleset say different things. One that does not say the whole may leave them open.
fn unlike(
    first: &[Answer],
    other: &[Answer],
    whole: bool,
    path: &Path,
    probes: &[Probe],
) -> Vec<String> {
    let pairs = first.iter().zip(other).zip(probes);
    let open = |a: &Answer| a.verdict == Some(Verdict::Conditional);
    let differ =
        pairs.filter(|((a, b), _)| a.verdict != b.verdict && (whole || !open(a) && !open(b)));
    let told = |((a, b), p): ((&Answer, &Answer), &Probe)| {
        let packet = p.row.as_ref().map(Row::to_string).unwrap_or_default();
        format!(
            "{}: of the text {}, of this {}: {packet}",
            path.display(),
            a.word(),
            b.word()
        )
    };
    differ.map(told).collect()
}

/// The kernel, which is asked once about all forms of a ruleset.
pub(crate) struct Asked<'k> {
    pub(crate) kernel: &'k mut Kernel,
    /// The packets, by where they lie, and what became of them.
    pub(crate) first: Option<(*const Probe, Vec<Answer>)>,
}

impl Evaluator for Asked<'_> {
    fn name(&self) -> &'static str {
        self.kernel.name()
    }

    fn sight(&self) -> Sight {
        self.kernel.sight()
    }

    fn answers(&mut self, case: &Case<'_>, probes: &[Probe]) -> Result<Vec<Answer>, String> {
        if let Some((of, answers)) = &self.first
            && *of == probes.as_ptr()
        {
            return Ok(answers.clone());
        }
        let answers = self.kernel.answers(case, probes)?;
        self.first
            .get_or_insert_with(|| (probes.as_ptr(), answers.clone()));
        Ok(answers)
    }
}

pub(crate) fn kept(keep: &Path, name: &str, written: &str) -> Result<PathBuf, String> {
    let path = keep.join(name);
    std::fs::write(&path, written).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}

/// Writes the packets and what became of them, so that the ruleset can be tried again without the kernel
/// (tests/nft_saved.rs).
fn keep_answers(
    keep: &Path,
    lab: Lab,
    name: &str,
    probes: &[Probe],
    compared: &Compared,
) -> Result<(), String> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = ["direction", "kernel"].into_iter().chain(COLUMNS);
    table.write_record(head).map_err(|e| e.to_string())?;
    for (probe, answer) in probes.iter().zip(&compared.answers[0]) {
        let row = probe.row.clone().unwrap_or_else(|| Row::of(&probe.packet));
        let cells = [way(lab.direction), answer.word()]
            .into_iter()
            .chain(row.cells());
        table.write_record(cells).map_err(|e| e.to_string())?;
    }
    let table = table.into_inner().map_err(|e| e.to_string())?;
    let of = format!("{name}.{}.v{}.csv", way(lab.direction), lab.version);
    kept(keep, &of, &String::from_utf8_lossy(&table)).map(drop)
}

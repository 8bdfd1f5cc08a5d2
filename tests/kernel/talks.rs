//! Whole conversations: what `check` says of a flow, and whether it comes through the kernel.

use crate::SCRIPT;
use crate::differential::engine::Engine;
use crate::differential::kernel::{Kernel, Lab, text};
use crate::differential::talk::{Place, Talk, compare};
use crate::differential::{Case, Dump, Evaluator};
use crate::jobs::kept;
use crate::small::read;
use hylint::session::trace::Verdict;
use hylint_engine::Direction;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// How much is tried.
pub(crate) struct Size {
    pub(crate) seeds: Vec<u64>,
    /// Conversations of each ruleset.
    pub(crate) talks: usize,
    /// Every dump with both backends, not with one of them.
    pub(crate) deep: bool,
}

/// What was found.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) tried: usize,
    rulesets: usize,
    pairs: BTreeMap<(&'static str, &'static str), usize>,
    /// Conditional verdicts that rest on nothing that is truly open.
    open: usize,
    wrong: Vec<String>,
    not_tried: Vec<String>,
}

/// Differences of a ruleset that are printed; all are counted.
const SHOWN: usize = 4;

/// All rulesets of a family and backend.
pub(crate) fn run(
    lab: Lab,
    size: &Size,
    dumps: &[PathBuf],
    keep: &Path,
    tally: &Mutex<Tally>,
) -> Result<(), String> {
    let tried_here = |n: usize| size.deep || n % 2 == usize::from(lab.backend == "nft");
    let some = dumps.iter().enumerate().filter(|(n, _)| tried_here(*n));
    let real = real(lab, some.map(|(_, d)| d))?;
    let mut named_by: Vec<String> = real.iter().map(|(_, rules)| rules.clone()).collect();
    named_by.push("*filter\n-A INPUT -i docker0 -j ACCEPT\n".to_owned());
    let mut kernel = Kernel::begin_talks(SCRIPT, lab, &named_by)?;
    let mut jobs = Vec::new();
    for seed in &size.seeds {
        let rules = text(&kernel.call(&json!({ "op": "talk_rules", "seed": seed }))?["rules"]);
        jobs.push((format!("talk-{seed}"), rules, *seed, false));
    }
    jobs.extend(real.into_iter().map(|(name, rules)| (name, rules, 1, true)));
    for (name, rules, seed, is_real) in jobs {
        let job = (name.as_str(), rules.as_str(), seed, is_real);
        if let Err(e) = tried(&mut kernel, lab, size.talks, job, keep, tally) {
            tally.lock().unwrap().not_tried.push(format!("{name}: {e}"));
        }
    }
    Ok(())
}

fn real<'d>(
    lab: Lab,
    dumps: impl Iterator<Item = &'d PathBuf>,
) -> Result<Vec<(String, String)>, String> {
    let mut reader = Kernel::begin_talks(SCRIPT, lab, &[])?;
    let mut out = Vec::new();
    for path in dumps {
        let rules = text(&reader.call(&json!({ "op": "dump", "path": path }))?["rules"]);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !rules.is_empty() {
            out.push((name.into_owned(), rules));
        }
    }
    Ok(out)
}

fn tried(
    kernel: &mut Kernel,
    lab: Lab,
    count: usize,
    (name, rules, seed, is_real): (&str, &str, u64, bool),
    keep: &Path,
    tally: &Mutex<Tally>,
) -> Result<(), String> {
    let loaded = kernel.load(rules)?;
    let dump = kept(kernel, lab, &format!("{name}.talks"), &loaded.rules, keep)?;
    let asked = json!({
        "op": "talks", "rules": loaded.rules, "seed": seed, "count": count, "real": is_real,
    });
    let answer = kernel.call(&asked)?;
    let all = answer["talks"].as_array().into_iter().flatten();
    let talks: Vec<Talk> = all.filter_map(Talk::read).collect();
    let layers = [read(&dump.path)?];
    let case = case(&layers, &dump);
    let (pairs, wrong) = compare(kernel, &mut Engine, &case, &talks)?;
    let open = left_open(kernel, &case, &talks)?;
    let mut t = tally.lock().unwrap();
    t.rulesets += 1;
    t.tried += talks.len();
    t.open += open;
    for (pair, n) in pairs {
        *t.pairs.entry(pair).or_default() += n;
    }
    for w in wrong.iter().take(SHOWN) {
        println!("  DIFFERENT {}: {w}", dump.path.display());
    }
    t.wrong.extend(wrong);
    Ok(())
}

fn case<'a>(layers: &'a [Vec<hylint_model::Point>], dump: &'a Dump) -> Case<'a> {
    Case {
        layers,
        direction: Direction::In,
        profile: None,
        dump: Some(dump),
        filter_only: false,
    }
}

/// Conditional verdicts that no true condition justifies.
fn left_open(kernel: &mut Kernel, case: &Case<'_>, talks: &[Talk]) -> Result<usize, String> {
    let answers = Engine.talks(case, &Place::of(talks), talks)?;
    let conditional = answers
        .iter()
        .filter(|a| a.verdict == Some(Verdict::Conditional));
    let conditions: Vec<&Vec<String>> = conditional.map(|a| &a.conditions).collect();
    let answer = kernel.call(&json!({ "op": "truly_open", "conditions": conditions }))?;
    let truly = answer["open"].as_array().into_iter().flatten();
    let open = truly.zip(&conditions);
    let open = open.filter(|(t, _)| **t == Value::Bool(false));
    Ok(open
        .inspect(|(_, c)| println!("  LEFT OPEN {:?}", c))
        .count())
}

impl Tally {
    fn of(&self, fits: impl Fn(&str, &str) -> bool) -> usize {
        let fitting = self.pairs.iter().filter(|((k, h), _)| fits(k, h));
        fitting.map(|(_, n)| n).sum()
    }

    /// Prints what was found, and returns whether all is as it should be.
    pub(crate) fn print(&self) -> bool {
        for e in &self.not_tried {
            println!("NOT TRIED {e}");
        }
        let lost = self.of(|k, h| k == "lost" || h == "lost");
        println!(
            "conversations tried {}, differences {}; rulesets {} ({} not tried); both work {}, both stop {}; lost {lost}; \
             conditional {}, of them without a true condition {}",
            self.tried,
            self.wrong.len(),
            self.rulesets,
            self.not_tried.len(),
            self.of(|k, h| k == "allow" && h == "allow"),
            self.of(|k, h| k == "deny" && h == "deny"),
            self.of(|_, h| h == "conditional"),
            self.open,
        );
        let enough = self.tried > 0 && lost * 5 <= self.tried;
        self.wrong.is_empty() && self.open * 100 <= self.tried && enough
    }
}

/// Every family and backend.
pub(crate) fn labs() -> Vec<Lab> {
    let each = [4, 6].into_iter().flat_map(|version| {
        ["legacy", "nft"].map(|backend| Lab {
            direction: Direction::In,
            version,
            backend,
        })
    });
    each.collect()
}

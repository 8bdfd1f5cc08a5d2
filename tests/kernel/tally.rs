//! What all labs found, by ruleset.

use std::collections::BTreeMap;

type Pairs = BTreeMap<(&'static str, &'static str), usize>;

/// What was found of a ruleset: in one lab, or in all.
#[derive(Default)]
pub(crate) struct Record {
    /// How often the kernel said this and hylint that.
    pub(crate) pairs: Pairs,
    /// What conditional verdicts rest on.
    pub(crate) why: BTreeMap<String, usize>,
    /// Conditional verdicts that rest on nothing that is truly open.
    pub(crate) open: usize,
    pub(crate) wrong: Vec<String>,
    pub(crate) refused: Vec<String>,
}

#[derive(Default)]
pub(crate) struct Tally {
    rows: BTreeMap<String, Record>,
    /// Pairs of evaluators on rulesets of the oracle's universe.
    small: BTreeMap<String, (Pairs, usize)>,
    small_rules: usize,
    small_rulesets: usize,
    pub(crate) not_tried: BTreeMap<String, String>,
    pub(crate) failed: Vec<String>,
}

/// Differences of a ruleset and lab that are printed; all are counted.
const SHOWN: usize = 3;

#[derive(Default)]
struct Total {
    real: (usize, usize),
    generated: (usize, usize),
    pairs: Pairs,
    open: usize,
    differ: usize,
}

fn of(pairs: &Pairs, fits: impl Fn(&str, &str) -> bool) -> usize {
    pairs
        .iter()
        .filter(|((k, h), _)| fits(k, h))
        .map(|(_, n)| n)
        .sum()
}

fn add(into: &mut Pairs, pairs: &Pairs) {
    for (pair, n) in pairs {
        *into.entry(*pair).or_default() += n;
    }
}

impl Tally {
    pub(crate) fn add(&mut self, lab: &str, name: &str, r: Record) {
        for w in r.wrong.iter().take(SHOWN) {
            println!("  DIFFERENT {lab} {w}");
        }
        let row = self.rows.entry(name.to_owned()).or_default();
        add(&mut row.pairs, &r.pairs);
        for (why, n) in r.why {
            *row.why.entry(why).or_default() += n;
        }
        row.open += r.open;
        row.wrong.extend(r.wrong);
        if r.refused.len() > row.refused.len() {
            row.refused = r.refused;
        }
    }

    /// A ruleset of the oracle's universe.
    pub(crate) fn small_ruleset(&mut self, rules: usize) {
        self.small_rulesets += 1;
        self.small_rules += rules;
    }

    /// What two evaluators said of such a ruleset.
    pub(crate) fn add_small(&mut self, lab: &str, between: &str, pairs: &Pairs, wrong: &[String]) {
        for w in wrong.iter().take(SHOWN) {
            println!("  DIFFERENT {lab} {w}");
        }
        let (all, differ) = self.small.entry(between.to_owned()).or_default();
        add(all, pairs);
        *differ += wrong.len();
    }

    /// Prints each ruleset with its counts, and returns whether all is as it should be.
    pub(crate) fn print(&self) -> bool {
        println!(
            "{:52} {:>7} {:>6} {:>6} {:>11}  why",
            "ruleset", "probes", "lost", "differ", "conditional"
        );
        let mut total = Total::default();
        let rows = self
            .rows
            .iter()
            .map(|(name, row)| print_row(name, row, &mut total));
        let good = rows.fold(self.failed.is_empty(), |all, one| all && one);
        for (name, why) in &self.not_tried {
            println!("NOT TRIED {name}: {why}");
        }
        total.print(self.not_tried.len());
        let enough = total.is_enough();
        self.print_small() && good && enough
    }

    fn print_small(&self) -> bool {
        let mut good = true;
        for (between, (pairs, differ)) in &self.small {
            println!(
                "{between}: {} rulesets of the oracle, {} rules as loaded, probes {}; lost {}; both let through {}, both stop {}; \
                 conditional {}; DIFFERENCES {differ}",
                self.small_rulesets,
                self.small_rules,
                of(pairs, |_, _| true),
                of(pairs, |a, b| a == "lost" || b == "lost"),
                of(pairs, |a, b| a == "allow" && b == "allow"),
                of(pairs, |a, b| a == "deny" && b == "deny"),
                of(pairs, |a, b| a == "conditional" || b == "conditional"),
            );
            good &= *differ == 0 && of(pairs, |_, _| true) > 0;
            good &= is_enough(pairs);
        }
        good
    }
}

fn print_row(name: &str, row: &Record, total: &mut Total) -> bool {
    let probes = of(&row.pairs, |_, _| true);
    let conditional = of(&row.pairs, |_, h| h == "conditional");
    let kind = if name.starts_with("generated") {
        &mut total.generated
    } else {
        &mut total.real
    };
    *kind = (kind.0 + 1, kind.1 + probes);
    add(&mut total.pairs, &row.pairs);
    total.open += row.open;
    total.differ += row.wrong.len();
    let without = match row.refused.len() {
        0 => String::new(),
        n => format!("; without {n} refused rules"),
    };
    let mut why: Vec<_> = row.why.iter().collect();
    why.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let why: Vec<String> = why
        .iter()
        .take(3)
        .map(|(k, n)| format!("{k} ({n})"))
        .collect();
    let short: String = name.chars().take(52).collect();
    println!(
        "{short:52} {probes:7} {:6} {:6} {:>11}  {}{without}",
        of(&row.pairs, |k, _| k == "lost"),
        row.wrong.len(),
        format!("{:.2}%", 100.0 * conditional as f64 / probes.max(1) as f64),
        why.join(", ")
    );
    let left_open = row.open * 100 > probes;
    if left_open {
        println!(
            "  LEFT OPEN without a true condition: {} of {probes}",
            row.open
        );
    }
    row.wrong.is_empty() && !left_open
}

/// At most one packet in five may be lost, and some must be tried.
fn is_enough(pairs: &Pairs) -> bool {
    let probes = of(pairs, |_, _| true);
    let lost = of(pairs, |k, h| k == "lost" || h == "lost");
    let enough = probes > 0 && lost * 5 <= probes;
    if !enough {
        println!("too many packets never came to the rules: this proves nothing");
    }
    enough
}

impl Total {
    fn print(&self, not_tried: usize) {
        println!(
            "real rulesets {} ({not_tried} not tried), probes {}; generated rulesets {}, probes {}; lost {}; both let through {}, \
             both stop {}; conditional {}, of them without a true condition {}; DIFFERENCES {}",
            self.real.0,
            self.real.1,
            self.generated.0,
            self.generated.1,
            of(&self.pairs, |k, _| k == "lost"),
            of(&self.pairs, |k, h| k == "allow" && h == "allow"),
            of(&self.pairs, |k, h| k == "deny" && h == "deny"),
            of(&self.pairs, |_, h| h == "conditional"),
            self.open,
            self.differ,
        );
    }

    fn is_enough(&self) -> bool {
        is_enough(&self.pairs)
    }
}

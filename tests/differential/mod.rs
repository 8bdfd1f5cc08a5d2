//! Evaluators of one question, what becomes of packets, held against each other two by two: the engine, the naive
//! evaluator of `tests/oracle/` and the running kernel. They share the model at most, so where all agree, all are right or
//! wrong in the same way. The Cedar policy engine is tested so.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod engine;
pub(crate) mod kernel;
pub(crate) mod naive;
pub(crate) mod row;
pub(crate) mod talk;

use hylint::session::trace::{Packet, Verdict};
use hylint_engine::Direction;
use hylint_model::{Point, Profiles};
use row::Row;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use talk::{Place, Talk};

/// The rules that are asked, and the way of the packets.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    /// Layers that all must let a packet through, each a union of points.
    pub(crate) layers: &'a [Vec<Point>],
    pub(crate) direction: Direction,
    /// The Windows profile, if one is asked for.
    pub(crate) profile: Option<Profiles>,
    /// The same rules as a dump, for who reads one.
    pub(crate) dump: Option<&'a Dump>,
    /// The filter table alone.
    pub(crate) filter_only: bool,
}

/// Rules of netfilter as text.
#[derive(Clone, Debug)]
pub(crate) struct Dump {
    pub(crate) text: String,
    /// Where the text is, with a header that names the family.
    pub(crate) path: PathBuf,
}

/// A packet, and the fields that it is read from.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    pub(crate) packet: Packet,
    /// `None` for a packet that was made from no text.
    pub(crate) row: Option<Row>,
}

impl From<Packet> for Probe {
    fn from(packet: Packet) -> Self {
        Self { packet, row: None }
    }
}

/// What an evaluator says of one packet.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// `None` if the packet never came to the rules.
    pub(crate) verdict: Option<Verdict>,
    /// What a conditional verdict depends on, as far as the evaluator says.
    pub(crate) conditions: Vec<String>,
    /// What decided, as far as it says.
    pub(crate) by: String,
}

impl Answer {
    /// A verdict alone.
    pub(crate) fn of(verdict: Verdict) -> Self {
        Self {
            verdict: Some(verdict),
            conditions: Vec::new(),
            by: String::new(),
        }
    }

    pub(crate) fn word(&self) -> &'static str {
        self.verdict.map_or("lost", Verdict::as_str)
    }
}

/// What an evaluator's answers tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sight {
    /// Everything that may happen: `conditional` where it may be either.
    Everything,
    /// What did happen to this packet, once.
    Once,
}

/// One implementation.
pub(crate) trait Evaluator {
    fn name(&self) -> &'static str;

    fn sight(&self) -> Sight;

    /// An answer for each packet, in their order. Fails where the rules cannot be asked at all.
    fn answers(&mut self, case: &Case<'_>, probes: &[Probe]) -> Result<Vec<Answer>, String>;

    /// An answer for each conversation: allowed if every packet of it comes through. Each is of its own direction. Fails where
    /// only single packets can be asked about.
    fn talks(&mut self, _: &Case<'_>, _: &Place, _: &[Talk]) -> Result<Vec<Answer>, String> {
        Err(format!("{} takes packets one by one", self.name()))
    }
}

/// A packet of which two evaluators say different things.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// Its number.
    pub(crate) probe: usize,
    packet: String,
    direction: Direction,
    said: [(&'static str, Answer); 2],
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |(name, answer): &(&str, Answer)| {
            let by = if answer.by.is_empty() {
                String::new()
            } else {
                format!(" by {}", answer.by)
            };
            format!("{name} {}{by}", answer.word())
        };
        let [left, right] = &self.said;
        write!(
            f,
            "{}, {} of {:?} {}",
            one(left),
            one(right),
            self.direction,
            self.packet
        )
    }
}

/// What came of holding two evaluators against each other.
pub(crate) struct Compared {
    /// How often one said this and the other that.
    pub(crate) pairs: BTreeMap<(&'static str, &'static str), usize>,
    pub(crate) differences: Vec<Difference>,
    pub(crate) answers: [Vec<Answer>; 2],
}

/// An observation is made so often before it is held against anyone: an error that the kernel itself sends may have by
/// chance the number of a probe.
const AGAIN: usize = 3;

/// Holds two evaluators against each other.
pub(crate) fn compare(
    left: &mut dyn Evaluator,
    right: &mut dyn Evaluator,
    case: &Case<'_>,
    probes: &[Probe],
) -> Result<Compared, String> {
    let answers = [asked(left, case, probes)?, asked(right, case, probes)?];
    let sights = [left.sight(), right.sight()];
    let mut pairs = BTreeMap::new();
    for (l, r) in answers[0].iter().zip(&answers[1]) {
        *pairs.entry((l.word(), r.word())).or_default() += 1;
    }
    let mut wrong: Vec<usize> = (0..probes.len())
        .filter(|n| !agree(sights, [&answers[0][*n], &answers[1][*n]]))
        .collect();
    for (side, evaluator) in [left as &mut dyn Evaluator, right].into_iter().enumerate() {
        if sights[side] == Sight::Once {
            wrong = confirmed(evaluator, case, probes, &answers[side], wrong)?;
        }
    }
    let names = [left.name(), right.name()];
    let told = |n: usize| Difference {
        probe: n,
        packet: probes[n]
            .row
            .as_ref()
            .map_or_else(|| format!("{:?}", probes[n].packet), Row::to_string),
        direction: case.direction,
        said: [0, 1].map(|side| (names[side], answers[side][n].clone())),
    };
    let differences = wrong.into_iter().map(told).collect();
    Ok(Compared {
        pairs,
        differences,
        answers,
    })
}

fn asked(e: &mut dyn Evaluator, case: &Case<'_>, probes: &[Probe]) -> Result<Vec<Answer>, String> {
    let answers = e.answers(case, probes)?;
    if answers.len() == probes.len() {
        Ok(answers)
    } else {
        Err(format!(
            "{}: {} packets, {} answers",
            e.name(),
            probes.len(),
            answers.len()
        ))
    }
}

/// What did happen says nothing against who knows that it may or may not; and nothing is known of a lost packet.
fn agree(sights: [Sight; 2], answers: [&Answer; 2]) -> bool {
    let [Some(l), Some(r)] = answers.map(|a| a.verdict) else {
        return true;
    };
    let open =
        |side: usize, v: Verdict| v == Verdict::Conditional && sights[1 - side] == Sight::Once;
    l == r || open(0, l) || open(1, r)
}

/// The differences at which what was observed is observed again.
fn confirmed(
    e: &mut dyn Evaluator,
    case: &Case<'_>,
    probes: &[Probe],
    first: &[Answer],
    mut wrong: Vec<usize>,
) -> Result<Vec<usize>, String> {
    for _ in 0..AGAIN {
        if wrong.is_empty() {
            break;
        }
        let some: Vec<Probe> = wrong.iter().map(|n| probes[*n].clone()).collect();
        let again = asked(e, case, &some)?;
        let same = |(n, a): &(usize, Answer)| first[*n].verdict == a.verdict;
        wrong = wrong
            .into_iter()
            .zip(again)
            .filter(same)
            .map(|(n, _)| n)
            .collect();
    }
    Ok(wrong)
}

/// An evaluator that says what it is told, for the tests of the harness.
#[cfg(test)]
struct Told(&'static str, Sight, Vec<Vec<Option<Verdict>>>);

#[cfg(test)]
impl Evaluator for Told {
    fn name(&self) -> &'static str {
        self.0
    }

    fn sight(&self) -> Sight {
        self.1
    }

    fn answers(&mut self, _: &Case<'_>, _: &[Probe]) -> Result<Vec<Answer>, String> {
        let all = if self.2.len() > 1 {
            self.2.remove(0)
        } else {
            self.2[0].clone()
        };
        Ok(all
            .into_iter()
            .map(|verdict| Answer {
                verdict,
                ..Answer::of(Verdict::Deny)
            })
            .collect())
    }
}

/// How many differences there are between what two say, one after the other; `None` where the packets were not all answered.
#[cfg(test)]
fn between(left: Told, right: Told) -> Option<usize> {
    let probe = Probe::from(row::Row::example().packet());
    let case = Case {
        layers: &[],
        direction: Direction::In,
        profile: None,
        dump: None,
        filter_only: false,
    };
    let (mut left, mut right) = (left, right);
    let found = compare(&mut left, &mut right, &case, &[probe]).ok()?;
    for d in &found.differences {
        assert!(
            d.to_string().starts_with("a ") && d.to_string().contains(", b "),
            "{d}"
        );
    }
    Some(found.differences.len())
}

/// Catches a harness that lets differences pass.
#[test]
fn two_verdicts_are_one_or_a_difference() {
    use Sight::{Everything, Once};
    use Verdict::{Allow, Conditional, Deny};
    let a = |v| Told("a", Everything, vec![vec![Some(v)]]);
    let b = |v| Told("b", Everything, vec![vec![Some(v)]]);
    let seen = |v| Told("b", Once, vec![vec![v]]);
    for (l, r, differ) in [
        (Allow, Allow, 0),
        (Allow, Deny, 1),
        (Allow, Conditional, 1),
        (Conditional, Conditional, 0),
    ] {
        assert_eq!(between(a(l), b(r)), Some(differ), "{l:?} {r:?}");
    }
    for (l, r, differ) in [
        (Allow, Some(Allow), 0),
        (Allow, Some(Deny), 1),
        (Deny, Some(Allow), 1),
        (Conditional, Some(Deny), 0),
        (Allow, None, 0),
    ] {
        assert_eq!(between(a(l), seen(r)), Some(differ), "{l:?} {r:?}");
    }
    // What is seen once and not again is an accident.
    let accident = Told("b", Once, vec![vec![Some(Deny)], vec![Some(Allow)]]);
    assert_eq!(between(a(Allow), accident), Some(0));
    assert_eq!(between(a(Allow), Told("b", Everything, vec![vec![]])), None);
}

//! What nobody can know from the exports: asked one value after the other.

use crate::space::Addr;
use std::collections::BTreeSet;

/// How an open question is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// Each way in turn.
    Each,
    /// A rule that may allow does, or does not; one that may block never does.
    Excess { allows: bool },
}

/// The open questions of one evaluation.
pub(crate) struct Ask<'r> {
    mode: Mode,
    script: Vec<bool>,
    seen: Vec<(String, Addr, bool)>,
    readings: &'r Readings,
}

/// Questions that the vendors' documentation leaves open: each answer is right, whatever is said by it.
#[derive(Default)]
pub(crate) struct Readings {
    chosen: BTreeSet<&'static str>,
    asked: std::cell::RefCell<BTreeSet<&'static str>>,
}

/// What may become of a flow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Fate {
    Violated,
    Conditional,
    Satisfied,
}

impl Fate {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::Conditional => "conditional",
            Self::Satisfied => "satisfied",
        }
    }
}

impl Ask<'_> {
    /// Whether an address is in something that was not exported, asked by a rule that allows or one that does not. The
    /// answer is one for all rules and all packets of a conversation.
    pub(crate) fn open(&mut self, name: &str, addr: Addr, allow: bool) -> bool {
        if let Mode::Excess { allows } = self.mode {
            return allow && allows;
        }
        if let Some((.., known)) = self.seen.iter().find(|(n, a, _)| n == name && *a == addr) {
            return *known;
        }
        let value = self.script.get(self.seen.len()).copied().unwrap_or(false);
        self.seen.push((name.into(), addr, value));
        value
    }

    /// Whether a group of an interface that was not exported allows something. It may allow all, so that it says nothing of
    /// excess.
    pub(crate) fn missing_group(&mut self, addr: Addr) -> bool {
        match self.mode {
            Mode::Each => self.open("a group that was not exported", addr, true),
            Mode::Excess { .. } => self.reading("a group that is missing lets in"),
        }
    }

    /// Whether a layer that is named and was not exported lets a packet pass.
    pub(crate) fn layer(&mut self, name: &str, addr: Addr) -> bool {
        match self.mode {
            Mode::Each => self.open(name, addr, true),
            Mode::Excess { .. } => !self.reading("a layer that is missing hides excess"),
        }
    }

    /// Whether a public address that a route brings into the tag `VirtualNetwork` counts as excess that is an error: of a
    /// default rule, where the host can be reached from the Internet.
    pub(crate) fn widened(&mut self, default_rule: bool, reached: bool) -> bool {
        match self.mode {
            Mode::Each => true,
            Mode::Excess { allows } if default_rule => reached || allows,
            Mode::Excess { allows } => {
                allows || self.reading("a rule that a route widens is an error")
            }
        }
    }

    /// Whether the documentation is read so.
    pub(crate) fn reading(&self, name: &'static str) -> bool {
        self.readings.asked.borrow_mut().insert(name);
        self.readings.chosen.contains(name)
    }
}

/// What may become of one flow, over each value of each open question.
pub(crate) fn fate(readings: &Readings, flow: &dyn Fn(&mut Ask<'_>) -> bool) -> Fate {
    let (mut script, mut passes, mut fails) = (Vec::new(), false, false);
    loop {
        let mut ask = Ask {
            mode: Mode::Each,
            script,
            seen: Vec::new(),
            readings,
        };
        if flow(&mut ask) {
            passes = true;
        } else {
            fails = true;
        }
        script = ask.seen.iter().map(|s| s.2).collect();
        while script.last() == Some(&true) {
            script.pop();
        }
        match script.last_mut() {
            Some(last) => *last = true,
            None => break,
        }
    }
    match (passes, fails) {
        (true, true) => Fate::Conditional,
        (passes, _) => {
            if passes {
                Fate::Satisfied
            } else {
                Fate::Violated
            }
        }
    }
}

/// Whether a packet gets in: where rules that may allow do, or where they do not. A rule that may block never does: it hides
/// nothing that stands behind it.
pub(crate) fn gets_in(
    readings: &Readings,
    allows: bool,
    packet: impl Fn(&mut Ask<'_>) -> bool,
) -> bool {
    packet(&mut Ask {
        mode: Mode::Excess { allows },
        script: Vec::new(),
        seen: Vec::new(),
        readings,
    })
}

/// What is true by each reading of the documentation that makes a difference.
pub(crate) fn by_each_reading<T: Ord>(judge: impl Fn(&Readings) -> T) -> BTreeSet<T> {
    let first = Readings::default();
    let mut all = BTreeSet::from([judge(&first)]);
    let asked: Vec<_> = first.asked.into_inner().into_iter().collect();
    for bits in 1u32..1 << asked.len() {
        let chosen = asked.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
        all.insert(judge(&Readings {
            chosen: chosen.map(|(_, n)| *n).collect(),
            ..Readings::default()
        }));
    }
    all
}

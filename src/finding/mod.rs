//! A finding: one thing that is wrong, with its place and its evidence. Filtering, waiving and rendering happen later.

mod cause;
pub mod code;
pub mod difference;
mod excerpt;
pub mod fingerprint;
mod identity;
mod ids;
pub mod outcome;
mod severity;
mod shape;

pub use cause::{Cause, Counted, Many};
pub use code::{Code, Group};
pub use excerpt::{Excerpt, ExcerptLine};
pub use identity::{Identity, Known};
pub use ids::{AssumptionId, DeciderKind, RoleSource};
pub use severity::Severity;
pub use shape::shape;

use hylint_model::{Direction, Span};
use hylint_parsers::source::{Position, Source};
use jiff::civil::Date;
use serde::Serialize;
use std::sync::Arc;

/// A place in a file, resolved to line and column, with the lines it stands on, so that the file's text may be dropped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file's path as reported.
    pub path: Arc<str>,
    /// First character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// The text of its first lines.
    pub excerpt: Excerpt,
}

impl Place {
    /// Resolves a span. `path` is that of the file that was read; a place in a file that it includes has the path of that
    /// one.
    #[must_use]
    pub fn new(path: &Arc<str>, source: &Source, span: Span) -> Self {
        let start = source.position(span.start);
        let end = source.position(span.end.max(span.start));
        Self {
            path: source.part(span.start).map_or(path, |p| &p.path).clone(),
            start,
            end,
            excerpt: Excerpt::new(source, span.start, start, end),
        }
    }

    /// The text that the place covers, not sanitized; none if it is not wholly in the excerpt or spans lines.
    #[must_use]
    pub fn covered(&self) -> Option<String> {
        let line = self.excerpt.lines().next()?;
        let skip = self.start.column.checked_sub(line.column)? as usize;
        let len = self.end.column.checked_sub(self.start.column)? as usize;
        let text: String = line.text.chars().skip(skip).take(len).collect();
        (self.start.line == self.end.line && text.chars().count() == len).then_some(text)
    }

    /// A place in a file whose text is not at hand.
    #[must_use]
    pub fn file(path: &Arc<str>) -> Self {
        let one = Position { line: 1, column: 1 };
        Self {
            path: path.clone(),
            start: one,
            end: one,
            excerpt: Excerpt::default(),
        }
    }
}

/// A further place of a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What is there.
    pub label: String,
}

/// A packet that shows the finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, schemars::JsonSchema)]
pub struct Witness {
    /// Source address.
    pub src: String,
    /// Destination address.
    pub dst: String,
    /// Protocol name or number.
    pub proto: String,
    /// Source port, or null.
    pub sport: Option<u16>,
    /// Destination port, or null.
    pub dport: Option<u16>,
}

/// A command that shows what a finding claims of its packet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, schemars::JsonSchema)]
pub struct Reproduce {
    /// A `hylint trace` command, quoted for a POSIX shell, to run where the check was run.
    pub command: String,
    /// The verdict that it gives: allow, deny or conditional.
    pub verdict: &'static str,
}

/// Some packets in words: `TCP 1433 from 10.0.0.0/8 except 10.93.1.5`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// All that it is.
    pub text: String,
    /// With its long lists cut and counted, where it has any.
    pub short: Option<String>,
}

/// Who accepts a finding until when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiver {
    /// Why.
    pub reason: String,
    /// Who answers for it; an inline waiver may leave it out.
    pub owner: Option<String>,
    /// Last day, inclusive, UTC.
    pub until: Date,
    /// Where it stands: the `[[waive]]` of hylint.toml, or the comment of the rule.
    pub place: Option<Place>,
    /// It stands in the export itself.
    pub inline: bool,
}

/// A finding.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The lint's code.
    pub code: Code,
    /// Its severity after the site's changes.
    pub severity: Severity,
    /// One sentence for people: what is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The deciding place. None only for what has no file at all.
    pub place: Option<Place>,
    /// What the primary label says at the place.
    pub label: String,
    /// The rule's name, if the place is one.
    pub rule: Option<String>,
    /// The host that is judged.
    pub host: Option<String>,
    /// The point that is judged.
    pub point: Option<String>,
    /// The way of its packets.
    pub direction: Option<Direction>,
    /// Requirement id.
    pub requirement: Option<String>,
    /// Its row; where one finding serves several rows, the lowest.
    pub row: Option<u32>,
    /// The other rows.
    pub also: Vec<u32>,
    /// Failing pairs, `src -> dst`; at most 20.
    pub pairs: Vec<String>,
    /// How many pairs fail.
    pub pairs_total: usize,
    /// What a rule lets in that nothing needs, exactly: these together. At most [`Finding::PARTS`] are named. Of a rule whose
    /// packets hundreds of earlier rules take in part, none.
    pub excess: Vec<Part>,
    /// How many there are.
    pub excess_total: usize,
    /// A packet that shows it.
    pub witness: Option<Box<Witness>>,
    /// Commands that reproduce it: one for each export that its point stands in.
    pub reproduce: Vec<Reproduce>,
    /// Commands that do what the help says, in the export's own language and in this order. None where a command alone
    /// does not do it.
    pub commands: Vec<String>,
    /// Further places: the allow that loses, the nearest miss.
    pub related: Vec<Related>,
    /// What was assumed.
    pub assumptions: Vec<String>,
    /// What the fingerprint is made of.
    pub identity: Identity,
    /// What it has in common with others that a report shows together with it; none: it is shown alone.
    pub cause: Option<Cause>,
    /// Hex; survives moved lines, reordered and renamed rules. Unique within a run.
    pub fingerprint: String,
    /// The waiver that holds it down.
    pub waived: Option<Box<Waiver>>,
    /// A baseline holds it down.
    pub baselined: bool,
    /// What breaks for the user when this stays (from the matrix), for people.
    pub impact: Option<String>,
}

impl Finding {
    /// Parts of an excess that are named.
    pub const PARTS: usize = 50;

    /// A finding with what none goes without: its code and severity, what it is known by, and its place, where it has one.
    #[must_use]
    pub fn new(
        code: Code,
        severity: Severity,
        message: impl Into<String>,
        identity: Identity,
        place: impl Into<Option<Place>>,
    ) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            help: None,
            place: place.into(),
            label: String::new(),
            rule: None,
            host: None,
            point: None,
            direction: None,
            requirement: None,
            row: None,
            also: Vec::new(),
            pairs: Vec::new(),
            pairs_total: 0,
            excess: Vec::new(),
            excess_total: 0,
            witness: None,
            reproduce: Vec::new(),
            commands: Vec::new(),
            related: Vec::new(),
            assumptions: Vec::new(),
            identity,
            cause: None,
            fingerprint: String::new(),
            waived: None,
            baselined: false,
            impact: None,
        }
    }

    /// Whether it is about a requirement, by its id or its row.
    #[must_use]
    pub fn is_about(&self, id: &str, row: u32) -> bool {
        let by_id = self.requirement.as_deref() == Some(id);
        by_id || self.row == Some(row) || self.also.contains(&row)
    }

    /// Whether it counts: nobody waived it and no baseline holds it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.waived.is_none() && !self.baselined
    }
}

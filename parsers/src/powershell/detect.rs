//! Tells the output of the NetSecurity cmdlets by its content.

use super::forms::{csv, json, list, table};
use super::found::Found;
use super::lines::{self, Line};
use super::props::{Known, Prop};
use super::record::{Kind, Record};
use super::words;
use crate::input::{Input, Score};
use crate::json::Json;

/// How much of a text is looked at. A rule with its `CimClass` takes two kilobytes.
const HEAD: usize = 64 * 1024;

/// Properties, in lower case, of which one stands in the first objects of any such export.
const MARKS: [&str; 17] = [
    "\"owningprocess\"",
    "\"destinationprefix\"",
    "\"processid\"",
    "\"processname\"",
    "\"ipaddress\"",
    "\"@{",
    "\"direction\"",
    "\"edgetraversalpolicy\"",
    "\"defaultinboundaction\"",
    "\"instanceid\"",
    "\"networkcategory\"",
    "\"activeprofile\"",
    "\"prefixorigin\"",
    "\"icmptype\"",
    "\"netfirewall",
    "\"inboundsecurity\"",
    "\"enabled\"",
];

/// The score of a text.
pub(super) fn score(input: &Input<'_>) -> Score {
    let text = input.source.text.as_str();
    let head = head(text);
    if Json::sniff(text) {
        return if is_marked(head) { objects(head) } else { 0 };
    }
    lines_of(head)
}

/// Scripts that print JSON of their own write names in any case.
fn is_marked(head: &str) -> bool {
    let lower = head.to_ascii_lowercase();
    let has = |m: &&str| memchr::memmem::find(lower.as_bytes(), m.as_bytes()).is_some();
    MARKS.iter().any(has)
}

/// The beginning of a text, at the end of a line.
fn head(text: &str) -> &str {
    if text.len() <= HEAD {
        return text;
    }
    let mut end = HEAD;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// Documents, of which the last one may be cut.
fn objects(head: &str) -> Score {
    let json = Json::parse(head);
    let mut found = Found::default();
    json::read(&json, 0, &mut found);
    let scores = found.records.iter().map(record);
    scores.max().unwrap_or(0)
}

/// How sure it is that an object is one of these.
fn record(r: &Record<'_>) -> Score {
    match r.kind() {
        Kind::Rule => {
            let is = |prop, read: fn(&str) -> Option<&'static str>| {
                let cell = r.get(prop);
                cell.is_some_and(|c| {
                    c.is_lost() || c.one().is_some_and(|w| read(&w.text).is_some())
                })
            };
            let named = r.has(Prop::DisplayName) || r.has(Prop::InstanceId) || r.has(Prop::Name);
            let way = is(Prop::Direction, words::direction);
            let does = is(Prop::Action, words::action) || is(Prop::Enabled, words::enabled);
            match (way && (does || r.lost.is_some()), named) {
                (true, true) => 95,
                (true, false) => 60,
                _ if r.has(Prop::Edge) || r.has(Prop::PrimaryStatus) => 60,
                _ => 0,
            }
        }
        Kind::Profile if r.has(Prop::DefaultInbound) || r.has(Prop::AllowLocal) => 90,
        Kind::Filter => {
            let ports = [Prop::LocalPort, Prop::RemotePort, Prop::Icmp, Prop::Dynamic];
            let count = ports.iter().filter(|p| r.has(**p)).count();
            match r.has(Prop::InstanceId) || r.has(Prop::Class) {
                true => 70,
                false if count >= 3 => 60,
                false => 0,
            }
        }
        Kind::Setting | Kind::Connection => 40,
        Kind::Address if r.has_any(&[Prop::Alias, Prop::IfIndex, Prop::PrefixLength]) => 30,
        Kind::Socket | Kind::Route | Kind::Adapter => 30,
        Kind::Process | Kind::Service => 22,
        Kind::Ipsec => 50,
        Kind::Profile if r.has(Prop::Enabled) => 40,
        Kind::Profile | Kind::Address | Kind::Proxy | Kind::Failed | Kind::Other => 0,
    }
}

/// Properties of filters that have one or two.
const FILTERS: [Prop; 6] = [
    Prop::Program,
    Prop::Package,
    Prop::Service,
    Prop::Alias,
    Prop::InterfaceType,
    Prop::Authentication,
];

/// Most documents of a capture that are looked at.
const MOST_TRIED: usize = 3;

#[derive(Default)]
struct Seen {
    /// Bits of properties in lists.
    listed: u128,
    best: Score,
    /// Places at which documents may begin that are tried.
    tried: usize,
}

impl Seen {
    fn has(&self, prop: Prop) -> bool {
        self.listed & (1 << prop as u128) != 0
    }

    fn all(&self, props: &[Prop]) -> bool {
        props.iter().all(|p| self.has(*p))
    }

    fn score(&self) -> Score {
        use Prop::{Action, AllowLocal, DefaultInbound, Direction, DisplayName, Edge};
        let com = self.has(Prop::ComName) || self.has(Prop::ComIcmp);
        let listed = match () {
            () if com => 0,
            () if self.all(&[DisplayName, Direction, Action]) => 95,
            () if self.all(&[Direction, Action, Edge]) => 80,
            () if self.all(&[DefaultInbound, AllowLocal]) => 90,
            () if self.all(&[Prop::LocalPort, Prop::RemotePort, Prop::Icmp]) => 70,
            () if self.all(&[Prop::LocalAddress, Prop::RemoteAddress, Prop::InstanceId]) => 70,
            () if self.has(Prop::InstanceId) && FILTERS.iter().any(|p| self.has(*p)) => 60,
            () if self.has(Prop::Category) && self.has(Prop::Alias) => 40,
            () if self.has(Prop::IpAddress)
                && (self.has(Prop::Alias) || self.has(Prop::PrefixLength)) =>
            {
                30
            }
            () if self.all(&[Prop::LocalPort, Prop::Process]) => 30,
            () if self.all(&[Prop::Destination, Prop::NextHop]) => 30,
            () if self.all(&[Prop::Id, Prop::ProcessName]) => 22,
            () if self.all(&[Prop::ProcessId, Prop::Name]) => 22,
            () => 0,
        };
        listed.max(self.best)
    }
}

/// Lists, tables and CSV, perhaps with JSON behind a prompt.
fn lines_of(head: &str) -> Score {
    let all: Vec<Line<'_>> = lines::lines(head, 0).collect();
    let mut seen = Seen::default();
    for (at, line) in all.iter().enumerate() {
        // Most texts have no line that is looked at further.
        let text = line.text.trim_start_matches(['#', '>', ' ', '\t', '"']);
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            if line.text.starts_with(['{', '[']) && seen.tried < MOST_TRIED {
                let rest = head.get(line.start..).unwrap_or("");
                if Json::sniff(rest) && is_marked(rest) {
                    seen.tried += 1;
                    seen.best = seen.best.max(objects(rest));
                }
            }
            continue;
        }
        if line.command().is_some() {
            continue;
        }
        if let Some(f) = list::field(line) {
            if let Known::Prop(prop) = f.known {
                seen.listed |= 1 << prop as u128;
            }
            continue;
        }
        if at < 64 {
            seen.best = seen.best.max(table(&all, at, head));
        }
        if seen.best >= 90 {
            break;
        }
    }
    seen.score()
}

/// Whether a line is the header of a table of such objects.
fn table(all: &[Line<'_>], at: usize, head: &str) -> Score {
    let Some(line) = all.get(at) else { return 0 };
    let mut found = Found::default();
    let next = all.get(at + 1).and_then(|next| table::ruler(next.text));
    if let Some(runs) = next {
        let rows = all.get(at + 2..).unwrap_or_default();
        let count = rows.iter().position(Line::is_blank).unwrap_or(rows.len());
        let rows = rows.get(..count.min(20)).unwrap_or_default();
        table::read(line, &runs, rows, &mut found);
        return found
            .records
            .iter()
            .map(|r| record(r).min(85))
            .max()
            .unwrap_or(0);
    }
    let rest = head.get(line.start..).unwrap_or("");
    let Some(table) = csv::Table::of(rest, line.start) else {
        return 0;
    };
    table.read(&mut found);
    let score = found.records.iter().take(20).map(record).max();
    let headed =
        found.records.is_empty() && table.has(&[Prop::Direction, Prop::Action, Prop::DisplayName]);
    score.unwrap_or(if headed { 60 } else { 0 })
}

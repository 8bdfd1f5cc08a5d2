//! The registry of export formats. A new format is one folder and one line here.

pub use crate::input::{Depth, FormatSpec, Input, Score};
use crate::places;
use crate::source::Source;
use hylint_model::{Export, Problem, ProblemKind, Span, reworded};

/// Every format.
pub const FORMATS: &[&FormatSpec] = &[
    &crate::netsh::FORMAT,
    &crate::wfmsc::FORMAT,
    &crate::powershell::FORMAT,
    &crate::registry::FORMAT,
    &crate::gpo::FORMAT,
    &crate::iptables::FORMAT,
    &crate::ufw::FORMAT,
    &crate::listing::FORMAT,
    &crate::firewalld::FORMAT,
    &crate::iproute2::FORMAT,
    &crate::winnet::FORMAT,
    &crate::nft::FORMAT,
    &crate::aws::FORMAT,
    &crate::azure::FORMAT,
];

/// The score that nothing exceeds: no other format needs to look at the text.
const CERTAIN: Score = 100;

/// The format of a text, from its content: the best score wins, the first of equals.
#[must_use]
pub fn detect(input: &Input<'_>) -> Option<&'static FormatSpec> {
    let mut best: Option<(Score, &'static FormatSpec)> = None;
    for f in FORMATS {
        let score = (f.detect)(input);
        if score > 0 && best.is_none_or(|(s, _)| score > s) {
            best = Some((score, f));
        }
        if score >= CERTAIN {
            break;
        }
    }
    // What `iptables -S` prints may stand behind the addresses and routes of its host.
    let facts = best.is_some_and(|(_, f)| f.id == crate::iproute2::FORMAT.id);
    if facts && !input.source.text.starts_with(['[', '{']) {
        let rules = (crate::iptables::FORMAT.detect)(input);
        if rules >= RULES {
            return Some(&crate::iptables::FORMAT);
        }
    }
    best.map(|(_, f)| f)
}

/// A score of the reader of iptables at which a text has some of its commands.
const RULES: Score = 20;

/// Tells of the rules of another program among listings of addresses, routes and sockets.
fn beside_facts(source: &Source, format: &FormatSpec) -> Option<Problem> {
    if format.id != crate::iproute2::FORMAT.id || source.text.len() > LOOKED_THROUGH {
        return None;
    }
    let sign = crate::lookalike::linux::sign(&source.text)?;
    let message = format!(
        "the file has {} beside the listings, which is not read",
        sign.what
    );
    let problem = Problem::new(ProblemKind::Malformed, Span::new(0, 0), message);
    Some(problem.help(sign.instead))
}

/// Whether a text is sure to be an export.
pub(crate) fn is_sure(source: &Source) -> bool {
    let input = Input::new(source);
    FORMATS.iter().any(|f| (f.detect)(&input) >= SURE)
}

/// Detects and reads in one step; `None` if the text is no export.
#[must_use]
pub fn read(source: &Source) -> Option<Export> {
    read_to(source, Depth::Whole)
}

/// The same to a depth. What is no export is none to any.
#[must_use]
pub fn read_to(source: &Source, depth: Depth) -> Option<Export> {
    let input = Input::with_depth(source, depth);
    let format = detect(&input)?;
    let places = places::of(source, format);
    let source = places.own.as_ref().unwrap_or(source);
    let input = Input::with_depth(source, depth);
    let left = match &places.own {
        Some(_) => detect(&input),
        None => Some(format),
    };
    let mut export = match left {
        Some(format) => {
            let mut export = (format.read)(&input);
            listings_beside(source, format, &mut export);
            export
        }
        None => places::nothing(format, &places),
    };
    places.tell(&mut export);
    export.problems.extend(second_format(source, format));
    export.problems.extend(beside_facts(source, format));
    export.problems.extend(conflict(source));
    Some(export)
}

/// Tells of a merge conflict that nobody resolved: the file is neither of its two versions, and readers take lines of both.
fn conflict(source: &Source) -> Option<Problem> {
    let text = source.text.as_str();
    let mut at = memchr::memmem::find(text.as_bytes(), b"<<<<<<< ")?;
    let mut lines = text.get(at..)?.lines();
    if at > 0 && text.as_bytes().get(at - 1) != Some(&b'\n') {
        at += text.get(at..)?.find("\n<<<<<<< ")? + 1;
        lines = text.get(at..)?.lines();
    }
    let first = lines.next()?;
    let middle = lines.by_ref().any(|l| l.trim_end() == "=======");
    if !middle || !lines.any(|l| l.starts_with(">>>>>>> ")) {
        return None;
    }
    let span = Span::new(at, at + first.trim_end().len());
    let message = reworded(
        "unresolved merge conflict: the file is neither of its two versions",
        "the file holds an unresolved merge conflict, so it is neither of its two versions",
    );
    let problem = Problem::new(ProblemKind::Malformed, span, message);
    Some(problem.help("resolve the conflict, or export again"))
}

/// A score at which a part of a text is sure to be of a format.
const SURE: Score = 60;

/// Most lines at which another format may begin that are tried.
const TRIED: usize = 4;

/// Tells of an export of another format before or behind the one that is read: two commands may have been redirected into one
/// file, and each reader passes over what is none of its own.
fn second_format(source: &Source, format: &FormatSpec) -> Option<Problem> {
    let text = source.text.as_str();
    let iptables = |line: &str| {
        let table = |t: &str| {
            matches!(
                t.trim_end(),
                "filter" | "nat" | "mangle" | "raw" | "security"
            )
        };
        line.starts_with("# Generated by ip") || line.strip_prefix('*').is_some_and(table)
    };
    let json = |line: &str| {
        matches!(line.trim_end(), "{" | "[" | "{}" | "[]")
            || line.starts_with("{\"")
            || line.starts_with("[{")
    };
    let dump = [crate::iptables::FORMAT.id, crate::ufw::FORMAT.id].contains(&format.id);
    let mut tried = 0;
    let mut before = None;
    let mut last = None;
    let last_rule = memchr::memmem::rfind(text.as_bytes(), b"|Action=");
    // Keys alone tell of policy, which readers of Windows take.
    let registry = |at: usize, line: &str| {
        let line = line.trim_start_matches('[');
        let begins = line.starts_with("HKEY_") || line.starts_with("HKLM");
        begins && last_rule.is_some_and(|rule| rule > at)
    };
    let of_registry = format.id == crate::registry::FORMAT.id;
    for (at, line) in lines_with_first(text, b"#*{[CH") {
        if iptables(line) {
            before = before.or(Some(at));
        }
        if dump && (line.starts_with("COMMIT") || line.starts_with("# Completed")) {
            last = Some(at + line.len());
        }
        let begins = (!dump && iptables(line))
            || (at > 0 && json(line))
            || (at > 0 && !of_registry && tried < TRIED && registry(at, line));
        if begins && tried < TRIED {
            tried += 1;
            if let Some(found) = other_than(format, text.get(at..)?) {
                return Some(told(Span::new(at, at + line.trim_end().len()), found));
            }
        }
    }
    // What stands around a dump.
    let around = [
        before.map(|end| (0, end)),
        last.map(|start| (start, text.len())),
    ];
    around
        .into_iter()
        .flatten()
        .filter(|_| dump)
        .find_map(|(start, end)| {
            let part = text.get(start..end)?;
            let found = other_than(format, part)?;
            let first = start + part.len() - part.trim_start().len();
            let line = text.get(first..end)?.lines().next()?;
            Some(told(Span::new(first, first + line.trim_end().len()), found))
        })
}

/// The lines that begin with one of the bytes, with where they begin. Most lines of an export begin with a blank, and no
/// reader of JSON needs to know where they begin.
fn lines_with_first<'t>(text: &'t str, first: &[u8]) -> impl Iterator<Item = (usize, &'t str)> {
    let bytes = text.as_bytes();
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1));
    let wanted = starts.filter(|at| bytes.get(*at).is_some_and(|b| first.contains(b)));
    wanted.map(|at| {
        let rest = text.get(at..).unwrap_or("");
        (at, rest.split_once('\n').map_or(rest, |(line, _)| line))
    })
}

/// The other format that a part of a text is of.
fn other_than(format: &FormatSpec, part: &str) -> Option<&'static FormatSpec> {
    if part.trim().is_empty() {
        return None;
    }
    let source = Source::new("", part, "UTF-8");
    let input = Input::new(&source);
    // A ruleset of nftables around a dump is a sign that the reader of dumps knows; listings are read with what they stand
    // beside.
    let known = |f: &FormatSpec| {
        format.id == crate::iptables::FORMAT.id && f.id == crate::nft::ID
            || format.id == crate::ufw::FORMAT.id && f.id == crate::iptables::FORMAT.id
            || holds_listings(format) && f.id == crate::iproute2::FORMAT.id
    };
    let others = FORMATS.iter().filter(|f| f.id != format.id && !known(f));
    others.copied().find(|f| (f.detect)(&input) >= SURE)
}

/// Whether people save listings of the same host in one file with an export of this format: one script printed both.
fn holds_listings(format: &FormatSpec) -> bool {
    let firewalls = [
        crate::iptables::FORMAT.id,
        crate::listing::FORMAT.id,
        crate::firewalld::FORMAT.id,
        crate::nft::FORMAT.id,
    ];
    firewalls.contains(&format.id)
}

/// A longer text of rules is not looked through for listings: no capture of one host's commands is as long.
const LOOKED_THROUGH: usize = 1 << 20;

/// Reads the listings of a host that stand in one text with the rules of its firewall.
fn listings_beside(source: &Source, format: &FormatSpec, export: &mut Export) {
    if !holds_listings(format) {
        return;
    }
    let text = source.text.get(source.own().range()).unwrap_or("");
    let bytes = text.as_bytes();
    let first = memchr::memmem::find(bytes, b"\n*").or(text.starts_with('*').then_some(0));
    let parts = match (first, memchr::memmem::rfind(bytes, b"COMMIT")) {
        // A dump is long, and nothing stands in it.
        (Some(start), Some(end)) if start < end => vec![0..start, end..text.len()],
        _ if text.len() > LOOKED_THROUGH => return,
        _ => std::iter::once(0..text.len()).collect(),
    };
    if format.id == crate::iptables::FORMAT.id {
        crate::listing::sets_beside(text, export);
    }
    for part in parts {
        let start = part.start;
        let (companions, problems) = crate::iproute2::beside(text.get(part).unwrap_or(""), start);
        export.companions.extend(companions);
        export.problems.extend(problems);
    }
}

fn told(span: Span, found: &FormatSpec) -> Problem {
    let message = reworded(
        format!("second export in the file is not read: {}", found.name),
        format!(
            "the file holds a second export, of {}, which is not read",
            found.name
        ),
    );
    Problem::new(ProblemKind::Malformed, span, message)
        .help("save each export to a file of its own")
}

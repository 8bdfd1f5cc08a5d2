//! `ipset list` (ipset(8)): a block of fields for each set, and its members. They are written as `ipset save` writes them.

use super::command;
use super::save_file::Gen;
use super::set::Listed;
use super::xml;
use crate::input::Depth;
use crate::iptables;
use crate::terminal;
use hylint_model::{Companion, Export, Problem, ProblemKind, Span};
use rustc_hash::{FxHashMap, FxHashSet};

/// Whether a text lists sets.
pub(super) fn are_in(text: &str) -> bool {
    let has = |part: &str| memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some();
    has("<ipset name=") || has("Name: ") && has("Type: ") && !split(text).0.is_empty()
}

/// The sets of a text, and the lines that they take.
pub(super) fn split(text: &str) -> (Vec<Listed<'_>>, Vec<Span>) {
    if memchr::memmem::find(text.as_bytes(), b"<ipset name=").is_some() {
        return xml::sets(text);
    }
    let (mut out, mut taken): (Vec<Listed<'_>>, Vec<Span>) = (Vec::new(), Vec::new());
    if memchr::memmem::find(text.as_bytes(), b"Name: ").is_none() {
        return (out, taken);
    }
    let (mut open, mut filtered) = (false, false);
    let mut at = 0;
    while at < text.len() {
        let rest = text.as_bytes().get(at..).unwrap_or(&[]);
        let end = memchr::memchr(b'\n', rest).map_or(text.len(), |n| at + n);
        let whole = text.get(at..end).unwrap_or("");
        let body = whole.trim();
        let start = at + (whole.len() - whole.trim_start().len());
        let span = Span::new(start, start + body.len());
        let line = Span::new(at, end);
        at = end + 1;
        if let Some(name) = body.strip_prefix("Name: ") {
            let typed = text
                .get(at..)
                .is_some_and(|t| t.trim_start().starts_with("Type: "));
            if typed {
                open = true;
                out.push(Listed {
                    name: name.trim().into(),
                    span,
                    part: filtered,
                    ..Listed::default()
                });
                taken.push(line);
                continue;
            }
        }
        if let Some(part) = command::lists_sets(body) {
            (open, filtered) = (false, part);
            continue;
        }
        let Some(set) = out.last_mut().filter(|_| open) else {
            continue;
        };
        open = field(set, body, span);
        if open || body.is_empty() {
            taken.push(line);
        }
    }
    if open && let Some(set) = out.last_mut() {
        set.last = true;
        set.part |= !text.ends_with('\n');
    }
    // A set without a type is cut in its second line, and anything else that begins so is none.
    out.retain(|s| !s.kind.is_empty());
    (out, taken)
}

/// Takes a line of a set; false where it is none.
fn field<'a>(set: &mut Listed<'a>, body: &'a str, span: Span) -> bool {
    // A set of sets may have one that is called `exit`.
    let is_list = set.kind == "list:set";
    if let Some(members) = &mut set.members {
        let full = set.count.is_some_and(|n| members.len() >= n);
        let ends = (!is_list || body.contains(' ')) && terminal::ends_output(body);
        if body.is_empty() || ends || ends_members(body, full) {
            return false;
        }
        if terminal::leaves_out(body) {
            set.part = true;
            return true;
        }
        members.push((body.into(), span));
        return true;
    }
    let Some((key, value)) = body.split_once(':') else {
        return false;
    };
    let value = value.trim();
    match key {
        "Type" => set.kind = value.into(),
        "Header" => set.options = value.to_owned(),
        "Number of entries" => set.count = value.parse().ok(),
        "Members" if value.is_empty() => set.members = Some(Vec::new()),
        "Revision" | "Size in memory" | "References" => {}
        _ => return false,
    }
    true
}

/// Whether a line stands behind the members of a set: a prompt, or, where all of them are there, anything that begins as none.
fn ends_members(body: &str, all: bool) -> bool {
    let first = body.split_ascii_whitespace().next().unwrap_or("");
    let member = first.starts_with(|c: char| c.is_ascii_hexdigit()) && first.contains(['.', ':']);
    command::is_remark(body) || first.contains(['@', '#', '$', '~', '>']) || all && !member
}

/// Adds the sets to an export as companions, as `ipset save` gives them. One whose members are not all listed is left out, so
/// that nothing is concluded from it.
pub(super) fn add(sets: &[Listed<'_>], export: &mut Export) {
    let mut file = Gen::default();
    let mut firsts: FxHashMap<&str, &Listed<'_>> = FxHashMap::default();
    let mut differ: FxHashSet<&str> = FxHashSet::default();
    let mut again: FxHashSet<u32> = FxHashSet::default();
    for set in sets {
        let first = *firsts.entry(&*set.name).or_insert(set);
        if std::ptr::eq(first, set) {
            continue;
        }
        again.insert(set.span.start);
        if !same(first, set) && differ.insert(&*set.name) {
            let message = format!(
                "the set `{}` is listed twice with different members",
                set.name
            );
            let problem = Problem::new(ProblemKind::Incomplete, set.span, message);
            let help = "keep the output of the later `ipset list`, or run `ipset save` on the host and give its output";
            export.problems.push(problem.help(help));
        }
    }
    for set in sets {
        if differ.contains(&*set.name) || again.contains(&set.span.start) {
            continue;
        }
        let Some(members) = whole(set, &mut export.problems) else {
            continue;
        };
        let create = format!("create {} {} {}", set.name, set.kind, set.options);
        file.line(create.trim_end(), set.span);
        for (member, at) in members {
            file.line(&format!("add {} {member}", set.name), *at);
        }
    }
    if file.text.is_empty() {
        return;
    }
    file.finish();
    let read = iptables::read_written(&file.text, "", Depth::Whole);
    for companion in read.companions {
        let Companion::IpSet(mut set) = companion else {
            continue;
        };
        set.span = file.back(set.span);
        for entry in &mut set.entries {
            entry.span = file.back(entry.span);
        }
        export.companions.push(Companion::IpSet(set));
    }
    for mut problem in read.problems {
        problem.span = file.back(problem.span);
        export.problems.push(problem);
    }
}

/// Whether two listings are of one state of a set.
fn same(a: &Listed<'_>, b: &Listed<'_>) -> bool {
    let members = |s: &Listed<'_>| {
        let all = s.members.iter().flatten();
        let mut all: Vec<String> = all.map(|(m, _)| m.to_string()).collect();
        all.sort_unstable();
        all
    };
    a.kind == b.kind && members(a) == members(b)
}

/// The members of a set, if they are all listed.
fn whole<'s, 'a>(
    set: &'s Listed<'a>,
    problems: &mut Vec<Problem>,
) -> Option<&'s [(std::borrow::Cow<'a, str>, Span)]> {
    // Expired members may be counted and not listed.
    let timed = set.options.split_ascii_whitespace().any(|w| w == "timeout");
    let message = match (&set.members, set.count) {
        (None, Some(0)) => return Some(&[]),
        // Old versions print no number: a set that is cut before its first member looks like an empty one.
        (Some(m), None) if set.part || set.last && m.is_empty() => {
            format!(
                "the set `{}` may have more members than are listed",
                set.name
            )
        }
        (None, _) => format!("the members of the set `{}` are not listed", set.name),
        (Some(m), Some(n)) if m.len() < n && (set.last || set.part || !timed) => {
            format!(
                "the listing shows {} of the {n} members of the set `{}`",
                m.len(),
                set.name
            )
        }
        (Some(m), _) => return Some(m),
    };
    let problem = Problem::new(ProblemKind::Incomplete, set.span, message);
    problems.push(problem.help("run `ipset save` on the host and give its output"));
    None
}

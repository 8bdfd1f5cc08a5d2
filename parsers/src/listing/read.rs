//! Detects and reads a text with listings.

use super::command::is_remark;
use super::lines::{self, Item, Lines};
use super::tables::Listed;
use super::translate::{self, Written};
use super::{again, apply, columns, command, cut, sets, told};
use crate::edit::{Change, EditError, Position};
use crate::input::{Input, Score};
use crate::iptables;
use crate::lookalike::linux;
use crate::source::Source;
use crate::unused::nothing;
use hylint_model::{Action, Backend, Body, Export, OtherRules, Problem, ProblemKind, Rule, Span};
use hylint_space::Family;

/// The format's id in outputs.
pub(super) const ID: &str = "iptables-list";

/// Certain with a chain and the heads of its columns; likely with nothing but rules in columns.
pub(super) fn detect(input: &Input<'_>) -> Score {
    let text = input.source.text.as_str();
    let find = |part: &str| memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some();
    if find("Chain ") && find("target") && find("prot") {
        let chain = |l: &str| {
            let l = l.trim();
            l.starts_with("Chain ") && (l.contains(" (policy ") || l.contains(" references)"))
        };
        let any = |f: &dyn Fn(&str) -> bool| text.lines().any(f);
        if any(&chain) && any(&|l| columns::heads(l.trim()).is_some()) {
            return 90;
        }
    }
    if sets::are_in(text) {
        50
    } else if find(" -- ") && only_rows(text) {
        40
    } else {
        0
    }
}

/// Whether a text holds rules in columns and nothing else: what `grep` leaves of a listing.
fn only_rows(text: &str) -> bool {
    let mut rows = 0;
    let mut at = 0;
    for line in text.split('\n') {
        let span = Span::new(at, at + line.len());
        at += line.len() + 1;
        let body = line.trim();
        if body.is_empty() || body.starts_with('#') || is_remark(body) {
            continue;
        }
        if columns::headless(text, span).is_some() {
            rows += 1;
        } else if columns::heads(body).is_none() && command::shown(text, span).is_none() {
            return false;
        }
    }
    rows > 0
}

pub(super) fn read(input: &Input<'_>) -> Export {
    let text = input.source.text.as_str();
    let mut lines = lines::split(text);
    let width = cut::mark(&mut lines.blocks);
    let mut export = Export {
        format: ID,
        rules_in_file: lines.rules,
        ..Export::default()
    };
    beside(&lines, &mut export);
    let set = lines.sets.first().map(|s| s.span);
    let others = others(&lines, &mut export);
    let Lines {
        blocks,
        comments,
        changes,
        ..
    } = lines;
    let (mut listed, replaced) = again::sort(text, blocks);
    by_name(&mut listed, &input.source.path);
    for l in &mut listed {
        let own = |f: Option<Family>| f.is_none() || l.family.is_none() || f == l.family;
        let begin = l.span().start;
        let behind = changes.iter().find(|(at, f)| at.start > begin && own(*f));
        l.changed = behind.map(|(at, _)| *at);
    }
    for block in &replaced {
        let items = block.chains.iter().flat_map(|c| &c.items);
        let rules = items.filter_map(|i| match i {
            Item::Rule(row) => Some(row.span),
            Item::Torn(span) => Some(*span),
            Item::Elided(_) => None,
        });
        let saved = block.saved.iter().copied();
        let said = |s: &Span| text.get(s.range()).is_some_and(|l| l.starts_with("-A"));
        let rules = rules.chain(saved.filter(said));
        export.problems.extend(rules.map(told::replaced));
    }
    let mut tools: Vec<(Option<Family>, Backend)> = Vec::new();
    let tool = |l: &Listed<'_>| (l.family, l.backend.unwrap_or_default());
    for l in &listed {
        if !tools.contains(&tool(l)) {
            tools.push(tool(l));
        }
    }
    let mut written = Vec::new();
    let mut comments = comments.as_slice();
    for (family, backend) in tools {
        let own = listed.iter().filter(|l| tool(l) == (family, backend));
        let tables: Vec<&Listed<'_>> = own.collect();
        let file = translate::write(text, family, comments, &tables);
        comments = &[];
        half(input, &file, backend, &mut export);
        written.push(file);
    }
    iptables::name_tools(&mut export.points);
    tell(&written, width, &mut export);
    // Known for sets all the same, none of which is whole.
    if export.points.is_empty() && export.companions.is_empty() {
        export.companions.extend(set.map(nothing));
    }
    if let Some(at) = others {
        for point in &mut export.points {
            if let Body::Netfilter(n) = &mut point.body {
                n.others = OtherRules::Shown(at);
            }
        }
    }
    export.problems.sort_by_key(|p| p.span.start);
    export
}

/// Listings of which the text does not tell the family are of that in the file's name.
fn by_name(listed: &mut [Listed<'_>], path: &str) {
    if listed.iter().any(|l| l.family.is_some()) {
        return;
    }
    let family = iptables::named_family(path);
    for l in listed {
        l.family = family;
    }
}

/// What stands beside the chains.
fn beside(lines: &Lines<'_>, export: &mut Export) {
    sets::add(&lines.sets, export);
    export.problems.extend(told::strays(&lines.strays));
    if let Some((first, count)) = lines.outside {
        let message = match count {
            1 => "a line that belongs to no listing is not read".to_owned(),
            n => format!("{n} lines that belong to no listing are not read"),
        };
        export.problem(ProblemKind::Note, first, message);
    }
}

/// Where the text shows rules that iptables does not: a listing of nft, a running firewalld.
fn others(lines: &Lines<'_>, export: &mut Export) -> Option<Span> {
    if let Some(at) = lines.incompatible {
        export.problems.push(told::incompatible(at));
        return Some(at);
    }
    let (first, _) = lines.outside?;
    let sign = linux::sign(&lines.around)?;
    let chains = || lines.blocks.iter().flat_map(|b| &b.chains);
    if sign.front_end && chains().any(|c| linux::is_front_end(c.name)) {
        return None;
    }
    export
        .problems
        .push(told::beside(first, sign.what, sign.instead));
    Some(first)
}

/// Reads what was written for a tool of a family, and adds its point.
fn half(input: &Input<'_>, file: &Written<'_>, backend: Backend, export: &mut Export) {
    let text = &file.file.text;
    let mut read = iptables::read_written(text, &input.source.path, input.depth);
    // What is missing of its chains is told in the words of a listing.
    read.problems.retain(|p| {
        let said = text.get(p.span.range()).unwrap_or("");
        !(p.kind == ProblemKind::Incomplete && said.starts_with('*'))
    });
    apply::apply(&file.file, &mut read);
    read.problems
        .retain(|p| !(p.kind == ProblemKind::Unmodelled && file.unlisted.contains(&p.span)));
    let part = file
        .doubts
        .iter()
        .any(|(_, _, d)| d.anywhere.is_some() || d.unclear.is_some());
    for mut point in read.points {
        // Another table completes those of another file, which tell its family.
        let unsaid = point.families_assumed && file.tables.contains(&"filter");
        let part = part || unsaid;
        if unsaid {
            export.problems.push(iptables::unsaid_family(point.label));
        }
        if let Body::Netfilter(n) = &mut point.body {
            n.in_part |= part;
            n.backend = backend;
            let (nat, said) = iptables::unshown_nat(n.tables(), point.label);
            n.nat = nat;
            export.problems.extend(said);
        }
        let same = export
            .points
            .iter()
            .filter(|p| p.name == point.name)
            .count();
        if same > 0 {
            point.name = format!("{} ({})", point.name, same + 1).into();
        }
        export.points.push(point);
    }
    export.problems.append(&mut read.problems);
    export.annotations.append(&mut read.annotations);
}

/// What is told of the listings.
fn tell(written: &[Written<'_>], width: Option<usize>, export: &mut Export) {
    let doubts = written.iter().flat_map(|w| &w.doubts);
    let doubts: Vec<Problem> = doubts
        .filter_map(|(table, head, doubt)| told::doubt(table, *head, doubt))
        .collect();
    let torn: Vec<Span> = written
        .iter()
        .flat_map(|w| w.torn.iter().copied())
        .collect();
    export.problems.extend(told::torn(&torn, width));
    export.problems.extend(doubts);
    for w in written {
        export.problems.extend(told::joined(&w.joined));
        export.problems.extend(told::elided(&w.elided));
    }
    let at = export.points.first().map(|p| p.label).unwrap_or_default();
    let nat = |p: &Problem| p.message.starts_with(iptables::NO_NAT);
    let told = export.problems.iter().any(nat);
    let left_out = told::left_out(written, at, told::help());
    export
        .problems
        .extend(left_out.filter(|p| !(told && nat(p))));
}

/// The commands of [`crate::format::CommandsFn`]: a rule is picked by its number, as its words are not those of a command.
pub(super) fn commands(
    source: &Source,
    export: &Export,
    change: &Change,
) -> Result<Vec<String>, EditError> {
    let appends = matches!(
        change,
        Change::Insert {
            at: Position::End(_),
            ..
        }
    );
    let partial = export.points.iter().any(|p| match &p.body {
        Body::Netfilter(n) => n.in_part,
        Body::Lists(_) => false,
    });
    let torn = export
        .problems
        .iter()
        .any(|p| p.kind == ProblemKind::Malformed);
    if !appends && (partial || torn) {
        return Err(EditError::Unsupported(
            "the listing does not show every rule, so that rules have other numbers",
        ));
    }
    let new = match change {
        Change::Insert { rule, .. } | Change::Replace { new: rule, .. } => Some(rule),
        _ => None,
    };
    let list = match change {
        Change::Insert { at, .. } => at.list().rules(export),
        _ => None,
    };
    let missing = |r: &Rule| matches!(r.action, Action::Opaque(_)) && r.span.is_empty();
    if list.is_some_and(|all| all.iter().any(missing)) {
        return Err(EditError::Unsupported(
            "the listing ends before the rules of the chain do",
        ));
    }
    let open = new.is_some_and(|r| r.conditions().any(|c| c.text.contains("(at byte ")));
    if open {
        return Err(EditError::Unsupported(
            "the listing does not print everything of the rule",
        ));
    }
    iptables::numbered_commands(source, export, change)
}

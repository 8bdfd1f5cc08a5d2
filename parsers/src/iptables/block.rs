//! The blocks of a firewall to tables: each is read, and asked for what the tools refuse.

use super::builtin::{BASE_CHAINS, TableName, chain_name as name_of, is_base_chain};
use super::layout::TableLines;
use super::loading::{self, Loading};
use super::place::Place;
use super::refuse::{self, By, Refusal, hook};
use super::{family, rule};
use crate::input::Depth;
use hylint_model::{
    Action, Chain, Hook, Problem, ProblemKind, Rule, Span, Table, TableFamily, reworded,
};
use hylint_space::{Family, PacketBox};

/// What all tables of a text are read by.
pub(super) struct Reading<'a> {
    pub(super) text: &'a str,
    /// What the tools refuse is not loaded.
    pub(super) strict: bool,
    /// See [`layout::Layout::others`].
    pub(super) others: &'a [(Option<Family>, Span)],
    /// What the file's name says of its family.
    pub(super) named: Option<family::Named>,
    /// The family of a listing, by the file's name.
    pub(super) listed: Option<Family>,
    /// The text holds one firewall.
    pub(super) alone: bool,
    /// It is the first one.
    pub(super) first: bool,
    pub(super) depth: Depth,
    /// The text is a list of shell commands.
    pub(super) shell: bool,
}

/// What is known of the tool that printed a dump.
#[derive(Clone, Copy)]
pub(super) struct Tool {
    pub(super) family: TableFamily,
    /// See [`rule::Context::merges_ports`].
    pub(super) merges_ports: bool,
    /// The dump says that it is of the legacy tools.
    pub(super) legacy: bool,
    /// See [`refuse::Setting::late_bang`].
    pub(super) late_bang: bool,
}

/// What blocks before another one leave for it.
struct Before {
    /// See [`Loading::policies`].
    policies: Vec<Box<str>>,
    /// See [`Loading::announced`].
    announced: Vec<Box<str>>,
}

/// The tables of a firewall that are in force after its blocks were loaded one after the other, and the names and places
/// of those that the tools refuse.
pub(super) fn load<'a>(
    reading: &Reading<'a>,
    blocks: Vec<TableLines<'a>>,
    space: &PacketBox,
    (family, tool): (Option<Family>, Tool),
    problems: &mut Vec<Problem>,
) -> (Vec<Table>, Vec<(TableName, Span)>) {
    let mut loading = Loading::default();
    // Places at which the first pass found what the tools refuse.
    let malformed = problems.iter().filter(|p| p.kind == ProblemKind::Malformed);
    let mut refused: Vec<u32> = malformed.map(|p| p.span.start).collect();
    refused.sort_unstable();
    let any = |from: u32, to: u32| {
        let at = refused.partition_point(|s| *s < from);
        refused.get(at).is_some_and(|s| *s < to)
    };
    // Nothing comes before the first firewall of a file.
    let mut end = if reading.first {
        0
    } else {
        blocks.first().map_or(0, |b| b.span.start)
    };
    let mut hosts: Vec<(TableName, &str)> = Vec::new();
    for lines in blocks {
        let Some(name) = lines.name else { continue };
        problems.extend(other_host(&lines, name, &mut hosts));
        let block = Span {
            start: lines.span.start,
            end: lines.end.max(lines.span.end),
        };
        if any(end, block.start) {
            loading.stop();
        }
        end = block.end;
        let places: Vec<Span> = loading::rules(&lines).map(|p| p.span).collect();
        // Nothing loads a listing, and of a list of commands each is refused by itself.
        let whole = reading.strict && !lines.listing && !reading.shell;
        loading.listings = !whole;
        if whole && loading.stopped() {
            loading.refuse(name, block, &places, problems);
            continue;
        }
        let mut own = Vec::new();
        let unread = lines.unread;
        let before = Before {
            policies: loading.policies(name),
            announced: loading.announced(),
        };
        if whole {
            loading.announce(&lines);
        }
        let (table, mut bad) = table(
            reading,
            name,
            lines,
            (space, &before),
            (family, tool),
            &mut own,
        );
        if !whole {
            bad.clear();
        } else if bad.is_empty() && (unread || any(block.start, block.end)) {
            bad.push(Span::default());
        }
        problems.append(&mut own);
        if bad.is_empty() {
            loading.load(name, table, places, problems);
        } else {
            loading.refuse(name, block, &places, problems);
        }
    }
    loading.finish()
}

/// Tells of a table that comes again behind a line that names another host.
fn other_host<'a>(
    lines: &TableLines<'a>,
    name: TableName,
    hosts: &mut Vec<(TableName, &'a str)>,
) -> Option<Problem> {
    let host = lines.host?;
    let before = hosts.iter().find(|(n, _)| *n == name).map(|(_, h)| *h);
    if before.is_none() {
        hosts.push((name, host));
    }
    let before = before.filter(|h| *h != host)?;
    let message = format!("the file holds the dumps of several hosts, `{before}` and `{host}`");
    let problem = Problem::new(ProblemKind::Malformed, lines.span, message);
    Some(problem.help("put the dump of each host into a file of its own"))
}

/// A table of which nothing is known but where the kernel calls it.
pub(super) fn empty_table(name: TableName, span: Span, tool: Tool) -> Table {
    let chain = |(chain, _): (&str, Hook)| {
        Some(Chain {
            base: Some(name.base(chain, tool.family, tool.legacy)?),
            name: chain.into(),
            policy: None,
            span,
            rules: Vec::new(),
        })
    };
    Table {
        name: name.as_str().into(),
        family: tool.family,
        filters: name == TableName::Filter,
        span,
        chains: BASE_CHAINS.into_iter().filter_map(chain).collect(),
    }
}

/// A block as a table, with the rules that both backends refuse.
fn table<'a>(
    reading: &Reading<'a>,
    name: TableName,
    lines: TableLines<'a>,
    (space, before): (&PacketBox, &Before),
    (family, tool): (Option<Family>, Tool),
    problems: &mut Vec<Problem>,
) -> (Table, Vec<Span>) {
    let context = rule::Context {
        text: reading.text,
        space: space.clone(),
        chains: &lines.index,
        merges_ports: tool.merges_ports,
        shell: reading.shell,
    };
    let mut bad = undeclared(&lines, &before.policies, reading.shell, problems);
    let mut scratch = rule::Scratch::default();
    let mut chains = Vec::with_capacity(lines.chains.len());
    let mut said = Vec::new();
    for c in &lines.chains {
        let mut rules = Vec::with_capacity(c.rules.len());
        for place in &c.rules {
            rules.push(rule::read(&context, &mut scratch, *place, &mut said));
        }
        chains.push(Chain {
            base: name.base(c.name, tool.family, tool.legacy),
            name: c.name.into(),
            policy: c.policy,
            span: c.span,
            rules,
        });
    }
    let whole = reading.strict && !lines.listing && !reading.shell;
    let hooks = hooks(&chains);
    if whole || reading.shell {
        order(&lines, &chains, &hooks, &mut bad, problems);
    }
    let mut said = said.into_iter().peekable();
    for ((c, chain), hooks) in lines.chains.iter().zip(&mut chains).zip(hooks) {
        let set = refuse::Setting {
            text: reading.text,
            shell: reading.shell,
            late_bang: tool.late_bang,
            table: name,
            chains: &lines.index,
            announced: &before.announced,
            chain: c.name,
            hooks,
        };
        let mut failed = Vec::new();
        for (i, (place, rule)) in c.rules.iter().zip(&mut chain.rules).enumerate() {
            if reading.shell {
                let known = c.fresh || name != TableName::Filter || !is_base_chain(c.name);
                unsure(rule, *place, known, &bad);
            }
            let inside =
                |p: &Problem| p.span.start >= place.span.start && p.span.end <= place.span.end;
            let own = said.next_if(inside);
            let asked = whole || reading.shell;
            let refusal = asked.then(|| refuse::rule(set, *place, family)).flatten();
            if let Some(r) = refusal.as_ref().filter(|r| r.by == By::Both) {
                if place.alone {
                    problems.push(fails(r, family));
                    failed.push(i);
                    continue;
                }
                bad.push(place.span);
                rule.clauses.iter_mut().for_each(rule::open);
            }
            problems.extend(told(own, refusal, whole, family));
        }
        let mut at = 0..;
        chain
            .rules
            .retain(|_| at.next().is_none_or(|i| failed.binary_search(&i).is_err()));
    }
    let table = Table {
        name: name.as_str().into(),
        family: tool.family,
        filters: name == TableName::Filter,
        span: lines.span,
        chains,
    };
    (table, bad)
}

/// Leaves a rule of a list of commands open that the tool refuses where it stands, or that comes behind whatever its chain
/// held before.
fn unsure(rule: &mut Rule, place: Place, known: bool, bad: &[Span]) {
    if !known && place.late {
        rule::open_behind(rule);
    }
    if bad.contains(&place.span) {
        rule.clauses.iter_mut().for_each(rule::open);
    }
}

/// A command of a list that fails, and leaves no rule.
fn fails(refusal: &Refusal, family: Option<Family>) -> Problem {
    let tool = match family {
        Some(Family::V6) => "ip6tables",
        _ => "iptables",
    };
    let message = refusal
        .why
        .within(|why| format!("{tool} refuses the command, so it adds no rule: {why}"));
    Problem::new(ProblemKind::Malformed, refusal.span, message).dropped()
}

/// What is said of a rule: why the tools refuse it, else what is not understood of it. What the tools load is not malformed.
fn told(
    own: Option<Problem>,
    refusal: Option<Refusal>,
    whole: bool,
    family: Option<Family>,
) -> impl Iterator<Item = Problem> {
    let kind = match refusal.as_ref().map(|r| r.by) {
        Some(By::Both) => ProblemKind::Malformed,
        _ => ProblemKind::Disputed,
    };
    // A rule that could not be read was told of by that; it is the same finding.
    let known = own.as_ref().filter(|p| p.kind == ProblemKind::Malformed);
    let refused = refusal.map(|r| {
        let problem = Problem::new(kind, r.span, r.message(family));
        match known.filter(|_| kind == ProblemKind::Malformed) {
            Some(p) => problem.known_as(p.known_text()),
            None => problem,
        }
    });
    let own = own
        .filter(|_| refused.is_none() || kind == ProblemKind::Disputed)
        .map(|mut p| {
            if whole && p.kind == ProblemKind::Malformed {
                p.kind = ProblemKind::Unmodelled;
            }
            p
        });
    refused.into_iter().chain(own)
}

/// Tells of rules that go to a chain that is declared further down, and of chains that packets could not get out of.
fn order(
    lines: &TableLines<'_>,
    chains: &[Chain],
    hooks: &[u8],
    bad: &mut Vec<Span>,
    problems: &mut Vec<Problem>,
) {
    let calls = |c: &Chain| -> Vec<(usize, Span)> {
        let to = |r: &Rule| match r.action {
            Action::Jump(to) | Action::Goto(to) => Some((to as usize, r.span)),
            _ => None,
        };
        c.rules.iter().filter_map(to).collect()
    };
    let calls: Vec<Vec<(usize, Span)>> = chains.iter().map(calls).collect();
    let mut tell = |span: Span, message: String| {
        problems.push(Problem::new(ProblemKind::Malformed, span, message));
        bad.push(span);
    };
    for (to, span) in calls.iter().flatten() {
        let declared = chains.get(*to).map_or(Span::default(), |c| c.span);
        if !declared.is_empty() && declared.start > span.start && !lines.is_renamed(*to) {
            let name = chains.get(*to).map_or("", |c| &c.name);
            tell(
                *span,
                format!("the rule goes to the chain `{name}`, which is declared further down"),
            );
        }
    }
    // Depth first, without recursion: a chain on the way that is met again closes a circle.
    let mut state = vec![0u8; chains.len()];
    let bases = (0..chains.len()).filter(|i| {
        chains.get(*i).is_some_and(|c| c.base.is_some()) && hooks.get(*i).is_some_and(|h| *h != 0)
    });
    for base in bases {
        let mut way = vec![(base, 0usize)];
        while let Some((at, next)) = way.last_mut() {
            let call = calls.get(*at).and_then(|c| c.get(*next)).copied();
            *next += 1;
            let Some((to, span)) = call else {
                if let Some(s) = state.get_mut(*at) {
                    *s = 2;
                }
                way.pop();
                continue;
            };
            if let Some(s) = state.get_mut(*at) {
                *s = 1;
            }
            match state.get(to) {
                Some(1) => tell(span, "the rule closes a circle of chains".to_owned()),
                Some(0) => way.push((to, 0)),
                _ => {}
            }
        }
    }
}

/// For each chain the chains of the kernel that lead to it.
fn hooks(chains: &[Chain]) -> Vec<u8> {
    let bit = |c: &Chain| match c.base.as_ref().map(|b| b.hook) {
        Some(Hook::Prerouting) => hook::PRE,
        Some(Hook::Input) => hook::IN,
        Some(Hook::Forward) => hook::FWD,
        Some(Hook::Output) => hook::OUT,
        Some(Hook::Postrouting) => hook::POST,
        _ => 0,
    };
    let mut out: Vec<u8> = chains.iter().map(bit).collect();
    let mut open: Vec<usize> = (0..chains.len())
        .filter(|i| out.get(*i).is_some_and(|h| *h != 0))
        .collect();
    while let Some(i) = open.pop() {
        let from = out.get(i).copied().unwrap_or(0);
        for rule in chains.get(i).into_iter().flat_map(|c| &c.rules) {
            let (Action::Jump(to) | Action::Goto(to)) = rule.action else {
                continue;
            };
            if let Some(have) = out.get_mut(to as usize)
                && *have | from != *have
            {
                *have |= from;
                open.push(to as usize);
            }
        }
    }
    out
}

/// Says which policies the table leaves open, and which chains nothing declares. iptables-save prints every base chain
/// of a table, so a filter table without them is a part of one. Returns the places of what the tools refuse for it.
fn undeclared(
    lines: &TableLines<'_>,
    known: &[Box<str>],
    shell: bool,
    problems: &mut Vec<Problem>,
) -> Vec<Span> {
    let mut bad = Vec::new();
    let mut silent: Vec<&str> = Vec::new();
    for (i, c) in lines.chains.iter().enumerate() {
        let base = lines.has_base(c.name);
        let late = !lines.listing && c.first.start < c.span.start && !lines.is_renamed(i);
        // What a list of commands does not flush is told of as a whole.
        let told = shell && !c.fresh && lines.name == Some(TableName::Filter);
        if base && told {
            continue;
        }
        if base && c.policy.is_none() {
            silent.push(c.name);
        } else if !base && (c.span.is_empty() || late) {
            let message = match c.span.is_empty() {
                true => format!("the chain `{}` is not declared", c.name),
                false => format!("the chain `{}` has a rule before it is declared", c.name),
            };
            problems.push(Problem::new(ProblemKind::Malformed, c.first, message));
            bad.push(c.first);
        }
    }
    if lines.name == Some(TableName::Filter) {
        let names = [Hook::Input, Hook::Forward, Hook::Output].map(name_of);
        silent.extend(names.iter().filter(|n| !lines.index.contains_key(**n)));
    }
    // A policy stays when its table is loaded again.
    silent.retain(|c| !known.iter().any(|k| **k == **c));
    if !silent.is_empty() {
        let (chains, table) = (silent.join(", "), lines.name.map_or("", TableName::as_str));
        let now = match shell {
            true => format!("the list sets no policy of {chains}"),
            false => format!("the {table} table of the dump has no policy for {chains}"),
        };
        let message = reworded(
            now,
            format!("the policy of {chains} is not in the {table} table of the dump"),
        );
        problems.push(
            Problem::new(ProblemKind::Incomplete, lines.span, message)
                .help("export with `iptables-save`, which prints every chain and policy"),
        );
    }
    bad
}

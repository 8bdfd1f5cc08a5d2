//! Direct rules: arguments of iptables, ip6tables and ebtables, which firewalld hands on (firewalld.direct(5)).

use super::own::{Direct, DirectKind};
use crate::input::Input;
use crate::iptables::is_base_chain;
use crate::source::Source;
use hylint_model::{Body, Problem, ProblemKind, Rule, Span, Table};
use std::collections::BTreeMap;

const TABLES: [&str; 6] = ["filter", "nat", "mangle", "raw", "security", "broute"];

/// A line of `firewall-cmd --direct --get-all-rules`, `--get-all-chains` or `--get-all-passthroughs`.
pub(super) fn listed(line: &str) -> Option<(Box<str>, DirectKind, Box<str>)> {
    let mut words = line.split_ascii_whitespace();
    let ipv = words
        .next()
        .filter(|w| matches!(*w, "ipv4" | "ipv6" | "eb"))?;
    let second = words.next()?;
    if second.starts_with('-') {
        let args: Vec<&str> = std::iter::once(second).chain(words).collect();
        return Some((ipv.into(), DirectKind::Passthrough, args.join(" ").into()));
    }
    let table = TABLES.contains(&second).then_some(second)?;
    let chain = words.next()?;
    let Some(priority) = words.next() else {
        let kind = DirectKind::Chain {
            table: table.into(),
            chain: chain.into(),
        };
        return Some((ipv.into(), kind, "".into()));
    };
    let kind = DirectKind::Rule {
        table: table.into(),
        chain: chain.into(),
        priority: priority.parse().ok()?,
    };
    let args: Vec<&str> = words.collect();
    Some((ipv.into(), kind, args.join(" ").into()))
}

/// A chain as it fills.
#[derive(Default)]
struct Chain {
    policy: Option<String>,
    /// Rules with their priority and their direct rule.
    rules: Vec<(i32, String, Span)>,
}

/// The tables of direct rules of one family.
type Tables = BTreeMap<String, BTreeMap<String, Chain>>;

/// Makes the tables that the direct rules make.
pub(super) fn tables(direct: &[Direct], problems: &mut Vec<Problem>) -> Vec<Table> {
    let mut out = Vec::new();
    for (ipv, tool) in [("ipv4", "iptables"), ("ipv6", "ip6tables")] {
        let own = direct.iter().filter(|d| &*d.ipv == ipv);
        let tables = fill(own, problems);
        if !tables.is_empty() {
            out.extend(read(&tables, tool, problems));
        }
    }
    for d in direct
        .iter()
        .filter(|d| !matches!(&*d.ipv, "ipv4" | "ipv6"))
    {
        let message = match &*d.ipv {
            "eb" => "a direct rule of ebtables is about frames that a bridge passes on, and about no routed packet".to_owned(),
            other => format!("unknown family `{other}` of a direct rule"),
        };
        let counted = !matches!(d.kind, DirectKind::Chain { .. });
        let problem = Problem::new(ProblemKind::Note, d.span, message);
        problems.push(if counted { problem.dropped() } else { problem });
    }
    out
}

fn fill<'d>(direct: impl Iterator<Item = &'d Direct>, problems: &mut Vec<Problem>) -> Tables {
    let mut tables = Tables::new();
    let mut through = Vec::new();
    for d in direct {
        match &d.kind {
            DirectKind::Chain { table, chain } => {
                let table = tables.entry(table.to_string()).or_default();
                table.entry(chain.to_string()).or_default();
            }
            DirectKind::Rule {
                table,
                chain,
                priority,
            } => {
                // `INPUT_direct` is the name that the chain has where firewalld writes by iptables.
                let name = chain.strip_suffix("_direct").filter(|c| is_base_chain(c));
                let table = tables.entry(table.to_string()).or_default();
                let chain = table.entry(name.unwrap_or(chain).to_owned()).or_default();
                let at = chain.rules.partition_point(|(p, ..)| p <= priority);
                chain
                    .rules
                    .insert(at, (*priority, d.args.to_string(), d.span));
            }
            DirectKind::Passthrough => through.push(d),
        }
    }
    for d in through {
        if let Err(why) = pass(&mut tables, d) {
            let problem = Problem::new(ProblemKind::Unmodelled, d.span, why).dropped();
            problems.push(problem);
        }
    }
    tables
}

/// A direct rule in a chain that only firewalld's iptables backend makes, as `IN_public_deny`.
pub(super) fn of_backend(direct: &[Direct]) -> Option<(Span, &str)> {
    const BEGINS: [&str; 8] = [
        "IN_", "FWDI_", "FWDO_", "FWD_", "OUT_", "PRE_", "POST_", "INPUT_",
    ];
    let declared = |name: &str| {
        let is =
            |d: &Direct| matches!(&d.kind, DirectKind::Chain { chain, .. } if **chain == *name);
        direct.iter().any(is)
    };
    direct.iter().find_map(|d| match &d.kind {
        DirectKind::Rule { chain, .. }
            if BEGINS.iter().any(|b| chain.starts_with(b))
                && !chain.ends_with("_direct")
                && !declared(chain) =>
        {
            Some((d.span, &**chain))
        }
        _ => None,
    })
}

/// A passthrough: a command as the tool takes it.
fn pass(tables: &mut Tables, d: &Direct) -> Result<(), String> {
    let words: Vec<&str> = d.args.split_ascii_whitespace().collect();
    let mut rest = Vec::new();
    let mut table = "filter";
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word {
            "-t" | "--table" => table = words.next().ok_or("`-t` lacks its table")?,
            _ => rest.push(word),
        }
    }
    let mut rest = rest.into_iter();
    let (command, chain) = (rest.next().unwrap_or(""), rest.next().unwrap_or(""));
    let args: Vec<&str> = rest.collect();
    if chain.is_empty() {
        return Err(format!(
            "`{}` is not a command of iptables that adds a rule",
            d.args
        ));
    }
    let chain = tables
        .entry(table.to_owned())
        .or_default()
        .entry(chain.to_owned())
        .or_default();
    match command {
        "-A" | "--append" => chain.rules.push((i32::MAX, args.join(" "), d.span)),
        "-I" | "--insert" => {
            let number = args.first().and_then(|n| n.parse::<usize>().ok());
            let args = args
                .get(usize::from(number.is_some())..)
                .unwrap_or_default();
            let at = number.unwrap_or(1).saturating_sub(1).min(chain.rules.len());
            chain.rules.insert(at, (i32::MIN, args.join(" "), d.span));
        }
        "-N" | "--new-chain" => {}
        "-P" | "--policy" => chain.policy = args.first().map(|p| (*p).to_owned()),
        _ => {
            return Err(format!(
                "`{command}` is not a command of iptables that adds a rule"
            ));
        }
    }
    Ok(())
}

/// Reads them as the save file that the tool would write.
fn read(tables: &Tables, tool: &str, problems: &mut Vec<Problem>) -> Vec<Table> {
    let mut text =
        format!("# Generated by {tool}-save v1.8.9 (nf_tables) on Thu Jan  1 00:00:00 1970\n");
    let mut spans = vec![(0, Span::default())];
    for (name, chains) in tables {
        text.push_str(&format!("*{name}\n"));
        for (chain, c) in chains {
            let policy = match is_base_chain(chain) {
                true => c.policy.as_deref().unwrap_or("ACCEPT"),
                false => "-",
            };
            text.push_str(&format!(":{chain} {policy} [0:0]\n"));
        }
        for (chain, c) in chains {
            for (_, args, span) in &c.rules {
                spans.push((text.len(), *span));
                text.push_str(&format!("-A {chain} {args}\n"));
            }
        }
        spans.push((text.len(), Span::default()));
        text.push_str("COMMIT\n");
    }
    let source = Source::new("", text, "UTF-8");
    let mut export = (crate::iptables::FORMAT.read)(&Input::new(&source));
    let of = |at: u32| {
        let n = spans.partition_point(|(start, _)| *start <= at as usize);
        n.checked_sub(1)
            .and_then(|n| spans.get(n))
            .map_or(Span::default(), |(_, s)| *s)
    };
    for mut p in std::mem::take(&mut export.problems) {
        p.span = of(p.span.start);
        if !p.span.is_empty() {
            problems.push(p);
        }
    }
    let bodies = export.points.into_iter().filter_map(|p| match p.body {
        Body::Netfilter(n) => Some(n.into_tables()),
        Body::Lists(_) => None,
    });
    let mut out: Vec<Table> = bodies.flatten().collect();
    for table in &mut out {
        table.span = Span::default();
        for chain in &mut table.chains {
            chain.span = Span::default();
            if let Some(policy) = &mut chain.policy {
                policy.span = Span::default();
            }
            chain
                .rules
                .iter_mut()
                .for_each(|r| moved(r, of(r.span.start)));
        }
    }
    out
}

/// Gives a rule the place of the direct rule.
fn moved(rule: &mut Rule, span: Span) {
    rule.span = span;
    rule.fields.clear();
    let conditions = rule.clauses.iter_mut().flat_map(|c| &mut c.conditions);
    conditions.for_each(|c| c.span = span);
}

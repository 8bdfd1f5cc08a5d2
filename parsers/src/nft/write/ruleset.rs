//! Tables, chains and sets.

use super::context::{Context, is_anonymous};
use super::form::{error, is_name, quoted};
use super::line;
use crate::write::Result;
use hylint_model::{BaseChain, Chain, ChainType, Hook, Netfilter, Rule, Table, TableFamily};
use hylint_space::Family;
use std::collections::BTreeMap;

/// How many rules each rule of a chain has become: by table and chain.
pub(super) type Counts = BTreeMap<(usize, usize), Vec<usize>>;

/// A ruleset as text.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) counts: Counts,
}

/// Writes the tables.
pub(super) fn written(body: &Netfilter) -> Result<Written> {
    let mut out = Written {
        text: String::new(),
        counts: Counts::new(),
    };
    for (place, table) in body.tables().iter().enumerate() {
        let mut context = Context {
            netfilter: body,
            table,
            family: only_family(table.family),
            sets: BTreeMap::new(),
            anonymous: BTreeMap::new(),
        };
        anonymous(place, table, &mut context, &mut out.counts)?;
        let mut chains = String::new();
        for (at, chain) in table.chains.iter().enumerate() {
            if !is_anonymous(&chain.name) {
                let lines = rules(chain, &mut context, (place, at), &mut out.counts)?;
                chain_text(chain, &lines, &mut chains)?;
            }
        }
        if !context.anonymous.is_empty() {
            return Err(error(table.span, "no rule calls a chain that has no name"));
        }
        let name = named(&table.name, table.span)?;
        out.text
            .push_str(&format!("table {} {name} {{\n", family(table.family)));
        for (name, declaration) in &context.sets {
            out.text
                .push_str(&format!("\tset {name} {{\n{declaration}\t}}\n\n"));
        }
        out.text.push_str(&chains);
        out.text.push_str("}\n");
    }
    Ok(out)
}

fn only_family(family: TableFamily) -> Option<Family> {
    match family {
        TableFamily::Ip => Some(Family::V4),
        TableFamily::Ip6 => Some(Family::V6),
        _ => None,
    }
}

/// A family as nft writes it.
pub(in super::super) fn family(family: TableFamily) -> &'static str {
    match family {
        TableFamily::Ip => "ip",
        TableFamily::Ip6 => "ip6",
        TableFamily::Inet => "inet",
        TableFamily::Arp => "arp",
        TableFamily::Bridge => "bridge",
        TableFamily::Netdev => "netdev",
    }
}

fn named(name: &str, span: hylint_model::Span) -> Result<&str> {
    if is_name(name) {
        return Ok(name);
    }
    Err(error(span, "the name of the table or chain is none of nft"))
}

/// The lines of a chain's rules.
fn rules(
    chain: &Chain,
    context: &mut Context<'_>,
    place: (usize, usize),
    counts: &mut Counts,
) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let mut each = Vec::with_capacity(chain.rules.len());
    for rule in &chain.rules {
        let lines = line::lines(rule, context)?;
        each.push(lines.len());
        out.extend(lines);
    }
    counts.insert(place, each);
    Ok(out)
}

/// Writes the chains that stand in rules, those first that call no further one.
fn anonymous(
    place: usize,
    table: &Table,
    context: &mut Context<'_>,
    counts: &mut Counts,
) -> Result<()> {
    let of = |at: usize| table.chains.get(at).filter(|c| is_anonymous(&c.name));
    let mut left: Vec<usize> = (0..table.chains.len())
        .filter(|at| of(*at).is_some())
        .collect();
    while !left.is_empty() {
        let before = left.len();
        let mut later = Vec::new();
        for at in left {
            let Some(chain) = of(at) else { continue };
            let mut called = chain.rules.iter().flat_map(Rule::called);
            if called.any(|to| of(to).is_some() && !context.anonymous.contains_key(&to)) {
                later.push(at);
                continue;
            }
            let lines = rules(chain, context, (place, at), counts)?;
            let text = format!("{{ {}; }}", lines.join("; "));
            context.anonymous.insert(at, text);
        }
        if later.len() == before {
            return Err(error(
                table.span,
                "chains that have no name call each other",
            ));
        }
        left = later;
    }
    Ok(())
}

fn chain_text(chain: &Chain, lines: &[String], out: &mut String) -> Result<()> {
    let name = named(&chain.name, chain.span)?;
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&format!("\tchain {name} {{\n"));
    if let Some(base) = &chain.base {
        out.push_str(&base_text(base, chain)?);
    } else if chain.policy.is_some() {
        return Err(error(chain.span, "only base chains have a policy"));
    }
    for line in lines {
        out.push_str("\t\t");
        out.push_str(line);
        out.push('\n');
    }
    out.push_str("\t}\n");
    Ok(())
}

fn base_text(base: &BaseChain, chain: &Chain) -> Result<String> {
    if base.or_priority.is_some() {
        return Err(error(
            chain.span,
            "the chain has one of two priorities, and nft needs to know which",
        ));
    }
    let kind = match base.kind {
        ChainType::Filter => "filter",
        ChainType::Nat => "nat",
        ChainType::Route => "route",
    };
    let hook = match base.hook {
        Hook::Ingress => "ingress",
        Hook::Prerouting => "prerouting",
        Hook::Input => "input",
        Hook::Forward => "forward",
        Hook::Output => "output",
        Hook::Postrouting => "postrouting",
        Hook::Egress => "egress",
    };
    let devices: Option<Vec<String>> = base.devices.iter().map(|d| quoted(d)).collect();
    let devices = match devices.as_deref() {
        Some([]) => String::new(),
        Some([one]) => format!(" device {one}"),
        Some(many) => format!(" devices = {{ {} }}", many.join(", ")),
        None => return Err(error(chain.span, "nft cannot name a device of the chain")),
    };
    let policy = match chain.policy {
        Some(p) if !p.allow => " policy drop;",
        Some(_) => " policy accept;",
        None => "",
    };
    Ok(format!(
        "\t\ttype {kind} hook {hook}{devices} priority {};{policy}\n",
        base.priority
    ))
}

//! Which packets reach a rule of a user chain: the boxes of the jumps that lead there.

use crate::engine::Direction;
use hylint_parsers::model::{Action, NatKind, Netfilter, Rule, Table, TableName};
use hylint_parsers::space::PacketBox;

/// Entries kept for one chain; a chain that is entered in more ways is taken to be entered by anything.
const ENTRIES: usize = 64;

/// Rules that let packets in (ACCEPT at the hook, DNAT before it), with the boxes that reach them.
pub(super) fn candidates(nf: &Netfilter, direction: Direction) -> Vec<(&Rule, Vec<PacketBox>)> {
    let hook = if direction == Direction::Forward {
        "FORWARD"
    } else {
        "INPUT"
    };
    let mut out = Vec::new();
    if let Some(t) = nf.table(TableName::Filter) {
        out.extend(
            reached(t, hook)
                .into_iter()
                .filter(|(r, _)| r.action == Action::Allow),
        );
    }
    // A published port: what comes for this host is sent on to another address.
    if direction == Direction::In
        && let Some(t) = nf.table(TableName::Nat)
    {
        let moved = |r: &Rule| matches!(&r.action, Action::Nat(n) if n.kind == NatKind::Dnat);
        out.extend(
            reached(t, "PREROUTING")
                .into_iter()
                .filter(|(r, _)| moved(r)),
        );
    }
    out
}

/// Every rule that the hook reaches, with its boxes cut to the ways into its chain.
fn reached<'a>(table: &'a Table, hook: &str) -> Vec<(&'a Rule, Vec<PacketBox>)> {
    let Some((start, _)) = table.chain(hook) else {
        return Vec::new();
    };
    let mut ways: Vec<Option<Vec<PacketBox>>> = vec![None; table.chains.len()];
    if let Some(w) = ways.get_mut(start) {
        *w = Some(vec![PacketBox::any()]);
    }
    let mut order = vec![start];
    let mut next = 0;
    let mut out = Vec::new();
    while let Some(&index) = order.get(next) {
        next += 1;
        let Some(chain) = table.chains.get(index) else {
            continue;
        };
        let way = ways.get(index).cloned().flatten().unwrap_or_default();
        for rule in &chain.rules {
            let boxes: Vec<PacketBox> = rule
                .clauses
                .iter()
                .flat_map(|c| way.iter().map(|w| w.intersect(&c.space)))
                .filter(|b| !b.is_empty())
                .collect();
            if let Action::Jump(to) | Action::Goto(to) = rule.action {
                enter(&mut ways, &mut order, to as usize, &boxes);
            }
            out.push((rule, boxes));
        }
    }
    out
}

fn enter(
    ways: &mut [Option<Vec<PacketBox>>],
    order: &mut Vec<usize>,
    to: usize,
    boxes: &[PacketBox],
) {
    let Some(slot) = ways.get_mut(to) else { return };
    match slot {
        None => {
            *slot = Some(if boxes.len() > ENTRIES {
                vec![PacketBox::any()]
            } else {
                boxes.to_vec()
            });
            order.push(to);
        }
        // Its rules were listed already, or stand in the queue: what comes later in is taken to be anything.
        Some(known) if boxes.iter().any(|b| !known.iter().any(|k| b.is_subset(k))) => {
            known.extend(boxes.iter().cloned());
            if known.len() > ENTRIES {
                *known = vec![PacketBox::any()];
            }
        }
        Some(_) => {}
    }
}

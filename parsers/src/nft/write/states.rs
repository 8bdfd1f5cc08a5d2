//! States and status of connections.

use super::form::braced;
use hylint_space::StateSet;

/// In the order of their bits, in which nft lists them.
const STATES: [(&str, StateSet); 5] = [
    ("invalid", StateSet::INVALID),
    ("established", StateSet::ESTABLISHED),
    ("related", StateSet::RELATED),
    ("new", StateSet::NEW),
    ("untracked", StateSet::UNTRACKED),
];

/// The states of a set that holds each of its states with any translation.
pub(super) fn names(set: StateSet) -> Option<Vec<String>> {
    let within = STATES.iter().filter(|(_, s)| s.0 & !set.0 == 0);
    let (names, sum) = within.fold((Vec::new(), 0), |(mut names, sum), (name, s)| {
        names.push((*name).to_owned());
        (names, sum | s.0)
    });
    (sum == set.0 && !names.is_empty()).then_some(names)
}

fn meet(a: StateSet, b: StateSet) -> StateSet {
    StateSet(a.0 & b.0)
}

/// The matches that leave exactly these states; `None` if nft has none. A status is one of tracked packets.
pub(super) fn matches(set: StateSet) -> Option<Vec<String>> {
    if set == StateSet::FULL {
        return Some(Vec::new());
    }
    let tracked = StateSet::TRACKED;
    let status = |bit: StateSet, name: &str| {
        [
            (tracked, None),
            (meet(tracked, bit), Some(format!("ct status {name}"))),
            (
                meet(tracked, bit.complement()),
                Some(format!("ct status ! {name}")),
            ),
        ]
    };
    if let Some(of) = by_state(set, StateSet::FULL) {
        return Some(of.into_iter().collect());
    }
    let moved = StateSet::DNAT.union(StateSet::SNAT);
    let either = [
        (meet(tracked, moved), "ct status snat,dnat"),
        (meet(tracked, moved.complement()), "ct status ! snat,dnat"),
    ];
    for (of, text) in either {
        if let Some(state) = by_state(set, of) {
            return Some(std::iter::once(text.to_owned()).chain(state).collect());
        }
    }
    for (d, dnat) in status(StateSet::DNAT, "dnat") {
        for (s, snat) in status(StateSet::SNAT, "snat") {
            if (dnat.is_some() || snat.is_some())
                && let Some(state) = by_state(set, meet(d, s))
            {
                let all = [dnat.clone(), snat].into_iter().flatten().chain(state);
                return Some(all.collect());
            }
        }
    }
    None
}

/// The match of states that leaves `set` of `of`: none where that is all of it.
fn by_state(set: StateSet, of: StateSet) -> Option<Option<String>> {
    if set == of {
        return Some(None);
    }
    let chosen: Vec<_> = STATES.iter().filter(|(_, s)| set.0 & s.0 != 0).collect();
    let sum = chosen.iter().fold(0, |sum, (_, s)| sum | s.0);
    if sum & of.0 != set.0 {
        return None;
    }
    let names: Vec<String> = chosen.iter().map(|(n, _)| (*n).to_owned()).collect();
    let others: Vec<&str> = STATES
        .iter()
        .filter(|(_, s)| set.0 & s.0 == 0)
        .map(|(n, _)| *n)
        .collect();
    // What nft prints of a comma list and of a negated state.
    Some(Some(match (names.as_slice(), others.as_slice()) {
        ([one], _) => format!("ct state {one}"),
        (_, [one]) if of == StateSet::FULL => format!("ct state != {one}"),
        _ if names.is_empty() => return None,
        _ => format!("ct state {}", braced_or_listed(&names)),
    }))
}

fn braced_or_listed(names: &[String]) -> String {
    if names.len() < 2 {
        braced(names)
    } else {
        names.join(",")
    }
}

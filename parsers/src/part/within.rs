//! What a text that is cut off anywhere may say.

use hylint_model::{
    Companion, Export, HostInterface, ProblemKind, Process, Route, RoutingRule, Socket, Span,
};

/// Whether what a part of a text says is what the whole says; less of it, but nothing else.
fn is_within(part: &Companion, whole: &Companion) -> bool {
    match (part, whole) {
        (Companion::HostInterfaces(a), Companion::HostInterfaces(b)) => {
            let held = |i: &HostInterface, j: &HostInterface| {
                i.name == j.name
                    && i.addrs.is_subset(&j.addrs)
                    && i.networks.is_subset(&j.networks)
                    && (i.up.is_none() || i.up == j.up)
                    && i.master == j.master
            };
            let each = a.interfaces.iter();
            each.clone()
                .all(|i| b.interfaces.iter().any(|j| held(i, j)))
        }
        (Companion::Routes(a), Companion::Routes(b)) => {
            // Of one route to a destination, the metric decides nothing.
            let alone = |r: &Route| a.routes.iter().filter(|o| o.to == r.to).count() == 1;
            let held = |r: &Route, s: &Route| {
                #[allow(clippy::borrowed_box, reason = "the names are held so")]
                let here = |i: &Box<str>| s.interfaces.contains(i);
                (&r.to, r.length, r.kind, &r.table) == (&s.to, s.length, s.kind, &s.table)
                    && r.interfaces.iter().all(here)
                    && r.down == s.down
                    && (r.metric == s.metric || r.metric == 0 && alone(r))
            };
            a.routes.iter().all(|r| b.routes.iter().any(|s| held(r, s)))
        }
        (Companion::RoutingRules(a), Companion::RoutingRules(b)) => {
            let bare = |r: &RoutingRule| RoutingRule {
                span: Span::default(),
                ..r.clone()
            };
            let all: Vec<_> = b.rules.iter().map(bare).collect();
            a.rules.iter().map(bare).all(|r| all.contains(&r))
        }
        (Companion::Sockets(a), Companion::Sockets(b)) => {
            let held = |s: &Socket, t: &Socket| {
                (s.protocol, &s.addrs, s.port, &s.interface)
                    == (t.protocol, &t.addrs, t.port, &t.interface)
                    && s.programs.iter().all(|p| t.programs.contains(p))
                    && (s.pid.is_none() || s.pid == t.pid)
            };
            a.sockets
                .iter()
                .all(|s| b.sockets.iter().any(|t| held(s, t)))
        }
        (Companion::Processes(a), Companion::Processes(b)) => {
            let same = |p: &Process, q: &Process| {
                (p.pid, &p.program, &p.services) == (q.pid, &q.program, &q.services)
            };
            let each = a.processes.iter();
            each.clone().all(|p| b.processes.iter().any(|q| same(p, q)))
        }
        _ => false,
    }
}

pub(crate) fn is_whole(c: &Companion) -> bool {
    match c {
        Companion::HostInterfaces(l) => l.whole,
        Companion::Routes(l) => l.whole,
        Companion::RoutingRules(l) => l.whole,
        Companion::Sockets(l) => l.whole,
        _ => false,
    }
}

/// How many addresses, routes, rules or sockets there are.
fn size(c: &Companion) -> usize {
    match c {
        Companion::HostInterfaces(l) => {
            let each = l.interfaces.iter();
            each.map(|i| 1 + i.addrs.texts().count()).sum()
        }
        Companion::Routes(l) => l.routes.len(),
        Companion::RoutingRules(l) => l.rules.len(),
        Companion::Sockets(l) => l.sockets.len(),
        _ => 0,
    }
}

/// Cuts a text with one listing at each place. Of a part, each address, route, rule and socket stands in the whole text, and
/// what is whole and not told of holds all of its last line.
pub(crate) fn each_cut(text: &str, read: impl Fn(&str) -> Option<Export>) {
    let full = read(text).expect("recognized");
    assert!(full.problems.is_empty(), "{:?}", full.problems);
    let [all] = full.companions.as_slice() else {
        panic!("{text}: {:?}", full.companions)
    };
    for at in (1..text.len() - 1).filter(|at| text.is_char_boundary(*at)) {
        let cut = &text[..at];
        let Some(export) = read(cut) else { continue };
        let Some(list) = export.companions.first() else {
            continue;
        };
        assert!(is_within(list, all), "{cut}\n{list:?}");
        let told = export.problems.iter().any(|p| p.kind != ProblemKind::Note);
        let whole = is_whole(list);
        assert!(!(told && whole), "{cut}");
        let begun = cut
            .rsplit('\n')
            .next()
            .is_some_and(|l| !l.trim().is_empty());
        if told || !begun || !whole {
            continue;
        }
        let line = text[at..].find('\n').map_or(text.len(), |n| at + n + 1);
        let to_end = read(&text[..line]).expect("recognized");
        let same = to_end.companions.first().map(size) == Some(size(list));
        assert!(same, "{cut}\n{list:?}");
    }
}

//! Tables written otherwise that mean the same.

use crate::ipt_make::{FACES, MANGLE, RAW};
use crate::iptables::{Chain, Half, Match, Not, Rule, Table, Tables, Target};
use crate::packet::{chance, one};
use fastrand::Rng;

/// Rewrites in one to four ways; what was done.
pub(crate) fn rewrite(rng: &mut Rng, t: &mut Tables) -> Vec<String> {
    let mut done = Vec::new();
    let wanted = rng.usize(1..5);
    for _ in 0..40 {
        if done.len() == wanted {
            break;
        }
        let halves = t.halves().count();
        let half = t.halves_mut().nth(rng.usize(..halves)).unwrap();
        done.extend(step(rng, half));
    }
    done
}

fn step(rng: &mut Rng, half: &mut Half) -> Option<String> {
    match rng.u8(..10) {
        0 => rename(rng, half),
        1 => more(rng, half),
        _ => {
            let table = half.tables.len();
            let table = &mut half.tables[rng.usize(..table)];
            if table.name != "filter" {
                return None;
            }
            let chain = rng.usize(..table.chains.len());
            if chance(rng, 15) {
                return wrap(rng, table, chain);
            }
            within(rng, &mut table.chains[chain])
        }
    }
}

/// An own chain under another name.
fn rename(rng: &mut Rng, half: &mut Half) -> Option<String> {
    let filter = half.tables.iter_mut().find(|t| t.name == "filter")?;
    let own: Vec<String> = filter
        .chains
        .iter()
        .filter(|c| c.policy.is_none())
        .map(|c| c.name.clone())
        .collect();
    if own.is_empty() {
        return None;
    }
    let (old, new) = (one(rng, &own), format!("renamed{}", rng.u16(..)));
    for c in &mut filter.chains {
        if c.name == old {
            c.name.clone_from(&new);
        }
        for r in &mut c.rules {
            if let Target::Jump(to) | Target::Goto(to) = &mut r.target
                && *to == old
            {
                to.clone_from(&new);
            }
        }
    }
    Some(format!("{old} is called {new}"))
}

/// A table or a chain that does nothing.
fn more(rng: &mut Rng, half: &mut Half) -> Option<String> {
    if rng.bool() {
        let filter = half.tables.iter_mut().find(|t| t.name == "filter")?;
        let name = format!("unused{}", rng.u16(..));
        let rules = vec![Rule {
            of: Match::default(),
            target: Target::Accept,
            comment: None,
        }];
        filter.chains.push(Chain {
            name: name.clone(),
            policy: None,
            rules,
        });
        return Some(format!("chain {name}"));
    }
    let (name, hooks) = one(rng, &[("mangle", MANGLE), ("raw", RAW)]);
    if half.tables.iter().any(|t| t.name == name) {
        return None;
    }
    let empty = |h: &&str| Chain {
        name: (*h).to_owned(),
        policy: Some(true),
        rules: Vec::new(),
    };
    half.tables.insert(
        0,
        Table {
            name,
            chains: hooks.iter().map(empty).collect(),
        },
    );
    Some(format!("empty {name}"))
}

fn leaves(r: &Rule) -> bool {
    matches!(r.target, Target::Return | Target::Goto(_))
}

/// Some rules of a chain in a chain of their own, which is always gone through.
fn wrap(rng: &mut Rng, table: &mut Table, chain: usize) -> Option<String> {
    let rules = &table.chains[chain].rules;
    let from = rng.usize(..=rules.len());
    let to = rng.usize(from..=rules.len());
    if rules[from..to].iter().any(leaves) {
        return None;
    }
    let name = format!("wrapped{}", rng.u32(..));
    let call = Rule {
        of: Match::default(),
        target: Target::Jump(name.clone()),
        comment: None,
    };
    let moved: Vec<Rule> = table.chains[chain].rules.splice(from..to, [call]).collect();
    table.chains.push(Chain {
        name,
        policy: None,
        rules: moved,
    });
    Some(format!(
        "rules {from} to {to} of {} in a chain",
        table.chains[chain].name
    ))
}

fn ends(r: &Rule) -> bool {
    matches!(r.target, Target::Accept | Target::Drop | Target::Reject)
}

fn drops(r: &Rule) -> bool {
    matches!(r.target, Target::Drop | Target::Reject)
}

/// No packet is matched by both.
fn apart(a: &Match, b: &Match) -> bool {
    let blocks = |a: &Option<Not<_>>, b: &Option<Not<_>>| match (a, b) {
        (Some(Not(false, a)), Some(Not(false, b))) => !crate::packet::Block::meets(*a, *b),
        _ => false,
    };
    let protos = match (&a.proto, &b.proto) {
        (Some(Not(false, a)), Some(Not(false, b))) => a != b,
        _ => false,
    };
    blocks(&a.src, &b.src) || blocks(&a.dst, &b.dst) || protos
}

fn within(rng: &mut Rng, c: &mut Chain) -> Option<String> {
    let count = c.rules.len();
    let which = rng.u8(..14);
    if which == 0 {
        let of = crate::ipt_make::matching(rng, false, "none", "nat");
        let of = Match {
            src: None,
            dst: None,
            proto: None,
            icmp: None,
            sports: None,
            dports: None,
            in_iface: None,
            out_iface: None,
            ..of
        };
        let target = if rng.bool() {
            Target::Log
        } else {
            Target::Nothing
        };
        c.rules.insert(
            rng.usize(..=count),
            Rule {
                of,
                target,
                comment: Some("logs".into()),
            },
        );
        return Some("a rule that only logs".into());
    }
    if which == 1 {
        let policy = c.policy?;
        if c.rules.iter().any(leaves) {
            return None;
        }
        let target = if policy { Target::Accept } else { Target::Drop };
        c.rules.push(Rule {
            of: Match::default(),
            target,
            comment: None,
        });
        if rng.bool() {
            c.policy = Some(!policy);
        }
        return Some(format!("the policy of {} as a rule", c.name));
    }
    if count == 0 {
        return None;
    }
    let n = rng.usize(..count);
    let r = c.rules[n].clone();
    let limited = matches!(r.of.open, Some(Not(_, crate::iptables::Open::Limit)));
    match which {
        2 => {
            c.rules[n].comment = Some(format!("other {}", rng.u8(..)));
            Some("a comment".into())
        }
        3 | 4 if n + 1 < count => {
            let next = &c.rules[n + 1];
            let alike = ends(&r) && ends(next) && drops(&r) == drops(next);
            let both = ends(&r) && ends(next) && apart(&r.of, &next.of);
            (alike || both).then(|| {
                c.rules.swap(n, n + 1);
                format!("{n} and the next one swapped")
            })
        }
        5 if drops(&r) => {
            c.rules[n].target = if r.target == Target::Drop {
                Target::Reject
            } else {
                Target::Drop
            };
            Some("DROP for REJECT".into())
        }
        6 if ends(&r) => {
            let mut again = r.clone();
            if rng.bool() {
                again.of.src = again
                    .of
                    .src
                    .filter(|s| !s.0)
                    .map(|Not(_, b)| Not(false, one(rng, &b.halves())));
                again.of.src = again.of.src.or(r.of.src);
            }
            // What an open condition decides, it decides for both; a limit is asked anew.
            if limited {
                return None;
            }
            c.rules.insert(n + 1, again);
            Some(format!("{n} again"))
        }
        _ if limited || matches!(r.target, Target::Log | Target::Nothing) => None,
        7 | 8 => parts(rng, c, n, &r),
        9 => {
            let face = one(rng, &FACES).to_owned();
            let input = c.name != "OUTPUT" && c.policy.is_some();
            let field = |m: &mut Match, no| {
                let f = if input {
                    &mut m.in_iface
                } else {
                    &mut m.out_iface
                };
                let free = f.is_none();
                *f = Some(Not(no, face.clone()));
                free
            };
            if leaves(&r) || matches!(r.target, Target::Jump(_)) {
                return None;
            }
            split(c, n, &r, field)
        }
        10 => {
            let block = crate::ipt_make::block(rng, false);
            let v6 =
                r.of.src
                    .as_ref()
                    .or(r.of.dst.as_ref())
                    .is_some_and(|Not(_, b)| b.v6);
            if v6 || !ends(&r) || r.of.dst.is_none() {
                return None;
            }
            split(c, n, &r, |m, no| m.src.replace(Not(no, block)).is_none())
        }
        _ => None,
    }
}

/// The rule as two, of which one has a field and the other its negation.
fn split(
    c: &mut Chain,
    n: usize,
    r: &Rule,
    field: impl Fn(&mut Match, bool) -> bool,
) -> Option<String> {
    let (mut one, mut two) = (r.clone(), r.clone());
    if !field(&mut one.of, false) || !field(&mut two.of, true) {
        return None;
    }
    c.rules.splice(n..=n, [one, two]);
    Some(format!("{n} as what has a field and what has not"))
}

/// The rule as two for the halves of its source or of its ports, or two rules as one.
fn parts(rng: &mut Rng, c: &mut Chain, n: usize, r: &Rule) -> Option<String> {
    // A packet that comes back from a chain would meet the second part.
    if !ends(r) {
        return None;
    }
    if let (Some(next), true) = (c.rules.get(n + 1), rng.bool()) {
        let bare = |r: &Rule| {
            let mut r = r.clone();
            (r.of.dports, r.comment) = (None, None);
            r
        };
        if bare(r) != bare(next) {
            return None;
        }
        let (Some(Not(false, a)), Some(Not(false, b))) = (&r.of.dports, &next.of.dports) else {
            return None;
        };
        let mut all: Vec<(u16, u16)> = a.iter().chain(b).copied().collect();
        all.sort_unstable();
        all.dedup();
        c.rules.remove(n + 1);
        c.rules[n].of.dports = Some(Not(false, all));
        return Some(format!("{n} and the next one merged"));
    }
    let mut pieces: Vec<Rule> = Vec::new();
    match (&r.of.dports, &r.of.src) {
        (Some(Not(false, all)), _) if all.len() > 1 => {
            pieces.extend(all.iter().map(|p| with_ports(r, *p)));
        }
        (Some(Not(false, all)), _) if all[0].0 < all[0].1 && rng.bool() => {
            let (lo, hi) = all[0];
            let cut = rng.u16(lo..hi);
            pieces.extend([(lo, cut), (cut + 1, hi)].map(|p| with_ports(r, p)));
        }
        (_, Some(Not(false, b))) => {
            let each = b.halves().into_iter().map(|h| {
                let mut piece = r.clone();
                piece.of.src = Some(Not(false, h));
                piece
            });
            pieces.extend(each);
        }
        _ => return None,
    }
    if rng.bool() {
        rng.shuffle(&mut pieces);
    }
    let count = pieces.len();
    c.rules.splice(n..=n, pieces);
    Some(format!("{n} in {count} parts"))
}

fn with_ports(r: &Rule, ports: (u16, u16)) -> Rule {
    let mut piece = r.clone();
    piece.of.dports = Some(Not(false, vec![ports]));
    piece
}

//! Lists of rules written otherwise that mean the same.

use crate::lists::{Kind, Lists, Point, Rule};
use crate::packet::{Block, chance, one};
use fastrand::Rng;

pub(crate) fn rewrite(rng: &mut Rng, l: &mut Lists) -> Vec<String> {
    let mut done = Vec::new();
    let wanted = rng.usize(1..5);
    for _ in 0..40 {
        if done.len() == wanted {
            break;
        }
        let which = rng.usize(..l.0.len());
        done.extend(step(rng, &mut l.0[which]));
    }
    for p in &mut l.0 {
        numbered(p);
    }
    if l.0[0].kind != Kind::Windows && rng.bool() {
        let first = l.0.remove(0);
        l.0.push(first);
        done.push("the first point last".into());
    }
    done
}

/// New numbers in the same order, as long as they fit.
fn numbered(p: &mut Point) {
    let mut order: Vec<usize> = (0..p.rules.len()).collect();
    order.sort_by_key(|n| p.rules[*n].number);
    for (k, n) in order.into_iter().enumerate() {
        p.rules[n].number = 100 + 7 * u32::try_from(k).unwrap();
    }
}

/// Another rule with the same number is asked right after it.
fn put(p: &mut Point, n: usize, parts: Vec<Rule>) {
    let number = p.rules[n].number;
    for r in p.rules.iter_mut().filter(|r| r.number > number) {
        r.number += 100;
    }
    let numbered = parts.into_iter().enumerate().map(|(k, mut r)| {
        r.number = number + u32::try_from(k).unwrap();
        if k > 0 {
            r.name = format!("{}-part-{k}", r.name);
        }
        r
    });
    let parts: Vec<Rule> = numbered.collect();
    p.rules.splice(n..=n, parts);
}

fn step(rng: &mut Rng, p: &mut Point) -> Option<String> {
    let which = rng.u8(..10);
    if which == 0 {
        rng.shuffle(&mut p.rules);
        return Some("shuffled".into());
    }
    if which == 1 && matches!(p.kind, Kind::Group) {
        p.name = format!("{}-renamed", p.name);
        return Some("another name of the group".into());
    }
    if p.rules.is_empty() {
        return None;
    }
    let n = rng.usize(..p.rules.len());
    let r = p.rules[n].clone();
    match which {
        1 | 2 => {
            p.rules[n].name = format!("name {}", rng.u32(..));
            Some("another name".into())
        }
        3 => {
            let mut again = r.clone();
            let peers = if r.inbound {
                &mut again.src
            } else {
                &mut again.dst
            };
            if let Some(b) = peers.first().copied() {
                *peers = vec![one(rng, &b.halves())];
            }
            again.name = format!("{}-again", r.name);
            put(p, n, vec![r, again]);
            Some(format!("{n} again"))
        }
        4 | 5 => {
            let halves =
                |all: &[Block]| -> Vec<Block> { all.iter().flat_map(|b| b.halves()).collect() };
            let side =
                |r: &mut Rule, all: Vec<Block>| if r.inbound { r.src = all } else { r.dst = all };
            let peers = if r.inbound {
                r.src.clone()
            } else {
                r.dst.clone()
            };
            if peers.is_empty() {
                return None;
            }
            let mut small = halves(&peers);
            rng.shuffle(&mut small);
            if p.kind == Kind::Acl || rng.bool() {
                let part = |b| {
                    let mut part = r.clone();
                    side(&mut part, vec![b]);
                    part
                };
                put(p, n, small.into_iter().map(part).collect());
            } else {
                side(&mut p.rules[n], small);
            }
            Some(format!("{n} by halves"))
        }
        6 | 7 => ports(rng, p, n, &r),
        8 if p.kind == Kind::Windows => {
            let mut off = crate::lists_make::rule(rng, Kind::Windows, 77);
            off.enabled = false;
            p.rules.push(off);
            Some("a rule that is off".into())
        }
        8 | 9 if p.kind != Kind::Acl => {
            let same = |a: &Rule| Rule {
                name: String::new(),
                number: 0,
                dports: Vec::new(),
                ..a.clone()
            };
            let other = p
                .rules
                .iter()
                .position(|o| o.name != r.name && same(o) == same(&r))?;
            let joined = p.kind == Kind::Windows
                && !r.dports.is_empty()
                && !p.rules[other].dports.is_empty();
            if !joined {
                return None;
            }
            let more = p.rules[other].dports.clone();
            p.rules[n].dports.extend(more);
            p.rules.remove(other);
            Some(format!("{n} and {other} merged"))
        }
        _ => None,
    }
}

fn ports(rng: &mut Rng, p: &mut Point, n: usize, r: &Rule) -> Option<String> {
    let mut pieces: Vec<(u16, u16)> = r.dports.clone();
    let first = *pieces.first()?;
    if first.0 < first.1 {
        let cut = rng.u16(first.0..first.1);
        pieces.splice(..1, [(first.0, cut), (cut + 1, first.1)]);
    }
    if pieces.len() < 2 {
        return None;
    }
    let lists = matches!(p.kind, Kind::Windows | Kind::Nsg);
    if lists && chance(rng, 50) {
        rng.shuffle(&mut pieces);
        p.rules[n].dports = pieces;
    } else {
        let part = |ports| Rule {
            dports: vec![ports],
            ..r.clone()
        };
        put(p, n, pieces.into_iter().map(part).collect());
    }
    Some(format!("{n} by ports"))
}

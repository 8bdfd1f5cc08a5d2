//! Tables of iptables as somebody writes them, and what the manual says they do with a packet: rule by rule, every value of
//! every open condition tried.

use crate::packet::{
    Block, Edges, GRE, ICMP, ICMP6, Packet, Said, TCP, UDP, Verdict, Way, address,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A field with or without `!`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Not<T>(pub(crate) bool, pub(crate) T);

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Target {
    Accept,
    Drop,
    Reject,
    Return,
    Log,
    Nothing,
    Jump(String),
    Goto(String),
    Mark(u32),
    Notrack,
    Dnat(u128, Option<u16>),
    Redirect(u16),
    Masquerade,
}

/// What a packet alone does not decide.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Open {
    Limit,
    /// A set that nobody exported, asked for the source or the destination.
    Set(String, bool),
}

#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Match {
    pub(crate) src: Option<Not<Block>>,
    pub(crate) dst: Option<Not<Block>>,
    pub(crate) proto: Option<Not<u8>>,
    pub(crate) sports: Option<Not<Vec<(u16, u16)>>>,
    pub(crate) dports: Option<Not<Vec<(u16, u16)>>>,
    pub(crate) icmp: Option<u8>,
    pub(crate) in_iface: Option<Not<String>>,
    pub(crate) out_iface: Option<Not<String>>,
    pub(crate) states: Option<Not<Vec<&'static str>>>,
    pub(crate) syn: Option<bool>,
    pub(crate) mark: Option<Not<u32>>,
    pub(crate) open: Option<Not<Open>>,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Rule {
    pub(crate) of: Match,
    pub(crate) target: Target,
    pub(crate) comment: Option<String>,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Chain {
    pub(crate) name: String,
    /// Of a built-in chain, whether it accepts.
    pub(crate) policy: Option<bool>,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) chains: Vec<Chain>,
}

/// What `iptables-save` or `ip6tables-save` prints.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Half {
    pub(crate) v6: bool,
    pub(crate) tables: Vec<Table>,
}

/// A host's two halves.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) v4: Option<Half>,
    pub(crate) v6: Option<Half>,
}

/// The state that conntrack gives a packet without a known flow, as measured for `trace`.
fn first_state(p: &Packet) -> &'static str {
    match (p.proto, p.sport) {
        (ICMP, 8 | 13 | 15 | 17) | (ICMP6, 128) => "NEW",
        (ICMP6, 130..=136 | 143) => "UNTRACKED",
        (ICMP | ICMP6, _) => "INVALID",
        _ => "NEW",
    }
}

/// A packet on its way.
#[derive(Clone)]
struct Walker {
    p: Packet,
    state: &'static str,
    syn: bool,
    mark: u32,
    to: Option<String>,
    /// Where it goes to now is not where it was sent.
    moved: bool,
    /// It is the answer, or another later packet: nat chains are past.
    later: bool,
}

/// One value of each open condition that is asked for.
#[derive(Default)]
struct Values {
    known: BTreeMap<String, bool>,
    missing: RefCell<Option<String>>,
    drawn: RefCell<usize>,
    /// No limit has come to its limit.
    within_rates: bool,
}

impl Values {
    fn of(&self, name: String) -> bool {
        self.known.get(&name).copied().unwrap_or_else(|| {
            self.missing.borrow_mut().get_or_insert(name);
            false
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Accept(Option<String>),
    Drop,
}

enum Chained {
    Accept,
    Drop,
    Back,
}

struct Run<'a> {
    half: &'a Half,
    values: &'a Values,
    moves: RefCell<bool>,
}

impl Run<'_> {
    fn hits(&self, m: &Match, w: &Walker) -> bool {
        let not = |n: bool, hit: bool| hit != n;
        let p = &w.p;
        let block = |b: &Option<Not<Block>>, n| {
            b.as_ref()
                .is_none_or(|Not(no, b)| not(*no, b.contains(p.v6, n)))
        };
        let among =
            |all: &[(u16, u16)], n: u16| all.iter().any(|(lo, hi)| (*lo..=*hi).contains(&n));
        let ports = |f: &Option<Not<Vec<(u16, u16)>>>, n| {
            f.as_ref()
                .is_none_or(|Not(no, all)| not(*no, among(all, n)))
        };
        let face = |f: &Option<Not<String>>, name: &str| {
            f.as_ref()
                .is_none_or(|Not(no, pattern)| not(*no, faces(pattern, name)))
        };
        block(&m.src, p.src)
            && block(&m.dst, p.dst)
            && m.proto
                .as_ref()
                .is_none_or(|Not(no, n)| not(*no, *n == p.proto))
            && ports(&m.sports, p.sport)
            && ports(&m.dports, p.dport)
            && m.icmp.is_none_or(|t| u16::from(t) == p.sport)
            && face(&m.in_iface, &p.in_iface)
            && face(&m.out_iface, &p.out_iface)
            && m.states
                .as_ref()
                .is_none_or(|Not(no, all)| not(*no, all.contains(&w.state)))
            && m.syn.is_none_or(|syn| syn == w.syn)
            && m.mark
                .as_ref()
                .is_none_or(|Not(no, n)| not(*no, *n == w.mark))
            && m.open
                .as_ref()
                .is_none_or(|Not(no, o)| not(*no, self.open(o, p)))
    }

    fn open(&self, o: &Open, p: &Packet) -> bool {
        match o {
            Open::Limit if self.values.within_rates => true,
            Open::Limit => {
                let mut n = self.values.drawn.borrow_mut();
                *n += 1;
                self.values.of(format!("limit {n}"))
            }
            Open::Set(name, source) => {
                let n = if *source { p.src } else { p.dst };
                self.values.of(format!("{name} has {}", address(p.v6, n)))
            }
        }
    }

    fn chain(&self, t: &Table, name: &str, w: &mut Walker) -> Chained {
        let chain = t.chains.iter().find(|c| c.name == name).unwrap();
        for r in chain.rules.iter() {
            if !self.hits(&r.of, w) {
                continue;
            }
            match &r.target {
                Target::Accept | Target::Masquerade => return Chained::Accept,
                Target::Drop | Target::Reject => return Chained::Drop,
                Target::Return => return Chained::Back,
                Target::Log | Target::Nothing => {}
                Target::Mark(n) => w.mark = *n,
                Target::Notrack => w.state = "UNTRACKED",
                Target::Jump(to) => match self.chain(t, to, w) {
                    Chained::Back => {}
                    end => return end,
                },
                Target::Goto(to) => return self.chain(t, to, w),
                Target::Dnat(to, port) => {
                    *self.moves.borrow_mut() = true;
                    let port = port.unwrap_or(w.p.dport);
                    w.moved = w.p.dst != *to;
                    (w.p.dst, w.p.dport) = (*to, port);
                    w.to = Some(format!("{}:{port}", address(w.p.v6, *to)));
                    return Chained::Accept;
                }
                Target::Redirect(port) => {
                    *self.moves.borrow_mut() = true;
                    w.p.dport = *port;
                    w.to = Some(format!("here:{port}"));
                    return Chained::Accept;
                }
            }
        }
        Chained::Back
    }

    /// Whether it survives the hook.
    fn hook(&self, hook: &str, w: &mut Walker) -> bool {
        let given = w.p.clone();
        match hook {
            "PREROUTING" | "INPUT" => w.p.out_iface.clear(),
            "OUTPUT" | "POSTROUTING" => w.p.in_iface.clear(),
            _ => {}
        }
        for table in ["raw", "mangle", "nat", "filter"] {
            // Sources are translated in nat POSTROUTING, which decides nothing here.
            if table == "nat" && (w.later || !matches!(hook, "PREROUTING" | "OUTPUT")) {
                continue;
            }
            let Some(t) = self.half.tables.iter().find(|t| t.name == table) else {
                continue;
            };
            let Some(chain) = t.chains.iter().find(|c| c.name == hook) else {
                continue;
            };
            let passes = match self.chain(t, hook, w) {
                Chained::Accept => true,
                Chained::Drop => false,
                Chained::Back => chain.policy.unwrap(),
            };
            if !passes {
                return false;
            }
        }
        (w.p.in_iface, w.p.out_iface) = (given.in_iface, given.out_iface);
        true
    }

    fn through(&self, w: &mut Walker) -> bool {
        match w.p.way {
            Way::In => {
                self.hook("PREROUTING", w)
                    && if w.moved {
                        self.hook("FORWARD", w) && self.hook("POSTROUTING", w)
                    } else {
                        self.hook("INPUT", w)
                    }
            }
            Way::Out => self.hook("OUTPUT", w) && self.hook("POSTROUTING", w),
            Way::Forward => ["PREROUTING", "FORWARD", "POSTROUTING"]
                .iter()
                .all(|h| self.hook(h, w)),
        }
    }
}

fn faces(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('+') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

fn walker(p: &Packet, state: &'static str, first: bool) -> Walker {
    Walker {
        p: p.clone(),
        state,
        syn: first && p.proto == TCP,
        mark: 0,
        to: None,
        moved: false,
        later: !first,
    }
}

/// What comes of something under every combination of values.
fn every_value<T: Ord>(within_rates: bool, judge: impl Fn(&Values) -> T) -> BTreeSet<T> {
    let mut all = BTreeSet::new();
    let mut todo = vec![BTreeMap::new()];
    while let Some(known) = todo.pop() {
        let values = Values {
            known,
            within_rates,
            ..Values::default()
        };
        let end = judge(&values);
        match values.missing.into_inner() {
            None => {
                all.insert(end);
            }
            Some(name) => todo.extend([false, true].map(|v| {
                let mut known = values.known.clone();
                known.insert(name.clone(), v);
                known
            })),
        }
    }
    all
}

fn verdict(all: &BTreeSet<End>) -> (Verdict, Option<String>) {
    let drops = all.contains(&End::Drop);
    let mut passes = all.iter().filter_map(|e| match e {
        End::Accept(to) => Some(to.clone()),
        End::Drop => None,
    });
    match (passes.next(), passes.next(), drops) {
        (None, ..) => (Verdict::Deny, None),
        (Some(to), None, false) => (Verdict::Allow, to),
        (Some(_), Some(_), false) => (Verdict::Allow, Some("one or the other".into())),
        _ => (Verdict::Conditional, None),
    }
}

impl Half {
    fn untracks(&self) -> bool {
        let rules = || {
            self.tables
                .iter()
                .flat_map(|t| &t.chains)
                .flat_map(|c| &c.rules)
        };
        rules().any(|r| r.target == Target::Notrack)
    }

    /// Whether a translation may move the packet.
    fn moves(&self, p: &Packet) -> bool {
        let ends = every_value(false, |values| {
            let run = Run {
                half: self,
                values,
                moves: RefCell::new(false),
            };
            run.hook("PREROUTING", &mut walker(p, first_state(p), true));
            *run.moves.borrow()
        });
        ends.contains(&true)
    }

    fn ends(&self, p: &Packet, within_rates: bool) -> BTreeSet<End> {
        every_value(within_rates, |values| {
            let run = Run {
                half: self,
                values,
                moves: RefCell::new(false),
            };
            let mut w = walker(p, first_state(p), true);
            if run.through(&mut w) {
                End::Accept(w.to)
            } else {
                End::Drop
            }
        })
    }

    fn said(&self, p: &Packet) -> Said {
        let (verdict, to) = verdict(&self.ends(p, false));
        let within_rates = self::verdict(&self.ends(p, true)).0;
        let looked_at = matches!(p.proto, TCP | UDP) && verdict == Verdict::Allow && to.is_none();
        let talk = (looked_at && !self.untracks()).then(|| self.talk(p));
        let (moved, hidden) = (self.moves(p), self.hides(p));
        Said {
            verdict,
            to,
            talk,
            within_rates,
            elsewhere: verdict,
            moved,
            hidden,
            unresolved: false,
        }
    }

    /// Whether a rule may hide where it comes from.
    fn hides(&self, p: &Packet) -> bool {
        let Some(nat) = self.tables.iter().find(|t| t.name == "nat") else {
            return false;
        };
        let chain = nat.chains.iter().find(|c| c.name == "POSTROUTING").unwrap();
        let mut p = p.clone();
        p.in_iface.clear();
        let w = walker(&p, first_state(&p), true);
        let ends = every_value(false, |values| {
            let run = Run {
                half: self,
                values,
                moves: RefCell::new(false),
            };
            chain.rules.iter().any(|r| run.hits(&r.of, &w))
        });
        p.way != Way::In && ends.contains(&true)
    }

    /// The packet, its answer and the next one of each side.
    fn talk(&self, p: &Packet) -> Verdict {
        let way = match p.way {
            Way::In => Way::Out,
            Way::Out => Way::In,
            Way::Forward => Way::Forward,
        };
        let back = Packet {
            way,
            src: p.dst,
            dst: p.src,
            sport: p.dport,
            dport: p.sport,
            in_iface: p.out_iface.clone(),
            out_iface: p.in_iface.clone(),
            ..p.clone()
        };
        let ends = every_value(false, |values| {
            let run = Run {
                half: self,
                values,
                moves: RefCell::new(false),
            };
            let steps = [
                (p, first_state(p), true),
                (&back, "ESTABLISHED", false),
                (p, "ESTABLISHED", false),
            ];
            let passes = steps
                .into_iter()
                .all(|(p, state, first)| run.through(&mut walker(p, state, first)));
            if passes { End::Accept(None) } else { End::Drop }
        });
        verdict(&ends).0
    }
}

impl Tables {
    fn half(&self, v6: bool) -> Option<&Half> {
        if v6 {
            self.v6.as_ref()
        } else {
            self.v4.as_ref()
        }
    }

    pub(crate) fn halves(&self) -> impl Iterator<Item = &Half> {
        self.v4.iter().chain(&self.v6)
    }

    pub(crate) fn halves_mut(&mut self) -> impl Iterator<Item = &mut Half> {
        self.v4.iter_mut().chain(&mut self.v6)
    }

    /// A family that was not exported is undecided. None: the packet counts in another direction.
    pub(crate) fn said(&self, p: &Packet) -> Option<Said> {
        let Some(half) = self.half(p.v6) else {
            let verdict = Verdict::Conditional;
            return Some(Said {
                verdict,
                ..Said::of(true)
            });
        };
        let elsewhere = p.way == Way::Forward && half.moves(p);
        (!elsewhere).then(|| half.said(p))
    }

    pub(crate) fn edges(&self) -> Edges {
        let mut e = Edges::default();
        for half in self.halves() {
            let rules = half
                .tables
                .iter()
                .flat_map(|t| &t.chains)
                .flat_map(|c| &c.rules);
            rules.for_each(|r| r.edges(half.v6, &mut e));
        }
        e
    }
}

impl Rule {
    pub(crate) fn edges(&self, v6: bool, e: &mut Edges) {
        let m = &self.of;
        for (source, b) in [(true, &m.src), (false, &m.dst)] {
            if let Some(Not(_, b)) = b {
                e.block(source, *b);
                // Rules ask the answer for it at the other end.
                e.block(!source, *b);
            }
        }
        for (source, f) in [(true, &m.sports), (false, &m.dports)] {
            for range in f.iter().flat_map(|Not(_, all)| all) {
                e.ports(source, *range);
            }
        }
        if let Some(Not(_, n)) = m.proto {
            e.proto(n);
        }
        if let Some(t) = m.icmp {
            e.icmp(t);
        }
        for f in [&m.in_iface, &m.out_iface].into_iter().flatten() {
            let name = f.1.replace('+', "7");
            e.in_ifaces.insert(name.clone());
            e.out_ifaces.insert(name);
        }
        match self.target {
            Target::Dnat(to, port) => {
                e.block(
                    false,
                    Block {
                        v6,
                        first: to,
                        len: Block::bits(v6),
                    },
                );
                port.into_iter().for_each(|p| e.ports(false, (p, p)));
            }
            Target::Redirect(p) => e.ports(false, (p, p)),
            _ => {}
        }
    }
}

pub(crate) fn proto_name(n: u8) -> String {
    let names = [
        (TCP, "tcp"),
        (UDP, "udp"),
        (ICMP, "icmp"),
        (ICMP6, "ipv6-icmp"),
        (GRE, "gre"),
    ];
    let known = names.into_iter().find(|(k, _)| *k == n);
    known.map_or_else(|| n.to_string(), |(_, name)| name.to_owned())
}

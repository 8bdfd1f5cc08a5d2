//! `[[allow]]` and `[[waive]]`.

use super::changes::{At, Changes, Said, Side, addresses};
use crate::common::words::list;
use crate::site::Waive;
use crate::site::config::{AllowConfig, Ends};
use hylint_engine::covers;
use hylint_space::{AddrSet, PacketBox, proto};
use std::collections::BTreeMap;

impl Changes<'_> {
    pub(super) fn allows(&mut self) {
        let of = |s: Side<'_>| s.config.map(|c| c.allows.clone()).unwrap_or_default();
        let (old, new) = (of(self.old), of(self.new));
        let added = self.beyond(&new, &old);
        let mut removed = self.beyond(&old, &new);
        // Entries that only one side has, as they are written.
        let mut left: Vec<usize> = (0..old.len()).collect();
        left.retain(|m| {
            let is = |o: &AllowConfig| new.iter().any(|n| holds(o, n) && holds(n, o));
            old.get(*m).is_some_and(|o| !is(o))
        });
        for n in added {
            let Some(entry) = new.get(n) else { continue };
            let near = |m: &usize| {
                old.get(*m).is_some_and(|o| {
                    let ends = o.from == entry.from || o.to == entry.to;
                    ends && o.proto.intersects(&entry.proto)
                })
            };
            let was = left.iter().position(near).map(|at| left.remove(at));
            removed.retain(|m| Some(*m) != was);
            self.push(Said {
                key: "[[allow]]".into(),
                at: At::Entry("allow", was, Some(n)),
                old: was.and_then(|m| old.get(m)).map(|o| self.flow(o)),
                new: Some(self.flow(entry)),
                loosened: true,
                message: format!("more may be open: {}", self.flow(entry)),
            });
        }
        for m in removed {
            let Some(entry) = old.get(m) else { continue };
            self.push(Said {
                key: "[[allow]]".into(),
                at: At::Entry("allow", Some(m), None),
                old: Some(self.flow(entry)),
                new: None,
                loosened: false,
                message: format!("not allowed any more: {}", self.flow(entry)),
            });
        }
    }

    /// The numbers of the entries that those of the other side do not hold. Roles have the addresses of the old side: that
    /// they change is told of them.
    fn beyond(&self, entries: &[AllowConfig], others: &[AllowConfig]) -> Vec<usize> {
        let boxes: Vec<PacketBox> = others.iter().map(|o| self.space(o)).collect();
        let held = |a: &AllowConfig| {
            let one = others.iter().any(|o| holds(o, a));
            one || self.is_located(a) && covers(&boxes, &self.space(a))
        };
        let all = entries.iter().enumerate();
        all.filter(|(_, a)| !held(a)).map(|(n, _)| n).collect()
    }

    fn located(&self, e: &Ends) -> AddrSet {
        let states = e.roles.iter();
        let states = states.filter_map(|r| self.old.site.roles.get(usize::from(r.0)));
        states.fold(e.addrs.clone(), |all, s| all.union(&s.addrs))
    }

    /// Whether all roles of an entry have addresses.
    fn is_located(&self, a: &AllowConfig) -> bool {
        let mut roles = a.from.roles.iter().chain(&a.to.roles);
        roles.all(|r| {
            let state = self.old.site.roles.get(usize::from(r.0));
            state.is_some_and(|s| !s.addrs.is_empty())
        })
    }

    fn space(&self, a: &AllowConfig) -> PacketBox {
        PacketBox {
            src: self.located(&a.from),
            dst: self.located(&a.to),
            proto: a.proto.clone(),
            dport: a.ports.clone(),
            ..PacketBox::any()
        }
    }

    fn flow(&self, a: &AllowConfig) -> String {
        let ends = |e: &Ends| {
            let mut all: Vec<String> = e.roles.iter().map(|r| self.role(*r).to_owned()).collect();
            match e.addrs.is_any() {
                true => all.push("any".into()),
                false if e.addrs.is_empty() => {}
                false => all.push(addresses(&e.addrs)),
            }
            list(&all)
        };
        format!("{} from {} to {}", service(a), ends(&a.from), ends(&a.to))
    }

    pub(super) fn waives(&mut self) {
        let of = |s: Side<'_>| -> BTreeMap<Vec<String>, Vec<(usize, Waive)>> {
            let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
            let waives = s.config.map_or(&[][..], |c| &c.waives);
            for (n, w) in waives.iter().enumerate() {
                all.entry(subject(w)).or_default().push((n, w.clone()));
            }
            for same in all.values_mut() {
                same.sort_by_key(|(n, w)| (std::cmp::Reverse(w.until), *n));
            }
            all
        };
        let (old, new) = (of(self.old), of(self.new));
        let subjects: Vec<&Vec<String>> = old
            .keys()
            .chain(new.keys().filter(|k| !old.contains_key(*k)))
            .collect();
        for subject in subjects {
            // Of several for one thing the longest one holds.
            let first = |m: &BTreeMap<_, Vec<(usize, Waive)>>| m.get(subject)?.first().cloned();
            let (was, is) = (first(&old), first(&new));
            let until = |w: &Option<(usize, Waive)>| w.as_ref().map(|(_, w)| w.until);
            if until(&was) == until(&is) {
                continue;
            }
            let number = |w: &Option<(usize, Waive)>| w.as_ref().map(|(n, _)| *n);
            let text = |w: &Option<(usize, Waive)>| {
                let w = &w.as_ref()?.1;
                Some(format!("{} until {}", subject.join(" "), w.until))
            };
            let longer = until(&is) > until(&was);
            let what = subject.join(" ");
            self.push(Said {
                key: "[[waive]]".into(),
                at: At::Entry("waive", number(&was), number(&is)),
                old: text(&was),
                new: text(&is),
                loosened: longer,
                message: match until(&is) {
                    Some(until) => format!("{what} is waived until {until}"),
                    None => format!("{what} is no longer waived"),
                },
            });
        }
    }
}

/// Whether an entry alone holds all of another one.
fn holds(o: &AllowConfig, a: &AllowConfig) -> bool {
    let within = |a: &Ends, o: &Ends| {
        a.roles.iter().all(|r| o.roles.contains(r)) && a.addrs.is_subset(&o.addrs)
    };
    within(&a.from, &o.from)
        && within(&a.to, &o.to)
        && a.proto.is_subset(&o.proto)
        && a.ports.is_subset(&o.ports)
}

/// Protocol and ports as `port` has them.
fn service(a: &AllowConfig) -> String {
    let protocol = a.proto.iter().next().map_or(0, |(p, _)| p);
    let name = match protocol {
        proto::TCP => "tcp".to_owned(),
        proto::UDP => "udp".to_owned(),
        proto::SCTP => "sctp".to_owned(),
        proto::ICMP => "icmp".to_owned(),
        proto::ICMPV6 => "icmpv6".to_owned(),
        n => n.to_string(),
    };
    let ports = a.ports.iter().map(|(lo, hi)| match lo == hi {
        true => lo.to_string(),
        false => format!("{lo}-{hi}"),
    });
    match (proto::has_ports(protocol), a.ports.is_full()) {
        (false, _) => name,
        (true, true) => format!("{name}/*"),
        (true, false) => format!("{name}/{}", list(&ports.collect::<Vec<_>>())),
    }
}

/// What a waiver is about, in words. Who answers for it and why is not part of it.
fn subject(w: &Waive) -> Vec<String> {
    let mut all = vec![format!("`{}`", w.code)];
    all.extend(w.requirement.as_ref().map(|r| format!("of {r}")));
    all.extend(w.rule.as_ref().map(|r| format!("of rule \"{r}\"")));
    let export = w.export.as_ref().map(|g| g.glob().glob());
    all.extend(export.map(|e| format!("in {e}")));
    all
}

//! What is known on a packet's path of conditions that nothing decides, so that a second question about the same thing
//! gets the same answer: not by its words alone, but by the values that the first one left.

use super::ends::{End, Ends};
use hylint_model::{Condition, ConditionKind, Rule, Side, Test};
use hylint_space::RangeSet;
use std::borrow::Cow;

/// An undecided condition and what it was taken to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fact<'a> {
    condition: &'a Condition,
    /// Whether the test, without its negation, holds.
    value: bool,
    /// The ends of the packet that it was found of.
    ends: Ends,
}

impl PartialEq for Fact<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value && self.is_about(other.condition, other.ends)
    }
}

impl<'a> Fact<'a> {
    /// The condition with its negation held or did not.
    pub(crate) fn of(condition: &'a Condition, held: bool, ends: Ends) -> Self {
        Self {
            condition,
            value: held != condition.negated,
            ends,
        }
    }

    /// Whether it holds for every packet of a conversation: it is about who the peer is, or which process is behind a port.
    pub(crate) fn lasts(&self) -> bool {
        matches!(
            self.condition.kind,
            ConditionKind::Peer | ConditionKind::Local
        )
    }

    /// Whether they are of one condition and only one of them can be true.
    pub(crate) fn contradicts(&self, o: &Self) -> bool {
        self.value != o.value && self.is_about(o.condition, o.ends)
    }

    /// What it says, wherever in a file its condition stands.
    pub(crate) fn without_place(&self) -> (Cow<'a, str>, bool, Ends) {
        (self.condition.without_place(), self.value, self.ends)
    }

    /// Whether it is about this very condition.
    pub(crate) fn is_on(&self, c: &Condition) -> bool {
        std::ptr::eq(self.condition, c)
    }

    /// Whether it is about a condition of the rule itself.
    pub(crate) fn is_of(&self, rule: &Rule) -> bool {
        rule.conditions().any(|c| std::ptr::eq(c, self.condition))
    }

    /// Whether it may leave few of the packets: somebody is in a set, or a match that is not modelled holds. Outside of a
    /// set is nearly everyone.
    pub(crate) fn narrows(&self) -> bool {
        let kind = self.condition.kind;
        // Of a match that is not modelled, its text says whether it is negated.
        let said = self.condition.test == Test::Opaque
            && self.condition.text.split_whitespace().any(|w| w == "!");
        self.value != said && matches!(kind, ConditionKind::Peer | ConditionKind::Unknown)
    }

    /// Whether the sender is a machine of the own network, whichever that is.
    pub(crate) fn is_own_network(&self) -> bool {
        let source = |side: &Side| *side == Side::Src;
        let from = matches!(&self.condition.test, Test::Named { side, .. } if source(side));
        self.value && from && self.condition.names_own_network()
    }

    /// Whether a condition of a packet with these ends asks the same: of one address there is one answer, whichever way the
    /// packet goes, and none of another address.
    fn is_about(&self, c: &Condition, ends: Ends) -> bool {
        let same_end =
            |a: Side, b: Side, same: fn(End, End) -> bool| same(self.ends.at(a), ends.at(b));
        match (&self.condition.test, &c.test) {
            (Test::Named { key: x, side: a }, Test::Named { key: y, side: b }) => {
                x == y && same_end(*a, *b, |a, b| a.addr == b.addr)
            }
            (Test::IpSet { name: x, sides: a }, Test::IpSet { name: y, sides: b }) => {
                let mut pairs = a.iter().zip(b);
                x == y && a.len() == b.len() && pairs.all(|(a, b)| same_end(*a, *b, |a, b| a == b))
            }
            (Test::Set { .. }, Test::Set { .. }) => {
                self.ends == ends && is_same_test(self.condition, c)
            }
            (Test::IpSec, Test::IpSec) => true,
            _ => self.ends.go_back() == ends.go_back() && is_same_test(self.condition, c),
        }
    }

    /// What the fact says of a test of a packet with these ends.
    fn about(&self, c: &Condition, ends: Ends) -> Option<bool> {
        if self.is_about(c, ends) {
            return Some(self.value);
        }
        match (&self.condition.test, &c.test) {
            // A packet has one sender.
            (Test::Mac(a), Test::Mac(b))
                if self.value && a != b && self.ends.go_back() == ends.go_back() =>
            {
                Some(false)
            }
            _ => None,
        }
    }
}

/// Whether two conditions hold for the same packets.
pub(crate) fn is_same(a: &Condition, b: &Condition) -> bool {
    a.negated == b.negated && is_same_test(a, b)
}

/// The same but for negation. Windows tells no case of names of files and services apart.
fn is_same_test(a: &Condition, b: &Condition) -> bool {
    a.text == b.text
        || match (&a.test, &b.test) {
            (Test::Program(a), Test::Program(b)) | (Test::Service(a), Test::Service(b)) => {
                a.to_lowercase() == b.to_lowercase()
            }
            _ => false,
        }
}

/// Whether a condition holds for a packet with these ends, by the facts of the path and by the conditions of its own clause,
/// which hold together. `None`: it may or may not. Rate conditions are drawn anew each time.
pub(crate) fn answer(
    facts: &[Fact<'_>],
    held: &[&Condition],
    c: &Condition,
    ends: Ends,
) -> Option<bool> {
    if c.kind == ConditionKind::Rate {
        return None;
    }
    let held = held.iter().filter(|h| h.kind != ConditionKind::Rate);
    let all = || {
        facts
            .iter()
            .copied()
            .chain(held.clone().map(|h| Fact::of(h, true, ends)))
    };
    let test = match all().find_map(|f| f.about(c, ends)) {
        Some(known) => Some(known),
        None => by_values(all(), c, ends),
    };
    test.map(|t| t != c.negated)
}

/// The same by the values that the facts leave to a number.
fn by_values<'a>(facts: impl Iterator<Item = Fact<'a>>, c: &Condition, ends: Ends) -> Option<bool> {
    let (field, wanted) = number(&c.test)?;
    let mut left = RangeSet::<u32>::full();
    let mut any = false;
    for f in facts.filter(|f| f.ends.go_back() == ends.go_back()) {
        if let Some((of, set)) = number(&f.condition.test)
            && of == field
        {
            any = true;
            left = if f.value {
                left.intersect(&set)
            } else {
                left.subtract(&set)
            };
        }
    }
    match any {
        true if !left.intersects(&wanted) => Some(false),
        true if left.is_subset(&wanted) => Some(true),
        _ => None,
    }
}

/// Which number a test looks at, and the values that it wants. Each field's last value stands for all beyond it, so that
/// sets that cover the field between them do so here.
fn number(test: &Test) -> Option<(u8, RangeSet<u32>)> {
    fn widened<T: Copy + Into<u32>>(
        ranges: impl Iterator<Item = (T, T)>,
        last: u32,
    ) -> RangeSet<u32> {
        let top = |hi: u32| if hi >= last { u32::MAX } else { hi };
        ranges.map(|(lo, hi)| (lo.into(), top(hi.into()))).collect()
    }
    Some(match test {
        Test::Ttl(s) => (0, widened(s.iter(), u8::MAX.into())),
        Test::Dscp(s) => (1, widened(s.iter(), 63)),
        Test::Length(s) => (2, widened(s.iter(), u16::MAX.into())),
        Test::Uid(s) => (3, s.clone()),
        Test::Gid(s) => (4, s.clone()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ends::Part;
    use hylint_model::Span;

    /// Of a first packet.
    fn fact(condition: &Condition, held: bool) -> Fact<'_> {
        Fact::of(condition, held, Ends::default())
    }

    fn asked(facts: &[Fact<'_>], held: &[&Condition], c: &Condition) -> Option<bool> {
        answer(facts, held, c, Ends::default())
    }

    fn ttl(lo: u8, hi: u8, negated: bool) -> Condition {
        let text = format!("ttl {lo}-{hi}");
        let test = Test::Ttl(RangeSet::range(lo, hi));
        Condition::new(ConditionKind::Unknown, test, Span::default(), text).negate(negated)
    }

    #[test]
    fn values_decide_ranges_negations_and_what_covers_a_field_together() {
        let (high, low, middle) = (ttl(65, 255, false), ttl(0, 64, false), ttl(60, 70, false));
        let not_middle = ttl(60, 70, true);
        let known = |facts: &[Fact<'_>], c: &Condition| asked(facts, &[], c);
        let is_high = [fact(&high, true)];
        assert_eq!(known(&is_high, &low), Some(false));
        assert_eq!(known(&is_high, &middle), None);
        let not_high = [fact(&high, false)];
        assert_eq!(known(&not_high, &low), Some(true));
        let outside = [fact(&high, true), fact(&middle, false)];
        assert_eq!(known(&outside, &not_middle), Some(true));
        assert_eq!(known(&outside, &ttl(71, 255, false)), Some(true));
        assert_eq!(known(&outside, &ttl(66, 66, false)), Some(false));
        assert_eq!(known(&[], &low), None);
        // Two conditions of one rule that cannot both hold.
        assert_eq!(asked(&[], &[&high], &low), Some(false));
        assert_eq!(asked(&[], &[&low], &ttl(0, 200, false)), Some(true));
    }

    #[test]
    fn each_field_has_its_own_values_up_to_its_last() {
        let of = |test: Test| {
            let text = format!("{test:?}");
            Condition::new(ConditionKind::Unknown, test, Span::default(), text)
        };
        type Make = fn(u8, u8) -> Test;
        fn ids(a: u8, b: u8) -> RangeSet<u32> {
            RangeSet::range(u32::from(a), if b == u8::MAX { u32::MAX } else { b.into() })
        }
        let fields: [Make; 5] = [
            |a, b| Test::Ttl(RangeSet::range(a, b)),
            |a, b| Test::Dscp(RangeSet::range(a, b.min(63))),
            |a, b| {
                Test::Length(RangeSet::range(
                    a.into(),
                    if b == u8::MAX { u16::MAX } else { b.into() },
                ))
            },
            |a, b| Test::Uid(ids(a, b)),
            |a, b| Test::Gid(ids(a, b)),
        ];
        for (i, field) in fields.iter().enumerate() {
            let (low, high) = (of(field(0, 9)), of(field(10, u8::MAX)));
            assert_eq!(
                asked(&[fact(&low, false)], &[], &high),
                Some(true),
                "{low:?}"
            );
            assert_eq!(
                asked(&[fact(&low, true)], &[], &high),
                Some(false),
                "{low:?}"
            );
            for (j, other) in fields.iter().enumerate().filter(|(j, _)| *j != i) {
                let other = of(other(10, u8::MAX));
                assert_eq!(asked(&[fact(&low, true)], &[], &other), None, "{i} {j}");
            }
        }
    }

    #[test]
    fn a_packet_has_one_hardware_address_and_rates_are_drawn_anew() {
        let mac = |m: &str| {
            let test = Test::Mac(m.into());
            Condition::new(ConditionKind::Peer, test, Span::default(), m)
        };
        let (a, b) = (mac("02:00:00:00:00:01"), mac("02:00:00:00:00:02"));
        assert_eq!(asked(&[fact(&a, true)], &[], &b), Some(false));
        assert_eq!(asked(&[fact(&a, false)], &[], &b), None);
        assert_eq!(asked(&[fact(&a, true)], &[], &a), Some(true));
        let rate = Condition::new(ConditionKind::Rate, Test::Opaque, Span::default(), "limit");
        assert_eq!(asked(&[fact(&rate, true)], &[&rate], &rate), None);
    }

    #[test]
    fn each_address_of_a_conversation_has_an_answer_of_its_own() {
        let named = |side: Side| {
            let key = "ipset:a".into();
            let text = format!("set a {side:?}");
            Condition::new(
                ConditionKind::Peer,
                Test::Named { key, side },
                Span::default(),
                text,
            )
        };
        let (src, dst) = (named(Side::Src), named(Side::Dst));
        let first = Ends::default();
        let moved = End {
            addr: Part::Moved,
            port: Part::Moved,
        };
        let behind = Ends {
            dst: moved,
            ..first
        };
        let reply = Ends {
            src: moved,
            dst: End::SENDER,
        };
        let of = |c: &Condition, at: Ends, asked: &Condition, ends: Ends| {
            answer(&[Fact::of(c, true, at)], &[], asked, ends)
        };
        assert_eq!(of(&src, first, &src, behind), Some(true));
        assert_eq!(of(&src, first, &dst, reply), Some(true));
        assert_eq!(of(&dst, behind, &src, reply), Some(true));
        assert_eq!(of(&dst, first, &dst, behind), None);
        assert_eq!(of(&dst, behind, &dst, first), None);
        assert_eq!(of(&dst, first, &src, first), None);
        // A translation of the port alone leaves the address, and not what is said of both.
        let other_port = Ends {
            dst: End {
                port: Part::Moved,
                ..End::SENT
            },
            ..first
        };
        assert_eq!(of(&dst, first, &dst, other_port), Some(true));
        let pair = |sides: [Side; 2]| {
            let test = Test::IpSet {
                name: "a".into(),
                sides: sides.to_vec(),
            };
            Condition::new(
                ConditionKind::Peer,
                test,
                Span::default(),
                format!("set a {sides:?}"),
            )
        };
        let to = pair([Side::Dst, Side::Dst]);
        assert_eq!(of(&to, first, &to, other_port), None);
        assert_eq!(
            of(
                &to,
                other_port,
                &pair([Side::Src, Side::Src]),
                Ends {
                    src: other_port.dst,
                    dst: End::SENDER
                }
            ),
            Some(true)
        );
    }
}

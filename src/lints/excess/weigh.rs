//! What of a rule nothing needs, and how grave that is.

use super::classify::Class;
use super::entry::Opening;
use super::review::{PointReview, Seen, Weighed};
use super::{classify, parts};
use crate::finding::{Finding, Identity, Part, Related, Severity};
use crate::lints::describe::Frame;
use crate::lints::place::{self, normalized, rule_span};
use crate::lints::reproduce;
use crate::rules::platform;
use hylint_engine::{Decider, subtract_all};
use hylint_model::Rule;
use hylint_space::{FlagSet, IfaceSet, PacketBox, StateSet, TcpFlags, class, proto};
use std::borrow::Cow;

impl<'a> PointReview<'a, '_> {
    /// What a rule opens by itself that nothing needs, whatever other rules do.
    pub(super) fn weigh<'o>(&self, opening: &'o Opening<'a>) -> Option<Weighed<'o>> {
        let rule = opening.rule;
        let known = self
            .point
            .kind
            .has_profiles()
            .then(|| platform::builtin(rule))
            .flatten();
        if known.as_ref().is_some_and(|b| b.core) {
            return None;
        }
        let boxes = opening.boxes();
        let excess = self.excess(rule, &boxes);
        let class = classify::classify(rule, &excess, self.needed, self.scene)?;
        Some(Weighed {
            boxes,
            excess,
            class,
            shipped: known.is_some() || classify::is_app_package(rule),
        })
    }

    /// What is to be said of a rule by itself.
    pub(super) fn seen(&self, opening: &Opening<'a>) -> Option<Seen> {
        let w = self.weigh(opening)?;
        if w.shipped {
            return Some(Seen::Builtin {
                to_anyone: w.class.sensitive_to_anyone,
            });
        }
        if w.class.severity == Severity::Note {
            let (_, total) = self.parts(opening.rule, &w.boxes, &w.excess, 0);
            return Some(Seen::Unneeded(total));
        }
        self.open(opening.rule, &w).map(Box::new).map(Seen::Open)
    }

    /// Only what really passes by this rule counts: an earlier deny may take it.
    pub(super) fn open(&self, rule: &Rule, w: &Weighed<'_>) -> Option<Finding> {
        let (real, exact) = self.really(rule, &w.excess);
        let class = classify::classify(rule, &real, self.needed, self.scene)?;
        let mut f = self.word(rule, &class, &real);
        if exact {
            (f.excess, f.excess_total) = self.parts(rule, &w.boxes, &real, Finding::PARTS);
        }
        Some(f)
    }

    /// What a rule opens that nothing needs, in at most `room` parts.
    pub(super) fn unneeded_parts(&self, opening: &Opening<'a>, room: usize) -> Vec<Part> {
        if room == 0 {
            return Vec::new();
        }
        let boxes = opening.boxes();
        let excess = self.excess(opening.rule, &boxes);
        self.parts(opening.rule, &boxes, &excess, room).0
    }

    /// The new connections of the boxes that no needed flow covers.
    pub(super) fn excess(&self, rule: &Rule, boxes: &[Cow<'_, PacketBox>]) -> Vec<PacketBox> {
        if classify::needs_ipsec(rule) {
            return Vec::new();
        }
        let mut out = Vec::new();
        for b in boxes {
            let mut met = self
                .needed
                .boxes
                .iter()
                .filter(|n| n.intersects(b))
                .peekable();
            if met.peek().is_none() {
                out.extend(self.opened(b));
            } else if !met.any(|n| b.is_subset(n)) {
                let cut: Vec<PacketBox> = self.opened(b).into_iter().collect();
                out.append(&mut subtract_all(&cut, &self.needed.boxes));
            }
        }
        out
    }

    /// The new connections of a box.
    pub(super) fn opened(&self, b: &PacketBox) -> Option<PacketBox> {
        // What starts a connection is a SYN; other protocols have no flags, and their boxes hold any.
        let flags = FlagSet(b.flags.0 & FlagSet::exactly(TcpFlags::SYN).0);
        let state = StateSet(b.state.0 & StateSet::exactly(StateSet::NEW, false, false).0);
        if flags.0 == 0 || state.0 == 0 {
            return None;
        }
        let opened = PacketBox {
            src: b.src.intersect(class::hosts()),
            dst: b.dst.intersect(&self.here),
            proto: b.proto.clone(),
            sport: b.sport.clone(),
            dport: b.dport.clone(),
            flags,
            state,
            in_iface: peer_interfaces(&b.in_iface)?,
            out_iface: b.out_iface.clone(),
        };
        (!opened.is_empty()).then_some(opened)
    }

    pub(super) fn word(&self, rule: &Rule, class: &Class, excess: &[PacketBox]) -> Finding {
        let whole = rule_span(self.exports, self.at, rule);
        // The place is the rule; the field that is too wide is labelled beside it.
        let mut f = self.finding(
            class.code,
            class.severity,
            format!(
                "{} at {}",
                class.message(rule, excess, self.scene),
                self.guard.name
            ),
            Identity::of(&[&normalized(rule)]),
            place::place(self.exports, self.at, whole),
        );
        let span = class.field.and_then(|x| rule.field(x)).unwrap_or(whole);
        f.label = class.label.to_owned();
        if span != whole
            && let Some(place) = place::place(self.exports, self.at, span)
        {
            f.related.push(Related {
                place,
                label: "here".into(),
            });
        }
        f.rule = Some(place::decider_name(
            self.exports,
            &Decider::Rule { at: self.at, rule },
        ));
        let tcp = excess.iter().find(|b| b.proto.contains(proto::TCP));
        let packet = tcp.or(excess.first());
        f.witness = packet.and_then(place::witness).map(Box::new);
        if let (Some(packet), Some(witness)) = (packet, &f.witness) {
            f.reproduce = reproduce::of_open(self.exports, self.guard, self.at, packet, witness);
        }
        f.help = Some(class.help.to_owned());
        f
    }

    /// The excess exactly, in as few parts as tell it: at most `room` of them, and how many there are. `whole` is all that
    /// the rule lets in.
    pub(super) fn parts(
        &self,
        rule: &Rule,
        whole: &[Cow<'_, PacketBox>],
        excess: &[PacketBox],
        room: usize,
    ) -> (Vec<Part>, usize) {
        let many;
        let few = match excess {
            [one] if parts::is_plain(one) => std::slice::from_ref(one),
            _ => {
                many = parts::few(excess);
                &many
            }
        };
        if room == 0 {
            return (Vec::new(), few.len());
        }
        let frame = Frame {
            whole: parts::union(whole.iter().map(AsRef::as_ref)),
            here: self.here.clone(),
        };
        let given = classify::given(rule, self.scene);
        let named = few.iter().take(room).map(|b| frame.part(b, &given));
        (named.collect(), few.len())
    }
}

/// The part of an interface set that peers may use: not `lo`, not interfaces of software networks. `None` if nothing is left.
fn peer_interfaces(set: &IfaceSet) -> Option<IfaceSet> {
    if set.is_full() {
        return Some(IfaceSet::full());
    }
    if set.contains(0) {
        return Some(set.clone());
    }
    let keep: IfaceSet = set
        .iter()
        .filter(|(lo, _)| {
            let name: Vec<u8> = lo
                .to_be_bytes()
                .into_iter()
                .take_while(|b| *b != 0)
                .collect();
            let name = String::from_utf8_lossy(&name).into_owned();
            name != "lo" && !platform::is_software_iface(&name)
        })
        .collect();
    (!keep.is_empty()).then_some(keep)
}

//! What of a rule nothing needs, and how grave that is.

use super::beyond::{Parts, Passes};
use super::classify::{Class, Kind};
use super::entry::Opening;
use super::review::{PointReview, Seen, Weighed};
use super::words::{self, Opened};
use super::{classify, parts, scene};
use crate::finding::{Code, Finding, Identity, Part, Related, Severity};
use crate::lints::chain;
use crate::lints::describe::Frame;
use crate::lints::place::{self, normalized, rule_span};
use crate::lints::reproduce;
use crate::rules::platform;
use hylint_engine::{Decider, Direction, subtract_all, union_addrs};
use hylint_model::{PointKind, Rule, RuleOrigin};
use hylint_space::{
    AddrSet, Exposure, Family, FlagSet, IfaceSet, PacketBox, StateSet, TcpFlags, class, proto,
};
use std::borrow::Cow;

/// The state of a first packet where it comes in.
const FIRST: StateSet = StateSet::exactly(StateSet::NEW, false, false);

/// Whether a box holds first packets as they come in.
pub(super) fn is_direct(b: &PacketBox) -> bool {
    b.state.0 & FIRST.0 != 0
}

impl<'a> PointReview<'a, '_> {
    /// Whether what a rule opens adds to what others open: nobody else brings it along, and its match says what it opens.
    pub(super) fn is_counted(&self, rule: &Rule) -> bool {
        let profiles = self.point.kind.has_profiles();
        let shipped = profiles && platform::builtin(rule).is_some();
        !shipped && !scene::is_app_package(rule) && !scene::is_open_ended(rule, self.scene)
    }

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
        let shipped = known.is_some() || scene::is_app_package(rule);
        let mut excess = self.excess(rule, &boxes);
        // Whether a first packet gets such a state is for other rules to say.
        if !excess.is_empty() && !boxes.iter().any(|b| is_direct(b)) {
            excess = self
                .really(rule, &excess)
                .0
                .into_iter()
                .map(|(b, _)| b)
                .collect();
        }
        let class = classify::classify(rule, &excess, self.needed, self.scene);
        let undeclared = self.undeclared(rule, &boxes, class.as_ref());
        if class.is_none() && undeclared.is_none() {
            return None;
        }
        Some(Weighed {
            boxes,
            excess,
            class,
            shipped,
            undeclared,
        })
    }

    /// The excess of a rule that seems to let anyone in for flows whose peers nobody declared: peers may be anywhere in a
    /// site, and are not everywhere. At a host that something else may stand in front of, what is told of the rule without
    /// them is enough.
    fn undeclared(
        &self,
        rule: &Rule,
        boxes: &[Cow<'_, PacketBox>],
        class: Option<&Class>,
    ) -> Option<(Vec<PacketBox>, Class)> {
        let told = class.is_some_and(|c| c.severity > Severity::Note);
        if self.needed.firm.len() == self.needed.boxes.len() || told && !self.scene.facing {
            return None;
        }
        let raw = union_addrs(boxes.iter().map(AsRef::as_ref), |b| &b.src);
        if Exposure::of(&raw) < self.widest() || scene::is_open_ended(rule, self.scene) {
            return None;
        }
        let excess = self.without(rule, boxes, &self.needed.firm);
        let class = classify::classify(rule, &excess, self.needed, self.scene)?;
        Some((excess, class))
    }

    /// From what on flows whose peers nobody declared are open too far.
    fn widest(&self) -> Exposure {
        if self.scene.facing {
            Exposure::Block
        } else {
            Exposure::Anyone
        }
    }

    /// What is to be said of a rule by itself.
    pub(super) fn seen(&self, opening: &Opening<'a>) -> Option<Seen> {
        let w = self.weigh(opening)?;
        let rule = opening.rule;
        if w.shipped {
            let classes = [w.class, w.undeclared.as_ref().map(|u| u.1)];
            let mut classes = classes.iter().flatten();
            return Some(Seen::Builtin {
                to_anyone: classes.any(|c| c.sensitive_to_anyone),
            });
        }
        if let Some((excess, _)) = &w.undeclared {
            let inner = self.let_in(self.really(rule, excess).0).parts;
            let inner: Vec<PacketBox> = inner.into_iter().map(|(b, _)| b).collect();
            let real = Exposure::of(&union_addrs(&inner, |b| &b.src));
            match (real >= self.widest(), self.scene.facing) {
                (true, false) => return Some(Seen::Undeclared(inner, None)),
                (true, true) => {
                    return self
                        .open(rule, &w.boxes, excess)
                        .map(Box::new)
                        .map(Seen::Open);
                }
                (false, _) => {}
            }
        }
        let class = w.class?;
        if class.sensitive_to_anyone
            && class.code == Code::OverPermissiveSource
            && self.scene.is_shielded()
            && let Some(inner) = self.shielded(rule, &w.excess)
        {
            let alone = self.open(rule, &w.boxes, &w.excess).map(Box::new);
            return Some(Seen::Undeclared(inner, alone));
        }
        if class.severity == Severity::Note {
            let (_, total) = self.parts(rule, &w.boxes, &w.excess, 0);
            return Some(Seen::Unneeded(total));
        }
        let open = self.open(rule, &w.boxes, &w.excess);
        open.map(Box::new).map(Seen::Open)
    }

    /// What a rule of a host of which no hylint.toml says what stands in front lets in to a sensitive service, if that is
    /// anyone.
    fn shielded(&self, rule: &'a Rule, excess: &[PacketBox]) -> Option<Vec<PacketBox>> {
        if scene::is_open_ended(rule, self.scene) {
            return None;
        }
        let inner = self.let_in(self.really(rule, excess).0).parts;
        let (class, boxes) = self.class_of(rule, &inner)?;
        (class.severity > Severity::Note && class.sensitive_to_anyone).then_some(boxes)
    }

    /// Only what really gets in by this rule counts: an earlier deny may take it, or another layer. What other layers close
    /// alone is a note.
    pub(super) fn open(
        &self,
        rule: &'a Rule,
        whole: &[Cow<'_, PacketBox>],
        excess: &[PacketBox],
    ) -> Option<Finding> {
        let (mut real, exact) = self.really(rule, excess);
        if self.is_widened_by_route(rule) {
            real.iter_mut()
                .for_each(|(_, sure)| *sure = Passes::ByRoute.max(*sure));
        }
        let (class, boxes) = self.class_of(rule, &real)?;
        if class.severity == Severity::Note || self.beyond().is_empty() {
            return Some(self.told(rule, whole, &class, &boxes, exact));
        }
        let inner = self.let_in(real);
        if let Some((class, boxes)) = self.class_of(rule, &inner.parts)
            && class.severity > Severity::Note
        {
            return Some(self.told(rule, whole, &class, &boxes, exact));
        }
        let mut closed = class;
        closed.severity = Severity::Note;
        let mut f = self.told(rule, whole, &closed, &boxes, exact);
        f.message
            .push_str(&words::closed(&inner.closed_by, inner.told));
        // What blocks it is another layer at each host.
        f.cause = None;
        Some(f)
    }

    /// How grave the packets are that get in. Those that may be fewer than they look count one level lower; those that come
    /// over a route alone do, and are told with the others where there are any.
    pub(super) fn class_of(&self, rule: &Rule, parts: &Parts) -> Option<(Class, Vec<PacketBox>)> {
        let up_to = |most: Passes| -> Vec<PacketBox> {
            let some = parts.iter().filter(|(_, sure)| *sure <= most);
            some.map(|(b, _)| b.clone()).collect()
        };
        let classify = |b: &[PacketBox]| classify::classify(rule, b, self.needed, self.scene);
        let all = up_to(Passes::Perhaps);
        let mut class = classify(&all)?;
        let firm = up_to(Passes::Surely);
        if firm.len() == all.len() {
            return Some((class, all));
        }
        let lower = class.severity.lower();
        match classify(&firm) {
            Some(sure) if sure.severity >= lower => {
                let boxes = up_to(Passes::ByRoute);
                let mut class = classify(&boxes).unwrap_or(sure);
                class.severity = sure.severity;
                Some((class, boxes))
            }
            _ => {
                class.severity = lower;
                Some((class, all))
            }
        }
    }

    fn told(
        &self,
        rule: &Rule,
        whole: &[Cow<'_, PacketBox>],
        class: &Class,
        boxes: &[PacketBox],
        exact: bool,
    ) -> Finding {
        let identity = Identity::of(&[&normalized(rule)]);
        let reached = self.reached_by_route(rule, boxes);
        let shown = if reached.is_empty() { boxes } else { &reached };
        let all = parts::union(whole.iter().map(AsRef::as_ref));
        let mut f = self.word(rule, class, &all, shown, identity);
        if self.is_widened(rule) {
            let by_route = scene::names_sources(rule);
            f.message.push_str(&words::widened(&rule.name, by_route));
        }
        if exact {
            (f.excess, f.excess_total) = self.parts(rule, whole, boxes, Finding::PARTS);
        }
        f
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
        self.without(rule, boxes, &self.needed.boxes)
    }

    /// The new connections of the boxes that none of these flows covers.
    pub(super) fn without(
        &self,
        rule: &Rule,
        boxes: &[Cow<'_, PacketBox>],
        flows: &[PacketBox],
    ) -> Vec<PacketBox> {
        if scene::needs_ipsec(rule) {
            return Vec::new();
        }
        let mut out = Vec::new();
        for b in boxes {
            let mut met = flows.iter().filter(|n| n.intersects(b)).peekable();
            if met.peek().is_none() {
                out.extend(self.opened(b));
            } else if !met.any(|n| b.is_subset(n)) {
                let cut: Vec<PacketBox> = self.opened(b).into_iter().collect();
                out.append(&mut subtract_all(&cut, flows));
            }
        }
        // Sources of a family that no destination has open nothing, and would hide what others open.
        out.into_iter().map(PacketBox::paired).collect()
    }

    /// Whether a rule would open something to the Internet in a family of which no host behind the point has an address.
    pub(super) fn opens_lacking(&self, opening: &Opening<'a>) -> bool {
        let rule = opening.rule;
        let shared = |b: &PacketBox| {
            Family::BOTH
                .iter()
                .any(|f| self.lacking.has(*f) && b.src.has(*f))
        };
        let boxes = opening.boxes();
        if !boxes.iter().any(|b| shared(b)) || !self.is_counted(rule) || scene::needs_ipsec(rule) {
            return false;
        }
        let opened = boxes
            .iter()
            .filter_map(|b| self.opened_at(b, &self.lacking));
        let needed = self.needed.boxes.iter().map(|n| PacketBox {
            dst: AddrSet::any(),
            ..n.clone()
        });
        let needed: Vec<PacketBox> = needed.collect();
        let excess = subtract_all(&opened.collect::<Vec<_>>(), &needed);
        let anyone =
            |boxes: &[PacketBox]| Exposure::of(&union_addrs(boxes, |b| &b.src)) > Exposure::Few;
        if !anyone(&excess) {
            return false;
        }
        let real: Vec<PacketBox> = self
            .really(rule, &excess)
            .0
            .into_iter()
            .map(|(b, _)| b)
            .collect();
        let class = classify::classify(rule, &real, self.needed, self.scene);
        anyone(&real) && class.is_some_and(|c| c.severity > Severity::Note)
    }

    /// The new connections of a box.
    pub(super) fn opened(&self, b: &PacketBox) -> Option<PacketBox> {
        self.opened_at(b, &self.here)
    }

    /// Those to some addresses.
    fn opened_at(&self, b: &PacketBox, here: &AddrSet) -> Option<PacketBox> {
        // What starts a connection is a SYN; other protocols have no flags, and their boxes hold any.
        let flags = FlagSet(b.flags.0 & FlagSet::exactly(TcpFlags::SYN).0);
        if flags.0 == 0 || !is_direct(b) && !self.becomes(b) {
            return None;
        }
        let state = FIRST;
        let opened = PacketBox {
            src: b.src.intersect(class::hosts()),
            dst: b.dst.intersect(here),
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

    /// Whether first packets may have a state of the box when they come there: without tracking, or translated before.
    fn becomes(&self, b: &PacketBox) -> bool {
        let mut states = StateSet::UNTRACKED.0;
        if self.guard.direction == Direction::Forward {
            states |= StateSet::exactly(StateSet::NEW, true, false).0;
        }
        self.point.kind == PointKind::Netfilter && b.state.0 & states != 0
    }

    /// The part that a witness is taken of. Of several hosts one may be open to fewer sources than the message tells.
    fn telling<'e>(&self, excess: &'e [PacketBox]) -> Option<&'e PacketBox> {
        let tcp = |b: &&PacketBox| b.proto.contains(proto::TCP);
        if !self.guards_several() {
            return excess.iter().find(tcp).or(excess.first());
        }
        let wide = |b: &&PacketBox| {
            let width = Exposure::of(&b.src);
            (width, tcp(b), b.proto.contains(proto::UDP))
        };
        excess.iter().rev().max_by_key(wide)
    }

    pub(super) fn word(
        &self,
        rule: &Rule,
        class: &Class,
        whole: &PacketBox,
        excess: &[PacketBox],
        identity: Identity,
    ) -> Finding {
        let opened = Opened {
            rule,
            whole,
            excess,
            scene: self.scene,
            needed: self.needed,
        };
        let all = rule_span(self.exports, self.at, rule);
        let packet = self.telling(excess);
        let witness = packet.and_then(place::witness);
        let host = self.reached(packet);
        // The place is the rule; the field that is too wide is labelled beside it.
        let mut f = self.finding(
            class.code,
            class.severity,
            opened.message(class, host),
            identity,
            place::place(self.exports, self.at, all),
        );
        let field = class.kind.field().and_then(|x| rule.field(x));
        let span = field.unwrap_or(all);
        f.label = words::label(class.kind).to_owned();
        if span != all
            && let Some(place) = place::place(self.exports, self.at, span)
        {
            f.related.push(Related {
                place,
                label: words::field_label(class.kind).to_owned(),
            });
        }
        f.rule = Some(place::decider_name(
            self.exports,
            &Decider::Rule { at: self.at, rule },
        ));
        f.host = Some(host.to_owned());
        f.witness = witness.map(Box::new);
        if let (Some(packet), Some(witness)) = (packet, &f.witness) {
            f.reproduce = reproduce::of_open(self.exports, self.guard, self.at, packet, witness);
        }
        f.message
            .push_str(&chain::of_owner(self.exports, self.at, &[rule]));
        if class.kind == Kind::AnyAny {
            f.message.push_str(words::unprinted(rule));
        }
        f.help = Some(match rule.origin {
            RuleOrigin::Platform => words::WIDENED.to_owned(),
            _ => opened.help(class),
        });
        f.cause = Some(match class.kind {
            Kind::PortLess => words::of_programs(),
            _ => opened.cause(class),
        });
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
        let given = words::given(rule, self.scene);
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

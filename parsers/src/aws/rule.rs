//! One rule from its parts.

use super::peer::Peer;
use super::reader::{Reader, text};
use super::traffic::Traffic;
use crate::json::Value;
use hylint_model::{
    Action, Clause, Condition, Field, Hits, ProblemKind, Profiles, Rule, RuleOrigin, Side, Span,
    reworded,
};
use hylint_space::{AddrSet, FlagSet, IfaceSet, PacketBox, StateSet};
use smallvec::SmallVec;
use thin_vec::ThinVec;

/// What a rule is made of.
pub(super) struct Parts<'p> {
    /// Its text.
    pub(super) span: Span,
    /// The end that the peers are on: the source of ingress, the destination of egress.
    pub(super) side: Side,
    pub(super) action: Action,
    pub(super) traffic: &'p Traffic,
    /// What else makes the verdict open.
    pub(super) doubt: Option<Condition>,
}

impl Reader<'_> {
    /// Makes a rule with a clause for each peer. A peer that nothing can match gives none and is named.
    pub(super) fn rule(&mut self, parts: Parts<'_>, peers: impl IntoIterator<Item = Peer>) -> Rule {
        // Not `Rule::new`: its clause for every packet would be made and thrown away for each entry.
        let mut rule = Rule {
            name: Box::default(),
            span: parts.span,
            fields: ThinVec::new(),
            enabled: true,
            action: parts.action.clone(),
            clauses: SmallVec::new(),
            priority: None,
            profiles: Profiles::ALL,
            origin: RuleOrigin::Unsaid,
            group: Box::default(),
            comment: Box::default(),
            hits: Hits::Unprinted,
        };
        let field = match parts.side {
            Side::Src => Field::Source,
            Side::Dst => Field::Destination,
        };
        for peer in peers {
            if let Some(place) = peer.place {
                rule.fields.push((field, place));
            }
            if let Some(clause) = self.clause(&parts, peer) {
                rule.clauses.push(clause);
            }
        }
        rule.fields.extend(parts.traffic.fields.iter().copied());
        rule
    }

    fn clause(&mut self, parts: &Parts<'_>, peer: Peer) -> Option<Clause> {
        if !peer.exists {
            return None;
        }
        let traffic = parts.traffic;
        let addrs = match traffic.family {
            Some(family) => peer.addrs.only(family),
            None => peer.addrs,
        };
        if addrs.is_empty() {
            self.problem(
                ProblemKind::Note,
                peer.place.unwrap_or(parts.span),
                reworded(
                    "rule matches nothing: its addresses are not of the family of its ICMP protocol",
                    "the address family contradicts the ICMP protocol, so this rule matches nothing",
                ),
            );
            return None;
        }
        let (src, dst) = match parts.side {
            Side::Src => (addrs, AddrSet::any()),
            Side::Dst => (AddrSet::any(), addrs),
        };
        let space = PacketBox {
            src,
            dst,
            proto: traffic.proto.clone(),
            sport: traffic.sport.clone(),
            dport: traffic.dport.clone(),
            flags: FlagSet::FULL,
            state: StateSet::FULL,
            in_iface: IfaceSet::full(),
            out_iface: IfaceSet::full(),
        };
        let mut conditions = ThinVec::new();
        conditions.extend(peer.condition);
        conditions.extend(traffic.doubt.clone());
        conditions.extend(parts.doubt.clone());
        Some(Clause { space, conditions })
    }
}

/// Takes a description into a rule.
pub(super) fn describe(rule: &mut Rule, about: Option<Value<'_>>) {
    if let Some(about) = about {
        rule.comment = text(Some(about));
        rule.fields.push((Field::Description, about.span()));
    }
}

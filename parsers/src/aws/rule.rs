//! One rule from its parts.

use super::peer::Peer;
use super::reader::{Reader, text};
use super::traffic::Traffic;
use crate::json::Value;
use crate::model::{Action, Clause, Condition, Field, Rule, Side};
use crate::problem::ProblemKind;
use crate::source::Span;
use crate::space::PacketBox;

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
    /// Makes a rule for each of whose peers there is a clause. A rule that can match nothing is named.
    pub(super) fn rule(&mut self, parts: Parts<'_>, peers: impl IntoIterator<Item = Peer>) -> Rule {
        let mut rule = Rule::new(parts.span, parts.action.clone());
        rule.clauses.clear();
        let field = match parts.side {
            Side::Src => Field::Source,
            Side::Dst => Field::Destination,
        };
        for peer in peers {
            rule.fields.extend(peer.place.map(|span| (field, span)));
            if peer.exists {
                let clause = self.clause(&parts, peer);
                rule.clauses.extend(clause);
            }
        }
        rule.fields.extend(parts.traffic.fields.iter().copied());
        rule
    }

    fn clause(&mut self, parts: &Parts<'_>, peer: Peer) -> Option<Clause> {
        let traffic = parts.traffic;
        let addrs = match traffic.family {
            Some(family) => peer.addrs.only(family),
            None => peer.addrs,
        };
        if addrs.is_empty() {
            self.problem(
                ProblemKind::Note,
                peer.place.unwrap_or(parts.span),
                "the address family contradicts the ICMP protocol, so this rule matches nothing",
            );
            return None;
        }
        let mut space = PacketBox {
            proto: traffic.proto.clone(),
            sport: traffic.sport.clone(),
            dport: traffic.dport.clone(),
            ..PacketBox::any()
        };
        match parts.side {
            Side::Src => space.src = addrs,
            Side::Dst => space.dst = addrs,
        }
        let doubts = traffic.doubt.iter().chain(&parts.doubt).cloned();
        Some(Clause {
            space,
            conditions: peer.condition.into_iter().chain(doubts).collect(),
        })
    }
}

impl Rule {
    /// Takes the description.
    pub(super) fn describe(&mut self, about: Option<Value<'_>>) {
        if let Some(about) = about {
            self.comment = text(Some(about));
            self.fields.push((Field::Description, about.span()));
        }
    }
}

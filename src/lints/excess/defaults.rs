//! What is let in where no rule decides: `firewall-off`, `default-allow`.

use super::review::PointReview;
use crate::finding::{Code, Finding, Identity, Severity};
use crate::judge::unicast;
use crate::lints::place;
use hylint_engine::{Branch, Decider, Effect, subtract_all};
use hylint_model::{Body, ChainType, Hook, Hooked, Netfilter, Span};
use hylint_space::{Family, PacketBox, StateSet, proto};

impl PointReview<'_, '_> {
    pub(super) fn firewall_off(&self) -> Option<Finding> {
        let (true, span) = self.overrides().all? else {
            return None;
        };
        let text = format!(
            "the firewall of {} is off in the {} profile: everything is let in",
            self.guard.name,
            self.profile_name()
        );
        Some(self.setting(Code::FirewallOff, text, span, "off", "state on"))
    }

    /// What a profile's settings let in, and how `netsh` closes it.
    fn setting(&self, code: Code, text: String, span: Span, label: &str, closed: &str) -> Finding {
        let mut f = self.finding(
            code,
            Severity::Error,
            text,
            Identity::of(&[self.profile_name()]),
            place::place_in(self.exports, self.settings_at(), span),
        );
        f.label = label.into();
        f.help = Some(format!(
            "netsh advfirewall set {}profile {closed}",
            self.profile_name()
        ));
        f
    }

    /// Any new connection, on the interfaces that peers may use.
    fn anything(&self, family: Family) -> PacketBox {
        PacketBox {
            src: unicast(family),
            dst: self.behind.only(family),
            proto: [(proto::TCP, proto::TCP), (proto::UDP, proto::UDP)]
                .into_iter()
                .collect(),
            state: StateSet::exactly(StateSet::NEW, false, false),
            ..PacketBox::any()
        }
    }

    /// Whether no policy can let anything in: cheaper to see than to prove.
    fn closed_by_policy(&self, nf: &Netfilter) -> bool {
        let denies = |hook| {
            let mut policies = nf.filter_chains(hook).filter_map(|b| b.chain.policy);
            policies.any(|p| !p.allow)
        };
        // What comes for this host may be translated and forwarded.
        let nat = |b: Hooked<'_>| b.base.kind == ChainType::Nat;
        let forwards = self.scene.transit || nf.base_chains(Hook::Prerouting).any(nat);
        (self.scene.transit || denies(Hook::Input)) && (!forwards || denies(Hook::Forward))
    }

    pub(super) fn default_allow(&self) -> Option<Finding> {
        if let Some((true, span)) = self.overrides().rest {
            let text = format!(
                "{} lets in what no rule decides in the {} profile",
                self.guard.name,
                self.profile_name()
            );
            let closed = "firewallpolicy blockinbound,allowoutbound";
            return Some(self.setting(Code::DefaultAllow, text, span, "AllowInbound", closed));
        }
        let Body::Netfilter(nf) = &self.point.body else {
            return None;
        };
        if self.closed_by_policy(nf) {
            return None;
        }
        let family = if self.point.families.v4 {
            Family::V4
        } else {
            Family::V6
        };
        let branches = self.guard.branches(&self.context(), &self.anything(family));
        let open: Vec<&Branch<'_>> = branches
            .iter()
            .filter(|b| {
                b.effect == Effect::Allow
                    && matches!(b.by, Decider::Policy { .. } | Decider::Nothing { .. })
            })
            .collect();
        let left = subtract_all(
            &open.iter().map(|b| b.space.clone()).collect::<Vec<_>>(),
            &self.needed.boxes,
        );
        let packet = left.first()?;
        let by = open.first().map(|b| b.by)?;
        let (span, chain) = match by {
            Decider::Policy { chain, .. } => (chain.span, chain.name.to_string()),
            _ => (self.point.label, "the filter table".to_owned()),
        };
        let verb = if self.scene.transit { "through" } else { "in" };
        let text = format!(
            "{} lets {verb} new connections that no rule decides",
            self.guard.name
        );
        let mut f = self.finding(
            Code::DefaultAllow,
            Severity::Error,
            text,
            Identity::of(&[&chain, self.point.families.as_str()]),
            place::place(self.exports, self.at, span),
        );
        f.label = format!("{chain} accepts what is left");
        f.rule = Some(chain.clone());
        f.witness = place::witness(packet).map(Box::new);
        let tool = if self.point.families.v4 {
            "iptables"
        } else {
            "ip6tables"
        };
        f.help = Some(format!(
            "{tool} -P {chain} DROP, once every needed flow has its rule"
        ));
        Some(f)
    }
}

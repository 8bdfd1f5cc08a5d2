//! What is let in where no rule decides: `firewall-off`, `default-allow`.

use super::beyond::Passes;
use super::review::PointReview;
use super::words::{self, Said};
use crate::finding::{Code, Finding, Identity, Severity};
use crate::judge::unicast;
use crate::lints::chain::{self, NamedChain};
use crate::lints::place;
use hylint_engine::{Branch, Decider, Direction, Effect, subtract_all};
use hylint_model::{Body, ChainType, Hook, Hooked, Netfilter, Rule, RuleOrigin, Span};
use hylint_parsers::setting::{self, Setting};
use hylint_space::{Family, PacketBox, StateSet, proto};

impl<'a> PointReview<'a, '_> {
    pub(super) fn firewall_off(&self) -> Option<Finding> {
        let (true, span) = self.overrides().all? else {
            return None;
        };
        let said = words::off(self.guard.name, self.profile_name());
        let f = self.setting(Code::FirewallOff, said, span, "off", Setting::On);
        Some(self.closed_elsewhere(f, self.unneeded()))
    }

    /// What a profile's settings let in, and the command that closes it.
    fn setting(&self, code: Code, said: Said, span: Span, label: &str, closed: Setting) -> Finding {
        let mut f = self.finding(
            code,
            Severity::Error,
            said.one,
            Identity::of(&[self.profile_name()]),
            place::place_in(self.exports, self.settings_at(), span),
        );
        f.label = label.into();
        f.cause = Some(said.many);
        let format = self.exports.get(self.settings_at());
        let format = format.map_or("", |loaded| loaded.export.format);
        f.help = Some(format!(
            "run `{}`",
            setting::command(format, self.guard.profile, closed)
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

    /// Any new connection that nothing needs.
    fn unneeded(&self) -> Vec<PacketBox> {
        let all: Vec<PacketBox> = self.families().map(|f| self.anything(f)).collect();
        subtract_all(&all, &self.needed.boxes)
    }

    /// The families that the export covers.
    fn families(&self) -> impl Iterator<Item = Family> {
        let covered = self.point.families;
        Family::BOTH.into_iter().filter(move |f| covered.has(*f))
    }

    /// Whether no policy can let anything in: cheaper to see than to prove.
    fn closed_by_policy(&self, nf: &Netfilter) -> bool {
        let denies = |hook| {
            let closed = |b: Hooked<'_>| b.chain.policy.is_some_and(|p| !p.allow);
            let of = |f: Family| nf.filter_chains(hook).filter(move |b| b.base.family.has(f));
            self.families().all(|f| of(f).any(closed))
        };
        // What comes for this host may be translated and forwarded.
        let nat = |b: Hooked<'_>| b.base.kind == ChainType::Nat;
        let transit = self.guard.direction == Direction::Forward;
        let forwards = transit || nf.base_chains(Hook::Prerouting).any(nat);
        (transit || denies(Hook::Input)) && (!forwards || denies(Hook::Forward))
    }

    /// What gets in where an interface and its subnet have no group.
    fn no_group(&self) -> Option<Finding> {
        let ctx = self.context();
        let mut open: Vec<PacketBox> = Vec::new();
        for family in Family::BOTH.into_iter().filter(|f| self.behind.has(*f)) {
            let branches = self.guard.branches(&ctx, &self.anything(family));
            // Its rules say what a public address lets in.
            let own = |r: &Rule| r.origin == RuleOrigin::Platform;
            let by_default = branches
                .iter()
                .filter(|b| b.effect == Effect::Allow && b.by.rule().is_none_or(own));
            open.extend(by_default.map(|b| b.space.clone()));
        }
        let left = subtract_all(&open, &self.needed.boxes);
        let public = |b: &&PacketBox| b.src.intersects(hylint_space::class::public());
        let worst = left.iter().find(public).or(left.first())?;
        // Of a Basic address there is no rule that denies.
        let rules = self.point.rules();
        let unsaid = rules
            .filter(|r| r.action == hylint_model::Action::Deny)
            .count()
            > 0;
        let said = words::no_group(self.guard.name, public(&worst), unsaid);
        let mut f = self.finding(
            Code::DefaultAllow,
            Severity::Error,
            said.one,
            Identity::of(&["no network security group"]),
            place::place(self.exports, self.at, self.point.label),
        );
        f.label = "no group here, none at its subnet".into();
        f.cause = Some(said.many);
        f.witness = place::witness(worst).map(Box::new);
        f.help = Some(words::ADD_GROUP.into());
        Some(f)
    }

    pub(super) fn default_allow(&self) -> Option<Finding> {
        if let Some((true, span)) = self.overrides().rest {
            let said = words::allows_the_rest(self.guard.name, self.profile_name());
            let f = self.setting(
                Code::DefaultAllow,
                said,
                span,
                "AllowInbound",
                Setting::BlockInbound,
            );
            return Some(self.closed_elsewhere(f, self.unneeded()));
        }
        let nf = match &self.point.body {
            Body::Netfilter(nf) => nf,
            Body::Lists(l) if self.point.stand_in && l.ingress.default.allow => {
                return self.no_group();
            }
            Body::Lists(_) => return None,
        };
        // What a part that was not given says, is not known.
        if nf.in_part || self.closed_by_policy(nf) {
            return None;
        }
        let open = self
            .families()
            .filter_map(|f| Some((f, self.left_to_policy(f)?)));
        let (family, (by, left)) = open.into_iter().next()?;
        let packet = left.first()?;
        let nft = chain::is_nft(self.exports, self.at);
        // What lets packets pass where none filters says nothing of what is open.
        let named = NamedChain::of(self.exports, &by).filter(|c| c.decides());
        let by = named.map(|_| by);
        let span = match by {
            Some(Decider::Policy { chain, .. }) if nft => {
                chain.policy.map_or(chain.span, |p| p.span)
            }
            Some(Decider::Policy { chain, .. }) => chain.span,
            _ => self.point.label,
        };
        let transit = self.guard.direction == Direction::Forward;
        let end = words::End { nft, named, family };
        let said = words::accepts_the_rest(self.guard.name, &end, transit);
        // INVARIANT: baselines hold it.
        let known_as = match named {
            Some(chain) => chain.name(),
            None if nft => format!("no chain for {}", family.as_str()),
            None => "the filter table".to_owned(),
        };
        let mut f = self.finding(
            Code::DefaultAllow,
            Severity::Error,
            said.one,
            Identity::of(&[&known_as, self.point.families.as_str()]),
            place::place(self.exports, self.at, span),
        );
        f.label = "accepts what no rule handles".into();
        f.cause = Some(said.many);
        f.rule = Some(known_as);
        f.witness = place::witness(packet).map(Box::new);
        let tool = if self.point.families.v4 {
            "iptables"
        } else {
            "ip6tables"
        };
        f.help = Some(words::drop_the_rest(tool, &end, transit));
        Some(self.closed_elsewhere(f, left))
    }

    /// What no rule decides and a policy lets in, beyond what is needed, and the first policy that does.
    fn left_to_policy(&self, family: Family) -> Option<(Decider<'a>, Vec<PacketBox>)> {
        let branches = self.guard.branches(&self.context(), &self.anything(family));
        let undecided =
            |b: &&Branch<'_>| matches!(b.by, Decider::Policy { .. } | Decider::Nothing { .. });
        let passing = branches.iter().filter(|b| b.effect == Effect::Allow);
        let open: Vec<&Branch<'_>> = passing.filter(undecided).collect();
        let spaces: Vec<PacketBox> = open.iter().map(|b| b.space.clone()).collect();
        let left = subtract_all(&spaces, &self.needed.boxes);
        let by = open.first().map(|b| b.by)?;
        (!left.is_empty()).then_some((by, left))
    }

    /// A finding of what a default lets in: a note if the other layers of the hosts block all that nothing needs.
    fn closed_elsewhere(&self, mut f: Finding, open: Vec<PacketBox>) -> Finding {
        if self.beyond().is_empty() {
            return f;
        }
        let inner = self.let_in(open.into_iter().map(|b| (b, Passes::Surely)).collect());
        if inner.parts.is_empty() {
            f.severity = Severity::Note;
            f.message.push_str(&words::closed(&inner.closed_by, false));
            f.cause = None;
        }
        f
    }
}

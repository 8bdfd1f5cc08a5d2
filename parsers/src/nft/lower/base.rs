//! Where the kernel calls a chain.

use super::super::ruleset::Chain;
use super::super::syntax::{Hooking, Priority};
use super::table::Lowering;
use hylint_model::{
    BaseChain, ChainPolicy, ChainType, Hook, Problem, ProblemKind, TableFamily, priority,
};

impl<'r, 'a> Lowering<'r, 'a> {
    /// The place of a chain and its policy, if the kernel calls it.
    pub(super) fn base(
        &mut self,
        chain: &'r Chain<'a>,
    ) -> (Option<BaseChain>, Option<ChainPolicy>) {
        let Some(hooking) = &chain.decl.hook else {
            return (None, None);
        };
        let base = self.hooked(hooking);
        self.frames(chain, hooking);
        let policy = base.as_ref().map(|_| match chain.decl.policy {
            Some((allow, span)) => ChainPolicy { allow, span },
            // Without a policy packets pass (nft(8), "CHAINS").
            None => ChainPolicy {
                allow: true,
                span: hooking.span,
            },
        });
        (base, policy)
    }

    /// Tells of a chain for frames, which may stop what no rule for packets does.
    fn frames(&mut self, chain: &Chain<'_>, hooking: &Hooking<'_>) {
        let family = self.table.decl.target.family;
        let idle = chain.rules.is_empty() && chain.decl.policy.is_none_or(|(allow, _)| allow);
        if !matches!(family, TableFamily::Arp | TableFamily::Bridge) || idle {
            return;
        }
        let message = format!(
            "the chain `{}` filters frames, which hylint does not judge: what crosses it may be dropped",
            chain.decl.target.name
        );
        self.problems
            .push(Problem::new(ProblemKind::Unmodelled, hooking.span, message));
    }

    fn hooked(&mut self, hooking: &Hooking<'_>) -> Option<BaseChain> {
        let family = self.table.decl.target.family;
        let kind = match &*hooking.kind {
            "filter" => ChainType::Filter,
            "nat" => ChainType::Nat,
            "route" => ChainType::Route,
            other => {
                let message = format!("nft has no chain type `{other}`");
                self.problems
                    .push(Problem::new(ProblemKind::Malformed, hooking.span, message));
                ChainType::Filter
            }
        };
        let Some(hook) = hooking.hook else {
            let message = format!("nft has no hook `{}`", hooking.word);
            self.problems
                .push(Problem::new(ProblemKind::Malformed, hooking.span, message));
            return None;
        };
        let Some(priority) = number(&hooking.priority, family) else {
            let name = hooking.priority.name.as_deref().unwrap_or("");
            let message = format!("nft has no priority `{name}` in this family");
            self.problems
                .push(Problem::new(ProblemKind::Malformed, hooking.span, message));
            return None;
        };
        // A table that is dormant has its chains and rules, and the kernel calls none of them.
        if self.table.decl.dormant {
            return None;
        }
        Some(BaseChain {
            hook,
            kind,
            priority,
            or_priority: None,
            family,
            devices: match hook {
                Hook::Ingress | Hook::Egress => {
                    hooking.devices.iter().map(|d| (**d).into()).collect()
                }
                _ => Vec::new(),
            },
        })
    }
}

/// A priority as a number (nft(8), "Standard priority names").
fn number(said: &Priority<'_>, family: TableFamily) -> Option<i32> {
    let Some(name) = &said.name else {
        return Some(said.offset);
    };
    let base = match (family, &**name) {
        (TableFamily::Bridge, "dstnat") => -300,
        (TableFamily::Bridge, "filter") => -200,
        (TableFamily::Bridge, "out") => 100,
        (TableFamily::Bridge, "srcnat") => 300,
        (TableFamily::Arp | TableFamily::Netdev, "filter") => priority::FILTER,
        (TableFamily::Bridge | TableFamily::Arp | TableFamily::Netdev, _) => return None,
        (_, "raw") => priority::RAW,
        (_, "mangle") => priority::MANGLE,
        (_, "dstnat") => priority::NAT_DST,
        (_, "filter") => priority::FILTER,
        (_, "security") => priority::SECURITY,
        (_, "srcnat") => priority::NAT_SRC,
        _ => return None,
    };
    base.checked_add(said.offset)
}

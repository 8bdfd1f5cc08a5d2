//! Translations.

use super::super::syntax::{Expr, ExprKind, NatStmt, SetType};
use super::field::{Field, looked_at, of_family};
use super::matching::{Alternatives, Said, both, of_box};
use super::table::Lowering;
use super::value;
use hylint_model::{Action, Nat, NatKind, Span};
use hylint_space::{AddrSet, Family, PortSet};

/// Which packets a translation is for, and what becomes of them.
pub(super) type Translations = Vec<(Alternatives, Action)>;

impl<'r, 'a> Lowering<'r, 'a> {
    /// What a translation does. In a table of both families it passes over packets of the other family than its addresses'
    /// (`nft_nat_inet_eval` in net/netfilter/nft_nat.c).
    pub(super) fn translations(&mut self, nat: &NatStmt<'a>, span: Span) -> Translations {
        let family = match nat.family.as_deref() {
            Some("ip") => Some(Family::V4),
            Some("ip6") => Some(Family::V6),
            _ => self
                .family
                .or_else(|| nat.addr.as_ref().and_then(|a| self.family_of(a))),
        };
        let all = vec![of_box(family.map_or_else(Default::default, of_family))];
        let kind = match nat.kind {
            NatKind::Dnat if nat.prefix => NatKind::Netmap,
            kind => kind,
        };
        let mapped = [&nat.addr, &nat.port]
            .into_iter()
            .flatten()
            .find_map(|e| match &e.kind {
                ExprKind::Map(lookup) => Some(&**lookup),
                _ => None,
            });
        let Some(lookup) = mapped else {
            let addr = nat.addr.as_ref();
            let done = self.one(kind, (addr, nat.port.as_ref()), family);
            return vec![(all, done)];
        };
        let in_port = nat
            .port
            .as_ref()
            .is_some_and(|p| matches!(p.kind, ExprKind::Map(_)));
        let text = format!("{nat}");
        let said = Said { text: &text, span };
        let random = matches!(lookup.key.kind, ExprKind::NumGen(_) | ExprKind::Hash(_));
        let each = self.mapped(&lookup.key, &lookup.data, said);
        let mut out: Translations = Vec::with_capacity(each.len());
        for (for_which, data) in each {
            let action = match data {
                Some(data) if in_port => self.one(kind, (nat.addr.as_ref(), Some(data)), family),
                Some(data) => self.one(kind, (Some(data), nat.port.as_ref()), family),
                None => Action::Opaque(text.as_str().into()),
            };
            out.push((both(&for_which, &all), action));
        }
        if random {
            return vec![(
                all,
                one_of(kind, out.into_iter().map(|(_, action)| action), &text),
            )];
        }
        out
    }

    /// The family of the constant that packets are sent to, or of the data of a map.
    fn family_of(&self, addr: &Expr<'_>) -> Option<Family> {
        let of = |text: &str| match text.parse::<std::net::IpAddr>() {
            Ok(a) if a.is_ipv6() => Some(Family::V6),
            Ok(_) => Some(Family::V4),
            Err(_) => None,
        };
        match &addr.kind {
            ExprKind::Map(lookup) => match &lookup.data.kind {
                ExprKind::Set(elements) => self.family_of(elements.first()?.data.as_ref()?),
                ExprKind::SetRef(name) => match self.table.set(name)?.1.data.as_ref()? {
                    SetType::Named(words) => match &**words.first()? {
                        "ipv4_addr" => Some(Family::V4),
                        "ipv6_addr" => Some(Family::V6),
                        _ => None,
                    },
                    SetType::Typeof(expr) => match looked_at(first(expr), None).field {
                        Field::Addr(_, family) => Some(family),
                        _ => None,
                    },
                },
                _ => None,
            },
            ExprKind::Concat(parts) => self.family_of(parts.first()?),
            ExprKind::Range(ends) => self.family_of(&ends.0),
            ExprKind::Prefix { addr, .. } => of(addr),
            _ => of(addr.symbol()?),
        }
    }

    /// A translation to constants.
    fn one(
        &mut self,
        kind: NatKind,
        (addr, port): (Option<&Expr<'a>>, Option<&Expr<'a>>),
        family: Option<Family>,
    ) -> Action {
        let (addr, port) = match addr.map(|a| &a.kind) {
            Some(ExprKind::Concat(parts)) if port.is_none() => (parts.first(), parts.get(1)),
            _ => (addr, port),
        };
        let sources = matches!(kind, NatKind::Snat | NatKind::Masquerade);
        let opaque = |e: &Expr<'_>| Action::Opaque(format!("a translation to {e}").into());
        let addrs = match addr {
            Some(a) => match constants(a, family) {
                Some(set) => Some(set),
                // Sources are translated after every verdict.
                None if sources => None,
                None => return opaque(a),
            },
            None => None,
        };
        let ports = match port {
            Some(p) => match ports(p) {
                Some(set) => Some(set),
                None if sources => None,
                None => return opaque(p),
            },
            None => None,
        };
        translation(kind, addrs, ports)
    }
}

fn translation(kind: NatKind, addrs: Option<AddrSet>, ports: Option<PortSet>) -> Action {
    Action::Nat(Box::new(Nat { kind, addrs, ports }))
}

/// One translation to any of the targets.
fn one_of(kind: NatKind, each: impl Iterator<Item = Action>, text: &str) -> Action {
    let (mut addrs, mut ports): (Option<AddrSet>, Option<PortSet>) = (None, None);
    for action in each {
        let Action::Nat(nat) = action else {
            return Action::Opaque(text.into());
        };
        addrs = match (addrs, nat.addrs) {
            (Some(a), Some(b)) => Some(a.union(&b)),
            (a, b) => a.or(b),
        };
        ports = match (ports, nat.ports) {
            (Some(a), Some(b)) => Some(a.union(&b)),
            (a, b) => a.or(b),
        };
    }
    translation(kind, addrs, ports)
}

/// The first part of a concatenation.
fn first<'e, 'a>(expr: &'e Expr<'a>) -> &'e Expr<'a> {
    match &expr.kind {
        ExprKind::Concat(parts) => parts.first().unwrap_or(expr),
        _ => expr,
    }
}

fn constants(addr: &Expr<'_>, family: Option<Family>) -> Option<AddrSet> {
    let families = match family {
        Some(f) => vec![f],
        None => Family::BOTH.to_vec(),
    };
    families
        .into_iter()
        .find_map(|f| value::addresses(addr, f).ok())
}

fn ports(port: &Expr<'_>) -> Option<PortSet> {
    let looked = looked_at(
        &Expr::new(
            Span::default(),
            ExprKind::Payload("th".into(), "dport".into()),
        ),
        None,
    );
    match value::within(&looked.field, port)?.ok()? {
        value::Within::Ports(set) => Some(set),
        _ => None,
    }
}

//! What happens to packets, as statements.

use super::condition::known_statement;
use super::context::{Context, is_anonymous};
use super::dimension::host;
use super::form::{error, is_name, ranges};
use crate::write::Result;
use hylint_model::{Action, Nat, NatKind, Rule};
use hylint_space::{AddrSet, Family, PortSet};

/// The statement of an action; empty of a rule that only counts.
pub(super) fn statement(rule: &Rule, action: &Action, context: &mut Context<'_>) -> Result<String> {
    if let Some(verdict) = verdict(rule, action, context)? {
        return Ok(match action {
            Action::Continue => String::new(),
            _ => verdict,
        });
    }
    Ok(match action {
        Action::SetMark { value, mask } => marked("meta mark", *value, *mask),
        Action::SetConnMark { value, mask } => marked("ct mark", *value, *mask),
        Action::RestoreMark { nfmask, ctmask } if *nfmask == u32::MAX => {
            format!("meta mark set {}", under("ct mark", *ctmask))
        }
        Action::SaveMark { nfmask, ctmask } if *ctmask == u32::MAX => {
            format!("ct mark set {}", under("meta mark", *nfmask))
        }
        Action::Notrack => "notrack".into(),
        Action::Nat(nat) => translation(nat, rule, context)?,
        Action::Opaque(text) if matches!(&**text, "queue" | "synproxy") => text.to_string(),
        Action::Opaque(text) if text.contains(" set ") && known_statement(text) => text.to_string(),
        _ => {
            return Err(error(
                rule.span,
                "nft has no statement for what the rule does",
            ));
        }
    })
}

/// The verdict of an action, as the data of a map; `None` if it is none.
pub(super) fn verdict(
    rule: &Rule,
    action: &Action,
    context: &mut Context<'_>,
) -> Result<Option<String>> {
    let mut chain = |word: &str, i: u32| {
        let at = i as usize;
        let found = context.table.chains.get(at);
        if found.is_some_and(|c| is_anonymous(&c.name)) {
            return Ok(Some(format!("{word} {}", context.anonymous(at, rule)?)));
        }
        let name = found.map(|c| &*c.name).filter(|n| is_name(n));
        match name {
            Some(name) => Ok(Some(format!("{word} {name}"))),
            None => Err(error(
                rule.span,
                "the rule goes to a chain that is not there, or that nft cannot name",
            )),
        }
    };
    Ok(match action {
        Action::Allow => Some("accept".into()),
        Action::Deny => Some("drop".into()),
        Action::Return => Some("return".into()),
        Action::Continue => Some("continue".into()),
        Action::Jump(i) => return chain("jump", *i),
        Action::Goto(i) => return chain("goto", *i),
        _ => None,
    })
}

/// `mark = (mark & !mask) ^ value`.
fn marked(what: &str, value: u32, mask: u32) -> String {
    match (mask, value) {
        (u32::MAX, value) => format!("{what} set {value:#x}"),
        (mask, value) if value & !mask == 0 && mask == value => {
            format!("{what} set {what} | {value:#x}")
        }
        (mask, 0) => format!("{what} set {}", under(what, !mask)),
        (mask, value) => format!("{what} set {} ^ {value:#x}", under(what, !mask)),
    }
}

fn under(what: &str, keep: u32) -> String {
    match keep {
        u32::MAX => what.to_owned(),
        keep => format!("{what} & {keep:#x}"),
    }
}

fn translation(nat: &Nat, rule: &Rule, context: &mut Context<'_>) -> Result<String> {
    let unsaid = || error(rule.span, "nft has no form for the translation");
    let word = match nat.kind {
        NatKind::Dnat => "dnat",
        NatKind::Snat => "snat",
        NatKind::Redirect => "redirect",
        NatKind::Masquerade => "masquerade",
        NatKind::Netmap => return Err(unsaid()),
    };
    let port = match &nat.ports {
        Some(ports) => Some(one_range(ports).ok_or_else(unsaid)?),
        None => None,
    };
    let Some(addrs) = &nat.addrs else {
        let named = matches!(nat.kind, NatKind::Redirect | NatKind::Masquerade);
        if !named && port.is_none() {
            return Err(unsaid());
        }
        return Ok(match port {
            Some(port) => format!("{word} to :{port}"),
            None => word.to_owned(),
        });
    };
    if matches!(nat.kind, NatKind::Redirect | NatKind::Masquerade) {
        return Err(unsaid());
    }
    let (family, v6) = match (addrs.has(Family::V4), addrs.has(Family::V6)) {
        (true, false) => ("ip", false),
        (false, true) => ("ip6", true),
        _ => return Err(unsaid()),
    };
    let family = match context.family {
        Some(_) => String::new(),
        None => format!(" {family}"),
    };
    let addr = one_address(addrs).ok_or_else(unsaid)?;
    Ok(match port {
        Some(port) if v6 && addr.contains('-') => {
            let ends: Vec<&str> = addr.split('-').collect();
            let ends: Vec<String> = ends.iter().map(|e| format!("[{e}]")).collect();
            format!("{word}{family} to {}:{port}", ends.join("-"))
        }
        Some(port) if v6 => format!("{word}{family} to [{addr}]:{port}"),
        Some(port) => format!("{word}{family} to {addr}:{port}"),
        None => format!("{word}{family} to {addr}"),
    })
}

fn one_range(set: &PortSet) -> Option<String> {
    match ranges(set).as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// An address, or a range: a network is one as well.
fn one_address(set: &AddrSet) -> Option<String> {
    let mut texts = set.texts();
    let text = texts.next()?;
    if texts.next().is_some() {
        return None;
    }
    Some(host(&text).map_or_else(|| text.clone(), str::to_owned))
}

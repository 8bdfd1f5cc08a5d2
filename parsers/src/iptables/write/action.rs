//! Targets.

use super::form::{error, word};
use crate::write::Result;
use hylint_model::{Action, Nat, NatKind, Rule, Span, Table};
use hylint_space::{AddrSet, PortSet};

/// The target with its options, from the blank before it; empty for a rule that only counts.
pub(super) fn target(rule: &Rule, table: &Table) -> Result<String> {
    let chain = |i: u32| {
        let found = usize::try_from(i).ok().and_then(|i| table.chains.get(i));
        found
            .map(|c| word(&c.name))
            .ok_or_else(|| error(rule.span, "the rule goes to a chain that is not there"))
    };
    Ok(match &rule.action {
        Action::Allow => " -j ACCEPT".into(),
        Action::Deny => " -j DROP".into(),
        Action::Return => " -j RETURN".into(),
        Action::Continue => String::new(),
        Action::Jump(i) => format!(" -j {}", chain(*i)?),
        Action::Goto(i) => format!(" -g {}", chain(*i)?),
        Action::SetMark { value, mask } => format!(" -j MARK --set-xmark {value:#x}/{mask:#x}"),
        Action::SetConnMark { value, mask } => {
            format!(" -j CONNMARK --set-xmark {value:#x}/{mask:#x}")
        }
        Action::RestoreMark { nfmask, ctmask } => copied("restore", *nfmask, *ctmask),
        Action::SaveMark { nfmask, ctmask } => copied("save", *nfmask, *ctmask),
        Action::Notrack => " -j CT --notrack".into(),
        // Whatever the settings are: their being there is what counts.
        Action::Track => " -j CT --zone 0".into(),
        Action::Nat(nat) => translation(nat, rule.span)?,
        Action::Opaque(text) if text.starts_with("-j ") || text.starts_with("-g ") => {
            format!(" {text}")
        }
        Action::Opaque(text) => format!(" -j {text}"),
        Action::LoseMark { .. } => {
            return Err(error(rule.span, "a dump has no mark that is not known"));
        }
        Action::Bypass => return Err(error(rule.span, "netfilter has no bypass")),
        Action::Map(_) => return Err(error(rule.span, "a dump has no verdict maps")),
    })
}

/// A copy of one mark into the other.
fn copied(what: &str, nfmask: u32, ctmask: u32) -> String {
    let masks = match (nfmask, ctmask) {
        (u32::MAX, u32::MAX) => String::new(),
        _ => format!(" --nfmask {nfmask:#x} --ctmask {ctmask:#x}"),
    };
    format!(" -j CONNMARK --{what}-mark{masks}")
}

fn translation(nat: &Nat, span: Span) -> Result<String> {
    let ports = nat
        .ports
        .as_ref()
        .map(|p| port_range(p, span))
        .transpose()?;
    let addrs = nat.addrs.as_ref().map(|a| addresses(a, span)).transpose()?;
    let (name, option) = match nat.kind {
        NatKind::Redirect => ("REDIRECT", None),
        NatKind::Masquerade => ("MASQUERADE", None),
        NatKind::Dnat => ("DNAT", Some("to-destination")),
        NatKind::Snat => ("SNAT", Some("to-source")),
        NatKind::Netmap => ("NETMAP", Some("to")),
    };
    let value = match (option, addrs, ports) {
        (None, None, None) => return Ok(format!(" -j {name}")),
        (None, None, Some(p)) => return Ok(format!(" -j {name} --to-ports {p}")),
        (Some(_), Some(a), None) => a,
        (Some(_), Some(a), Some(p)) if a.contains(':') => format!("[{a}]:{p}"),
        (Some(_), Some(a), Some(p)) => format!("{a}:{p}"),
        (Some(_), None, Some(p)) => format!(":{p}"),
        _ => return Err(error(span, "the translation has no form in a dump")),
    };
    Ok(format!(" -j {name} --{} {value}", option.unwrap_or("to")))
}

fn port_range(set: &PortSet, span: Span) -> Result<String> {
    let mut ranges = set.iter();
    match (ranges.next(), ranges.next()) {
        (Some((lo, hi)), None) if lo == hi => Ok(lo.to_string()),
        (Some((lo, hi)), None) => Ok(format!("{lo}-{hi}")),
        _ => Err(error(span, "a translation takes one range of ports")),
    }
}

fn addresses(set: &AddrSet, span: Span) -> Result<String> {
    let mut texts = set.texts();
    match (texts.next(), texts.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(error(span, "a translation takes one range of addresses")),
    }
}

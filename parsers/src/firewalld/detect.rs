//! Tells the texts of firewalld.

use super::direct;
use super::listing::{self, header, key};
use super::own::DirectKind;
use super::xml::{self, Root};
use crate::input::{Input, Score};

pub(super) fn detect(input: &Input<'_>) -> Score {
    let source = input.source;
    let text = source.slice(source.own());
    match xml::root(text) {
        Some(Root::Zone | Root::Policy | Root::Direct | Root::IpSet) => return 80,
        Some(Root::Service | Root::NoDirect | Root::Inert) => return 0,
        None => {}
    }
    if is_listing(text) || is_direct(text) {
        return 80;
    }
    0
}

/// Whether a text lists zones or policies: a name, and below it what firewall-cmd says of one.
pub(super) fn is_listing(text: &str) -> bool {
    if !text.contains("services:") && !text.contains("rich rules:") {
        return false;
    }
    let mut named = false;
    let mut keys = Vec::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            continue;
        }
        match key(line) {
            Some((k, _)) if named => keys.push(k),
            _ => {
                if fits(&keys) {
                    return true;
                }
                if header(line).is_some() {
                    named = true;
                    keys.clear();
                }
            }
        }
    }
    fits(&keys)
}

/// Whether a text lists direct rules: nothing but them, and the prompts and answers of a session.
pub(super) fn is_direct(text: &str) -> bool {
    let rules = text
        .lines()
        .filter_map(direct::listed)
        .filter(|(_, kind, _)| !matches!(kind, DirectKind::Chain { .. }));
    rules.count() > 0 && listing::shows(text) == listing::Shows::Direct
}

/// Whether the keys of a block are those of a zone or a policy.
fn fits(keys: &[&str]) -> bool {
    let has = |k: &str| keys.contains(&k);
    let zone =
        has("services") && has("ports") && (has("interfaces") || has("sources") || has("target"));
    let policy = has("ingress-zones") && has("egress-zones");
    zone || policy
}

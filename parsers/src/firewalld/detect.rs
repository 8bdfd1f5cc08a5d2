//! Tells the texts of firewalld.

use super::listing::{header, key};
use super::xml::{self, Root};
use crate::input::{Input, Score};

pub(super) fn detect(input: &Input<'_>) -> Score {
    let source = input.source;
    let text = source.slice(source.own());
    match xml::root(text) {
        Some(Root::Zone | Root::Policy | Root::Direct | Root::IpSet) => return 80,
        Some(Root::Service | Root::Inert) => return 0,
        None => {}
    }
    if is_listing(text) {
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

/// Whether the keys of a block are those of a zone or a policy.
fn fits(keys: &[&str]) -> bool {
    let has = |k: &str| keys.contains(&k);
    let zone =
        has("services") && has("ports") && (has("interfaces") || has("sources") || has("target"));
    let policy = has("ingress-zones") && has("egress-zones");
    zone || policy
}

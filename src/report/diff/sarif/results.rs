//! The results of a change: requirements, findings, packets, policy.

use super::super::words;
use super::rules::Own;
use crate::common::hash::digest;
use crate::finding::difference::{Difference, PacketChange, PolicyChange, RequirementChange};
use crate::finding::{Finding, Place};
use crate::report::sarif::level::level;
use crate::report::sarif::place::{Artifacts, beginning, location, logical, message, plain};
use crate::report::sarif::types::{Location, SarifResult, Suppression};
use crate::report::sarif::{FINGERPRINT, bag, properties, rules, said, waived};
use serde_json::json;
use std::collections::BTreeMap;

/// In the order of every report.
pub(super) fn all(d: &Difference, artifacts: &Artifacts) -> Vec<SarifResult> {
    let of = Results { d, artifacts };
    let requirements = d.requirements.iter().map(|r| of.requirement(r));
    let new = d.findings.new.iter().map(|f| of.finding(f, "new"));
    let gone = d.findings.gone.iter().map(|f| of.finding(f, GONE));
    let packets = d.packets.iter().map(|p| of.packets(p));
    let policy = d.policy.iter().map(|p| of.policy(p));
    let findings = new.chain(gone);
    requirements
        .chain(findings)
        .chain(packets)
        .chain(policy)
        .collect()
}

/// The state of a result that is gone.
const GONE: &str = "absent";

/// A place in a file as it was, which is not the file of that path whose hash the log has.
fn was(mut l: Location) -> Location {
    let file = l.physical_location.as_mut();
    if let Some(file) = file.and_then(|p| p.artifact_location.as_mut()) {
        file.index = None;
    }
    l
}

struct Results<'a> {
    d: &'a Difference,
    artifacts: &'a Artifacts,
}

impl Results<'_> {
    /// A place, or the start of the site file or of the first export: viewers drop results without one.
    fn at(&self, place: Option<&Place>, label: &str) -> Location {
        let labelled = (!label.is_empty()).then_some((0, label));
        let mut l = match place {
            Some(p) => location(self.artifacts, p, labelled),
            None => {
                let (new, old) = (&self.d.new, &self.d.old);
                let site = new.site.path.as_deref();
                let first = || [new, old].iter().find_map(|s| s.exports.first());
                let path = site.or_else(|| first().map(|e| &*e.path));
                beginning(self.artifacts, path.unwrap_or("hylint.toml"))
            }
        };
        l.id = None;
        l
    }

    fn own(&self, rule: Own, fails: bool, at: Location, text: &str, key: &[&str]) -> SarifResult {
        let parts: Vec<&str> = [rule.id()].into_iter().chain(key.iter().copied()).collect();
        SarifResult {
            baseline_state: Some("new"),
            level: Some(if fails { "error" } else { "note" }),
            locations: Some(vec![at]),
            message: Some(message(&plain(text))),
            partial_fingerprints: Some(BTreeMap::from([(FINGERPRINT, digest(&parts))])),
            rule_id: Some(rule.id()),
            rule_index: rule.index(),
            ..Default::default()
        }
    }

    fn requirement(&self, r: &RequirementChange) -> SarifResult {
        let text = words::requirement(r);
        let status = [words::status(r.old), words::status(r.new)];
        let key = [&*r.id, status[0], status[1]];
        let at = self.at(None, "");
        let mut result = self.own(Own::Requirement, r.worse, at, &text, &key);
        result.properties = Some(bag(vec![
            ("requirement", json!(r.id)),
            ("row", json!(r.row)),
            ("impact", json!(r.impact)),
        ]));
        result
    }

    fn packets(&self, p: &PacketChange) -> SarifResult {
        let (old, new) = (&p.old.evidence.place, &p.new.evidence.place);
        let flow = words::flow(p).full;
        let text = words::packets(self.d, p);
        let conditions = p.conditions.join("\n");
        let key = [&*words::at(p), &flow, &conditions];
        let fails = !p.within && p.opens();
        let [before, after] = words::decisions(p);
        let at = self.at(new.as_ref().or(old.as_ref()), &after);
        let rule = Own::Packets(p.change);
        let mut result = self.own(rule, fails, at, &text, &key);
        let before = old.as_ref().map(|o| {
            let label = words::before(&before);
            vec![was(location(self.artifacts, o, Some((1, &label))))]
        });
        result.related_locations = before;
        result.properties = Some(bag(vec![
            ("host", json!(p.host)),
            ("point", json!(p.point)),
            ("direction", json!(p.direction.as_str())),
            ("within", json!(p.within)),
            ("conditions", json!(p.conditions)),
        ]));
        result
    }

    fn policy(&self, p: &PolicyChange) -> SarifResult {
        let at = self.at(p.place.as_ref(), "");
        let none = String::new();
        let key = [
            &*p.key,
            p.old.as_ref().unwrap_or(&none),
            p.new.as_ref().unwrap_or(&none),
        ];
        self.own(Own::Policy, p.loosened, at, &words::policy(p), &key)
    }

    fn finding(&self, f: &Finding, state: &'static str) -> SarifResult {
        let related: Vec<Location> = (f.related.iter().enumerate())
            .map(|(n, r)| location(self.artifacts, &r.place, Some((n + 1, &r.label))))
            .collect();
        let mut at = self.at(f.place.as_ref(), &f.label);
        at.logical_locations = logical(f);
        if state == GONE {
            at = was(at);
        }
        let waived = f.waived.as_ref().map(|w| waived(self.artifacts, w));
        let known = f.baselined.then(|| Suppression {
            justification: Some("in the baseline".to_owned()),
            kind: Some("external"),
            status: Some("accepted"),
            ..Default::default()
        });
        SarifResult {
            baseline_state: Some(state),
            level: Some(level(f.severity)),
            locations: Some(vec![at]),
            message: Some(message(&said(f))),
            partial_fingerprints: Some(BTreeMap::from([(FINGERPRINT, f.fingerprint.clone())])),
            properties: Some(bag(properties(f))),
            related_locations: (!related.is_empty()).then_some(related),
            rule_id: Some(f.code.as_str()),
            rule_index: rules::index(f.code),
            suppressions: Some(waived.into_iter().chain(known).collect()),
        }
    }
}

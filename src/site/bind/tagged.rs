//! Tags of cloud resources that say another role or host than hylint.toml.

use super::Binder;
use super::words::{self, told};
use crate::finding::{Code, Identity, Severity};
use crate::load::{ExportId, RunPoint};
use crate::site::config::HostConfig;
use crate::site::role_names;
use hylint_model::{Companion, Span, Tag};
use std::collections::BTreeMap;

impl Binder<'_> {
    /// Notes each interface and each guarding resource whose tags contradict hylint.toml.
    pub(super) fn contradicted_tags(&mut self) {
        let Some(config) = self.config else { return };
        let mut found: BTreeMap<(ExportId, Span), String> = BTreeMap::new();
        let ours = |t: &Tag| t.key.to_ascii_lowercase().starts_with("hylint:");
        let mut companions = self.exports.iter().flat_map(|e| &e.export.companions);
        let tagged =
            companions.any(|c| matches!(c, Companion::Interface(i) if i.tags.iter().any(ours)));
        let hosts = config.hosts.iter().enumerate();
        for (entry, h) in hosts.filter(|_| tagged) {
            let exports = self.claimed_by(entry);
            for nic in self.nics(&exports) {
                if nic.addrs().intersects(&h.addrs)
                    && let Some(t) = self.contradicting(&nic.interface.tags, &[h])
                {
                    found.insert((nic.at, t.span), t.key.clone());
                }
            }
        }
        for (at, hosts) in self.guarded_by() {
            let Some(p) = self.exports.point(at) else {
                continue;
            };
            // A description that speaks for its whole file is an annotation of it.
            let annotated = self.exports.get(at.export);
            let annotated = annotated.is_some_and(|e| !e.export.annotations.is_empty());
            if let Some(t) = self.contradicting(&p.tags, &hosts).filter(|_| !annotated) {
                found.insert((at.export, t.span), t.key.clone());
            }
        }
        for ((export, span), key) in found {
            self.contradicted += 1;
            self.contradicted_tag(export, span, &key);
        }
    }

    /// For each cloud point the entries of the hosts that it guards.
    fn guarded_by(&self) -> BTreeMap<RunPoint, Vec<&HostConfig>> {
        let config = self.config.map_or(&[][..], |c| &c.hosts);
        let by_name: BTreeMap<&str, &HostConfig> =
            config.iter().map(|h| (h.name.as_str(), h)).collect();
        let mut all: BTreeMap<RunPoint, Vec<&HostConfig>> = BTreeMap::new();
        for host in &self.hosts {
            let Some(entry) = by_name.get(host.name.as_str()) else {
                continue;
            };
            for at in host.layers.iter().flat_map(|l| &l.points) {
                all.entry(*at).or_default().push(entry);
            }
        }
        all
    }

    /// A tag that fits none of the hosts.
    fn contradicting<'t>(&self, tags: &'t [Tag], hosts: &[&HostConfig]) -> Option<&'t Tag> {
        let fits = |t: &Tag| {
            let value = t.value.trim();
            if t.key.eq_ignore_ascii_case("hylint:role") {
                let role = role_names::role_named(value, self.matrix);
                return role.is_none_or(|r| hosts.iter().any(|h| h.roles.contains(&r)));
            }
            !t.key.eq_ignore_ascii_case("hylint:host")
                || hosts.iter().any(|h| h.name.eq_ignore_ascii_case(value))
        };
        tags.iter().find(|t| !fits(t))
    }

    /// A tag of a resource that says another role or host than hylint.toml.
    fn contradicted_tag(&mut self, export: ExportId, span: Span, key: &str) {
        let said = words::tag_contradicts(key);
        let identity = Identity::of(&["tag contradicts", key]);
        let place = self.place_in(export, Some(span));
        let note = Severity::Note;
        self.findings
            .push(told(Code::MalformedExport, note, said, identity, place));
    }
}

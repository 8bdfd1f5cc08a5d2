//! Layers that exports name and no export holds.

use super::Binder;
use super::words::{self, Said, told};
use crate::finding::{Code, Identity, Known, Severity};
use crate::load::ExportId;
use crate::site::Layer;
use hylint_model::Span;

/// A layer that was not exported, and how to get it.
struct Missing<'m> {
    said: Said,
    identity: Identity,
    severity: Severity,
    host: Option<&'m str>,
}

impl Binder<'_> {
    fn not_exported(&mut self, m: Missing<'_>, at: ExportId, span: Option<Span>) {
        let place = self.place_in(at, span);
        let mut f = told(
            Code::IncompleteExport,
            m.severity,
            m.said,
            m.identity,
            place,
        );
        f.host = m.host.map(str::to_owned);
        if !self.findings.contains(&f) {
            self.findings.push(f);
        }
    }

    /// An interface has a group that no export holds.
    pub(super) fn group_not_exported(&mut self, host: &str, id: &str, at: ExportId) {
        let m = Missing {
            said: words::group_not_exported(host, id),
            identity: Identity::known(&Known::GroupNotExported { group: id, host }),
            severity: Severity::Warning,
            host: Some(host),
        };
        self.not_exported(m, at, None);
    }

    /// An interface of AWS is exported without its groups.
    pub(super) fn no_group_named(&mut self, host: &str, interface: &str, at: ExportId, span: Span) {
        let m = Missing {
            said: words::no_group_named(host, interface),
            identity: Identity::of(&["no group of interface", interface, host]),
            severity: Severity::Warning,
            host: Some(host),
        };
        self.not_exported(m, at, Some(span));
    }

    /// No ACL of a subnet is exported. `listed`: those of other subnets are.
    pub(super) fn acl_not_exported(&mut self, subnet: &str, at: ExportId, listed: bool) {
        let m = Missing {
            said: words::acl_not_exported(subnet),
            identity: Identity::of(&["no ACL of subnet", subnet]),
            severity: if listed {
                Severity::Warning
            } else {
                Severity::Note
            },
            host: None,
        };
        self.not_exported(m, at, None);
    }

    /// An interface or a subnet of Azure names a group that no export holds.
    pub(super) fn nsg_not_exported(&mut self, host: &str, id: &str, at: ExportId, span: Span) {
        let name = crate::link::short_name(id);
        let m = Missing {
            said: words::nsg_not_exported(host, name, id),
            identity: Identity::of(&["NSG not exported", &name.to_ascii_lowercase(), host]),
            severity: Severity::Warning,
            host: Some(host),
        };
        self.not_exported(m, at, Some(span));
    }

    /// A subnet of Azure is not exported, so that nothing tells whether it has a group.
    pub(super) fn subnet_not_exported(&mut self, host: &str, id: &str, at: ExportId, span: Span) {
        let name = crate::link::short_name(id);
        let m = Missing {
            said: words::subnet_not_exported(host, name, id),
            identity: Identity::of(&["subnet not exported", &name.to_ascii_lowercase(), host]),
            severity: Severity::Warning,
            host: Some(host),
        };
        self.not_exported(m, at, Some(span));
    }

    /// A subnet of Azure names a route table that no export holds.
    pub(super) fn table_not_exported(&mut self, host: &str, id: &str, layers: &[Layer]) {
        let name = crate::link::short_name(id);
        let Some(at) = layers.iter().flat_map(|l| &l.points).next().copied() else {
            return;
        };
        let m = Missing {
            said: words::table_not_exported(host, name, id),
            identity: Identity::of(&["route table not exported", &name.to_ascii_lowercase(), host]),
            severity: Severity::Warning,
            host: Some(host),
        };
        let span = self.point(at).map(|p| p.label);
        self.not_exported(m, at.export, span);
    }
}

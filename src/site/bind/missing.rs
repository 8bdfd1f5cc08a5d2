//! Layers that exports name and no export holds.

use super::Binder;
use crate::finding::{Code, Finding, Identity, Known, Severity};
use crate::load::ExportId;
use crate::site::Layer;
use hylint_model::Span;

/// A layer that was not exported, and how to get it.
struct Missing<'m> {
    /// What is told, and of what kind.
    message: String,
    identity: Identity,
    severity: Severity,
    /// The command that exports it.
    command: String,
    host: Option<&'m str>,
}

impl Binder<'_> {
    fn not_exported(&mut self, m: Missing<'_>, at: ExportId, span: Option<Span>) {
        let place = self.place_in(at, span);
        let mut f = Finding::new(
            Code::IncompleteExport,
            m.severity,
            m.message,
            m.identity,
            place,
        );
        f.help = Some(format!("export it beside this file: {}", m.command));
        f.host = m.host.map(str::to_owned);
        if !self.findings.contains(&f) {
            self.findings.push(f);
        }
    }

    /// An interface has a group that no export holds.
    pub(super) fn group_not_exported(&mut self, host: &str, id: &str, at: ExportId) {
        let m = Missing {
            message: format!("the group {id} is on an interface of {host} and is not exported"),
            identity: Identity::known(&Known::GroupNotExported { group: id, host }),
            severity: Severity::Warning,
            command: format!("aws ec2 describe-security-groups --group-ids {id}"),
            host: Some(host),
        };
        self.not_exported(m, at, None);
    }

    /// An interface of AWS is exported without its groups.
    pub(super) fn no_group_named(&mut self, host: &str, interface: &str, at: ExportId, span: Span) {
        let m = Missing {
            message: format!(
                "the interface {interface} of `{host}` is exported without a security group, and every interface has one"
            ),
            identity: Identity::of(&["no group of interface", interface, host]),
            severity: Severity::Warning,
            command: "aws ec2 describe-network-interfaces".to_owned(),
            host: Some(host),
        };
        self.not_exported(m, at, Some(span));
    }

    /// No ACL of a subnet is exported. `listed`: those of other subnets are.
    pub(super) fn acl_not_exported(&mut self, subnet: &str, at: ExportId, listed: bool) {
        let m = Missing {
            message: format!(
                "the network ACL of subnet {subnet} is not exported, and every subnet has one"
            ),
            identity: Identity::of(&["no ACL of subnet", subnet]),
            severity: if listed {
                Severity::Warning
            } else {
                Severity::Note
            },
            command: format!(
                "aws ec2 describe-network-acls --filters Name=association.subnet-id,Values={subnet}"
            ),
            host: None,
        };
        self.not_exported(m, at, None);
    }

    /// An interface or a subnet of Azure names a group that no export holds.
    pub(super) fn nsg_not_exported(&mut self, host: &str, id: &str, at: ExportId, span: Span) {
        let name = crate::link::short_name(id);
        let m = Missing {
            message: format!(
                "the network security group {name} guards `{host}` and is not exported"
            ),
            identity: Identity::of(&["NSG not exported", &name.to_ascii_lowercase(), host]),
            severity: Severity::Warning,
            command: format!("az network nsg show --ids {id}"),
            host: Some(host),
        };
        self.not_exported(m, at, Some(span));
    }

    /// A subnet of Azure is not exported, so that nothing tells whether it has a group.
    pub(super) fn subnet_not_exported(&mut self, host: &str, id: &str, at: ExportId, span: Span) {
        let name = crate::link::short_name(id);
        let m = Missing {
            message: format!(
                "the subnet {name} of `{host}` is not exported, so it is not known which network security group guards it"
            ),
            identity: Identity::of(&["subnet not exported", &name.to_ascii_lowercase(), host]),
            severity: Severity::Warning,
            command: format!("az network vnet subnet show --ids {id}"),
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
            message: format!(
                "the route table {name} of the subnet of `{host}` is not exported, and its routes may widen VirtualNetwork"
            ),
            identity: Identity::of(&["route table not exported", &name.to_ascii_lowercase(), host]),
            severity: Severity::Warning,
            command: format!("az network route-table show --ids {id}"),
            host: Some(host),
        };
        let span = self.point(at).map(|p| p.label);
        self.not_exported(m, at.export, span);
    }
}

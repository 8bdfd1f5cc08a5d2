//! The matrices that are built in. They are read by the same reader as everyone else's.

use super::{Matrix, read};
use crate::common::diag::Diag;

/// The matrix that is taken where nobody names one.
pub const DEFAULT: &str = "hyworks";

/// Ids of the built-in matrices.
pub const BUILTIN: &[&str] = &[DEFAULT];

macro_rules! files {
    ($dir:literal: $($name:literal),* $(,)?) => {
        &[$((
            concat!("rules/", $dir, "/", $name),
            include_str!(concat!("../../../rules/", $dir, "/", $name)),
        )),*]
    };
}

const HYWORKS: &[(&str, &str)] = files!("hyworks":
    "roles.toml",
    "controller.toml",
    "database.toml",
    "directory.toml",
    "session-host.toml",
    "desktop.toml",
    "connectors.toml",
    "services.toml",
    "portals.toml",
    "hylabs.toml",
    "client-access.toml",
    "gateway.toml",
    "session-recording.toml",
    "reporting.toml",
    "policy-engine.toml",
    "certificate-manager.toml",
    "implied.toml",
);

/// A built-in matrix by id; `None` if there is none of that name.
///
/// # Errors
/// The mistakes in its files, none of which leaves a build: a test reads each of [`BUILTIN`].
#[must_use]
pub fn builtin(id: &str) -> Option<Result<Matrix, Vec<Diag>>> {
    (id == DEFAULT).then(|| read(HYWORKS))
}

#[cfg(test)]
mod tests {
    use super::super::{AccessRule, Presence, Require};
    use super::*;

    fn hyworks() -> Matrix {
        builtin("hyworks").unwrap().unwrap()
    }

    #[test]
    fn every_builtin_reads() {
        for id in BUILTIN {
            let m = builtin(id).unwrap().unwrap_or_else(|e| panic!("{e:#?}"));
            assert_eq!(m.id, *id);
        }
        assert!(builtin("nothing").is_none());
    }

    #[test]
    fn rows_are_1_to_75_in_order_with_82_ports() {
        let m = hyworks();
        let rows: Vec<u32> = m.requirements.iter().map(|r| r.row).collect();
        assert_eq!(rows, (1..=75).collect::<Vec<_>>());
        let ports: usize = m.requirements.iter().map(|r| r.ports.len()).sum();
        assert_eq!(ports, 82);
        let udp: Vec<u32> = m
            .requirements
            .iter()
            .filter(|r| r.transport.as_str() == "udp")
            .map(|r| r.row)
            .collect();
        assert_eq!(udp, [38, 60]);
        assert!(
            m.requirements
                .iter()
                .all(|r| r.reply != (r.transport.number() == 17))
        );
    }

    #[test]
    fn equal_to_the_canonical_transcription() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/matrix.tsv");
        let Ok(tsv) = std::fs::read_to_string(path)
            .or_else(|_| std::fs::read_to_string(path.replace("/../", "/../../")))
        else {
            println!("skipped: no matrix.tsv beside the workspace");
            return;
        };
        let m = hyworks();
        let ours: Vec<String> = m
            .requirements
            .iter()
            .map(|r| {
                let ports: Vec<String> = r.ports.iter().map(u16::to_string).collect();
                let require = if r.require == Require::Any {
                    "any"
                } else {
                    "all"
                };
                let mandatory = if r.mandatory { "yes" } else { "no" };
                [
                    &r.row.to_string(),
                    &r.from.name,
                    &r.to.name,
                    r.transport.as_str(),
                    &ports.join(","),
                    require,
                    &r.application_protocol,
                    r.customizable.as_str(),
                    mandatory,
                ]
                .join("\t")
            })
            .collect();
        // Ports are ascending here and in the vendor's order there.
        let theirs: Vec<String> = tsv
            .lines()
            .skip(1)
            .map(|l| l.replace("25,587,465", "25,465,587"))
            .collect();
        assert_eq!(ours, theirs);
    }

    #[test]
    fn what_the_notes_settle() {
        let m = hyworks();
        let row = |n| m.requirements.iter().find(|r| r.row == n).unwrap();
        let direct: Vec<u32> = m
            .requirements
            .iter()
            .filter(|r| r.access == AccessRule::DirectOnly)
            .map(|r| r.row)
            .collect();
        assert_eq!(direct, (42..=47).collect::<Vec<_>>());
        let feature: Vec<u32> = m
            .requirements
            .iter()
            .filter(|r| r.feature.as_deref() == Some("session-recording-server"))
            .map(|r| r.row)
            .collect();
        assert_eq!(feature, (55..=59).collect::<Vec<_>>());
        assert_eq!(row(38).vendor_mandatory, "No*");
        assert_eq!(row(38).separate_from, m.role_ix("controller-management"));
        assert_eq!(row(60).to_any[0].name, "reporting-server");
        assert_eq!(row(20).id, "controller.session-status");
        assert_eq!(row(16).from.roles.len(), 2);
        assert_eq!(
            (row(35).require, row(67).require),
            (Require::Any, Require::Any)
        );
        let core: Vec<&str> = m
            .roles
            .iter()
            .filter(|r| r.presence == Presence::Core)
            .map(|r| r.id.as_str())
            .collect();
        assert_eq!(
            core,
            [
                "controller-management",
                "sql-server",
                "active-directory",
                "session-host",
                "workspace-client"
            ]
        );
        let lives = |id: &str| {
            let r = m.role(m.role_ix(id).unwrap()).unwrap();
            r.lives_on.and_then(|h| m.role(h)).map(|h| h.id.clone())
        };
        assert_eq!(
            lives("ahm-service").as_deref(),
            Some("controller-management")
        );
        assert_eq!(
            lives("hylabs-portal").as_deref(),
            Some("management-console")
        );
        assert_eq!(lives("managed-sql"), None);
        assert!(
            m.implied
                .iter()
                .filter(|i| i.judged)
                .all(|i| i.gateway == Some(true))
        );
    }

    #[test]
    fn aliases_name_one_role() {
        let m = hyworks();
        let mut seen = std::collections::BTreeMap::new();
        for r in &m.roles {
            assert!(r.aliases.contains(&r.id));
            for a in &r.aliases {
                assert_eq!(seen.insert(a, &r.id), None, "{a}");
            }
        }
    }
}

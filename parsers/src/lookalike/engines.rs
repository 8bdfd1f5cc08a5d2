//! What shows that rules of nftables are on a host which `iptables-save` does not print: a running firewalld, and programs
//! that were told to write such rules.

use super::form::Text;

/// `systemctl status`, `systemctl list-units` and `ps` where firewalld runs.
pub(super) fn firewalld_runs(t: &Text<'_>) -> bool {
    if !t.has("firewalld") {
        return false;
    }
    let mut status = false;
    t.lines().any(|l| {
        let mut words = l.split_ascii_whitespace();
        let unit = words.clone().find(|w| w.ends_with(".service"));
        if l.contains(".service - ") {
            status = unit == Some("firewalld.service");
        }
        let active = status && l.starts_with("Active: active (running)");
        let listed = unit == Some("firewalld.service") && l.contains(" active running ");
        let process = words.any(|w| w.ends_with("/firewalld")) && !l.contains("grep");
        active || listed || process && !l.contains(".service")
    })
}

/// Docker (`firewall-backend`), libvirt (`firewall_backend`), netavark (`firewall_driver`), kube-proxy and others (`mode`),
/// fail2ban (`banaction`) and Calico, as settings or on a command line.
pub(super) fn writes_nft(t: &Text<'_>) -> bool {
    if !t.has_any(&["nftables", "netavark", "nftablesMode", "NFTABLESMODE"]) {
        return false;
    }
    let netavark = !t
        .lines()
        .any(|l| set_to(l, &["firewall_driver"], &["iptables", "none"]));
    t.lines().any(|l| {
        set_to(
            l,
            &[
                "firewall-backend",
                "firewall_backend",
                "firewall_driver",
                "mode",
                "FirewallBackend",
            ],
            &["nftables"],
        ) && !l.starts_with("FirewallBackend")
            || set_to(l, &["banaction", "banaction_allports"], &["nftables"])
            || netavark && set_to(l, &["network_backend", "networkBackend"], &["netavark"])
            || set_to(l, &["nftablesMode", "FELIX_NFTABLESMODE"], &["Enabled"])
            || [
                "proxy-mode=nftables",
                "proxy-mode nftables",
                "--firewall-backend=nftables",
            ]
            .iter()
            .any(|w| l.contains(w))
    })
}

/// Whether a line of JSON, YAML, TOML or an INI file sets a key to a value, or to one that goes on behind a hyphen or a
/// bracket (`nftables-multiport`).
fn set_to(line: &str, keys: &[&str], values: &[&str]) -> bool {
    if line.starts_with(['#', ';', '/']) {
        return false;
    }
    // A JSON object may stand on one line.
    line.split([',', '{', '}']).any(|part| {
        let Some((key, value)) = part.split_once([':', '=']) else {
            return false;
        };
        let bare = |s: &str| {
            let s = s.trim().trim_start_matches("- ");
            s.trim_matches(['"', '\'']).to_owned()
        };
        let (key, value) = (bare(key), bare(value));
        let goes_on = |v: &str| {
            value
                .strip_prefix(v)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        keys.contains(&&*key) && values.iter().any(|v| goes_on(v))
    })
}

//! What the path of an export tells.

use std::path::{Component, Path, PathBuf};

/// The folder of a reported path; empty for a bare file name.
#[must_use]
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(f, _)| f)
}

/// The folder of a host that a reported path lies in: where the path goes on as one of the host itself (`sh1/etc/nftables/x`)
/// it is that before `etc`.
#[must_use]
pub fn host_folder(path: &str) -> &str {
    let folder = folder(path);
    let parts = folder.match_indices("/etc");
    let is_whole = |at: usize| {
        folder
            .get(at + 4..)
            .is_some_and(|r| r.is_empty() || r.starts_with('/'))
    };
    let etc = parts.map(|(at, _)| at).find(|at| *at > 0 && is_whole(*at));
    etc.and_then(|at| folder.get(..at)).unwrap_or(folder)
}

/// The file name without its folder and without what follows the first full stop.
#[must_use]
pub fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    match file.split_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    }
}

/// A path as globs of a hylint.toml in `dir` see it.
#[must_use]
pub fn relative(path: &str, dir: &Path) -> String {
    let base = normal(dir);
    let full = normal(Path::new(path));
    let rest = full.strip_prefix(&base).unwrap_or(&full);
    let parts: Vec<_> = rest.iter().map(|c| c.to_string_lossy()).collect();
    parts.join("/")
}

/// An absolute path without `.` and `..`.
#[must_use]
pub fn normal(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut out = PathBuf::new();
    for c in absolute.components() {
        match c {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            c => out.push(c),
        }
    }
    out
}

/// An absolute path, relative where a given one is.
#[must_use]
pub fn as_given(path: PathBuf, given: &Path) -> PathBuf {
    let here = match given.is_absolute() {
        true => return path,
        false => normal(Path::new("")),
    };
    // Below the working directory, or beside one of its parents.
    let above = here.ancestors().enumerate().find_map(|(up, dir)| {
        let rest = path.strip_prefix(dir).ok()?;
        let steps = std::iter::repeat_n(Path::new(".."), up);
        Some(steps.chain([rest]).collect::<PathBuf>())
    });
    above.unwrap_or(path)
}

/// Words that say what a file is and not whose.
const PLAIN_WORDS: &[&str] = &[
    "iptables",
    "ip6tables",
    "nft",
    "nftables",
    "ruleset",
    "list",
    "legacy",
    "netsh",
    "advfirewall",
    "firewall",
    "fw",
    "rules",
    "rule",
    "save",
    "dump",
    "export",
    "profiles",
    "allprofiles",
    "profile",
    "ipset",
    "ipsets",
    "sets",
    "v",
    "ipv",
    "all",
    "verbose",
    "in",
    "out",
    "state",
    "show",
    "inbound",
    "outbound",
    "powershell",
    "ps",
    "pwsh",
    "console",
    "ip",
    "addr",
    "addrs",
    "address",
    "route",
    "ss",
    "socket",
    "netstat",
    "tasklist",
    "ipconfig",
    "ano",
    "svc",
    "processes",
    "tcpconnection",
    "nettcpconnection",
    "netudpendpoint",
    "netroute",
    "netipconfiguration",
    "ifconfig",
    "interfaces",
    "listening",
    "collected",
    "monitor",
    "wf",
    "msc",
    "gpo",
    "hklm",
    "netfirewallrule",
    "registry",
    "wfmsc",
    "gpreport",
    "activestore",
    "persistentstore",
    "filter",
    "filters",
    "portfilter",
    "portfilters",
    "netfirewallportfilter",
    "addressfilter",
    "addressfilters",
    "netfirewalladdressfilter",
    "applicationfilter",
    "applicationfilters",
    "netfirewallapplicationfilter",
    "servicefilter",
    "servicefilters",
    "netfirewallservicefilter",
    "interfacefilter",
    "interfacefilters",
    "netfirewallinterfacefilter",
    "interfacetypefilter",
    "interfacetypefilters",
    "netfirewallinterfacetypefilter",
    "securityfilter",
    "securityfilters",
    "netfirewallsecurityfilter",
    "get",
    "firewallrules",
    "firewallprofile",
    "netfirewallrules",
    "netfirewallprofile",
    "netfirewallprofiles",
    "ipsecrule",
    "netipsecrule",
    "connection",
    "connectionprofile",
    "netconnectionprofile",
    "ipaddress",
    "netipaddress",
    "addresses",
    "portproxy",
    "currentprofile",
    "effective",
    "monitor",
    "consec",
    "local",
    "policy",
    "policies",
    "default",
    "zone",
    "zones",
    "firewalld",
    "sockets",
    "routes",
    "routing",
    "collected",
];

/// Files of ufw, whose folder is the host's.
const UFW: [&str; 7] = [
    "before.rules",
    "before6.rules",
    "after.rules",
    "after6.rules",
    "user.rules",
    "user6.rules",
    "ufw.conf",
];

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The words of a file name, lower case, without trailing digits where `bare`.
#[must_use]
pub fn words(text: &str, bare: bool) -> Vec<String> {
    let lower = text.to_lowercase();
    let all = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty());
    all.map(|w| {
        let short = w.trim_end_matches(|c: char| c.is_ascii_digit());
        let word = if bare && !short.is_empty() { short } else { w };
        word.to_owned()
    })
    .collect()
}

/// The words of a file name that tell the host: equal for the files of one host in one folder.
#[must_use]
pub fn host_words(path: &str) -> Vec<String> {
    if UFW.contains(&last(path)) {
        return Vec::new();
    }
    let all = words(stem(path), false).into_iter();
    all.filter(|w| {
        let bare = w.trim_end_matches(|c: char| c.is_ascii_digit());
        let plain = PLAIN_WORDS.contains(&bare) && w.len() - bare.len() <= 1;
        !plain && !PLAIN_WORDS.contains(&w.as_str())
    })
    .collect()
}

/// A name for the host of an export: the words of the file name that tell it, else its folder's name, else the file's.
#[must_use]
pub fn host_name(path: &str) -> String {
    let own = host_words(path);
    if !own.is_empty() {
        return own.join("-");
    }
    let folder = host_folder(path).rsplit('/').next().unwrap_or_default();
    let name = if folder.is_empty() || folder == ".." {
        stem(path)
    } else {
        folder
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_host() {
        for (a, b) in [
            ("gw1-iptables.txt", "gw1-ip6tables.txt"),
            ("x/rules.v4", "x/rules.v6"),
            ("sh1-rules.txt", "sh1-allprofiles.txt"),
            ("edge_v4.rules", "edge_v6.rules"),
            ("sh1/Rule.json", "sh1/InterfaceTypeFilter.json"),
            (
                "sh1/Get-NetFirewallRule.csv",
                "sh1/Get-NetConnectionProfile.txt",
            ),
            ("sh1/local.reg", "sh1/policy.reg"),
            ("sh1-effective.txt", "sh1-portproxy.txt"),
            ("sh1/etc/ufw/user.rules", "sh1/etc/ufw/before6.rules"),
            ("sh1/rules.v4", "sh1/user.rules"),
            ("gw1/iptables.rules", "gw1/sockets.txt"),
            ("gw1/iptables.rules", "gw1/routing-rules.json"),
            ("gw1/iptables.rules", "gw1/firewalld-zones.txt"),
            ("db1.rules", "db1-ip-addr.txt"),
            ("db1.rules", "db1_ss_listening.txt"),
            ("db1.rules", "db1-ip-route.json"),
            ("sql1-rules.txt", "sql1-netstat-ano.txt"),
            ("sql1-rules.txt", "sql1-tasklist-svc.txt"),
            ("sql1-rules.txt", "sql1-ipconfig-all.txt"),
        ] {
            assert_eq!(host_words(a), host_words(b), "{a} {b}");
        }
        for (path, of) in [
            ("a/sh1/etc/nftables/x.nft", "a/sh1"),
            ("sh1/etc/nftables.conf", "sh1"),
            ("sh1/etcetera/x", "sh1/etcetera"),
            ("/etc/nftables.conf", "/etc"),
            ("etc/nftables.conf", "etc"),
        ] {
            assert_eq!(host_folder(path), of, "{path}");
        }
        assert_ne!(host_words("sh1.txt"), host_words("sh2.txt"));
        assert_eq!(
            (
                host_name("gw1/iptables.rules"),
                host_name("a/sh1-rules.txt")
            ),
            ("gw1".into(), "sh1".into())
        );
    }

    #[test]
    fn globs_see_paths_from_the_site_file() {
        assert_eq!(relative("site/cm1/x.txt", Path::new("site")), "cm1/x.txt");
        assert_eq!(
            relative("site/../site/cm1/x.txt", Path::new("./site")),
            "cm1/x.txt"
        );
    }
}

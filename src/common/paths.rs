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
    "cmd",
    "permanent",
    "runtime",
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

/// Programs whose file of output may be called like the command line: `iptables-t-nat-nvL.txt`.
const LISTERS: [&str; 2] = ["iptables", "ip6tables"];

/// Tables as such a command line has them behind `-t`.
const TABLES: [&str; 4] = ["nat", "mangle", "raw", "security"];

/// Whether a word behind a name of [`LISTERS`] is an option or a table of iptables(8): `nvL`, `t`, `nat`.
fn is_option(word: &str) -> bool {
    let lists = word.contains(['L', 'S']) && word.chars().all(|c| "LSnvxt".contains(c));
    let one = word.len() == 1 && "nvxtcl".contains(word);
    lists || one || TABLES.contains(&word)
}

/// Whether a file is one of those below `/etc/firewalld` or `/usr/lib/firewalld`: a zone's name is no host's
/// (firewalld.dirs(5)).
fn is_of_firewalld(path: &str) -> bool {
    let folder = folder(path);
    let below = |d: &str| folder == d || folder.ends_with(&format!("/{d}"));
    let parts = [
        "zones",
        "services",
        "policies",
        "ipsets",
        "helpers",
        "icmptypes",
    ];
    below("firewalld") || parts.iter().any(|p| below(&format!("firewalld/{p}")))
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

/// The words of a file name that tell the host, lower case: equal for the files of one host in one folder.
#[must_use]
pub fn host_words(path: &str) -> Vec<String> {
    if UFW.contains(&last(path)) || is_of_firewalld(path) {
        return Vec::new();
    }
    let all = stem(path).split(|c: char| !c.is_alphanumeric());
    let mut lists = false;
    let mut told = Vec::new();
    for word in all.filter(|w| !w.is_empty()) {
        let lower = word.to_lowercase();
        let bare = lower.trim_end_matches(|c: char| c.is_ascii_digit());
        let plain = PLAIN_WORDS.contains(&bare) && lower.len() - bare.len() <= 1;
        let option = lists && is_option(word);
        lists |= LISTERS.contains(&lower.as_str());
        if !option && !plain && !PLAIN_WORDS.contains(&lower.as_str()) {
            told.push(lower);
        }
    }
    told
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
            ("sql1/iptables-nvL.txt", "sql1/iptables-t-nat-nvL.txt"),
            ("sql1/iptables_-vnxL", "sql1/iptables-L-n-v.txt"),
            ("sql1/firewall-cmd.txt", "sql1/zones-permanent.txt"),
            (
                "sql1/etc/firewalld/zones/public.xml",
                "sql1/etc/firewalld/firewalld.conf",
            ),
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
        for (path, words) in [
            ("iptables-ns.txt", vec!["ns"]),
            ("iptables-L-nat.txt", vec![]),
            ("nat-iptables.txt", vec!["nat"]),
            ("zones/public.xml", vec!["public"]),
        ] {
            assert_eq!(host_words(path), words, "{path}");
        }
        assert_eq!(
            (
                host_name("gw1/iptables.rules"),
                host_name("a/sh1-rules.txt")
            ),
            ("gw1".into(), "sh1".into())
        );
        for (path, name) in [
            ("files/cm1/etc/firewalld/zones/public.xml", "cm1"),
            ("sh7/firewall-cmd--list-all-zones.txt", "sh7"),
            ("sh1/iptables_-t_nat_-nvL", "sh1"),
        ] {
            assert_eq!(host_name(path), name, "{path}");
        }
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

//! What is said of all rules of a host together, and of its defaults.

use super::traffic::traffic;
use crate::common::hash::hex;
use crate::common::words::{count, verb};
use crate::finding::{Cause, Counted, Severity};
use crate::lints::chain::NamedChain;
use hylint_space::{Family, PacketBox};

/// Rules of one host that a finding tells together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::lints::excess) enum Folded {
    /// Those that Windows or apps bring along.
    Builtin,
    /// Those that let anyone in for flows whose peers nobody declared.
    Undeclared,
    /// Those of a family of which the hosts have no address.
    Lacking,
    /// Others.
    Unneeded,
}

impl Folded {
    pub(in crate::lints::excess) fn help(self, rules: usize) -> &'static str {
        match self {
            Self::Builtin if rules == 1 => {
                "disable the rule group if this host does not use it, or limit its remote addresses"
            }
            Self::Undeclared if rules == 1 => {
                "limit the sources of the rule to its peers, and declare the peers under [roles] in hylint.toml"
            }
            Self::Lacking if rules == 1 => {
                "remove the rule: the first address of that family opens it"
            }
            Self::Unneeded if rules == 1 => {
                "remove the rule, or declare the flow under [[allow]] in hylint.toml"
            }
            Self::Builtin => {
                "disable the rule groups that this host does not use, or limit their remote addresses"
            }
            Self::Undeclared => {
                "limit the sources of these rules to their peers, and declare the peers under [roles] in hylint.toml"
            }
            Self::Lacking => "remove the rules: the first address of that family opens them",
            Self::Unneeded => {
                "remove the rules, or declare the flows under [[allow]] in hylint.toml"
            }
        }
    }

    /// What the first of so many rules is labelled.
    pub(in crate::lints::excess) fn label(self, n: usize) -> String {
        let what = match self {
            Self::Builtin => "built-in",
            Self::Undeclared => "any source",
            Self::Lacking => "this family is not used",
            Self::Unneeded => "nothing requires it",
        };
        match n {
            1 => what.to_owned(),
            n => format!("{what} (first of {n})"),
        }
    }
}

/// What folds of many hosts have in common: the kind, and unless the kind tells it all, the rules.
pub(in crate::lints::excess) fn of_folds(kind: &[&str], rules: &[[u8; 16]], many: String) -> Cause {
    let mut rules: Vec<String> = rules.iter().map(|r| hex(r)).collect();
    rules.sort();
    let rules = rules.concat();
    let mut parts = kind.to_vec();
    parts.push(&rules);
    Cause::of(&parts).told(Counted::Hosts, many)
}

/// Built-in rules of Windows that open what nothing requires, or a sensitive service to anyone.
pub(in crate::lints::excess) fn builtin(n: usize, severity: Severity) -> Both {
    let what = match severity {
        Severity::Note => "traffic that nothing requires",
        Severity::Warning | Severity::Error => "a sensitive service from any source",
    };
    Both::of(n, "built-in Windows rule", what)
}

/// Rules that let anyone in for flows whose peers nobody declared.
pub(in crate::lints::excess) fn undeclared(opened: &[PacketBox]) -> Both {
    let whole = crate::lints::excess::parts::union(opened);
    let what = traffic(opened, &whole);
    let what = format!("{what} from any source: no rule limits the sources");
    Both {
        before: String::new(),
        nouns: String::new(),
        verbs: ("allows", "allow"),
        what,
    }
}

/// Rules of a family of which no host has an address; `linked`: but those of links.
pub(in crate::lints::excess) fn lacking(n: usize, family: &str, linked: bool) -> Both {
    let but = if linked { " but link-local ones" } else { "" };
    let what = format!(
        "{family} traffic that nothing requires; no interface has an {family} address{but}"
    );
    Both::of(n, "rule", &what)
}

/// Rules that open what nothing requires.
pub(in crate::lints::excess) fn unneeded(n: usize) -> Both {
    Both::of(n, "rule", "traffic that nothing requires")
}

/// What rules of a host do, to be said of one host or of many.
pub(in crate::lints::excess) struct Both {
    /// `3 rules`, or nothing where the host is the subject.
    before: String,
    /// What they are, of many hosts, which may have different numbers of them.
    nouns: String,
    verbs: (&'static str, &'static str),
    what: String,
}

impl Both {
    fn of(n: usize, noun: &str, what: &str) -> Self {
        let allow = verb(n, "allows", "allow");
        Self {
            before: count(n, noun),
            nouns: format!("{noun}s"),
            verbs: (allow, allow),
            what: what.to_owned(),
        }
    }

    /// `3 rules of `sh1` allow …`, `` `sh1` allows …``.
    pub(in crate::lints::excess) fn one(&self, host: &str) -> String {
        match self.before.as_str() {
            "" => format!("`{host}` {} {}", self.verbs.0, self.what),
            before => format!("{before} of `{host}` {} {}", self.verbs.0, self.what),
        }
    }

    /// The same of hosts, to stand behind their number.
    pub(in crate::lints::excess) fn many(&self) -> String {
        match self.before.as_str() {
            "" => format!("hosts {} {}", self.verbs.1, self.what),
            _ => format!("hosts have {} that allow {}", self.nouns, self.what),
        }
    }
}

/// A sentence about one host, and what many of them share.
pub(in crate::lints::excess) struct Said {
    pub(in crate::lints::excess) one: String,
    pub(in crate::lints::excess) many: Cause,
}

/// A profile whose firewall is off.
pub(in crate::lints::excess) fn off(host: &str, profile: &str) -> Said {
    let what = format!("off in the {profile} profile: all inbound traffic is allowed");
    Said {
        one: format!("the firewall of `{host}` is {what}"),
        many: Cause::of(&["firewall off", profile])
            .told(Counted::Hosts, format!("hosts have their firewall {what}")),
    }
}

/// A profile that allows what no rule decides.
pub(in crate::lints::excess) fn allows_the_rest(host: &str, profile: &str) -> Said {
    let what = format!("all inbound traffic that no rule blocks in the {profile} profile");
    Said {
        one: format!("`{host}` allows {what}"),
        many: Cause::of(&["rest", profile]).told(Counted::Hosts, format!("hosts allow {what}")),
    }
}

/// Where packets of a family end up that no rule of netfilter decides.
#[derive(Clone, Copy)]
pub(in crate::lints::excess) struct End<'e> {
    /// The export is a ruleset of nft.
    pub nft: bool,
    /// The chain whose policy decides; none if no chain does.
    pub named: Option<NamedChain<'e>>,
    pub family: Family,
}

/// A chain that accepts what no rule decides; without one, a table that has no such chain.
pub(in crate::lints::excess) fn accepts_the_rest(host: &str, end: &End<'_>, transit: bool) -> Said {
    let (does, all_do) = match transit {
        true => ("forwards", "forward"),
        false => ("accepts", "accept"),
    };
    let chain = end.named.map(NamedChain::told).unwrap_or_default();
    let why = match (end.named, end.nft) {
        (Some(_), true) => format!("the policy of chain {chain} is accept"),
        (Some(_), false) => format!("the policy of chain {chain} is ACCEPT"),
        (None, true) => format!(
            "no chain filters {} at hook {}",
            end.family.as_str(),
            hook(transit)
        ),
        (None, false) => "the filter table has no policy".to_owned(),
    };
    let what = format!("new connections that no rule handles: {why}");
    Said {
        one: format!("`{host}` {does} {what}"),
        many: Cause::of(&["policy", all_do, &chain])
            .told(Counted::Hosts, format!("hosts {all_do} {what}")),
    }
}

/// How a policy is changed without an outage.
pub(in crate::lints::excess) fn drop_the_rest(tool: &str, end: &End<'_>, transit: bool) -> String {
    let accept = "accept every required flow by a rule";
    match (end.named, end.nft) {
        (Some(chain), true) => format!(
            "{accept}, then run `nft 'chain {} {{ policy drop; }}'` and set it in the configuration",
            chain.name()
        ),
        (Some(chain), false) => {
            format!("{accept}, then run `{tool} -P {} DROP`", chain.name())
        }
        (None, true) => {
            let hook = hook(transit);
            format!("{accept} in a chain `type filter hook {hook} priority filter; policy drop;`")
        }
        (None, false) => format!("{accept}, and drop the rest"),
    }
}

const fn hook(transit: bool) -> &'static str {
    if transit { "forward" } else { "input" }
}

/// Who reaches an interface that no group of Azure guards. `basic`: where its public address has the SKU Basic.
pub(in crate::lints::excess) fn no_group(host: &str, public: bool, basic: bool) -> Said {
    let who = match (public, basic) {
        (true, true) => "the virtual network and, with a public address of SKU Basic, the Internet",
        (true, false) => "the Internet and the virtual network",
        (false, _) => "the virtual network and what is connected to it",
    };
    let what = format!("no network security group: {who} can reach every port");
    Said {
        one: format!("`{host}` has {what}"),
        many: Cause::of(&["no group", who]).told(Counted::Hosts, format!("hosts have {what}")),
    }
}

/// How a group is put on a subnet.
pub(in crate::lints::excess) const ADD_GROUP: &str = "attach a group to the subnet: `az network vnet subnet update --network-security-group NSG --ids SUBNET`";

//! What findings about rules without effect, about the age of exports and about profiles say: the one place of their
//! sentences, labels and help.

use super::describe;
use crate::common::hash::digest;
use crate::common::words::{count, list, some, verb};
use crate::finding::{Cause, Counted};
use hylint_engine::Onward;
use hylint_model::{Action, Nat, PointKind, Profiles};
use hylint_space::AddrSet;

/// Names that a sentence lists.
const NAMED: usize = 3;

/// A finding in words.
pub(super) struct Said {
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: String,
    pub(super) cause: Cause,
}

/// What a rule does to the packets that it matches, as its platform says it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    Accepts,
    Drops,
    Rejects,
    Allows,
    Blocks,
    Returns,
    Handles,
}

impl Does {
    /// Of a rule; `text` is how it is written.
    pub(super) fn of(kind: PointKind, action: &Action, text: Option<&str>) -> Self {
        let netfilter = kind == PointKind::Netfilter;
        let rejects = || text.is_some_and(|t| t.to_ascii_lowercase().contains("reject"));
        match action {
            Action::Allow if netfilter => Self::Accepts,
            Action::Deny if netfilter && rejects() => Self::Rejects,
            Action::Deny if netfilter => Self::Drops,
            Action::Allow | Action::Bypass => Self::Allows,
            Action::Deny => Self::Blocks,
            Action::Return => Self::Returns,
            _ => Self::Handles,
        }
    }

    /// `drops`, and of several rules `drop`.
    fn verb(self, rules: usize) -> &'static str {
        let (one, many) = match self {
            Self::Accepts => ("accepts", "accept"),
            Self::Drops => ("drops", "drop"),
            Self::Rejects => ("rejects", "reject"),
            Self::Allows => ("allows", "allow"),
            Self::Blocks => ("blocks", "block"),
            Self::Returns => ("returns", "return"),
            Self::Handles => ("handles", "handle"),
        };
        verb(rules, one, many)
    }
}

/// The rules that leave another one nothing.
pub(super) struct Covering<'c> {
    /// Of one rule what it is known as; of several how many they are.
    pub(super) first: &'c str,
    pub(super) rules: usize,
    pub(super) does: Does,
    /// Whether they stand before it, and that is why.
    pub(super) ordered: bool,
    /// What tells them from others, wherever they stand.
    pub(super) known_as: Vec<String>,
}

impl Covering<'_> {
    fn who(&self) -> String {
        let which = if self.ordered { "earlier" } else { "other" };
        match self.rules {
            1 => self.first.to_owned(),
            n => format!("{n} {which} rules together"),
        }
    }

    /// What a label says at the covering rule with this number, of which `named` are shown.
    pub(super) fn label(&self, n: usize, named: usize) -> String {
        let does = self.does.verb(1);
        let more = self.rules.saturating_sub(named);
        match (self.rules, more) {
            (1, _) => format!("{does} all its packets"),
            (_, 1..) if n + 1 == named => format!("{does} some, as do {more} more"),
            _ => format!("{does} some of its packets"),
        }
    }
}

/// A rule that can never match, or that changes nothing as others do the same before.
pub(super) fn idle(name: &str, same: bool, by: &Covering<'_>) -> Said {
    let (who, does) = (by.who(), by.does.verb(by.rules));
    let (what, many, label) = match same {
        true => ("is redundant", "rules are redundant", "redundant"),
        false => (
            "can never match",
            "rules can never match",
            "can never match",
        ),
    };
    let whose = |its: &str| format!("{who} already {does} all {its} packets");
    let before = match (by.rules, by.ordered) {
        (1, true) if !same => format!("move it before {}", by.first),
        (1, _) => format!("narrow {}", by.first),
        (_, true) if !same => "move it before the rules that take its packets".to_owned(),
        _ => "narrow the rules that take its packets".to_owned(),
    };
    let mut parts = vec!["covers"];
    parts.extend(by.known_as.iter().map(String::as_str));
    Said {
        message: format!("{name} {what}: {}", whose("its")),
        label: label.to_owned(),
        help: format!("remove the rule, or {before}"),
        cause: Cause::of(&parts).told(Counted::Places, format!("{many}: {}", whose("their"))),
    }
}

/// Things of a point, by number: `3 rules of `web``. A firewall that has no name but its file's goes without.
fn of_point(n: usize, what: &str, point: Option<&str>) -> String {
    let of = point.map_or_else(String::new, |p| format!(" of `{p}`"));
    format!("{}{of}", count(n, what))
}

/// Of a label at the first of so many places.
fn first_of(label: &str, n: usize) -> String {
    match n {
        1 => label.to_owned(),
        n => format!("{label} (first of {n})"),
    }
}

/// The same findings of points that have the same rules.
fn of_rules(what: &str, rules: &[String]) -> Cause {
    let parts: Vec<&str> = rules.iter().map(String::as_str).collect();
    Cause::of(&[what, &digest(&parts)])
}

/// Rules without which later ones allow the same; `rules` are their matches.
pub(super) fn redundant(point: Option<&str>, rules: &[String]) -> Said {
    let n = rules.len();
    let are = verb(n, "is", "are");
    Said {
        message: format!(
            "{} {are} redundant: other rules allow the same traffic",
            of_point(n, "rule", point)
        ),
        label: first_of("redundant", n),
        help: match n {
            1 => "remove the rule, or keep it as documentation".into(),
            _ => "remove the rules, or keep them as documentation".into(),
        },
        cause: of_rules("redundant", rules),
    }
}

/// Rules that partly overlap an earlier one of the opposite action.
pub(super) fn conflicting(point: Option<&str>, rules: &[String]) -> Said {
    let n = rules.len();
    let overlap = verb(n, "overlaps", "overlap");
    Said {
        message: format!(
            "{} partly {overlap} an earlier rule with the opposite action: their order decides",
            of_point(n, "rule", point)
        ),
        label: first_of("overlaps an earlier rule", n),
        help: match n {
            1 => "check that the earlier rule is meant to override it".into(),
            _ => "check that the earlier rules are meant to override them".into(),
        },
        cause: of_rules("conflicting", rules),
    }
}

/// Rules that were not compared with all that stand before.
pub(super) fn undecided(point: Option<&str>, n: usize) -> Said {
    let rules = of_point(n, "rule", point);
    Said {
        message: format!("cannot tell whether {rules} can match: too many rules overlap"),
        label: "this list".into(),
        help: "split the list into chains or groups that match on less".into(),
        cause: Cause::of(&["uncompared"]),
    }
}

/// Rules that have the name of an earlier one.
pub(super) fn repeated_names(point: Option<&str>, names: &[&str]) -> Said {
    let n = names.len();
    let (have, name) = match n {
        1 => ("has", "the name of an earlier rule".to_owned()),
        _ => ("have", "the names of earlier rules".to_owned()),
    };
    let quoted: Vec<String> = names.iter().map(|n| format!("\"{n}\"")).collect();
    let known: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    Said {
        message: format!(
            "{} {have} {name}: {}",
            of_point(n, "rule", point),
            some(&quoted, NAMED)
        ),
        label: first_of("name used before", n),
        help: "give each rule a name of its own".into(),
        cause: of_rules("names", &known),
    }
}

/// Chains that no rule jumps to.
pub(super) fn unreferenced(table: &str, chains: &[&str], tool: &str) -> Said {
    let quoted: Vec<String> = chains.iter().map(|c| format!("`{c}`")).collect();
    let n = chains.len();
    let s = if n == 1 { "" } else { "s" };
    let known: Vec<String> = chains.iter().map(|c| (*c).to_owned()).collect();
    let first = chains.first().copied().unwrap_or_default();
    let remove = match tool {
        "nft" => format!(" with `nft delete chain {table} {first}`"),
        _ => format!(": `{tool} -t {table} -F {first}`, `{tool} -t {table} -X {first}`"),
    };
    let of = match tool {
        "nft" => format!("of {table}"),
        _ => format!("of the {table} table"),
    };
    Said {
        message: format!("no rule jumps to chain{s} {} {of}", some(&quoted, NAMED)),
        label: first_of("never used", n),
        help: format!(
            "jump to the chain{s}, or remove {}{remove}",
            verb(n, "it", "them")
        ),
        cause: of_rules(&format!("unreferenced {table}"), &known),
    }
}

/// Allow rules that have matched nothing.
pub(super) fn unused(point: Option<&str>, rules: usize, known: &[String]) -> Said {
    let have = verb(rules, "has", "have");
    Said {
        message: format!(
            "{} {have} matched nothing since counting began",
            of_point(rules, "allow rule", point)
        ),
        label: first_of("0 packets so far", rules),
        help: "check whether they are still needed, also for required flows: when counting began is not in the export, and a \
               reload, a restart or `-Z` begins anew"
            .into(),
        cause: of_rules("unused", known),
    }
}

/// An export that is older than the site accepts, in days.
pub(super) fn old(age: i64, accepted: u32) -> Said {
    Said {
        message: format!(
            "the export is {} old; hylint.toml accepts {accepted} (max-age-days)",
            days(age)
        ),
        label: "exported here".into(),
        help: "export again".into(),
        cause: Cause::of(&["old"]).told(
            Counted::Places,
            format!(
                "exports are older than the {accepted} days that hylint.toml accepts (max-age-days)"
            ),
        ),
    }
}

/// An export without a date where the site asks for one.
pub(super) fn undated() -> Said {
    Said {
        message: "the export has no date, so its age cannot be checked".into(),
        label: String::new(),
        help: "export with a tool that prints the date, or remove max-age-days under [check] in hylint.toml".into(),
        cause: Cause::of(&["undated"]).told(
            Counted::Places,
            "exports have no date, so their age cannot be checked",
        ),
    }
}

/// An export that is older than the one of the other end of its flows.
pub(super) fn older(age: i64, other: &str) -> Said {
    Said {
        message: format!(
            "the export is {} older than `{other}`, the other end of its flows",
            days(age)
        ),
        label: String::new(),
        help: "export both ends on the same day".into(),
        cause: Cause::of(&["apart"]).told(
            Counted::Places,
            "exports are days older than those of the other ends of their flows",
        ),
    }
}

fn days(n: i64) -> String {
    count(usize::try_from(n).unwrap_or_default(), "day")
}

/// That a verdict rests on what is not modelled.
pub(super) const RESTS_ON_IT: &str = "; a verdict depends on it";

/// The site file and the export name different active profiles.
pub(super) fn other_profile(host: &str, said: Profiles, printed: Profiles) -> Said {
    let are = verb(printed.each().count(), "is", "are");
    let names = printed.each().filter_map(Profiles::name);
    let names: Vec<String> = names.map(|n| format!("\"{n}\"")).collect();
    let value = match names.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    Said {
        message: format!(
            "hylint.toml sets the {} for `{host}`, but the export says that the {} {are} active",
            said.told(),
            printed.told(),
        ),
        label: "active when exported".into(),
        help: format!(
            "set `profile = {value}` for the host in hylint.toml, or correct the network profile of the host and export again"
        ),
        cause: Cause::of(&["contradicted", &said.told(), &printed.told()]).told(
            Counted::Hosts,
            format!(
                "hosts have the {} in hylint.toml, but their exports say that the {} {are} active",
                said.told(),
                printed.told()
            ),
        ),
    }
}

/// The site file names another profile than that of the network on the host's own interface.
pub(super) fn other_network(host: &str, said: Profiles, active: Profiles, interface: &str) -> Said {
    let value = active.name().unwrap_or_default();
    let (said, active) = (said.told(), active.told());
    Said {
        message: format!(
            "hylint.toml sets the {said} for `{host}`, but its interface \"{interface}\" has the {active}"
        ),
        label: "the network of its address".into(),
        help: format!(
            "set `profile = \"{value}\"` for the host in hylint.toml, or correct the network profile of the host and export again"
        ),
        cause: Cause::of(&["contradicted", &said, &active, "interface"]).told(
            Counted::Hosts,
            format!(
                "hosts have the {said} in hylint.toml, but the interfaces of their addresses have the {active}"
            ),
        ),
    }
}

/// What stands at the front of a via sends its packets to what hylint.toml does not have behind it.
pub(super) fn stray(host: &str, via: &str, onward: &Onward, behind: &AddrSet) -> Said {
    let none = AddrSet::empty();
    let to = |a: &AddrSet| describe::addresses(a, &none, NAMED);
    let (dst, ports) = (to(&onward.dst), describe::ports(&onward.dport));
    let what = match onward.dst.is_subset(behind) {
        true => format!("port {ports} of {dst}, which is not its port in hylint.toml"),
        false => format!("{dst} port {ports}, which is not behind it in hylint.toml"),
    };
    Said {
        message: format!("`{host}` forwards packets for {via} to {what}"),
        label: "translates them here".into(),
        help: format!(
            "correct `hosts` or `ports` of the [[via]] in hylint.toml (there {} is behind it), or the translation",
            to(behind)
        ),
        cause: Cause::of(&["stray", via, host]),
    }
}

/// What stands before the hosts of a via gives its packets another source than hylint.toml says.
pub(super) fn other_source(host: &str, via: &str, new: Option<&Nat>, sources: &AddrSet) -> Said {
    let none = AddrSet::empty();
    let text = |a: &AddrSet| describe::addresses(a, &none, NAMED);
    let to = match new.map(|n| n.addrs.as_ref().map(text)) {
        None => String::new(),
        Some(None) => "its own address".to_owned(),
        Some(Some(addrs)) => addrs,
    };
    let what = match new {
        None => format!("keeps the source of packets through {via}"),
        Some(_) => format!("translates the source of packets through {via} to {to}"),
    };
    let said = match sources.is_empty() {
        true => "the [[via]] in hylint.toml has no `sources`".to_owned(),
        false => format!("its hosts see {} in hylint.toml", text(sources)),
    };
    let mend = match new {
        None => format!("translate the source to {} as well", text(sources)),
        Some(_) if sources.is_empty() => "remove the translation".to_owned(),
        Some(_) => format!("translate the source to {}", text(sources)),
    };
    Said {
        message: format!("`{host}` {what}, but {said}"),
        label: match new {
            None => "sends them on here".into(),
            Some(_) => "translates their source here".into(),
        },
        help: format!("correct `sources` of the [[via]] in hylint.toml, or {mend}"),
        cause: Cause::of(&["source", via, host]),
    }
}

/// The site file resolves a keyword to other addresses than the host's own interfaces show.
pub(super) fn other_keyword(host: &str, key: &str, said: &str, shown: &str) -> Said {
    Said {
        message: format!(
            "hylint.toml resolves `{key}` to {said} for `{host}`, but its interfaces show {shown}"
        ),
        label: "shows other addresses".into(),
        help: format!("remove `\"{key}\"` under [resolve] in hylint.toml, or correct it"),
        cause: Cause::of(&["contradicted", key]).told(
            Counted::Hosts,
            format!("hosts show other addresses than hylint.toml resolves `{key}` to"),
        ),
    }
}

/// Required flows that pass in the assumed profile and not in others.
pub(super) fn assumed_profile(
    host: &str,
    rows: &[String],
    assumed: Profiles,
    not: Profiles,
) -> Said {
    let n = rows.len();
    let s = if n == 1 { "" } else { "s" };
    let only = format!(
        "only in the {}, which is assumed, not in the {}",
        assumed.told(),
        not.told()
    );
    Said {
        message: format!(
            "`{host}` allows {} (row{s} {}) {only}",
            count(n, "required flow"),
            list(rows)
        ),
        label: "allows one of them".into(),
        help: "set `profile` of the host in hylint.toml, or put the output of `Get-NetConnectionProfile` or `netsh advfirewall monitor show currentprofile` beside the rules".into(),
        cause: Cause::of(&["assumed", &assumed.told(), &not.told()])
            .told(Counted::Hosts, format!("hosts allow required flows {only}")),
    }
}

/// A required flow that is allowed and that nothing answers.
pub(super) struct Unanswered<'u> {
    pub(super) host: &'u str,
    /// `TCP 1433`.
    pub(super) service: &'u str,
    /// The role that it is from.
    pub(super) from: &'u str,
    /// Addresses at which its ports are listened on, where peers do not reach them.
    pub(super) elsewhere: &'u [String],
    /// An address at which they would be reached.
    pub(super) wanted: Option<&'u str>,
}

/// Label at the line of a listing that shows a socket at another address.
pub(super) const OTHER_SOCKET: &str = "listens here only";
/// Label at a listing of sockets.
pub(super) const SOCKETS: &str = "everything that listens";

/// Nothing listens on the ports of a flow that a host allows.
pub(super) fn no_listener(u: &Unanswered<'_>) -> Said {
    let Unanswered {
        host,
        service,
        from,
        ..
    } = u;
    let (what, help) = match u.elsewhere {
        [] => (
            "nothing listens on it".to_owned(),
            "start the service, or list what listens again if it was not running".to_owned(),
        ),
        all => {
            let at = u
                .wanted
                .map_or_else(String::new, |a| format!(" on {a}, or"));
            (
                format!("it listens on {} only", some(all, NAMED)),
                format!("let the service listen{at} on every address, and list what listens again"),
            )
        }
    };
    Said {
        message: format!("`{host}` allows inbound {service} from `{from}`, but {what}"),
        label: "allows what nothing answers".to_owned(),
        help,
        cause: Cause::of(&["unheard", service]).told(
            Counted::Hosts,
            format!("hosts allow inbound {service}, but nothing listens on it"),
        ),
    }
}

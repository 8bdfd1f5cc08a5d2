//! What a command of PowerShell asks for: which store, and which of its rules.

use hylint_model::Span;
use hylint_space::proto;

/// A policy store, as `-PolicyStore` names it (Microsoft Learn, "Get-NetFirewallRule").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Store {
    /// What is in force: every store together.
    Active,
    /// The rules of the host itself. It is what the cmdlets show if none is named.
    Persistent,
    /// Every Group Policy that applies.
    Resultant,
    /// One Group Policy.
    Policy,
    /// Restrictions of services, and the rules that Windows ships with: they are no rules of the host.
    Apart,
}

impl Store {
    /// The store that a name stands for.
    pub(super) fn named(name: &str) -> Self {
        let name = name.trim_matches(['"', '\'']).to_ascii_lowercase();
        match name.as_str() {
            "activestore" => Self::Active,
            "persistentstore" => Self::Persistent,
            "rsop" => Self::Resultant,
            "staticservicestore" | "configurableservicestore" | "systemdefaults" => Self::Apart,
            _ => Self::Policy,
        }
    }
}

/// What a command prints of the firewall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Prints {
    Rules,
    Filters,
    Profiles,
    /// Something else, or nothing of the firewall.
    Other,
}

/// A command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    pub(super) prints: Prints,
    pub(super) store: Option<Store>,
    /// It prints some of the rules, by name or by what they do.
    pub(super) some: bool,
    /// It prints the rules of one direction alone: true is inbound.
    pub(super) inbound: Option<bool>,
    /// The rule that it names, by its id or its display name.
    pub(super) rule: Option<String>,
    /// The protocol of the sockets that it prints.
    pub(super) protocol: Option<u8>,
    pub(super) span: Span,
}

/// Parameters that pick rules by what they say.
const PICKS: &[&str] = &[
    "-name",
    "-displayname",
    "-description",
    "-displaygroup",
    "-group",
    "-action",
    "-edgetraversalpolicy",
    "-loosesourcemapping",
    "-localonlymapping",
    "-owner",
    "-primarystatus",
    "-status",
    "-policystoresource",
    "-policystoresourcetype",
    "-associatednetfirewallprofile",
    "-protocol",
    "-program",
    "-service",
    "-package",
    "-localport",
    "-localaddress",
    "-owningprocess",
    "-interfacealias",
    "-interfaceindex",
    "-addressfamily",
    "-networkcategory",
    "-ipv4connectivity",
    "-ipv6connectivity",
];

impl Asked {
    /// Reads a command; `None` if it calls none of the cmdlets.
    pub(super) fn parse(command: &str, span: Span) -> Option<Self> {
        let outer = outside_of_blocks(command);
        // `-Name:x` is `-Name x`.
        let words: Vec<&str> = words(&outer).into_iter().flat_map(parted).collect();
        let lower: Vec<String> = words.iter().map(|w| w.to_lowercase()).collect();
        let has = |wanted: &str| lower.iter().any(|w| w == wanted);
        let filter = |w: &String| w.starts_with("get-netfirewall") && w.ends_with("filter");
        let rules = has("get-netfirewallrule") || has("show-netfirewallrule");
        let made =
            has("new-netfirewallrule") || has("set-netfirewallrule") || has("copy-netfirewallrule");
        let last = lower.iter().rev().find(|w| w.contains("-net"));
        let prints = match last {
            Some(w) if filter(w) => Prints::Filters,
            Some(w) if w.starts_with("get-netfirewallprofile") => Prints::Profiles,
            _ if rules || made => Prints::Rules,
            Some(_) => Prints::Other,
            None => return None,
        };
        let value = |wanted: &str| {
            let at = lower.iter().position(|w| w == wanted)?;
            words
                .get(at + 1)
                .map(|w| w.trim_matches(['"', '\'', ',']).to_owned())
        };
        let inbound = value("-direction").and_then(|v| match v.to_lowercase().as_str() {
            "inbound" | "in" | "1" => Some(true),
            "outbound" | "out" | "2" => Some(false),
            _ => None,
        });
        let piped = has("where-object")
            || has("where")
            || has("?")
            || has("select-string")
            || has("findstr");
        let first = has("-first") || has("-last") || has("-skip");
        let segments = segments(&outer);
        let first = first || segments.iter().any(|s| takes_some(s) || names_some(s));
        let of_profile = rules && has("get-netfirewallprofile");
        let of_filter = rules && prints == Prints::Rules && lower.iter().any(filter);
        // `(Get-NetFirewallRule)[0..3]`, `% { if (…) { $_ } }`.
        let dense: String = command.split_whitespace().collect();
        let passes = dense.contains("{$_}") && dense.to_lowercase().contains("if(");
        let chosen = passes || dense.contains(")[");
        let some = made
            || chosen
            || piped
            || first
            || of_profile
            || of_filter
            || lower.iter().any(|w| PICKS.contains(&w.as_str()));
        let rule = value("-name").or_else(|| value("-displayname"));
        Some(Self {
            prints,
            store: value("-policystore").map(|v| Store::named(&v)),
            some,
            inbound,
            rule: rule.filter(|name| !name.contains(['*', '?', ','])),
            protocol: match last.map(String::as_str) {
                Some("get-nettcpconnection") => Some(proto::TCP),
                Some("get-netudpendpoint") => Some(proto::UDP),
                _ => None,
            },
            span,
        })
    }
}

/// A parameter and its value, if they are one word.
fn parted(word: &str) -> impl Iterator<Item = &str> {
    let pair = word.strip_prefix('-').and_then(|_| word.split_once(':'));
    let (name, value) = pair.filter(|(n, _)| n.len() > 1).unwrap_or((word, ""));
    std::iter::once(name).chain(Some(value).filter(|v| !v.is_empty()))
}

/// The parts of a command between pipes and brackets, each with its words.
fn segments(command: &str) -> Vec<Vec<String>> {
    let mut quote = None;
    let ends = |c: char| {
        match quote {
            Some(q) if q == c => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        quote.is_none() && matches!(c, '|' | ';' | '(' | ')' | '{' | '}')
    };
    let parts = command.split(ends);
    parts
        .map(|part| {
            words(part)
                .into_iter()
                .flat_map(parted)
                .map(str::to_lowercase)
                .collect()
        })
        .collect()
}

/// Whether a segment passes on some of the objects: `Select-Object -First 5`, whose parameters may be shortened.
fn takes_some(segment: &[String]) -> bool {
    let is = segment
        .first()
        .is_some_and(|w| w == "select" || w == "select-object");
    let picks = [
        "-first",
        "-last",
        "-skip",
        "-skiplast",
        "-skipindex",
        "-index",
    ];
    let short = |w: &String| w.len() > 1 && picks.iter().any(|p| p.starts_with(w.as_str()));
    is && segment.iter().any(short)
}

/// Whether a segment gets rules by a name that stands alone, or by a parameter that is shortened.
fn names_some(segment: &[String]) -> bool {
    const OTHERS: [&str; 3] = ["-policystore", "-all", "-direction"];
    let cmdlet = |w: &String| w == "get-netfirewallrule" || w == "show-netfirewallrule";
    let Some(at) = segment.iter().position(cmdlet) else {
        return false;
    };
    let given = segment.get(at + 1..).unwrap_or_default();
    let name = given.first().map(|w| w.trim_matches(['"', '\'']));
    let alone = name.is_some_and(|w| {
        w.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '{' | '$' | '*' | '?' | '@'))
            && w != "*"
            && !w.starts_with("2>")
    });
    let short = |w: &String| {
        let is = w.len() > 1 && PICKS.iter().any(|p| p.starts_with(w.as_str()));
        is && w.starts_with('-') && !OTHERS.contains(&w.as_str())
    };
    alone || given.iter().any(short)
}

/// A command without its script blocks, in which calculated columns ask for filters: what it prints are rules all the same.
/// Names in quotes may have braces.
fn outside_of_blocks(command: &str) -> String {
    // What another host runs is the command.
    let mut start = command.split_whitespace().map(str::to_ascii_lowercase);
    if start.any(|w| w == "invoke-command" || w == "icm")
        && let Some((_, inner)) = command.split_once('{')
        && let Some((inner, behind)) = inner.rsplit_once('}')
    {
        return format!(
            "{} | {}",
            outside_of_blocks(inner),
            outside_of_blocks(behind)
        );
    }
    let mut depth = 0_usize;
    let mut quote = None;
    let kept = command.chars().filter(|c| {
        match (quote, c) {
            (Some(q), c) if q == *c => quote = None,
            (None, '"' | '\'') => quote = Some(*c),
            (None, '{') => depth += 1,
            (None, '}') => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0
    });
    kept.collect()
}

/// The words of a command: quoted texts are one each, pipes and brackets part words.
fn words(command: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = command;
    while let Some(at) = rest.find(|c: char| !is_between(c)) {
        rest = rest.get(at..).unwrap_or("");
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let end = match quote {
            Some(q) => rest
                .get(1..)
                .and_then(|r| r.find(q))
                .map_or(rest.len(), |n| n + 2),
            None => rest.find(is_between).unwrap_or(rest.len()),
        };
        let (word, more) = rest.split_at_checked(end).unwrap_or((rest, ""));
        out.push(word);
        rest = more;
    }
    out
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, '|' | '(' | ')' | '`' | ';')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(command: &str) -> Asked {
        Asked::parse(command, Span::default()).unwrap()
    }

    // Fails if a capture of some rules passes for one of all, or if what is in force is not known as such.
    #[test]
    fn commands_tell_which_rules_they_print() {
        let all = asked("Get-NetFirewallRule -PolicyStore ActiveStore | more");
        assert_eq!((all.store, all.some), (Some(Store::Active), false));
        assert!(!asked("Get-NetFirewallRule -Enabled True | ConvertTo-Json").some);
        for whole in [
            "Get-NetFirewallRule | fl *",
            "Get-NetFirewallRule * | fl -Property *",
            "Get-NetFirewallRule > C:\\x.txt",
            "Get-NetFirewallRule -PolicyStore:ActiveStore -All | ConvertTo-Json -d 5",
            "$r = (Get-NetFirewallRule).DisplayName; dir",
            "Invoke-Command -ComputerName X {Get-NetFirewallRule} | fl *",
        ] {
            let asked = asked(whole);
            assert_eq!(
                (asked.prints, asked.some),
                (Prints::Rules, false),
                "{whole}"
            );
        }
        let joined = "Get-NetFirewallRule | ft Name, @{n='Port';e={($_ | Get-NetFirewallPortFilter).LocalPort}}";
        assert_eq!(
            (asked(joined).prints, asked(joined).some),
            (Prints::Rules, false)
        );
        assert_eq!(
            asked("Get-NetFirewallRule -Direction Inbound").inbound,
            Some(true)
        );
        let policy = asked(r#"Get-NetFirewallRule -PolicyStore "corp.example\Servers Base""#);
        assert_eq!(policy.store, Some(Store::Policy));
        for some in [
            "(Get-NetFirewallRule)[0..3] | fl *",
            "Get-NetFirewallRule | % { if ($_.Action -eq 'Allow') { $_ } } | fl *",
            "Get-NetFirewallRule -DisplayName 'HyWorks*'",
            "Get-NetFirewallRule | Where-Object {$_.DisplayName -like 'x'}",
            "Get-NetFirewallProfile -Name Public | Get-NetFirewallRule",
            "Get-NetFirewallPortFilter | ? LocalPort -eq 3389 | Get-NetFirewallRule",
            "New-NetFirewallRule -DisplayName x -Direction Inbound",
            "Get-NetFirewallRule | select -First 5",
            "Get-NetFirewallRule | Select -Fir 4",
            "Get-NetFirewallRule HW* | fl *",
            "Get-NetFirewallRule -Action:Allow",
            "Get-NetFirewallRule -DisplayName:HW*",
            "Get-NetFirewallRule -Act Allow",
            "Get-NetFirewallRule -DisplayG HyWorks | fl *",
            "Invoke-Command -ComputerName X {Get-NetFirewallRule -Action Allow} | fl *",
        ] {
            let asked = asked(some);
            assert_eq!((asked.prints, asked.some), (Prints::Rules, true), "{some}");
        }
        let filters = asked("Get-NetFirewallRule -Name \"{A B}\" | Get-NetFirewallPortFilter");
        assert_eq!(filters.prints, Prints::Filters);
        assert_eq!(filters.rule.as_deref(), Some("{A B}"));
        assert_eq!(asked("Get-NetFirewallProfile").prints, Prints::Profiles);
        assert!(Asked::parse("dir", Span::default()).is_none());
    }
}

//! What a prompt between captures tells.

use super::lines::Line;
use crate::windows::stated::Direction;
use hylint_model::Span;

/// What the prompt's command says of the text after it.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Command {
    pub(super) span: Span,
    /// `show currentprofile`.
    pub(super) current: bool,
    /// It shows rules of the firewall.
    pub(super) rules: bool,
    /// It shows what is in effect, whatever store it comes from (`netsh advfirewall monitor show firewall`).
    pub(super) effective: bool,
    /// It shows rules of another kind: connection security, main mode.
    pub(super) other_rules: bool,
    /// `dir=in` or `dir=out`.
    pub(super) only: Option<Direction>,
    /// It shows some of the rules: those of a name, a profile or a kind, or the lines that a filter lets through.
    pub(super) some: bool,
    /// It says something else of the machine's network.
    pub(super) foreign: bool,
    /// It prints blocks of its own that tell of Group Policy: `gpresult`, `reg query`, PowerShell objects.
    pub(super) policy: bool,
}

/// Programs behind a `|` that let only some lines through.
const FILTERS: [&str; 7] = [
    "findstr",
    "find",
    "select-string",
    "sls",
    "grep",
    "where-object",
    "select-object",
];

/// Commands that tell of Group Policy.
const POLICY: [&str; 7] = [
    "gpresult",
    "reg",
    "get-item",
    "get-itemproperty",
    "get-childitem",
    "get-netfirewallrule",
    "get-netfirewallprofile",
];

/// Commands that say nothing of a network.
const PLAIN: [&str; 14] = [
    "chcp",
    "cls",
    "cd",
    "echo",
    "exit",
    "hostname",
    "whoami",
    "ver",
    "date",
    "time",
    "dir",
    "type",
    "get-date",
    "systeminfo",
];

/// Commands whose output tells of the host beside the firewall, and is read as such.
const LISTINGS: [&str; 4] = ["ipconfig", "route", "netstat", "tasklist"];

impl Command {
    /// Reads the command after a prompt.
    pub(super) fn parse(line: &Line<'_>) -> Self {
        let command = line.text.to_ascii_lowercase();
        let words = words(&command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let word = |w: &str| words.contains(&w);
        let only = match (word("dir=in"), word("dir=out")) {
            (true, false) => Some(Direction::In),
            (false, true) => Some(Direction::Out),
            _ => None,
        };
        let shows = word("rule") && word("show");
        let other_rules = shows && (word("consec") || word("mainmode"));
        let rules = shows && !other_rules;
        let typed = command.rsplit_once('>').map_or("", |(_, t)| t);
        let typed = if command.starts_with("netsh") {
            &command
        } else {
            typed
        };
        let first = typed.split_whitespace().next().unwrap_or_default();
        let foreign = !first.is_empty()
            && !PLAIN.contains(&first)
            && !LISTINGS.contains(&first.trim_end_matches(".exe"))
            && !command.contains("advfirewall")
            && !word("show");
        let other_context = word("portproxy") || word("interface") || word("winhttp");
        Self {
            span: line.span(),
            current: word("currentprofile"),
            rules,
            effective: rules && word("monitor"),
            other_rules,
            only: only.filter(|_| rules),
            some: rules && (!shows_all(&words) || is_filtered(&words)),
            foreign: foreign || other_context,
            policy: POLICY.contains(&first.trim_end_matches(".exe"))
                && !command.contains("advfirewall"),
        }
    }

    /// Whether it shows every rule of a direction.
    pub(super) fn shows_whole(&self, direction: Direction) -> bool {
        self.rules && !self.some && self.only.is_none_or(|o| o == direction)
    }
}

/// The words of a command; what stands in quotes is one.
fn words(command: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '"' | '\u{201c}' | '\u{201d}' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => all.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    all.push(word);
    all.retain(|w| !w.is_empty());
    all
}

/// `name=all`, or `all` behind `rule`; of every profile and kind.
fn shows_all(words: &[&str]) -> bool {
    let at = words.iter().position(|w| *w == "rule").unwrap_or(0);
    let behind = words.get(at + 1..).unwrap_or_default();
    let name = behind.iter().find_map(|w| w.strip_prefix("name="));
    let all = match name {
        Some(name) => name.trim_matches('\'') == "all",
        None => behind.first().is_none_or(|w| *w == "all"),
    };
    let narrows = |w: &&str| {
        let of = |key: &str| w.strip_prefix(key);
        of("profile=").is_some_and(|p| p != "any")
            || of("type=").is_some_and(|t| t != "static")
            || ["group=", "localport=", "protocol=", "program=", "service="]
                .iter()
                .any(|k| w.starts_with(k))
    };
    all && !behind.iter().any(narrows)
}

fn is_filtered(words: &[&str]) -> bool {
    let mut pipes = words.iter().enumerate().filter(|(_, w)| w.starts_with('|'));
    pipes.any(|(at, pipe)| {
        let glued = pipe.trim_start_matches('|');
        let program = if glued.is_empty() {
            words.get(at + 1).copied().unwrap_or_default()
        } else {
            glued
        };
        FILTERS.contains(&program.trim_end_matches(".exe"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Command {
        Command::parse(&Line {
            start: 0,
            text,
            indent: 0,
        })
    }

    #[test]
    fn a_command_tells_whether_it_shows_every_rule_of_a_direction() {
        use Direction::{In, Out};
        for (text, inbound, outbound) in [
            (
                "netsh advfirewall firewall show rule name=all verbose",
                true,
                true,
            ),
            (
                r#"C:\>netsh advfirewall firewall show rule name="all""#,
                true,
                true,
            ),
            (
                r"PS C:\> netsh advfirewall firewall show rule all | Out-File a.txt",
                true,
                true,
            ),
            (
                r"C:\>netsh advfirewall firewall show rule name=all dir=in",
                true,
                false,
            ),
            (
                r"C:\>netsh advfirewall firewall show rule name=all dir=out > o.txt",
                false,
                true,
            ),
            (
                r"C:\>netsh advfirewall firewall show rule name=all profile=domain",
                false,
                false,
            ),
            (
                r"C:\>netsh advfirewall firewall show rule name=all profile=any",
                true,
                true,
            ),
            (
                r#"C:\>netsh advfirewall firewall show rule name="all mail""#,
                false,
                false,
            ),
            (
                r"C:\>netsh advfirewall firewall show rule name=RDP",
                false,
                false,
            ),
            (
                r"C:\>netsh advfirewall firewall show rule name=all | findstr Rule",
                false,
                false,
            ),
            (
                r#"C:\>netsh advfirewall firewall show rule name=all |find "x""#,
                false,
                false,
            ),
            (
                r"C:\>netsh advfirewall consec show rule name=all",
                false,
                false,
            ),
            (r"C:\>netsh advfirewall show allprofiles", false, false),
        ] {
            let c = command(text);
            let got = (c.shows_whole(In), c.shows_whole(Out));
            assert_eq!(got, (inbound, outbound), "{text}");
        }
    }

    #[test]
    fn what_is_no_command_of_the_firewall_is_told() {
        assert!(command(r"C:\>netsh interface portproxy show all").foreign);
        assert!(command(r"PS C:\> Get-NetIPAddress").foreign);
        assert!(!command(r"C:\>netsh advfirewall show allprofiles").foreign);
        assert!(!command(r"C:\>chcp 65001").foreign);
        assert!(!command(r"C:\Windows\system32>").foreign);
    }
}

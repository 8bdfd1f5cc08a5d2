//! Captured terminal sessions: prompts, the commands behind them, and what says that lines were left out.

/// What a line of a session shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Prompt<'a> {
    /// The host that the prompt names.
    pub(crate) host: Option<&'a str>,
    /// What stands behind it, perhaps nothing.
    pub(crate) command: &'a str,
}

/// The longest prompt that is taken for one, in bytes.
const LONGEST: usize = 80;

/// The prompt that a line begins with: `root@fw:~#`, `[root@fw ~]$`, `(venv) user@fw:~$`, `fw:~ #`, `bash-5.1#`, `/ #`, `#`.
/// A prompt that is `#` or `$` alone is one before a word only, as a heading of a comment looks alike.
pub(crate) fn prompt(line: &str) -> Option<Prompt<'_>> {
    let line = line.trim();
    let line = match line.strip_prefix('(') {
        Some(rest) if rest.contains('@') => rest.split_once(") ")?.1,
        _ => line,
    };
    let at = line.find(['#', '$', '%', '>'])?;
    let (head, rest) = line.split_at(at);
    let command = rest.get(1..)?;
    if head.len() > LONGEST || head.contains(['"', '\'', '`', ',', ';', '=', '*']) {
        return None;
    }
    if !(command.is_empty() || command.starts_with(' ')) {
        return None;
    }
    let words: Vec<&str> = head.split_ascii_whitespace().collect();
    let user = words.first().is_some_and(|w| {
        let (user, host) = w
            .trim_start_matches('[')
            .split_once('@')
            .unwrap_or(("", ""));
        !user.is_empty() && host.starts_with(|c: char| c.is_ascii_alphanumeric())
    });
    let is_path = |w: &str| w.ends_with('~') || w.starts_with('/');
    let shell = |w: &str| {
        let version = w
            .split_once('-')
            .filter(|(s, _)| matches!(*s, "bash" | "sh" | "ash"));
        version.is_some_and(|(_, v)| v.starts_with(|c: char| c.is_ascii_digit()))
    };
    let is = match words.as_slice() {
        [] => command
            .trim_start()
            .starts_with(|c: char| c.is_ascii_alphabetic()),
        [one] => user || is_path(one) || shell(one),
        [_, _] => user,
        _ => false,
    };
    // `10.0.0.1:~` is hardly the name of a machine.
    let digit = head.starts_with(|c: char| c.is_ascii_digit());
    (is && !digit).then(|| Prompt {
        host: user.then(|| host(head)).flatten(),
        command: command.trim(),
    })
}

/// The host in `user@host:~`, `[user@host ~]`.
fn host(head: &str) -> Option<&str> {
    let (_, rest) = head.split_once('@')?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
    rest.get(..end).filter(|h| !h.is_empty())
}

/// Whether a line is a prompt, with or without a command, or the end of a session.
pub(crate) fn ends_output(line: &str) -> bool {
    let line = line.trim();
    // `#` and `>` before a word may as well be of a comment or a quotation.
    let bare = line.starts_with(['#', '>']);
    prompt(line).is_some() && !bare
        || matches!(line, "exit" | "logout")
        || line.starts_with("Connection to ") && line.trim_end_matches('.').ends_with(" closed")
}

/// The command of a line: behind a prompt, behind the `+` of a shell that traces, or the line itself.
pub(crate) fn command(line: &str) -> &str {
    let line = line.trim();
    match (prompt(line), line.strip_prefix("+ ")) {
        (Some(p), _) => p.command,
        (None, Some(traced)) => traced,
        (None, None) => line,
    }
}

/// Programs that run another command as somebody else.
const AS: [&str; 4] = ["sudo", "doas", "env", "+"];

/// Whether a command line changes rules or sets of iptables or nftables.
pub(crate) fn changes_rules(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let mut program = words.next().unwrap_or("");
    while AS.contains(&program) {
        program = words.next().unwrap_or("");
    }
    let name = program.rsplit('/').next().unwrap_or("");
    let command = |w: &str| {
        let long = [
            "--append",
            "--insert",
            "--delete",
            "--replace",
            "--policy",
            "--flush",
        ];
        let short = ["-A", "-I", "-D", "-R", "-P", "-F", "-X", "-N", "-E"];
        short.contains(&w) || long.contains(&w)
    };
    match name {
        "iptables" | "ip6tables" | "iptables-nft" | "ip6tables-nft" | "iptables-legacy"
        | "ip6tables-legacy" => words.any(command),
        "nft" => words.any(|w| matches!(w, "add" | "insert" | "delete" | "flush" | "replace")),
        _ => false,
    }
}

/// Words of a line that says that lines were left out.
const LEFT_OUT: [&str; 13] = [
    "snip",
    "snipped",
    "snippet",
    "omitted",
    "truncated",
    "trimmed",
    "redacted",
    "removed",
    "elided",
    "skipped",
    "cut",
    "more",
    "abridged",
];

/// Words beside those.
const BESIDE: [&str; 15] = [
    "output", "lines", "line", "rules", "rule", "rows", "entries", "other", "rest", "for",
    "brevity", "the", "of", "here", "and",
];

/// Whether a line says that others were left out at its place: `...`, `[snip]`, `<output omitted>`, `-- More --`.
pub(crate) fn leaves_out(line: &str) -> bool {
    let line = line.trim();
    if line.is_empty() || line.len() > LONGEST {
        return false;
    }
    let dots = line.contains(['…', '⋮']) || line.matches('.').count() > 1;
    let mark = |c: char| !c.is_alphanumeric();
    let marked = line.starts_with(mark) || line.ends_with(mark);
    let mut words = line.split(mark).filter(|w| !w.is_empty()).peekable();
    if words.peek().is_none() {
        let dot = |c: char| {
            matches!(
                c,
                '.' | '…' | '⋮' | ' ' | '[' | ']' | '(' | ')' | '<' | '>' | '#'
            )
        };
        return dots && line.chars().all(dot);
    }
    let mut said = false;
    let all = words.all(|w| {
        let w = w.to_lowercase();
        said |= LEFT_OUT.contains(&w.as_str());
        LEFT_OUT.contains(&w.as_str())
            || BESIDE.contains(&w.as_str())
            || w.bytes().all(|b| b.is_ascii_digit())
    });
    all && said && marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_told_from_rules_and_text() {
        for (line, host, command) in [
            ("root@fw:~# iptables -L", Some("fw"), "iptables -L"),
            ("[root@fw.example ~]$ exit", Some("fw.example"), "exit"),
            ("(venv) user@fw-1:/etc$", Some("fw-1"), ""),
            ("bash-5.1# date", None, "date"),
            ("fw:~ # ls", None, "ls"),
            ("/ # ls", None, "ls"),
            ("$ ipset list", None, "ipset list"),
        ] {
            assert_eq!(prompt(line), Some(Prompt { host, command }), "{line}");
        }
        for line in [
            "",
            "#",
            "Chain INPUT (policy DROP)",
            "ACCEPT tcp -- anywhere anywhere /* ops@example.com # 4711 */",
            "level 4 prefix \"[fw]# \"",
            "10.20.1.11",
            "10.0.0.1:~# ls",
            "limit: avg 5/min burst 5 # x",
        ] {
            assert_eq!(prompt(line), None, "{line}");
        }
    }

    #[test]
    fn lines_that_are_left_out_are_told_from_others() {
        for line in [
            "...",
            "…",
            "[...]",
            "(...)",
            ". . .",
            "[snip]",
            "<output omitted>",
            "-- snip --",
            "--More--",
            "-- More --(42%)",
            "<... 20 lines omitted ...>",
            "# ...",
            "[truncated]",
        ] {
            assert!(leaves_out(line), "{line}");
        }
        for line in [
            "",
            "exit",
            "-----",
            "=====",
            "[web]",
            "more",
            "10.0.0.1",
            "rules",
            "# ----",
            "removed rules",
        ] {
            assert!(!leaves_out(line), "{line}");
        }
    }
}

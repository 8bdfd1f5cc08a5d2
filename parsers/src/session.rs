//! Sections of a captured session that are of another place than its host: a network namespace, a container, another machine.

use crate::terminal;
use hylint_model::Span;

/// What one command printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Section<'a> {
    /// The line of the command.
    pub(crate) command: Span,
    /// What follows it, up to the next command.
    pub(crate) body: Span,
    /// It ran in another network namespace or container.
    pub(crate) inside: bool,
    /// The host that it ran on, as the prompt or the command names it.
    pub(crate) host: Option<&'a str>,
    /// The command names that host, not the prompt.
    pub(crate) asked: bool,
}

/// Programs that run a command in another network namespace or container, by the first word of what they are told.
const INTO: [(&str, &[&str]); 14] = [
    ("ip", &["netns"]),
    ("docker", &["exec", "run", "compose", "container"]),
    ("podman", &["exec", "run", "container"]),
    ("nerdctl", &["exec", "run"]),
    ("crictl", &["exec"]),
    ("kubectl", &["exec", "-n", "--namespace"]),
    ("oc", &["exec", "rsh"]),
    ("lxc", &["exec"]),
    ("incus", &["exec"]),
    ("pct", &["exec"]),
    ("lxc-attach", &[]),
    ("nsenter", &[]),
    ("machinectl", &["shell"]),
    ("systemd-nspawn", &[]),
];

const SHELLS: [&str; 7] = ["bash", "sh", "zsh", "ash", "dash", "fish", "ksh"];

/// Programs that print rules or what settles them.
const PRINTS: [&str; 18] = [
    "iptables",
    "ip6tables",
    "iptables-save",
    "ip6tables-save",
    "iptables-nft",
    "iptables-legacy",
    "iptables-nft-save",
    "iptables-legacy-save",
    "nft",
    "firewall-cmd",
    "ipset",
    "ip",
    "ss",
    "netstat",
    "ifconfig",
    "route",
    "tasklist",
    "ipconfig",
];

/// What a command line says of the place at which it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Ran<'a> {
    inside: bool,
    host: Option<&'a str>,
    /// It opens a shell there.
    enters: bool,
    /// It prints rules, addresses, routes or sockets.
    prints: bool,
}

/// The program that a word calls.
fn program(word: &str) -> &str {
    let word = word.trim_matches(['\'', '"', '{', '(', ';']);
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

fn prints(word: &str) -> bool {
    PRINTS.contains(&program(word))
}

fn ran(command: &str) -> Ran<'_> {
    let is_setting = |w: &str| {
        let name = w.split_once('=').map_or("", |(n, _)| n);
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    };
    let mut words: Vec<&str> = command.split_ascii_whitespace().collect();
    let lead = words
        .iter()
        .take_while(|w| ["sudo", "doas", "env", "+"].contains(w) || is_setting(w));
    words.drain(..lead.count());
    let Some((first, rest)) = words.split_first() else {
        return Ran::default();
    };
    let (name, begin) = (program(first).to_ascii_lowercase(), rest.first().copied());
    let shell = |words: &[&str]| words.iter().any(|w| SHELLS.contains(&program(w)));
    let into = INTO
        .iter()
        .any(|(p, b)| *p == name && (b.is_empty() || begin.is_some_and(|w| b.contains(&w))));
    if into {
        let shows = rest.iter().skip(1).any(|w| prints(w));
        return Ran {
            inside: true,
            enters: !shows && shell(rest),
            prints: shows,
            ..Ran::default()
        };
    }
    let behind = |keys: &[&str]| {
        let at = rest
            .iter()
            .position(|w| keys.contains(&w.to_ascii_lowercase().as_str()))?;
        rest.get(at + 1).copied()
    };
    let host = match name.as_str() {
        "ssh" => ssh(rest),
        "psexec" | "psexec64" => rest.iter().find_map(|w| w.strip_prefix("\\\\")),
        "invoke-command" | "icm" => behind(&["-computername", "-cn", "-hostname"])
            .or_else(|| begin.filter(|w| !w.starts_with(['-', '{']))),
        "winrs" => rest
            .iter()
            .find_map(|w| w.strip_prefix("-r:").or_else(|| w.strip_prefix("/r:"))),
        "netsh" => behind(&["-r"]),
        "tasklist" => behind(&["/s"]),
        n if n.starts_with("get-net") => behind(&["-cimsession"]),
        _ => None,
    };
    let host = host.map(|h| h.trim_matches(['"', '\'', ',', '{']));
    let host = host.filter(|h| !h.is_empty() && !h.starts_with('$') && *h != "localhost");
    Ran {
        host,
        prints: prints(first) || host.is_some() && words.iter().skip(1).any(|w| prints(w)),
        ..Ran::default()
    }
}

/// The machine that `ssh` goes to.
fn ssh<'a>(words: &[&'a str]) -> Option<&'a str> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            // These have a value.
            Some(o) if o.len() == 1 && "bcDEeFIiJLlmOopQRSWw".contains(o) => {
                words.next();
            }
            Some(_) => {}
            None => return word.rsplit('@').next(),
        }
    }
    None
}

/// A prompt of Windows, and the machine that a remote one names.
fn windows(line: &str) -> Option<(Option<&str>, &str)> {
    let (host, rest) = match line.strip_prefix('[').and_then(|l| l.split_once("]: PS ")) {
        Some((host, rest)) => (Some(host), rest),
        None => (None, line.strip_prefix("PS ").unwrap_or(line)),
    };
    let drive = rest.get(1..3) == Some(":\\");
    let (_, command) = rest.split_once('>')?;
    drive.then(|| (host, command.trim()))
}

/// The host of a prompt, and the command behind it, if a line is one.
fn line(text: &str) -> Option<(Option<&str>, &str)> {
    if let Some(found) = windows(text) {
        return Some(found);
    }
    if let Some(prompt) = terminal::prompt(text) {
        let bare = text.starts_with(['#', '$', '%', '>']);
        let first = prompt.command.split_ascii_whitespace().next().unwrap_or("");
        let known = || prints(first) || ran(prompt.command) != Ran::default();
        return (!bare || known()).then_some((prompt.host, prompt.command));
    }
    let traced = text.strip_prefix("+ ").unwrap_or(text);
    let found = ran(traced);
    let other = (found.inside || found.host.is_some()) && found.prints;
    other.then_some((None, traced))
}

/// The sections of a text whose commands print rules, addresses, routes or sockets.
pub(crate) fn sections(text: &str) -> Vec<Section<'_>> {
    let mut out: Vec<Section<'_>> = Vec::new();
    let mut open: Option<Section<'_>> = None;
    let mut entered = false;
    let mut at = 0;
    while at < text.len() {
        let rest = text.as_bytes().get(at..).unwrap_or(&[]);
        let end = memchr::memchr(b'\n', rest).map_or(text.len(), |n| at + n);
        let (start, body) = (at, text.get(at..end).unwrap_or("").trim_end());
        at = end + 1;
        // What is printed is indented, or begins with a dash, a colon or a number.
        if body.starts_with(|c: char| {
            c.is_ascii_digit() || matches!(c, ' ' | '\t' | '-' | ':' | '*' | '{' | '}')
        }) {
            continue;
        }
        let Some((host, command)) = line(body) else {
            continue;
        };
        if let Some(mut section) = open.take() {
            section.body.end = Span::new(start, start).start;
            out.push(section);
        }
        let found = ran(command);
        if entered && matches!(command, "exit" | "logout") {
            entered = false;
            continue;
        }
        entered |= found.enters;
        if found.prints || entered {
            let behind = (end + 1).min(text.len());
            open = Some(Section {
                command: Span::new(start, start + body.len()),
                body: Span::new(behind, text.len()),
                inside: found.inside || entered,
                host: found.host.or(host),
                asked: found.host.is_some(),
            });
        }
    }
    out.extend(open);
    out
}

/// Whether two names are of one host: with or without its domain.
pub(crate) fn same_host(a: &str, b: &str) -> bool {
    let is_address = |n: &str| n.parse::<std::net::IpAddr>().is_ok();
    if is_address(a) || is_address(b) {
        return true;
    }
    let first = |n: &str| n.split('.').next().unwrap_or(n).to_ascii_lowercase();
    first(a) == first(b)
}

/// The text with blanks in place of the lines of some sections.
pub(crate) fn without<'a>(text: &str, sections: impl Iterator<Item = &'a Section<'a>>) -> String {
    let mut out = text.as_bytes().to_vec();
    for section in sections {
        let whole = section.command.to(section.body);
        for byte in out.get_mut(whole.range()).into_iter().flatten() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_tell_where_they_ran() {
        for (command, inside, host, enters) in [
            ("iptables -L -n", false, None, false),
            ("sudo ip netns exec blue iptables -L", true, None, false),
            ("docker exec -it c1 bash", true, None, true),
            ("docker ps", false, None, false),
            (
                "kubectl exec -n web pod -- iptables-save",
                true,
                None,
                false,
            ),
            ("nsenter -t 1 -n iptables -S", true, None, false),
            (
                "ssh -p 22 root@web7 iptables -L",
                false,
                Some("web7"),
                false,
            ),
            ("psexec \\\\web7 netstat -ano", false, Some("web7"), false),
            (
                "Invoke-Command -ComputerName web7 { netstat -ano }",
                false,
                Some("web7"),
                false,
            ),
        ] {
            let found = ran(command);
            assert_eq!(
                (found.inside, found.host, found.enters),
                (inside, host, enters),
                "{command}"
            );
        }
    }

    #[test]
    fn a_shell_in_a_container_lasts_until_it_ends() {
        let text = "root@a:~# iptables -S\n-P INPUT DROP\nroot@a:~# docker exec -it c sh\n/ # iptables -S\n-P INPUT ACCEPT\n/ # exit\nroot@a:~# iptables -S\nx\n";
        let inside: Vec<bool> = sections(text).iter().map(|s| s.inside).collect();
        assert_eq!(inside, [false, true, true, false]);
        let all = sections(text);
        let rest = without(text, all.iter().filter(|s| s.inside));
        assert_eq!(rest.len(), text.len());
        assert!(!rest.contains("ACCEPT") && rest.contains("DROP"), "{rest}");
    }
}

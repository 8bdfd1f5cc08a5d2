//! Command lines between listings, behind a prompt, a mark or nothing: what they ask for tells what a listing leaves out.

use hylint_space::Family;

/// What a command line asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    /// What it lists.
    pub(super) what: What,
    /// The one family that it asks for.
    pub(super) family: Option<Family>,
    /// It asks for a part: one device, a state, a filter behind a pipe.
    pub(super) narrowed: bool,
    /// The routing table that it asks for.
    pub(super) table: Option<Box<str>>,
    /// It asks for TCP.
    pub(super) tcp: bool,
    /// It asks for UDP.
    pub(super) udp: bool,
    /// It asks for sockets that listen.
    pub(super) listening: bool,
    /// It runs in another network namespace or container.
    pub(super) elsewhere: bool,
    /// The host that it runs on, as its prompt or `ssh` names it.
    pub(super) host: Option<Box<str>>,
}

/// What is listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    Addresses,
    Routes,
    Rules,
    Sockets,
    /// Something else.
    Other,
}

impl Asked {
    const fn new(what: What) -> Self {
        Self {
            what,
            family: None,
            narrowed: false,
            table: None,
            tcp: false,
            udp: false,
            listening: false,
            elsewhere: false,
            host: None,
        }
    }
}

/// The command of a line, if it is one.
pub(super) fn command(line: &str) -> Option<Asked> {
    let line = line.trim();
    let undecorated =
        line.trim_start_matches(['#', '$', '%', '>', '+', '=', '-', '*', '[', '~', ' ']);
    let undecorated = undecorated.trim_end_matches(['=', '-', '*', '#', ']', ':', ' ']);
    if let Some(asked) = known(undecorated) {
        return Some(asked);
    }
    let (prompt, shown) = shown(line)?;
    let mut asked = known(shown).unwrap_or_else(|| Asked::new(What::Other));
    asked.host = asked.host.or_else(|| host_of(prompt));
    Some(asked)
}

/// The host in a prompt `user@host:~`, `[user@host ~]` or `(venv) user@host`.
fn host_of(prompt: &str) -> Option<Box<str>> {
    let (_, rest) = prompt.rsplit_once('@')?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
    rest.get(..end).filter(|h| !h.is_empty()).map(Box::from)
}

/// A prompt such as `root@fw:~#` or `[root@fw ~]$`, and what stands behind it.
fn shown(line: &str) -> Option<(&str, &str)> {
    let at = line.find(['#', '$', '%', '>'])?;
    let (prompt, rest) = line.split_at(at);
    let is_prompt = !prompt.is_empty()
        && prompt.len() < 80
        && !prompt.starts_with(|c: char| c.is_ascii_digit())
        && (prompt.contains('@') || prompt.ends_with(['~', ']', ':']))
        && !prompt.trim_end().contains("  ")
        && prompt.split_ascii_whitespace().count() <= 2;
    let rest = rest.get(1..)?;
    (is_prompt && (rest.is_empty() || rest.starts_with(' '))).then(|| (prompt, rest.trim()))
}

/// The command, if it is one of those whose output is read, or one of their kind.
fn known(text: &str) -> Option<Asked> {
    let (first, piped) = match text.split_once(['|', '>', ';', '&']) {
        Some((first, rest)) if text.contains('|') => (first, Some(rest)),
        Some((first, _)) => (first, None),
        None => (text, None),
    };
    let mut words = first.split_ascii_whitespace().peekable();
    while words
        .peek()
        .is_some_and(|w| matches!(*w, "sudo" | "doas" | "env") || is_setting(w))
    {
        words.next();
    }
    let program = words.next()?;
    let words: Vec<&str> = words.collect();
    let program = program.rsplit('/').next()?;
    if let Some(asked) = inside(program, &words) {
        return Some(asked);
    }
    let mut asked = match program {
        "ip" => ip(&words)?,
        "ss" => sockets(&words, "states")?,
        "netstat" => netstat(&words)?,
        "ifconfig" if words.len() <= 1 => Asked {
            narrowed: words.iter().any(|w| *w != "-a"),
            ..Asked::new(What::Addresses)
        },
        "route" if words.iter().all(|w| w.starts_with('-')) && !words.is_empty() => Asked {
            family: words
                .iter()
                .any(|w| matches!(*w, "-6" | "-A"))
                .then_some(Family::V6),
            ..Asked::new(What::Routes)
        },
        _ => return None,
    };
    let harmless = |p: &str| {
        ["sort", "cat", "tee", "less", "more", "column", "jq ."]
            .iter()
            .any(|h| p.trim().starts_with(h))
    };
    asked.narrowed |= piped.is_some_and(|p| !p.split('|').all(harmless));
    Some(asked)
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

/// A command that runs one of those whose output is read, somewhere else: the words behind it are that one's.
fn inside(program: &str, words: &[&str]) -> Option<Asked> {
    let read = |from: usize| {
        let ends = ["ip", "ss", "netstat", "ifconfig", "route"];
        let is =
            |w: &&str| ends.contains(&w.rsplit('/').next().unwrap_or(w).trim_matches(['\'', '"']));
        let at = words.iter().skip(from).position(is)? + from;
        let inner = words.get(at..)?.join(" ");
        known(inner.trim_matches(['\'', '"']))
    };
    if program == "ssh" {
        let host = words.iter().find(|w| !w.starts_with('-'))?;
        let host = host.rsplit('@').next().unwrap_or(host);
        let mut asked = read(1)?;
        asked.host = Some(host.into());
        return Some(asked);
    }
    let switch = ["-n", "-netns", "--netns"];
    let named = program == "ip" && words.first().is_some_and(|w| switch.contains(w));
    let into = INTO.iter().any(|(p, first)| {
        let begins = first.is_empty() || words.first().is_some_and(|w| first.contains(w));
        *p == program && begins
    });
    let mut asked = match () {
        () if named => ip(words.get(2..)?)?,
        () if into => read(1)?,
        () => return None,
    };
    asked.elsewhere = true;
    Some(asked)
}

fn is_setting(word: &str) -> bool {
    word.split_once('=').is_some_and(|(k, _)| {
        !k.is_empty() && k.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    })
}

fn ip(words: &[&str]) -> Option<Asked> {
    let mut family = None;
    let mut rest = words.iter().copied();
    let object = loop {
        let word = rest.next()?;
        match word.trim_start_matches('-') {
            _ if !word.starts_with('-') => break word,
            "4" => family = Some(Family::V4),
            "6" => family = Some(Family::V6),
            // Its value is the next word.
            "f" | "family" => {
                family = match rest.next()? {
                    "inet" => Some(Family::V4),
                    "inet6" => Some(Family::V6),
                    _ => family,
                }
            }
            "n" | "netns" => return Some(Asked::new(What::Other)),
            _ => {}
        }
    };
    let is = |name: &str, least: usize| object.len() >= least && name.starts_with(object);
    let what = match () {
        () if is("address", 1) => What::Addresses,
        () if is("rule", 2) => What::Rules,
        () if is("route", 1) => What::Routes,
        () if is("link", 1) || is("neighbour", 1) || is("neighbor", 1) => What::Other,
        () if [
            "maddr", "tunnel", "xfrm", "netns", "vrf", "mroute", "nexthop",
        ]
        .iter()
        .any(|o| is(o, 3)) =>
        {
            What::Other
        }
        () => return None,
    };
    let mut asked = Asked {
        family,
        ..Asked::new(what)
    };
    let mut verb = rest.next();
    if verb.is_some_and(|v| ["show", "list", "lst"].iter().any(|s| s.starts_with(v))) {
        verb = rest.next();
    } else if verb.is_some_and(|v| {
        [
            "get", "add", "del", "delete", "replace", "flush", "change", "append", "save",
        ]
        .contains(&v)
    }) {
        return Some(Asked::new(What::Other));
    }
    while let Some(word) = verb {
        match word {
            "table" => {
                let table = rest.next().unwrap_or("");
                asked.table = Some(table.into());
            }
            // In the interfaces that it leaves out, no packet comes or goes.
            "up" => {}
            _ => asked.narrowed = true,
        }
        verb = rest.next();
    }
    Some(asked)
}

fn netstat(words: &[&str]) -> Option<Asked> {
    let short = |c: char| {
        words
            .iter()
            .any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains(c))
    };
    if short('r') || words.contains(&"--route") {
        return Some(Asked {
            family: short('6').then_some(Family::V6),
            ..Asked::new(What::Routes)
        });
    }
    if short('i') || short('s') || short('g') {
        return Some(Asked::new(What::Other));
    }
    sockets(words, "no filter")
}

/// The options of ss(8) and netstat(8), whose letters agree as far as they matter.
fn sockets(words: &[&str], filters: &str) -> Option<Asked> {
    let mut asked = Asked::new(What::Sockets);
    let mut other = false;
    for word in words {
        match word.strip_prefix("--") {
            Some("tcp") => asked.tcp = true,
            Some("udp") => asked.udp = true,
            Some("listening" | "all") => asked.listening = true,
            Some("ipv4") => asked.family = Some(Family::V4),
            Some("ipv6") => asked.family = Some(Family::V6),
            Some("unix" | "raw" | "packet") => other = true,
            Some(_) => {}
            None => match word.strip_prefix('-') {
                Some(letters) => {
                    for c in letters.chars() {
                        match c {
                            't' => asked.tcp = true,
                            'u' => asked.udp = true,
                            'l' | 'a' => asked.listening = true,
                            '4' => asked.family = Some(Family::V4),
                            '6' => asked.family = Some(Family::V6),
                            'x' | 'w' | '0' | 'S' | 'd' => other = true,
                            'A' | 'f' | 'F' | 'N' => asked.narrowed = true,
                            _ => {}
                        }
                    }
                }
                // `ss` has filters behind its options, and netstat has a number of seconds.
                None => asked.narrowed |= filters == "states",
            },
        }
    }
    if !asked.tcp && !asked.udp && !other {
        (asked.tcp, asked.udp) = (true, true);
    }
    Some(asked)
}

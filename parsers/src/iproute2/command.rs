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
    let shown = shown(line)?;
    Some(known(shown).unwrap_or_else(|| Asked::new(What::Other)))
}

/// What stands behind a prompt such as `root@fw:~#` or `[root@fw ~]$`.
fn shown(line: &str) -> Option<&str> {
    let at = line.find(['#', '$', '%', '>'])?;
    let (prompt, rest) = line.split_at(at);
    let is_prompt = !prompt.is_empty()
        && prompt.len() < 80
        && !prompt.starts_with(|c: char| c.is_ascii_digit())
        && (prompt.contains('@') || prompt.ends_with(['~', ']', ':']))
        && !prompt.trim_end().contains("  ")
        && prompt.split_ascii_whitespace().count() <= 2;
    let rest = rest.get(1..)?;
    (is_prompt && (rest.is_empty() || rest.starts_with(' '))).then(|| rest.trim())
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
    let mut asked = match program.rsplit('/').next()? {
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

//! What a command of firewall-cmd does to a listing of zones or policies.

/// What firewall-cmd prints of a zone or a policy.
const KEYS: [&str; 19] = [
    "target",
    "priority",
    "ingress-priority",
    "egress-priority",
    "icmp-block-inversion",
    "ingress-zones",
    "egress-zones",
    "interfaces",
    "sources",
    "services",
    "ports",
    "protocols",
    "forward",
    "masquerade",
    "forward-ports",
    "source-ports",
    "icmp-blocks",
    "rich rules",
    "disable",
];

/// The text after the command, given as its words behind `firewall-cmd`.
pub fn apply(text: &str, words: &[&str]) -> Result<String, String> {
    if words == ["--reload"] {
        return Ok(text.to_owned());
    }
    let ["--permanent", whose, option] = words else {
        return Err(format!("unknown command: firewall-cmd {}", words.join(" ")));
    };
    let name = whose
        .strip_prefix("--zone=")
        .or_else(|| whose.strip_prefix("--policy="))
        .ok_or("the command names no zone and no policy")?;
    let (option, value) = option.split_once('=').unwrap_or((option, ""));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // A name alone may be what `--get-default-zone` prints.
    let head = |at: &usize| {
        let named = lines[*at].split(' ').next() == Some(name);
        named && lines.get(at + 1).is_some_and(|l| l.starts_with(' '))
    };
    let start = (0..lines.len()).find(head).ok_or("no such zone")?;
    // A terminal may have broken a line, whose rest begins where it likes; the head of a block stands before a key.
    let is_key = |at: usize| {
        let line = lines.get(at).filter(|l| l.starts_with("  "));
        line.is_some_and(|l| {
            l.trim_start()
                .split(':')
                .next()
                .is_some_and(|k| KEYS.contains(&k))
        })
    };
    let begins = |at: usize| {
        let first = lines.get(at).map_or("", |l| l.trim_start());
        first.starts_with("target:") || first.starts_with("priority:")
    };
    let ends = |at: &usize| {
        let line = lines[*at].as_str();
        line.trim().is_empty() || !line.starts_with(char::is_whitespace) && begins(*at + 1)
    };
    let end = (start + 1..lines.len()).find(ends).unwrap_or(lines.len());
    let key = |name: &str| {
        let begin = format!("{name}:");
        (start..end).find(|i| lines[*i].trim_start().starts_with(&begin))
    };
    let (verb, what) = option
        .trim_start_matches('-')
        .split_once('-')
        .ok_or("unknown option")?;
    match (verb, what) {
        ("set", "target") => {
            let at = key("target").ok_or("no target")?;
            lines[at] = format!("  target: {value}");
        }
        ("add", "rich-rule") => {
            let at = key("rich rules").ok_or("no rich rules")?;
            lines.insert(at + 1, format!("\t{value}"));
        }
        ("remove", "rich-rule") => {
            let at = (start..end).find(|i| lines[*i].trim() == value);
            lines.remove(at.ok_or("no such rich rule")?);
        }
        (verb, what) => {
            let at = key(&format!("{what}s")).ok_or("no such key")?;
            let next = (at + 1..end).find(|i| is_key(*i)).unwrap_or(end);
            let (begin, first) = lines[at].split_once(':').unwrap();
            let broken = lines[at + 1..next].iter().map(String::as_str);
            let values = std::iter::once(first).chain(broken);
            let mut values: Vec<&str> = values.flat_map(str::split_ascii_whitespace).collect();
            match verb {
                "add" => values.push(value),
                "remove" => {
                    let before = values.len();
                    values.retain(|v| *v != value);
                    if values.len() == before {
                        return Err(format!("NOT_ENABLED: {value}"));
                    }
                }
                _ => return Err(format!("unknown option {option}")),
            }
            let line = format!("{begin}: {}", values.join(" "));
            lines.splice(at..next, [line]);
        }
    }
    Ok(lines.join("\n") + "\n")
}

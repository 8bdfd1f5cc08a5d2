//! What a command of firewall-cmd does to a listing of zones or policies.

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
    let end = lines
        .iter()
        .skip(start + 1)
        .position(|l| l.is_empty() || !l.starts_with(char::is_whitespace))
        .map_or(lines.len(), |n| start + 1 + n);
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
            let (begin, values) = lines[at].split_once(':').unwrap();
            let mut values: Vec<&str> = values.split_ascii_whitespace().collect();
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
            lines[at] = format!("{begin}: {}", values.join(" "));
        }
    }
    Ok(lines.join("\n") + "\n")
}

//! What a command of iptables does to a save file, or to a list of commands.

use super::words;
use std::path::Path;

/// The text after a command of a tool on a table: its verb, its chain and what follows.
pub fn apply(
    path: &Path,
    text: &str,
    tool: &str,
    (table, verb, chain): (&str, &str, &str),
    rest: &[&str],
) -> Result<String, String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // A list of commands: one more runs at its end.
    let is_list = lines.iter().any(|l| l.contains("iptables -"));
    if is_list && !lines.iter().any(|l| l.starts_with('*')) {
        let words: Vec<String> = rest
            .iter()
            .map(|w| match w.contains([' ', '!', '"']) {
                true => format!("'{w}'"),
                false => (*w).to_owned(),
            })
            .collect();
        lines.push(format!(
            "{tool} -t {table} {verb} {chain} {}",
            words.join(" ")
        ));
        return Ok(lines.join("\n") + "\n");
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let v6 = text.contains("ip6tables-save") || name.contains("v6");
    if v6 != (tool == "ip6tables") {
        return Err("the file is of the other family".into());
    }
    let start = lines.iter().rposition(|l| l.trim() == format!("*{table}"));
    let start = start.ok_or("no such table")?;
    let end = lines.iter().skip(start).position(|l| l.trim() == "COMMIT");
    let end = start + end.ok_or("no COMMIT")?;
    let body = |l: &str| match l.strip_prefix('[') {
        Some(counted) => counted.split_once("] ").map_or("", |(_, b)| b).to_owned(),
        None => l.to_owned(),
    };
    let own = |l: &String| body(l).starts_with(&format!("-A {chain} "));
    let at: Vec<usize> = (start..end).filter(|i| own(&lines[*i])).collect();
    let counted = lines[start..end].iter().any(|l| l.starts_with('['));
    let line = |rest: &[&str]| {
        let quoted = |w: &&str| match w.contains(' ') || w.is_empty() {
            true => format!("\"{}\"", w.replace('\\', "\\\\").replace('"', "\\\"")),
            false => (*w).to_owned(),
        };
        let words: Vec<String> = rest.iter().map(quoted).collect();
        let zero = if counted { "[0:0] " } else { "" };
        format!("{zero}-A {chain} {}", words.join(" "))
    };
    match (verb, rest) {
        ("-A", rest) => {
            let place = at.last().map_or(end, |i| i + 1);
            lines.insert(place, line(rest));
        }
        ("-I", [number, rest @ ..]) => {
            let n: usize = number.parse().map_err(|e| format!("{e}"))?;
            let place = *at.get(n - 1).ok_or("no such rule number")?;
            lines.insert(place, line(rest));
        }
        ("-D", [number]) => {
            let n: usize = number.parse().map_err(|e| format!("{e}"))?;
            lines.remove(*at.get(n - 1).ok_or("no such rule number")?);
        }
        ("-D", rest) => {
            let said = line(rest);
            let parts = |l: &str| words(l.trim()).unwrap_or_default();
            let same = at
                .iter()
                .find(|i| parts(&body(&lines[**i])) == parts(&body(&said)));
            lines.remove(*same.ok_or(format!("no such rule: {said}"))?);
        }
        ("-P", [policy]) => {
            let head = format!(":{chain} ");
            let at = (start..end).find(|i| lines[*i].starts_with(&head));
            let at = at.ok_or("no such chain")?;
            let rest = lines[at].rsplit(' ').next().unwrap_or_default();
            lines[at] = format!("{head}{policy} {rest}");
        }
        ("-R", [number, rest @ ..]) => {
            let n: usize = number.parse().map_err(|e| format!("{e}"))?;
            lines[*at.get(n - 1).ok_or("no such rule number")?] = line(rest);
        }
        _ => return Err(format!("unknown: {verb} {rest:?}")),
    }
    Ok(lines.join("\n") + "\n")
}

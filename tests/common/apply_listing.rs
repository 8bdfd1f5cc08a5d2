//! What a command of iptables does to the rows that `iptables -L` lists.

use std::path::Path;

/// Whether a text holds a chain as `iptables -L` lists it.
pub fn is_one(text: &str) -> bool {
    text.lines().any(|l| head(l).is_some())
}

/// The name of the chain that a line begins.
fn head(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("Chain ")?;
    let (name, rest) = rest.split_once(" (")?;
    (rest.starts_with("policy ") || rest.contains("references")).then_some(name)
}

/// The chains of one table.
#[derive(Default)]
struct Listed {
    /// What the line of the command says, if there is one.
    v6: Option<bool>,
    table: Option<String>,
    /// Names, and the lines of their heads.
    chains: Vec<(String, usize)>,
}

impl Listed {
    /// The table that has such chains, where no command names it.
    fn table(&self) -> &str {
        let has = |name: &str| self.chains.iter().any(|(c, _)| c == name);
        match &self.table {
            Some(table) => table,
            None if has("POSTROUTING") && has("FORWARD") => "mangle",
            None if has("POSTROUTING") => "nat",
            None if has("PREROUTING") => "raw",
            None => "filter",
        }
    }
}

/// Every listing of a text.
fn listings(lines: &[String]) -> Vec<Listed> {
    let mut out = vec![Listed::default()];
    for (at, line) in lines.iter().enumerate() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let tool = words.iter().position(|w| w.ends_with("tables"));
        if let Some(name) = head(line) {
            let last = out.last().unwrap();
            if last.chains.iter().any(|(c, _)| c == name) {
                let v6 = last.v6;
                out.push(Listed {
                    v6,
                    ..Listed::default()
                });
            }
            out.last_mut().unwrap().chains.push((name.to_owned(), at));
        } else if let Some(tool) = tool.filter(|_| words.iter().any(|w| w.starts_with('-'))) {
            let option = words.iter().position(|w| *w == "-t");
            let table = option.and_then(|i| words.get(i + 1));
            out.push(Listed {
                v6: Some(words[tool].ends_with("ip6tables")),
                table: Some((*table.unwrap_or(&"filter")).to_owned()),
                chains: Vec::new(),
            });
        }
    }
    out
}

/// The text after a command, given as its words.
pub fn apply(path: &Path, text: &str, command: &[&str]) -> Result<String, String> {
    let [tool, "-t", table, verb, chain, rest @ ..] = command else {
        return Err(format!("unknown command: {}", command.join(" ")));
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let named = name.contains("v6") || name.contains("ip6");
    let v6 = *tool == "ip6tables";
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let all = listings(&lines);
    let fits = |l: &&Listed| l.v6.unwrap_or(named) == v6 && l.table() == *table;
    let mut chains = all.iter().filter(fits).flat_map(|l| &l.chains);
    let found = chains.find(|(name, _)| name == chain);
    let start = found
        .ok_or("no such chain in a listing of this table and family")?
        .1;
    let columns: Vec<String> = match lines.get(start + 1) {
        Some(l) if l.contains("destination") => {
            l.split_ascii_whitespace().map(str::to_owned).collect()
        }
        _ => return Err("the chain has no head of columns".into()),
    };
    let is_row = |l: &&String| !l.trim().is_empty() && head(l).is_none() && !l.contains("tables ");
    let first = start + 2;
    let rows = lines.iter().skip(first).take_while(is_row).count();
    let index = |number: &str| match number.parse::<usize>() {
        Ok(n) if (1..=rows).contains(&n) => Ok(first + n - 1),
        _ => Err(format!("no rule {number}: the chain has {rows}")),
    };
    match (*verb, rest) {
        ("-A", rest) => lines.insert(first + rows, row(v6, &columns, rest)?),
        ("-I", [number, rest @ ..]) if number.parse::<usize>().is_ok() => {
            let at = index(number)?;
            lines.insert(at, row(v6, &columns, rest)?);
        }
        ("-I", rest) => lines.insert(first, row(v6, &columns, rest)?),
        ("-R", [number, rest @ ..]) => {
            let at = index(number)?;
            lines[at] = row(v6, &columns, rest)?;
        }
        ("-D", [number]) => {
            lines.remove(index(number)?);
        }
        ("-D", rest) => {
            let said = row(v6, &columns, rest)?;
            let parts = |l: &str| -> Vec<String> {
                let skip = columns.iter().position(|c| c == "target").unwrap_or(0);
                l.split_ascii_whitespace()
                    .skip(skip)
                    .map(str::to_owned)
                    .collect()
            };
            let mut at = first..first + rows;
            let same = at.find(|i| parts(&lines[*i]) == parts(&said));
            lines.remove(same.ok_or(format!("no such row: {said}"))?);
        }
        ("-P", [policy]) => {
            let head = &lines[start];
            let (before, after) = head
                .split_once("(policy ")
                .ok_or("the chain has no policy")?;
            let rest = after.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            lines[start] = format!("{before}(policy {policy}{rest}");
        }
        _ => return Err(format!("unknown: {verb} {rest:?}")),
    }
    number(&mut lines[start + 2..], &columns);
    Ok(lines.join("\n") + "\n")
}

/// Counts the rows anew where the listing numbers them.
fn number(lines: &mut [String], columns: &[String]) {
    if columns.first().is_none_or(|c| c != "num") {
        return;
    }
    for (n, line) in lines.iter_mut().enumerate() {
        if line.trim().is_empty() || head(line).is_some() {
            return;
        }
        let rest = line
            .trim_start()
            .trim_start_matches(|c: char| c.is_ascii_digit());
        *line = format!("{:<4}{rest}", n + 1);
    }
}

/// A rule as a row with these columns.
fn row(v6: bool, columns: &[String], options: &[&str]) -> Result<String, String> {
    let mut fields = [
        ("target", String::new()),
        ("prot", "all".into()),
        ("opt", "--".into()),
        ("in", "*".into()),
        ("out", "*".into()),
        ("source", "0.0.0.0/0".into()),
        ("destination", "0.0.0.0/0".into()),
    ];
    let mut extra: Vec<String> = Vec::new();
    let mut words = options.iter().copied();
    let mut not = "";
    while let Some(option) = words.next() {
        if option == "!" {
            not = "!";
            continue;
        }
        let value = words.next().ok_or(format!("{option} has no value"))?;
        let column = match option {
            "-j" => "target",
            "-p" => "prot",
            "-i" => "in",
            "-o" => "out",
            "-s" => "source",
            "-d" => "destination",
            _ => "",
        };
        let proto = fields[1].1.clone();
        let port = |name: &str| match value.split_once(':') {
            Some((from, to)) => format!("{proto} {name}s:{not}{from}:{to}"),
            None => format!("{proto} {name}:{not}{value}"),
        };
        match option {
            _ if !column.is_empty() => {
                if !columns.iter().any(|c| c == column) {
                    return Err(format!("the listing has no column for {option}"));
                }
                let value = value.strip_suffix("/32").unwrap_or(value);
                let value = value.strip_suffix("/128").unwrap_or(value);
                let field = fields.iter_mut().find(|(c, _)| *c == column);
                field.unwrap().1 = format!("{not}{value}");
            }
            // The words of a match follow it.
            "-m" => {}
            "--dport" => extra.push(port("dpt")),
            "--sport" => extra.push(port("spt")),
            "--dports" => extra.push(format!("multiport dports {not}{value}")),
            "--sports" => extra.push(format!("multiport sports {not}{value}")),
            "--ctstate" => {
                extra.push(format!("{not}ctstate {value}").replace("!ctstate", "! ctstate"))
            }
            "--state" => extra.push(format!("state {value}")),
            "--icmp-type" => extra.push(format!("icmptype {value}")),
            "--icmpv6-type" => extra.push(format!("ipv6-icmptype {value}")),
            "--comment" => extra.push(format!("/* {value} */")),
            "--reject-with" => extra.push(format!("reject-with {value}")),
            _ => return Err(format!("the listing has no words for {option}")),
        }
        not = "";
    }
    let mut out = String::new();
    for column in columns {
        let field = fields.iter().find(|(c, _)| c == column);
        let text = field.map_or("0", |(_, text)| text);
        let text = if v6 && text == "0.0.0.0/0" {
            "::/0"
        } else {
            text
        };
        out += &match &**column {
            "num" => format!("{text:<4} "),
            "pkts" | "bytes" => format!("{text:>5} "),
            "target" => format!("{text:<10} "),
            "prot" => format!("{text:<4} "),
            "opt" => format!("{text:<3} "),
            "in" | "out" => format!("{text:<6} "),
            _ => format!("{text:<20} "),
        };
    }
    Ok(out + &extra.join(" "))
}

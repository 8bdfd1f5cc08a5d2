//! What a command of firewall-cmd does to the files of `/etc/firewalld`.

use std::path::Path;

/// The text of a zone's or a policy's file after a command, given as its words behind `firewall-cmd`.
pub fn apply(path: &Path, text: &str, words: &[&str]) -> Result<String, String> {
    if words == ["--reload"] {
        return Ok(text.to_owned());
    }
    let ["--permanent", whose, option] = words else {
        return Err(format!("unknown command: firewall-cmd {}", words.join(" ")));
    };
    let (folder, tag, name) = match (
        whose.strip_prefix("--zone="),
        whose.strip_prefix("--policy="),
    ) {
        (Some(zone), _) => ("zones", "zone", zone),
        (_, Some(policy)) => ("policies", "policy", policy),
        _ => return Err("the command names no zone and no policy".into()),
    };
    if !path.ends_with(format!("{folder}/{name}.xml")) {
        return Err(format!("this is not the file of {tag} {name}"));
    }
    let elements = read(text)?;
    let root = elements.first().filter(|e| e.parts[0].name == tag);
    let root = root.ok_or(format!("the file has no <{tag}>"))?;
    let (option, value) = option.split_once('=').unwrap_or((option, ""));
    let (verb, what) = option
        .strip_prefix("--")
        .and_then(|o| o.split_once('-'))
        .ok_or("unknown option")?;
    if (verb, what) == ("set", "target") {
        let mut part = root.parts[0].clone();
        part.words.retain(|(key, _)| key != "target");
        if value != "default" {
            part.words.push(("target".into(), value.into()));
        }
        let empty = if root.closed == root.opened { "/" } else { "" };
        let head = format!("<{}{empty}>", part.told());
        return Ok(head_of(text, root).0.to_owned() + &head + head_of(text, root).1);
    }
    let wanted = wanted(what, value)?;
    let same = elements
        .iter()
        .skip(1)
        .find(|e| e.depth == 1 && e.same(&wanted));
    match (verb, same) {
        ("add", Some(_)) => Err(format!("ALREADY_ENABLED: {value}")),
        ("add", None) if root.closed == root.opened => {
            let (before, after) = head_of(text, root);
            let head = root.parts[0].told();
            Ok(format!(
                "{before}<{head}>\n  {}\n</{tag}>{after}",
                wanted.told()
            ))
        }
        ("add", None) => {
            let end = text.rfind("</").ok_or("the file has no end")?;
            Ok(format!(
                "{}  {}\n{}",
                &text[..end],
                wanted.told(),
                &text[end..]
            ))
        }
        ("remove", Some(e)) => Ok(text[..e.start].to_owned() + &text[e.closed..]),
        ("remove", None) => Err(format!("NOT_ENABLED: {value}")),
        _ => Err(format!("unknown option {option}")),
    }
}

/// The text before the tag that opens an element, and behind it.
fn head_of<'t>(text: &'t str, e: &Element) -> (&'t str, &'t str) {
    (&text[..e.start], &text[e.opened..])
}

/// A tag with its attributes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    name: String,
    words: Vec<(String, String)>,
}

impl Part {
    fn new(name: &str, words: &[(&str, &str)]) -> Self {
        let own = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
        Self {
            name: name.to_owned(),
            words: words.iter().map(own).collect(),
        }
    }

    fn told(&self) -> String {
        let words = self.words.iter().map(|(k, v)| {
            let v = v.replace('&', "&amp;").replace('<', "&lt;");
            format!(" {k}=\"{}\"", v.replace('"', "&quot;"))
        });
        self.name.clone() + &words.collect::<String>()
    }
}

/// An element: its own tag, and those in it.
#[derive(Clone, Debug)]
struct Element {
    parts: Vec<Part>,
    depth: usize,
    /// Where its tag begins and ends, and where the element does.
    start: usize,
    opened: usize,
    closed: usize,
}

impl Element {
    fn told(&self) -> String {
        match self.parts.as_slice() {
            [] => String::new(),
            [one] => format!("<{}/>", one.told()),
            [own, inner @ ..] => {
                let inner = inner.iter().map(|p| format!("<{}/>", p.told()));
                let inner: String = inner.collect();
                format!("<{}>{inner}</{}>", own.told(), own.name)
            }
        }
    }

    fn same(&self, o: &Self) -> bool {
        let plain = |e: &Self| {
            let mut parts = e.parts.clone();
            for p in &mut parts {
                p.words.sort();
                p.words.dedup();
            }
            parts.sort();
            parts
        };
        plain(self) == plain(o)
    }
}

/// Every element of a file, in the order in which they begin.
fn read(text: &str) -> Result<Vec<Element>, String> {
    let (mut out, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(n) = text[at..].find('<') {
        let start = at + n;
        let rest = &text[start..];
        let end = match rest.strip_prefix("<!--") {
            Some(_) => rest.find("-->").map(|n| n + 3),
            None => rest.find('>').map(|n| n + 1),
        };
        at = start + end.ok_or("a tag is open")?;
        let tag = &text[start + 1..at - 1];
        if tag.starts_with(['?', '!']) {
            continue;
        }
        if tag.starts_with('/') {
            let i = open.pop().ok_or("a tag closes nothing")?;
            out[i].closed = at;
            continue;
        }
        let part = part(tag.trim_end_matches('/'))?;
        for i in open.iter().skip(1) {
            out[*i].parts.push(part.clone());
        }
        let e = Element {
            parts: vec![part],
            depth: open.len(),
            start,
            opened: at,
            closed: at,
        };
        if !tag.ends_with('/') {
            open.push(out.len());
        }
        out.push(e);
    }
    match open.is_empty() {
        true => Ok(out),
        false => Err("the file is cut off".into()),
    }
}

/// The name and the attributes of a tag.
fn part(tag: &str) -> Result<Part, String> {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut part = Part::new(name, &[]);
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().ok_or("an attribute has no value")?;
        let (value, behind) = after[1..]
            .split_once(quote)
            .ok_or("the value of an attribute is open")?;
        let value = value.replace("&quot;", "\"").replace("&lt;", "<");
        let value = value.replace("&amp;", "&");
        part.words.push((key.trim().to_owned(), value));
        rest = behind;
    }
    Ok(part)
}

/// The element that an option is about.
fn wanted(what: &str, value: &str) -> Result<Element, String> {
    let port = || value.split_once('/').ok_or("a port without its protocol");
    let parts = match what {
        "service" | "icmp-block" => vec![Part::new(what, &[("name", value)])],
        "protocol" => vec![Part::new(what, &[("value", value)])],
        "masquerade" => vec![Part::new(what, &[])],
        "source" => vec![Part::new(what, &[("address", value)])],
        "interface" => vec![Part::new(what, &[("name", value)])],
        "port" | "source-port" => {
            let (port, protocol) = port()?;
            vec![Part::new(what, &[("port", port), ("protocol", protocol)])]
        }
        "rich-rule" => rich(value)?,
        _ => return Err(format!("unknown: {what}")),
    };
    Ok(Element {
        parts,
        depth: 1,
        start: 0,
        opened: 0,
        closed: 0,
    })
}

/// A rich rule as the elements that firewalld writes of it.
fn rich(text: &str) -> Result<Vec<Part>, String> {
    let mut parts: Vec<Part> = Vec::new();
    for word in text.split_ascii_whitespace() {
        match (word.split_once('='), parts.last_mut()) {
            (Some((key, value)), Some(last)) => {
                let value = value.trim_matches('"');
                last.words.push((key.to_owned(), value.to_owned()));
            }
            (None, Some(last)) if word.eq_ignore_ascii_case("not") => {
                last.words.push(("invert".into(), "True".into()));
            }
            (None, _) => parts.push(Part::new(word, &[])),
            (Some(_), None) => return Err(format!("this is not a rich rule: {text}")),
        }
    }
    match parts.first().is_some_and(|p| p.name == "rule") {
        true => Ok(parts),
        false => Err(format!("this is not a rich rule: {text}")),
    }
}

//! What `ufw-init` loads, for one family: its own chains, the rules of the files, the policies.

use super::made::Made;
use super::set::Rules;
use crate::iptables::chain_name;
use hylint_model::{Hook, Span};
use hylint_space::Family;

/// The policies of `/etc/default/ufw`, with their places.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policies<'t> {
    pub(super) input: Option<(&'t str, Span)>,
    pub(super) output: Option<(&'t str, Span)>,
    pub(super) forward: Option<(&'t str, Span)>,
}

/// A line in a table: of a file, or of `ufw-init`.
#[derive(Clone, Debug)]
enum Entry {
    Own(Span),
    Made(String, Span),
}

/// A chain with its declaration.
#[derive(Clone, Debug)]
struct Declared<'t> {
    name: &'t str,
    /// The line of a file, or what `ufw-init` gives `iptables-restore`.
    entry: Entry,
}

#[derive(Debug, Default)]
struct Table<'t> {
    name: &'t str,
    at: Span,
    chains: Vec<Declared<'t>>,
    /// With the chain of each.
    lines: Vec<(&'t str, Entry)>,
}

/// What comes of loading.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) made: Made,
    /// Rules of chains that a later file empties.
    pub(super) replaced: Vec<Span>,
    /// Where files end inside a table.
    pub(super) cut: Vec<Span>,
}

/// The tables in the making.
pub(super) struct Loader<'t> {
    text: &'t str,
    family: Family,
    tables: Vec<Table<'t>>,
    cut: Vec<Span>,
    replaced: Vec<Span>,
}

/// Where ufw filters: the kernel's chain, and its word in ufw's own chains.
fn hooks() -> [(&'static str, &'static str); 3] {
    [Hook::Input, Hook::Output, Hook::Forward].map(|h| (chain_name(h), h.as_str()))
}

impl<'t> Loader<'t> {
    pub(super) fn new(text: &'t str, family: Family) -> Self {
        let filter = Table {
            name: "filter",
            ..Table::default()
        };
        Self {
            text,
            family,
            tables: vec![filter],
            replaced: Vec::new(),
            cut: Vec::new(),
        }
    }

    fn prefix(&self) -> &'static str {
        match self.family {
            Family::V4 => "ufw",
            Family::V6 => "ufw6",
        }
    }

    /// A rule of `ufw-init` in the filter table.
    fn rule(&mut self, rule: String, because: Span) {
        if let Some(filter) = self.tables.first_mut() {
            filter.lines.push(("", Entry::Made(rule, because)));
        }
    }

    /// The chains and the calls that come before the files, and what the defaults add to them.
    pub(super) fn begin(&mut self, policies: &Policies<'t>) {
        let ufw = self.prefix();
        for (hook, name) in hooks() {
            for part in [
                "before-logging",
                "before",
                "after",
                "after-logging",
                "reject",
                "track",
            ] {
                self.rule(format!("-A {hook} -j {ufw}-{part}-{name}"), Span::default());
            }
        }
        let each = [policies.input, policies.output, policies.forward];
        for ((_, name), policy) in hooks().iter().zip(each) {
            let Some((policy, at)) = policy else { continue };
            match policy {
                "REJECT" => self.rule(format!("-A {ufw}-reject-{name} -j REJECT"), at),
                "ACCEPT" => {
                    for proto in ["tcp", "udp"] {
                        let new = "-m conntrack --ctstate NEW -j ACCEPT";
                        self.rule(format!("-A {ufw}-track-{name} -p {proto} {new}"), at);
                    }
                }
                _ => {}
            }
            self.rule(format!("-A {ufw}-skip-to-policy-{name} -j {policy}"), at);
        }
    }

    /// A file, as `iptables-restore -n` loads it: chains that it declares are emptied first.
    pub(super) fn file(&mut self, span: Span, rules: Rules) {
        let mut open: Option<usize> = None;
        let mut last = Span::default();
        let mut at = span.range().start;
        for line in self
            .text
            .get(span.range())
            .unwrap_or("")
            .split_inclusive('\n')
        {
            let body = line.trim();
            let start = at + (line.len() - line.trim_start().len());
            at += line.len();
            let place = Span::new(start, start + body.len());
            if !body.is_empty() {
                last = place;
            }
            match body.as_bytes() {
                [] => {}
                [b'#', ..] if !body.contains("hylint:") => {}
                [b'*', ..] => open = Some(self.table(body.get(1..).unwrap_or("").trim(), place)),
                b"COMMIT" => open = None,
                [b':', ..] => self.declare(open.unwrap_or(0), body, place),
                _ => self.line(open.unwrap_or(0), body, place),
            }
        }
        if open.is_some() {
            self.cut.push(last);
        }
        if rules == Rules::User {
            let ufw = self.prefix();
            for (_, name) in hooks() {
                self.rule(
                    format!("-A {ufw}-before-{name} -j {ufw}-user-{name}"),
                    Span::default(),
                );
            }
        }
    }

    fn table(&mut self, name: &'t str, at: Span) -> usize {
        if let Some(i) = self.tables.iter().position(|t| t.name == name) {
            if let Some(table) = self.tables.get_mut(i).filter(|t| t.at.is_empty()) {
                table.at = at;
            }
            return i;
        }
        self.tables.push(Table {
            name,
            at,
            ..Table::default()
        });
        self.tables.len() - 1
    }

    fn declare(&mut self, table: usize, line: &'t str, place: Span) {
        let name = line
            .get(1..)
            .and_then(|l| l.split_ascii_whitespace().next());
        let (Some(name), Some(table)) = (name, self.tables.get_mut(table)) else {
            return;
        };
        let base = crate::iptables::is_base_chain(name);
        let entry = Entry::Own(place);
        match table.chains.iter_mut().find(|c| c.name == name) {
            Some(known) => known.entry = entry,
            None => table.chains.push(Declared { name, entry }),
        }
        if base {
            return;
        }
        let replaced = &mut self.replaced;
        table.lines.retain(|(chain, entry)| {
            let emptied = *chain == name;
            if let (true, Entry::Own(at)) = (emptied, entry) {
                replaced.push(*at);
            }
            !emptied
        });
    }

    fn line(&mut self, table: usize, line: &'t str, place: Span) {
        let rule = match line.split_once("] ") {
            Some((_, rest)) if line.starts_with('[') => rest,
            _ => line,
        };
        let mut words = rule.split_ascii_whitespace();
        let command = words.next().unwrap_or("");
        let adds = matches!(command, "-A" | "--append" | "-I" | "--insert");
        let chain = words.next().filter(|_| adds).unwrap_or("");
        if let Some(table) = self.tables.get_mut(table) {
            table.lines.push((chain, Entry::Own(place)));
        }
    }

    /// The tables as one dump. Without a default, nothing is said of a policy.
    pub(super) fn finish(mut self, policies: &Policies<'t>) -> Loaded {
        let mut made = Made::default();
        let tool = match self.family {
            Family::V4 => "# Generated by iptables-save",
            Family::V6 => "# Generated by ip6tables-save",
        };
        made.say(tool, Span::default());
        let policy = [policies.input, policies.output, policies.forward];
        let ufw = self.prefix();
        let tables = std::mem::take(&mut self.tables);
        for table in &tables {
            made.say(&format!("*{}", table.name), table.at);
            let filter = table.name == "filter";
            if filter {
                for ((hook, _), policy) in hooks().iter().zip(policy) {
                    let (word, at) = match policy {
                        Some((word, at)) => (if word == "ACCEPT" { word } else { "DROP" }, at),
                        None => ("-", Span::default()),
                    };
                    made.say(&format!(":{hook} {word} [0:0]"), at);
                }
                let known = |n: &str| table.chains.iter().any(|c| c.name == n);
                for chain in chains(ufw).filter(|n| !known(n)) {
                    made.say(&format!(":{chain} - [0:0]"), Span::default());
                }
            }
            // The policies of the filter table are set last, whatever the files say.
            let own = |c: &&Declared<'_>| !filter || !hooks().iter().any(|(h, _)| *h == c.name);
            for chain in table.chains.iter().filter(own) {
                emit(&mut made, self.text, &chain.entry);
            }
            for (_, entry) in &table.lines {
                emit(&mut made, self.text, entry);
            }
            made.say("COMMIT", Span::default());
        }
        Loaded {
            made,
            replaced: self.replaced,
            cut: self.cut,
        }
    }
}

fn emit(made: &mut Made, text: &str, entry: &Entry) {
    match entry {
        Entry::Own(span) => made.copy(text, *span),
        Entry::Made(line, because) => made.say(line, *because),
    }
}

/// The chains of `ufw-init`.
fn chains(ufw: &str) -> impl Iterator<Item = String> {
    const PARTS: [&str; 9] = [
        "before-logging",
        "before",
        "after",
        "after-logging",
        "reject",
        "track",
        "skip-to-policy",
        "user",
        "user-logging",
    ];
    const SINGLE: [&str; 4] = [
        "logging-deny",
        "logging-allow",
        "user-limit",
        "user-limit-accept",
    ];
    let each = PARTS.iter().flat_map(move |part| {
        let names = hooks().into_iter();
        names.map(move |(_, name)| format!("{ufw}-{part}-{name}"))
    });
    each.chain(SINGLE.iter().map(move |name| format!("{ufw}-{name}")))
}

/// What `ufw-init` loads for IPv6 where `IPV6=no`: nothing passes but on the loopback interface.
pub(super) fn closed(because: Span) -> Loaded {
    let mut made = Made::default();
    made.say("# Generated by ip6tables-save", Span::default());
    made.say("*filter", because);
    for hook in [Hook::Input, Hook::Forward, Hook::Output] {
        made.say(&format!(":{} DROP [0:0]", chain_name(hook)), because);
    }
    for (hook, side) in [(Hook::Input, 'i'), (Hook::Output, 'o')] {
        let rule = format!("-A {} -{side} lo -j ACCEPT", chain_name(hook));
        made.say(&rule, because);
    }
    made.say("COMMIT", Span::default());
    Loaded {
        made,
        ..Loaded::default()
    }
}

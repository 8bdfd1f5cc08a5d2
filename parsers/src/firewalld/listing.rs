//! Reads what `firewall-cmd` prints of zones, policies, services and sets, with the prompts that stand between.

use super::line::Line;
use super::own::{
    Direct, DirectKind, Element, Forward, IpSet, Own, Policy, PortOf, Rules, Service, Target, Word,
    Zone,
};
use super::session::Change;
use super::shown::{self, Lists, Shown};
use super::wrap::{self, Joint};
use super::{catalog, direct, rich, session};
use hylint_model::{Problem, ProblemKind, Span};
use std::mem;

/// What a line of a block may say, as firewall-cmd names it.
const KEYS: [&str; 32] = [
    "target",
    "icmp-block-inversion",
    "ingress-priority",
    "egress-priority",
    "interfaces",
    "sources",
    "services",
    "ports",
    "protocols",
    "forward",
    "masquerade",
    "forward-ports",
    "source-ports",
    "sourceports",
    "icmp-blocks",
    "rich rules",
    "summary",
    "description",
    "priority",
    "disable",
    "ingress-zones",
    "egress-zones",
    "modules",
    "destination",
    "includes",
    "helpers",
    "type",
    "options",
    "entries",
    "family",
    "module",
    "short",
];

/// The key of a line, and where its value begins.
pub(super) fn key(line: &str) -> Option<(&'static str, usize)> {
    let trimmed = line.trim_start();
    let (word, _) = trimmed.split_once(':')?;
    let word = word.trim_end();
    let key = KEYS.into_iter().find(|k| *k == word)?;
    let value = line.len() - trimmed.len() + trimmed.find(':')? + 1;
    Some((key, value))
}

/// The name of a block and what stands in parentheses behind it.
pub(super) fn header(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (name, rest) = match line.split_once(" (") {
        Some((name, rest)) => (name, rest.strip_suffix(')')?),
        None => (line, ""),
    };
    let fits = !name.is_empty()
        && !name.contains(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | '<' | '"' | ','));
    let words = rest
        .split(", ")
        .all(|w| matches!(w, "" | "default" | "active" | "disabled" | "inactive") || w.is_empty());
    (fits && words).then_some((name, rest))
}

/// The options of a command of firewall-cmd on a line, behind a prompt or not.
pub(super) fn command(line: &str) -> Option<&str> {
    let at = line.find("firewall-cmd")?;
    let rest = line.get(at + "firewall-cmd".len()..)?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(rest)
}

/// What the last command asks for.
#[derive(Clone, Debug, Default)]
struct Asked {
    permanent: bool,
    one_zone: bool,
    default_zone: bool,
    names: bool,
    known: bool,
    panic: bool,
    version: bool,
    /// Whether the service runs.
    active: bool,
    /// What it changes if it succeeds.
    changes: Option<Change>,
    /// Where it stands.
    at: Span,
    /// Which command of the text it is.
    number: usize,
}

/// A block: a name and its lines.
#[derive(Debug)]
struct Block {
    name: Word,
    marks: String,
    head: Span,
    asked: Asked,
    lines: Vec<(&'static str, usize, Line)>,
    /// Lines whose key nothing knows.
    strange: Vec<(Span, String)>,
    /// A blank line stands behind it.
    ended: bool,
}

impl Block {
    fn has(&self, key: &str) -> bool {
        self.lines.iter().any(|(k, ..)| *k == key)
    }

    /// Whether all is there that firewall-cmd prints of one.
    fn is_whole(&self) -> bool {
        ["rich rules", "entries", "includes", "helpers"]
            .iter()
            .any(|k| self.has(k))
    }

    /// Whether a line in front of one with a key is the name of the next block, and no value that a line break cut off.
    fn ends_before(&self, name: &str, marks: &str, key: &str) -> bool {
        let begins = matches!(key, "target" | "type" | "summary" | "short" | "family");
        let bound = self
            .lines
            .iter()
            .all(|(k, ..)| matches!(*k, "interfaces" | "sources"));
        let value = self
            .lines
            .last()
            .is_some_and(|(k, ..)| *k == "sources" && wrap::is_source(name));
        self.is_whole()
            || self.has(key)
            || begins
            || !marks.is_empty()
            || bound && !value && !self.lines.is_empty()
    }
}

/// Reads the lines of a text that begins at an offset. Of an output without its command the name of the file says whether
/// it is of what is stored.
pub(super) fn read(own: &mut Own, text: &str, at: usize, path: &str) {
    let mut reader = Reader {
        own,
        asked: Asked::default(),
        block: None,
        blocks: Vec::new(),
        hosts: Vec::new(),
        changed: None,
        unit: false,
        nft: None,
    };
    reader.own.commands += 1;
    reader.asked.number = reader.own.commands;
    reader.asked.permanent = shown::is_permanent(path);
    let lines: Vec<(usize, &str)> = lines(text, at);
    for (n, (at, line)) in lines.iter().enumerate() {
        let next = lines.get(n + 1..).unwrap_or_default();
        let next = next.iter().map(|(_, l)| *l).find(|l| !l.trim().is_empty());
        reader.line(*at, line, next);
    }
    reader.cut(text, &lines);
    reader.finish();
}

/// What a text shows of firewalld.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shows {
    Zones,
    Policies,
    Direct,
    Named,
    Active,
    Nothing,
}

/// How lines of other programs' rules begin.
const RULES: [&str; 6] = ["*filter", "*nat", ":INPUT", "table ", "Chain ", "-P "];

/// What a text shows, by its first block of most weight.
pub(super) fn shows(text: &str) -> Shows {
    let mut own = Own::default();
    read(&mut own, text, 0, "");
    // A text that is mostly something else is no listing.
    let strange = own.problems.iter().filter(|p| p.kind == ProblemKind::Note);
    if strange.count() > 8 {
        return Shows::Nothing;
    }
    // Rules of another program are of its reader, whatever stands before them.
    let rules = |l: &str| RULES.iter().any(|r| l.starts_with(r));
    let rules = || text.lines().any(|l| rules(l.trim_start()));
    match () {
        () if !own.zones.is_empty() => Shows::Zones,
        () if !own.policies.is_empty() => Shows::Policies,
        () if !own.direct.is_empty() || own.direct_shown != Shown::default() => Shows::Direct,
        () if !own.services.is_empty() || !own.ipsets.is_empty() => Shows::Named,
        () if !own.bound.is_empty() || own.default_zone.is_some() || own.panic.is_some() => {
            Shows::Active
        }
        () if (own.stopped.is_some() || own.no_rules.is_some() || own.version.is_some())
            && !rules() =>
        {
            Shows::Active
        }
        () => Shows::Nothing,
    }
}

fn lines(text: &str, at: usize) -> Vec<(usize, &str)> {
    let mut start = at;
    let mut out = Vec::new();
    for line in text.split_inclusive('\n') {
        out.push((start, line.trim_end_matches(['\n', '\r'])));
        start += line.len();
    }
    out
}

struct Reader<'o> {
    own: &'o mut Own,
    asked: Asked,
    block: Option<Block>,
    blocks: Vec<Block>,
    /// The hosts that prompts name.
    hosts: Vec<(String, Span)>,
    /// The last command that changed zones, and whether it changed what is stored.
    changed: Option<(Span, bool)>,
    /// What follows is what systemd says of firewalld.
    unit: bool,
    /// `nft list ruleset`, behind which nothing stands so far.
    nft: Option<Span>,
}

impl Reader<'_> {
    fn line(&mut self, at: usize, line: &str, next: Option<&str>) {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            if let Some(block) = &mut self.block {
                block.ended = true;
            }
            return;
        }
        if self.running(at, line) || self.around(at, line, next) {
            return;
        }
        if self.keyed(at, line) {
            return;
        }
        let next = next.and_then(key).map(|(k, _)| k);
        let fits = |b: &Option<Block>, name: &str, marks: &str| {
            next.is_some_and(|k| b.as_ref().is_none_or(|b| b.ends_before(name, marks, k)))
        };
        if let Some((name, marks)) = header(line).filter(|(n, m)| fits(&self.block, n, m)) {
            self.close();
            let start = at + (line.len() - line.trim_start().len());
            let head = Span::new(start, start + trimmed.len());
            self.block = Some(Block {
                name: Word::new(name, Span::new(start, start + name.len())),
                marks: marks.to_owned(),
                head,
                asked: self.asked.clone(),
                lines: Vec::new(),
                strange: Vec::new(),
                ended: false,
            });
            return;
        }
        if direct::listed(line).is_some() {
            self.close();
            self.direct(line, at);
            return;
        }
        let span = Span::new(
            at + (line.len() - line.trim_start().len()),
            at + line.trim_end().len(),
        );
        if self.asked.default_zone && header(line).is_some() {
            self.own.default_zone = Some(Word::new(trimmed, span));
            self.asked.default_zone = false;
            return;
        }
        if self.block.is_some() && self.more(line, at) {
            return;
        }
        self.loose(trimmed, span);
    }

    /// A line of the session around the outputs: a prompt with a command or without, a banner.
    fn around(&mut self, at: usize, line: &str, next: Option<&str>) -> bool {
        let trimmed = line.trim();
        let span = Span::new(at, at + line.trim_end().len());
        let typed = session::prompt(line);
        let host = typed.and_then(|(host, _)| host);
        let minion = session::of_minion(line)
            .filter(|_| key(line).is_none() && next.is_some_and(session::is_indented));
        let task = session::of_task(line).or(minion);
        let asks = command(line).filter(|_| !trimmed.starts_with("rule"));
        let sent = asks.and_then(|_| session::of_ssh(line));
        self.host(sent.or(host).or(task), span);
        if let Some(options) = asks {
            self.close();
            self.command(options, span);
            return true;
        }
        if trimmed == "success" {
            self.succeeded();
        }
        if typed.is_some() || task.is_some() || session::is_banner(line) {
            self.close();
            return true;
        }
        // A remark is of no output, and ends none.
        self.block.is_some() && trimmed.starts_with('#')
    }

    /// Keeps a host that a prompt or a tool names.
    fn host(&mut self, host: Option<&str>, span: Span) {
        if let Some(host) = host
            && !self.hosts.iter().any(|(h, _)| h == host)
        {
            self.hosts.push((host.to_owned(), span));
        }
    }

    /// What systemd and nft say of whether firewalld has rules in force.
    fn running(&mut self, at: usize, line: &str) -> bool {
        let trimmed = line.trim();
        let span = Span::new(at, at + line.trim_end().len());
        let typed = session::prompt(line).is_some() || trimmed.starts_with(['#', '$']);
        if let Some(before) = self.nft.take()
            && (typed || command(line).is_some())
        {
            self.own.no_rules = Some(before);
        }
        if trimmed.ends_with("nft list ruleset") && (typed || trimmed.split(' ').count() <= 4) {
            self.close();
            self.host(session::prompt(line).and_then(|(host, _)| host), span);
            self.nft = Some(span);
            self.unit = false;
            return true;
        }
        if let Some(command) = session::of_service(line) {
            self.close();
            self.host(session::prompt(line).and_then(|(host, _)| host), span);
            self.unit = true;
            self.asked = Asked {
                names: true,
                active: command == "is-active",
                number: self.own.commands,
                ..Asked::default()
            };
            match command {
                "stop" => self.own.stopped = Some(span),
                "start" | "restart" => self.own.stopped = None,
                _ => {}
            }
            return true;
        }
        if trimmed.contains("firewalld.service - ") {
            self.close();
            self.unit = true;
            self.asked.names = true;
            return true;
        }
        if trimmed.contains(".service - ") {
            self.unit = false;
        }
        let state = trimmed.strip_prefix("Active:").map(str::trim_start);
        if let Some(state) = state.filter(|_| self.unit) {
            if state.starts_with("inactive") || state.starts_with("failed") {
                self.own.stopped = Some(span);
            }
            return true;
        }
        if self.asked.active && matches!(trimmed, "inactive" | "failed" | "unknown" | "dead") {
            self.own.stopped = Some(span);
            return true;
        }
        false
    }

    /// The last command has done what it says.
    fn succeeded(&mut self) {
        match self.asked.changes.take() {
            Some(Change::Panic(true)) => self.own.panic = Some(self.asked.at),
            Some(Change::Panic(false)) => self.own.panic = None,
            Some(Change::Zones) => self.changed = Some((self.asked.at, self.asked.permanent)),
            None => {}
        }
    }

    /// A line of a block that begins with a key.
    fn keyed(&mut self, at: usize, line: &str) -> bool {
        let Some(block) = &mut self.block else {
            return false;
        };
        if let Some((key, value)) = key(line) {
            block.lines.push((key, value, Line::new(line, at)));
            return true;
        }
        let Some((word, rest)) = line.trim().split_once(':') else {
            return false;
        };
        let plain = |c: char| c.is_ascii_lowercase() || c == '-';
        let free = block
            .lines
            .last()
            .is_some_and(|(k, ..)| matches!(*k, "description" | "summary" | "short"));
        let fits = line.starts_with([' ', '\t']) && !word.is_empty() && word.chars().all(plain);
        if free || !fits || !(rest.is_empty() || rest.starts_with(' ')) {
            return false;
        }
        let whole = Line::new(line, at).whole();
        let text = format!("hylint does not know what `{word}` means in a zone or a policy");
        block.strange.push((whole, text));
        true
    }

    /// A line that is of no block.
    fn loose(&mut self, text: &str, span: Span) {
        let remark = text.starts_with(['#', '$', '+']) || text.starts_with("---");
        let word = matches!(text, "yes" | "no" | "success" | "running");
        if self.asked.panic && text == "yes" {
            self.own.panic = Some(span);
        }
        if self.asked.version
            && let Some(version) = session::version(text)
        {
            self.own.version = Some(version);
            return;
        }
        let stopped = text.to_ascii_lowercase();
        if stopped == "not running" || stopped.contains("firewalld is not running") {
            self.own.stopped = Some(span);
            return;
        }
        if self.asked.names || remark || word || text.ends_with(['$', '#']) {
            return;
        }
        let problem = Problem::new(
            ProblemKind::Note,
            span,
            "the line is not part of a zone or a policy, and is not read",
        );
        self.own.problems.push(problem);
    }

    fn command(&mut self, options: &str, at: Span) {
        self.unit = false;
        let has = |name: &str| options.split_ascii_whitespace().any(|o| o == name);
        let begins = |name: &str| {
            let mut words = options.split_ascii_whitespace();
            words.any(|o| o.starts_with(name))
        };
        let zone = has("--list-all") || begins("--info-zone");
        self.asked = Asked {
            permanent: has("--permanent"),
            one_zone: zone && !begins("--policy"),
            default_zone: has("--get-default-zone"),
            names: begins("--get-") || begins("--list-") && !begins("--list-all"),
            known: true,
            panic: has("--query-panic"),
            version: has("--version") || has("-V"),
            active: false,
            changes: session::change(options),
            at,
            number: self.own.commands + 1,
        };
        self.own.commands += 1;
        self.own.all_zones |= has("--list-all-zones");
        self.own.all_policies |= has("--list-all-policies");
        self.own.all_direct |= has("--get-all-rules");
        let lists = [
            ("--get-all-rules", Lists::Rules),
            ("--get-all-passthroughs", Lists::Passthroughs),
        ];
        for (option, lists) in lists {
            if has(option) {
                self.own.direct_shown.put(self.asked.permanent, lists);
            }
        }
    }

    fn direct(&mut self, line: &str, at: usize) {
        let Some((ipv, kind, args)) = direct::listed(line) else {
            return;
        };
        let start = at + (line.len() - line.trim_start().len());
        self.own.rules += usize::from(!matches!(kind, DirectKind::Chain { .. }));
        self.own.all_direct = true;
        let permanent = self.asked.permanent;
        let lists = match kind {
            DirectKind::Rule { .. } => Some(Lists::Rules),
            DirectKind::Passthrough => Some(Lists::Passthroughs),
            DirectKind::Chain { .. } => None,
        };
        // A command for one chain lists not all.
        if let Some(lists) = lists.filter(|_| !self.asked.known) {
            self.own.direct_shown.put(permanent, lists);
        }
        self.own.direct.push(Direct {
            ipv,
            kind,
            args,
            permanent,
            span: Span::new(start, at + line.trim_end().len()),
        });
    }

    /// A line of a block without a key: a rich rule, a forwarded port, or what a terminal has broken off the line before.
    fn more(&mut self, line: &str, at: usize) -> bool {
        let Some(block) = &mut self.block else {
            return false;
        };
        let Some((key, value, before)) = block.lines.last_mut() else {
            return true;
        };
        let (key, value, rest) = (*key, *value, line.trim_end());
        let trimmed = line.trim_start();
        let own = match key {
            "rich rules" => trimmed == "rule" || trimmed.starts_with("rule "),
            "forward-ports" => trimmed.starts_with("port="),
            _ => false,
        };
        if own {
            block.lines.push((key, 0, Line::new(line, at)));
            return true;
        }
        if matches!(key, "description" | "summary" | "short") {
            return true;
        }
        let said = before.text.get(value..).unwrap_or("");
        if key == "rich rules" && (block.ended || !wrap::goes_on(said, rest)) {
            return false;
        }
        // A terminal breaks a line at its width, wherever that is.
        let joint = wrap::joint(key, said, rest);
        before.join(rest, at, joint != Joint::Whole);
        if joint == Joint::Open {
            let message = format!(
                "the line goes on what `{key}` says above, and nothing tells whether a word ends between them"
            );
            self.doubt(Span::new(at, at + rest.len()), message);
        }
        true
    }

    /// Something is missing, so that nothing is known for certain.
    fn doubt(&mut self, span: Span, message: String) {
        self.own.cut = true;
        let problem = Problem::new(ProblemKind::Incomplete, span, message);
        let help = "save the output with `firewall-cmd --list-all-zones > FILE`, and give the file";
        self.own.problems.push(problem.help(help));
    }

    /// Tells a text that ends before what it says does.
    fn cut(&mut self, text: &str, lines: &[(usize, &str)]) {
        self.close();
        let last = lines.iter().rev().find(|(_, l)| !l.trim().is_empty());
        let Some((at, last)) = last else { return };
        let span = Span::new(*at, at + last.trim_end().len());
        for n in 0..self.blocks.len() {
            let Some(b) = self.blocks.get(n) else { break };
            let zone = ["target", "services", "ingress-zones", "egress-zones"];
            let sure = b.has("masquerade") || b.has("icmp-block-inversion") || b.has("priority");
            if (zone.iter().any(|k| b.has(k)) || sure) && !b.has("rich rules") {
                let end = b.lines.last().map_or(b.head, |(.., l)| l.whole());
                let message = format!(
                    "`{}` ends before its rich rules, which firewall-cmd prints of every zone and policy: the listing is cut off",
                    b.name.text
                );
                self.doubt(end, message);
            }
        }
        if self.breaks_off(text, last, span) {
            return;
        }
        if header(last).is_some_and(|(_, marks)| !marks.is_empty()) {
            self.doubt(
                span,
                "the listing ends behind the name of a zone or a policy".into(),
            );
            return;
        }
        if text.ends_with('\n') {
            return;
        }
        if self.torn_rule() {
            let message = "the listing ends inside a rich rule: it is cut off";
            self.doubt(span, message.into());
            return;
        }
        let rule = last.trim_start().starts_with("rule ");
        let apart = self
            .blocks
            .split_last()
            .is_some_and(|(_, before)| !before.is_empty() && before.iter().all(|b| b.ended));
        let bare = |l: &str| !l.contains(" -j ") && !l.contains(" -g ");
        if rule && apart || direct::listed(last).is_some() && bare(last) {
            let message = "the text ends without the end of its last line: it may be cut off";
            self.doubt(span, message.into());
        }
    }

    /// Takes away a last rich rule that is none: of a rule that is cut off, nothing is known.
    fn torn_rule(&mut self) -> bool {
        let Some(block) = self.blocks.last_mut().filter(|b| !b.ended) else {
            return false;
        };
        let torn = |(key, value, line): &(&str, usize, Line)| {
            let rest = line.text.get(*value..).unwrap_or("");
            let from = value + (rest.len() - rest.trim_start().len());
            *key == "rich rules" && !rest.trim().is_empty() && rich::read(line, from).is_err()
        };
        let torn = block.lines.last().is_some_and(torn);
        if torn && let Some((key, ..)) = block.lines.pop() {
            let has = block.lines.iter().any(|(k, ..)| *k == key);
            // A rule beside its key is the line of the key.
            block
                .lines
                .extend((!has).then(|| (key, 0, Line::default())));
        }
        torn
    }

    /// Tells lines behind the last block that begin another one, of which no line says anything: the name of a zone, half a
    /// name, half a key. A zone ends with its rich rules, so that half a rule is such a line as well.
    fn breaks_off(&mut self, text: &str, last: &str, span: Span) -> bool {
        let Some(end) = self.blocks.last().map(|b| span_of(b).end) else {
            return false;
        };
        let note = |p: &Problem| p.kind == ProblemKind::Note && p.span.start >= end;
        if !self
            .own
            .problems
            .last()
            .is_some_and(|p| note(p) && p.span.end == span.end)
        {
            return false;
        }
        // A name alone may be what `--get-default-zone` prints of a zone that is listed.
        let name = last.trim().split(" (").next().unwrap_or("");
        let listed = text.ends_with('\n') && self.blocks.iter().any(|b| *b.name.text == *name);
        let begins = header(name).is_some() && !listed;
        if !last.starts_with([' ', '\t']) && !begins {
            return false;
        }
        let notes = self.own.problems.iter().filter(|p| note(p));
        let whole = notes.fold(span, |all, p| p.span.to(all));
        self.own.problems.retain(|p| !note(p));
        self.doubt(
            whole,
            "the listing ends inside a zone, a policy or a rich rule: it is cut off".into(),
        );
        true
    }

    /// Outputs of several hosts are those of none.
    fn several_hosts(&mut self) {
        let [(first, _), (second, at), ..] = self.hosts.as_slice() else {
            return;
        };
        if self.blocks.is_empty() && self.own.direct.is_empty() {
            return;
        }
        let message = format!(
            "the text holds outputs of `{first}` and of `{second}`: which zones are of which host is not told apart"
        );
        let problem = Problem::new(ProblemKind::Malformed, *at, message);
        self.own
            .problems
            .push(problem.help("put the output of each host into a file of its own"));
        self.own.contradicted = true;
    }

    fn close(&mut self) {
        if let Some(block) = self.block.take() {
            self.blocks.push(block);
        }
    }

    fn finish(mut self) {
        self.close();
        if let Some(at) = self.nft.take() {
            self.own.no_rules = Some(at);
        }
        let zone = |b: &&Block| b.has("services") || b.has("target");
        if let Some((at, permanent)) = self.changed
            && let Some(last) = self.blocks.iter().rev().find(zone)
            && last.head.start < at.start
            && last.asked.permanent == permanent
        {
            self.own.changed = Some(at);
        }
        self.several_hosts();
        for block in mem::take(&mut self.blocks) {
            self.block(block);
        }
    }

    fn block(&mut self, block: Block) {
        let has = |k: &str| block.lines.iter().any(|(key, ..)| *key == k);
        match () {
            () if has("ingress-zones") || has("egress-zones") => self.policy(block),
            () if has("services") || has("rich rules") || has("target") => self.zone(block),
            () if has("entries") || has("type") => self.ipset(&block),
            () if has("interfaces") || has("sources") => self.active(&block),
            () if has("ports") => self.service(&block),
            // Types of ICMP, helpers.
            () => {}
        }
    }

    /// `--get-active-zones`: the interfaces and sources of a zone.
    fn active(&mut self, block: &Block) {
        let bound = |name: &str| -> Vec<Word> {
            let lines = block.lines.iter().filter(|(k, ..)| *k == name);
            lines.flat_map(|(_, v, l)| l.words(*v)).collect()
        };
        let (interfaces, sources) = (bound("interfaces"), bound("sources"));
        if block.marks.split(", ").any(|m| m == "default") {
            self.own.default_zone.get_or_insert(block.name.clone());
        }
        self.own
            .bound
            .push((block.name.clone(), interfaces, sources));
    }

    fn service(&mut self, block: &Block) {
        let mut service = Service {
            span: block.head,
            ..Service::default()
        };
        for (key, value, line) in &block.lines {
            let words = line.words(*value);
            let pairs = words.iter().map(|w| {
                let (port, protocol) = w.text.split_once('/').unwrap_or(("", &w.text));
                (port.into(), protocol.into())
            });
            match *key {
                "ports" => service.ports.extend(pairs),
                "source-ports" => service.source_ports.extend(pairs),
                "protocols" => service
                    .protocols
                    .extend(words.iter().map(|w| w.text.clone())),
                "includes" => service
                    .includes
                    .extend(words.iter().map(|w| w.text.clone())),
                "destination" => {
                    let plain = |w: &Word| {
                        let text = w.text.strip_prefix("ipv4:");
                        let text = text.or_else(|| w.text.strip_prefix("ipv6:"));
                        text.unwrap_or(&w.text).into()
                    };
                    service.destinations.extend(words.iter().map(plain));
                }
                _ => {}
            }
        }
        self.own.services.insert(block.name.text.clone(), service);
    }

    fn ipset(&mut self, block: &Block) {
        let mut set = IpSet {
            span: block.head,
            ..IpSet::default()
        };
        for (key, value, line) in &block.lines {
            let words = line.words(*value);
            match *key {
                "type" => {
                    set.kind = words
                        .first()
                        .map_or_else(Default::default, |w| w.text.clone())
                }
                "options" => set.v6 = words.iter().any(|w| &*w.text == "family=inet6"),
                "entries" => set.entries = words,
                _ => {}
            }
        }
        self.own.ipsets.insert(block.name.text.clone(), set);
    }

    fn policy(&mut self, block: Block) {
        let mut policy = Policy {
            name: block.name.text.clone(),
            head: block.head,
            span: span_of(&block),
            priority: -1,
            target: Target::Continue,
            target_at: block.head,
            permanent: block.asked.permanent,
            disabled: block.marks.split(", ").any(|m| m == "disabled"),
            ..Policy::default()
        };
        policy.said = block.asked.number;
        self.strange(&block, &mut policy.rules);
        for (key, value, line) in &block.lines {
            let words = line.words(*value);
            let first = words.first();
            match *key {
                "priority" => policy.priority = self.number(first).unwrap_or(-1),
                "disable" => policy.disabled |= first.is_some_and(|w| &*w.text == "yes"),
                "target" => {
                    policy.target_at = line.whole();
                    policy.target = self.target(first).unwrap_or(Target::Continue);
                }
                "ingress-zones" => policy.ingress = words,
                "egress-zones" => policy.egress = words,
                _ => self.rules(&mut policy.rules, key, *value, line),
            }
        }
        self.own.all_policies |= !block.asked.one_zone;
        self.own.policies.push(policy);
    }

    fn zone(&mut self, block: Block) {
        let mut zone = Zone {
            name: block.name.text.clone(),
            head: block.head,
            span: span_of(&block),
            target_at: block.head,
            permanent: block.asked.permanent,
            is_default: block.marks.split(", ").any(|m| m == "default"),
            target: shipped_target(&block),
            ..Zone::default()
        };
        zone.said = block.asked.number;
        self.strange(&block, &mut zone.rules);
        for (key, value, line) in &block.lines {
            let words = line.words(*value);
            let first = words.first();
            let yes = first.is_some_and(|w| &*w.text == "yes");
            match *key {
                "target" => {
                    zone.target_at = line.whole();
                    zone.target = self.target(first).unwrap_or_default();
                }
                "icmp-block-inversion" => {
                    zone.rules.icmp_inversion = yes.then(|| line.whole());
                }
                "ingress-priority" => zone.ingress_priority = self.number(first).unwrap_or(0),
                "egress-priority" => zone.egress_priority = self.number(first).unwrap_or(0),
                "priority" => {
                    let n = self.number(first).unwrap_or(0);
                    (zone.ingress_priority, zone.egress_priority) = (n, n);
                }
                "interfaces" => zone.interfaces = words,
                "sources" => zone.sources = words,
                "forward" => {
                    zone.says_forward = true;
                    zone.forward = yes.then(|| line.whole());
                }
                _ => self.rules(&mut zone.rules, key, *value, line),
            }
        }
        if block.asked.one_zone {
            self.own.one_zone.get_or_insert(block.head);
        } else if block.asked.known {
            self.own.all_zones = true;
        }
        self.own.zones.push(zone);
    }

    fn rules(&mut self, rules: &mut Rules, key: &str, value: usize, line: &Line) {
        let words = line.words(value);
        let yes = words.first().is_some_and(|w| &*w.text == "yes");
        let before = rules.items.len() + rules.rich.len();
        match key {
            "services" => {
                let each = words.into_iter().map(|w| (w.span, Element::Service(w)));
                rules.items.extend(each.map(|(s, e)| (e, s)));
            }
            "protocols" => {
                let each = words.into_iter().map(|w| (w.span, Element::Protocol(w)));
                rules.items.extend(each.map(|(s, e)| (e, s)));
            }
            "icmp-blocks" => {
                let each = words.into_iter().map(|w| (w.span, Element::IcmpBlock(w)));
                rules.items.extend(each.map(|(s, e)| (e, s)));
            }
            "ports" | "source-ports" | "sourceports" => {
                for w in &words {
                    let of = port_of(w);
                    let element = match key {
                        "ports" => Element::Port(of),
                        _ => Element::SourcePort(of),
                    };
                    rules.items.push((element, w.span));
                }
            }
            "masquerade" if yes => rules.items.push((Element::Masquerade, line.whole())),
            "forward-ports" => {
                for w in &words {
                    match forward(w) {
                        Some(f) => rules.items.push((Element::ForwardPort(f), w.span)),
                        None => {
                            self.refused(rules, w.span, "the forwarded port is incomplete".into());
                        }
                    }
                }
            }
            "rich rules" => {
                let rest = line.text.get(value..).unwrap_or("");
                if !rest.trim().is_empty() {
                    let from = value + (rest.len() - rest.trim_start().len());
                    match rich::read(line, from) {
                        Ok(r) => rules.rich.push(r),
                        Err((why, _)) => {
                            let span = line.span(from, line.text.trim_end().len());
                            self.refused(rules, span, why);
                        }
                    }
                }
            }
            _ => {}
        }
        self.own.rules += rules.items.len() + rules.rich.len() - before;
    }

    /// What cannot be read may be any rule of its zone.
    fn refused(&mut self, rules: &mut Rules, span: Span, why: String) {
        self.own.rules += 1;
        rules.unread.push(span);
        let problem = Problem::new(ProblemKind::Malformed, span, why).dropped();
        self.own.problems.push(problem);
    }

    fn strange(&mut self, block: &Block, rules: &mut Rules) {
        for (span, text) in &block.strange {
            rules.unread.push(*span);
            let problem = Problem::new(ProblemKind::Unmodelled, *span, text.clone());
            self.own.problems.push(problem);
        }
    }

    fn number(&mut self, word: Option<&Word>) -> Option<i32> {
        let word = word?;
        let number = word.text.parse().ok();
        if number.is_none() {
            self.own.cut = true;
            let message = format!("invalid priority `{}`", word.text);
            let problem = Problem::new(ProblemKind::Malformed, word.span, message);
            self.own.problems.push(problem);
        }
        number
    }

    fn target(&mut self, word: Option<&Word>) -> Option<Target> {
        let word = word?;
        let target = Target::named(&word.text);
        if target.is_none() {
            self.own.cut = true;
            let message = format!("unknown target `{}`", word.text);
            let problem = Problem::new(ProblemKind::Malformed, word.span, message);
            self.own.problems.push(problem);
        }
        target
    }
}

/// The target of a zone of which the listing names none, as those of firewalld 0.3 do: that of the zone which ships.
fn shipped_target(block: &Block) -> Target {
    let shipped = catalog::zones().find(|(name, ..)| *name == &*block.name.text);
    shipped.map_or(Target::Default, |(_, target, _)| target)
}

fn span_of(block: &Block) -> Span {
    let last = block.lines.last().map(|(_, _, l)| l.whole());
    last.map_or(block.head, |l| block.head.to(l))
}

/// `443/tcp`.
fn port_of(w: &Word) -> PortOf {
    let (port, protocol) = w.text.split_once('/').unwrap_or((&w.text, ""));
    PortOf {
        port: Word::new(port, w.span),
        protocol: Word::new(protocol, w.span),
    }
}

/// `port=80:proto=tcp:toport=8080:toaddr=fd00::1`.
fn forward(w: &Word) -> Option<Forward> {
    let value = |name: &str, until: Option<&str>| -> Option<&str> {
        let at = w.text.find(name)? + name.len();
        let rest = w.text.get(at..)?;
        Some(
            until
                .and_then(|u| rest.find(u))
                .map_or(rest, |end| rest.get(..end).unwrap_or(rest)),
        )
    };
    let word = |text: &str| Word::new(text, w.span);
    let filled = |text: &&str| !text.is_empty();
    let forward = Forward {
        from: PortOf {
            port: word(value("port=", Some(":"))?),
            protocol: word(value(":proto=", Some(":"))?),
        },
        to_port: value(":toport=", Some(":")).filter(filled).map(word),
        to_addr: value(":toaddr=", None).filter(filled).map(word),
    };
    (forward.to_port.is_some() || forward.to_addr.is_some()).then_some(forward)
}

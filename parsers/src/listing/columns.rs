//! The columns of a listing: which there are, and what a line has in them.

use crate::iptables::names;
use hylint_model::Span;

/// A word with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) span: Span,
}

impl<'a> Word<'a> {
    /// The word without a `!` before it, and whether there is one.
    pub(super) fn negation(self) -> (bool, &'a str) {
        let bare = self.text.strip_prefix('!');
        (bare.is_some(), bare.unwrap_or(self.text))
    }
}

/// The words of a line.
pub(super) fn words(text: &str, line: Span) -> Vec<Word<'_>> {
    let (start, mut out) = (line.range().start, Vec::new());
    let body = text.get(line.range()).unwrap_or("");
    let mut at = 0;
    while let Some(rest) = body.get(at..) {
        let lead = rest.len() - rest.trim_start().len();
        let word = rest.trim_start();
        let len = word.find(char::is_whitespace).unwrap_or(word.len());
        if len == 0 {
            break;
        }
        at += lead;
        out.push(Word {
            text: word.get(..len).unwrap_or(""),
            span: Span::new(start + at, start + at + len),
        });
        at += len;
    }
    out
}

/// Which columns the heads of a chain name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// `--line-numbers`.
    pub(super) numbers: bool,
    /// `-v`: packets and bytes.
    pub(super) counters: bool,
    /// `-v`: interfaces.
    pub(super) interfaces: bool,
}

/// The heads of the columns, if a line is them.
pub(super) fn heads(line: &str) -> Option<Columns> {
    let has = |name: &str| line.split_ascii_whitespace().any(|w| w == name);
    let first = line.split_ascii_whitespace().next()?;
    let begins = matches!(first, "target" | "num" | "pkts");
    (begins && has("target") && has("prot")).then(|| Columns {
        numbers: first == "num",
        counters: has("pkts"),
        interfaces: has("in") && has("out"),
    })
}

/// How many characters a line has.
pub(super) fn width(line: &str) -> usize {
    line.trim_end_matches('\r').chars().count()
}

/// Blanks that the tools print behind the last head.
const BLANKS: usize = 9;

/// The width of a line of heads that is not whole. Blanks count only where those between the columns are still there.
pub(super) fn short_heads(line: &str) -> Option<usize> {
    let line = line.trim_end_matches('\r');
    let body = line.trim_end();
    let blanks = line.len() - body.len();
    let whole = body.ends_with("destination");
    let padded = body.contains("source        ");
    let cut = !whole || padded && blanks > 0 && blanks < BLANKS;
    cut.then(|| width(line))
}

/// A rule as it stands in its columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Row<'a> {
    pub(super) span: Span,
    pub(super) number: Option<u32>,
    pub(super) packets: Option<u64>,
    pub(super) target: Option<Word<'a>>,
    pub(super) protocol: Option<Word<'a>>,
    /// `-f` or `!f`.
    pub(super) fragment: Option<Word<'a>>,
    /// The column `opt` is blank, as only ip6tables before 1.8.9 has it.
    pub(super) blank_opt: bool,
    pub(super) input: Option<Word<'a>>,
    pub(super) output: Option<Word<'a>>,
    pub(super) source: Option<Word<'a>>,
    pub(super) destination: Option<Word<'a>>,
    /// Matches and the target's options.
    pub(super) rest: Vec<Word<'a>>,
    /// Lines that look like the rest of it.
    pub(super) more: Option<Span>,
    /// How many characters its line has, with blanks at its end.
    pub(super) width: usize,
    /// What stood at its end may be lost.
    pub(super) cut: bool,
}

impl Row<'_> {
    /// Whether every column has a word.
    pub(super) fn is_whole(&self) -> bool {
        self.destination.is_some()
    }
}

/// The width of the column of the destination.
const DESTINATION: usize = 20;

/// Whether the last line of a text, which has no end, is a whole row: its last word is no part of a number or of a name, and none
/// is sure to follow.
pub(super) fn is_ended(row: &Row<'_>, line: &str) -> bool {
    let line = line.trim_end_matches('\r');
    let blanks = width(line) - width(line.trim_end());
    let Some(destination) = row.destination.filter(|_| row.more.is_none()) else {
        return false;
    };
    let Some(last) = row.rest.last().map(|w| w.text) else {
        // Matches of its ports mostly follow a protocol.
        let bare = row.protocol.is_some_and(|p| matches!(p.text, "all" | "0"));
        // Another blank stands before a match.
        let padded = destination.text.len().max(DESTINATION - 1) + 1;
        let whole = match blanks {
            0 => is_closed(destination.text),
            n => destination.text.len() + n == padded,
        };
        return bare && whole;
    };
    let before = row.rest.len().checked_sub(2).and_then(|n| row.rest.get(n));
    let key = before.map_or("", |w| w.text);
    let port = |word: &str| {
        let number = word.rsplit(':').next().unwrap_or("");
        number
            .parse()
            .is_ok_and(|n: u32| blanks > 0 || n * 10 > 65535)
    };
    let state = |s: &str| {
        let known = [
            "INVALID",
            "NEW",
            "RELATED",
            "ESTABLISHED",
            "UNTRACKED",
            "SNAT",
            "DNAT",
        ];
        known.contains(&s)
    };
    match last {
        "*/" | "LOCAL" => true,
        _ if last.ends_with('"') => true,
        _ if key == "reject-with" => REJECTS.contains(&last),
        _ if ["dpt:", "dpts:", "spt:", "spts:"]
            .iter()
            .any(|p| last.starts_with(p)) =>
        {
            port(last)
        }
        _ if last.starts_with("to:") => last.matches(':').count() == 2 && port(last),
        _ => last.split(',').all(state),
    }
}

/// What REJECT answers with (iptables-extensions(8)).
const REJECTS: [&str; 15] = [
    "icmp-net-unreachable",
    "icmp-host-unreachable",
    "icmp-port-unreachable",
    "icmp-proto-unreachable",
    "icmp-net-prohibited",
    "icmp-host-prohibited",
    "icmp-admin-prohibited",
    "tcp-reset",
    "icmp6-no-route",
    "icmp6-adm-prohibited",
    "icmp6-addr-unreachable",
    "icmp6-port-unreachable",
    "icmp6-policy-fail",
    "icmp6-reject-route",
    "echo-reply",
];

/// Whether an address is no part of another one.
fn is_closed(end: &str) -> bool {
    let (_, text) = end.split_at(usize::from(end.starts_with('!')));
    let most = if text.contains(':') { 128 } else { 32 };
    match text.split_once('/') {
        Some((_, "0")) => true,
        Some((_, length)) => length.parse().is_ok_and(|n: u32| n * 10 > most),
        None => text == "anywhere",
    }
}

/// A counter of `-v`: with a suffix it is rounded.
pub(super) fn counter(word: &str) -> Option<u64> {
    let digits = word.trim_end_matches(['K', 'M', 'G', 'T', 'P']);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (plain && word.len() <= digits.len() + 1).then(|| digits.parse().unwrap_or(u64::MAX))
}

fn is_opt(word: Option<&Word<'_>>) -> bool {
    word.is_some_and(|w| matches!(w.text, "--" | "-f" | "!f"))
}

fn is_protocol(word: Option<&Word<'_>>) -> bool {
    word.is_some_and(|w| {
        let (_, name) = w.negation();
        name == "all" || names::protocol(name).is_some()
    })
}

/// Whether a word can stand in a column of addresses.
pub(super) fn is_end(word: Option<&Word<'_>>) -> bool {
    word.is_some_and(|w| {
        let (_, text) = w.negation();
        let host = text.split_once('/').map_or(text, |(h, _)| h);
        let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        host.parse::<std::net::IpAddr>().is_ok() || !host.is_empty() && host.bytes().all(named)
    })
}

fn is_address(word: Option<&Word<'_>>) -> bool {
    word.is_some_and(|w| {
        let (_, text) = w.negation();
        let host = text.split_once('/').map_or(text, |(h, _)| h);
        text == "anywhere" || host.parse::<std::net::IpAddr>().is_ok()
    })
}

/// What a line has in the columns; `None` of a line that is no rule.
pub(super) fn row<'a>(text: &'a str, line: Span, columns: Columns) -> Option<Row<'a>> {
    let all = words(text, line);
    let mut left = all.as_slice();
    let mut row = Row::default();
    let mut before = line.start;
    if columns.numbers {
        let (first, rest) = left.split_first()?;
        row.number = Some(first.text.parse().ok()?);
        (left, before) = (rest, first.span.end);
    }
    if columns.counters {
        let [packets, bytes, rest @ ..] = left else {
            return None;
        };
        row.packets = Some(counter(packets.text)?);
        counter(bytes.text)?;
        (left, before) = (rest, bytes.span.end);
    }
    // The column of the target is ten wide.
    let gap = left.first()?.span.start.saturating_sub(before) >= 10;
    let [a, b, c] = [left.first(), left.get(1), left.get(2)];
    let taken = if is_opt(b) {
        row.protocol = a.copied();
        2
    } else if is_opt(c) {
        (row.target, row.protocol) = (a.copied(), b.copied());
        3
    } else {
        row.blank_opt = true;
        let none = (gap && is_protocol(a)) || (is_protocol(a) && !is_protocol(b));
        row.target = a.copied().filter(|_| !none);
        row.protocol = if none { a.copied() } else { b.copied() };
        if !is_protocol(row.protocol.as_ref()) {
            return None;
        }
        2 - usize::from(none)
    };
    if !row.blank_opt {
        let opt = left.get(taken - 1).copied();
        row.fragment = opt.filter(|w| w.text != "--");
    }
    left = left.get(taken..)?;
    if columns.interfaces {
        left = interfaces(&mut row, left);
    }
    (row.source, row.destination) = (left.first().copied(), left.get(1).copied());
    row.rest = left.get(2..).unwrap_or(&[]).to_vec();
    let ends = [row.source.as_ref(), row.destination.as_ref()];
    let fit = ends.iter().all(|e| is_end(*e));
    if row.blank_opt && !fit || ends.iter().flatten().any(|e| !is_end(Some(e))) {
        return None;
    }
    let last = all.last()?;
    row.width = width(text.get(line.range()).unwrap_or(""));
    row.span = Span {
        start: all.first()?.span.start,
        end: last.span.end,
    };
    Some(row)
}

/// Takes the two columns of interfaces. Pages swallow asterisks: where an address stands in their place, both are unknown.
fn interfaces<'a, 'w>(row: &mut Row<'a>, left: &'w [Word<'a>]) -> &'w [Word<'a>] {
    let [a, b] = [left.first(), left.get(1)];
    if is_address(a) {
        return left;
    }
    if !is_address(b) {
        (row.input, row.output) = (a.copied(), b.copied());
        return left.get(2..).unwrap_or(&[]);
    }
    left.get(1..).unwrap_or(&[])
}

/// A rule in a text without heads, with the columns that it has.
pub(super) fn headless<'a>(text: &'a str, line: Span) -> Option<(Row<'a>, Columns)> {
    let found = |numbers, counters| {
        let columns = Columns {
            numbers,
            counters,
            interfaces: counters,
        };
        let row = row(text, line, columns)?;
        let fits = !row.blank_opt && is_address(row.source.as_ref()) && row.is_whole();
        fits.then_some((row, columns))
    };
    let ways = [(false, false), (false, true), (true, false), (true, true)];
    ways.into_iter().find_map(|(n, c)| found(n, c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: Columns = Columns {
        numbers: false,
        counters: true,
        interfaces: true,
    };

    fn read(line: &str, columns: Columns) -> Option<[String; 7]> {
        let r = row(line, Span::new(0, line.len()), columns)?;
        let word = |w: Option<Word<'_>>| w.map_or(String::new(), |w| w.text.to_owned());
        let rest: Vec<&str> = r.rest.iter().map(|w| w.text).collect();
        Some([
            word(r.target),
            word(r.protocol),
            word(r.input),
            word(r.output),
            word(r.source),
            word(r.destination),
            rest.join(" "),
        ])
    }

    // Fails if a column is taken for another one.
    #[test]
    fn columns_of_all_versions() {
        for (line, columns, want) in [
            (
                "   66  6034 ACCEPT     all  --  lo     *       0.0.0.0/0            0.0.0.0/0           ",
                V,
                ["ACCEPT", "all", "lo", "*", "0.0.0.0/0", "0.0.0.0/0", ""],
            ),
            (
                " 2383  204K            6    --  !eth0  *       !10.0.0.0/8          1.2.3.4              tcp dpt:22",
                V,
                [
                    "",
                    "6",
                    "!eth0",
                    "*",
                    "!10.0.0.0/8",
                    "1.2.3.4",
                    "tcp dpt:22",
                ],
            ),
            (
                "    0     0            all      *      *       ::/0                 ::/0                ",
                V,
                ["", "all", "*", "*", "::/0", "::/0", ""],
            ),
            (
                "ACCEPT     icmpv6    anywhere             ff02::1/128          ",
                Columns::default(),
                ["ACCEPT", "icmpv6", "", "", "anywhere", "ff02::1/128", ""],
            ),
            (
                "DROP tcp !f anywhere host.example/24 tcp flags:SYN/SYN",
                Columns::default(),
                [
                    "DROP",
                    "tcp",
                    "",
                    "",
                    "anywhere",
                    "host.example/24",
                    "tcp flags:SYN/SYN",
                ],
            ),
            (
                // Asterisks that a page swallowed.
                "    0     0 ACCEPT     all  --         0.0.0.0/0            0.0.0.0/0            tcp dpt:22",
                V,
                [
                    "ACCEPT",
                    "all",
                    "",
                    "",
                    "0.0.0.0/0",
                    "0.0.0.0/0",
                    "tcp dpt:22",
                ],
            ),
        ] {
            assert_eq!(read(line, columns), Some(want.map(str::to_owned)), "{line}");
        }
        for line in [
            "tcp dpt:22 ctstate NEW",
            "NEW,ESTABLISHED",
            "icmp echo-request",
        ] {
            assert_eq!(read(line, Columns::default()), None, "{line}");
        }
        assert_eq!(counter("12K"), Some(12));
        assert_eq!(counter("K"), None);
        assert_eq!(counter("1x"), None);
    }
}

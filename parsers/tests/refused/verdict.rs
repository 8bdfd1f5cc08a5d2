//! What is said of a kind: by the tools, and by the reader.

use crate::generate::Kind;
use hylint_model::ProblemKind;
use hylint_parsers::format;
use hylint_parsers::source::Source;

/// Who refuses a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Nobody.
    Loads,
    /// Both backends.
    Both,
    /// The legacy tools alone.
    Legacy,
    /// iptables-nft alone.
    Nft,
    /// The machine lacks what the file needs.
    Lacks,
}

impl Verdict {
    const EACH: [(Self, &'static str); 5] = [
        (Self::Loads, "loads"),
        (Self::Both, "both"),
        (Self::Legacy, "legacy"),
        (Self::Nft, "nft"),
        (Self::Lacks, "lacks"),
    ];

    /// Whether at least one of the tools refuses it.
    pub(crate) fn refuses(self) -> bool {
        matches!(self, Self::Both | Self::Legacy | Self::Nft)
    }
}

/// A line of the table of verdicts.
pub(crate) fn to_line(v: Verdict, k: &Kind) -> String {
    let word = Verdict::EACH.iter().find(|(each, _)| *each == v).unwrap().1;
    let family = if k.v6 { "6" } else { "4" };
    format!(
        "{word}\t{family}\t{}\t{}\n",
        k.table,
        k.text.escape_default()
    )
}

/// Reads a line of that table.
pub(crate) fn from_line(line: &str) -> Option<(Verdict, Kind)> {
    let mut fields = line.split('\t');
    let word = fields.next()?;
    let verdict = Verdict::EACH.iter().find(|(_, w)| *w == word)?.0;
    let v6 = fields.next()? == "6";
    let table = fields.next()?.to_owned();
    let text = unescape(fields.next()?);
    Some((verdict, Kind { v6, table, text }))
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(c) => out.push(c),
                None => {}
            },
            (c, _) => out.push(c),
        }
    }
    out
}

/// What the reader says.
pub(crate) fn of_reader(k: &Kind) -> Verdict {
    let name = if k.v6 { "rules.v6" } else { "rules.v4" };
    let source = Source::new(name, k.file(), "UTF-8");
    let Some(export) = format::read(&source) else {
        return Verdict::Both;
    };
    let said = |kind: ProblemKind, word: &str| {
        let mut problems = export.problems.iter();
        problems.any(|p| p.kind == kind && p.message.contains(word))
    };
    let legacy = said(ProblemKind::Disputed, "-legacy-restore");
    let nft = said(ProblemKind::Disputed, "-nft-restore");
    match (said(ProblemKind::Malformed, ""), legacy, nft) {
        (true, _, _) | (_, true, true) => Verdict::Both,
        (_, true, _) => Verdict::Legacy,
        (_, _, true) => Verdict::Nft,
        _ => Verdict::Loads,
    }
}

//! What the record of a change is made of: what was compared, by what, and what that does not cover.

use super::super::files::{File, files};
use super::super::words;
use super::cell;
use super::table::Table;
use crate::common::sanitize::{limited, text};
use crate::finding::difference::{Difference, State};
use crate::finding::outcome::ExportInfo;
use crate::report::markdown::escape::{prose, sentence};
use crate::report::words::SENTENCE;
use std::fmt::Write as _;

/// Bytes of the table of files.
const FILES: usize = 12_000;
/// Hexadecimal digits of a hash in the last line.
const DIGITS: usize = 12;

/// The evidence, folded in, and the last line.
pub(super) fn section(d: &Difference) -> String {
    let mut s = format!("<details><summary>{}</summary>\n\n", words::EVIDENCE);
    let _ = writeln!(s, "- **What changed:** {}", prose(&words::compared(d)));
    for (side, what) in [(&d.old, "Before"), (&d.new, "After")] {
        let _ = writeln!(s, "- **{what}:** {}", state(side));
    }
    let _ = writeln!(
        s,
        "- **Proven by:** hylint {} on {}, {}",
        env!("CARGO_PKG_VERSION"),
        prose(&limited(&d.evaluated_at, 40)),
        words::PROOF
    );
    let _ = writeln!(s, "- **Judged by:** {}", sentence(words::held_against(d)));
    s.push_str("- **Limits:**\n");
    for l in words::limits(d) {
        let _ = writeln!(s, "  - {}", sentence(&limited(&l, SENTENCE)));
    }
    let _ = writeln!(s, "- **For the author to add:** {}\n", words::AUTHOR);
    hashes(d, &mut s);
    s.push_str("</details>\n\n");
    let _ = write!(
        s,
        "<sub>hylint {} · {}",
        env!("CARGO_PKG_VERSION"),
        prose(&limited(&d.evaluated_at, 40))
    );
    if !d.old.matrix.sha256.is_empty() {
        let m = &d.old.matrix;
        let _ = write!(
            s,
            " · matrix {} {} {}",
            prose(&limited(&m.id, 60)),
            prose(&limited(&m.version, 40)),
            m.sha256.get(..DIGITS).unwrap_or_default()
        );
    }
    s.push_str("</sub>\n");
    s
}

/// A side with its site file and matrix.
fn state(s: &State) -> String {
    let mut parts = vec![cell::code(&text(&s.name))];
    if let (Some(path), Some(sha256)) = (&s.site.path, &s.site.sha256) {
        parts.push(format!("{} {}", cell::code(&text(path)), hash(sha256)));
    }
    let m = &s.matrix;
    parts.push(format!(
        "matrix {} {} {}",
        prose(&limited(&m.id, 60)),
        prose(&limited(&m.version, 40)),
        hash(&m.sha256)
    ));
    parts.join(", ")
}

/// The hashes of both sides, those of the files that differ first.
fn hashes(d: &Difference, s: &mut String) {
    let all = files(d);
    let (differ, same): (Vec<&File<'_>>, Vec<_>) = all.iter().partition(|f| f.differs());
    let mut table = Table::new(&["File", "SHA-256 before", "SHA-256 after"]);
    for f in differ {
        table.row(&[cell::code(&text(f.path())), side(f.old), side(f.new)]);
    }
    for f in same {
        let path = cell::code(&text(f.path()));
        table.row(&[path, side(f.old), "the same".to_owned()]);
    }
    table.write(s.len() + FILES, s);
}

fn side(e: Option<&ExportInfo>) -> String {
    e.map_or_else(|| "none".to_owned(), |e| hash(&e.sha256))
}

fn hash(s: &str) -> String {
    cell::code(&limited(s, 64))
}

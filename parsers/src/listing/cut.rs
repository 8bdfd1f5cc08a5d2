//! Listings whose lines end at one column: cut by `cut -c1-80`, a pager or a narrow terminal.

use super::columns::Row;
use super::lines::{Block, ChainPart, Item};
use rustc_hash::FxHashSet;

/// Widths that terminals have.
const USUAL: [usize; 3] = [80, 160, 240];

/// Marks the rows whose end may be lost. Returns the column at which lines are cut.
pub(super) fn mark(blocks: &mut [Block<'_>]) -> Option<usize> {
    let mut found = None;
    for block in blocks {
        if let Some(column) = column(&block.chains) {
            found = found.or(Some(column.at));
            for row in rows(&mut block.chains) {
                row.cut |= column.all || row.width >= column.at;
            }
        }
    }
    found
}

struct Column {
    at: usize,
    /// Shorter lines may be cut as well: blanks at their ends are gone.
    all: bool,
}

fn rows<'c, 'a: 'c>(chains: &'c mut [ChainPart<'a>]) -> impl Iterator<Item = &'c mut Row<'a>> {
    let items = chains.iter_mut().flat_map(|c| &mut c.items);
    items.filter_map(|i| match i {
        Item::Rule(row) => Some(&mut **row),
        Item::Torn(_) | Item::Elided(_) => None,
    })
}

fn column(chains: &[ChainPart<'_>]) -> Option<Column> {
    let headed = || chains.iter().filter(|c| c.columns.is_some() && !c.cut);
    let mut heads = headed().map(|c| c.short_heads);
    if let Some(Some(at)) = heads.next()
        && heads.all(|h| h == Some(at))
    {
        return Some(Column { at, all: true });
    }
    let rows = || {
        chains
            .iter()
            .flat_map(super::tables::rows)
            .filter(|r| r.more.is_none())
    };
    let at = rows().map(|r| r.width).max()?;
    let ports = |r: &&Row<'_>| {
        r.rest
            .last()
            .is_some_and(|w| matches!(w.text, "tcp" | "udp"))
    };
    if rows().filter(|r| r.width == at).any(|r| ports(&r)) {
        return Some(Column { at, all: false });
    }
    if let Some(row) = rows().find(|r| lacks(r)) {
        return Some(Column {
            at,
            all: row.width < at,
        });
    }
    let longest = rows().filter(|r| r.width == at && !r.rest.is_empty());
    let shapes: FxHashSet<String> = longest.take(MOST).map(shape).collect();
    let enough = if USUAL.contains(&at) { 2 } else { 3 };
    (shapes.len() >= enough).then_some(Column { at, all: false })
}

/// Most rows of one width whose words are compared.
const MOST: usize = 256;

/// Whether the end of a row is missing for certain: these targets print options always.
fn lacks(row: &Row<'_>) -> bool {
    let target = row.target.map_or("", |t| t.text);
    row.is_whole() && row.rest.is_empty() && matches!(target, "REJECT" | "LOG" | "DNAT" | "SNAT")
}

/// Which words stand behind the columns: rules that differ in numbers alone often end at one column.
fn shape(row: &Row<'_>) -> String {
    let mut out = String::new();
    for word in &row.rest {
        let word = match word.text {
            "udp" => "tcp",
            w => w,
        };
        out.extend(
            word.chars()
                .map(|c| if c.is_ascii_digit() { '0' } else { c }),
        );
        out.push(' ');
    }
    out
}

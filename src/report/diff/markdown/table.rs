//! A table whose first rows are seen, the others folded, and those without room counted.

use crate::common::words::count;
use std::fmt::Write as _;

/// Rows that are seen without a click.
pub(super) const SEEN: usize = 15;

/// A table of so many columns.
pub(super) struct Table {
    head: String,
    rows: Vec<String>,
}

impl Table {
    pub(super) fn new(columns: &[&str]) -> Self {
        let head = format!(
            "| {} |\n|{}\n",
            columns.join(" | "),
            "---|".repeat(columns.len())
        );
        Self {
            head,
            rows: Vec::new(),
        }
    }

    /// Adds a row of cells that are Markdown already.
    pub(super) fn row(&mut self, cells: &[String]) {
        self.rows.push(format!("| {} |\n", cells.join(" | ")));
    }

    /// Writes the rows while the report stays below so many bytes.
    pub(super) fn write(self, room: usize, s: &mut String) {
        let mut rows = self.rows.iter();
        let mut left = 0;
        let mut folded = false;
        s.push_str(&self.head);
        for (n, row) in rows.by_ref().enumerate() {
            if s.len() + row.len() > room {
                left += 1;
                continue;
            }
            if n >= SEEN && !folded {
                folded = true;
                let more = count(self.rows.len() - n, "more row");
                let _ = write!(s, "\n<details><summary>{more}</summary>\n\n{}", self.head);
            }
            s.push_str(row);
        }
        if folded {
            s.push_str("\n</details>\n");
        }
        if left > 0 {
            let _ = write!(
                s,
                "\n**{} not shown for want of room; the other formats have them.**\n",
                count(left, "row")
            );
        }
        s.push('\n');
    }
}

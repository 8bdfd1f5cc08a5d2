//! Text that remembers where it put things.

use std::collections::BTreeMap;

/// Lines from which to which, both from 1.
pub type Lines = (u32, u32);

/// A file in the making.
#[derive(Default)]
pub struct Page {
    pub name: &'static str,
    pub text: String,
    marks: BTreeMap<String, Vec<Lines>>,
}

impl Page {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// The line that is written next.
    pub fn line(&self) -> u32 {
        1 + self.text.matches('\n').count() as u32
    }

    pub fn put(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Remembers lines under a key; a key may have several places.
    pub fn mark(&mut self, key: &str, lines: Lines) {
        self.marks.entry(key.to_owned()).or_default().push(lines);
    }

    /// A line with a mark.
    pub fn put_marked(&mut self, key: &str, line: &str) {
        let at = self.line();
        self.put(line);
        self.mark(key, (at, at));
    }

    pub fn marks(&self, key: &str) -> &[Lines] {
        self.marks.get(key).map_or(&[], Vec::as_slice)
    }

    /// The text between two positions (line and column from 1, the end excluded).
    pub fn between(&self, start: (u32, u32), end: (u32, u32)) -> String {
        let mut out = String::new();
        for (at, line) in (1..).zip(self.text.split_inclusive('\n')) {
            let from = if at == start.0 {
                start.1 as usize - 1
            } else {
                0
            };
            let to = if at == end.0 {
                end.1 as usize - 1
            } else {
                usize::MAX
            };
            if (start.0..=end.0).contains(&at) {
                out.extend(line.chars().take(to).skip(from));
            }
        }
        out
    }
}

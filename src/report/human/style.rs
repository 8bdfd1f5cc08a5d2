//! Colours, and lines that are broken at words.

use crate::report::RenderOptions;
use std::io::{self, Write};

/// How text is decorated.
#[derive(Clone, Copy)]
pub(in crate::report) struct Style {
    /// ANSI colours.
    pub(in crate::report) color: bool,
    /// Columns.
    pub(in crate::report) width: usize,
}

/// A decoration.
#[derive(Clone, Copy)]
pub(in crate::report) enum Paint {
    Bold,
    Dim,
    Red,
    Yellow,
    Green,
    Cyan,
}

impl Style {
    pub(in crate::report) fn new(options: &RenderOptions) -> Self {
        Self {
            color: options.color,
            width: options.width.clamp(40, 200),
        }
    }

    /// The same without line breaks: a command that is broken into lines cannot be copied.
    pub(in crate::report) fn unbroken(self) -> Self {
        Self {
            width: usize::MAX,
            ..self
        }
    }

    /// The text with ANSI colour, or as it is.
    pub(in crate::report) fn paint(self, paint: Paint, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Bold => "1",
            Paint::Dim => "2",
            Paint::Red => "1;31",
            Paint::Yellow => "33",
            Paint::Green => "32",
            Paint::Cyan => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// `head` in a column of `indent` characters and `text` beside it, broken at spaces.
    pub(in crate::report) fn entry(
        self,
        out: &mut dyn Write,
        head: &str,
        paint: Paint,
        indent: usize,
        text: &str,
    ) -> io::Result<()> {
        let pad = indent.saturating_sub(head.chars().count());
        write!(out, "{}{}", self.paint(paint, head), " ".repeat(pad))?;
        let room = self.width.saturating_sub(indent).max(20);
        for (n, line) in wrap(text, room).iter().enumerate() {
            if n > 0 {
                write!(out, "{}", " ".repeat(indent))?;
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

/// The words of a text; what stands between two ticks is one, since a command that is broken cannot be copied.
fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut inside = false;
    for word in text.split(' ') {
        match out.last_mut() {
            Some(last) if inside => {
                last.push(' ');
                last.push_str(word);
            }
            _ => out.push(word.to_owned()),
        }
        inside ^= word.matches('`').count() % 2 == 1;
    }
    match inside {
        // A tick without another one is a tick.
        true => text.split(' ').map(str::to_owned).collect(),
        false => out,
    }
}

/// Breaks a text at spaces into lines of at most `width` characters; a longer word has a line of its own.
pub(in crate::report) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in words(text) {
        let len = word.chars().count();
        if used > 0 && used + 1 + len > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(&word);
            used += len;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_words_and_no_word_is_lost() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("aaaaaaaa b", 5), ["aaaaaaaa", "b"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("run `a b c` now", 6), ["run", "`a b c`", "now"]);
        assert_eq!(wrap("a ` b", 3), ["a `", "b"]);
    }
}

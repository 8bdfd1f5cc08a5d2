//! Shows a page of Markdown on a terminal: heads, paragraphs, lists and files of examples.

use crate::common::sanitize::limited as sanitize_limited;
use crate::lints::explain;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use std::io::{self, Write};

/// How it is shown.
#[derive(Clone, Copy)]
pub(super) struct PageStyle {
    /// ANSI colours.
    pub(super) color: bool,
    /// Columns.
    pub(super) width: usize,
}

/// Longest line of an example.
const LONGEST: usize = 400;
/// Longest text between two names.
const LONGEST_TEXT: usize = 4_000;

impl PageStyle {
    fn paint(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Writes the page.
    pub(super) fn write(self, markdown: &str, out: &mut dyn Write) -> io::Result<()> {
        let mut text = String::new();
        // A matrix of one's own is quoted here, and one text comes in several parts.
        let mut raw = String::new();
        let mut first = true;
        let mut bullet = "";
        let mut block: Option<(String, String)> = None;
        for event in Parser::new(markdown) {
            if !matches!(event, Event::Text(_)) {
                text.push_str(&sanitize_limited(&raw, LONGEST_TEXT));
                raw.clear();
            }
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => info.to_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    block = Some((info, String::new()));
                }
                Event::End(TagEnd::CodeBlock) => {
                    if let Some((info, code)) = block.take() {
                        self.code(&info, &code, out)?;
                    }
                }
                Event::Text(t) => match &mut block {
                    Some((_, code)) => code.push_str(&t),
                    None => raw.push_str(&t),
                },
                Event::Code(t) => text.push_str(&self.word(&sanitize_limited(&t, LONGEST))),
                Event::SoftBreak | Event::HardBreak => text.push(' '),
                Event::End(TagEnd::Heading(_)) => {
                    if !std::mem::take(&mut first) {
                        writeln!(out)?;
                    }
                    writeln!(out, "{}", self.paint("1", &std::mem::take(&mut text)))?;
                }
                Event::Start(Tag::List(_)) => {
                    // What introduces a list inside of an item is a line of its own.
                    self.item(bullet, &mut text, out)?;
                    writeln!(out)?;
                }
                Event::Start(Tag::Item) => bullet = "- ",
                // An item of a list without blank lines holds no paragraph.
                Event::End(TagEnd::Item) => {
                    self.item(bullet, &mut text, out)?;
                    bullet = "";
                }
                Event::End(TagEnd::Paragraph) if bullet.is_empty() => {
                    writeln!(out)?;
                    self.paragraph("", &std::mem::take(&mut text), out)?;
                }
                Event::End(TagEnd::Paragraph) => self.item(bullet, &mut text, out)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A name in the running text: coloured, or in back quotes.
    fn word(self, t: &str) -> String {
        if self.color {
            self.paint("36", t)
        } else {
            format!("`{t}`")
        }
    }

    fn item(self, bullet: &str, text: &mut String, out: &mut dyn Write) -> io::Result<()> {
        match std::mem::take(text) {
            text if text.is_empty() => Ok(()),
            text => self.paragraph(bullet, &text, out),
        }
    }

    /// Writes a paragraph, its later lines below what stands behind the bullet.
    fn paragraph(self, bullet: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let width = self.width.clamp(40, 100).saturating_sub(2);
        let indent = " ".repeat(bullet.len());
        let options = textwrap::Options::new(width)
            .initial_indent(bullet)
            .subsequent_indent(&indent);
        // Only what this program writes holds escapes here, and the library counts them as nothing.
        for line in textwrap::wrap(text, options) {
            writeln!(out, "  {line}")?;
        }
        Ok(())
    }

    fn code(self, info: &str, code: &str, out: &mut dyn Write) -> io::Result<()> {
        let file = explain::file(info);
        writeln!(out)?;
        if let Some(f) = &file {
            writeln!(
                out,
                "  {}",
                self.paint("4", &sanitize_limited(&f.name, LONGEST))
            )?;
        }
        let marked = file.and_then(|f| f.line);
        for (n, line) in (1u32..).zip(code.lines()) {
            let line = sanitize_limited(line, LONGEST);
            if marked == Some(n) {
                writeln!(
                    out,
                    "  {} {}",
                    self.paint("1;31", ">"),
                    self.paint("1", &line)
                )?;
            } else if line.is_empty() {
                writeln!(out)?;
            } else {
                writeln!(out, "    {line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_lists_are_shown() {
        let style = PageStyle {
            color: false,
            width: 44,
        };
        let mut out = Vec::new();
        let page = "# head\n\nIntro:\n\n- one\n- two words that are long enough to be wrapped\n\n## next\n\nEnd.\n";
        style.write(page, &mut out).unwrap();
        let want = "head\n\n  Intro:\n\n  - one\n  - two words that are long enough to be\n    wrapped\n\nnext\n\n  End.\n";
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}

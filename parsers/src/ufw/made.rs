//! A text that is made of lines of another one and of lines that no file has, and the places of both.

use hylint_model::Span;

/// The text so far.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) text: String,
    /// Where each line begins, and the text that it is, or that it rests on.
    lines: Vec<(u32, Origin)>,
    /// Rules that no file has.
    pub(super) rules: usize,
}

#[derive(Clone, Copy, Debug)]
enum Origin {
    /// These very characters.
    Copied(Span),
    /// Another text says so; no place where nothing does.
    Said(Span),
}

impl Made {
    /// Adds a line of the source.
    pub(super) fn copy(&mut self, source: &str, span: Span) {
        self.begin(Origin::Copied(span));
        self.text.push_str(source.get(span.range()).unwrap_or(""));
        self.text.push('\n');
    }

    /// Adds a line that no file has.
    pub(super) fn say(&mut self, line: &str, because: Span) {
        self.begin(Origin::Said(because));
        self.rules += usize::from(line.starts_with("-A "));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn begin(&mut self, origin: Origin) {
        let at = self.text.len();
        self.lines.push((Span::new(at, at).start, origin));
    }

    /// The place in the source.
    pub(super) fn place(&self, span: Span) -> Span {
        if span.is_empty() {
            return Span::default();
        }
        let line = |at: u32| {
            let behind = self.lines.partition_point(|(start, _)| *start <= at);
            self.lines.get(behind.checked_sub(1)?).copied()
        };
        match line(span.start) {
            Some((start, Origin::Copied(own))) => {
                // What reaches over several lines is told by its first one.
                let begin = (own.start + (span.start - start)).min(own.end);
                let end = (own.start + (span.end - start)).min(own.end);
                Span { start: begin, end }
            }
            Some((_, Origin::Said(because))) => because,
            None => Span::default(),
        }
    }
}

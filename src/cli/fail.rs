//! Why hylint could not run, and what else it has to say on standard error: one style for all of it.

use crate::common::diag::Diag;
use crate::common::drawn::drawn;
use crate::common::sanitize::{limited, same_bytes};
use miette::Diagnostic;
use std::io::{self, Write};

/// Characters kept of a message.
const LONGEST: usize = 600;
/// Columns of the lines of a file.
const WIDTH: usize = 100;

/// One or more causes. Each is written as `error:` and what is wrong, the lines of the file where it is in one, and
/// `help:`. A message stays on one line, so that searches and editors find it.
#[derive(Debug)]
pub(super) struct Failure(Vec<Cause>);

#[derive(Debug)]
struct Cause {
    message: String,
    help: Option<String>,
    lines: Option<Diag>,
}

impl Failure {
    /// One cause.
    pub(super) fn new(message: impl AsRef<str>) -> Self {
        Self(vec![Cause::new(message.as_ref(), None)])
    }

    /// One cause, and what to do.
    pub(super) fn with_help(message: impl AsRef<str>, help: impl AsRef<str>) -> Self {
        Self(vec![Cause::new(message.as_ref(), Some(help.as_ref()))])
    }

    /// Writes each cause.
    pub(super) fn write(&self, out: &mut dyn Write, color: bool) -> io::Result<()> {
        for (n, cause) in self.0.iter().enumerate() {
            if n > 0 && cause.lines.is_some() {
                writeln!(out)?;
            }
            cause.write(out, color)?;
        }
        Ok(())
    }
}

impl Cause {
    fn new(message: &str, help: Option<&str>) -> Self {
        Self {
            message: clean(message),
            help: help.filter(|h| !h.is_empty()).map(clean),
            lines: None,
        }
    }

    fn write(&self, out: &mut dyn Write, color: bool) -> io::Result<()> {
        say(out, "error", &self.message, color)?;
        if let Some(lines) = &self.lines {
            let labels: Vec<_> = lines.labels().into_iter().flatten().collect();
            let text = drawn(lines, &labels, color, WIDTH).map_err(io::Error::other)?;
            out.write_all(text.as_bytes())?;
        }
        match &self.help {
            Some(help) => writeln!(out, "  {} {help}", painted("help:", "36", color)),
            None => Ok(()),
        }
    }
}

/// A line of standard error that is no failure: `note: …` or `warning: …`.
pub(super) fn tell(level: &str, text: &str) {
    let mut err = io::stderr().lock();
    // Nobody is left to be told when this fails.
    let _ = say(
        &mut err,
        level,
        &clean(text),
        super::Color::Auto.on(&io::stderr()),
    );
}

fn say(out: &mut dyn Write, level: &str, text: &str, color: bool) -> io::Result<()> {
    let code = match level {
        "error" => "1;31",
        "warning" => "1;33",
        _ => "1",
    };
    writeln!(out, "{} {text}", painted(&format!("{level}:"), code, color))
}

fn painted(text: &str, code: &str, color: bool) -> String {
    match color {
        true => format!("\x1b[{code}m{text}\x1b[0m"),
        false => text.to_owned(),
    }
}

fn clean(s: &str) -> String {
    limited(s, LONGEST).into_owned()
}

impl From<Vec<Diag>> for Failure {
    fn from(diags: Vec<Diag>) -> Self {
        let cause = |d: Diag| Cause {
            message: clean(&d.message),
            help: d.help.as_deref().map(clean),
            // A mistake that is in no file's text has no lines to show.
            lines: (!d.text.is_empty()).then(|| safe(d)),
        };
        Self(diags.into_iter().map(cause).collect())
    }
}

impl From<Vec<crate::load::Missing>> for Failure {
    fn from(all: Vec<crate::load::Missing>) -> Self {
        let diags: Vec<Diag> = all.into_iter().map(Diag::from).collect();
        Self::from(diags)
    }
}

/// The same mistake with a path and a text that act on nothing.
fn safe(d: Diag) -> Diag {
    Diag {
        path: clean(&d.path).into(),
        text: same_bytes(&d.text).into(),
        ..d
    }
}

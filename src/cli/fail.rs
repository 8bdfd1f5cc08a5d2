//! Why a run could not run, told as diagnostics on standard error.

use crate::common::diag::Diag;
use crate::common::sanitize::{limited as sanitize_limited, same_bytes as sanitize_same_bytes};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use std::fmt;
use std::io::{self, Write};

/// Characters kept of a message.
const LONGEST: usize = 600;

/// One or more causes.
#[derive(Debug)]
pub(super) struct Failure(Vec<Box<dyn Diagnostic>>);

/// A cause without a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plain {
    message: String,
    help: Option<String>,
}

impl Failure {
    /// One cause.
    pub(super) fn new(message: impl AsRef<str>) -> Self {
        Self(vec![Box::new(Plain {
            message: clean(message.as_ref()),
            help: None,
        })])
    }

    /// One cause, and what to do.
    pub(super) fn with_help(message: impl AsRef<str>, help: impl AsRef<str>) -> Self {
        Self(vec![Box::new(Plain {
            message: clean(message.as_ref()),
            help: Some(clean(help.as_ref())),
        })])
    }

    /// Writes each cause.
    pub(super) fn write(&self, out: &mut dyn Write, color: bool) -> io::Result<()> {
        let theme = if color {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(100)
            .with_links(false);
        for d in &self.0 {
            let mut text = String::new();
            handler
                .render_report(&mut text, &**d)
                .map_err(io::Error::other)?;
            out.write_all(text.as_bytes())?;
        }
        Ok(())
    }
}

fn clean(s: &str) -> String {
    sanitize_limited(s, LONGEST).into_owned()
}

impl From<Vec<Diag>> for Failure {
    fn from(diags: Vec<Diag>) -> Self {
        let safe = |d: Diag| -> Box<dyn Diagnostic> {
            // A mistake that is in no file's text has no lines to show.
            if d.text.is_empty() {
                return Box::new(Plain {
                    message: clean(&d.message),
                    help: d.help.map(|h| clean(&h)),
                });
            }
            Box::new(Diag {
                path: clean(&d.path).into(),
                text: sanitize_same_bytes(&d.text).into(),
                message: clean(&d.message),
                help: d.help.map(|h| clean(&h)),
                ..d
            })
        };
        Self(diags.into_iter().map(safe).collect())
    }
}

impl From<Vec<crate::load::Missing>> for Failure {
    fn from(all: Vec<crate::load::Missing>) -> Self {
        let plain = |m: crate::load::Missing| -> Box<dyn Diagnostic> {
            Box::new(Plain {
                message: clean(&m.to_string()),
                help: m.help().map(|h| h.to_string()),
            })
        };
        Self(all.into_iter().map(plain).collect())
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Plain {}

impl Diagnostic for Plain {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }
}

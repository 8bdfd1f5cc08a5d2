//! What every report is given, and what it is.

use crate::finding::outcome::Outcome;
use std::io::{self, Write};

/// How much of the findings of one cause is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Show {
    /// The first of them in full, the others counted.
    First,
    /// Each of them.
    All,
}

/// How to render.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RenderOptions {
    /// ANSI colours and symbols of a terminal.
    pub color: bool,
    /// Columns.
    pub width: usize,
    /// Only errors and one line.
    pub quiet: bool,
    /// Everything, notes and files that are no exports included.
    pub verbose: bool,
    /// Of findings with one cause the first, or all; none: as is usual for the format.
    pub show: Option<Show>,
    /// Only how many findings of each code there are.
    pub statistics: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            color: false,
            width: Self::WIDTH,
            quiet: false,
            verbose: false,
            show: None,
            statistics: false,
        }
    }
}

impl RenderOptions {
    /// Columns where the output is no terminal, so that the same run gives the same bytes everywhere.
    pub const WIDTH: usize = 80;
}

/// One output format.
pub trait Report: Sync {
    /// Writes the whole report.
    ///
    /// # Errors
    /// Those of the writer.
    fn write(
        &self,
        outcome: &Outcome,
        options: &RenderOptions,
        out: &mut dyn Write,
    ) -> io::Result<()>;
}

//! What a report of a change is.

use crate::finding::difference::Difference;
use crate::report::RenderOptions;
use std::io::{self, Write};

/// One output format of a change.
pub trait DiffReport: Sync {
    /// Writes the whole report.
    ///
    /// # Errors
    /// Those of the writer.
    fn write(
        &self,
        difference: &Difference,
        options: &RenderOptions,
        out: &mut dyn Write,
    ) -> io::Result<()>;
}

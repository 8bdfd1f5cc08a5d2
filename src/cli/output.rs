//! Where output goes.

use super::fail::Failure;
use std::io::{self, BufWriter, Write};

/// Writes to standard output. A reader that went away (`hylint … | head`) is no failure.
pub(super) fn stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(format!(
            "standard output cannot be written: {e}"
        ))),
        _ => Ok(()),
    }
}

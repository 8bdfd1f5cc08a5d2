//! Where output goes.

use super::fail::Failure;
use crate::report::RenderOptions;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

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

/// Writes a file: the whole of it or nothing, so that nobody ever reads half a report.
pub(super) fn file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let fail = |e: io::Error| Failure::new(format!("{} cannot be written: {e}", path.display()));
    // Devices and pipes cannot be replaced.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        let f = std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(fail)?;
        let mut out = BufWriter::new(f);
        return write(&mut out).and_then(|()| out.flush()).map_err(fail);
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let result = std::fs::File::create(&temporary)
        .map(BufWriter::new)
        .and_then(|mut out| {
            write(&mut out)?;
            out.flush()
        })
        .and_then(|()| std::fs::rename(&temporary, path));
    result.map_err(|e| {
        let _ = std::fs::remove_file(&temporary);
        fail(e)
    })
}

/// Columns of the terminal, or the fixed width where there is none.
pub(super) fn width() -> usize {
    if !io::stdout().is_terminal() {
        return RenderOptions::WIDTH;
    }
    terminal_size::terminal_size().map_or(RenderOptions::WIDTH, |(w, _)| usize::from(w.0))
}

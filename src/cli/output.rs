//! Where output goes.

use super::fail::Failure;
use crate::common::diag::io_cause;
use crate::report::RenderOptions;
use std::fs::Permissions;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Writes to standard output. A reader that went away (`hylint … | head`) is no failure.
pub(super) fn stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut pipe = Pipe {
        to: io::stdout().lock(),
        failed: None,
    };
    let mut out = BufWriter::new(&mut pipe);
    let written = write(&mut out).and_then(|()| out.flush());
    // What is buffered goes nowhere.
    let _ = out.into_parts();
    match (written, pipe.failed) {
        (Ok(()), _) | (Err(_), Some((io::ErrorKind::BrokenPipe, _))) => Ok(()),
        (Err(_), Some((_, why))) => {
            Err(Failure::new(format!("cannot write standard output: {why}")))
        }
        (Err(e), None) => Err(Failure::new(format!(
            "cannot write standard output: {}",
            io_cause(&e)
        ))),
    }
}

/// A writer that keeps why it failed: writers of CSV and XML wrap the cause.
struct Pipe<W> {
    to: W,
    failed: Option<(io::ErrorKind, String)>,
}

impl<W: Write> Pipe<W> {
    fn kept<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        if let Err(e) = &done {
            self.failed = Some((e.kind(), io_cause(e)));
        }
        done
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.to.write(bytes);
        self.kept(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.to.flush();
        self.kept(done)
    }
}

/// Writes a file: the whole of it or nothing, so that nobody ever reads half a report.
pub(super) fn file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    stage(path, write)?.commit()
}

/// A file that is written in full and not yet in its place.
pub(super) struct Staged<'a> {
    path: &'a Path,
    /// The file beside it and where it belongs; none for a device or pipe, which has what was written already.
    file: Option<(NamedTempFile, PathBuf)>,
}

impl Staged<'_> {
    /// Puts it into its place.
    pub(super) fn commit(self) -> Result<(), Failure> {
        let Some((file, to)) = self.file else {
            return Ok(());
        };
        let moved = file.persist(to).map_err(|e| e.error);
        moved.map(drop).map_err(|e| unwritable(self.path, &e))
    }
}

/// Writes a file beside the one that it is to replace. Until it is committed, what was there stays, and dropping it
/// leaves nothing behind.
pub(super) fn stage(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Staged<'_>, Failure> {
    let fail = |e: io::Error| unwritable(path, &e);
    let known = std::fs::metadata(path).ok();
    // Devices and pipes cannot be replaced.
    if known.as_ref().is_some_and(|m| !m.is_file() && !m.is_dir()) {
        let f = std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(fail)?;
        let mut out = BufWriter::new(f);
        write(&mut out).and_then(|()| out.flush()).map_err(fail)?;
        return Ok(Staged { path, file: None });
    }
    if known.as_ref().is_some_and(std::fs::Metadata::is_dir) {
        return Err(fail(io::ErrorKind::IsADirectory.into()));
    }
    // Where the path is a link, its target is replaced and the link stays.
    let to = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = match to.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(Failure::with_help(
            format!(
                "cannot write {}: no such folder {}",
                path.display(),
                folder.display()
            ),
            "create the folder first",
        ));
    }
    let mut file = temporary(folder, known.map(|m| m.permissions())).map_err(fail)?;
    let mut out = BufWriter::new(file.as_file_mut());
    write(&mut out).and_then(|()| out.flush()).map_err(fail)?;
    drop(out);
    Ok(Staged {
        path,
        file: Some((file, to)),
    })
}

/// A new file in a folder, with the permissions of the one that it replaces, else those that any new file gets.
fn temporary(folder: &Path, permissions: Option<Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".hylint-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(folder)?;
    if let Some(p) = permissions {
        file.as_file().set_permissions(p)?;
    }
    Ok(file)
}

fn unwritable(path: &Path, e: &io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {}", path.display(), io_cause(e)))
}

/// Columns of the terminal, or the fixed width where there is none.
pub(super) fn width() -> usize {
    if !io::stdout().is_terminal() {
        return RenderOptions::WIDTH;
    }
    terminal_size::terminal_size().map_or(RenderOptions::WIDTH, |(w, _)| usize::from(w.0))
}

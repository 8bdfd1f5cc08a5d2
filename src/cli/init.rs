//! `hylint init [PATH]`.

use super::fail::Failure;
use super::{Exit, matrix, output};
use crate::common::sanitize::limited as sanitize_limited;
use crate::load::{CONFIG_NAME, Disk};
use crate::session::init::{Draft, draft};
use crate::site;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Folder of the exports; hylint.toml is written into it
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Built-in matrix, or a matrix file of your own
    #[arg(long, value_name = "ID|FILE", default_value = crate::rules::matrix::DEFAULT)]
    matrix: String,
    /// Write to standard output instead
    #[arg(long)]
    stdout: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let shown = sanitize_limited(&args.path.to_string_lossy(), 300).into_owned();
    if args.path.is_file() {
        return Err(Failure::with_help(
            format!("{shown} is a file"),
            "name the folder of the exports",
        ));
    }
    // A site within a site would take its exports from it.
    if let Some(there) = site::find(&Disk, &args.path).filter(|_| !args.stdout) {
        return Err(Failure::with_help(
            format!("there is already {}", there.display()),
            "it is never overwritten: --stdout shows what would be written, to compare",
        ));
    }
    let m = matrix::load(&args.matrix)?;
    let id = m.id.clone();
    let Some(mut draft) = draft(&args.path, m)? else {
        return Err(Failure::with_help(
            format!("there is no export of a firewall in {shown}"),
            "put the exports there, one folder for each host: netsh advfirewall, iptables-save, AWS or Azure JSON",
        ));
    };
    if args.matrix != id {
        // A matrix of one's own is found from the site file.
        let file =
            std::path::absolute(&args.matrix).unwrap_or_else(|_| PathBuf::from(&args.matrix));
        let name = serde_json::to_string(&file.to_string_lossy()).unwrap_or_default();
        draft.text = draft.text.replacen(
            &format!("matrix = \"{id}\""),
            &format!("matrix = {name}"),
            1,
        );
    }
    if args.stdout {
        output::stdout(|out| out.write_all(draft.text.as_bytes()))?;
        return Ok(Exit::Clean);
    }
    let file = args.path.join(CONFIG_NAME);
    create(&file, &draft.text)?;
    output::stdout(|out| told(&file, &shown, &draft, out))?;
    Ok(Exit::Clean)
}

/// Writes a file that must not be there yet.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || std::fs::File::create_new(path)?.write_all(text.as_bytes());
    write().map_err(|e| Failure::new(format!("{} cannot be written: {e}", path.display())))
}

fn told(file: &Path, folder: &str, d: &Draft, out: &mut dyn Write) -> io::Result<()> {
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let shown = file.to_string_lossy();
    writeln!(out, "wrote {}", sanitize_limited(&shown, 300))?;
    writeln!(out, "  {} read", plural(d.exports, "export"))?;
    writeln!(
        out,
        "  {} whose role an export says",
        plural(d.known, "host")
    )?;
    if d.unaddressed > 0 {
        writeln!(
            out,
            "  {} of them without an address: fill it in first, the flows between hosts rest on it",
            d.unaddressed
        )?;
    }
    if d.open > 0 {
        writeln!(
            out,
            "  {} to confirm: they are comments in the file",
            plural(d.open, "host")
        )?;
    }
    if d.names > 0 {
        writeln!(out, "  {} to resolve", plural(d.names, "name"))?;
    }
    writeln!(
        out,
        "next: read it, answer what is asked in it, and run `hylint {folder}`"
    )
}

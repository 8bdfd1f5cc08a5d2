//! `hylint init [PATH]`.

use super::fail::Failure;
use super::{Exit, matrix, output};
use crate::common::paths;
use crate::common::sanitize::limited as sanitize_limited;
use crate::common::words::count;
use crate::common::words::hanging;
use crate::load::{CONFIG_NAME, Disk, Files};
use crate::session::Request;
use crate::session::init::{Draft, draft};
use crate::site;
use hylint_parsers::shell;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Hosts that are named; the others are counted.
const HOSTS: usize = 8;
/// Columns of the text.
const COLUMNS: usize = 80;

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
        let folder = Request::new([&args.path]).draft_command(&Disk);
        return Err(Failure::with_help(
            format!("{shown} is a file"),
            format!("name the folder of the exports: `{folder}`"),
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
    let named = matrix_name(args, &m.id);
    let Some(draft) = draft(&args.path, m, named.as_deref())? else {
        return Err(Failure::with_help(
            format!("there is no export of a firewall in {shown}"),
            "put the exports there, one folder for each host: `hylint collect windows`, `linux`, `aws` or `azure` prints a script that makes them",
        ));
    };
    if args.stdout {
        output::stdout(|out| out.write_all(draft.text.as_bytes()))?;
        return Ok(Exit::Clean);
    }
    let file = args.path.join(CONFIG_NAME);
    create(&file, &draft.text)?;
    let schema = schema_beside(&args.path, &draft.text);
    let next = next(args, named.is_none());
    output::stdout(|out| told(&file, schema.as_deref(), &draft, &next, out))?;
    Ok(Exit::Clean)
}

/// How hylint.toml names the matrix: by its id where it is built in, else by its path from there; none where it lies
/// elsewhere, since a site file names none outside of its folder.
fn matrix_name(args: &Args, id: &str) -> Option<String> {
    if args.matrix == id {
        return Some(id.to_owned());
    }
    let file = Path::new(&args.matrix);
    // Both may be reached through links.
    let (file, folder) = (Disk.resolved(file), Disk.resolved(&args.path));
    let inside = file.starts_with(&folder);
    inside.then(|| paths::relative(&file.to_string_lossy(), &folder))
}

/// The command that judges the site.
fn next(args: &Args, name_matrix: bool) -> String {
    let typed = |text: &str, else_: &str| shell::posix(text).unwrap_or_else(|_| else_.to_owned());
    let mut out = format!("hylint {}", typed(&args.path.to_string_lossy(), "PATH"));
    if name_matrix {
        out.push_str(&format!(" --matrix {}", typed(&args.matrix, "FILE")));
    }
    out
}

/// Writes a file that must not be there yet.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || std::fs::File::create_new(path)?.write_all(text.as_bytes());
    write().map_err(|e| Failure::new(format!("{} cannot be written: {e}", path.display())))
}

/// Puts the schema there that the first line of a draft names, since an editor or Taplo refuses a file whose schema is
/// missing. Nothing is done where the line names an address, where something is there, or where it cannot be written.
fn schema_beside(folder: &Path, draft: &str) -> Option<PathBuf> {
    let named = draft.lines().next()?.strip_prefix("#:schema ")?;
    if named.contains("://") {
        return None;
    }
    let file = folder.join(named);
    std::fs::create_dir_all(file.parent()?).ok()?;
    create(&file, &site::config::schema()).ok()?;
    Some(file)
}

fn told(
    file: &Path,
    schema: Option<&Path>,
    d: &Draft,
    next: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let shown = file.to_string_lossy();
    writeln!(
        out,
        "wrote {} from {}",
        sanitize_limited(&shown, 300),
        count(d.exports, "export")
    )?;
    if let Some(schema) = schema {
        let shown = schema.to_string_lossy();
        let shown = sanitize_limited(&shown, 300);
        writeln!(
            out,
            "wrote {shown} for editors, which check hylint.toml by it"
        )?;
    }
    hosts(d, out)?;
    if !d.questions.is_empty() {
        let (what, its) = match d.questions.len() {
            1 => ("1 question".to_owned(), "its key in the file has"),
            n => (format!("{n} questions"), "their keys in the file have"),
        };
        writeln!(out, "\n{what} that no export answers; {its} the number:")?;
    }
    for (n, q) in d.questions.iter().enumerate() {
        let text = sanitize_limited(&q.ask, 300);
        wrapped(out, &format!("{:>3}. ", n + 1), &text)?;
        wrapped(
            out,
            "     ",
            &format!("→ {}", sanitize_limited(&q.key, 300)),
        )?;
    }
    writeln!(
        out,
        "\nnext: answer them, remove the # of what is right, and run `{next}`"
    )
}

/// One line for each host, those first of which an export says the most.
fn hosts(d: &Draft, out: &mut dyn Write) -> io::Result<()> {
    let open = d.hosts.iter().filter(|h| !h.certain).count();
    let shown: Vec<(String, String, String)> = d
        .hosts
        .iter()
        .take(HOSTS)
        .map(|h| {
            let role = sanitize_limited(&h.roles.join(", "), 60).into_owned();
            let role = match (h.certain, role.is_empty()) {
                (true, _) => role,
                (false, true) => "?".to_owned(),
                (false, false) => format!("{role}?"),
            };
            let name = sanitize_limited(&h.name, 40).into_owned();
            (name, role, h.evidence.clone())
        })
        .collect();
    let wide = |f: fn(&(String, String, String)) -> &String| {
        shown
            .iter()
            .map(|h| f(h).chars().count())
            .max()
            .unwrap_or(0)
    };
    let (names, roles) = (wide(|h| &h.0), wide(|h| &h.1));
    for (name, role, evidence) in &shown {
        writeln!(out, "  {name:names$}  {role:roles$}  {evidence}")?;
    }
    if d.hosts.len() > HOSTS {
        writeln!(out, "  and {}", count(d.hosts.len() - HOSTS, "more host"))?;
    }
    if open > 0 {
        writeln!(
            out,
            "  {} to confirm: comments in the file, since no export says the role",
            count(open, "host")
        )?;
    }
    Ok(())
}

/// A text broken at words into lines that begin below its own first word.
fn wrapped(out: &mut dyn Write, head: &str, text: &str) -> io::Result<()> {
    let indent = " ".repeat(head.chars().count());
    for line in hanging(head, &indent, COLUMNS, text) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

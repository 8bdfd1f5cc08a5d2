//! Documents that show the program: their code blocks, and what the program really prints.
#![allow(dead_code, unreachable_pub)] // each test binary uses its part
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};
use std::process::Command;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// A fenced block: what stands behind the fence, and its lines.
pub struct Block {
    /// Language, before any `,` or space.
    pub language: String,
    /// What follows a `,`: `not-run` for commands of another machine.
    pub attribute: String,
    /// What follows a space: the name of the file that the block is.
    pub file: Option<String>,
    pub lines: Vec<String>,
}

impl Block {
    fn new(info: &str) -> Self {
        let (head, file) = match info.split_once(' ') {
            Some((head, file)) => (head, Some(file.to_owned())),
            None => (info, None),
        };
        let (language, attribute) = head.split_once(',').unwrap_or((head, ""));
        Self {
            language: language.into(),
            attribute: attribute.into(),
            file,
            lines: Vec::new(),
        }
    }
}

pub fn blocks(text: &str) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                open = true;
                out.push(Block::new(info));
            }
            (Some(_), true) => open = false,
            (None, true) => out.last_mut().unwrap().lines.push(line.into()),
            (None, false) => {}
        }
    }
    assert!(!open, "a fenced block is not closed");
    out
}

/// The commands of a shell block, without prompt and comment.
pub fn commands(b: &Block) -> Vec<String> {
    let shell = ["sh", "console"].contains(&b.language.as_str()) && b.attribute.is_empty();
    let command = |l: &String| {
        let line = l.strip_prefix("$ ").or((b.language == "sh").then_some(l))?;
        Some(line.split(" #").next()?.trim().to_owned())
    };
    let lines = b.lines.iter().filter(|_| shell);
    lines.filter_map(command).collect()
}

/// A folder as the reader has it: the examples, and exports of the reader's own.
pub fn reader() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&root().join("examples"), &dir.path().join("examples"));
    let from = root().join("examples/windows-dc/compliant/sh1/rules.txt");
    std::fs::create_dir_all(dir.path().join("exports/session-host")).unwrap();
    for to in ["exports/session-host/sh1.txt", "sh1.txt"] {
        std::fs::copy(&from, dir.path().join(to)).unwrap();
    }
    dir
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Exit status and standard output; what is printed to standard error fails the test.
pub fn run(dir: &Path, line: &str) -> (i32, String) {
    let args = line.split_whitespace().skip(1);
    let done = Command::new(env!("CARGO_BIN_EXE_hylint"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .output()
        .unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(err, "", "{line}");
    let out = String::from_utf8(done.stdout).unwrap();
    (done.status.code().unwrap(), out)
}

/// The output's findings and its end, each a piece of its own.
fn pieces(out: &str) -> Vec<String> {
    let starts = |l: &str| {
        ["error[", "warning[", "note["]
            .iter()
            .any(|s| l.starts_with(s))
    };
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    for line in out.lines() {
        if starts(line) {
            all.push(Vec::new());
        }
        all.last_mut().unwrap().push(line);
    }
    // The last finding ends at the empty line before the summary, of which the last line is shown.
    let end = out.lines().last().unwrap_or_default();
    let mut out: Vec<String> = all
        .iter()
        .map(|p| p.join("\n").trim_end().to_owned())
        .collect();
    if let Some(last) = out.last_mut()
        && let Some(cut) = last.rfind("\n\n")
    {
        last.truncate(cut);
    }
    out.push(end.into());
    out
}

/// A transcript anew: each shown piece (between lines `...`) is that piece of the output that begins as it does.
pub fn renewed(b: &Block, out: &str) -> Vec<String> {
    let pieces = pieces(out);
    let mut lines = Vec::new();
    let mut fresh = true;
    for line in &b.lines {
        if line == "..." || line.starts_with("$ ") {
            lines.push(line.clone());
            fresh = true;
        } else if fresh {
            let head = line.split([':', ' ']).next().unwrap();
            let piece = pieces.iter().find(|p| p.starts_with(head));
            let piece = piece.unwrap_or_else(|| panic!("nothing begins with {head:?} in\n{out}"));
            lines.extend(piece.lines().map(|l| l.trim_end().to_owned()));
            fresh = false;
        }
    }
    lines
}

/// The document with the output of its transcripts anew, running them in `dir`; the number of transcripts.
pub fn with_output(text: &str, dir: &Path) -> (String, usize) {
    let mut new = text.to_owned();
    let mut shown = 0;
    for b in blocks(text) {
        let commands = commands(&b);
        // A block of one command and more lines is a transcript.
        if commands.len() != 1 || b.lines.len() < 2 || b.language != "console" {
            continue;
        }
        let (_, out) = run(dir, &commands[0]);
        new = new.replace(&b.lines.join("\n"), &renewed(&b, &out).join("\n"));
        shown += 1;
    }
    (new, shown)
}

/// Holds a document to what it should be, or writes it anew with `HYLINT_UPDATE=1`.
pub fn hold(name: &str, should: &str) {
    let path = root().join(name);
    if std::env::var_os("HYLINT_UPDATE").is_some() {
        std::fs::write(&path, should).unwrap();
    }
    let is = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = is.lines().zip(should.lines()).find(|(a, b)| a != b);
    assert!(
        is == should,
        "{name} is not what it should be, first at {differs:?}; HYLINT_UPDATE=1 writes it anew"
    );
}

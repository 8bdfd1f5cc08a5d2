//! Documents that show the program: their code blocks, and what the program really prints.
//!
//! A fenced block is one of
//! - `sh` or `console`: commands of hylint, which are run. Below a single `$ command` of a `console` block stands its output;
//!   `...` stands for output that is left out. A comment `# exit status 1` is held to the command's status;
//! - `sh,not-run` or `powershell`: commands of another machine or program, none of them hylint's. They are counted;
//! - `yaml` or `groovy`: a pipeline. Each hylint command in it is run;
//! - `hylint … > FILE`: the command writes the file into the reader's folder;
//! - `hylint diff --git`: the reader's folder is a repository then, with the branch `main`;
//! - any other language with a name (```` ```toml exports/hylint.toml ````): a file that the commands below it find. Blocks of
//!   one name are parts of one file;
//! - a block below `<!-- run COMMAND -->`: lines that the command prints, on either stream. `<!-- file NAME`, lines and `-->`
//!   make a file for it that readers do not see.
#![allow(dead_code, unreachable_pub)] // each test binary uses its part
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// A fenced block: what stands behind the fence, and its lines.
#[derive(Default)]
pub struct Block {
    /// Language, before any `,` or space.
    pub language: String,
    /// What follows a `,`: `not-run` for commands of another machine.
    pub attribute: String,
    /// What follows a space: the name of the file that the block is.
    pub file: Option<String>,
    /// The command that prints the block, where a comment above it says so.
    pub said_by: Option<String>,
    pub lines: Vec<String>,
    /// Index of its first line in the document.
    at: usize,
}

impl Block {
    fn new(info: &str, said_by: Option<String>, at: usize) -> Self {
        let (head, file) = match info.split_once(' ') {
            Some((head, file)) => (head, Some(file.to_owned())),
            None => (info, None),
        };
        let (language, attribute) = head.split_once(',').unwrap_or((head, ""));
        Self {
            language: language.into(),
            attribute: attribute.into(),
            file,
            said_by,
            lines: Vec::new(),
            at,
        }
    }

    fn is_shell(&self) -> bool {
        ["sh", "console"].contains(&self.language.as_str()) && self.attribute.is_empty()
    }
}

pub fn blocks(text: &str) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut end: Option<&str> = None;
    let mut said_by = None;
    for (at, line) in text.lines().enumerate() {
        if let Some(close) = end {
            if line == close {
                end = None;
            } else {
                out.last_mut().unwrap().lines.push(line.into());
            }
        } else if let Some(info) = line.strip_prefix("```") {
            out.push(Block::new(info, said_by.take(), at + 1));
            end = Some("```");
        } else if let Some(name) = line.strip_prefix("<!-- file ") {
            out.push(Block::new(&format!("file {name}"), None, at + 1));
            end = Some("-->");
        } else if let Some(command) = line.strip_prefix("<!-- run ") {
            said_by = Some(command.trim_end_matches(" -->").to_owned());
        }
    }
    assert!(end.is_none(), "a block is not closed");
    assert!(said_by.is_none(), "no block follows {said_by:?}");
    out
}

/// A line of a shell block without prompt and comment, and the exit status that the comment names.
fn command(b: &Block, line: &str) -> Option<(String, Option<i32>)> {
    let line = line
        .strip_prefix("$ ")
        .or((b.language == "sh").then_some(line))?;
    let (command, comment) = line.split_once(" #").unwrap_or((line, ""));
    let status = comment
        .split_once("exit status ")
        .map(|(_, n)| n.trim().parse().unwrap());
    Some((command.trim().to_owned(), status))
}

/// The commands of a shell block, without prompt and comment.
pub fn commands(b: &Block) -> Vec<String> {
    let lines = b.lines.iter().filter(|_| b.is_shell());
    lines.filter_map(|l| Some(command(b, l)?.0)).collect()
}

/// What is written in a pipeline's line from `hylint` on.
fn in_pipeline(line: &str) -> Option<String> {
    let code = line.split(" #").next()?;
    let at = code.find("hylint check ").or(code.find("hylint diff "))?;
    let before = code.get(..at)?.trim_end();
    if !before.is_empty() && !before.ends_with(['-', ':', '\'', '"']) {
        return None;
    }
    let quote = before.chars().last().filter(|c| "'\"".contains(*c));
    let code = code.get(at..)?;
    let end = quote.and_then(|q| code.find(q)).unwrap_or(code.len());
    let command = code.get(..end).unwrap_or(code).trim();
    // pre-commit puts the changed files behind a hook's entry.
    let files = if before == "entry:" || before.ends_with(" entry:") {
        " examples/windows-dc/compliant/cm1/rules.txt"
    } else {
        ""
    };
    Some(format!("{command}{files}"))
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

/// The words of a command line; single and double quotes keep a word together.
fn words(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let (mut word, mut quote, mut any) = (String::new(), None, false);
    for c in line.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.push(c),
            None if c == '\'' || c == '"' => (quote, any) = (Some(c), true),
            None if c == ' ' => {
                if any || !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
                any = false;
            }
            None => word.push(c),
        }
    }
    if any || !word.is_empty() {
        out.push(word);
    }
    out
}

/// Exit status, standard output and standard error.
pub fn run_all(dir: &Path, line: &str) -> (i32, String, String) {
    let (line, file) = match line.split_once(" > ") {
        Some((line, file)) => (line, Some(file.trim())),
        None => (line, None),
    };
    let done = Command::new(env!("CARGO_BIN_EXE_hylint"))
        .args(words(line).iter().skip(1))
        .current_dir(dir)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let printed = match file {
        Some(file) => {
            std::fs::write(dir.join(file), &done.stdout).unwrap();
            Vec::new()
        }
        None => done.stdout,
    };
    (
        done.status.code().unwrap(),
        text(printed),
        text(done.stderr),
    )
}

/// Exit status and standard output; what is printed to standard error fails the test.
pub fn run(dir: &Path, line: &str) -> (i32, String) {
    let (status, out, err) = run_all(dir, line);
    assert_eq!(err, "", "{line}");
    (status, out)
}

/// Whether a line is the first of a finding.
fn is_head(line: &str) -> bool {
    let levels = ["error[", "warning[", "note["];
    levels.iter().any(|l| line.starts_with(l))
}

/// The output's findings and its end, each a piece of its own.
fn pieces(out: &str) -> Vec<String> {
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    for line in out.lines() {
        if is_head(line) {
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
fn renewed(b: &Block, out: &str) -> Vec<String> {
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

/// A text as one line of words, without what wrapping adds.
fn flat(text: &str) -> String {
    let words = text.split_whitespace();
    let words = words.filter(|w| !["│", "×", "⚠", "☞", "..."].contains(w));
    words.collect::<Vec<_>>().join(" ")
}

/// The lines of a block that a command prints: those that it does print, and for one with a code (`error[unread-file]`)
/// the line that begins with that code now.
fn said(name: &str, b: &Block, command: &str, out: &str) -> Vec<String> {
    let all = flat(out);
    let renewed = |line: &String| {
        // A code alone is a line to be filled in.
        if !line.ends_with(']') && all.contains(&flat(line)) {
            return line.clone();
        }
        // Else the line that begins with the same code or, without one, with the same words.
        let words = |l: &str| {
            let words = l.split_whitespace().take(3);
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        let code = line.split_inclusive(']').next().unwrap();
        let now = out.lines().find(|l| match is_head(line) {
            true => l.starts_with(code),
            false => words(l) == words(line),
        });
        now.unwrap_or_else(|| panic!("{name}: `{command}` does not print\n{line}\nbut\n{out}"))
            .to_owned()
    };
    b.lines.iter().map(renewed).collect()
}

/// What was done with a document.
#[derive(Default)]
pub struct Played {
    /// The document with its output as it is now.
    pub text: String,
    /// Commands of hylint that were run.
    pub ran: usize,
    /// Transcripts and printed lines that were compared.
    pub shown: usize,
    /// Commands of other programs, which nobody runs.
    pub elsewhere: Vec<String>,
}

/// Makes a folder a repository with two commits on the branch `main`.
fn repository(dir: &Path) {
    for line in [
        "init -q -b main",
        "commit -q --allow-empty -m zero",
        "add .",
        "commit -qm one",
        "commit -q --allow-empty -m two",
    ] {
        let mut git = Command::new("git");
        git.arg("-C").arg(dir).args(line.split(' '));
        for (key, value) in [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@example.org"),
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a@example.org"),
        ] {
            git.env(key, value);
        }
        assert!(git.status().unwrap().success(), "git {line}");
    }
}

/// Runs a document in a folder, block by block.
pub fn play(name: &str, text: &str, dir: &Path) -> Played {
    if text.contains("hylint diff --git") && !dir.join(".git").exists() {
        repository(dir);
    }
    let mut done = Played::default();
    let mut written = BTreeSet::new();
    let mut new: Vec<(usize, usize, Vec<String>)> = Vec::new();
    for b in blocks(text) {
        if let Some(file) = &b.file {
            let path = dir.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let old = match written.insert(file.clone()) {
                true => String::new(),
                false => std::fs::read_to_string(&path).unwrap(),
            };
            std::fs::write(path, format!("{old}{}\n", b.lines.join("\n"))).unwrap();
        } else if let Some(command) = &b.said_by {
            let (_, out, err) = run_all(dir, command);
            let lines = said(name, &b, command, &format!("{out}\n{err}"));
            new.push((b.at, b.lines.len(), lines));
            (done.ran, done.shown) = (done.ran + 1, done.shown + 1);
        } else {
            block(name, &b, dir, &mut done, &mut new);
        }
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (at, len, with) in new.into_iter().rev() {
        lines.splice(at..at + len, with);
    }
    done.text = lines.join("\n") + "\n";
    done
}

fn block(
    name: &str,
    b: &Block,
    dir: &Path,
    done: &mut Played,
    new: &mut Vec<(usize, usize, Vec<String>)>,
) {
    let hylint = |l: &&String| l.trim_start_matches("$ ").starts_with("hylint ");
    match (b.language.as_str(), b.attribute.as_str()) {
        ("sh" | "console", "") => {
            let all: Vec<_> = b.lines.iter().filter_map(|l| command(b, l)).collect();
            assert!(!all.is_empty(), "{name} has a block without a command");
            let mut last = String::new();
            for (line, status) in &all {
                // The clone's own way to the program, and its tests, which run already.
                let line = match line.split_once(" -- ") {
                    Some((cargo, rest)) if cargo.starts_with("cargo run") => {
                        &format!("hylint {rest}")
                    }
                    _ if line.starts_with("cargo ") => {
                        done.elsewhere.push(line.clone());
                        continue;
                    }
                    _ => line,
                };
                assert!(
                    line.starts_with("hylint "),
                    "{name} has a command that cannot be run: mark its block `not-run`\n{line}"
                );
                let (is, out) = run(dir, line);
                let good = status.map_or((0..=1).contains(&is), |s| s == is);
                assert!(good, "{name}: {line}: {is}\n{out}");
                done.ran += 1;
                last = out;
            }
            // A block of one command and more lines is a transcript.
            if b.language == "console" && all.len() == 1 && b.lines.len() > 1 {
                new.push((b.at, b.lines.len(), renewed(b, &last)));
                done.shown += 1;
            }
        }
        ("yaml" | "groovy", "") => {
            for line in b.lines.iter().filter_map(|l| in_pipeline(l)) {
                let (is, out) = run(dir, &line);
                assert!((0..=1).contains(&is), "{name}: {line}: {is}\n{out}");
                done.ran += 1;
            }
        }
        ("sh", "not-run") | ("powershell" | "text" | "toml", "") => {
            let own = b.lines.iter().find(hylint);
            assert!(own.is_none(), "{name}: nobody runs {own:?}");
            if ["sh", "powershell"].contains(&b.language.as_str()) {
                let lines = b.lines.iter().filter(|l| !l.starts_with([' ', '}']));
                done.elsewhere.extend(lines.cloned());
            }
        }
        (language, attribute) => panic!(
            "{name} has a block of {language:?} {attribute:?}, which is neither run nor marked"
        ),
    }
}

/// Holds a document to what it should be, or writes it anew with `HYLINT_UPDATE=1`.
pub fn hold(name: &str, should: &str) {
    let path = root().join(name);
    let mut is = std::fs::read_to_string(&path).unwrap_or_default();
    // Other tests read the file meanwhile, so one that is right is not touched.
    if is != should && std::env::var_os("HYLINT_UPDATE").is_some() {
        std::fs::write(&path, should).unwrap();
        is = should.into();
    }
    let differs = is.lines().zip(should.lines()).find(|(a, b)| a != b);
    assert!(
        is == should,
        "{name} is not what it should be, first at {differs:?}; HYLINT_UPDATE=1 writes it anew"
    );
}

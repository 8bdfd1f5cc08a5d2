//! Takes what a report advises at its word: runs its `trace` commands, and applies its commands to a copy of the site.

#[path = "apply.rs"]
mod apply;

use hylint::finding::{Finding, Severity};
use hylint::session::{Request, check};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What became of the advice of one finding.
#[derive(Debug, Default)]
pub struct Advice {
    /// `trace` commands that gave the verdict that the finding claims.
    pub traced: usize,
    /// Commands that were applied, after which the finding was gone and no error was new.
    pub applied: usize,
}

/// Takes the advice of a finding of a report about the site in a folder, to which paths are relative, and runs its `trace`
/// commands if `traces`.
///
/// # Errors
/// What did not come as it was said.
pub fn take(site: &Path, all: &[Finding], f: &Finding, traces: bool) -> Result<Advice, String> {
    let mut out = Advice::default();
    for r in f.reproduce.iter().filter(|_| traces) {
        let words = apply::words(&r.command)?;
        let done = Command::new(env!("CARGO_BIN_EXE_hylint"))
            .args(&words[1..])
            .args(["--format", "ndjson"])
            .current_dir(site)
            .env_clear()
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&done.stdout);
        if !text.contains(&format!("\"verdict\":\"{}\"", r.verdict)) {
            let said = String::from_utf8_lossy(&done.stderr);
            return Err(format!("{} is not {}: {text}{said}", r.command, r.verdict));
        }
        out.traced += 1;
    }
    if f.commands.is_empty() {
        return Ok(out);
    }
    let copy = tempfile::tempdir().unwrap();
    copy_site(site, copy.path());
    // The rules may stand in another file than the setting that decides.
    let traced = f
        .reproduce
        .first()
        .and_then(|r| apply::words(&r.command).ok());
    let traced = traced.and_then(|w| w.into_iter().nth(2));
    let point = f.point.clone().filter(|p| Path::new(p).is_file());
    let place = || Some(f.place.as_ref()?.path.to_string());
    let path = traced.or(point).or_else(place);
    let place = path
        .as_deref()
        .and_then(|p| Path::new(p).strip_prefix(site).ok());
    for command in &f.commands {
        run(copy.path(), place, command)?;
    }
    let after = findings(copy.path())?;
    // Of findings that are alike, those behind the first have a number at the end of their fingerprint, and move up.
    let alike = |all: &[Finding]| {
        let base = |f: &Finding| f.fingerprint.split('-').next().map(str::to_owned);
        let same = |o: &&Finding| o.code == f.code && base(o) == base(f);
        all.iter().filter(same).count()
    };
    let fewer = alike(&after) < alike(all);
    let same = |o: &&Finding| {
        if f.requirement.is_none() {
            return !fewer && (o.code, &o.fingerprint) == (f.code, &f.fingerprint);
        }
        let rows = |f: &Finding| f.row.into_iter().chain(f.also.iter().copied()).collect();
        let (a, b): (BTreeSet<u32>, BTreeSet<u32>) = (rows(f), rows(o));
        // Another layer of the host has findings of its own.
        o.requirement.is_some()
            && (&o.host, o.direction, short(&o.point)) == (&f.host, f.direction, short(&f.point))
            && o.severity > Severity::Note
            && !a.is_disjoint(&b)
    };
    if let Some(left) = after.iter().find(same) {
        return Err(format!(
            "after {:#?}: {} {}",
            f.commands, left.code, left.message
        ));
    }
    // Lines and numbers of rules move.
    let errors = |all: &[Finding]| -> BTreeSet<(String, String)> {
        let of = all.iter().filter(|f| f.severity == Severity::Error);
        of.map(|f| match f.row {
            Some(row) => {
                let (host, way) = (f.host.as_deref().unwrap_or_default(), f.direction);
                (
                    format!("row {row}"),
                    format!("{host} {way:?} {:?}", short(&f.point)),
                )
            }
            None => (f.code.to_string(), f.message.clone()),
        })
        .collect()
    };
    let before = errors(all);
    if let Some(new) = errors(&after).iter().find(|e| !before.contains(*e)) {
        return Err(format!("after {:#?}: new error {new:?}", f.commands));
    }
    out.applied = f.commands.len();
    Ok(out)
}

/// A point without the folders of its file.
fn short(point: &Option<String>) -> Option<&str> {
    point.as_deref()?.rsplit('/').next()
}

/// The findings about a site.
pub fn findings(site: &Path) -> Result<Vec<Finding>, String> {
    let request = Request {
        at: "2026-11-23T00:00:00Z".parse().unwrap(),
        threads: 1,
        ..Request::new([site])
    };
    let outcome = check(&request).map_err(|all| all[0].message.clone())?;
    Ok(outcome.findings)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => out.extend(files(&path)),
            false => out.push(path),
        }
    }
    out.sort();
    out
}

fn copy_site(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&file, target).unwrap();
    }
}

/// The text of a file in UTF-8 or UTF-16LE, and whether it is the latter.
fn read(file: &Path) -> Option<(String, bool)> {
    let bytes = std::fs::read(file).unwrap();
    match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(wide) => {
            let units: Vec<u16> = wide
                .chunks_exact(2)
                .map(|b| u16::from_le_bytes([b[0], b[1]]))
                .collect();
            Some((String::from_utf16(&units).ok()?, true))
        }
        None => Some((String::from_utf8(bytes).ok()?, false)),
    }
}

/// Applies a command to the file of the site that it is about.
fn run(site: &Path, place: Option<&Path>, command: &str) -> Result<(), String> {
    let mut errors = vec![command.to_owned()];
    let mut files = files(site);
    // A command says which firewall it is for, and not which host: that is where the finding stands.
    files.sort_by_key(|f| place != f.strip_prefix(site).ok());
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name == "hylint.toml" || name == "expect.json" {
            continue;
        }
        let Some((text, utf16)) = read(&file) else {
            errors.push(format!("{name} has another encoding"));
            continue;
        };
        let path = file.strip_prefix(site).unwrap();
        match apply::apply(path, &text, command) {
            Ok(new) => {
                let wide = new.encode_utf16().flat_map(u16::to_le_bytes);
                let bytes = match utf16 {
                    true => [0xff, 0xfe].into_iter().chain(wide).collect(),
                    false => new.into_bytes(),
                };
                std::fs::write(&file, bytes).unwrap();
                return Ok(());
            }
            Err(e) => errors.push(format!("{name}: {e}")),
        }
    }
    Err(errors.join("\n"))
}

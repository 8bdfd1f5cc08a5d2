//! Baselines: the findings that a site had when it began to use hylint. They stay in every report and do not fail the
//! run; what is new does.
//!
//! Findings of trust are never in a baseline: "this export is cut off" held down without an owner and without an end
//! would let every later run pass on evidence that nobody has. `[[waive]]` can hold one down, for a time. The one exception
//! is the finding about requirements that rest on undeclared peers, which names each of them with its host.

use crate::common::diag::{Diag, io_cause};
use crate::common::hash::hex;
use crate::common::paths;
use crate::finding::outcome::{BaselineInfo, Outcome};
use crate::finding::{Code, Finding, Group};
use crate::report::write_json;
use hylint_space::AddrSet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// What the file says it is.
const FORMAT: &str = "hylint-baseline";
/// Version of the file's form.
const VERSION: u32 = 1;

/// The file, as it is written.
#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    tool: Tool,
    findings: Vec<Entry>,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    version: String,
}

/// One finding. `code`, the host (else the path), `point`, `fingerprint`, `peers` and `members` are compared; the rest is
/// for those who review the file. Entries of an older form, without a `point`, are known by their fingerprint.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Relative to hylint.toml, else to the working directory.
    path: String,
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requirement: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    /// Empty for a point that has no name of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    point: Option<String>,
    message: String,
    fingerprint: String,
    /// The peers for which a required flow failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    peers: Vec<String>,
    /// Hashes of the rules that one finding folds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    members: Vec<String>,
}

/// A baseline.
#[derive(Debug)]
pub struct Baseline {
    path: String,
    entries: Vec<Entry>,
}

impl Baseline {
    /// The baseline of a run: its active findings but for those of trust.
    #[must_use]
    pub fn of(path: &Path, o: &Outcome) -> Self {
        let dir = base(o);
        let kept = o
            .findings
            .iter()
            .chain(&o.elsewhere)
            .filter(|f| f.waived.is_none() && may_hold(f.code, &f.identity.members));
        let exports = exports(o);
        let mut entries: Vec<Entry> = kept.map(|f| Entry::of(f, &dir, &exports)).collect();
        entries.sort();
        Self {
            path: path.to_string_lossy().into_owned(),
            entries,
        }
    }

    /// Writes it: the same findings give the same bytes.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let file = File {
            format: FORMAT.into(),
            version: VERSION,
            tool: Tool {
                name: env!("CARGO_PKG_NAME").into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            findings: self.entries.clone(),
        };
        write_json(&file, out)
    }

    /// Reads one.
    ///
    /// # Errors
    /// That there is none, or what is wrong in it and where.
    pub fn load(path: &Path) -> Result<Self, Vec<Diag>> {
        let shown = path.to_string_lossy();
        let text = std::fs::read_to_string(path).map_err(|e| {
            let help = "write one with --write-baseline FILE";
            vec![mistake(
                &shown,
                "",
                0..0,
                format!("cannot read the baseline {shown}: {}", io_cause(&e)),
                help,
            )]
        })?;
        Self::read(&shown, &text)
    }

    /// Reads the text of one.
    ///
    /// # Errors
    /// What is wrong in it and where.
    pub fn read(path: &str, text: &str) -> Result<Self, Vec<Diag>> {
        let file: File = serde_json::from_str(text).map_err(|e| vec![broken(path, text, &e)])?;
        let value = |key: &str, value: &str| find(text, key, value);
        if file.format != FORMAT {
            let message = format!(
                "not a baseline: format is `{}`, expected `{FORMAT}`",
                file.format
            );
            let span = value("format", &quoted(&file.format));
            let help = "write one with --write-baseline FILE";
            return Err(vec![mistake(path, text, span, message, help)]);
        }
        if file.version != VERSION {
            let message = format!(
                "unknown baseline version {}, expected {VERSION}",
                file.version
            );
            let span = value("version", &file.version.to_string());
            let help = "write it again with --write-baseline, or use the hylint that wrote it";
            return Err(vec![mistake(path, text, span, message, help)]);
        }
        let wrong: Vec<Diag> = file
            .findings
            .iter()
            .filter_map(|e| e.mistake(path, text))
            .collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            path: path.to_owned(),
            entries: file.findings,
        })
    }

    /// Marks what the baseline holds, and counts what it holds that is no more. `looked_for` says which codes the run
    /// was asked for; those that the site switched off are not looked for either.
    pub fn apply(&self, o: &mut Outcome, looked_for: impl Fn(Code) -> bool) {
        let known: BTreeMap<&str, &Entry> = self
            .entries
            .iter()
            .map(|e| (e.fingerprint.as_str(), e))
            .collect();
        let mut met: BTreeSet<String> = BTreeSet::new();
        let dir = base(o);
        let exports: BTreeSet<Arc<str>> = exports(o);
        for f in o.findings.iter_mut().chain(&mut o.elsewhere) {
            let Some(entry) = known
                .get(f.fingerprint.as_str())
                .filter(|_| may_hold(f.code, &f.identity.members))
            else {
                continue;
            };
            met.insert(f.fingerprint.clone());
            if f.waived.is_some() {
                continue;
            }
            let same = entry.is_of(&Entry::of(f, &dir, &exports));
            f.baselined = same && entry.holds(f);
            if !f.baselined {
                let grown = match same {
                    true => "the baseline holds a part of this finding: it is about more now",
                    false => {
                        "the baseline has its fingerprint for another code, host or point: write it again with --write-baseline"
                    }
                };
                f.help = Some(match f.help.take() {
                    Some(help) => format!("{help}; {grown}"),
                    None => grown.into(),
                });
            }
        }
        let read: BTreeSet<String> = o
            .exports
            .iter()
            .map(|e| paths::relative(&e.path, &dir))
            .collect();
        let off = |e: &Entry| o.lints_changed.contains(&format!("{} = off", e.code));
        // A run over some files says nothing of the others, unless they are no more.
        let judged = |e: &&Entry| {
            let there = read.contains(&e.path) || !dir.join(&e.path).exists();
            there && Code::named(&e.code).is_some_and(&looked_for) && !off(e)
        };
        let gone = self.entries.iter().filter(judged);
        let gone = gone.filter(|e| !met.contains(&e.fingerprint)).count();
        o.baseline = Some(BaselineInfo {
            path: self.path.clone(),
            entries: self.entries.len(),
            gone,
        });
    }
}

impl Entry {
    fn of(f: &Finding, dir: &Path, exports: &BTreeSet<Arc<str>>) -> Self {
        let path = f.place.as_ref().map(|p| paths::relative(&p.path, dir));
        // The firewall of a host has no name of its own: its point is called like its file.
        let point = f.point.as_deref().filter(|p| !exports.contains(*p));
        Self {
            path: path.unwrap_or_default(),
            code: f.code.to_string(),
            requirement: f.requirement.clone(),
            host: f.host.clone(),
            point: Some(point.unwrap_or_default().to_owned()),
            message: f.message.clone(),
            fingerprint: f.fingerprint.clone(),
            peers: f.identity.peers.texts().collect(),
            members: f.identity.members.iter().map(|m| hex(m)).collect(),
        }
    }

    /// Whether it is about what another one with its fingerprint is about.
    fn is_of(&self, other: &Self) -> bool {
        let whose = |e: &Self| e.host.clone().unwrap_or_else(|| e.path.clone());
        self.point.is_none()
            || self.code == other.code && self.point == other.point && whose(self) == whose(other)
    }

    /// Whether a finding with its fingerprint is about no more than it.
    fn holds(&self, f: &Finding) -> bool {
        let peers = self.peers.iter().filter_map(|p| AddrSet::parse(p));
        let peers = peers.fold(AddrSet::empty(), |all, p| all.union(&p));
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for m in &self.members {
            *known.entry(m).or_default() += 1;
        }
        // Of equal rules there must be as many.
        let mut members = f.identity.members.iter().map(|m| hex(m));
        let is_known = |m: String| {
            let left = known.get_mut(m.as_str()).filter(|n| **n > 0);
            left.map(|n| *n -= 1).is_some()
        };
        f.identity.peers.is_subset(&peers) && members.all(is_known)
    }

    fn mistake(&self, path: &str, text: &str) -> Option<Diag> {
        let span = || find(text, "fingerprint", &quoted(&self.fingerprint));
        let code = Code::named(&self.code);
        if !code.is_some_and(|c| may_hold(c, &self.members)) {
            let message = match code {
                None => format!("unknown code `{}`", self.code),
                Some(_) => format!(
                    "a baseline cannot hold `{}`, which reports what could not be checked",
                    self.code
                ),
            };
            let help =
                "write the baseline again with --write-baseline, or add a [[waive]] to hylint.toml";
            return Some(mistake(path, text, span(), message, help));
        }
        let bad = self.peers.iter().find(|p| AddrSet::parse(p).is_none())?;
        let message = format!("invalid address `{bad}`");
        let place = find(text, "", &quoted(bad));
        Some(mistake(
            path,
            text,
            place,
            message,
            "write it again with --write-baseline",
        ))
    }
}

/// Whether a baseline may hold findings of a code, which fold these.
fn may_hold<T>(code: Code, members: &[T]) -> bool {
    match code.group() {
        Group::Required | Group::Excess | Group::Hygiene => true,
        Group::Trust => code == Code::UndeclaredRole && !members.is_empty(),
    }
}

/// Paths of the exports, as they are reported.
fn exports(o: &Outcome) -> BTreeSet<Arc<str>> {
    o.exports.iter().map(|e| e.path.clone()).collect()
}

/// The folder that paths count from: that of hylint.toml, else the working directory.
fn base(o: &Outcome) -> std::path::PathBuf {
    let site = o.site.path.as_deref().map(Path::new);
    site.and_then(Path::parent).unwrap_or(Path::new("")).into()
}

fn mistake(
    path: &str,
    text: &str,
    span: std::ops::Range<usize>,
    message: String,
    help: &str,
) -> Diag {
    Diag {
        path: path.into(),
        text: text.into(),
        span,
        message,
        help: Some(help.to_owned()),
        code: "baseline",
    }
}

/// What the JSON reader says, at the place that it names.
fn broken(path: &str, text: &str, e: &serde_json::Error) -> Diag {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines
        .by_ref()
        .take(e.line().saturating_sub(1))
        .map(str::len)
        .sum();
    // The reader counts bytes from 1, and stands behind what it does not understand.
    let at = before + e.column().saturating_sub(1);
    let at = (0..=at.min(text.len().saturating_sub(1)))
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(0);
    let end = text
        .get(at..)
        .and_then(|t| t.chars().next())
        .map_or(at, |c| at + c.len_utf8());
    let message = e.to_string();
    let message = match message.split(" at line ").next().unwrap_or(&message) {
        cut if cut.starts_with("EOF") => "the file is truncated",
        said => said,
    };
    mistake(
        path,
        text,
        at..end,
        format!("invalid baseline: {message}"),
        "restore it from version control, or write it again with --write-baseline",
    )
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// The place of a key's value; of the first such value where the key is empty.
fn find(text: &str, key: &str, value: &str) -> std::ops::Range<usize> {
    let from = if key.is_empty() {
        0
    } else {
        text.find(&quoted(key)).unwrap_or(0)
    };
    let at = text.get(from..).and_then(|t| t.find(value));
    at.map_or(0..0, |at| from + at..from + at + value.len())
}

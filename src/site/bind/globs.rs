//! Globs of `exports` that no file matches.

use super::Binder;
use super::words::{self, told};
use crate::finding::{Code, Finding, Identity, Place, Severity};
use crate::site::Config;
use globset::{GlobMatcher, GlobSet, GlobSetBuilder};
use hylint_model::Span;
use hylint_parsers::source::Source;
use std::ops::Range;

/// What opens a pattern in a glob, or escapes one.
const PATTERN: [char; 5] = ['*', '?', '[', '{', '\\'];

impl Binder<'_> {
    /// Says of each glob of an entry that no file matches it, where others of the entry match: an export that was removed
    /// or renamed must not go unseen because its host has another one.
    pub(super) fn unmatched_globs(&mut self) {
        let Some(config) = self.config.filter(|_| self.cli.whole_site) else {
            return;
        };
        let files = Paths::of(self);
        let hosts = config.hosts.iter().map(|h| (&h.name, &h.exports, &h.span));
        let transits = config.transits.iter();
        let transits = transits.map(|t| (&t.name, &t.exports, &t.span));
        let entries: Vec<_> = hosts.chain(transits).collect();
        let all = entries.iter().flat_map(|(_, globs, _)| globs.iter());
        let matched = files.matched_by(all);
        let mut matched = matched.iter();
        for (name, globs, span) in entries {
            let own: Vec<bool> = matched.by_ref().take(globs.len()).copied().collect();
            // That nothing of an entry is there is told of the entry.
            if !own.contains(&true) {
                continue;
            }
            let unused = globs.iter().zip(own).filter(|(_, is)| !is);
            for (glob, _) in unused {
                let f = unmatched(config, name, glob.glob().glob(), span, &files);
                self.findings.push(f);
            }
        }
    }
}

/// That no file matches a glob.
fn unmatched(
    config: &Config,
    name: &str,
    glob: &str,
    span: &Range<usize>,
    files: &Paths,
) -> Finding {
    let whose = match name {
        "" => "a [[transit]]",
        name => name,
    };
    let is_path = !glob.contains(PATTERN);
    let severity = match is_path {
        true => Severity::Warning,
        false => Severity::Note,
    };
    let said = words::no_file(name, glob, is_path, files.help(&[glob]));
    let source = Source::new(&*config.path, &*config.text, "UTF-8");
    let place = Place::new(&config.path, &source, Span::new(span.start, span.end));
    let identity = Identity::of(&["glob without a file", whose, glob]);
    let mut f = told(Code::IncompleteExport, severity, said, identity, place);
    f.host = (!name.is_empty()).then(|| name.to_owned());
    f
}

/// The files of a run, relative to hylint.toml, ascending.
pub(super) struct Paths(Vec<String>);

impl Paths {
    pub(super) fn of(b: &Binder<'_>) -> Self {
        let Some(config) = b.config else {
            return Self(Vec::new());
        };
        let exports = b.exports.iter().flat_map(|e| e.paths()).map(|p| &**p);
        let unread = b.unread.iter().map(|u| &*u.path);
        let others = b.passed_over.iter().map(String::as_str);
        let all = exports.chain(unread).chain(others);
        let mut all: Vec<String> = all.map(|p| config.relative(p)).collect();
        all.sort();
        Self(all)
    }

    /// For each glob whether a file matches it.
    fn matched_by<'g>(&self, globs: impl Iterator<Item = &'g GlobMatcher>) -> Vec<bool> {
        let mut set = GlobSetBuilder::new();
        let mut count = 0;
        for g in globs {
            set.add(g.glob().clone());
            count += 1;
        }
        let mut out = vec![false; count];
        // Each of them was compiled before.
        let set = set.build().unwrap_or_else(|_| GlobSet::empty());
        for n in self.0.iter().flat_map(|f| set.matches(f)) {
            if let Some(is) = out.get_mut(n) {
                *is = true;
            }
        }
        out
    }

    /// What to do about globs that match no export.
    pub(super) fn help(&self, globs: &[&str]) -> String {
        // Of a path outside of the folder, all of it is kept.
        if !self.0.is_empty() && self.0.iter().all(|f| f.starts_with('/')) {
            return "globs count from the folder of hylint.toml: move it to the exports, or above them".into();
        }
        let help = globs.iter().find_map(|g| self.mistake(g));
        help.unwrap_or_else(|| "put the export there, or correct `exports`".into())
    }

    /// What is wrong with a glob by its form, or by what lies where it points.
    fn mistake(&self, glob: &str) -> Option<String> {
        let parts = || glob.split('/');
        if glob.contains('\\') {
            let slashes = glob.replace('\\', "/");
            return Some(format!("write `{slashes}`: folders are separated by `/`"));
        }
        if glob.starts_with('/') || glob.chars().nth(1) == Some(':') {
            return Some("write it relative to the folder of hylint.toml".into());
        }
        if parts().any(|p| p == "..") {
            return Some(
                "exports lie below hylint.toml: move hylint.toml up, or the exports below it"
                    .into(),
            );
        }
        if parts()
            .rev()
            .skip(1)
            .any(|p| p.starts_with('.') && p != ".")
        {
            return Some("rename the folder: hidden folders are skipped".into());
        }
        let folder = glob.trim_end_matches('/');
        let below = format!("{folder}/");
        let at = self.0.partition_point(|f| *f < below);
        if self.0.get(at).is_some_and(|f| f.starts_with(&below)) {
            return Some(format!("`{folder}` is a folder: write `{folder}/**`"));
        }
        None
    }
}

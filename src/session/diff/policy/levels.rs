//! `[lints]` and `[check]`.

use super::changes::{At, Changes, Said};
use crate::common::toml_keys::Words;
use crate::finding::{Code, Group, Severity};
use crate::site::config::{EVIDENCE, LEVELS};
use crate::site::{Config, LintLevel, RequireEvidence};
use std::collections::BTreeSet;

impl Changes<'_> {
    pub(super) fn levels(&mut self) {
        let level = |c: Option<&Config>, code| c.and_then(|c| c.lints.get(&code)).copied();
        let codes = [self.old.config, self.new.config].into_iter().flatten();
        let codes: BTreeSet<Code> = codes.flat_map(|c| c.lints.keys().copied()).collect();
        for code in codes {
            let (old, new) = (level(self.old.config, code), level(self.new.config, code));
            // What every finding of the code has anyway is no change.
            if usual(code, old) == usual(code, new) {
                continue;
            }
            let said = |l: Option<LintLevel>| l.map(|l| word(LEVELS, &l).to_owned());
            let now = said(new).unwrap_or_else(|| "its usual level".into());
            let was = said(old).unwrap_or_else(|| "its usual level".into());
            self.push(Said {
                key: format!("lints.{code}"),
                at: At::Key("lints", code.as_str()),
                old: said(old),
                new: said(new),
                loosened: is_lowered(code, old, new),
                message: format!("`{code}` goes from {was} to {now}"),
            });
        }
    }

    pub(super) fn check(&mut self) {
        self.fail_on();
        self.evidence();
        self.excluded();
        self.age();
    }

    fn fail_on(&mut self) {
        let said = |c: Option<&Config>| c.and_then(|c| c.fail_on);
        let (old, new) = (said(self.old.config), said(self.new.config));
        let (was, now) = (
            old.unwrap_or(Severity::Error),
            new.unwrap_or(Severity::Error),
        );
        if was == now {
            return;
        }
        let message = match now > was {
            true => format!(
                "new findings below `{}` no longer fail a change",
                now.as_str()
            ),
            false => format!("new findings from `{}` on fail a change", now.as_str()),
        };
        self.push(Said {
            key: "check.fail-on".into(),
            at: At::Key("check", "fail-on"),
            old: Some(was.as_str().to_owned()),
            new: Some(now.as_str().to_owned()),
            loosened: now > was,
            message,
        });
    }

    fn evidence(&mut self) {
        let said = |c: Option<&Config>| c.map(|c| c.require_evidence).unwrap_or_default();
        let (was, now) = (said(self.old.config), said(self.new.config));
        if was == now {
            return;
        }
        let rank = |e| match e {
            RequireEvidence::None => 0,
            RequireEvidence::Destination => 1,
            RequireEvidence::All => 2,
        };
        let less = rank(now) < rank(was);
        self.push(Said {
            key: "check.require-evidence".into(),
            at: At::Key("check", "require-evidence"),
            old: Some(word(EVIDENCE, &was).to_owned()),
            new: Some(word(EVIDENCE, &now).to_owned()),
            loosened: less,
            message: match less {
                true => "less evidence suffices for a satisfied requirement".into(),
                false => "a satisfied requirement needs more evidence".into(),
            },
        });
    }

    fn excluded(&mut self) {
        let said = |c: Option<&Config>| -> BTreeSet<String> {
            c.iter().flat_map(|c| c.excluded.iter().cloned()).collect()
        };
        let (old, new) = (said(self.old.config), said(self.new.config));
        let change = |glob: &String, added: bool| Said {
            key: "check.exclude".into(),
            at: At::Key("check", "exclude"),
            old: (!added).then(|| glob.clone()),
            new: added.then(|| glob.clone()),
            loosened: added,
            message: match added {
                true => format!("files that match `{glob}` are no longer read"),
                false => format!("files that match `{glob}` are read"),
            },
        };
        for glob in new.difference(&old) {
            self.push(change(glob, true));
        }
        for glob in old.difference(&new) {
            self.push(change(glob, false));
        }
    }

    fn age(&mut self) {
        let said = |c: Option<&Config>| c.and_then(|c| c.max_age_days);
        let (old, new) = (said(self.old.config), said(self.new.config));
        if old == new {
            return;
        }
        let most = |days: Option<u32>| days.unwrap_or(u32::MAX);
        self.push(Said {
            key: "check.max-age-days".into(),
            at: At::Key("check", "max-age-days"),
            old: old.map(|d| d.to_string()),
            new: new.map(|d| d.to_string()),
            loosened: most(new) > most(old),
            message: match new {
                Some(days) => format!("exports may be {days} days old"),
                None => "exports may be of any age".into(),
            },
        });
    }
}

/// The word that hylint.toml has for a value.
pub(super) fn word<T: PartialEq>(words: Words<T>, value: &T) -> &'static str {
    let mut all = words.iter();
    all.find(|w| w.1 == *value).map_or("", |w| w.0)
}

/// The least and the most grave finding of a code, as long as no site says otherwise.
const fn range(code: Code) -> (Severity, Severity) {
    match (code, code.group()) {
        (Code::UnneededFlow, _) => (Severity::Note, Severity::Warning),
        (_, Group::Hygiene) => (code.severity(), code.severity()),
        (_, Group::Required) => (Severity::Warning, Severity::Error),
        (_, Group::Excess | Group::Trust) => (Severity::Note, Severity::Error),
    }
}

/// A level that says more than what the findings have anyway.
fn usual(code: Code, level: Option<LintLevel>) -> Option<LintLevel> {
    let (least, most) = range(code);
    level.filter(|l| least != most || *l != LintLevel::At(most))
}

/// Whether findings of the code are less grave by the new level, or not reported any more.
fn is_lowered(code: Code, old: Option<LintLevel>, new: Option<LintLevel>) -> bool {
    let (least, most) = range(code);
    let rank = |l: LintLevel| match l {
        LintLevel::Off => None,
        LintLevel::At(s) => Some(s),
    };
    match (old, new) {
        (None, None) => false,
        (Some(was), Some(now)) => rank(now) < rank(was),
        (None, Some(now)) => rank(now) < Some(most),
        // Where all were errors, those that are not by themselves are less grave.
        (Some(LintLevel::At(Severity::Error)), None) => least < Severity::Error,
        (Some(was), None) => Some(code.severity()) < rank(was),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a level that is lowered for the gravest findings of a code and not for all, and a raised one that counts.
    #[test]
    fn a_lint_is_lowered_if_some_finding_of_it_is() {
        use LintLevel::{At, Off};
        use Severity::{Error, Note, Warning};
        let lowered = |c, a, b| is_lowered(c, a, b);
        // Some of them are errors by themselves.
        let source = Code::OverPermissiveSource;
        assert!(lowered(source, None, Some(At(Warning))));
        assert!(lowered(source, None, Some(Off)));
        assert!(!lowered(source, None, Some(At(Error))));
        assert!(lowered(source, Some(At(Error)), None));
        assert!(lowered(source, Some(At(Error)), Some(At(Note))));
        assert!(!lowered(source, Some(Off), Some(At(Note))));
        assert!(!lowered(source, Some(Off), None));
        assert!(!lowered(Code::UnneededFlow, None, Some(At(Warning))));
        assert!(!lowered(Code::ShadowedRule, Some(At(Warning)), None));
    }
}

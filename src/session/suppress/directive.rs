//! The words of an inline waiver: `allow CODE[,CODE] until=YYYY-MM-DD reason=… [owner=…]`.
//!
//! A reason or an owner may stand in quotes, single or double, and goes without them up to the next key: AWS allows no
//! quotes in a description.

use crate::common::diag::nearest;
use crate::finding::Code;
use jiff::civil::Date;

/// A waiver as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Directive {
    pub(super) codes: Vec<String>,
    pub(super) until: Date,
    pub(super) reason: String,
    pub(super) owner: Option<String>,
}

/// What is wrong with a waiver that stands in an export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Mistake {
    /// It names no code.
    NoCode,
    /// A key that there is not.
    Key(String),
    /// A key that stands twice.
    Twice(String),
    /// No last day.
    NoDay,
    /// A last day that is none.
    Day(String),
    /// No reason, or an empty one.
    NoReason,
    /// Quotes of a key that are not closed.
    Quotes(String),
    /// Another word than `allow`.
    Word(String),
    /// It stands above no rule.
    NoRule,
    /// There is no such code.
    UnknownCode(String),
    /// A code of trust.
    Trust(Code),
    /// It begins otherwise than with `hylint:`.
    Misspelt,
}

impl Mistake {
    /// What is wrong, for people.
    pub(super) fn message(&self) -> String {
        match self {
            Self::NoCode => "it names no code".into(),
            Self::Key(key) => format!("unknown key `{key}`"),
            Self::Twice(key) => format!("`{key}` is given twice"),
            Self::NoDay => "`until` is missing".into(),
            Self::Day(day) => format!("invalid date `{day}`, expected a date such as 2027-03-31"),
            Self::NoReason => "`reason` is missing or empty".into(),
            Self::Quotes(key) => format!("the quotes of `{key}` are not closed"),
            Self::Word(word) => format!("unknown word `{word}`, expected `allow`"),
            Self::NoRule => "no rule follows it".into(),
            Self::UnknownCode(code) => format!("unknown code `{code}`"),
            Self::Trust(code) => {
                format!("an export cannot waive `{code}`, which reports what could not be checked")
            }
            Self::Misspelt => "expected `hylint:`".into(),
        }
    }

    /// INVARIANT: what the finding is known by, however its message reads by now. Baselines hold it.
    pub(super) fn known_as(&self) -> String {
        match self {
            Self::NoCode => "it does not say which code it allows".into(),
            Self::Key(key) => format!("`{key}` is no key of it"),
            Self::Twice(key) => format!("`{key}` stands twice"),
            Self::NoDay => "`until` is missing".into(),
            Self::Day(day) => format!("`{day}` is no day such as 2027-03-31"),
            Self::NoReason => "`reason` is missing or empty".into(),
            Self::Quotes(key) => format!("the quotes of `{key}` are not closed"),
            Self::Word(word) => format!("`{word}` is no word of a waiver"),
            Self::NoRule => "it stands right above no rule".into(),
            Self::UnknownCode(code) => format!("there is no code `{code}`"),
            Self::Trust(code) => {
                format!("an export cannot waive `{code}`, which says how far it is to be trusted")
            }
            Self::Misspelt => "it is not written `hylint:`".into(),
        }
    }

    /// What to do.
    pub(super) fn help(&self) -> String {
        match self {
            Self::NoRule => {
                "put it into the comment of the rule, or on a line of its own right above the rule"
                    .into()
            }
            Self::UnknownCode(code) => {
                let near = nearest(code, Code::EACH.iter().map(|c| c.as_str()));
                near.map_or("`hylint explain` lists the codes".into(), |n| {
                    format!("did you mean `{n}`?")
                })
            }
            Self::Trust(_) => "add a [[waive]] to hylint.toml".into(),
            Self::Misspelt => "begin the line with `# hylint: allow`".into(),
            Self::NoCode
            | Self::Key(_)
            | Self::Twice(_)
            | Self::NoDay
            | Self::Day(_)
            | Self::NoReason
            | Self::Quotes(_)
            | Self::Word(_) => FORM.into(),
        }
    }
}

const FORM: &str = "write hylint: allow CODE until=YYYY-MM-DD reason=\"…\" owner=\"…\"";

/// What a text after `hylint:` is: not a waiver, one, or one with a mistake.
pub(super) fn read(text: &str) -> Option<Result<Directive, Mistake>> {
    let text = text.trim();
    let word = text.split_whitespace().next().unwrap_or_default();
    if word == "allow" {
        let rest = text.get(word.len()..).unwrap_or_default();
        return Some(parse(rest));
    }
    // Another annotation, unless somebody meant a waiver: a slip must not pass for a comment.
    let meant = nearest(&word.to_lowercase(), ["allow", "waive", "ignore"]).is_some()
        || (!word.contains('=') && ["until=", "reason="].iter().any(|k| text.contains(k)));
    meant.then(|| Err(Mistake::Word(word.to_owned())))
}

fn parse(text: &str) -> Result<Directive, Mistake> {
    let keys = pairs(text)?;
    let (codes, keys) = match keys.split_first() {
        Some(((None, codes), rest)) => (codes.as_str(), rest),
        _ => ("", keys.as_slice()),
    };
    let codes: Vec<String> = codes
        .split([',', ' '])
        .filter(|c| !c.is_empty())
        .map(str::to_owned)
        .collect();
    if codes.is_empty() {
        return Err(Mistake::NoCode);
    }
    let (mut until, mut reason, mut owner) = (None, None, None);
    for (key, value) in keys {
        let slot = match key.as_deref() {
            Some("until") => &mut until,
            Some("reason") => &mut reason,
            Some("owner") => &mut owner,
            other => return Err(Mistake::Key(other.unwrap_or_default().to_owned())),
        };
        if slot.replace(value.as_str()).is_some() {
            return Err(Mistake::Twice(key.clone().unwrap_or_default()));
        }
    }
    let filled = |v: Option<&str>| {
        v.map(str::trim)
            .filter(|v| !v.is_empty())
            .map(str::to_owned)
    };
    let day = until.ok_or(Mistake::NoDay)?;
    let day = day.trim();
    // The whole form only: a reader of dates that takes more would take what people do not.
    let date = (day.len() == 10)
        .then(|| day.parse::<Date>().ok())
        .flatten();
    Ok(Directive {
        codes,
        until: date.ok_or_else(|| Mistake::Day(day.to_owned()))?,
        reason: filled(reason).ok_or(Mistake::NoReason)?,
        owner: filled(owner),
    })
}

/// `text key=value …`: the text before the first key, then each key with its value.
fn pairs(text: &str) -> Result<Vec<(Option<String>, String)>, Mistake> {
    let mut out: Vec<(Option<String>, String)> = vec![(None, String::new())];
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let word = rest.split_whitespace().next().unwrap_or_default();
        let key = word.split_once('=').map(|(k, _)| k);
        let key = key.filter(|k| !k.is_empty() && k.chars().all(|c| c.is_ascii_alphabetic()));
        let Some(key) = key else {
            if let Some((_, value)) = out.last_mut() {
                let space = if value.is_empty() { "" } else { " " };
                value.push_str(space);
                value.push_str(word);
            }
            rest = rest.get(word.len()..).unwrap_or_default().trim_start();
            continue;
        };
        let value = rest.get(key.len() + 1..).unwrap_or_default();
        match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            Some(quote) => {
                let inner = value.get(1..).unwrap_or_default();
                let (inside, after) = inner
                    .split_once(quote)
                    .ok_or_else(|| Mistake::Quotes(key.to_owned()))?;
                out.push((Some(key.to_owned()), inside.to_owned()));
                rest = after.trim_start();
            }
            None => {
                // What follows the sign at once is value even if it holds another one.
                let spaced = value.starts_with(char::is_whitespace);
                let first = value.split_whitespace().next().filter(|_| !spaced);
                let first = first.unwrap_or_default();
                out.push((Some(key.to_owned()), first.to_owned()));
                rest = value.get(first.len()..).unwrap_or_default().trim_start();
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(text: &str) -> Directive {
        read(text).unwrap().unwrap()
    }

    fn bad(text: &str) -> String {
        read(text).unwrap().unwrap_err().message()
    }

    #[test]
    fn with_and_without_quotes() {
        let want = Directive {
            codes: vec!["any-any".into(), "unneeded-flow".into()],
            until: "2027-03-31".parse().unwrap(),
            reason: "CHG 12, agreed".into(),
            owner: Some("net team".into()),
        };
        for text in [
            "allow any-any,unneeded-flow until=2027-03-31 reason=\"CHG 12, agreed\" owner=\"net team\"",
            "allow any-any, unneeded-flow owner='net team' reason='CHG 12, agreed' until=2027-03-31",
            "allow any-any,unneeded-flow until=2027-03-31 reason=CHG 12, agreed owner=net team",
            " allow  any-any unneeded-flow  until=2027-03-31  reason=CHG 12,  agreed owner=net team ",
        ] {
            assert_eq!(good(text), want, "{text}");
        }
        assert_eq!(
            good("allow any-any reason=a=b until=2027-03-31").owner,
            None
        );
    }

    #[test]
    fn a_slip_is_told_and_never_taken_for_a_comment_or_a_waiver() {
        for (text, says) in [
            ("allow until=2027-03-31 reason=x", "no code"),
            ("allow any-any reason=x", "`until` is missing"),
            ("allow any-any until=2027-03-31", "`reason` is missing"),
            (
                "allow any-any until=2027-03-31 reason=\"\"",
                "`reason` is missing",
            ),
            (
                "allow any-any until=2027-02-30 reason=x",
                "invalid date `2027-02-30`",
            ),
            ("allow any-any until=31.3.2027 reason=x", "invalid date"),
            (
                "allow any-any until=2027-03-31T12:00 reason=x",
                "invalid date",
            ),
            (
                "allow any-any until=2027-03-31 reason=\"x",
                "quotes of `reason`",
            ),
            (
                "allow any-any until=2027-03-31 reson=x",
                "unknown key `reson`",
            ),
            (
                "allow any-any until=2027-03-31 until=2028-03-31 reason=x",
                "`until` is given twice",
            ),
            (
                "Allow any-any until=2027-03-31 reason=x",
                "unknown word `Allow`",
            ),
            (
                "alow any-any until=2027-03-31 reason=x",
                "unknown word `alow`",
            ),
            (
                "waive any-any until=2027-03-31 reason=x",
                "unknown word `waive`",
            ),
            (
                "any-any until=2027-03-31 reason=x",
                "unknown word `any-any`",
            ),
        ] {
            assert!(bad(text).contains(says), "{text}: {}", bad(text));
        }
    }

    #[test]
    fn other_annotations_are_none() {
        for text in ["role=session-host address=10.0.0.1", "", "checked by Ann"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}

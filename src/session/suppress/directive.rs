//! The words of an inline waiver: `allow CODE[,CODE] until=YYYY-MM-DD reason=… [owner=…]`.
//!
//! A reason or an owner may stand in quotes, single or double, and goes without them up to the next key: AWS allows no
//! quotes in a description.

use jiff::civil::Date;

/// A waiver as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Directive {
    pub(super) codes: Vec<String>,
    pub(super) until: Date,
    pub(super) reason: String,
    pub(super) owner: Option<String>,
}

const FORM: &str = "write hylint: allow CODE until=YYYY-MM-DD reason=\"…\" owner=\"…\"";

/// What a text after `hylint:` is: not a waiver, one, or one with a mistake (what is wrong, and what to do).
pub(super) fn read(text: &str) -> Option<Result<Directive, (String, String)>> {
    let text = text.trim();
    let word = text.split_whitespace().next().unwrap_or_default();
    if word == "allow" {
        let rest = text.get(word.len()..).unwrap_or_default();
        return Some(parse(rest).map_err(|m| (m, FORM.to_owned())));
    }
    // Another annotation, unless somebody meant a waiver: a slip must not pass for a comment.
    let meant = crate::common::diag::nearest(&word.to_lowercase(), ["allow", "waive", "ignore"])
        .is_some()
        || (!word.contains('=') && ["until=", "reason="].iter().any(|k| text.contains(k)));
    meant.then(|| Err((format!("`{word}` is no word of a waiver"), FORM.to_owned())))
}

fn parse(text: &str) -> Result<Directive, String> {
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
        return Err("it does not say which code it allows".into());
    }
    let (mut until, mut reason, mut owner) = (None, None, None);
    for (key, value) in keys {
        let slot = match key.as_deref() {
            Some("until") => &mut until,
            Some("reason") => &mut reason,
            Some("owner") => &mut owner,
            other => return Err(format!("`{}` is no key of it", other.unwrap_or_default())),
        };
        if slot.replace(value.as_str()).is_some() {
            return Err(format!("`{}` stands twice", key.as_deref().unwrap_or("")));
        }
    }
    let filled = |v: Option<&str>| {
        v.map(str::trim)
            .filter(|v| !v.is_empty())
            .map(str::to_owned)
    };
    let day = until.ok_or("`until` is missing")?;
    let day = day.trim();
    // The whole form only: a reader of dates that takes more would take what people do not.
    let date = (day.len() == 10)
        .then(|| day.parse::<Date>().ok())
        .flatten();
    Ok(Directive {
        codes,
        until: date.ok_or_else(|| format!("`{day}` is no day such as 2027-03-31"))?,
        reason: filled(reason).ok_or("`reason` is missing or empty")?,
        owner: filled(owner),
    })
}

/// `text key=value …`: the text before the first key, then each key with its value.
fn pairs(text: &str) -> Result<Vec<(Option<String>, String)>, String> {
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
                    .ok_or_else(|| format!("the quotes of `{key}` are not closed"))?;
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
        read(text).unwrap().unwrap_err().0
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
            ("allow until=2027-03-31 reason=x", "which code"),
            ("allow any-any reason=x", "`until` is missing"),
            ("allow any-any until=2027-03-31", "`reason` is missing"),
            (
                "allow any-any until=2027-03-31 reason=\"\"",
                "`reason` is missing",
            ),
            (
                "allow any-any until=2027-02-30 reason=x",
                "`2027-02-30` is no day",
            ),
            ("allow any-any until=31.3.2027 reason=x", "is no day"),
            ("allow any-any until=2027-03-31T12:00 reason=x", "is no day"),
            (
                "allow any-any until=2027-03-31 reason=\"x",
                "quotes of `reason`",
            ),
            (
                "allow any-any until=2027-03-31 reson=x",
                "`reson` is no key",
            ),
            (
                "allow any-any until=2027-03-31 until=2028-03-31 reason=x",
                "`until` stands twice",
            ),
            (
                "Allow any-any until=2027-03-31 reason=x",
                "`Allow` is no word",
            ),
            (
                "alow any-any until=2027-03-31 reason=x",
                "`alow` is no word",
            ),
            (
                "waive any-any until=2027-03-31 reason=x",
                "`waive` is no word",
            ),
            ("any-any until=2027-03-31 reason=x", "`any-any` is no word"),
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

//! What holds findings down: waivers of the site, waivers in the exports themselves, and baselines. A finding that is
//! held down stays in every report.

pub mod baseline;
mod directive;
pub mod inline;
mod waive;

pub use inline::Inline;
pub use waive::statuses;

use crate::finding::{Code, Finding, Identity, Place, Severity, Waiver};
use crate::site::{Config, Waive};
use hylint_model::Span;
use hylint_parsers::source::Source;
use jiff::civil::Date;
use std::sync::Arc;

/// What a run looks for, as far as it decides whether a waiver has nothing to do.
pub struct WaiverScope<'a> {
    /// The day of the run, UTC.
    pub today: Date,
    /// Only some files of the site are read, so that a waiver may belong to one of the others.
    pub partial: bool,
    /// Whether a code is looked for at all.
    pub looked_for: &'a dyn Fn(Code) -> bool,
}

/// Marks the findings that waivers hold down, and returns what is wrong with the waivers themselves.
#[must_use]
pub fn apply(
    config: Option<&Config>,
    waives: &[Waive],
    inline: Vec<Inline>,
    scope: &WaiverScope<'_>,
    findings: &mut [Finding],
) -> Vec<Finding> {
    let source = config.map(|c| Source::new(&*c.path, &*c.text, "UTF-8"));
    let mut out = Vec::new();
    for w in waives {
        let place = source.as_ref().zip(config).map(|(s, c)| {
            let span = Span::new(w.span.start, w.span.end);
            Place::new(&Arc::clone(&c.path), s, span)
        });
        let waiver = Waiver {
            reason: w.reason.clone(),
            owner: Some(w.owner.clone()),
            until: w.until,
            place,
            inline: false,
        };
        let fits = |f: &Finding| waive::matches(w, config, f);
        out.extend(hold(w.code, waiver, scope, findings, fits));
    }
    for i in inline {
        for code in i.codes.iter().copied() {
            let fits = |f: &Finding| f.code == code && i.covers(f);
            // The rule was read, so that the run is partial says nothing.
            let scope = WaiverScope {
                partial: false,
                ..*scope
            };
            out.extend(hold(code, i.waiver.clone(), &scope, findings, fits));
        }
    }
    out
}

/// Holds down what fits, or says why the waiver does not hold.
fn hold(
    code: Code,
    waiver: Waiver,
    scope: &WaiverScope<'_>,
    findings: &mut [Finding],
    fits: impl Fn(&Finding) -> bool,
) -> Option<Finding> {
    // It holds through the end of its last day.
    if scope.today > waiver.until {
        let text = format!("waiver of {code} expired on {}", waiver.until);
        let help = "fix what it waived, or agree on a new date";
        return Some(about(
            Code::ExpiredWaiver,
            Severity::Error,
            text,
            help,
            code,
            waiver,
        ));
    }
    let mut used = false;
    for f in findings.iter_mut().filter(|f| fits(f)) {
        used = true;
        // Where two waivers fit, the first one is named, and both are in use.
        if f.waived.is_none() {
            f.waived = Some(Box::new(waiver.clone()));
        }
    }
    if used || scope.partial || !(scope.looked_for)(code) {
        return None;
    }
    let text = format!("waiver of {code} matches no finding");
    Some(about(
        Code::UnusedWaiver,
        Severity::Warning,
        text,
        "remove it",
        code,
        waiver,
    ))
}

fn about(
    code: Code,
    severity: Severity,
    message: String,
    help: &str,
    waived: Code,
    w: Waiver,
) -> Finding {
    let owner = w.owner.as_deref().unwrap_or("");
    let identity = Identity::of(&[waived.as_str(), &w.reason, owner]);
    let mut f = Finding::new(code, severity, message, identity, w.place);
    f.help = Some(help.to_owned());
    f.label = match &w.owner {
        Some(owner) => format!("{owner}, {}", w.reason),
        None => w.reason.clone(),
    };
    f
}

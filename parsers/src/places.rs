//! What a captured session shows of other places than its host, which no reader is given.

use crate::input::FormatSpec;
use crate::iproute2::{ELSEWHERE, ON_THE_HOST};
use crate::session::{self, Section};
use crate::source::Source;
use hylint_model::{Companion, Export, Families, Problem, ProblemKind, RoutingRules, Span};

/// The places of a text.
#[derive(Default)]
pub(crate) struct Places {
    /// The text without what is of other places, if anything is.
    pub(crate) own: Option<Source>,
    problems: Vec<Problem>,
    /// The host that commands or prompts name, and whether a command does.
    host: Option<(String, Span, bool)>,
}

/// A longer text is no session.
const LONGEST: usize = 64 << 20;

/// The formats of what is printed on Linux.
fn is_linux(format: &FormatSpec) -> bool {
    [
        crate::iptables::FORMAT.id,
        crate::listing::FORMAT.id,
        crate::firewalld::FORMAT.id,
        crate::nft::FORMAT.id,
    ]
    .contains(&format.id)
}

/// Looks for places in a text of a format.
pub(crate) fn of(source: &Source, format: &FormatSpec) -> Places {
    let mut out = Places::default();
    let windows = format.id == crate::winnet::FORMAT.id;
    let linux = is_linux(format);
    if !(linux || windows) || source.text.len() > LONGEST || !source.parts.is_empty() {
        return out;
    }
    let all = session::sections(&source.text);
    let printed = |s: &&Section<'_>| !source.slice(s.body).trim().is_empty();
    let listings = format.id == crate::listing::FORMAT.id;
    let named = all.iter().filter(printed).filter(|s| !s.inside);
    let home = named
        .clone()
        .find_map(|s| Some((s.host?, s.command, s.asked)));
    if let Some((name, at, asked)) = home {
        out.host = Some((name.to_owned(), at, asked));
    }
    let mut foreign: Vec<Section<'_>> = Vec::new();
    for section in all.iter().filter(printed) {
        let other = match (home, section.host) {
            (Some((name, ..)), Some(host)) => Some((name, host)),
            _ => None,
        };
        let other = other.filter(|(a, b)| listings && !session::same_host(a, b));
        if section.inside && linux {
            let problem = Problem::new(ProblemKind::Disputed, section.command, ELSEWHERE);
            out.problems.push(problem.help(ON_THE_HOST));
            foreign.push(*section);
        } else if let Some((name, host)) = other {
            let message =
                format!("the file holds the listings of several hosts, `{name}` and `{host}`");
            let problem = Problem::new(ProblemKind::Malformed, section.command, message);
            out.problems
                .push(problem.help("put the listings of each host into a file of its own"));
            foreign.push(*section);
        }
    }
    if !foreign.is_empty() {
        let text = session::without(&source.text, foreign.iter());
        out.own = Some(Source::new(source.path.clone(), text, source.encoding));
    }
    out
}

impl Places {
    /// Adds what is told of them, and the host that is named.
    pub(crate) fn tell(&self, export: &mut Export) {
        export.problems.extend(self.problems.iter().cloned());
        if export.host_name.is_none()
            && let Some((name, at, asked)) = &self.host
        {
            export.host_name = Some((name.clone(), *at));
            export.host_asked = *asked;
        }
    }
}

/// An export of which everything is of another place.
pub(crate) fn nothing(format: &FormatSpec, places: &Places) -> Export {
    let span = places.problems.first().map(|p| p.span).unwrap_or_default();
    let none = RoutingRules {
        rules: Vec::new(),
        families: Families {
            v4: false,
            v6: false,
        },
        whole: true,
        span,
    };
    Export {
        format: format.id,
        companions: vec![Companion::RoutingRules(Box::new(none))],
        ..Export::default()
    }
}

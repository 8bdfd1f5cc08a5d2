//! What is told of listings of a host that do not show everything.

#[cfg(test)]
pub(crate) mod within;

use hylint_model::{Problem, ProblemKind, Span};

/// What a listing shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shown {
    Addresses,
    Routes,
    Rules,
    Sockets,
    Processes,
}

impl Shown {
    const fn everything(self) -> &'static str {
        match self {
            Self::Addresses => "every address of the host",
            Self::Routes => "every route",
            Self::Rules => "every routing rule",
            Self::Sockets => "everything that listens",
            Self::Processes => "every process",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Routes => "routes",
            Self::Rules => "routing rules",
            Self::Sockets => "sockets",
            Self::Processes => "processes",
        }
    }
}

/// The file ends within its last line, which may have gone on.
pub(crate) fn torn(shown: Shown, at: Span, help: &str) -> Problem {
    let all = shown.everything();
    problem(
        at,
        format!("last line may be cut off: the listing may not show {all}"),
        help,
    )
}

/// The end of a listing is missing.
pub(crate) fn cut(shown: Shown, at: Span, help: &str) -> Problem {
    let (name, all) = (shown.name(), shown.everything());
    problem(
        at,
        format!("listing of {name} is cut off: it does not show {all}"),
        help,
    )
}

fn problem(at: Span, message: String, help: &str) -> Problem {
    let problem = Problem::new(ProblemKind::Disputed, at, message);
    problem.help(help).label(PART)
}

/// The label of a listing that is a part.
pub(crate) const PART: &str = "listing is not whole";

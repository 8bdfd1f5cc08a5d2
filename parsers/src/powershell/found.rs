//! What is found in a text: objects, the views that they are part of, and what is no object.

use super::asked::{Asked, Store};
use super::props::Prop;
use super::record::Record;
use crate::windows::build::clip;
use hylint_model::{Problem, ProblemKind, Span};

/// What stands around objects and holds for all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    /// The command before them.
    pub(super) asked: Option<Asked>,
    /// The store whose name they stand under.
    pub(super) store: Option<Store>,
}

impl Context {
    /// The store that the command or the name above the objects says.
    pub(super) fn store(&self) -> Option<Store> {
        let asked = self.asked.as_ref().and_then(|a| a.store);
        self.store.or(asked)
    }
}

/// More names of hosts are not kept: two tell that a file has several.
const MOST_HOSTS: usize = 64;

/// Everything that a text holds.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) records: Vec<Record<'a>>,
    pub(super) contexts: Vec<Context>,
    /// Hosts that the text names, in its order.
    pub(super) hosts: Vec<(String, Span)>,
    /// When it was made, by its own word.
    pub(super) made: Option<(String, Span)>,
    /// Texts of `netsh interface portproxy show all` inside.
    pub(super) proxies: Vec<(String, Span)>,
    pub(super) annotations: Vec<(String, Span)>,
    /// Places at which rules may be missing, each with what stands there.
    pub(super) gaps: Vec<(Span, String)>,
    /// Whether a list of the rules in effect is there, though it may be empty.
    pub(super) active: bool,
    pub(super) problems: Vec<Problem>,
    /// The first line of a console that stands for others.
    pub(super) elided: Option<Span>,
}

impl<'a> Found<'a> {
    /// Opens a context and returns its number.
    pub(super) fn open(&mut self, context: Context) -> usize {
        self.contexts.push(context);
        self.contexts.len() - 1
    }

    /// The number of the last context.
    pub(super) fn last(&mut self) -> usize {
        if self.contexts.is_empty() {
            self.open(Context::default());
        }
        self.contexts.len() - 1
    }

    /// Adds an object that says something.
    pub(super) fn push(&mut self, record: Record<'a>) {
        if !record.is_blank() {
            if let Some(host) = record.one(Prop::Computer) {
                self.host(&host.text, host.span);
            }
            self.records.push(record);
        }
    }

    /// Remembers a host that the text names.
    pub(super) fn host(&mut self, name: &str, span: Span) {
        let local = name.is_empty() || name.eq_ignore_ascii_case("localhost");
        let new = self.hosts.len() < MOST_HOSTS && !self.hosts.iter().any(|(h, _)| h == name);
        if !local && new {
            self.hosts.push((name.to_owned(), span));
        }
    }

    /// Says that rules may be missing at a place, and why.
    pub(super) fn gap(&mut self, span: Span, problem: Problem, text: &str) {
        self.problems.push(problem);
        self.gaps.push((span, text.to_owned()));
    }

    /// Says that a cmdlet failed. Without rules, what the others say is not all.
    pub(super) fn failed(&mut self, cmdlet: &str, span: Span) {
        let message = format!(
            "`{}` failed: what it would have shown is not in the export",
            clip(cmdlet)
        );
        if self
            .problems
            .iter()
            .rev()
            .take(8)
            .any(|p| p.message == message)
        {
            return;
        }
        let lower = cmdlet.to_ascii_lowercase();
        let rules = lower.ends_with("rule");
        let kind = match rules {
            true => ProblemKind::Malformed,
            false => ProblemKind::Incomplete,
        };
        let problem = Problem::new(kind, span, message);
        let help = "run it again in a PowerShell that is started as administrator";
        let problem = problem.help(help);
        match rules {
            true => self.gap(span, problem, "rules are missing"),
            false => self.problems.push(problem),
        }
    }
}

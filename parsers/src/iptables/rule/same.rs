//! Whether two rules say the same, as `-D` and its rule ask.

use super::read::read;
use super::reader::{Context, Scratch};
use crate::iptables::place::Place;
use crate::iptables::token::Tokens;
use hylint_model::{Action, Condition, Field, Rule};
use hylint_space::PacketBox;

/// Compares rules with one that is wanted.
pub(in super::super) struct Sameness<'c, 't, 'a> {
    context: &'c Context<'t, 'a>,
    scratch: Scratch<'a>,
    wanted: Key,
}

/// A rule without its places.
#[derive(PartialEq)]
struct Key {
    clauses: Vec<(PacketBox, Vec<Condition>)>,
    action: Action,
    comment: Box<str>,
    /// The target with its options: two that log otherwise are two rules.
    target: Vec<String>,
}

impl<'c, 't, 'a> Sameness<'c, 't, 'a> {
    pub(in super::super) fn new(context: &'c Context<'t, 'a>, wanted: Place) -> Self {
        let mut scratch = Scratch::default();
        let wanted = key(context, &mut scratch, wanted);
        Self {
            context,
            scratch,
            wanted,
        }
    }

    /// Whether the rule at a place is the one that is wanted.
    pub(in super::super) fn is(&mut self, place: Place) -> bool {
        key(self.context, &mut self.scratch, place) == self.wanted
    }
}

fn key<'a>(context: &Context<'_, 'a>, scratch: &mut Scratch<'a>, place: Place) -> Key {
    let rule = read(context, scratch, place, &mut Vec::new());
    let target = match rule.action {
        Action::Jump(_) | Action::Goto(_) => Vec::new(),
        _ => target(context.text, &rule),
    };
    let bare = |c: &Condition| Condition {
        span: hylint_model::Span::default(),
        ..c.clone()
    };
    let clauses = rule.clauses.iter();
    Key {
        clauses: clauses
            .map(|c| (c.space.clone(), c.conditions.iter().map(bare).collect()))
            .collect(),
        action: rule.action,
        comment: rule.comment,
        target,
    }
}

/// The target's words; without the option that iptables-save adds where none was given.
fn target(text: &str, rule: &Rule) -> Vec<String> {
    let field = rule.fields.iter().find(|(f, _)| *f == Field::Action);
    let words = field.map(|(_, span)| Tokens::new(text, *span));
    let mut words: Vec<_> = words
        .into_iter()
        .flatten()
        .map(|t| t.value().into_owned())
        .collect();
    if words.ends_with(&["--reject-with".into(), "icmp-port-unreachable".into()]) {
        words.truncate(words.len() - 2);
    }
    words
}

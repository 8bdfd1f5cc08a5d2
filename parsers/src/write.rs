//! What the writers of all formats have in common.

use hylint_model::{Point, Rule, Span};

/// A rule or point that has no form in a format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WriteError {
    /// The format's name for people.
    pub format: &'static str,
    /// The rule or point in its own file.
    pub span: Span,
    /// The name of the rule's point, where rules are named by it; empty if not.
    pub point: Box<str>,
    /// The rule's name; empty for the point itself, and in formats whose rules have no names.
    pub rule: Box<str>,
    /// What the format has no words for.
    pub message: &'static str,
}

/// What a writer returns.
pub(crate) type Result<T> = std::result::Result<T, WriteError>;

impl WriteError {
    /// Returns an error about a place.
    pub(crate) fn new(format: &'static str, span: Span, message: &'static str) -> Self {
        Self {
            format,
            span,
            point: Box::default(),
            rule: Box::default(),
            message,
        }
    }

    /// Names the rule.
    pub(crate) fn of_rule(self, rule: &Rule) -> Self {
        Self {
            rule: rule.name.clone(),
            ..self
        }
    }

    /// Names the point.
    pub(crate) fn of_point(self, point: &Point) -> Self {
        Self {
            point: point.name.clone(),
            ..self
        }
    }
}

impl std::fmt::Display for WriteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (point, rule) = (&self.point, &self.rule);
        match (rule.is_empty(), point.is_empty()) {
            (true, true) => f.write_str("the firewall")?,
            (true, false) => write!(f, "`{point}`")?,
            (false, true) => write!(f, "rule `{rule}`")?,
            (false, false) => write!(f, "rule `{rule}` of `{point}`")?,
        }
        write!(
            f,
            " cannot be written for {}: {}",
            self.format, self.message
        )
    }
}

impl std::error::Error for WriteError {}

#[cfg(test)]
mod tests {
    use super::*;
    use hylint_model::Action;

    #[test]
    fn an_error_names_what_it_is_about() {
        let error = WriteError::new("netsh", Span::default(), "netsh has no priorities");
        let text = "the firewall cannot be written for netsh: netsh has no priorities";
        assert_eq!(error.to_string(), text);
        let mut rule = Rule::new(Span::default(), Action::Allow);
        rule.name = "a".into();
        let text = "rule `a` cannot be written for netsh: netsh has no priorities";
        assert_eq!(error.of_rule(&rule).to_string(), text);
    }
}

//! Listings that are known for what they are and settle nothing.

use hylint_model::{Companion, Families, RoutingRules, Span};

/// A listing that tells nothing, so that the file is known for one.
pub(crate) fn nothing(span: Span) -> Companion {
    Companion::RoutingRules(Box::new(RoutingRules {
        rules: Vec::new(),
        families: Families {
            v4: false,
            v6: false,
        },
        whole: true,
        span,
    }))
}

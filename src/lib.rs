//! hylint: a policy-as-code compliance linter for firewalls.

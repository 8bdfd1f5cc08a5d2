//! The codes of findings: the one place where a lint is registered, with its severity, its group and its sentence.
//!
//! Outputs, waivers, baselines and hylint.toml name a finding by its code, so a code keeps its text.

use super::severity::Severity;
use std::cmp::Ordering;
use std::fmt;

/// Calls a macro with every lint, in the order of the documentation: the variant, the code, the severity unless the
/// finding itself or the site says otherwise, the group and one sentence.
macro_rules! registry {
    ($with:ident) => {
        $with! {
            MissingFlow "missing-flow" Error Required "No rule allows a required flow.";
            BlockedFlow "blocked-flow" Error Required "A rule blocks a required flow and overrides the rule that allows it.";
            PartialFlow "partial-flow" Error Required "A required flow is allowed for only some of its sources, destinations or ports.";
            DisabledFlow "disabled-flow" Error Required "The rule that allows a required flow is disabled.";
            NoReturnPath "no-return-path" Error Required "A required flow is allowed, but the replies to it are blocked.";
            ConditionalFlow "conditional-flow" Error Required "Whether a required flow is allowed depends on something that the exports do not show.";
            AnyAny "any-any" Error Excess "A rule allows every port from any source.";
            ExposedToInternet "exposed-to-internet" Error Excess "A rule allows anyone on the Internet to reach something that no requirement needs.";
            OverPermissiveSource "over-permissive-source" Warning Excess "A rule allows a port from more sources than required.";
            OverPermissivePort "over-permissive-port" Warning Excess "A rule allows more ports than its required flows need.";
            BypassesGateway "bypasses-gateway" Error Excess "A rule allows clients to bypass the gateway.";
            UnneededFlow "unneeded-flow" Note Excess "A rule allows traffic that nothing requires.";
            DefaultAllow "default-allow" Error Excess "New connections that no rule handles are allowed.";
            FirewallOff "firewall-off" Error Excess "The Windows firewall is off in the profile that is checked.";
            ShadowedRule "shadowed-rule" Warning Hygiene "A rule can never match: earlier rules already handle all its packets.";
            RedundantRule "redundant-rule" Note Hygiene "A rule is redundant: other rules do the same without it.";
            ConflictingRule "conflicting-rule" Note Hygiene "Two rules with opposite actions overlap, and only their order decides.";
            DuplicateName "duplicate-name" Note Hygiene "Several rules of a point have the same name.";
            NoListener "no-listener" Note Hygiene "A required flow is allowed, and nothing listens on its port.";
            UnreferencedChain "unreferenced-chain" Note Hygiene "No rule jumps to a chain that has rules.";
            UnusedRule "unused-rule" Note Hygiene "An allow rule has matched nothing since its counter began.";
            MalformedExport "malformed-export" Error Trust "A file, or a part of it, could not be read.";
            UnreadFile "unread-file" Warning Trust "A file that may hold a firewall is not read.";
            EmptyExport "empty-export" Error Trust "A file promises rules and holds none.";
            IncompleteExport "incomplete-export" Warning Trust "An export leaves out what a verdict needs.";
            UnmodelledMatch "unmodelled-match" Note Trust "A rule says something whose effect is not modelled.";
            UnboundPoint "unbound-point" Error Trust "Cannot tell which host a point guards.";
            UnknownRole "unknown-role" Error Trust "Cannot tell which role a host has.";
            UndeclaredRole "undeclared-role" Warning Trust "Requirements need the addresses of a role that nothing declares.";
            UnverifiedFlow "unverified-flow" Error Trust "The site asks for evidence, and a host of a requirement has no export.";
            StaleExport "stale-export" Warning Trust "An export is older than hylint.toml accepts.";
            StalePort "stale-port" Warning Trust "A rule still allows a default port that hylint.toml moves.";
            ExpiredWaiver "expired-waiver" Error Trust "A waiver's last day is past.";
            UnusedWaiver "unused-waiver" Warning Trust "A waiver matches no finding.";
            UnusedVia "unused-via" Note Trust "No required flow goes through a [[via]] of hylint.toml.";
        }
    };
}
pub(crate) use registry;

/// Which promise a lint keeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Group {
    /// A flow that the matrix requires does not pass.
    Required,
    /// Something is open that nothing requires.
    Excess,
    /// Rules that can never match, contradict each other or are repeated.
    Hygiene,
    /// hylint cannot rely on something in this run. Never off.
    Trust,
}

impl Group {
    /// The lower-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Excess => "excess",
            Self::Hygiene => "hygiene",
            Self::Trust => "trust",
        }
    }
}

/// Makes the codes of the registry.
macro_rules! codes {
    ($($variant:ident $code:literal $severity:ident $group:ident $summary:literal;)+) => {
        /// A lint's code. The order is that of the texts.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Code {
            $(#[doc = $summary] $variant,)+
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const EACH: &'static [Self] = &[$(Self::$variant,)+];

            /// The code in outputs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The severity unless the finding itself or the site says otherwise.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)+
                }
            }

            /// The group.
            #[must_use]
            pub const fn group(self) -> Group {
                match self {
                    $(Self::$variant => Group::$group,)+
                }
            }

            /// One sentence.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => $summary,)+
                }
            }
        }
    };
}
registry!(codes);

impl Code {
    /// The code that a text is; none if it is no code.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::EACH.iter().copied().find(|c| c.as_str() == text)
    }

    /// The code that fingerprints are made of: files that are not read were malformed exports in hylint 0.1, and are known
    /// again.
    #[must_use]
    pub fn in_fingerprints(self) -> &'static str {
        match self {
            Self::UnreadFile => Self::MalformedExport.as_str(),
            code => code.as_str(),
        }
    }

    /// Whether it says how far the run is to be trusted.
    #[must_use]
    pub fn is_trust(self) -> bool {
        self.group() == Group::Trust
    }
}

impl Ord for Code {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::BTreeSet;

    /// Two lints under one code could not be told apart in a waiver.
    #[test]
    fn codes_are_unique_and_kebab_case() {
        let codes: BTreeSet<&str> = Code::EACH.iter().map(|c| c.as_str()).collect();
        assert_eq!(codes.len(), Code::EACH.len());
        let kebab = |c: &&str| c.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(codes.iter().all(kebab));
        assert!(
            Code::EACH
                .iter()
                .all(|c| Code::named(c.as_str()) == Some(*c))
        );
    }
}

//! What a finding is known by from one run to the next.

use super::shape;
use hylint_space::AddrSet;

/// What makes a finding this one and no other of its code, apart from where it stands: no line, no rule's name, and no
/// message, so that a message may be worded anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    text: String,
    /// Hashes of the rules that are folded into this one finding, sorted. Empty for a finding about one thing.
    pub members: Vec<[u8; 16]>,
    /// The peers for which a required flow fails.
    pub peers: AddrSet,
}

impl Identity {
    /// Of the normalized match, and whatever else the lint tells its findings apart by.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        Self::text(parts.join("\0"))
    }

    /// Of a kind of finding and its particulars.
    #[must_use]
    pub fn known(as_what: &Known<'_>) -> Self {
        Self::of_shape(&as_what.text())
    }

    /// Of the shape of a text that is frozen: its numbers and what it quotes do not count.
    #[must_use]
    pub fn of_shape(frozen: &str) -> Self {
        Self::text(shape(frozen))
    }

    fn text(text: String) -> Self {
        Self {
            text,
            members: Vec::new(),
            peers: AddrSet::empty(),
        }
    }

    /// The same of findings about these rules together.
    #[must_use]
    pub fn with_members(mut self, mut members: Vec<[u8; 16]>) -> Self {
        members.sort_unstable();
        self.members = members;
        self
    }

    /// The same of a flow that fails for these peers.
    #[must_use]
    pub fn with_peers(mut self, peers: AddrSet) -> Self {
        self.peers = peers;
        self
    }

    /// Whether it is about no more rules and no more peers than another one of its kind.
    #[must_use]
    pub fn is_within(&self, known: &Self) -> bool {
        // Both are sorted, and of equal rules there must be as many.
        let mut left = known.members.iter();
        let mut rules = self.members.iter();
        rules.all(|m| left.any(|k| k == m)) && self.peers.is_subset(&known.peers)
    }

    /// The same of something that has another name: each word of the text that is the one name becomes the other.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        let name = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let mut out = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some((before, behind)) = rest.split_once(from) {
            out.push_str(before);
            let word = !out.ends_with(name) && !behind.starts_with(name);
            out.push_str(if word { to } else { from });
            rest = behind;
        }
        out.push_str(rest);
        self.text = out;
        self
    }

    /// The text that the fingerprint is made of.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The kinds of findings that no normalized match tells apart, each with its particulars.
///
/// INVARIANT: the texts are those of the messages of hylint 0.1, from which fingerprints were made then. Baselines hold
/// them, so they never change, however the messages read by now. A new kind takes any text that no other one has.
#[derive(Clone, Copy, Debug)]
pub enum Known<'a> {
    /// Several points of a kind, and nothing says which guards a host.
    GuardUnsaid {
        /// How many points.
        points: usize,
        /// Their kind.
        kind: &'a str,
        /// The host.
        host: &'a str,
        /// The points by name.
        candidates: &'a str,
    },
    /// Points of an export that guard no host.
    GuardsNobody {
        /// How many points.
        points: usize,
        /// The points by name.
        candidates: &'a str,
    },
    /// `points` names what no export holds.
    NoSuchPoint {
        /// The host.
        host: &'a str,
        /// The name.
        name: &'a str,
        /// What there is.
        candidates: &'a str,
    },
    /// A group of an interface is in no export.
    GroupNotExported {
        /// The group.
        group: &'a str,
        /// The host.
        host: &'a str,
    },
    /// Nothing tells the role of an export.
    RoleUnsaid,
    /// The matrix has no such role.
    NoSuchRole(&'a str),
    /// No export of an entry of the site file was read.
    EntryWithoutExport {
        /// The entry.
        whose: &'a str,
        /// Whether some file matches, which holds no firewall.
        matched: bool,
        /// The patterns, in quotes.
        wanted: &'a str,
    },
    /// netfilter of one family only.
    FamilyNotExported {
        /// The family that is missing.
        family: &'a str,
        /// Whose.
        whose: &'a str,
    },
    /// The site does not say where a role is.
    RoleUndeclared {
        /// The role.
        role: &'a str,
        /// Rows of the matrix that cannot be judged.
        rows: &'a [u32],
    },
    /// Requirements rest on the addresses of roles that nothing declares.
    PeersUndeclared,
    /// The site does not say whether clients go through the gateway.
    AccessUndeclared,
    /// Sets that are not resolved.
    SetsTooLarge {
        /// Lookups of such sets.
        lookups: usize,
        /// The first set.
        first: &'a str,
    },
    /// Settings of a host whose rules were not read.
    SettingsWithoutRules,
    /// Rules beside those of iptables are not read.
    RulesBeside,
    /// A policy acts beside the rules of a Windows export.
    PolicyBeside,
    /// A file without text.
    EmptyFile,
    /// A file that is no text.
    BinaryFile {
        /// What it looks like.
        like: Option<&'a str>,
    },
    /// A file beyond what positions count.
    LargeFile {
        /// What it looks like.
        like: Option<&'a str>,
    },
    /// A file in no format that is read.
    UnknownFile {
        /// What it looks like.
        like: Option<&'a str>,
    },
    /// A file in a folder that tells of a firewall in a form that is not read.
    FilePassedOver {
        /// What it looks like.
        like: &'a str,
    },
    /// Characters that are none in the file's encoding.
    InvalidCharacters {
        /// How many.
        count: usize,
        /// The encoding.
        encoding: &'a str,
    },
    /// A file that the system does not let read.
    UnreadableFile {
        /// Why.
        cause: &'a str,
    },
    /// A folder or link that the system does not let read.
    UnreadablePath {
        /// Why.
        cause: &'a str,
    },
    /// A link to a folder above it.
    LinkLoop {
        /// The folder.
        to: &'a str,
    },
    /// Rules that the reader counted and did not account for.
    RulesLost,
    /// An export without any firewall.
    NoFirewall {
        /// Its format.
        format: &'a str,
    },
    /// Entries of a prefix list that is not named.
    ListUnnamed,
    /// Rules of one name.
    NamesRepeated {
        /// The point.
        point: &'a str,
    },
    /// Chains that no rule jumps to.
    ChainsUnused {
        /// The table.
        table: &'a str,
    },
    /// Rules that have matched nothing.
    RulesUnused {
        /// The point.
        point: &'a str,
    },
    /// Rules without which others decide the same.
    RulesRedundant {
        /// How many.
        rules: usize,
        /// The point.
        point: &'a str,
    },
    /// Rules that overlap in part with others of the opposite action.
    RulesConflict {
        /// How many.
        rules: usize,
        /// The point.
        point: &'a str,
    },
    /// Rules that were not compared with all before them.
    RulesNotCompared {
        /// How many.
        rules: usize,
        /// The point.
        point: &'a str,
    },
}

impl Known<'_> {
    /// The frozen text, before its numbers and quotes are taken out.
    fn text(&self) -> String {
        let looks = |text: &str, like: Option<&str>| match like {
            Some(like) => format!("{text}; it looks like {like}"),
            None => text.to_owned(),
        };
        match *self {
            Self::GuardUnsaid {
                points,
                kind,
                host,
                candidates,
            } => format!(
                "{points} {kind}s are exported and nothing says which guard {host}: {candidates}"
            ),
            Self::GuardsNobody { points, candidates } => format!(
                "{points} point{} of this export guard no host of the site, so no requirement is judged by them: {candidates}",
                plural(points)
            ),
            Self::NoSuchPoint {
                host,
                name,
                candidates,
            } => format!("no export of {host} holds the point `{name}`; there are: {candidates}"),
            Self::GroupNotExported { group, host } => {
                format!("the group {group} is on an interface of {host} and is not exported")
            }
            Self::RoleUnsaid => {
                "nothing tells which role this export has, so no requirement is judged by it".into()
            }
            Self::NoSuchRole(name) => format!("`{name}` is no role of the matrix"),
            Self::EntryWithoutExport {
                whose,
                matched,
                wanted,
            } => {
                let why = if matched {
                    "what matches holds no firewall, only what belongs beside one:"
                } else {
                    "no export matches"
                };
                format!(
                    "no export of {whose} was read, so none of its rules is judged: {why} {wanted}"
                )
            }
            Self::FamilyNotExported { family, whose } => {
                format!("the {family} rules of {whose} were not exported")
            }
            Self::RoleUndeclared { role, rows } => {
                let all: Vec<String> = rows.iter().map(u32::to_string).collect();
                let s = plural(rows.len());
                format!(
                    "the site does not say where {role} is, so row{s} {} cannot be judged",
                    all.join(", ")
                )
            }
            Self::PeersUndeclared => {
                "requirements need the addresses of roles that nothing declares".into()
            }
            Self::AccessUndeclared => {
                "there are clients and a gateway, and the site does not say whether clients go through it".into()
            }
            Self::SetsTooLarge { lookups: 1, first } => {
                format!("the set {first} is too large to be judged member by member here")
            }
            Self::SetsTooLarge { lookups, first } => format!(
                "{lookups} set lookups are too large to be judged member by member, the first of {first}"
            ),
            Self::PolicyBeside => "Group Policy acts beside the rules of the export".into(),
            Self::RulesBeside => "rules beside those of iptables are not read".into(),
            Self::SettingsWithoutRules => {
                "these profile settings belong to no rules that were read".into()
            }
            Self::EmptyFile => {
                "the file is empty: the command that should have filled it may have failed".into()
            }
            Self::BinaryFile { like } => looks(
                "the file is binary: it holds no text in any encoding of an export",
                like,
            ),
            Self::LargeFile { like } => looks("the file is larger than 4 GiB", like),
            Self::UnknownFile { like } => {
                looks("the file is no firewall export that hylint knows", like)
            }
            Self::FilePassedOver { like } => {
                format!("the file is not read: it looks like {like}")
            }
            Self::InvalidCharacters { count, encoding } => format!(
                "{count} characters are invalid in {encoding}: the file was damaged or written in mixed encodings"
            ),
            Self::UnreadableFile { cause } => format!("the file cannot be read: {cause}"),
            Self::UnreadablePath { cause } => {
                format!("it cannot be read, so exports in it are not judged: {cause}")
            }
            Self::LinkLoop { to } => {
                format!("the link leads back to `{to}`, in which it stands; it is not followed")
            }
            Self::RulesLost => {
                "1 rules of the file are in no rule of the model, and no line is named for them".into()
            }
            Self::NoFirewall { format } => {
                format!("the file looks like a {format} export and holds no firewall")
            }
            Self::ListUnnamed => {
                "these entries do not name their prefix list, so no rule can use them".into()
            }
            Self::NamesRepeated { point } => {
                format!("2 rules of {point} repeat the name of an earlier one")
            }
            Self::ChainsUnused { table } => {
                format!("no rule of the {table} table jumps to 1 of its chains")
            }
            Self::RulesUnused { point } => {
                format!("rules of {point} have matched nothing since their counters began")
            }
            Self::RulesRedundant { rules: 1, point } => {
                format!("1 rule of {point} changes nothing: without it other rules allow the same")
            }
            Self::RulesRedundant { rules, point } => format!(
                "{rules} rules of {point} change nothing: without them other rules allow the same"
            ),
            Self::RulesConflict { rules, point } => {
                let (s, verb) = if rules == 1 {
                    ("", "overlaps")
                } else {
                    ("s", "overlap")
                };
                format!(
                    "{rules} rule{s} of {point} {verb} an earlier rule of the opposite action in part: only the order decides"
                )
            }
            Self::RulesNotCompared { rules, point } => format!(
                "{rules} rule{} of {point} could not be compared with all that stands before: whether they decide is not known",
                plural(rules)
            ),
        }
    }
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

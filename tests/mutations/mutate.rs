//! What is done to the rule of one row, and what the program must then say.

use super::plan::{Dir, Plan, Proto, Rule};
use hylint::rules::matrix::{Require, Requirement};

/// A format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Platform {
    Netsh,
    Iptables,
    Aws,
    Azure,
}

impl Platform {
    pub const ALL: [Self; 4] = [Self::Netsh, Self::Iptables, Self::Aws, Self::Azure];

    pub fn name(self) -> &'static str {
        match self {
            Self::Netsh => "netsh",
            Self::Iptables => "iptables",
            Self::Aws => "aws",
            Self::Azure => "azure",
        }
    }

    fn styles(self) -> usize {
        match self {
            Self::Netsh | Self::Azure => 2,
            Self::Iptables => 3,
            Self::Aws => 1,
        }
    }
}

/// A change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mutation {
    Compliant,
    Removed,
    OnePortLess,
    Disabled,
    WrongProtocol,
    WrongPort,
    TooNarrow,
    OtherPeer,
    Denied,
    WrongDirection,
    AnySource,
    WidePorts,
    AnyAny,
}

impl Mutation {
    pub const ALL: [Self; 13] = [
        Self::Compliant,
        Self::Removed,
        Self::OnePortLess,
        Self::Disabled,
        Self::WrongProtocol,
        Self::WrongPort,
        Self::TooNarrow,
        Self::OtherPeer,
        Self::Denied,
        Self::WrongDirection,
        Self::AnySource,
        Self::WidePorts,
        Self::AnyAny,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Compliant => "compliant",
            Self::Removed => "removed",
            Self::OnePortLess => "one port less",
            Self::Disabled => "disabled",
            Self::WrongProtocol => "wrong protocol",
            Self::WrongPort => "wrong port",
            Self::TooNarrow => "too narrow",
            Self::OtherPeer => "other peer",
            Self::Denied => "shadowed by a deny",
            Self::WrongDirection => "wrong direction",
            Self::AnySource => "any source",
            Self::WidePorts => "widened ports",
            Self::AnyAny => "any-any",
        }
    }

    pub fn excess(self) -> bool {
        matches!(self, Self::AnySource | Self::WidePorts | Self::AnyAny)
    }
}

/// One case.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub req: &'a Requirement,
    pub plan: &'a Plan<'a>,
    pub dir: Dir,
    pub platform: Platform,
    pub mutation: Mutation,
}

/// A place: the key of marked lines, and what the text there says.
#[derive(Clone, Debug)]
pub struct Spot {
    pub key: String,
    pub says: String,
}

/// What must be found.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// One of these.
    pub codes: Vec<&'static str>,
    pub place: Option<Spot>,
    pub related: Option<Spot>,
    /// Keys of rules that other findings may be about.
    pub touched: Vec<String>,
}

/// Why a case does not exist.
pub type Skip = &'static str;

impl Case<'_> {
    pub fn style(&self) -> usize {
        (self.req.row as usize + usize::from(self.plan.role.0)) % self.platform.styles()
    }

    pub fn name(&self) -> String {
        format!(
            "row {} {} at {} {}: {}",
            self.req.row,
            self.dir.as_str(),
            self.plan.matrix.role(self.plan.role).unwrap().id,
            self.platform.name(),
            self.mutation.name()
        )
    }

    /// The rules after the change, and what is expected.
    pub fn build(&self) -> Result<(Vec<Rule>, Expect), Skip> {
        let mut rules = self.plan.rules.clone();
        let old = self.plan.rule(self.req.row, self.dir);
        let at = rules.iter().position(|r| r == old).unwrap();
        let key = old.key.clone();
        let mut expect = Expect {
            codes: vec!["missing-flow"],
            place: Some(self.default()),
            related: None,
            touched: vec![key.clone()],
        };
        let several = old.ports.len() > 1;
        let part = |all: bool| vec![if all { "missing-flow" } else { "partial-flow" }];
        match self.mutation {
            Mutation::Compliant => expect = Expect::default(),
            Mutation::Removed => {
                rules.remove(at);
            }
            Mutation::OnePortLess => {
                if !several {
                    return Err("the flow has one port");
                }
                rules[at].ports.remove(0);
                expect.codes = part(false);
            }
            Mutation::Disabled => {
                if self.platform != Platform::Netsh {
                    return Err("the format knows no disabled rules");
                }
                rules[at].enabled = false;
                expect.codes = vec!["disabled-flow"];
                expect.related = Some(spot(&key, "No"));
            }
            Mutation::WrongProtocol => {
                let (now, text) = match (old.proto, self.platform) {
                    (Proto::Tcp, Platform::Netsh) => (Proto::Udp, "UDP"),
                    (Proto::Tcp, Platform::Azure) => (Proto::Udp, "Udp"),
                    (Proto::Tcp, _) => (Proto::Udp, "udp"),
                    (_, Platform::Netsh) => (Proto::Tcp, "TCP"),
                    (_, Platform::Azure) => (Proto::Tcp, "Tcp"),
                    (_, _) => (Proto::Tcp, "tcp"),
                };
                rules[at].proto = now;
                expect.related = Some(spot(&key, text));
            }
            Mutation::WrongPort => {
                let wrong = self.one_digit_off(old);
                rules[at].ports[0] = (wrong, wrong);
                expect.codes = part(!several);
                expect.related = Some(spot(&key, &wrong.to_string()));
            }
            Mutation::TooNarrow => {
                if let [net] = old.peers.as_slice() {
                    rules[at].peers = vec![half(net)];
                } else {
                    rules[at].peers.remove(0);
                }
                expect.codes = part(false);
                let left = rules[at].peers[0].clone();
                expect.related = Some(spot(&key, &left));
            }
            Mutation::OtherPeer => {
                rules[at].peers = vec!["10.99.0.0/28".into()];
                expect.related = Some(spot(&key, "10.99.0.0/28"));
            }
            Mutation::Denied => {
                if self.platform == Platform::Aws {
                    return Err("security groups have no denies");
                }
                let deny = Rule {
                    key: "deny".into(),
                    title: "Quarantine CHG0031337".into(),
                    allow: false,
                    rows: vec![],
                    ..old.clone()
                };
                // The order in the file is of no account to Windows.
                let slot = if self.platform == Platform::Netsh {
                    rules.len()
                } else {
                    at
                };
                rules.insert(slot, deny);
                expect.codes = vec!["blocked-flow"];
                expect.place = Some(spot("deny", ""));
                expect.related = Some(spot(&key, ""));
                expect.touched.push("deny".into());
            }
            Mutation::WrongDirection => rules[at].dir = self.dir.other(),
            Mutation::AnySource | Mutation::WidePorts | Mutation::AnyAny
                if self.dir == Dir::Out =>
            {
                return Err("what goes out is no excess");
            }
            Mutation::AnySource => {
                rules[at].peers.clear();
                expect.codes = vec!["exposed-to-internet", "over-permissive-source"];
                expect.place = Some(spot(&key, ""));
            }
            Mutation::WidePorts => {
                let p = old.ports[0].0;
                rules[at].ports[0] = (p.saturating_sub(7), p + 9);
                expect.codes = vec!["over-permissive-port"];
                expect.place = Some(spot(&key, ""));
            }
            Mutation::AnyAny => {
                rules[at].peers.clear();
                rules[at].ports.clear();
                rules[at].proto = Proto::Any;
                expect.codes = vec!["any-any"];
                expect.place = Some(spot(&key, ""));
            }
        }
        Ok((rules, expect))
    }

    /// Where what nobody allows ends.
    fn default(&self) -> Spot {
        let says = match (self.platform, self.dir, self.style()) {
            (Platform::Netsh, _, _) => "BlockInbound,BlockOutbound",
            (Platform::Iptables, Dir::In, 1) => "-A INPUT -j REJECT",
            (Platform::Iptables, Dir::Out, 1) => "-A OUTPUT -j REJECT",
            (Platform::Iptables, Dir::In, _) => ":INPUT DROP",
            (Platform::Iptables, Dir::Out, _) => ":OUTPUT DROP",
            (Platform::Aws, Dir::In, _) => "\"IpPermissions\"",
            (Platform::Aws, Dir::Out, _) => "\"IpPermissionsEgress\"",
            (Platform::Azure, Dir::In, 0) => "\"DenyAllInBound\"",
            (Platform::Azure, Dir::In, _) => "\"Deny-Everything-Else-In\"",
            (Platform::Azure, Dir::Out, _) => "\"Deny-Everything-Else-Out\"",
        };
        spot(&format!("default-{}", self.dir.as_str()), says)
    }

    /// A port that differs in one digit and that no rule of this protocol uses.
    fn one_digit_off(&self, old: &Rule) -> u16 {
        let right = old.ports[0].0.to_string();
        let taken = |p: u16| {
            self.plan
                .rules
                .iter()
                .any(|r| r.dir == self.dir && r.ports.contains(&(p, p)))
                || self.req.ports.contains(&p)
        };
        debug_assert!(self.req.require == Require::Any || self.req.ports.contains(&old.ports[0].0));
        (0..right.len())
            .rev()
            .flat_map(|i| (1..9).map(move |d| (i, d)))
            .filter_map(|(i, d)| {
                let mut digits = right.clone().into_bytes();
                digits[i] = b'0' + (digits[i] - b'0' + d) % 10;
                let text = String::from_utf8(digits).unwrap();
                text.parse().ok().filter(|_| !text.starts_with('0'))
            })
            .find(|p| !taken(*p))
            .unwrap()
    }
}

fn spot(key: &str, says: &str) -> Spot {
    Spot {
        key: key.to_owned(),
        says: says.to_owned(),
    }
}

/// The lower half of a network.
fn half(net: &str) -> String {
    let (base, len) = net.split_once('/').unwrap();
    format!("{base}/{}", len.parse::<u8>().unwrap() + 1)
}

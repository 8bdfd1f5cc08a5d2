//! Connection security rules (`netsh advfirewall consec show rule`): which packets are kept out unless IPsec authenticates
//! their sender (Microsoft, "netsh advfirewall consec": action).

use super::block::Block;
use super::lines;
use crate::windows::addresses;
use crate::windows::ports;
use crate::windows::security::{unauthenticated, without};
use crate::windows::values::{self, Parts, Protocol};
use crate::windows::vocab::{Vocabulary, fold};
use crate::windows::words::{Class, Label, Word};
use hylint_model::{Action, Clause, ConnectionSecurity, Profiles, Rule, RuleOrigin, Side, Span};
use hylint_space::{AddrSet, PacketBox, PortSet, ProtoSet, proto};

/// Boxes of one demand; past it, exemptions are left out, so that more is demanded than is.
const MOST: usize = 256;

/// Which directions a rule requires authentication in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Demand {
    inbound: bool,
    outbound: bool,
}

/// One connection security rule that acts.
#[derive(Debug)]
pub(super) struct Consec {
    name: Box<str>,
    pub(super) span: Span,
    /// Where the action stands.
    action: Span,
    profiles: Profiles,
    /// `None`: `NoAuthentication`, which exempts.
    demand: Option<Demand>,
    ends: [End; 2],
    /// `None`: not known, or any.
    protocol: Option<u8>,
    /// Something of it is not understood: an exemption then exempts nothing.
    vague: bool,
}

#[derive(Clone, Debug)]
struct End {
    addrs: Parts<AddrSet>,
    ports: Parts<PortSet>,
}

impl Consec {
    /// Reads a block; `None` for a rule that is disabled or demands nothing.
    pub(super) fn read(v: &Vocabulary, text: &str, block: &Block) -> Option<Self> {
        let value = |label| block.get(label).and_then(|s| text.get(s.range()));
        let off = value(Label::Enabled).and_then(|t| v.word(Class::Bool, t));
        if off.is_some_and(|e| e.meaning == Word::No) {
            return None;
        }
        if is_main_mode(text, block) {
            return None;
        }
        let action = fold(value(Label::Action).unwrap_or_default()).into_owned();
        let demand = match &*action {
            "noauthentication" => None,
            "requestinrequestout" => return None,
            "requireinrequestout" | "requireinclearout" => Some(Demand {
                inbound: true,
                outbound: false,
            }),
            // What it demands is not known, or it demands both.
            _ => Some(Demand {
                inbound: true,
                outbound: true,
            }),
        };
        let mut vague = !block.strays.is_empty() || !block.repeated.is_empty();
        let profiles = value(Label::Profiles).map(|t| values::profiles(v, t));
        let (profiles, odd) = profiles.unwrap_or((Profiles::ALL, None));
        vague |= odd.is_some();
        let protocol = value(Label::Protocol).map(|t| values::protocol(v, t));
        vague |= protocol == Some(None);
        let mut end = |address: &str, port: &str| {
            let field = |wanted: &str| field(text, block, wanted);
            let (addr, addrs) = match field(address) {
                Some((t, span)) => (t, addresses::addresses(v, t, Side::Src, span, false)),
                None => ("", values::List::whole(AddrSet::any())),
            };
            let ports = match field(port) {
                Some((t, span)) => ports::ports(v, t, ports::End::Local, span),
                None => values::List::whole(PortSet::full()),
            };
            vague |= addr.is_empty() || addrs.unknown.is_some() || ports.unknown.is_some();
            End {
                addrs: addrs.parts,
                ports: ports.parts,
            }
        };
        let ends = [end("endpoint1", "port1"), end("endpoint2", "port2")];
        Some(Self {
            name: value(Label::Name).unwrap_or_default().into(),
            span: block.span,
            action: block.get(Label::Action).unwrap_or(block.span),
            profiles: if odd.is_some() {
                Profiles::ALL
            } else {
                profiles
            },
            demand,
            ends,
            protocol: match protocol.flatten() {
                Some(Protocol::Number(n)) => Some(n),
                _ => None,
            },
            vague,
        })
    }

    /// Whether it requires authentication.
    pub(super) fn requires(&self) -> bool {
        self.demand.is_some()
    }

    /// The packets of one direction that are between its ends, whichever of them the host is.
    fn clauses(&self, inbound: bool) -> Vec<Clause> {
        let [a, b] = &self.ends;
        let mut out = Vec::new();
        for (local, remote) in [(a, b), (b, a)] {
            let (src, dst) = if inbound {
                (remote, local)
            } else {
                (local, remote)
            };
            self.between(src, dst, &mut out);
        }
        out
    }

    fn between(&self, src: &End, dst: &End, out: &mut Vec<Clause>) {
        for s in &src.addrs {
            for d in &dst.addrs {
                for sport in &src.ports {
                    for dport in &dst.ports {
                        let mut space = PacketBox {
                            src: s.set.clone(),
                            dst: d.set.clone(),
                            ..PacketBox::any()
                        };
                        if let Some(p) = self.protocol {
                            space.proto = ProtoSet::single(p);
                        }
                        if self.protocol.is_none_or(proto::has_ports) {
                            space.sport = sport.set.clone();
                            space.dport = dport.set.clone();
                        }
                        let open = [
                            &s.condition,
                            &d.condition,
                            &sport.condition,
                            &dport.condition,
                        ];
                        let conditions = open.iter().filter_map(|c| (*c).clone());
                        let clause = Clause {
                            space,
                            conditions: conditions.collect(),
                        };
                        if out.len() < MOST && !out.contains(&clause) {
                            out.push(clause);
                        }
                    }
                }
            }
        }
    }
}

/// Whether a block is a main mode rule, which says how hosts authenticate each other and for no packet that they have to:
/// it has no action, and no line about quick mode (Microsoft, "netsh advfirewall mainmode").
fn is_main_mode(text: &str, block: &Block) -> bool {
    const QUICK: [&str; 8] = [
        "type",
        "mode",
        "quickmodesecmethods",
        "quickmodepfs",
        "qmsecmethods",
        "qmpfs",
        "localtunnelendpoint",
        "remotetunnelendpoint",
    ];
    !block.has(Label::Action) && !QUICK.iter().any(|l| field(text, block, l).is_some())
}

/// The value of a line that only such rules have.
fn field<'a>(text: &'a str, block: &Block, wanted: &str) -> Option<(&'a str, Span)> {
    block.consec_lines.iter().find_map(|span| {
        let line = text.get(span.range())?;
        let (label, value) = lines::split_label(line)?;
        let end = span.end as usize;
        (fold(label) == wanted).then(|| (value, Span::new(end - value.len(), end)))
    })
}

/// What the rules of a capture demand together: each that requires authentication, less what others exempt in the same
/// profile.
pub(super) fn demands(all: &[Consec]) -> ConnectionSecurity {
    let mut out = ConnectionSecurity::default();
    for rule in all {
        let Some(demand) = rule.demand else { continue };
        for (wanted, inbound) in [(demand.inbound, true), (demand.outbound, false)] {
            if wanted {
                let list = if inbound {
                    &mut out.ingress
                } else {
                    &mut out.egress
                };
                list.extend(by_profile(rule, all, inbound));
            }
        }
    }
    out
}

/// One rule for all profiles that exempt the same, else one for each.
fn by_profile(rule: &Consec, all: &[Consec], inbound: bool) -> Vec<Rule> {
    let mut found: Vec<(Profiles, Vec<Clause>)> = Vec::new();
    for profile in rule.profiles.each() {
        let clauses = without_exempt(rule, all, profile, inbound);
        match found.iter_mut().find(|(_, c)| *c == clauses) {
            Some((profiles, _)) => *profiles = profiles.union(profile),
            None => found.push((profile, clauses)),
        }
    }
    let left = found.into_iter().filter(|(_, c)| !c.is_empty());
    left.map(|(profiles, clauses)| {
        let mut r = Rule::new(rule.span, Action::Deny);
        r.name = rule.name.clone();
        r.profiles = profiles;
        r.origin = RuleOrigin::GroupPolicy;
        let demanded = |mut c: Clause| {
            c.conditions.push(unauthenticated(rule.action));
            c
        };
        r.clauses = clauses.into_iter().map(demanded).collect();
        r
    })
    .collect()
}

fn without_exempt(rule: &Consec, all: &[Consec], profile: Profiles, inbound: bool) -> Vec<Clause> {
    let mut left = rule.clauses(inbound);
    let exempt = all
        .iter()
        .filter(|r| r.demand.is_none() && !r.vague && r.profiles.intersects(profile));
    for hole in exempt.flat_map(|r| r.clauses(inbound)) {
        if !hole.conditions.is_empty() || left.len() > MOST {
            continue;
        }
        left = without(left, &hole);
    }
    left
}

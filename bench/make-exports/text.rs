//! Flows as the text of an export, by the writers that stand beside the readers.

use super::flow::{Flow, any_v4};
use hylint_model::{
    Action, Body, Chain, ChainPolicy, Clause, DefaultOrigin, DefaultVerdict, Discipline, Families,
    Hook, Lists, Netfilter, Point, PointKind, Rule, RuleList, Span, Table, TableFamily,
};
use hylint_parsers::iptables::{base_chain, chain_name};
use hylint_parsers::{aws, azure, iptables, netsh, nft};
use hylint_space::{AddrSet, IfaceSet, PacketBox, ProtoSet, StateSet, iface_name};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A format of exports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// iptables-save.
    Iptables,
    /// `netsh advfirewall firewall show rule name=all verbose`, with the profiles behind it.
    Netsh,
    /// `aws ec2 describe-security-groups`, or network ACLs where rules deny.
    Aws,
    /// `az network nsg list`.
    Azure,
    /// `nft list ruleset`.
    Nft,
    /// `nft -j list ruleset`.
    NftJson,
}

impl Format {
    /// Extension of its files.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Iptables => "rules",
            Self::Netsh => "txt",
            Self::Nft => "nft",
            Self::Aws | Self::Azure | Self::NftJson => "json",
        }
    }

    /// The export of a host.
    ///
    /// # Errors
    /// What the format has no words for.
    pub(crate) fn text(self, host: &str, flows: &[Flow]) -> Result<String, String> {
        match self {
            Self::Iptables => iptables::write([&netfilter(flows)]).map_err(|e| e.message.into()),
            Self::Netsh => netsh::write(&windows(flows)).map_err(|e| e.to_string()),
            Self::Aws => {
                aws::write(&security_groups(host, flows)).map_err(|e| e.message.to_string())
            }
            Self::Azure => azure::write::write(&[&nsg(host, flows)]).map_err(|e| e.to_string()),
            Self::Nft => nft::write([&netfilter(flows)]).map_err(|e| e.message.into()),
            Self::NftJson => nft::write_json([&netfilter(flows)]).map_err(|e| e.message.into()),
        }
    }
}

/// The writers skip rules that stand in no file.
const SPAN: Span = Span { start: 0, end: 1 };

fn rule(f: &Flow, chained: bool) -> Rule {
    let action = if f.allow { Action::Allow } else { Action::Deny };
    let mut rule = Rule::new(SPAN, action);
    let mut space = PacketBox {
        dport: f.ports.clone(),
        ..PacketBox::any()
    };
    if let Some(p) = f.proto {
        space.proto = ProtoSet::single(p);
    }
    let (src, dst) = if f.inbound {
        (&f.peer, &f.own)
    } else {
        (&f.own, &f.peer)
    };
    space.src.clone_from(src);
    space.dst.clone_from(dst);
    if chained && f.inbound && f.allow {
        space.state = StateSet::NEW;
    }
    rule.clauses = std::iter::once(Clause {
        space,
        ..Clause::default()
    })
    .collect();
    rule.name = f.name.as_str().into();
    rule
}

fn default(allow: bool, origin: DefaultOrigin) -> DefaultVerdict {
    DefaultVerdict {
        allow,
        origin,
        span: SPAN,
    }
}

/// Rules of the point of a host or group.
fn lists(flows: &[Flow], discipline: Discipline, out: bool, origin: DefaultOrigin) -> Lists {
    let of = |inbound: bool| -> Vec<Rule> {
        let own = flows.iter().filter(|f| f.inbound == inbound);
        own.enumerate()
            .map(|(i, f)| {
                let mut r = rule(f, false);
                if discipline == Discipline::Priority {
                    r.priority = u32::try_from(100 + i).ok();
                }
                r
            })
            .collect()
    };
    Lists {
        discipline,
        ingress: RuleList {
            default: default(false, origin),
            rules: of(true),
        },
        egress: RuleList {
            default: default(out, origin),
            rules: of(false),
        },
    }
}

fn windows(flows: &[Flow]) -> Point {
    let mut flows = flows.to_vec();
    // netsh prints an address of any family as `Any`.
    for side in flows.iter_mut().flat_map(|f| [&mut f.peer, &mut f.own]) {
        if *side == any_v4() {
            *side = AddrSet::any();
        }
    }
    let body = lists(
        &flows,
        Discipline::BlockOverAllow,
        true,
        DefaultOrigin::Assumed,
    );
    Point::new(PointKind::WindowsFirewall, SPAN, Body::Lists(body))
}

fn id(kind: &str, name: &str) -> Box<str> {
    let hash = Sha256::digest(name.as_bytes());
    let hex: String = hash.iter().take(8).map(|b| format!("{b:02x}")).collect();
    format!("{kind}-0{hex}").into()
}

/// A group allows only; a list that denies is a network ACL. Neither names addresses of its own side.
fn security_groups(host: &str, flows: &[Flow]) -> Vec<Point> {
    let acl = flows.iter().any(|f| !f.allow) && host == "list";
    let (kind, discipline) = if acl {
        (PointKind::NetworkAcl, Discipline::Priority)
    } else {
        (PointKind::SecurityGroup, Discipline::UnionOfAllows)
    };
    let kept = flows.iter().filter(|f| acl || f.allow).map(|f| Flow {
        own: AddrSet::any(),
        ..f.clone()
    });
    let kept: Vec<Flow> = kept.collect();
    let mut body = lists(&kept, discipline, false, DefaultOrigin::Implicit);
    if acl {
        // Rule numbers count from 1, and a group's rules have no names.
        for r in body.ingress.rules.iter_mut().chain(&mut body.egress.rules) {
            r.priority = r.priority.map(|p| p - 99);
        }
    }
    for r in body.ingress.rules.iter_mut().chain(&mut body.egress.rules) {
        r.comment = if acl {
            "".into()
        } else {
            std::mem::take(&mut r.name)
        };
        r.name = "".into();
    }
    let mut point = Point::new(kind, SPAN, Body::Lists(body));
    point.id = id(if acl { "acl" } else { "sg" }, host);
    point.name = host.into();
    point.network = "vpc-0a1b2c3d".into();
    point.stateful = !acl;
    vec![point]
}

fn nsg(host: &str, flows: &[Flow]) -> Point {
    let body = lists(flows, Discipline::Priority, false, DefaultOrigin::Implicit);
    let mut point = Point::new(PointKind::Nsg, SPAN, Body::Lists(body));
    point.name = host.into();
    point.id = format!(
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/{host}"
    )
    .into();
    point
}

fn netfilter(flows: &[Flow]) -> Point {
    let policy = |allow| Some(ChainPolicy { allow, span: SPAN });
    let filter = "filter";
    let chain = |name: &str, policy| Chain {
        base: base_chain(filter, name, TableFamily::Ip),
        name: name.into(),
        policy,
        span: SPAN,
        rules: Vec::new(),
    };
    let mut input = chain(chain_name(Hook::Input), policy(false));
    let forward = chain(chain_name(Hook::Forward), policy(false));
    let mut output = chain(chain_name(Hook::Output), policy(true));
    let lo = || IfaceSet::single(iface_name("lo"));
    input.rules = heads(PacketBox {
        in_iface: lo(),
        ..PacketBox::any()
    });
    output.rules = heads(PacketBox {
        out_iface: lo(),
        ..PacketBox::any()
    });
    let mut chains: BTreeMap<usize, Chain> = BTreeMap::new();
    for f in flows {
        let mut r = rule(f, true);
        r.comment = std::mem::take(&mut r.name);
        let list = match f.chain {
            _ if !f.inbound => &mut output,
            None => &mut input,
            Some(n) => chains
                .entry(n)
                .or_insert_with(|| chain(&format!("svc_{n}"), None)),
        };
        list.rules.push(r);
    }
    for at in 0..chains.len() {
        let target = u32::try_from(3 + at).unwrap_or(u32::MAX);
        input.rules.push(Rule::new(SPAN, Action::Jump(target)));
    }
    for r in [&mut input, &mut output]
        .into_iter()
        .flat_map(|c| &mut c.rules)
        .chain(chains.values_mut().flat_map(|c| &mut c.rules))
    {
        for c in &mut r.clauses {
            c.space.src.v6 = hylint_space::RangeSet::full();
            c.space.dst.v6 = hylint_space::RangeSet::full();
        }
    }
    let all = [input, forward, output]
        .into_iter()
        .chain(chains.into_values());
    let body = Netfilter::new(vec![Table {
        name: filter.into(),
        family: TableFamily::Ip,
        filters: true,
        span: SPAN,
        chains: all.collect(),
    }]);
    let mut point = Point::new(PointKind::Netfilter, SPAN, Body::Netfilter(body));
    point.families = Families::V4;
    point
}

/// What nearly every host's INPUT begins with, and many an OUTPUT.
fn heads(lo: PacketBox) -> Vec<Rule> {
    let of = |action, space: PacketBox| {
        let mut r = Rule::new(SPAN, action);
        r.clauses = std::iter::once(Clause {
            space,
            ..Clause::default()
        })
        .collect();
        r
    };
    let known = PacketBox {
        state: StateSet::ESTABLISHED.union(StateSet::RELATED),
        ..PacketBox::any()
    };
    vec![of(Action::Allow, lo), of(Action::Allow, known)]
}

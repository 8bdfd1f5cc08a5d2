//! `ipset save` text (ipset(8)): `create NAME TYPE …` and `add NAME ENTRY …`.

use super::names;
use super::token::Tokens;
use hylint_model::{IpSet, IpSetEntry, PacketDim, Problem, ProblemKind, Span};
use hylint_space::{AddrSet, PortSet, ProtoSet, RangeSet, proto};
use rustc_hash::FxHashMap;

/// Whether a line is one of `ipset save`.
pub(super) fn is_line(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace().filter(|w| !is_general(w));
    match words.next() {
        Some("create") => words.nth(1).is_some_and(is_kind),
        Some("add") => words.next().is_some() && words.next().is_some(),
        Some("flush" | "destroy") => words.next().is_some() && words.next().is_none(),
        _ => false,
    }
}

/// Options of ipset(8) that say nothing of a set.
fn is_general(word: &str) -> bool {
    matches!(word, "-exist" | "-!" | "-quiet" | "-q")
}

fn is_kind(word: &str) -> bool {
    ["hash:", "bitmap:", "list:"]
        .iter()
        .any(|p| word.starts_with(p))
}

#[derive(Debug)]
struct Building {
    set: IpSet,
    /// Prefix length that `hash:ip` and `bitmap:ip` cut addresses to.
    netmask: Option<u8>,
    /// A mask that is no prefix, or another option that changes what members mean.
    odd: bool,
    /// Members expire unless they say otherwise.
    timeout: bool,
}

/// Reads the lines, in order.
pub(super) fn read(text: &str, lines: &[Span], problems: &mut Vec<Problem>) -> Vec<IpSet> {
    let mut sets: Vec<Building> = Vec::new();
    let mut index: FxHashMap<String, usize> = FxHashMap::default();
    for span in lines {
        let mut tokens = Tokens::new(text, *span);
        let command = tokens.next().map_or("", |t| t.text);
        while tokens.peek().is_some_and(|t| is_general(t.text)) {
            tokens.next();
        }
        let name = tokens.next().map(|t| t.value()).unwrap_or_default();
        match command {
            // Of a set that is there already, the command makes no other.
            "create"
                if index.contains_key(&*name) && tokens.clone().any(|t| is_general(t.text)) => {}
            "create" => {
                index.insert(name.clone().into_owned(), sets.len());
                sets.push(create(&name, tokens, *span));
            }
            "add" => match index.get(&*name).and_then(|i| sets.get_mut(*i)) {
                Some(b) => add(b, tokens, *span, problems),
                None => problems.push(
                    Problem::new(
                        ProblemKind::Malformed,
                        *span,
                        format!("a member of the set `{name}`, which is not created before"),
                    )
                    .dropped(),
                ),
            },
            "flush" | "destroy" => {
                if let Some(b) = index.get(&*name).and_then(|i| sets.get_mut(*i)) {
                    b.set.entries.clear();
                }
            }
            _ => {}
        }
    }
    sets.into_iter().map(|b| b.set).collect()
}

fn create(name: &str, mut tokens: Tokens<'_>, span: Span) -> Building {
    let kind = tokens.next().map_or("", |t| t.text);
    let mut b = Building {
        set: IpSet {
            name: name.into(),
            kind: kind.into(),
            entries: Vec::new(),
            span,
        },
        netmask: None,
        odd: false,
        timeout: false,
    };
    while let Some(t) = tokens.next() {
        match t.text {
            "netmask" => {
                b.netmask = tokens.next().and_then(|t| t.text.parse().ok());
                b.odd |= b.netmask.is_none();
            }
            "bitmask" => b.odd = true,
            "timeout" => b.timeout = tokens.next().is_none_or(|t| t.text != "0"),
            _ => {}
        }
    }
    b
}

fn add(b: &mut Building, mut tokens: Tokens<'_>, span: Span, problems: &mut Vec<Problem>) {
    let member = tokens.next().unwrap_or_default();
    let (mut nomatch, mut expires) = (false, b.timeout);
    while let Some(t) = tokens.next() {
        match t.text {
            "nomatch" => nomatch = true,
            "timeout" => expires = tokens.next().is_none_or(|t| t.text != "0"),
            // The next word is a text.
            "comment" => _ = tokens.next(),
            _ => {}
        }
    }
    let kinds = b.set.kind.split_once(':').map_or("", |(_, k)| k);
    let mut parts = member.text.split(',');
    let mut dims = Vec::with_capacity(3);
    let mut bad = false;
    for kind in kinds.split(',') {
        let Some(part) = parts.next() else {
            // bitmap:ip,mac learns the address later.
            dims.push(PacketDim::Other("".into()));
            continue;
        };
        let dim = dimension(kind, part, b);
        bad |= dim.is_none();
        dims.push(dim.unwrap_or_else(|| PacketDim::Other(part.into())));
    }
    if bad || parts.next().is_some() {
        problems.push(Problem::new(
            ProblemKind::Malformed,
            span,
            format!("`{}` is no member of a {} set", member.value(), b.set.kind),
        ));
    }
    b.set.entries.push(IpSetEntry {
        dims,
        nomatch,
        expires,
        span,
    });
}

fn dimension(kind: &str, part: &str, b: &Building) -> Option<PacketDim> {
    Some(match kind {
        "ip" | "net" if b.odd => PacketDim::Other(part.into()),
        "ip" | "net" => {
            let set = AddrSet::parse(part)?;
            PacketDim::Addr(match b.netmask {
                Some(len) => AddrSet::cidr(set.first()?, len)?,
                None => set,
            })
        }
        "port" => port(part, b.set.kind.starts_with("bitmap"))?,
        // Hardware addresses, interfaces, marks, names of sets.
        _ => PacketDim::Other(part.into()),
    })
}

/// `tcp:80`, `udp:1-9`, `icmp:8/0`, `vrrp:0`, or a bare port: TCP, and in a bitmap TCP and UDP, whose ports
/// alone Linux looks up there (`ip_set_get_ip_port`).
fn port(part: &str, bitmap: bool) -> Option<PacketDim> {
    let Some((name, value)) = part.split_once(':') else {
        let protos = if bitmap {
            [proto::TCP, proto::UDP]
                .map(|p| (p, p))
                .into_iter()
                .collect()
        } else {
            ProtoSet::single(proto::TCP)
        };
        return Some(PacketDim::Port(protos, ports(part)?));
    };
    let p = names::protocol(name)?;
    if proto::has_ports(p) {
        return Some(PacketDim::Port(ProtoSet::single(p), ports(value)?));
    }
    if !proto::is_icmp(p) {
        return Some(PacketDim::Port(ProtoSet::single(p), PortSet::full()));
    }
    // Type and code do not fit one port dimension; kept as text so that nothing is claimed of them.
    names::icmp(value, p == proto::ICMPV6)?;
    Some(PacketDim::Other(part.into()))
}

fn ports(text: &str) -> Option<PortSet> {
    if let Some(p) = names::port(text) {
        return Some(PortSet::single(p));
    }
    let (a, b) = text.split_once('-')?;
    let set = RangeSet::range(names::port(a)?, names::port(b)?);
    (!set.is_empty()).then_some(set)
}

//! Sets and boxes of packets in words, as few as tell them exactly.
//!
//! A set is told either by its ranges or as what it is all of `except` the gaps, whichever takes fewer numbers. Addresses
//! that no host can have ([`hosts`]) do not count: `any IPv4 address` is any that a host can have.

use crate::finding::Part;
use crate::rules::platform;
use hylint_space::{
    AddrSet, Family, IfaceExt, IfaceSet, PacketBox, PortSet, ProtoSet, RangeSet, Scalar, class,
    proto,
};
use std::net::{Ipv4Addr, Ipv6Addr};

/// IANA "Assigned Internet Protocol Numbers": keywords that people know better than the number.
const NAMES: [(u8, &str); 12] = [
    (proto::ICMP, "ICMP"),
    (2, "IGMP"),
    (proto::TCP, "TCP"),
    (proto::UDP, "UDP"),
    (proto::DCCP, "DCCP"),
    (47, "GRE"),
    (50, "ESP"),
    (51, "AH"),
    (proto::ICMPV6, "ICMPv6"),
    (89, "OSPF"),
    (proto::SCTP, "SCTP"),
    (proto::UDPLITE, "UDP-Lite"),
];

/// Ranges that together are a set, and what they hold beyond it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Told<T> {
    all: Vec<(T, T)>,
    except: Vec<(T, T)>,
}

/// A kind of numbers that are told as ranges.
trait Term: Scalar {
    /// A range in words.
    fn text(lo: Self, hi: Self) -> String;
    /// How many numbers these are.
    fn weight(lo: Self, hi: Self) -> usize {
        if lo == hi { 1 } else { 2 }
    }
    /// A range around another one that is told in fewer numbers, if there is one.
    fn around(_: Self, _: Self) -> Option<(Self, Self)> {
        None
    }
}

macro_rules! address {
    ($t:ty, $form:ty) => {
        impl Term for $t {
            fn text(lo: Self, hi: Self) -> String {
                let range = AddrSet::range(<$form>::from(lo).into(), <$form>::from(hi).into());
                range.to_string()
            }
            fn weight(lo: Self, hi: Self) -> usize {
                if Self::around(lo, hi) == Some((lo, hi)) {
                    1
                } else {
                    2
                }
            }
            /// The smallest prefix that holds the range.
            fn around(lo: Self, hi: Self) -> Option<(Self, Self)> {
                let free = (lo ^ hi).leading_zeros();
                let mask = Self::MAX.checked_shr(free).unwrap_or(0);
                Some((lo & !mask, hi | mask))
            }
        }
    };
}
address!(u32, Ipv4Addr);
address!(u128, Ipv6Addr);

impl Term for u16 {
    fn text(lo: Self, hi: Self) -> String {
        if lo == hi {
            lo.to_string()
        } else {
            format!("{lo}-{hi}")
        }
    }
}

impl Term for u8 {
    /// Protocols have names, which are told one by one where they are few.
    fn text(lo: Self, hi: Self) -> String {
        if hi - lo > 2 {
            return format!("protocols {lo}-{hi}");
        }
        let all: Vec<String> = (lo..=hi).map(protocol).collect();
        all.join(", ")
    }
}

/// Tells a set in the fewest numbers: by its ranges, or as a range of `known` (what the reader has seen already), of the
/// whole `universe`, or around the set, without the gaps. What is outside of `universe` does not count.
fn told<T: Term>(set: &RangeSet<T>, known: &RangeSet<T>, universe: &RangeSet<T>) -> Told<T> {
    let mut parts = Told {
        all: Vec::new(),
        except: Vec::new(),
    };
    match set.as_slice() {
        [] => return parts,
        // Nothing takes fewer numbers than one.
        [(lo, hi)] if T::weight(*lo, *hi) == 1 => {
            parts.all.push((*lo, *hi));
            return parts;
        }
        _ => {}
    }
    let mut rest = set.clone();
    for (lo, hi) in known.iter().filter(|_| known.len() <= KNOWN) {
        let here = RangeSet::range(lo, hi);
        let inside = set.intersect(&here);
        if !inside.is_empty() {
            rest = rest.subtract(&here);
            let one = of_range(&inside, Some((lo, hi)), universe);
            parts.all.extend(one.all);
            parts.except.extend(one.except);
        }
    }
    if !rest.is_empty() {
        let one = of_range(&rest, None, universe);
        parts.all.extend(one.all);
        parts.except.extend(one.except);
    }
    let whole = Told {
        all: vec![(T::MIN, T::MAX)],
        except: universe.subtract(set).iter().collect(),
    };
    simpler(parts, whole)
}

fn of_range<T: Term>(set: &RangeSet<T>, known: Option<(T, T)>, universe: &RangeSet<T>) -> Told<T> {
    let ends = set.first().zip(set.last());
    let around = ends.and_then(|(lo, hi)| T::around(lo, hi));
    let plain = Told {
        all: set.iter().collect(),
        except: Vec::new(),
    };
    let wider = [known, ends, around].into_iter().flatten();
    wider.fold(plain, |best, (lo, hi)| {
        let gaps = RangeSet::range(lo, hi).intersect(universe).subtract(set);
        let one = Told {
            all: vec![(lo, hi)],
            except: gaps.iter().collect(),
        };
        simpler(best, one)
    })
}

/// The one in fewer numbers; the first if that does not tell.
fn simpler<T: Term>(a: Told<T>, b: Told<T>) -> Told<T> {
    if b.weight() < a.weight() { b } else { a }
}

impl<T: Term> Told<T> {
    fn weight(&self) -> usize {
        let one = |(lo, hi): &(T, T)| {
            if *lo == T::MIN && *hi == T::MAX {
                1
            } else {
                T::weight(*lo, *hi)
            }
        };
        self.all.iter().chain(&self.except).map(one).sum()
    }

    fn is_whole(&self) -> bool {
        matches!(self.all.as_slice(), [(lo, hi)] if *lo == T::MIN && *hi == T::MAX)
    }

    fn except(&self, terms: usize) -> String {
        if self.except.is_empty() {
            return String::new();
        }
        format!(" except {}", listed(texts(&self.except), terms))
    }
}

fn texts<T: Term>(ranges: &[(T, T)]) -> impl Iterator<Item = String> + '_ {
    ranges.iter().map(|(lo, hi)| T::text(*lo, *hi))
}

/// `a, b and 3 more`. Of a million only those are made that are told.
fn listed(all: impl Iterator<Item = String>, terms: usize) -> String {
    // INVARIANT: lists know their length.
    let more = all.size_hint().0.saturating_sub(terms);
    // One more takes no more room than saying so.
    if more < 2 {
        return all.collect::<Vec<_>>().join(", ");
    }
    let told: Vec<String> = all.take(terms).collect();
    format!("{} and {more} more", told.join(", "))
}

/// `443, 5000-5010`.
#[must_use]
pub fn ports(set: &PortSet) -> String {
    texts(set.as_slice()).collect::<Vec<_>>().join(", ")
}

/// The protocol's keyword, or its number.
#[must_use]
pub fn protocol(p: u8) -> String {
    let name = NAMES.iter().find(|(n, _)| *n == p);
    name.map_or_else(|| format!("protocol {p}"), |(_, name)| (*name).to_owned())
}

/// What the reader knows before a box is told, and how much is told.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Everything that the boxes are parts of, as it stands in the export.
    pub whole: PacketBox,
    /// Destinations that go without saying.
    pub here: AddrSet,
}

/// Numbers of one list in a short text; the others are counted.
const SHORT: usize = 6;
/// The same in a full text.
const FULL: usize = 1000;
/// Known ranges that a set is told by; where there are more, they say nothing to a reader.
const KNOWN: usize = 64;

/// Addresses in words: `anyone`, `10.0.0.0/8 except 10.93.1.5`. `known` is where they are taken from.
#[must_use]
pub fn addresses(set: &AddrSet, known: &AddrSet, terms: usize) -> String {
    let v4 = told(&set.v4, &known.v4, &class::hosts().v4);
    let v6 = told(&set.v6, &known.v6, &class::hosts().v6);
    let sure = v4.except.is_empty() && v6.except.is_empty();
    let gaps = texts(&v4.except).chain(texts(&v6.except));
    if v4.is_whole() && v6.is_whole() {
        return match sure {
            true => "anyone".into(),
            false => format!("anyone except {}", listed(gaps, terms)),
        };
    }
    let four = all(&v4, "any IPv4 address");
    let six = all(&v6, "any IPv6 address");
    let mut text = listed(four.chain(six), terms);
    if !sure {
        text.push_str(" except ");
        text.push_str(&listed(gaps, terms));
    }
    text
}

/// The ranges of a set without its gaps; `any` stands for all of them.
fn all<'t, T: Term>(told: &'t Told<T>, any: &'t str) -> impl Iterator<Item = String> + 't {
    let whole = told.is_whole();
    let ranges = if whole { &[] } else { told.all.as_slice() };
    let any = whole.then(|| any.to_owned());
    any.into_iter().chain(texts(ranges))
}

impl Frame {
    /// `TCP 1433 from 10.0.0.0/8 except 10.93.1.5 to 10.1.1.1, source port 53, in by eth0`.
    /// What must hold beside the packet stands at the end.
    #[must_use]
    pub fn part(&self, b: &PacketBox, given: &str) -> Part {
        let text = self.line(b, FULL) + given;
        // Only a long list can be cut.
        let long = text.matches(", ").count() >= SHORT;
        let short = long.then(|| self.line(b, SHORT) + given);
        Part {
            short: short.filter(|s| *s != text),
            text,
        }
    }

    fn line(&self, b: &PacketBox, terms: usize) -> String {
        let mut line = self.service(b, terms);
        line.push_str(" from ");
        line.push_str(&addresses(&b.src, &self.whole.src, terms));
        let within = |f: Family| !b.src.has(f) || self.here.only(f).is_subset(&b.dst);
        if !Family::BOTH.into_iter().all(within) {
            line.push_str(" to ");
            line.push_str(&addresses(&b.dst, &self.whole.dst, terms));
        }
        if has_ports(&b.proto) && !b.sport.is_full() {
            line.push_str(", ");
            line.push_str(&numbers("source port", &b.sport, &self.whole.sport, terms));
        }
        for (set, verb) in [(&b.in_iface, "in"), (&b.out_iface, "out")] {
            if let Some(text) = interfaces(set, terms) {
                line.push_str(&format!(", {verb} by {text}"));
            }
        }
        line
    }

    /// Protocols and ports.
    fn service(&self, b: &PacketBox, terms: usize) -> String {
        let protocols = protocols(&b.proto, terms);
        if b.dport.is_full() && (b.sport.is_full() || has_ports(&b.proto)) {
            return match has_ports(&b.proto) {
                true => format!("every port of {protocols}"),
                false => protocols,
            };
        }
        if is_icmp(&b.proto) {
            let mut text = protocols;
            for (set, what) in [(&b.sport, "type"), (&b.dport, "code")] {
                if !set.is_full() {
                    text.push(' ');
                    text.push_str(&numbers(what, set, &PortSet::full(), terms));
                }
            }
            return text;
        }
        let told = told(&b.dport, &self.whole.dport, &PortSet::full());
        if told.is_whole() {
            return format!("every port of {protocols}{}", told.except(terms));
        }
        let numbers = listed(texts(&told.all), terms);
        format!("{protocols} {numbers}{}", told.except(terms))
    }
}

/// `type 8`, `any source port except 67`.
fn numbers(what: &str, set: &PortSet, known: &PortSet, terms: usize) -> String {
    let told = told(set, known, &PortSet::full());
    if told.is_whole() {
        return format!("any {what}{}", told.except(terms));
    }
    let numbers = listed(texts(&told.all), terms);
    format!("{what} {numbers}{}", told.except(terms))
}

/// Protocols in words: `TCP`, `TCP and UDP`, `every protocol except ICMP`.
#[must_use]
pub fn protocols(set: &ProtoSet, terms: usize) -> String {
    if let [(lo, hi)] = set.as_slice()
        && lo == hi
    {
        return protocol(*lo);
    }
    let told = told(set, &ProtoSet::empty(), &ProtoSet::full());
    if told.is_whole() {
        return format!("every protocol{}", told.except(terms));
    }
    let mut names: Vec<String> = texts(&told.all).collect();
    let last = names.pop().unwrap_or_default();
    let names = if names.is_empty() {
        last
    } else {
        format!("{} and {last}", names.join(", "))
    };
    names + &told.except(terms)
}

/// `eth0`, `any interface but eth1`; nothing where peers may use every one.
fn interfaces(set: &IfaceSet, terms: usize) -> Option<String> {
    let peers = |set: &IfaceSet| {
        let named = set.iter().map(|(lo, hi)| interface(lo, hi));
        let named: Vec<String> = named.filter(|n| !n.is_empty() && !no_peer(n)).collect();
        named
    };
    if !set.contains(0) {
        return Some(listed(peers(set).into_iter(), terms));
    }
    let closed = peers(&set.complement());
    (!closed.is_empty()).then(|| format!("any interface but {}", listed(closed.into_iter(), terms)))
}

/// Whether no peer comes by an interface.
fn no_peer(name: &str) -> bool {
    name == "lo" || platform::is_software_iface(name)
}

/// The name or the pattern of a range of interfaces.
fn interface(lo: u128, hi: u128) -> String {
    let bytes = lo.to_be_bytes().into_iter().take_while(|b| *b != 0);
    let name = String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned();
    let pattern = format!("{name}+");
    if IfaceSet::iface(&pattern) == IfaceSet::range(lo, hi) {
        pattern
    } else {
        name
    }
}

fn has_ports(set: &ProtoSet) -> bool {
    each(set, proto::has_ports)
}

fn is_icmp(set: &ProtoSet) -> bool {
    each(set, proto::is_icmp)
}

fn each(set: &ProtoSet, test: impl Fn(u8) -> bool) -> bool {
    !set.is_empty() && set.iter().all(|(lo, hi)| (lo..=hi).all(&test))
}

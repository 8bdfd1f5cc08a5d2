//! The matches of iptables-extensions(8), one line each: a new match is one entry here.

mod extra;
mod packet;

pub(super) use packet::{option_text, protocol};

use super::draft::arity::{NONE as N, ONE as O, TEXT as T, TWO as W};
use super::draft::{Args, Draft, OptionTable};

/// One match.
#[derive(Clone, Copy)]
pub struct MatchSpec {
    /// Its name after `-m`.
    pub name: &'static str,
    /// What it looks at.
    pub doc: &'static str,
    /// How it is modelled.
    pub model: &'static str,
    pub(super) options: OptionTable,
    pub(super) parse: fn(&mut Draft, &Args<'_, '_>),
}

impl std::fmt::Debug for MatchSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The match of a name.
pub(super) fn find(name: &str) -> Option<&'static MatchSpec> {
    MATCHES.iter().find(|m| m.name == name)
}

const EXACT: &str = "exact";
const RATE: &str = "rate condition";
const UNKNOWN: &str = "unknown condition";
const VALUES: &str =
    "a condition on its value; rules that split the values among them are judged together";
const NO_HEADER: &str = "never matches a plain packet";

const PORTS: OptionTable = &[
    ("dport", O),
    ("sport", O),
    ("destination-port", O),
    ("source-port", O),
];

macro_rules! registry {
    ($($name:literal, $doc:literal, $model:expr, $options:expr, $parse:expr;)*) => {
        /// Every match, the most frequent first.
        pub const MATCHES: &[MatchSpec] = &[$(MatchSpec {
            name: $name, doc: $doc, model: $model, options: $options, parse: $parse,
        }),*];
    };
}

registry! {
    "tcp", "TCP ports, flags, options", "exact; --tcp-option is an unknown condition",
        &[("dport", O), ("sport", O), ("tcp-flags", W), ("syn", N), ("destination-port", O), ("source-port", O), ("tcp-option", O)], packet::tcp;
    "udp", "UDP ports", EXACT, PORTS, packet::ports;
    "state", "connection state (old form)", EXACT, &[("state", O)], packet::state;
    "conntrack", "connection state and connection fields",
        "exact for packets that start a connection; of later ones only --ctstate and --ctproto; --ctexpire an unknown condition",
        &[("ctstate", O), ("ctproto", O), ("ctorigsrc", O), ("ctorigdst", O), ("ctreplsrc", O), ("ctrepldst", O),
          ("ctorigsrcport", O), ("ctorigdstport", O), ("ctreplsrcport", O), ("ctrepldstport", O),
          ("ctstatus", O), ("ctexpire", O), ("ctdir", O)], packet::conntrack;
    "multiport", "port lists", EXACT,
        &[("dports", O), ("sports", O), ("ports", O), ("destination-ports", O), ("source-ports", O)], packet::multiport;
    "comment", "a comment", "always true; the rule's comment", &[("comment", T)], extra::comment;
    "mac", "source hardware address", "peer condition", &[("mac-source", O)], extra::mac;
    "icmp", "ICMP type and code", EXACT, &[("icmp-type", O)], packet::icmp;
    "icmp6", "ICMPv6 type and code", EXACT, &[("icmpv6-type", O)], packet::icmp6;
    "set", "membership of an ipset", "peer condition, exact once the set is known; a rate condition where rules fill the set",
        &[("match-set", W), ("set", W), ("return-nomatch", N), ("update-counters", N), ("update-subcounters", N),
          ("packets-eq", O), ("packets-lt", O), ("packets-gt", O), ("bytes-eq", O), ("bytes-lt", O), ("bytes-gt", O)], extra::set;
    "addrtype", "the routing table's type of an address", "decided for the judged host; --limit-iface-* unknown condition",
        &[("dst-type", O), ("src-type", O), ("limit-iface-in", N), ("limit-iface-out", N)], extra::addrtype;
    "mark", "packet mark", "decided along the path", &[("mark", O)], extra::mark;
    "connmark", "connection mark", "decided along the path", &[("mark", O)], extra::connmark;
    "limit", "rate of matches", RATE, &[("limit", O), ("limit-burst", O)], extra::rate;
    "hashlimit", "rate of matches per key", RATE,
        &[("hashlimit-upto", O), ("hashlimit-above", O), ("hashlimit", O), ("hashlimit-burst", O), ("hashlimit-mode", O),
          ("hashlimit-srcmask", O), ("hashlimit-dstmask", O), ("hashlimit-name", O), ("hashlimit-htable-size", O),
          ("hashlimit-htable-max", O), ("hashlimit-htable-expire", O), ("hashlimit-htable-gcinterval", O),
          ("hashlimit-rate-match", N), ("hashlimit-rate-interval", O)], extra::rate;
    "recent", "addresses seen of late", "--set alone is always true, else a rate condition",
        &[("set", N), ("rcheck", N), ("update", N), ("remove", N), ("seconds", O), ("hitcount", O), ("reap", N),
          ("rttl", N), ("name", O), ("rsource", N), ("rdest", N), ("mask", O)], extra::recent;
    "owner", "the process that sent the packet", "local condition",
        &[("uid-owner", O), ("gid-owner", O), ("socket-exists", N), ("suppl-groups", N), ("pid-owner", O),
          ("sid-owner", O), ("cmd-owner", O)], extra::owner;
    "iprange", "address ranges", EXACT, &[("src-range", O), ("dst-range", O)], packet::iprange;
    "policy", "IPsec policy", "peer condition",
        &[("dir", O), ("pol", O), ("strict", N), ("next", N), ("reqid", O), ("spi", O), ("proto", O), ("mode", O),
          ("tunnel-src", O), ("tunnel-dst", O)], extra::policy;
    "pkttype", "link-layer packet type", "decided by the destination address", &[("pkt-type", O)], extra::pkttype;
    "hl", "IPv6 hop limit", VALUES, &[("hl-eq", O), ("hl-lt", O), ("hl-gt", O)], extra::ttl;
    "ttl", "IPv4 time to live", VALUES,
        &[("ttl-eq", O), ("ttl-lt", O), ("ttl-gt", O), ("ttl", O)], extra::ttl;
    "length", "packet length", VALUES, &[("length", O)], extra::length;
    "dscp", "DSCP field", VALUES, &[("dscp", O), ("dscp-class", O)], extra::dscp;
    "tos", "TOS field", "as dscp where it looks at those bits alone, else an unknown condition", &[("tos", O)], extra::tos;
    "connlimit", "number of connections", RATE,
        &[("connlimit-upto", O), ("connlimit-above", O), ("connlimit-mask", O), ("connlimit-saddr", N), ("connlimit-daddr", N)], extra::rate;
    "connbytes", "bytes or packets of the connection", RATE,
        &[("connbytes", O), ("connbytes-dir", O), ("connbytes-mode", O)], extra::rate;
    "quota", "byte quota", RATE, &[("quota", O)], extra::rate;
    "statistic", "random or every n-th packet", RATE,
        &[("mode", O), ("probability", O), ("every", O), ("packet", O)], extra::rate;
    "time", "date and time of day", RATE,
        &[("datestart", O), ("datestop", O), ("timestart", O), ("timestop", O), ("days", O), ("monthdays", O),
          ("weekdays", O), ("contiguous", N), ("kerneltz", N), ("utc", N), ("localtz", N)], extra::rate;
    "rateest", "rate estimator", RATE,
        &[("rateest-delta", N), ("rateest-lt", N), ("rateest-gt", N), ("rateest-eq", N), ("rateest", O), ("rateest1", O),
          ("rateest2", O), ("rateest-bps", O), ("rateest-pps", O), ("rateest-bps1", O), ("rateest-pps1", O),
          ("rateest-bps2", O), ("rateest-pps2", O)], extra::rate;
    "physdev", "bridge port", "peer condition",
        &[("physdev-in", O), ("physdev-out", O), ("physdev-is-in", N), ("physdev-is-out", N), ("physdev-is-bridged", N)], extra::passing_peer;
    "udplite", "UDP-Lite ports", EXACT, PORTS, packet::ports;
    "dccp", "DCCP ports and types", "ports exact, the rest unknown conditions",
        &[("dport", O), ("sport", O), ("destination-port", O), ("source-port", O), ("dccp-types", O), ("dccp-option", O)], packet::ports;
    "sctp", "SCTP ports and chunks", "ports exact, --chunk-types an unknown condition",
        &[("dport", O), ("sport", O), ("destination-port", O), ("source-port", O), ("chunk-types", W)], packet::ports;
    "ah", "AH header and SPI", "IPv4 without SPI exact, else an unknown condition",
        &[("ahspi", O), ("ahlen", O), ("ahres", N)], packet::ah;
    "esp", "ESP and SPI", "the protocol exact, the SPI an unknown condition", &[("espspi", O)], packet::esp;
    "ipcomp", "IPComp and CPI", "the protocol exact, the CPI an unknown condition",
        &[("ipcompspi", O), ("compres", N)], packet::ipcomp;
    "nfacct", "accounting object", "always true", &[("nfacct-name", O)], extra::always;
    "cgroup", "control group of the socket", "local condition", &[("path", O), ("cgroup", O)], extra::local;
    "socket", "an open socket", UNKNOWN, &[("transparent", N), ("nowildcard", N), ("restore-skmark", N)], extra::passing;
    "string", "packet contents", UNKNOWN,
        &[("algo", O), ("from", O), ("to", O), ("string", T), ("hex-string", T), ("icase", N)], extra::unknown;
    "u32", "packet contents", UNKNOWN, &[("u32", T)], extra::passing;
    "bpf", "packet contents", UNKNOWN, &[("bytecode", T), ("object-pinned", O)], extra::passing;
    "rpfilter", "reverse path", "unknown condition; a required flow has a route back",
        &[("loose", N), ("validmark", N), ("accept-local", N), ("invert", N)], extra::rpfilter;
    "rt", "IPv6 routing header", NO_HEADER,
        &[("rt-type", O), ("rt-segsleft", O), ("rt-len", O), ("rt-0-res", N), ("rt-0-addrs", O), ("rt-0-not-strict", N)], extra::header;
    "frag", "IPv6 fragment header", NO_HEADER,
        &[("fragid", O), ("fraglen", O), ("fragres", N), ("fragfirst", N), ("fragmore", N), ("fraglast", N)], extra::header;
    "hbh", "IPv6 hop-by-hop header", NO_HEADER, &[("hbh-len", O), ("hbh-opts", O)], extra::header;
    "dst", "IPv6 destination options", NO_HEADER, &[("dst-len", O), ("dst-opts", O)], extra::header;
    "ipv6header", "IPv6 extension headers", UNKNOWN, &[("header", O), ("soft", N)], extra::unknown;
    "eui64", "IPv6 address built from the hardware address", UNKNOWN, &[], extra::unknown;
    "mh", "IPv6 mobility header", "the protocol exact, the type an unknown condition", &[("mh-type", O)], packet::mh;
    "srh", "IPv6 segment routing header", NO_HEADER,
        &[("srh-next-hdr", O), ("srh-hdr-len-eq", O), ("srh-hdr-len-gt", O), ("srh-hdr-len-lt", O), ("srh-segs-left-eq", O),
          ("srh-segs-left-gt", O), ("srh-segs-left-lt", O), ("srh-last-entry-eq", O), ("srh-last-entry-gt", O),
          ("srh-last-entry-lt", O), ("srh-tag", O), ("srh-psid", O), ("srh-nsid", O), ("srh-lsid", O)], extra::header;
    "tcpmss", "TCP maximum segment size", "a SYN announces one of 536 or more; other ranges an unknown condition", &[("mss", O)],
        packet::tcpmss;
    "cluster", "cluster node", UNKNOWN,
        &[("cluster-total-nodes", O), ("cluster-local-node", O), ("cluster-local-nodemask", O), ("cluster-hash-seed", O)], extra::unknown;
    "connlabel", "connection label", UNKNOWN, &[("label", O), ("set", N)], extra::passing;
    "cpu", "CPU that handles the packet", UNKNOWN, &[("cpu", O)], extra::unknown;
    "devgroup", "device group of the interface", UNKNOWN, &[("src-group", O), ("dst-group", O)], extra::passing;
    "ecn", "ECN bits", UNKNOWN, &[("ecn-tcp-cwr", N), ("ecn-tcp-ece", N), ("ecn-ip-ect", O)], extra::passing;
    "helper", "connection tracking helper", UNKNOWN, &[("helper", O)], extra::passing;
    "ipvs", "IPVS connection", UNKNOWN,
        &[("ipvs", N), ("vproto", O), ("vaddr", O), ("vport", O), ("vdir", O), ("vmethod", O), ("vportctl", O)], extra::passing;
    "osf", "operating system of the sender", UNKNOWN, &[("genre", T), ("ttl", O), ("log", O)], extra::unknown;
    "realm", "routing realm", UNKNOWN, &[("realm", O)], extra::passing;
    "unclean", "odd packets (removed)", UNKNOWN, &[], extra::unknown;
    "icmpv6", "ICMPv6 type and code", EXACT, &[("icmpv6-type", O)], packet::icmp6;
    "ipv6-icmp", "ICMPv6 type and code", EXACT, &[("icmpv6-type", O)], packet::icmp6;
}

/// The match that `-p` brings along for its protocol.
pub(super) fn of_protocol(p: u8) -> Option<&'static MatchSpec> {
    use hylint_space::proto;
    find(match p {
        proto::TCP => "tcp",
        proto::UDP => "udp",
        proto::ICMP => "icmp",
        proto::ICMPV6 => "icmp6",
        proto::SCTP => "sctp",
        proto::DCCP => "dccp",
        proto::UDPLITE => "udplite",
        50 => "esp",
        51 => "ah",
        108 => "ipcomp",
        135 => "mh",
        _ => return None,
    })
}

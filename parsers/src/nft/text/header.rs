//! Fields of headers, and the keys of other expressions, by the names of nft(8).

/// A header with its fields.
type Header = (&'static str, &'static [&'static str]);

const HEADERS: [Header; 31] = [
    ("ether", &["daddr", "saddr", "type"]),
    ("vlan", &["id", "cfi", "dei", "pcp", "type"]),
    ("arp", &["htype", "ptype", "hlen", "plen", "operation"]),
    (
        "ip",
        &[
            "version",
            "hdrlength",
            "dscp",
            "ecn",
            "length",
            "id",
            "frag-off",
            "ttl",
            "protocol",
            "checksum",
            "saddr",
            "daddr",
        ],
    ),
    (
        "ip6",
        &[
            "version",
            "dscp",
            "ecn",
            "flowlabel",
            "length",
            "nexthdr",
            "hoplimit",
            "saddr",
            "daddr",
        ],
    ),
    (
        "icmp",
        &[
            "type", "code", "checksum", "id", "sequence", "gateway", "mtu",
        ],
    ),
    (
        "icmpv6",
        &[
            "type",
            "code",
            "checksum",
            "parameter-problem",
            "packet-too-big",
            "mtu",
            "id",
            "sequence",
            "max-delay",
            "taddr",
            "daddr",
        ],
    ),
    ("igmp", &["type", "mrt", "checksum", "group"]),
    (
        "ah",
        &["nexthdr", "hdrlength", "reserved", "spi", "sequence"],
    ),
    ("esp", &["spi", "sequence"]),
    ("comp", &["nexthdr", "flags", "cpi"]),
    ("udp", &["sport", "dport", "length", "checksum"]),
    ("udplite", &["sport", "dport", "csumcov", "checksum"]),
    (
        "tcp",
        &[
            "sport", "dport", "sequence", "ackseq", "doff", "reserved", "flags", "window",
            "checksum", "urgptr",
        ],
    ),
    ("dccp", &["sport", "dport", "type"]),
    ("sctp", &["sport", "dport", "vtag", "checksum"]),
    ("th", &["sport", "dport"]),
    ("gre", &["flags", "version", "protocol"]),
    ("gretap", &[]),
    ("vxlan", &["vni", "flags"]),
    ("geneve", &["vni", "type"]),
    ("tunnel", &["id", "path"]),
    ("hbh", &["nexthdr", "hdrlength"]),
    ("rt", &["nexthdr", "hdrlength", "type", "seg-left"]),
    ("rt0", &["addr"]),
    ("rt2", &["addr"]),
    ("srh", &["flags", "tag", "sid", "seg-left", "last-entry"]),
    (
        "frag",
        &[
            "nexthdr",
            "reserved",
            "frag-off",
            "reserved2",
            "more-fragments",
            "id",
        ],
    ),
    ("dst", &["nexthdr", "hdrlength"]),
    (
        "mh",
        &["nexthdr", "hdrlength", "type", "reserved", "checksum"],
    ),
    ("exthdr", &[]),
];

/// Extension headers of IPv6.
const EXTENSIONS: [&str; 8] = ["hbh", "rt", "rt0", "rt2", "srh", "frag", "dst", "mh"];

/// Headers with another packet inside.
const TUNNELS: [&str; 4] = ["vxlan", "geneve", "gre", "gretap"];

/// The fields of a header.
pub(super) fn fields(header: &str) -> Option<&'static [&'static str]> {
    let found = HEADERS.iter().find(|(name, _)| *name == header);
    found.map(|(_, fields)| *fields)
}

/// Whether a header is an extension header of IPv6.
pub(super) fn is_extension(header: &str) -> bool {
    EXTENSIONS.contains(&header)
}

/// Whether a header has another packet inside.
pub(super) fn is_tunnel(header: &str) -> bool {
    TUNNELS.contains(&header)
}

/// Keys of `meta`, and as which ones they are listed.
const META: [(&str, &str); 44] = [
    ("mark", "mark"),
    ("iif", "iif"),
    ("iifname", "iifname"),
    ("iiftype", "iiftype"),
    ("oif", "oif"),
    ("oifname", "oifname"),
    ("oiftype", "oiftype"),
    ("skuid", "skuid"),
    ("skgid", "skgid"),
    ("nftrace", "nftrace"),
    ("rtclassid", "rtclassid"),
    ("ibriport", "ibrname"),
    ("obriport", "obrname"),
    ("ibridgename", "ibrname"),
    ("obridgename", "obrname"),
    ("ibrname", "ibrname"),
    ("obrname", "obrname"),
    ("pkttype", "pkttype"),
    ("cpu", "cpu"),
    ("iifgroup", "iifgroup"),
    ("oifgroup", "oifgroup"),
    ("cgroup", "cgroup"),
    ("ipsec", "ipsec"),
    ("time", "time"),
    ("day", "day"),
    ("hour", "hour"),
    // These only behind the word `meta`.
    ("length", "length"),
    ("protocol", "protocol"),
    ("priority", "priority"),
    ("random", "random"),
    ("secmark", "secmark"),
    ("nfproto", "nfproto"),
    ("l4proto", "l4proto"),
    ("secpath", "ipsec"),
    ("ibrpvid", "ibrpvid"),
    ("ibrvproto", "ibrvproto"),
    ("ibrhwaddr", "ibrhwaddr"),
    ("iifkind", "iifkind"),
    ("oifkind", "oifkind"),
    ("sdif", "sdif"),
    ("sdifname", "sdifname"),
    ("broute", "broute"),
    ("uid", "skuid"),
    ("gid", "skgid"),
];

/// How many of [`META`] may stand without the word `meta`.
const UNQUALIFIED: usize = 26;

/// The key of `meta` as it is listed.
pub(super) fn meta(key: &str) -> Option<&'static str> {
    let found = META.iter().find(|(name, _)| *name == key);
    found.map(|(_, listed)| *listed)
}

/// The key of `meta` that stands without that word.
pub(super) fn bare_meta(key: &str) -> Option<&'static str> {
    let found = META.iter().take(UNQUALIFIED).find(|(name, _)| *name == key);
    found.map(|(_, listed)| *listed)
}

/// Keys of `ct`.
pub(super) const CT: [&str; 20] = [
    "state",
    "direction",
    "status",
    "mark",
    "expiration",
    "helper",
    "l3proto",
    "protocol",
    "saddr",
    "daddr",
    "proto-src",
    "proto-dst",
    "bytes",
    "packets",
    "avgpkt",
    "label",
    "zone",
    "secmark",
    "event",
    "id",
];

/// Fields of options, and of chunks of SCTP.
pub(super) const OPTION_FIELDS: [&str; 30] = [
    "kind",
    "length",
    "size",
    "count",
    "left",
    "right",
    "tsval",
    "tsecr",
    "subtype",
    "ptr",
    "addr",
    "value",
    "type",
    "flags",
    "init-tag",
    "initiate-tag",
    "a-rwnd",
    "num-outbound-streams",
    "num-inbound-streams",
    "initial-tsn",
    "cum-tsn-ack",
    "num-gap-ack-blocks",
    "num-dup-tsns",
    "lowest-tsn",
    "seqno",
    "new-cum-tsn",
    "tsn",
    "stream",
    "ssn",
    "ppid",
];

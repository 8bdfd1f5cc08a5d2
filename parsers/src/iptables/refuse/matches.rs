//! Options and places of the matches, as libxtables 1.8.9 and the kernel have them (`struct xt_option_entry` of
//! extensions/lib*.c, `struct xt_match` of net/netfilter/xt_*.c).

use super::spec::{Ext, Opt, ext, hook, o, table};
use super::value::{Value, own as v};

const PORTS: &[Opt] = &[
    o("source-port", 1, Value::Ports).neg(),
    o("sport", 1, Value::Ports).neg(),
    o("destination-port", 2, Value::Ports).neg(),
    o("dport", 2, Value::Ports).neg(),
];

const ICMP6: &[Opt] = &[o("icmpv6-type", 0, Value::Test(v::icmp6)).neg().must()];

/// A match by its name.
pub(super) fn find(name: &str) -> Option<&'static Ext> {
    MATCHES.iter().find(|m| m.name == name)
}

const MATCHES: &[Ext] = &[
    ext(
        "tcp",
        &[
            o("source-port", 1, Value::OldPorts).neg(),
            o("sport", 1, Value::OldPorts).neg(),
            o("destination-port", 2, Value::OldPorts).neg(),
            o("dport", 2, Value::OldPorts).neg(),
            o("syn", 3, Value::None).neg(),
            o("tcp-flags", 3, Value::Two(v::tcp_flags)).neg(),
            o("tcp-option", 5, Value::Int(1, 255)).neg(),
        ],
    )
    .proto(6),
    ext("udp", PORTS).proto(17),
    ext("udplite", PORTS).proto(136),
    ext(
        "dccp",
        &[
            o("source-port", 1, Value::Ports).neg(),
            o("sport", 1, Value::Ports).neg(),
            o("destination-port", 2, Value::Ports).neg(),
            o("dport", 2, Value::Ports).neg(),
            o("dccp-types", 3, Value::Test(v::dccp_types)).neg(),
            o("dccp-option", 4, Value::Int(1, 255)).neg(),
        ],
    )
    .proto(33),
    ext(
        "sctp",
        &[
            o("source-port", 1, Value::OldPorts).neg(),
            o("sport", 1, Value::OldPorts).neg(),
            o("destination-port", 2, Value::OldPorts).neg(),
            o("dport", 2, Value::OldPorts).neg(),
            o("chunk-types", 3, Value::Two(v::chunks)).neg(),
        ],
    )
    .proto(132),
    ext(
        "multiport",
        &[
            o("source-ports", 0, Value::Multiport).neg().not_with(6),
            o("sports", 0, Value::Multiport).neg().not_with(6),
            o("destination-ports", 1, Value::Multiport)
                .neg()
                .not_with(5),
            o("dports", 1, Value::Multiport).neg().not_with(5),
            o("ports", 2, Value::Multiport).neg().not_with(3),
        ],
    ),
    ext(
        "state",
        &[o("state", 0, Value::Test(v::old_states)).neg().must()],
    ),
    ext(
        "conntrack",
        &[
            o("ctstate", 0, Value::Test(v::states)).neg(),
            o("ctproto", 1, Value::Protocol).neg(),
            o("ctorigsrc", 2, Value::HostMask).neg(),
            o("ctorigdst", 3, Value::HostMask).neg(),
            o("ctreplsrc", 4, Value::HostMask).neg(),
            o("ctrepldst", 5, Value::HostMask).neg(),
            o("ctstatus", 6, Value::Test(v::statuses)).neg(),
            o("ctexpire", 7, Value::Ints(u32::MAX as u64)).neg(),
            o("ctorigsrcport", 8, Value::Ports).neg(),
            o("ctorigdstport", 9, Value::Ports).neg(),
            o("ctreplsrcport", 10, Value::Ports).neg(),
            o("ctrepldstport", 11, Value::Ports).neg(),
            o("ctdir", 12, Value::Test(v::ct_direction)),
        ],
    ),
    ext(
        "comment",
        &[o("comment", 0, Value::Text(0, usize::MAX)).must()],
    ),
    ext("mac", &[o("mac-source", 0, Value::Mac).neg().must()])
        .hooks(hook::PRE | hook::IN | hook::FWD),
    ext(
        "icmp",
        &[o("icmp-type", 0, Value::Test(v::icmp)).neg().must()],
    )
    .v4()
    .proto(1),
    ext("icmp6", ICMP6).v6().proto(58),
    ext("icmpv6", ICMP6).v6().proto(58),
    ext("ipv6-icmp", ICMP6).v6().proto(58),
    ext(
        "addrtype",
        &[
            o("src-type", 0, Value::Test(v::address_types)).neg(),
            o("dst-type", 1, Value::Test(v::address_types)).neg(),
            o("limit-iface-in", 2, Value::None).not_with(8),
            o("limit-iface-out", 3, Value::None).not_with(4),
        ],
    ),
    ext("mark", &[o("mark", 0, Value::Mark).neg().must()]),
    ext("connmark", &[o("mark", 0, Value::Mark).neg().must()]),
    ext(
        "limit",
        &[
            o("limit", 0, Value::Test(v::rate)),
            o("limit-burst", 1, Value::Int(0, 10_000)),
        ],
    ),
    ext(
        "hashlimit",
        &[
            o("hashlimit-upto", 0, Value::Test(v::hash_rate))
                .neg()
                .not_with(2),
            o("hashlimit", 0, Value::Test(v::hash_rate))
                .neg()
                .not_with(2),
            o("hashlimit-above", 1, Value::Test(v::hash_rate))
                .neg()
                .not_with(1),
            o("hashlimit-srcmask", 2, Value::Plen),
            o("hashlimit-dstmask", 3, Value::Plen),
            o("hashlimit-burst", 4, Value::Test(v::hash_burst)),
            o("hashlimit-htable-size", 5, Value::Int(0, u32::MAX as u64)),
            o("hashlimit-htable-max", 6, Value::Int(0, u32::MAX as u64)),
            o(
                "hashlimit-htable-gcinterval",
                7,
                Value::Int(1, u32::MAX as u64),
            ),
            o("hashlimit-htable-expire", 8, Value::Int(1, u32::MAX as u64)),
            o("hashlimit-mode", 9, Value::Test(v::hash_mode)),
            o("hashlimit-name", 10, Value::Text(1, usize::MAX)).must(),
            o("hashlimit-rate-match", 11, Value::None),
            o("hashlimit-rate-interval", 12, Value::Test(v::interval)),
        ],
    ),
    ext(
        "recent",
        &[
            o("set", 0, Value::None).neg().not_with(14),
            o("rcheck", 1, Value::None).neg().not_with(13),
            o("update", 2, Value::None).neg().not_with(11),
            o("remove", 3, Value::None).neg().not_with(7),
            o("seconds", 4, Value::Int(1, u32::MAX as u64)),
            o("reap", 5, Value::None).needs(1 << 4),
            o("hitcount", 6, Value::Int(0, u32::MAX as u64)),
            o("rttl", 7, Value::None).not_with(9),
            o("name", 8, Value::Text(0, usize::MAX)),
            o("rsource", 9, Value::None),
            o("rdest", 10, Value::None),
            o("mask", 11, Value::Host),
        ],
    ),
    ext(
        "owner",
        &[
            o("uid-owner", 0, Value::Test(v::owner)).neg(),
            o("gid-owner", 1, Value::Test(v::owner)).neg(),
            o("socket-exists", 2, Value::None).neg(),
            o("suppl-groups", 3, Value::None),
        ],
    )
    .hooks(hook::OUT | hook::POST),
    ext(
        "iprange",
        &[
            o("src-range", 0, Value::Test(v::address_range)).neg(),
            o("dst-range", 1, Value::Test(v::address_range)).neg(),
        ],
    ),
    ext(
        "policy",
        &[
            o("dir", 0, Value::Test(v::in_out)),
            o("pol", 1, Value::Test(v::ipsec)),
            o("strict", 2, Value::None),
            o("reqid", 3, Value::Int(0, u32::MAX as u64)).neg().again(),
            o("spi", 4, Value::Int(0, u32::MAX as u64)).neg().again(),
            o("tunnel-src", 5, Value::HostMask).neg().again(),
            o("tunnel-dst", 6, Value::HostMask).neg().again(),
            o("proto", 7, Value::Test(v::ipsec_protocol)).neg().again(),
            o("mode", 8, Value::Test(v::ipsec_mode)).neg().again(),
            o("next", 9, Value::None).again().needs(4),
        ],
    ),
    ext(
        "pkttype",
        &[o("pkt-type", 0, Value::Test(v::packet_type)).neg().must()],
    ),
    ext(
        "hl",
        &[
            o("hl-lt", 0, Value::Int(0, 255)).not_with(6),
            o("hl-gt", 1, Value::Int(0, 255)).not_with(5),
            o("hl-eq", 2, Value::Int(0, 255)).neg().not_with(3),
            o("hl", 2, Value::Int(0, 255)).neg().not_with(3),
        ],
    )
    .v6(),
    ext(
        "ttl",
        &[
            o("ttl-lt", 0, Value::Int(0, 255)).not_with(6),
            o("ttl-gt", 1, Value::Int(0, 255)).not_with(5),
            o("ttl-eq", 2, Value::Int(0, 255)).neg().not_with(3),
            o("ttl", 2, Value::Int(0, 255)).neg().not_with(3),
        ],
    )
    .v4(),
    ext(
        "length",
        &[o("length", 0, Value::Ints(0xffff)).neg().must()],
    ),
    ext(
        "dscp",
        &[
            o("dscp", 0, Value::Int(0, 63)).neg().not_with(2),
            o("dscp-class", 1, Value::Test(v::dscp_class))
                .neg()
                .not_with(1),
        ],
    ),
    ext("tos", &[o("tos", 0, Value::Tos).neg().must()]),
    ext(
        "connlimit",
        &[
            o("connlimit-upto", 0, Value::Int(0, u32::MAX as u64))
                .neg()
                .not_with(2),
            o("connlimit-above", 1, Value::Int(0, u32::MAX as u64))
                .neg()
                .not_with(1),
            o("connlimit-mask", 2, Value::PlenMask),
            o("connlimit-saddr", 3, Value::None).not_with(16),
            o("connlimit-daddr", 4, Value::None).not_with(8),
        ],
    ),
    ext(
        "connbytes",
        &[
            o("connbytes", 0, Value::Rising(u64::MAX)).neg().must(),
            o("connbytes-dir", 1, Value::Test(v::bytes_direction)).must(),
            o("connbytes-mode", 2, Value::Test(v::bytes_mode)).must(),
        ],
    ),
    ext(
        "quota",
        &[o("quota", 0, Value::Int(0, u64::MAX)).neg().must()],
    ),
    ext(
        "statistic",
        &[
            o("mode", 0, Value::Test(v::statistic_mode)).must(),
            o("probability", 1, Value::Double).neg().not_with(12),
            o("every", 2, Value::Int(1, u32::MAX as u64))
                .neg()
                .not_with(2)
                .needs(8),
            o("packet", 3, Value::Int(0, u32::MAX as u64))
                .not_with(2)
                .needs(4),
        ],
    ),
    ext(
        "time",
        &[
            o("datestart", 0, Value::Test(v::date)),
            o("datestop", 1, Value::Test(v::date)),
            o("timestart", 2, Value::Test(v::time)),
            o("timestop", 3, Value::Test(v::time)),
            o("contiguous", 4, Value::None),
            o("weekdays", 5, Value::Test(v::weekdays)).neg(),
            o("monthdays", 6, Value::Test(v::monthdays)).neg(),
            o("localtz", 7, Value::None).not_with(256),
            o("utc", 8, Value::None).not_with(128 | 512),
            o("kerneltz", 9, Value::None).not_with(256),
        ],
    ),
    ext(
        "physdev",
        &[
            o("physdev-in", 0, Value::Interface).neg(),
            o("physdev-out", 1, Value::Interface).neg(),
            o("physdev-is-in", 2, Value::None).neg(),
            o("physdev-is-out", 3, Value::None).neg(),
            o("physdev-is-bridged", 4, Value::None).neg(),
        ],
    ),
    ext("esp", &[o("espspi", 0, Value::Ints(u32::MAX as u64)).neg()]).proto(50),
    ext(
        "ipcomp",
        &[
            o("ipcompspi", 0, Value::Ints(u32::MAX as u64)).neg(),
            o("compres", 1, Value::None),
        ],
    )
    .proto(108),
    ext(
        "cgroup",
        &[
            o("path", 0, Value::Text(0, usize::MAX)).neg(),
            o("cgroup", 1, Value::Int(0, u32::MAX as u64)).neg(),
        ],
    )
    .hooks(hook::IN | hook::OUT | hook::POST),
    ext(
        "socket",
        &[
            o("transparent", 0, Value::None),
            o("nowildcard", 1, Value::None),
            o("restore-skmark", 2, Value::None),
        ],
    )
    .hooks(hook::PRE | hook::IN),
    ext(
        "string",
        &[
            o("from", 0, Value::Int(0, 0xffff)),
            o("to", 1, Value::Int(0, 0xffff)),
            o("algo", 2, Value::Text(0, usize::MAX)).must(),
            o("string", 3, Value::Text(1, 128)).neg().not_with(16),
            o("hex-string", 4, Value::Test(v::hex_string))
                .neg()
                .not_with(8),
            o("icase", 5, Value::None),
        ],
    ),
    ext("u32", &[o("u32", 0, Value::Test(v::u32_test)).neg().must()]),
    ext(
        "bpf",
        &[
            o("bytecode", 0, Value::Test(v::bytecode)),
            o("object-pinned", 1, Value::Text(0, usize::MAX)),
        ],
    ),
    ext(
        "rpfilter",
        &[
            o("loose", 0, Value::None),
            o("validmark", 1, Value::None),
            o("accept-local", 2, Value::None),
            o("invert", 3, Value::None),
        ],
    )
    .tables(table::RAW | table::MANGLE)
    .hooks(hook::PRE),
    ext(
        "rt",
        &[
            o("rt-type", 0, Value::Int(0, u32::MAX as u64)).neg(),
            o("rt-segsleft", 1, Value::Ints(u32::MAX as u64)).neg(),
            o("rt-len", 2, Value::Int(0, u32::MAX as u64)).neg(),
            o("rt-0-res", 3, Value::None),
            o("rt-0-addrs", 4, Value::Test(v::addresses6)),
            o("rt-0-not-strict", 5, Value::None),
        ],
    )
    .v6(),
    ext(
        "frag",
        &[
            o("fragid", 0, Value::Ints(u32::MAX as u64)).neg(),
            o("fraglen", 1, Value::Int(0, u32::MAX as u64)).neg(),
            o("fragres", 2, Value::None),
            o("fragfirst", 3, Value::None),
            o("fragmore", 4, Value::None).not_with(32),
            o("fraglast", 5, Value::None).not_with(16),
        ],
    )
    .v6(),
    ext(
        "hbh",
        &[
            o("hbh-len", 0, Value::Int(0, u32::MAX as u64)).neg(),
            o("hbh-opts", 1, Value::Test(v::header_options)),
        ],
    )
    .v6(),
    ext(
        "dst",
        &[
            o("dst-len", 0, Value::Int(0, u32::MAX as u64)).neg(),
            o("dst-opts", 1, Value::Test(v::header_options)),
        ],
    )
    .v6(),
    ext(
        "ipv6header",
        &[
            o("header", 0, Value::Test(v::headers)).neg().must(),
            o("soft", 1, Value::None),
        ],
    )
    .v6(),
    ext("eui64", &[])
        .v6()
        .hooks(hook::PRE | hook::IN | hook::FWD),
    ext("mh", &[o("mh-type", 0, Value::Test(v::mh_types)).neg()])
        .v6()
        .proto(135),
    ext(
        "srh",
        &[
            o("srh-next-hdr", 0, Value::Int(0, 255)).neg(),
            o("srh-hdr-len-eq", 1, Value::Int(0, 255)).neg(),
            o("srh-hdr-len-gt", 2, Value::Int(0, 255)).neg(),
            o("srh-hdr-len-lt", 3, Value::Int(0, 255)).neg(),
            o("srh-segs-left-eq", 4, Value::Int(0, 255)).neg(),
            o("srh-segs-left-gt", 5, Value::Int(0, 255)).neg(),
            o("srh-segs-left-lt", 6, Value::Int(0, 255)).neg(),
            o("srh-last-entry-eq", 7, Value::Int(0, 255)).neg(),
            o("srh-last-entry-gt", 8, Value::Int(0, 255)).neg(),
            o("srh-last-entry-lt", 9, Value::Int(0, 255)).neg(),
            o("srh-tag", 10, Value::Int(0, 0xffff)).neg(),
            o("srh-psid", 11, Value::HostMask).neg(),
            o("srh-nsid", 12, Value::HostMask).neg(),
            o("srh-lsid", 13, Value::HostMask).neg(),
        ],
    )
    .v6(),
    ext("tcpmss", &[o("mss", 0, Value::Rising(0xffff)).neg().must()]).proto(6),
    ext(
        "cluster",
        &[
            o("cluster-total-nodes", 0, Value::Int(1, 32)).must(),
            o("cluster-local-node", 1, Value::Int(1, 32))
                .neg()
                .not_with(4),
            o("cluster-local-nodemask", 2, Value::Int(1, 32))
                .neg()
                .not_with(2),
            o("cluster-hash-seed", 3, Value::Int(0, u32::MAX as u64)).must(),
        ],
    ),
    ext(
        "connlabel",
        &[
            o("label", 0, Value::Test(v::label)).neg().must(),
            o("set", 1, Value::None),
        ],
    ),
    ext(
        "cpu",
        &[o("cpu", 0, Value::Int(0, u32::MAX as u64)).neg().must()],
    ),
    ext(
        "devgroup",
        &[
            o("src-group", 0, Value::Test(v::named_number)).neg(),
            o("dst-group", 1, Value::Test(v::named_number)).neg(),
        ],
    ),
    ext(
        "ecn",
        &[
            o("ecn-tcp-cwr", 0, Value::None).neg(),
            o("ecn-tcp-ece", 1, Value::None).neg(),
            o("ecn-ip-ect", 2, Value::Int(0, 3)).neg(),
        ],
    ),
    ext(
        "helper",
        &[o("helper", 0, Value::Text(0, usize::MAX)).neg().must()],
    ),
    ext(
        "osf",
        &[
            o("genre", 0, Value::Text(0, usize::MAX)).neg().must(),
            o("ttl", 1, Value::Int(0, 2)),
            o("log", 2, Value::Int(0, 2)),
        ],
    )
    .proto(6)
    .hooks(hook::PRE | hook::IN | hook::FWD),
    ext(
        "realm",
        &[o("realm", 0, Value::Test(v::named_number)).neg().must()],
    )
    .v4()
    .hooks(hook::IN | hook::FWD | hook::OUT | hook::POST),
    ext(
        "nfacct",
        &[o("nfacct-name", 0, Value::Text(1, usize::MAX)).must()],
    ),
    ext(
        "set",
        &[
            o("match-set", 0, Value::Two(v::set)).neg(),
            o("set", 0, Value::Two(v::set)).neg(),
            o("return-nomatch", 1, Value::None).neg().again(),
            o("update-counters", 2, Value::None).neg().again(),
            o("packets-eq", 3, Value::Int(0, u64::MAX)).neg(),
            o("packets-lt", 3, Value::Int(0, u64::MAX)),
            o("packets-gt", 3, Value::Int(0, u64::MAX)),
            o("bytes-eq", 4, Value::Int(0, u64::MAX)).neg(),
            o("bytes-lt", 4, Value::Int(0, u64::MAX)),
            o("bytes-gt", 4, Value::Int(0, u64::MAX)),
            o("update-subcounters", 5, Value::None).neg().again(),
        ],
    ),
];

/// `-m ah`, whose options differ between the families.
pub(super) const AH4: Ext =
    ext("ah", &[o("ahspi", 0, Value::Ints(u32::MAX as u64)).neg()]).proto(51);

/// The same of IPv6.
pub(super) const AH6: Ext = ext(
    "ah",
    &[
        o("ahspi", 0, Value::Ints(u32::MAX as u64)).neg(),
        o("ahlen", 1, Value::Int(0, u32::MAX as u64)).neg(),
        o("ahres", 2, Value::None),
    ],
);

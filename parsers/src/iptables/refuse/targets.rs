//! Options and places of the targets, as libxtables 1.8.9 and the kernel have them (`struct xt_option_entry` of
//! extensions/lib*.c, `struct xt_target` of net/netfilter/xt_*.c).

use super::spec::{Ext, ext, hook, o, table};
use super::value::{Value, own as v};

const MAX: u64 = u32::MAX as u64;

/// A target by its name and family.
pub(super) fn find(name: &str) -> Option<&'static Ext> {
    TARGETS.iter().find(|t| t.name == name)
}

const TARGETS: &[Ext] = &[
    ext("ACCEPT", &[]),
    ext("DROP", &[]),
    ext("RETURN", &[]),
    ext("QUEUE", &[]),
    ext(
        "REJECT",
        &[o("reject-with", 0, Value::Test(v::reject_with))],
    )
    .tables(table::FILTER)
    .hooks(hook::IN | hook::FWD | hook::OUT),
    ext(
        "MASQUERADE",
        &[
            o("to-ports", 0, Value::NatPorts),
            o("random", 1, Value::None),
            o("random-fully", 2, Value::None),
        ],
    )
    .tables(table::NAT)
    .hooks(hook::POST),
    ext(
        "DNAT",
        &[
            o("to-destination", 0, Value::NatTo).must(),
            o("random", 1, Value::None),
            o("persistent", 2, Value::None),
        ],
    )
    .tables(table::NAT)
    .hooks(hook::PRE | hook::OUT),
    ext(
        "SNAT",
        &[
            o("to-source", 0, Value::NatTo).must(),
            o("random", 1, Value::None),
            o("random-fully", 2, Value::None),
            o("persistent", 3, Value::None),
        ],
    )
    .tables(table::NAT)
    .hooks(hook::POST | hook::IN),
    ext(
        "REDIRECT",
        &[
            o("to-ports", 0, Value::NatPorts),
            o("random", 1, Value::None),
        ],
    )
    .tables(table::NAT)
    .hooks(hook::PRE | hook::OUT),
    ext("NETMAP", &[o("to", 0, Value::HostMask).must()])
        .tables(table::NAT)
        .hooks(hook::PRE | hook::OUT | hook::POST | hook::IN),
    ext(
        "LOG",
        &[
            o("log-level", 0, Value::Level),
            o("log-prefix", 1, Value::Text(1, usize::MAX)),
            o("log-tcp-sequence", 2, Value::None),
            o("log-tcp-options", 3, Value::None),
            o("log-ip-options", 4, Value::None),
            o("log-uid", 5, Value::None),
            o("log-macdecode", 6, Value::None),
        ],
    ),
    ext(
        "MARK",
        &[
            o("set-xmark", 0, Value::Mark).not_with(30),
            o("set-mark", 1, Value::Mark).not_with(29),
            o("and-mark", 2, Value::Int(0, MAX)).not_with(27),
            o("or-mark", 3, Value::Int(0, MAX)).not_with(23),
            o("xor-mark", 4, Value::Int(0, MAX)).not_with(15),
        ],
    ),
    ext(
        "CONNMARK",
        &[
            o("set-xmark", 0, Value::Mark).not_with(126),
            o("set-mark", 1, Value::Mark).not_with(125),
            o("and-mark", 2, Value::Int(0, MAX)).not_with(123),
            o("or-mark", 3, Value::Int(0, MAX)).not_with(119),
            o("xor-mark", 4, Value::Int(0, MAX)).not_with(111),
            o("save-mark", 5, Value::None).not_with(95),
            o("restore-mark", 6, Value::None).not_with(63),
            o("left-shift-mark", 7, Value::Int(0, 32)),
            o("right-shift-mark", 8, Value::Int(0, 32)),
            o("ctmask", 9, Value::Int(0, MAX)).not_with(1 << 11),
            o("nfmask", 10, Value::Int(0, MAX)).not_with(1 << 11),
            o("mask", 11, Value::Int(0, MAX)).not_with(3 << 9),
        ],
    ),
    ext("NOTRACK", &[]).tables(table::RAW),
    ext(
        "CT",
        &[
            o("notrack", 0, Value::None),
            o("helper", 1, Value::Text(0, usize::MAX)),
            o("timeout", 2, Value::Text(0, usize::MAX)),
            o("ctevents", 3, Value::Test(v::ct_events)),
            o("expevents", 4, Value::Test(v::exp_events)),
            o("zone-orig", 5, Value::Test(v::zone)),
            o("zone-reply", 6, Value::Test(v::zone)),
            o("zone", 7, Value::Test(v::zone)),
        ],
    )
    .tables(table::RAW),
    ext("CHECKSUM", &[o("checksum-fill", 0, Value::None).must()]).tables(table::MANGLE),
    ext(
        "NFLOG",
        &[
            o("nflog-group", 0, Value::Int(0, 0xffff)),
            o("nflog-prefix", 1, Value::Text(1, usize::MAX)),
            o("nflog-range", 2, Value::Int(0, MAX)).not_with(8),
            o("nflog-size", 3, Value::Int(0, MAX)).not_with(4),
            o("nflog-threshold", 4, Value::Int(0, 0xffff)),
        ],
    ),
    ext(
        "NFQUEUE",
        &[
            o("queue-num", 0, Value::Int(0, 0xffff)).not_with(2),
            o("queue-balance", 1, Value::Test(v::balance)).not_with(1),
            o("queue-bypass", 2, Value::None),
            o("queue-cpu-fanout", 3, Value::None).needs(2),
        ],
    ),
    ext(
        "TOS",
        &[
            o("set-tos", 0, Value::Tos).not_with(14),
            o("and-tos", 1, Value::Int(0, 255)).not_with(13),
            o("or-tos", 2, Value::Int(0, 255)).not_with(11),
            o("xor-tos", 3, Value::Int(0, 255)).not_with(7),
        ],
    )
    .tables(table::MANGLE),
    ext(
        "DSCP",
        &[
            o("set-dscp", 0, Value::Int(0, 63)).not_with(2),
            o("set-dscp-class", 1, Value::Test(v::dscp_class)).not_with(1),
        ],
    )
    .tables(table::MANGLE),
    ext(
        "TTL",
        &[
            o("ttl-set", 0, Value::Int(0, 255)).not_with(6),
            o("ttl-dec", 1, Value::Int(1, 255)).not_with(5),
            o("ttl-inc", 2, Value::Int(1, 255)).not_with(3),
        ],
    )
    .v4()
    .tables(table::MANGLE),
    ext(
        "HL",
        &[
            o("hl-set", 0, Value::Int(0, 255)).not_with(6),
            o("hl-dec", 1, Value::Int(1, 255)).not_with(5),
            o("hl-inc", 2, Value::Int(1, 255)).not_with(3),
        ],
    )
    .v6()
    .tables(table::MANGLE),
    ext(
        "ECN",
        &[
            o("ecn-tcp-remove", 0, Value::None).not_with(6),
            o("ecn-tcp-cwr", 1, Value::Int(0, 1)).not_with(1),
            o("ecn-tcp-ece", 2, Value::Int(0, 1)).not_with(1),
            o("ecn-ip-ect", 3, Value::Int(0, 3)),
        ],
    )
    .v4()
    .tables(table::MANGLE),
    ext(
        "TCPOPTSTRIP",
        &[o("strip-options", 0, Value::Test(v::strip_options))],
    )
    .tables(table::MANGLE)
    .proto(6),
    ext(
        "CLASSIFY",
        &[o("set-class", 0, Value::Test(v::class)).must()],
    )
    .hooks(hook::FWD | hook::OUT | hook::POST),
    ext(
        "SET",
        &[
            o("add-set", 0, Value::Two(v::set)).neg(),
            o("del-set", 1, Value::Two(v::set)).neg(),
            o("exist", 2, Value::None).neg().again(),
            o("timeout", 3, Value::Int(0, MAX - 1)).neg().again(),
            o("map-set", 4, Value::Two(v::set)).neg(),
            o("map-mark", 5, Value::None).neg().again(),
            o("map-prio", 6, Value::None).neg().again(),
            o("map-queue", 7, Value::None).neg().again(),
        ],
    ),
    ext("AUDIT", &[o("type", 0, Value::Test(v::audit)).must()]),
    ext(
        "IDLETIMER",
        &[
            o("timeout", 0, Value::Int(1, MAX / 1000)).must(),
            o("label", 1, Value::Test(v::timer_label)).must(),
            o("alarm", 2, Value::None),
        ],
    ),
    ext(
        "LED",
        &[
            o("led-trigger-id", 0, Value::Text(0, 17)).must(),
            o("led-delay", 1, Value::Test(v::led_delay)),
            o("led-always-blink", 2, Value::None),
        ],
    ),
    ext(
        "SECMARK",
        &[o("selctx", 0, Value::Text(0, usize::MAX)).must()],
    )
    .tables(table::MANGLE | table::SECURITY),
    ext(
        "CONNSECMARK",
        &[
            o("save", 0, Value::None).not_with(2),
            o("restore", 1, Value::None).not_with(1),
        ],
    )
    .tables(table::MANGLE | table::SECURITY),
    ext(
        "TEE",
        &[
            o("gateway", 0, Value::Host).must(),
            o("oif", 1, Value::Text(0, usize::MAX)),
        ],
    ),
    ext("TRACE", &[]),
    ext(
        "SYNPROXY",
        &[
            o("sack-perm", 0, Value::None),
            o("timestamp", 1, Value::None),
            o("wscale", 2, Value::Int(0, MAX)),
            o("mss", 3, Value::Int(0, MAX)),
            o("ecn", 4, Value::None),
        ],
    )
    .hooks(hook::IN | hook::FWD),
    ext(
        "TPROXY",
        &[
            o("on-port", 0, Value::Port).must(),
            o("on-ip", 1, Value::Host),
            o("tproxy-mark", 2, Value::Mark),
        ],
    )
    .tables(table::MANGLE)
    .hooks(hook::PRE),
    ext(
        "DNPT",
        &[
            o("src-pfx", 0, Value::HostMask).must(),
            o("dst-pfx", 1, Value::HostMask).must(),
        ],
    )
    .v6()
    .tables(table::MANGLE)
    .hooks(hook::PRE | hook::OUT),
    ext(
        "SNPT",
        &[
            o("src-pfx", 0, Value::HostMask).must(),
            o("dst-pfx", 1, Value::HostMask).must(),
        ],
    )
    .v6()
    .tables(table::MANGLE)
    .hooks(hook::IN | hook::POST),
    ext(
        "RATEEST",
        &[
            o("rateest-name", 0, Value::Text(0, usize::MAX)).must(),
            o("rateest-interval", 1, Value::Text(0, usize::MAX)).must(),
            o("rateest-ewmalog", 2, Value::Text(0, usize::MAX)).must(),
        ],
    ),
];

/// `-j TCPMSS`; the largest size leaves room for the family's header.
pub(super) const TCPMSS4: Ext = ext(
    "TCPMSS",
    &[
        o("set-mss", 0, Value::Int(0, 65_515)),
        o("clamp-mss-to-pmtu", 1, Value::None),
    ],
)
.proto(6);

/// The same of IPv6.
pub(super) const TCPMSS6: Ext = ext(
    "TCPMSS",
    &[
        o("set-mss", 0, Value::Int(0, 65_495)),
        o("clamp-mss-to-pmtu", 1, Value::None),
    ],
)
.proto(6);

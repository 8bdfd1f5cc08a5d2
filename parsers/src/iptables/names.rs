//! Names that stand for numbers: protocols, services, ICMP types. Data of IANA's registries and of
//! iptables-extensions(8), as the tables that Linux systems ship spell them.

/// Protocol names of `/etc/protocols`, with the aliases that iptables accepts.
const PROTOCOLS: &[(&str, u8)] = &[
    ("tcp", 6),
    ("udp", 17),
    ("icmp", 1),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("esp", 50),
    ("ah", 51),
    ("gre", 47),
    ("sctp", 132),
    ("udplite", 136),
    ("dccp", 33),
    ("igmp", 2),
    ("ggp", 3),
    ("ipencap", 4),
    ("ip-encap", 4),
    ("ipv4", 4),
    ("st", 5),
    ("egp", 8),
    ("igp", 9),
    ("pup", 12),
    ("hmp", 20),
    ("xns-idp", 22),
    ("rdp", 27),
    ("iso-tp4", 29),
    ("xtp", 36),
    ("ddp", 37),
    ("idpr-cmtp", 38),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("idrp", 45),
    ("rsvp", 46),
    ("ipv6-crypt", 50),
    ("ipv6-auth", 51),
    ("skip", 57),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("rspf", 73),
    ("vmtp", 81),
    ("eigrp", 88),
    ("ospf", 89),
    ("ospfigp", 89),
    ("ax.25", 93),
    ("ipip", 94),
    ("etherip", 97),
    ("encap", 98),
    ("pim", 103),
    ("ipcomp", 108),
    ("vrrp", 112),
    ("l2tp", 115),
    ("isis", 124),
    ("fc", 133),
    ("mobility-header", 135),
    ("ipv6-mh", 135),
    ("mh", 135),
    ("mpls-in-ip", 137),
    ("manet", 138),
    ("hip", 139),
    ("shim6", 140),
    ("wesp", 141),
    ("rohc", 142),
    ("ethernet", 143),
];

/// A protocol's number by name or number; `None` if it is neither. `all` is not a protocol.
#[must_use]
pub fn protocol(name: &str) -> Option<u8> {
    if name.bytes().next().is_some_and(|b| b.is_ascii_digit()) {
        return number(name).and_then(|n| u8::try_from(n).ok());
    }
    PROTOCOLS
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, p)| *p)
}

/// Service names of `/etc/services` that occur in hand-written rules. iptables-save itself prints numbers.
const SERVICES: &[(&str, u16)] = &[
    ("ssh", 22),
    ("http", 80),
    ("www", 80),
    ("https", 443),
    ("domain", 53),
    ("smtp", 25),
    ("mail", 25),
    ("tcpmux", 1),
    ("echo", 7),
    ("discard", 9),
    ("systat", 11),
    ("daytime", 13),
    ("netstat", 15),
    ("qotd", 17),
    ("chargen", 19),
    ("ftp-data", 20),
    ("ftp", 21),
    ("telnet", 23),
    ("time", 37),
    ("whois", 43),
    ("tacacs", 49),
    ("bootps", 67),
    ("bootpc", 68),
    ("tftp", 69),
    ("gopher", 70),
    ("finger", 79),
    ("kerberos", 88),
    ("iso-tsap", 102),
    ("rtelnet", 107),
    ("pop2", 109),
    ("pop-2", 109),
    ("pop3", 110),
    ("pop-3", 110),
    ("sunrpc", 111),
    ("portmapper", 111),
    ("auth", 113),
    ("ident", 113),
    ("nntp", 119),
    ("ntp", 123),
    ("epmap", 135),
    ("loc-srv", 135),
    ("netbios-ns", 137),
    ("netbios-dgm", 138),
    ("netbios-ssn", 139),
    ("imap", 143),
    ("imap2", 143),
    ("snmp", 161),
    ("snmp-trap", 162),
    ("snmptrap", 162),
    ("xdmcp", 177),
    ("bgp", 179),
    ("irc", 194),
    ("smux", 199),
    ("imap3", 220),
    ("ldap", 389),
    ("svrloc", 427),
    ("microsoft-ds", 445),
    ("kpasswd", 464),
    ("ssmtp", 465),
    ("smtps", 465),
    ("submissions", 465),
    ("urd", 465),
    ("isakmp", 500),
    ("exec", 512),
    ("biff", 512),
    ("login", 513),
    ("who", 513),
    ("shell", 514),
    ("syslog", 514),
    ("printer", 515),
    ("talk", 517),
    ("ntalk", 518),
    ("route", 520),
    ("router", 520),
    ("ripng", 521),
    ("dhcpv6-client", 546),
    ("dhcpv6-server", 547),
    ("uucp", 540),
    ("klogin", 543),
    ("kshell", 544),
    ("rtsp", 554),
    ("nntps", 563),
    ("submission", 587),
    ("nqs", 607),
    ("ipp", 631),
    ("ldaps", 636),
    ("ldp", 646),
    ("kerberos-adm", 749),
    ("domain-s", 853),
    ("rsync", 873),
    ("ftps-data", 989),
    ("ftps", 990),
    ("telnets", 992),
    ("imaps", 993),
    ("ircs", 994),
    ("pop3s", 995),
    ("socks", 1080),
    ("proofd", 1093),
    ("openvpn", 1194),
    ("rmiregistry", 1099),
    ("ms-sql-s", 1433),
    ("ms-sql-m", 1434),
    ("l2f", 1701),
    ("l2tp", 1701),
    ("pptp", 1723),
    ("radius", 1812),
    ("radius-acct", 1813),
    ("radacct", 1813),
    ("ssdp", 1900),
    ("cvspserver", 2401),
    ("nfs", 2049),
    ("ms-wbt-server", 3389),
    ("mysql", 3306),
    ("svn", 3690),
    ("subversion", 3690),
    ("iscsi-target", 3260),
    ("ipsec-nat-t", 4500),
    ("sip", 5060),
    ("sip-tls", 5061),
    ("sips", 5061),
    ("xmpp-client", 5222),
    ("jabber-client", 5222),
    ("xmpp-server", 5269),
    ("jabber-server", 5269),
    ("mdns", 5353),
    ("postgresql", 5432),
    ("amqps", 5671),
    ("amqp", 5672),
    ("x11", 6000),
    ("redis", 6379),
    ("ircd", 6667),
    ("bacula-dir", 9101),
    ("bacula-fd", 9102),
    ("bacula-sd", 9103),
    ("git", 9418),
    ("webmin", 10000),
    ("zabbix-agent", 10050),
    ("zabbix-trapper", 10051),
    ("amanda", 10080),
    ("http-alt", 8080),
    ("webcache", 8080),
    // Red Hat ships the whole registry of IANA.
    ("ideafarm-door", 902),
    ("vmrdp", 2179),
    ("ndl-aas", 3128),
    ("squid", 3128),
    ("msft-gc", 3268),
    ("msft-gc-ssl", 3269),
    ("terabase", 4000),
    ("newoak", 4001),
    ("wsman", 5985),
    ("wsmans", 5986),
    ("sun-sr-https", 6443),
    ("trivnet1", 8200),
    ("wap-wsp", 9200),
];

/// A port by number or service name.
pub(crate) fn port(name: &str) -> Option<u16> {
    if name.bytes().next().is_some_and(|b| b.is_ascii_digit()) {
        return number(name).and_then(|n| u16::try_from(n).ok());
    }
    SERVICES
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, p)| *p)
}

/// A number as `strtoul` with base 0 reads it: decimal, `0x…` or octal `0…`.
pub(crate) fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (text.get(2..)?, 16),
        [b'0', _, ..] => (text.get(1..)?, 8),
        _ => (text, 10),
    };
    if !digits.bytes().next()?.is_ascii_alphanumeric() {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

/// An ICMP type and, where the name fixes one, its code.
pub(crate) type Icmp = (u8, Option<u8>);

/// Names of ICMP types (iptables-extensions(8), icmp).
const ICMP: &[(&str, Icmp)] = &[
    ("echo-request", (8, None)),
    ("ping", (8, None)),
    ("echo-reply", (0, None)),
    ("pong", (0, None)),
    ("destination-unreachable", (3, None)),
    ("network-unreachable", (3, Some(0))),
    ("host-unreachable", (3, Some(1))),
    ("protocol-unreachable", (3, Some(2))),
    ("port-unreachable", (3, Some(3))),
    ("fragmentation-needed", (3, Some(4))),
    ("source-route-failed", (3, Some(5))),
    ("network-unknown", (3, Some(6))),
    ("host-unknown", (3, Some(7))),
    ("network-prohibited", (3, Some(9))),
    ("host-prohibited", (3, Some(10))),
    ("TOS-network-unreachable", (3, Some(11))),
    ("TOS-host-unreachable", (3, Some(12))),
    ("communication-prohibited", (3, Some(13))),
    ("host-precedence-violation", (3, Some(14))),
    ("precedence-cutoff", (3, Some(15))),
    ("source-quench", (4, None)),
    ("redirect", (5, None)),
    ("network-redirect", (5, Some(0))),
    ("host-redirect", (5, Some(1))),
    ("TOS-network-redirect", (5, Some(2))),
    ("TOS-host-redirect", (5, Some(3))),
    ("router-advertisement", (9, None)),
    ("router-solicitation", (10, None)),
    ("time-exceeded", (11, None)),
    ("ttl-exceeded", (11, None)),
    ("ttl-zero-during-transit", (11, Some(0))),
    ("ttl-zero-during-reassembly", (11, Some(1))),
    ("parameter-problem", (12, None)),
    ("ip-header-bad", (12, Some(0))),
    ("required-option-missing", (12, Some(1))),
    ("timestamp-request", (13, None)),
    ("timestamp-reply", (14, None)),
    ("address-mask-request", (17, None)),
    ("address-mask-reply", (18, None)),
];

/// Names of ICMPv6 types (iptables-extensions(8), icmp6).
const ICMP6: &[(&str, Icmp)] = &[
    ("destination-unreachable", (1, None)),
    ("no-route", (1, Some(0))),
    ("communication-prohibited", (1, Some(1))),
    ("beyond-scope", (1, Some(2))),
    ("address-unreachable", (1, Some(3))),
    ("port-unreachable", (1, Some(4))),
    ("failed-policy", (1, Some(5))),
    ("reject-route", (1, Some(6))),
    ("packet-too-big", (2, None)),
    ("time-exceeded", (3, None)),
    ("ttl-exceeded", (3, None)),
    ("ttl-zero-during-transit", (3, Some(0))),
    ("ttl-zero-during-reassembly", (3, Some(1))),
    ("parameter-problem", (4, None)),
    ("bad-header", (4, Some(0))),
    ("unknown-header-type", (4, Some(1))),
    ("unknown-option", (4, Some(2))),
    ("echo-request", (128, None)),
    ("ping", (128, None)),
    ("echo-reply", (129, None)),
    ("pong", (129, None)),
    ("mld-listener-query", (130, None)),
    ("mld-listener-report", (131, None)),
    ("mld-listener-done", (132, None)),
    ("mld-listener-reduction", (132, None)),
    ("router-solicitation", (133, None)),
    ("router-advertisement", (134, None)),
    ("neighbor-solicitation", (135, None)),
    ("neighbour-solicitation", (135, None)),
    ("neighbor-advertisement", (136, None)),
    ("neighbour-advertisement", (136, None)),
    ("redirect", (137, None)),
];

/// An ICMP type by the beginning of one name alone, `type` or `type/code`. `any` is not a type.
pub(crate) fn icmp(text: &str, v6: bool) -> Option<Icmp> {
    let byte = |s: &str| number(s).and_then(|n| u8::try_from(n).ok());
    if text.bytes().next().is_some_and(|b| b.is_ascii_digit()) {
        return match text.split_once('/') {
            Some((t, c)) => Some((byte(t)?, Some(byte(c)?))),
            None => Some((byte(text)?, None)),
        };
    }
    let table = if v6 { ICMP6 } else { ICMP };
    let mut hits = table.iter().filter(|(name, _)| {
        let head = name.as_bytes().get(..text.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(text.as_bytes()))
    });
    let (_, found) = hits.next()?;
    hits.next().is_none().then_some(*found)
}

/// DSCP class names (RFC 2474, 2597, 3246, 8622).
const DSCP: &[(&str, u8)] = &[
    ("cs0", 0),
    ("be", 0),
    ("le", 1),
    ("cs1", 8),
    ("cs2", 16),
    ("cs3", 24),
    ("cs4", 32),
    ("cs5", 40),
    ("cs6", 48),
    ("cs7", 56),
    ("af11", 10),
    ("af12", 12),
    ("af13", 14),
    ("af21", 18),
    ("af22", 20),
    ("af23", 22),
    ("af31", 26),
    ("af32", 28),
    ("af33", 30),
    ("af41", 34),
    ("af42", 36),
    ("af43", 38),
    ("ef", 46),
];

/// A DSCP class.
pub(crate) fn dscp_class(name: &str) -> Option<u8> {
    DSCP.iter()
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| *v)
}

//! What hylint.toml may hold: its tables, keys and words, for the reader and for the JSON Schema.

use crate::common::toml_keys::{
    ADDRESS, ADDRESSES, Key, Keys, Kind, Map, Named, PORT_TEXT, PORTS, TEXTS, Words, words,
};
use crate::common::toml_schema;
use crate::finding::{Code, Severity};
use crate::rules::matrix::BuiltinNames;
use crate::site::{Access, LintLevel, RequireEvidence};
use hylint_model::Profiles;

/// The JSON Schema of hylint.toml, as `schema/hylint-toml.schema.json` has it. The names of the built-in matrices are
/// offered; a matrix of one's own has others.
#[must_use]
pub fn schema() -> String {
    toml_schema::schema("hylint.toml", &FILE)
}

/// How clients reach the sessions.
pub(crate) const ACCESS: Words<Access> = &[
    (
        "direct",
        Access::Direct,
        "Clients connect to controllers and session hosts themselves",
    ),
    (
        "gateway",
        Access::Gateway,
        "Clients come through the gateway: opening a session host to them is a finding",
    ),
    (
        "both",
        Access::Both,
        "Either way: what direct access needs is required and is no excess",
    ),
];

pub(crate) const PROFILES: Words<Profiles> = &[
    ("domain", Profiles::DOMAIN, "The domain profile"),
    ("private", Profiles::PRIVATE, "The private profile"),
    ("public", Profiles::PUBLIC, "The public profile"),
];

/// Severities in `[lints]`.
pub(crate) const LEVELS: Words<LintLevel> = &[
    (
        "error",
        LintLevel::At(Severity::Error),
        "Reported as an error",
    ),
    (
        "warning",
        LintLevel::At(Severity::Warning),
        "Reported as a warning",
    ),
    ("note", LintLevel::At(Severity::Note), "Reported as a note"),
    ("off", LintLevel::Off, "Not reported"),
];

pub(super) const FAIL_ON: Words<Severity> = &[
    ("error", Severity::Error, "Errors fail the run"),
    (
        "warning",
        Severity::Warning,
        "Errors and warnings fail the run",
    ),
    ("note", Severity::Note, "Every finding fails the run"),
];

pub(crate) const EVIDENCE: Words<RequireEvidence> = &[
    (
        "none",
        RequireEvidence::None,
        "Requirements without an export stay unverified",
    ),
    (
        "destination",
        RequireEvidence::Destination,
        "The export of the destination must be judged, else `unverified-flow`",
    ),
    (
        "all",
        RequireEvidence::All,
        "The exports of both ends must be judged, else `unverified-flow`",
    ),
];

/// The file.
pub const FILE: Keys = Keys {
    name: "",
    about: "What a site says of itself: hosts, roles, addresses, and what is open on purpose.",
    each: &[
        Key::new("site", Kind::Table(&SITE), SITE.about),
        Key::new("deployment", Kind::Table(&DEPLOYMENT), DEPLOYMENT.about),
        Key::new("ports", Kind::Map(&PORT_MAP), PORT_MAP.about),
        Key::new("roles", Kind::Map(&ROLE_MAP), ROLE_MAP.about),
        Key::new("resolve", Kind::Map(&RESOLVE), RESOLVE.about),
        Key::new("host", Kind::Tables(&HOST), HOST.about),
        Key::new("transit", Kind::Tables(&TRANSIT), TRANSIT.about),
        Key::new("via", Kind::Tables(&VIA), VIA.about),
        Key::new("allow", Kind::Tables(&ALLOW), ALLOW.about),
        Key::new("waive", Kind::Tables(&WAIVE), WAIVE.about),
        Key::new("lints", Kind::Map(&LINTS), LINTS.about),
        Key::new("check", Kind::Table(&CHECK), CHECK.about),
    ],
    one_of: &[],
};

/// `[site]`.
pub(super) const SITE: Keys = Keys {
    name: "site",
    about: "The site as a whole.",
    each: &[
        Key::new("name", Kind::Text, "Name of the site, for people.").example("\"Pune DC\""),
        Key::new(
            "matrix",
            Kind::Name(|| BuiltinNames::all().matrices),
            "The requirement matrix: a built-in one, or the path of a TOML file below this one. Default: hyworks.",
        )
        .example("\"hyworks\""),
    ],
    one_of: &[],
};

/// `[deployment]`.
pub(super) const DEPLOYMENT: Keys = Keys {
    name: "deployment",
    about: "How the product is deployed.",
    each: &[
        Key::new(
            "access",
            Kind::Word(|| words(ACCESS)),
            "How clients reach the sessions.",
        )
        .example("\"gateway\""),
        Key::new("features", Kind::Map(&FEATURES), FEATURES.about)
            .example("{ session-recording = false }"),
        Key::new(
            "ephemeral",
            Kind::Either(&PORT_TEXT, &PORTS),
            "Source ports of connections, to which replies go. Default: 1024-65535.",
        )
        .example("\"49152-65535\""),
    ],
    one_of: &[],
};

const FEATURES: Map = Map {
    about: "A feature is on where its role is in the site; this overrides it.",
    known: || each(BuiltinNames::all().features, Kind::Bool),
    others: Some(("", Kind::Bool)),
};

const PORT_MAP: Map = Map {
    about: "Where services listen on other ports than those of the matrix: by role, or by the id of a requirement.",
    known: || {
        let names = BuiltinNames::all();
        each([names.roles, names.requirements].concat(), PORTS)
    },
    others: Some(("", PORTS)),
};

const ROLE_MAP: Map = Map {
    about: "The addresses of each role: addresses, CIDR prefixes or ranges. [] says that the role is not in this site.",
    known: || each(BuiltinNames::all().roles, ADDRESSES),
    others: Some(("", ADDRESSES)),
};

const RESOLVE: Map = Map {
    about: "The addresses behind names that exports use and do not define: azure:TAG, azure:asg/NAME, aws:sg-ID, aws:pl-ID, \
            ipset:NAME, windows:KEYWORD, host:NAME.",
    known: Vec::new,
    others: Some((r"^(azure|aws|ipset|windows|host):[\s\S]", ADDRESSES)),
};

const INTERFACES: Map = Map {
    about: "Linux: the addresses of the peers that each interface leads to.",
    known: Vec::new,
    others: Some(("", ADDRESSES)),
};

const LINTS: Map = Map {
    about: "The severity of each lint. Lints of the group trust cannot be off.",
    known: || {
        let lint = |c: &Code| {
            let name = (c.as_str().to_owned(), c.summary().to_owned());
            (name, if c.is_trust() { TRUST_LEVEL } else { LEVEL })
        };
        Code::EACH.iter().map(lint).collect()
    },
    others: None,
};

const LEVEL: Kind = Kind::Shared("level", &Kind::Word(|| words(LEVELS)));
const TRUST_LEVEL: Kind = Kind::Shared(
    "trust-level",
    &Kind::Word(|| {
        let on = LEVELS.iter().filter(|l| l.1 != LintLevel::Off);
        on.map(|(w, _, about)| ((*w).to_owned(), (*about).to_owned()))
            .collect()
    }),
);

const ROLE: Kind = Kind::Shared("role", &Kind::Name(|| BuiltinNames::all().roles));
const ROLE_OR_GROUP: Kind = Kind::Name(roles_and_groups);
const END: Kind = Kind::Either(
    &ADDRESS,
    &Kind::Name(|| {
        let any = ("any".to_owned(), "Every address".to_owned());
        std::iter::once(any).chain(roles_and_groups()).collect()
    }),
);
const ENDS: Kind = Kind::Shared("ends", &Kind::Either(&END, &Kind::List(&END, 1)));

const EXPORTS: Key = Key::new(
    "exports",
    TEXTS,
    "Its exports: globs relative to this file; `*` does not cross a `/`.",
)
.example("[\"cm1/*.txt\"]");
const POINTS: Key = Key::new(
    "points",
    TEXTS,
    "Which groups, NSGs or ACLs of the exports guard it, by id or name.",
)
.example("[\"sg-0a1b\"]");
const OWN_INTERFACES: Key = Key::new("interfaces", Kind::Map(&INTERFACES), INTERFACES.about)
    .example("{ eth0 = [\"10.20.0.0/16\"] }");
const OWN_RESOLVE: Key = Key::new(
    "resolve",
    Kind::Map(&RESOLVE),
    "As [resolve], for this one alone.",
)
.example("{ \"ipset:admins\" = [\"10.9.9.0/24\"] }");

/// `[[host]]`.
pub(super) const HOST: Keys = Keys {
    name: "host",
    about: "A host: its addresses, its roles and its exports.",
    each: &[
        Key::new(
            "name",
            Kind::Form("^[\\s\\S]"),
            "Name of the host; each name once.",
        )
        .needed()
        .example("\"cm1\""),
        Key::new(
            "addresses",
            ADDRESSES,
            "Its addresses; they are added to those of its roles.",
        )
        .example("[\"10.20.1.13\"]"),
        Key::new("roles", Kind::List(&ROLE, 0), "Its roles.")
            .example("[\"controller-management\"]"),
        EXPORTS,
        POINTS,
        Key::new(
            "profile",
            Kind::Either(&PROFILE, &Kind::List(&PROFILE, 1)),
            "Windows: the active profile, or a list of them.",
        )
        .example("\"domain\""),
        OWN_INTERFACES,
        OWN_RESOLVE,
    ],
    one_of: &[],
};

const PROFILE: Kind = Kind::Word(|| words(PROFILES));

/// `[[transit]]`.
pub(super) const TRANSIT: Keys = Keys {
    name: "transit",
    about: "A firewall that stands between hosts: its forwarding is judged.",
    each: &[
        Key::new("name", Kind::Text, "Name of the firewall.").example("\"edge\""),
        EXPORTS.needed(),
        POINTS,
        Key::new(
            "between",
            Kind::List(&Kind::Pair(&ROLE_OR_GROUP), 0),
            "Pairs of roles whose traffic passes it. Default: every pair of roles that it can tell apart. One of a pair may be the name of a [[via]]: `[\"from\", \"via\"]` before its front, `[\"via\", \"to\"]` behind it.",
        )
        .example("[[\"workspace-client\", \"hysecure-gateway\"]]"),
        OWN_INTERFACES,
        OWN_RESOLVE,
    ],
    one_of: &[],
};

/// `[[via]]`.
pub(super) const VIA: Keys = Keys {
    name: "via",
    about: "What stands between senders and hosts: a load balancer, a virtual address or a NAT. Senders are judged to its front, hosts from what they see.",
    each: &[
        Key::new("name", Kind::Filled, "Its name, for people and for `between` of a [[transit]].")
            .example("\"sql-vip\""),
        Key::new(
            "front",
            FRONT,
            "The addresses that senders use. Default: the hosts' own.",
        )
        .example("[\"10.20.5.10\"]"),
        Key::new(
            "hosts",
            BEHIND,
            "The hosts behind it: names of [[host]], roles or groups, addresses.",
        )
        .needed()
        .example("[\"sql-server\"]"),
        Key::new(
            "sources",
            SOURCES,
            "What the hosts see as source: addresses, or a name such as aws:sg-ID. Default: the senders' own addresses.",
        )
        .example("[\"10.20.5.11-10.20.5.12\"]"),
        Key::new("ports", Kind::Map(&VIA_PORTS), VIA_PORTS.about).example("{ \"443\" = \"8443\" }"),
        Key::new(
            "for",
            SENDERS,
            "The roles that go through it. Default: every sender of a required flow to the roles of its hosts.",
        )
        .example("[\"controller-management\"]"),
        Key::new(
            "direct",
            Kind::Bool,
            "The same senders also use the hosts' own addresses: both ways are required. Default: false.",
        )
        .example("true"),
    ],
    one_of: &["front", "sources"],
};

const VIA_PORTS: Map = Map {
    about: "The port at the front, and the port at the hosts where it is another one. Other ports stay the same.",
    known: Vec::new,
    others: Some((r"^\s*[0-9]{1,5}\s*$", Kind::Either(&PORT_NUMBER, &PORT))),
};
const PORT: Kind = Kind::Form(r"^\s*[0-9]{1,5}\s*$");
const PORT_NUMBER: Kind = Kind::Number(1, 65_535);
const FRONT: Kind = Kind::Either(&ADDRESS, &Kind::List(&ADDRESS, 1));
const BEHIND_ONE: Kind = Kind::Text;
const BEHIND: Kind = Kind::Either(&BEHIND_ONE, &Kind::List(&BEHIND_ONE, 1));
const SOURCE: Kind = Kind::Either(
    &ADDRESS,
    &Kind::Form(r"^(aws:sg-|aws:pl-|azure:|ipset:)[\s\S]"),
);
const SOURCES: Kind = Kind::Either(&SOURCE, &Kind::List(&SOURCE, 1));
const SENDERS: Kind = Kind::Either(&ROLE_OR_GROUP, &Kind::List(&ROLE_OR_GROUP, 1));

/// `[[allow]]`.
pub(super) const ALLOW: Keys = Keys {
    name: "allow",
    about: "A flow that is open on purpose beside the matrix.",
    each: &[
        Key::new(
            "from",
            ENDS,
            "Sources: an address, CIDR prefix or range, a role or group, `any`, or a list of them.",
        )
        .needed()
        .example("\"10.9.9.0/24\""),
        Key::new("to", ENDS, "Destinations, written as in `from`.")
            .needed()
            .example("\"session-host\""),
        Key::new(
            "port",
            Kind::Form(
                r"^((tcp|udp|sctp|[0-9]{1,3})/(\*|[0-9]{1,5}(-[0-9]{1,5})?)|(icmp|icmpv6|[0-9]{1,3})(/\*)?)$",
            ),
            "Protocol and ports: tcp/5985, tcp/1024-2048, udp/*, icmp.",
        )
        .needed()
        .example("\"tcp/5985\""),
        Key::new("reason", Kind::Filled, "Why it is open.")
            .needed()
            .example("\"WinRM from the jump hosts\""),
    ],
    one_of: &[],
};

/// `[[waive]]`.
pub(super) const WAIVE: Keys = Keys {
    name: "waive",
    about: "A finding that somebody answers for until a day. At least one of requirement, rule and export is needed.",
    each: &[
        Key::new("code", Kind::Word(codes), "The code of the finding.")
            .needed()
            .example("\"over-permissive-source\""),
        Key::new(
            "requirement",
            Kind::Name(|| BuiltinNames::all().requirements),
            "The id of the requirement.",
        )
        .example("\"session-host.session-info\""),
        Key::new(
            "rule",
            Kind::Text,
            "The name of the rule, as reports print it.",
        )
        .example("\"AllowRDP\""),
        Key::new(
            "export",
            Kind::Text,
            "The export: a glob relative to this file.",
        )
        .example("\"azure/*.json\""),
        Key::new("until", Kind::Date, "The last day of the waiver, UTC.")
            .needed()
            .example("2027-03-31"),
        Key::new(
            "reason",
            Kind::Filled,
            "Why, for example the number of a change.",
        )
        .needed()
        .example("\"CHG0012345\""),
        Key::new("owner", Kind::Filled, "Who answers for it.")
            .needed()
            .example("\"network team\""),
    ],
    one_of: &["requirement", "rule", "export"],
};

/// `[check]`.
pub(super) const CHECK: Keys = Keys {
    name: "check",
    about: "How a run is judged.",
    each: &[
        Key::new(
            "fail-on",
            Kind::Word(|| words(FAIL_ON)),
            "The lowest severity that fails the run. Default: error.",
        )
        .example("\"warning\""),
        Key::new(
            "require-evidence",
            Kind::Word(|| words(EVIDENCE)),
            "Which exports a requirement needs. Default: none.",
        )
        .example("\"destination\""),
        Key::new(
            "exclude",
            TEXTS,
            "Files that are not read: globs relative to this file.",
        )
        .example("[\"archive/**\"]"),
        Key::new(
            "max-age-days",
            Kind::Number(0, 36_500),
            "Exports older than this are `stale-export`. Off unless it is set.",
        )
        .example("30"),
    ],
    one_of: &[],
};

fn each(names: Vec<Named>, kind: Kind) -> Vec<(Named, Kind)> {
    names.into_iter().map(|n| (n, kind)).collect()
}

fn roles_and_groups() -> Vec<Named> {
    let names = BuiltinNames::all();
    [names.groups, names.roles].concat()
}

fn codes() -> Vec<Named> {
    let code = |c: &Code| (c.as_str().to_owned(), c.summary().to_owned());
    Code::EACH.iter().map(code).collect()
}

//! What a matrix file may hold: its tables, keys and words, for the reader and for the JSON Schema.

use super::{Audience, Customizable, Presence, Require, Transport};
use crate::common::toml_keys::{Key, Keys, Kind, PORTS, TEXTS, Words, words};
use crate::common::toml_schema;

/// The JSON Schema of a matrix file, as `schema/matrix.schema.json` has it.
#[must_use]
pub fn schema() -> String {
    toml_schema::schema("hylint requirement matrix", &FILE)
}

const ID: Kind = Kind::Form("^[a-z0-9]+([.-][a-z0-9]+)*$");

/// When a role is expected to be in a site.
pub(super) const PRESENCE: Words<Presence> = &[
    (
        "core",
        Presence::Core,
        "Every site has it: a site that declares nothing of it gets `undeclared-role`",
    ),
    (
        "external",
        Presence::External,
        "Outside the site, without fixed addresses, such as a cloud portal",
    ),
    (
        "optional",
        Presence::Optional,
        "Only if the site declares it",
    ),
];

/// Where hosts are of which a site declares nothing.
pub(super) const AUDIENCE: Words<Audience> = &[
    (
        "site",
        Audience::Site,
        "At addresses of the site, which hylint.toml declares",
    ),
    (
        "anyone",
        Audience::Anyone,
        "Anywhere on the Internet by design: what it needs may be open to any source, unless it is a sensitive service",
    ),
];

pub(super) const TRANSPORT: Words<Transport> = &[
    ("tcp", Transport::Tcp, "TCP"),
    ("udp", Transport::Udp, "UDP"),
];

pub(super) const REQUIRE: Words<Require> = &[
    ("all", Require::All, "Every port must be allowed"),
    (
        "any",
        Require::Any,
        "One port must be allowed, the same one through every layer",
    ),
];

pub(super) const CUSTOMIZABLE: Words<Customizable> = &[
    ("no", Customizable::No, "A site cannot move the ports"),
    (
        "yes",
        Customizable::Yes,
        "A site may move the ports with [ports]",
    ),
    (
        "peer",
        Customizable::Peer,
        "The ports are configured on the other product, and a site may move them with [ports]",
    ),
];

/// Whether a requirement holds for direct access only.
pub(super) const ACCESS: Words<bool> = &[
    ("always", false, "Required in every access mode"),
    (
        "direct",
        true,
        "Required where clients connect directly; with a gateway it must stay closed",
    ),
];

/// In which access mode an implied flow is there: whether it is that of the gateway.
pub(super) const IMPLIED_ACCESS: Words<bool> = &[
    ("gateway", true, "Only where clients come through a gateway"),
    ("direct", false, "Only where clients connect directly"),
];

/// The file.
pub const FILE: Keys = Keys {
    name: "",
    about: "A requirement matrix of hylint: roles, and the flows that are required between them.",
    each: &[
        Key::new("matrix", Kind::Table(&MATRIX), MATRIX.about),
        Key::new("role", Kind::Tables(&ROLE), ROLE.about),
        Key::new("group", Kind::Tables(&GROUP), GROUP.about),
        Key::new("feature", Kind::Tables(&FEATURE), FEATURE.about),
        Key::new("requirement", Kind::Tables(&REQUIREMENT), REQUIREMENT.about),
        Key::new("implied", Kind::Tables(&IMPLIED), IMPLIED.about),
    ],
    one_of: &[],
};

/// `[matrix]`.
pub(super) const MATRIX: Keys = Keys {
    name: "matrix",
    about: "The matrix as a whole: its id, version and name.",
    each: &[
        Key::new("id", ID, "Id of the matrix: lower-case letters and digits, joined by `-` or `.`.")
            .needed()
            .example("\"crm\""),
        Key::new("version", Kind::Text, "Version of the vendor's table.").example("\"4\""),
        Key::new("name", Kind::Text, "Name for people; the id if it is left out.")
            .example("\"Example CRM\""),
        Key::new(
            "programs",
            TEXTS,
            "Which programs may serve requirements without `listeners`: parts of their paths, names or services.",
        )
        .example("[\"example\", \"crm\"]"),
    ],
    one_of: &[],
};

/// `[[role]]`.
pub(super) const ROLE: Keys = Keys {
    name: "role",
    about: "A role that hosts have, such as a web server.",
    each: &[
        Key::new("id", ID, "Id of the role, as in hylint.toml: lower-case letters and digits, joined by `-` or `.`.")
            .needed()
            .example("\"app-server\""),
        Key::new("name", Kind::Text, "Name for people; the id if it is left out.").example("\"Web server\""),
        Key::new(
            "presence",
            Kind::Word(|| words(PRESENCE)),
            "Whether a site is expected to have the role. Default: optional.",
        )
        .example("\"core\""),
        Key::new(
            "lives-on",
            ID,
            "The role runs on the hosts of this role, unless the site declares it elsewhere.",
        )
        .example("\"web\""),
        Key::new(
            "lives-if",
            ID,
            "`lives-on` holds only if this role is in the site.",
        )
        .example("\"database\""),
        Key::new(
            "ports-with",
            ID,
            "A site that moves the ports of this role moves those of the role as well.",
        )
        .example("\"database\""),
        Key::new(
            "implies",
            Kind::List(&ID, 0),
            "Roles that every site with this one has: a site declares them, or sets them to [].",
        )
        .example("[\"client\"]"),
        Key::new(
            "aliases",
            TEXTS,
            "Further spellings in paths, tags and group names.",
        )
        .example("[\"www\", \"frontend\"]"),
        Key::new(
            "audience",
            Kind::Word(|| words(AUDIENCE)),
            "Where hosts of the role are. Default: site.",
        )
        .example("\"anyone\""),
        Key::new(
            "destinations",
            TEXTS,
            "Keys of [resolve] that stand for the addresses of an external role in rules.",
        )
        .example("[\"azure:AzureCloud\"]"),
    ],
    one_of: &[],
};

/// `[[group]]`.
pub(super) const GROUP: Keys = Keys {
    name: "group",
    about: "One name for several roles. A requirement that names a group holds for every member that is in the site.",
    each: &[
        Key::new("id", ID, "Id of the group.")
            .needed()
            .example("\"servers\""),
        Key::new("roles", Kind::List(&ID, 1), "Its roles.")
            .needed()
            .example("[\"web\", \"database\"]"),
    ],
    one_of: &[],
};

/// `[[feature]]`.
pub(super) const FEATURE: Keys = Keys {
    name: "feature",
    about: "A part of the product that a site may have. It is on where its role is in the site.",
    each: &[
        Key::new("id", ID, "Key of `features` in [deployment].")
            .needed()
            .example("\"printing\""),
        Key::new("role", ID, "The role that switches the feature on.")
            .needed()
            .example("\"recording-server\""),
    ],
    one_of: &[],
};

const FLOW_ID: Key = Key::new(
    "id",
    ID,
    "Stable id that says what the flow is for: lower-case letters and digits, joined by `-` or `.`.",
)
.needed()
.example("\"web.database\"");
const FROM: Key = Key::new("from", ID, "The role or group that opens the connection.")
    .needed()
    .example("\"web\"");
const TO: Key = Key::new("to", ID, "The role or group that accepts the connection.")
    .needed()
    .example("\"database\"");
const TRANSPORT_KEY: Key = Key::new(
    "transport",
    Kind::Word(|| words(TRANSPORT)),
    "Transport protocol.",
)
.needed()
.example("\"tcp\"");
const PORTS_KEY: Key = Key::new(
    "ports",
    PORTS,
    "Destination ports: numbers, or ranges as strings.",
)
.needed()
.example("[5432, \"6000-6010\"]");

/// `[[requirement]]`.
pub(super) const REQUIREMENT: Keys = Keys {
    name: "requirement",
    about: "A flow that must be allowed: one row of the vendor's table.",
    each: &[
        FLOW_ID,
        Key::new("row", Kind::Number(1, u32::MAX as i64), "Row of the vendor's table; each number once.")
            .needed()
            .example("1"),
        FROM,
        TO,
        Key::new(
            "to-any",
            Kind::List(&ID, 0),
            "Further destinations, of which any one suffices in place of `to`.",
        )
        .example("[\"replica\"]"),
        Key::new("purpose", Kind::Text, "What the flow is for, in one sentence.")
            .example("\"The web server queries the database\""),
        TRANSPORT_KEY,
        PORTS_KEY,
        Key::new(
            "require",
            Kind::Word(|| words(REQUIRE)),
            "Whether all ports are needed or any one of them. Default: all.",
        )
        .example("\"any\""),
        Key::new(
            "application-protocol",
            Kind::Text,
            "Protocol above the transport. Default: the transport.",
        )
        .example("\"https\""),
        Key::new(
            "customizable",
            Kind::Word(|| words(CUSTOMIZABLE)),
            "Whether a site may move the ports. Default: no.",
        )
        .example("\"yes\""),
        Key::new(
            "mandatory",
            Kind::Bool,
            "true: a blocked flow is an error; false: a warning.",
        )
        .needed()
        .example("true"),
        Key::new(
            "vendor-mandatory",
            Kind::Text,
            "The vendor's own word for it, where it is not a plain yes or no.",
        )
        .example("\"No*\""),
        Key::new(
            "feature",
            ID,
            "The requirement applies only while this feature is on.",
        )
        .example("\"recording\""),
        Key::new(
            "access",
            Kind::Word(|| words(ACCESS)),
            "In which access mode the requirement applies. Default: always.",
        )
        .example("\"direct\""),
        Key::new(
            "listeners",
            TEXTS,
            "Programs or services that serve the ports: a Windows rule for another program does not count.",
        )
        .example("[\"sqlservr.exe\", \"mssqlserver\"]"),
        Key::new(
            "reply",
            Kind::Bool,
            "Whether replies must pass, too. Default: true.",
        )
        .example("false"),
        Key::new(
            "separate-from",
            ID,
            "Only hosts of `from` that do not have this role need the flow.",
        )
        .example("\"web\""),
        Key::new("impact", Kind::Text, "What stops working when the flow is blocked.")
            .example("\"Pages stay empty\""),
        Key::new("reference", Kind::Text, "Where the vendor's documentation has it.")
            .example("\"Installation guide, chapter 2\""),
        Key::new(
            "note",
            Kind::Text,
            "How an ambiguity of the vendor's table is settled.",
        )
        .example("\"The table names no port; that of the default installation is taken\""),
    ],
    one_of: &[],
};

/// `[[implied]]`.
pub(super) const IMPLIED: Keys = Keys {
    name: "implied",
    about: "A flow that the vendor's table does not list and that belongs to the product: it is never open without need.",
    each: &[
        FLOW_ID,
        FROM,
        TO,
        TRANSPORT_KEY,
        PORTS_KEY,
        Key::new("reason", Kind::Text, "Why the flow is there.")
            .needed()
            .example("\"Sessions through the gateway end here\""),
        Key::new(
            "judged",
            Kind::Bool,
            "true: a warning where it is blocked. Default: false.",
        )
        .example("true"),
        Key::new(
            "access",
            Kind::Word(|| words(IMPLIED_ACCESS)),
            "The access mode in which the flow is there. Default: every one.",
        )
        .example("\"gateway\""),
    ],
    one_of: &[],
};

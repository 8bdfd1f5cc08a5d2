//! The objects of the JSON form: keys that are read, and keys that say nothing about packets (libnftables-json(5), and the
//! keys that its first release, nftables 0.9.0, had instead).

use crate::json::shape::object;

object! {
    /// What the document says of itself.
    Metainfo, METAINFO, "the metainfo",
    keys: { schema: "json_schema_version", },
    inert: &["release_name", "version"],
}

object! {
    /// A table.
    Table, TABLE, "a table",
    keys: { family: "family", name: "name", handle: "handle", flags: "flags", comment: "comment", },
    inert: &[],
}

object! {
    /// A chain.
    Chain, CHAIN, "a chain",
    keys: {
        family: "family", table: "table", name: "name", handle: "handle", kind: "type", hook: "hook", prio: "prio",
        dev: "dev", policy: "policy", comment: "comment",
    },
    inert: &["newname"],
}

object! {
    /// A rule.
    Rule, RULE, "a rule",
    keys: {
        family: "family", table: "table", chain: "chain", handle: "handle", index: "index", position: "position",
        pos: "pos", expr: "expr", comment: "comment",
    },
    inert: &[],
}

object! {
    /// A set, map or meter.
    Set, SET, "a set",
    keys: {
        family: "family", table: "table", name: "name", handle: "handle", kind: "type", map: "map", flags: "flags",
        elem: "elem", timeout: "timeout", stmt: "stmt", size: "size",
    },
    inert: &["auto-merge", "comment", "gc-interval", "policy"],
}

object! {
    /// Elements of a set or map.
    Elements, ELEMENTS, "an element",
    keys: { family: "family", table: "table", name: "name", elem: "elem", },
    inert: &["handle"],
}

object! {
    /// A match.
    Match, MATCH, "a match",
    keys: { op: "op", left: "left", right: "right", },
    inert: &[],
}

object! {
    /// `map`, `vmap`, and `mangle`, whose keys are those of a map but for `value`.
    Lookup, LOOKUP, "a map",
    keys: { key: "key", data: "data", value: "value", left: "left", right: "right", },
    inert: &[],
}

object! {
    /// `snat`, `dnat`, `masquerade` and `redirect`.
    Nat, NAT, "a translation",
    keys: { family: "family", addr: "addr", port: "port", flags: "flags", type_flags: "type_flags", },
    inert: &[],
}

object! {
    /// `limit`, `quota` and `ct count`.
    Over, OVER, "a limit",
    keys: {
        inv: "inv", val: "val", val_unit: "val_unit", rate: "rate", rate_unit: "rate_unit", per: "per", burst: "burst",
        burst_unit: "burst_unit",
    },
    inert: &["used", "used_unit"],
}

object! {
    /// `queue`.
    Queue, QUEUE, "a queue",
    keys: { flags: "flags", },
    inert: &["num"],
}

object! {
    /// A statement that writes a set or map, and the older `meter`.
    Update, UPDATE, "a set statement",
    keys: {
        op: "op", elem: "elem", set: "set", map: "map", data: "data", stmt: "stmt", key: "key", name: "name",
    },
    inert: &["size"],
}

object! {
    /// An extension of iptables.
    Xt, XT, "an xt expression",
    keys: { kind: "type", name: "name", },
    inert: &[],
}

object! {
    /// `meta`, `ct`, `rt`, `socket`, `osf`, `ipsec`, `tunnel`.
    Keyed, KEYED, "an expression",
    keys: {
        key: "key", family: "family", dir: "dir", ttl: "ttl", spnum: "spnum", level: "level",
    },
    inert: &[],
}

object! {
    /// A field of a header, of an extension header or of an option, or raw payload.
    Field, FIELD, "a field",
    keys: {
        protocol: "protocol", field: "field", tunnel: "tunnel", base: "base", offset: "offset", len: "len", name: "name",
        kind: "type",
    },
    inert: &[],
}

object! {
    /// A prefix.
    Prefix, PREFIX, "a prefix",
    keys: { addr: "addr", len: "len", },
    inert: &[],
}

object! {
    /// `fib`.
    Fib, FIB, "a fib expression",
    keys: { result: "result", flags: "flags", },
    inert: &[],
}

object! {
    /// `numgen`, `jhash` and `symhash`.
    Modulo, MODULO, "a hash",
    keys: { mode: "mode", modulus: "mod", offset: "offset", expr: "expr", },
    inert: &["seed"],
}

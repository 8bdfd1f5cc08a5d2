//! The machine format of a change, version 1.0. Its structs are the interface: a key that changes here breaks those who read
//! it. The JSON Schema `schema/diff-1.0.json` is made from them.

use super::DiffReport;
use super::words;
use crate::finding::difference::{
    Decision, Difference, Envelope, Hosts, Interfaces, PacketChange, PolicyChange,
    RequirementChange, State,
};
use crate::finding::outcome::Status;
use crate::finding::{DeciderKind, Severity};
use crate::report::json::{Export, FindingOut, Matrix, SCHEMA_VERSION, Site, Tool, schema_of};
use crate::report::{RenderOptions, write_json};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};

/// The report as one JSON object.
pub(super) struct Json;

impl DiffReport for Json {
    fn write(&self, d: &Difference, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        write_json(&Document::of(d), out)
    }
}

/// The JSON Schema of the report, as checked in.
#[must_use]
pub fn schema() -> String {
    schema_of::<Document<'_>>()
}

/// What `hylint diff --format json` writes. Readers ignore keys they do not know.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "hylint diff report 1.0")]
struct Document<'a> {
    /// "1.0".
    schema_version: &'a str,
    tool: Tool<'a>,
    /// RFC 3339, UTC.
    evaluated_at: &'a str,
    /// none or changed: whether any packet is decided otherwise, or a host was added or removed.
    effect: &'a str,
    /// The side before.
    old: Side<'a>,
    /// The side after.
    new: Side<'a>,
    hosts: HostsOut<'a>,
    /// Changes of what decides whether a change passes: hylint.toml, the matrix.
    policy: Vec<Policy<'a>>,
    /// Requirements whose status differs, in row order.
    requirements: Vec<Requirement<'a>>,
    findings: FindingsOut<'a>,
    /// Packets that are decided otherwise: those that open first.
    packets: Vec<Packet<'a>>,
    /// Whose requirements and `[[allow]]` say what may open: old, new (the old side has none), or none (neither has any).
    envelope: &'a str,
    /// Lowest severity of a new finding that fails.
    fail_on: Severity,
    /// What the packets rest on, and what "no change in effect" does not mean.
    limits: Vec<String>,
    summary: Summary,
}

/// What was compared.
#[derive(Serialize, JsonSchema)]
struct Side<'a> {
    /// As it was given: a path, or a revision of git.
    name: &'a str,
    site: Site<'a>,
    matrix: Matrix<'a>,
    exports: Vec<Export<'a>>,
}

/// Hosts and other firewalls that one side alone has.
#[derive(Serialize, JsonSchema)]
struct HostsOut<'a> {
    added: &'a [String],
    removed: &'a [String],
}

#[derive(Serialize, JsonSchema)]
struct Policy<'a> {
    /// The key or table, as hylint.toml has it.
    key: &'a str,
    /// Null: nothing.
    old: Option<&'a str>,
    /// Null: nothing.
    new: Option<&'a str>,
    /// It lets more pass than before.
    loosened: bool,
    message: &'a str,
    path: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Requirement<'a> {
    /// Row of the vendor's table.
    row: u32,
    id: &'a str,
    /// Null: the old matrix does not have it.
    old: Option<Status>,
    /// Null: the new matrix does not have it.
    new: Option<Status>,
    /// Less is proven than before.
    worse: bool,
    purpose: &'a str,
    /// What breaks when it is closed.
    impact: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct FindingsOut<'a> {
    new: Vec<FindingOut<'a>>,
    gone: Vec<FindingOut<'a>>,
}

/// Packets of one family at one point in one direction.
#[derive(Serialize, JsonSchema)]
struct Packet<'a> {
    host: Option<&'a str>,
    point: &'a str,
    /// in, out or forward.
    direction: &'a str,
    /// opened, closed, conditional or redirected.
    change: &'a str,
    /// Proven to be among what may open.
    within: bool,
    /// CIDR or `a-b`.
    src: Values<'a>,
    /// CIDR or `a-b`, before translation.
    dst: Values<'a>,
    /// Lower-case names, else numbers.
    proto: Values<'a>,
    /// `443` or `1024-65535`; of ICMP the type.
    sport: Values<'a>,
    /// `443` or `1024-65535`; of ICMP the code.
    dport: Values<'a>,
    in_iface: InterfacesOut<'a>,
    out_iface: InterfacesOut<'a>,
    /// TCP flags of the packet; null where the protocols have none.
    flags: Option<&'a str>,
    /// What connection tracking says of it: NEW, or ESTABLISHED where only later packets of the conversation are decided
    /// otherwise. Null: several.
    state: Option<&'a str>,
    /// What the verdicts depend on.
    conditions: &'a [String],
    old: DecisionOut<'a>,
    new: DecisionOut<'a>,
}

/// Null: any. One: a string. Several: an array.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Values<'a> {
    Any,
    One(&'a str),
    Several(&'a [String]),
}

/// Null: any.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum InterfacesOut<'a> {
    Any,
    Named(&'a [String]),
    Not {
        /// Any but these.
        not: &'a [String],
    },
}

/// What decides on one side: evidence as in `check`, and what it decides.
#[derive(Serialize, JsonSchema)]
struct DecisionOut<'a> {
    path: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    /// Null for a policy or a default.
    rule: Option<&'a str>,
    /// rule, policy, default or implicit.
    kind: &'a str,
    /// allow, deny or conditional.
    verdict: &'a str,
    /// Where the packets are translated to.
    translated: Option<&'a str>,
}

/// Counts, and the verdict.
#[derive(Serialize, JsonSchema)]
struct Summary {
    opened: usize,
    closed: usize,
    conditional: usize,
    redirected: usize,
    /// All that opens, or may, is proven to be among what may; false where nothing says what may.
    within: bool,
    /// Requirements of which less is proven than before.
    worse: usize,
    /// Requirements of which more is proven than before.
    better: usize,
    /// New findings.
    new: usize,
    /// Findings that are gone.
    gone: usize,
    /// New findings that fail.
    failing: usize,
    /// Policy changes that let more pass.
    loosened: usize,
    /// The word of the gate: PASSED, FAILED or NOT RUN.
    gate: &'static str,
    /// The word of the gate and why, as every report says it.
    verdict: String,
}

impl<'a> Document<'a> {
    fn of(d: &'a Difference) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool::this(),
            evaluated_at: &d.evaluated_at,
            effect: if d.is_none() { "none" } else { "changed" },
            old: Side::of(&d.old),
            new: Side::of(&d.new),
            hosts: HostsOut::of(&d.hosts),
            policy: d.policy.iter().map(Policy::of).collect(),
            requirements: d.requirements.iter().map(Requirement::of).collect(),
            findings: FindingsOut {
                new: d.findings.new.iter().map(FindingOut::of).collect(),
                gone: d.findings.gone.iter().map(FindingOut::of).collect(),
            },
            packets: d.packets.iter().map(Packet::of).collect(),
            envelope: match d.envelope {
                Envelope::Old => "old",
                Envelope::New => "new",
                Envelope::None => "none",
            },
            fail_on: d.fail_on,
            limits: words::limits(d),
            summary: Summary::of(d),
        }
    }
}

impl<'a> Side<'a> {
    fn of(s: &'a State) -> Self {
        Self {
            name: &s.name,
            site: Site::of(&s.site),
            matrix: Matrix::of(&s.matrix),
            exports: s.exports.iter().map(Export::of).collect(),
        }
    }
}

impl<'a> HostsOut<'a> {
    fn of(h: &'a Hosts) -> Self {
        Self {
            added: &h.added,
            removed: &h.removed,
        }
    }
}

impl<'a> Policy<'a> {
    fn of(p: &'a PolicyChange) -> Self {
        let place = p.place.as_ref();
        Self {
            key: &p.key,
            old: p.old.as_deref(),
            new: p.new.as_deref(),
            loosened: p.loosened,
            message: &p.message,
            path: place.map(|p| &*p.path),
            line: place.map(|p| p.start.line),
            column: place.map(|p| p.start.column),
        }
    }
}

impl<'a> Requirement<'a> {
    fn of(r: &'a RequirementChange) -> Self {
        Self {
            row: r.row,
            id: &r.id,
            old: r.old,
            new: r.new,
            worse: r.worse,
            purpose: &r.purpose,
            impact: &r.impact,
        }
    }
}

impl<'a> Packet<'a> {
    fn of(p: &'a PacketChange) -> Self {
        Self {
            host: p.host.as_deref(),
            point: &p.point,
            direction: p.direction.as_str(),
            change: p.change.as_str(),
            within: p.within,
            src: Values::of(&p.src),
            dst: Values::of(&p.dst),
            proto: Values::of(&p.proto),
            sport: Values::of(&p.sport),
            dport: Values::of(&p.dport),
            in_iface: InterfacesOut::of(&p.in_iface),
            out_iface: InterfacesOut::of(&p.out_iface),
            flags: p.flags.as_deref(),
            state: p.state.as_deref(),
            conditions: &p.conditions,
            old: DecisionOut::of(&p.old),
            new: DecisionOut::of(&p.new),
        }
    }
}

impl<'a> Values<'a> {
    fn of(all: &'a [String]) -> Self {
        match all {
            [] => Self::Any,
            [one] => Self::One(one),
            several => Self::Several(several),
        }
    }
}

impl<'a> InterfacesOut<'a> {
    fn of(i: &'a Interfaces) -> Self {
        match i {
            Interfaces::Any => Self::Any,
            Interfaces::Named(names) => Self::Named(names),
            Interfaces::Not(not) => Self::Not { not },
        }
    }
}

impl<'a> DecisionOut<'a> {
    fn of(d: &'a Decision) -> Self {
        let e = &d.evidence;
        let place = e.place.as_ref();
        // A policy has the chain's name in its place.
        let named = e.kind == DeciderKind::Rule && !e.rule.is_empty();
        Self {
            path: place.map(|p| &*p.path),
            line: place.map(|p| p.start.line),
            column: place.map(|p| p.start.column),
            rule: named.then_some(&*e.rule),
            kind: e.kind.as_str(),
            verdict: d.verdict.as_str(),
            translated: d.translated.as_deref(),
        }
    }
}

impl Summary {
    fn of(d: &Difference) -> Self {
        let c = d.counts();
        Self {
            opened: c.opened,
            closed: c.closed,
            conditional: c.conditional,
            redirected: c.redirected,
            within: d.within(),
            worse: c.worse,
            better: c.better,
            new: d.findings.new.len(),
            gone: d.findings.gone.len(),
            failing: d.failing().count(),
            loosened: d.policy.iter().filter(|p| p.loosened).count(),
            gate: words::gate(d),
            verdict: words::verdict(d),
        }
    }
}

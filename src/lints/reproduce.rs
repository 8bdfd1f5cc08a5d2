//! The `hylint trace` commands that show what a finding claims.

use super::process::Named;
use crate::finding::{Reproduce, Witness};
use crate::judge::{Cause, Exports, Failure, FlowSpec, Guard};
use hylint_engine::{Branch, Direction, Effect, LocalPolicy, PointId, Process, SetId, evaluate};
use hylint_model::{Body, Listener, OtherPolicy, OtherRules, Point, Side, Span, Test};
use hylint_parsers::shell;
use hylint_space::{
    AddrSet, Family, FlagSet, IfaceSet, PacketBox, PortSet, ProtoSet, StateSet, TcpFlags,
    iface_name,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Most points that one command names; more make no command that anybody runs.
const POINTS: usize = 16;
/// Rules of an export of which more are not looked through for each finding.
const MANY: usize = 4096;
/// Processes that are tried for one finding.
const PROCESSES: usize = 8;
/// Ranges of a resolved name that are told whole.
const RANGES: usize = 8;

/// Commands that show what becomes of these packets of a failure at a guard: one for each export that its points stand in.
/// None if the packet alone does not show it, as `trace` knows neither the peers nor the process that the finding rests on.
pub(super) fn of_required(
    exports: &Exports,
    guard: &Guard<'_>,
    spec: Option<&FlowSpec<'_>>,
    f: &Failure<'_>,
    witness: &Witness,
) -> Vec<Reproduce> {
    let Some(packets) = f.packets.first().filter(|_| f.cause != Cause::PeersUnknown) else {
        return Vec::new();
    };
    let direction = match (guard.direction, f.cause.is_reply()) {
        (Direction::In, true) => Direction::Out,
        (Direction::Out, true) => Direction::In,
        (direction, _) => direction,
    };
    let (claim, verdict) = match f.cause.is_undecided() {
        true => (Effect::Unknown, "conditional"),
        false => (Effect::Deny, "deny"),
    };
    let next = matches!(
        f.cause,
        Cause::NextDenied { .. } | Cause::NextUndecided { .. }
    );
    // Which of the packets of its direction is stopped, the flags alone tell.
    let flags: &[Flags] = match (f.cause.is_reply(), next) {
        (true, _) => &[SYN_ACK, ACK],
        (false, true) => &[ACK],
        (false, false) => &[SYN],
    };
    let commands = flags.iter().find_map(|flags| {
        let mut packet = OnePacket::new(guard, direction, packets, witness, (*flags, f.state))?;
        packet.listener = spec.map(|s| s.listener(direction));
        packet.commands(exports, guard, claim)
    });
    let reproduce = |command| Reproduce { command, verdict };
    let commands = commands.unwrap_or_default().into_iter();
    commands.map(reproduce).collect()
}

/// The command that shows that the export of a point lets a packet in. None if that rests on more than the packet tells.
pub(super) fn of_open(
    exports: &Exports,
    guard: &Guard<'_>,
    at: PointId,
    packets: &PacketBox,
    witness: &Witness,
) -> Vec<Reproduce> {
    // Names that rules ask about are looked for rule by rule, and there may be a finding for each.
    let rules = exports.get(at.set).map_or(0, |e| e.export.rules_in_model());
    if !guard.resolve.is_empty() && rules > MANY {
        return Vec::new();
    }
    let told = || {
        let packet = OnePacket::new(guard, guard.direction, packets, witness, (SYN, ""))?;
        let own = guard.points.iter().filter(|p| p.set == at.set).copied();
        let points: Vec<PointId> = own.filter(|p| packet.is_for(exports, *p)).collect();
        let named = packet.shown(exports, guard, &points, Effect::Allow)?;
        packet.command(exports, guard, at.set, &points, named)
    };
    let reproduce = |command| Reproduce {
        command,
        verdict: "allow",
    };
    told().into_iter().map(reproduce).collect()
}

/// One packet as `trace` takes it.
struct OnePacket<'w> {
    witness: &'w Witness,
    direction: Direction,
    /// The process of the row that the packet is of.
    listener: Option<Listener<'w>>,
    family: Family,
    space: PacketBox,
    state: Option<&'static str>,
    flags: Option<&'static str>,
    in_iface: Option<String>,
    out_iface: Option<String>,
}

/// TCP flags with their name.
type Flags = (&'static str, TcpFlags);
const SYN: Flags = ("SYN", TcpFlags::SYN);
const SYN_ACK: Flags = ("SYN+ACK", TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0));
const ACK: Flags = ("ACK", TcpFlags::ACK);

impl<'w> OnePacket<'w> {
    fn new(
        guard: &Guard<'w>,
        direction: Direction,
        packets: &PacketBox,
        witness: &'w Witness,
        ((name, flags), state): (Flags, &'static str),
    ) -> Option<Self> {
        let (src, dst): (IpAddr, IpAddr) = (witness.src.parse().ok()?, witness.dst.parse().ok()?);
        let known = StateSet::parse(state).unwrap_or(StateSet::NEW);
        let proto = hylint_parsers::iptables::protocol_number(&witness.proto)?;
        let tcp = proto == hylint_space::proto::TCP;
        // The interface that the site says, else one of those that the packets may use.
        let face = |wanted: bool, peer: IpAddr, all: &IfaceSet| {
            let has = |(_, peers): &&(String, AddrSet)| peers.contains(peer);
            let said = guard.interfaces.iter().find(has);
            let said = said.map(|(name, _)| name.trim_end_matches('+').to_owned());
            said.or_else(|| interface(all)).filter(|_| wanted)
        };
        let in_iface = face(direction != Direction::Out, src, &packets.in_iface);
        let out_iface = face(direction != Direction::In, dst, &packets.out_iface);
        let iface = |name: &Option<String>| match name {
            Some(n) => IfaceSet::single(iface_name(n)),
            None => IfaceSet::single(0),
        };
        let port = |p: Option<u16>| PortSet::single(p.unwrap_or(0));
        let space = PacketBox {
            src: AddrSet::host(src),
            dst: AddrSet::host(dst),
            proto: ProtoSet::single(proto),
            sport: port(witness.sport),
            dport: port(witness.dport),
            flags: match tcp {
                true => FlagSet::exactly(flags),
                false => FlagSet::FULL,
            },
            state: StateSet::exactly(known, false, false),
            in_iface: iface(&in_iface),
            out_iface: iface(&out_iface),
        };
        Some(Self {
            witness,
            direction,
            listener: None,
            family: if src.is_ipv6() {
                Family::V6
            } else {
                Family::V4
            },
            space,
            state: (!state.is_empty()).then_some(state),
            flags: (tcp && name != SYN.0).then_some(name),
            in_iface,
            out_iface,
        })
    }

    /// A command for each export that points of the guard stand in, if `trace` then says what is claimed.
    fn commands(&self, exports: &Exports, guard: &Guard<'_>, claim: Effect) -> Option<Vec<String>> {
        let shown = |at: &PointId| exports.point(*at).is_some_and(shows_itself);
        if !guard.points.iter().all(shown) {
            return None;
        }
        let mut sets: BTreeMap<SetId, Vec<PointId>> = BTreeMap::new();
        for at in guard.points.iter().filter(|at| self.is_for(exports, **at)) {
            sets.entry(at.set).or_default().push(*at);
        }
        let each = sets.iter().map(|(set, points)| {
            let named = self.shown(exports, guard, points, claim)?;
            self.command(exports, guard, *set, points, named)
        });
        let all: Option<Vec<String>> = each.collect();
        all.filter(|all| !all.is_empty())
    }

    /// Whether a point decides packets of this family.
    fn is_for(&self, exports: &Exports, at: PointId) -> bool {
        let point = exports.point(at);
        point.is_some_and(|p| p.families.has(self.family) || !p.kind.has_halves())
    }

    /// The process that `trace` has to be told to say what is claimed of the packet at these points; `None` if none does.
    /// Where it says so whatever process is behind the port, it needs none; of what a host sends for a row it takes the row's.
    fn shown<'p>(
        &'p self,
        exports: &'p Exports,
        guard: &Guard<'p>,
        points: &[PointId],
        claim: Effect,
    ) -> Option<Named<'p>> {
        let of = |process| self.asked(exports, guard, points, process);
        // `trace` reads no listing: it is told what listens.
        if let Some((running, _)) = guard
            .behind(&self.space)
            .filter(|_| self.listener.is_some())
        {
            let service = running.services.first().map(|s| &**s);
            let (program, only) = (Some(running.program), running.services.len() == 1);
            let service = service.filter(|_| only);
            let process = Process::Named { program, service };
            let needed = |e| e != Some(claim);
            let expected = self.listener.and_then(|l| of(Process::Expected(l)));
            if needed(expected) && of(process) == Some(claim) {
                return Some(Named { program, service });
            }
        }
        let literal = of(Process::Unknown)? == claim;
        let expected = match self.listener {
            Some(listener) => of(Process::Expected(listener))? == claim,
            None => literal,
        };
        let taken = literal || self.listener.is_some() && self.direction == Direction::Out;
        if expected && taken {
            return Some(Named::default());
        }
        if !expected && self.listener.is_some() {
            return None;
        }
        let named = match &self.listener {
            Some(listener) => Named::of_listener(listener),
            None => Named::of_rules(exports, points, &self.space, PROCESSES),
        };
        let says = |n: &Named<'_>| {
            let Named { program, service } = *n;
            let process = Process::Named { program, service };
            self.asked(exports, guard, points, process) == Some(claim)
        };
        named.into_iter().take(PROCESSES).find(says)
    }

    fn asked(
        &self,
        exports: &Exports,
        guard: &Guard<'_>,
        points: &[PointId],
        process: Process<'_>,
    ) -> Option<Effect> {
        let local = match self.direction {
            Direction::In => self.space.dst.clone(),
            Direction::Out => self.space.src.clone(),
            Direction::Forward => AddrSet::empty(),
        };
        let literal = LocalPolicy::Literal {
            uid: None,
            gid: None,
            mac: None,
            mark: 0,
        };
        let mut ctx = guard.context(exports, literal);
        ctx.local = &local;
        ctx.process = process;
        let branches = evaluate(&ctx, points, self.direction, &self.space);
        let all = |e: Effect| branches.iter().all(|b: &Branch<'_>| b.effect == e);
        let first = branches.first()?.effect;
        Some(if first != Effect::Unknown && all(first) {
            first
        } else {
            Effect::Unknown
        })
    }

    fn command(
        &self,
        exports: &Exports,
        guard: &Guard<'_>,
        set: SetId,
        points: &[PointId],
        named: Named<'_>,
    ) -> Option<String> {
        let export = exports.get(set)?;
        let mut words = vec!["hylint".to_owned(), "trace".to_owned(), path(&export.path)];
        let mut option = |name: &str, value: &str| {
            words.extend([format!("--{name}"), value.to_owned()]);
        };
        let settings = points.iter().map(|at| exports.settings(*at));
        let others: BTreeSet<SetId> = settings.filter(|s| *s != set).collect();
        for other in others {
            option("with", &path(&exports.get(other)?.path));
        }
        for beside in exports.beside(set) {
            option("with", &path(beside));
        }
        let parts = export.included.iter().flatten().filter(|f| f.by_site);
        for part in parts {
            option("with", &path(&part.path));
        }
        for id in named_points(&export.export.points, points)? {
            option("point", id);
        }
        if self.direction != Direction::In {
            option("direction", self.direction.as_str());
        }
        option("src", &self.witness.src);
        option("dst", &self.witness.dst);
        option("proto", &self.witness.proto);
        for (name, port) in [("sport", self.witness.sport), ("dport", self.witness.dport)] {
            if let Some(p) = port {
                option(name, &p.to_string());
            }
        }
        for (name, value) in [
            ("in-iface", self.in_iface.as_deref()),
            ("out-iface", self.out_iface.as_deref()),
            ("flags", self.flags),
            ("state", self.state),
            ("program", named.program),
            ("service", named.service),
            ("profile", profile(exports, guard, points)),
        ] {
            if let Some(value) = value {
                option(name, value);
            }
        }
        for (name, addrs) in self.names(exports, guard, points) {
            option("resolve", &format!("{name}={addrs}"));
        }
        let words: Result<Vec<String>, _> = words.iter().map(|w| shell::posix(w)).collect();
        Some(words.ok()?.join(" "))
    }

    /// Names with known addresses that rules ask about this packet. A name of which it is not known whether it holds an
    /// address of the packet is left for `trace` not to know either.
    fn names<'g>(
        &self,
        exports: &Exports,
        guard: &'g Guard<'_>,
        points: &[PointId],
    ) -> BTreeMap<&'g str, String> {
        let mut out = BTreeMap::new();
        if guard.resolve.is_empty() {
            return out;
        }
        let points = points.iter().filter_map(|at| exports.point(*at));
        let clauses = points.flat_map(Point::rules).flat_map(|r| &r.clauses);
        let asking = clauses.filter(|c| !c.conditions.is_empty());
        let met = asking.filter(|c| c.space.intersects(&self.space));
        let mut unsure = BTreeSet::new();
        for cond in met.flat_map(|c| &c.conditions) {
            if let Test::Named { key, side } = &cond.test
                && let Some((key, addrs)) = guard.resolve.get_key_value(&**key)
            {
                out.entry(key.as_str())
                    .or_insert_with(|| self.listed(addrs));
                if self.unsure(guard, key, *side) {
                    unsure.insert(key.as_str());
                }
            }
        }
        out.retain(|key, _| !unsure.contains(key));
        out
    }

    /// Whether it is not known if a name holds the packet's address on this side.
    fn unsure(&self, guard: &Guard<'_>, name: &str, side: Side) -> bool {
        let asked = match side {
            Side::Src => &self.space.src,
            Side::Dst => &self.space.dst,
        };
        let open = guard.open.and_then(|all| all.get(name));
        open.is_some_and(|o| o.intersects(asked))
    }

    /// Addresses of a name; of a long list those that say something of this packet.
    fn listed(&self, addrs: &AddrSet) -> String {
        let own = self.space.src.union(&self.space.dst);
        let short = addrs.v4.len() + addrs.v6.len() <= RANGES;
        let told = if short {
            addrs.clone()
        } else {
            addrs.intersect(&own)
        };
        told.texts().collect::<Vec<_>>().join(",")
    }
}

/// Whether the export of a point alone shows what decides there: the point stands in it, and no file beside it filters the
/// same packets.
fn shows_itself(point: &Point) -> bool {
    let beside = match &point.body {
        Body::Netfilter(n) => n.others == OtherRules::Shown(Span::default()),
        Body::Lists(_) => false,
    };
    !point.stand_in && !beside && point.other_policy != OtherPolicy::Shown
}

/// A path that is no option.
fn path(path: &str) -> String {
    match path.strip_prefix('-') {
        Some(_) => format!("./{path}"),
        None => path.to_owned(),
    }
}

/// The name of the first interface of a set that leaves out those that no rule names.
fn interface(all: &IfaceSet) -> Option<String> {
    let first = all.first().filter(|_| !all.contains(0))?;
    let bytes = first.to_be_bytes().into_iter().take_while(|b| *b != 0);
    String::from_utf8(bytes.collect()).ok()
}

/// The Windows profile, where the export alone does not say it.
fn profile(exports: &Exports, guard: &Guard<'_>, points: &[PointId]) -> Option<&'static str> {
    let point = exports.point(*points.first()?)?;
    if !point.kind.has_profiles() || point.active_profiles(None).passes() == [guard.profile] {
        return None;
    }
    guard.profile.name()
}

/// The names by which `--point` finds these points among all of their export; none if it needs none.
fn named_points<'p>(all: &'p [Point], points: &[PointId]) -> Option<Vec<&'p str>> {
    // Two halves of one firewall need no choice.
    let one = match all {
        [_] => true,
        [a, b] => {
            let halves = a.kind.has_halves() && b.kind.has_halves();
            let (a, b) = (a.families, b.families);
            halves && !(a.v4 && b.v4 || a.v6 && b.v6)
        }
        _ => false,
    };
    if one {
        return Some(Vec::new());
    }
    if points.len() > POINTS {
        return None;
    }
    let name = |at: &PointId| {
        let p = all.get(at.index())?;
        let key = if p.id.is_empty() { &p.name } else { &p.id };
        let same = |o: &&Point| o.id.eq_ignore_ascii_case(key) || o.name.eq_ignore_ascii_case(key);
        (!key.is_empty() && all.iter().filter(same).count() == 1).then_some(&**key)
    };
    points.iter().map(name).collect()
}

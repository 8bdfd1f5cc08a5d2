//! What hylint says of a site held against what the oracle says.

use crate::ask::{Fate, by_each_reading};
use crate::site::{Exposed, Packet, Role, Site, Way};
use crate::space::{Addr, Level};
use crate::text::{ROOT, memory, parsed, protocol};
use hylint::finding::outcome::{Check, Outcome, Status};
use hylint::finding::{Code, Finding, Severity};
use hylint::session::{Request, Session};
use hylint_model::Direction;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was compared.
#[derive(Default, Debug)]
pub(crate) struct Tally {
    pub(crate) sites: usize,
    /// Rows by what both say.
    pub(crate) rows: BTreeMap<&'static str, usize>,
    /// Hosts by how they are exposed.
    pub(crate) hosts: BTreeMap<&'static str, usize>,
    /// Rows and hosts of which the documentation leaves open what is right.
    pub(crate) open: usize,
    /// Findings of exposure that are errors.
    pub(crate) exposed: usize,
}

/// The findings that say how much of the Internet reaches something.
const EXPOSURE: [Code; 4] = [
    Code::ExposedToInternet,
    Code::OverPermissiveSource,
    Code::AnyAny,
    Code::DefaultAllow,
];

/// The differences between the two.
pub(crate) fn compared(site: &Site, files: &[(String, String)], tally: &mut Tally) -> Vec<String> {
    let matrix = files.iter().find(|f| f.0 == "matrix.toml").unwrap();
    let request = Request {
        at: "2026-11-25T00:00:00Z".parse().unwrap(),
        threads: 1,
        ..Request::new([ROOT])
    };
    let session = Session::open_with(
        Arc::new(memory(files)),
        request,
        Some(parsed(&matrix.1)),
        &hylint::common::progress::Silent,
    );
    let outcome = match session.and_then(|s| s.check()) {
        Ok(outcome) => outcome,
        Err(all) => return all.iter().map(|d| format!("cannot run: {d}")).collect(),
    };
    tally.sites += 1;
    let error = |f: &&Finding| is_exposure(f) && f.severity == Severity::Error;
    tally.exposed += outcome.findings.iter().filter(error).count();
    let mut told = rows(site, &outcome, tally);
    for host in 0..site.hosts.len() {
        told.extend(exposure(site, host, &outcome, tally));
    }
    told.extend(others(site, &outcome));
    told
}

/// Whether a verdict is one that the oracle gives too.
fn right(said: Option<Status>, fates: &BTreeSet<Option<Fate>>, lacks: bool) -> bool {
    let fate = match said {
        Some(Status::Satisfied) => Fate::Satisfied,
        Some(Status::Violated) => Fate::Violated,
        Some(Status::Conditional) => Fate::Conditional,
        // Without a layer nothing is proven; it is said in one of two words.
        _ => {
            let open = [Some(Fate::Conditional), None];
            return lacks && open.iter().any(|f| fates.contains(f));
        }
    };
    // Of client ports that hardly anybody uses a warning is enough.
    fates.contains(&Some(fate)) || (fates.contains(&None) && fate != Fate::Violated)
}

fn rows(site: &Site, outcome: &Outcome, tally: &mut Tally) -> Vec<String> {
    let mut told = Vec::new();
    for (n, row) in site.rows.iter().enumerate() {
        let id = format!("row.r{n}");
        let result = outcome.requirements.iter().find(|r| r.id == id).unwrap();
        let lacks = site.lacks(row);
        let mut asked = vec![(String::new(), None, Some(result.status))];
        // Each end by itself: what fails at one end hides nothing at the other.
        for (role, way, direction) in [
            (row.from, Way::Out, Direction::Out),
            (row.to, Way::In, Direction::In),
        ] {
            if let Role::Host(h) = role {
                let name = &site.hosts[h].name;
                let own = |c: &&Check| c.direction == direction && c.host.as_ref() == Some(name);
                let worst = result.checks.iter().filter(own).map(|c| c.status).min();
                asked.push((format!(" at {name}"), Some(way), worst));
            }
        }
        for (place, only, said) in asked {
            let fates = site.fates(row, only);
            if fates.len() > 1 || fates.contains(&None) {
                tally.open += 1;
            }
            let word = said.map_or("unverified", Status::as_str);
            if right(said, &fates, lacks) {
                *tally.rows.entry(word).or_default() += 1;
                continue;
            }
            let right: Vec<&str> = fates.iter().map(|f| f.map_or("rare", Fate::word)).collect();
            told.push(format!(
                "{} {} -> {} {} {:?}{place}: hylint {word}, oracle {}",
                n + 1,
                site.role(row.from),
                site.role(row.to),
                protocol(row.proto),
                row.ports,
                right.join(" or "),
            ));
        }
    }
    told
}

fn is_exposure(f: &Finding) -> bool {
    EXPOSURE.contains(&f.code)
}

/// Whether a port is one that a finding names: `TCP 0-49151 except 3389 from 2000::/4`.
fn named(f: &Finding, exposed: &Exposed) -> bool {
    // It opens every port, and the digits of its message are those of the host's name.
    if f.code == Code::DefaultAllow {
        return true;
    }
    // What the routes of a table that was not exported let in is not known, and a warning names the table.
    if f.code == Code::IncompleteExport && f.message.contains("route table") {
        return true;
    }
    // Behind what is open a message has the digits of names and of how many rules it takes.
    let (opened, _) = f
        .message
        .split_once(" is open to ")
        .unwrap_or((&f.message, ""));
    let texts: Vec<&str> = if f.excess.is_empty() {
        vec![opened]
    } else {
        f.excess.iter().map(|p| &*p.text).collect()
    };
    texts.iter().any(|t| {
        let (what, from) = t.split_once(" from ").unwrap_or((t, ""));
        let families = [
            from.contains('.') || from.contains("IPv4"),
            from.contains(':') || from.contains("IPv6"),
        ];
        let family = families == [false; 2]
            || from.starts_with("anyone")
            || families[usize::from(exposed.v6)];
        let (yes, no) = what.split_once(" except ").unwrap_or((what, ""));
        let protocols = ["TCP", "UDP"].iter().any(|p| yes.contains(p));
        let proto = !protocols || yes.contains(&*protocol(exposed.proto).to_uppercase());
        let every = what.starts_with("every protocol except")
            && no.contains(&*protocol(exposed.proto).to_uppercase());
        family
            && proto
            && !every
            && in_ports(yes, exposed.port, true)
            && !in_ports(no, exposed.port, false)
    })
}

/// Whether a port is among those of a text; `none` where it names none.
fn in_ports(text: &str, port: u16, none: bool) -> bool {
    let mut numbers = text
        .split(|c: char| !(c.is_ascii_digit() || c == '-'))
        .filter(|w| w.starts_with(|c: char| c.is_ascii_digit()))
        .peekable();
    let bound = |t: &str| t.parse().unwrap_or(0u32);
    match numbers.peek() {
        None => none,
        Some(_) => numbers.any(|w| {
            let (lo, hi) = w.split_once('-').unwrap_or((w, w));
            (bound(lo)..=bound(hi)).contains(&u32::from(port))
        }),
    }
}

fn exposure(site: &Site, host: usize, outcome: &Outcome, tally: &mut Tally) -> Vec<String> {
    let name = &site.hosts[host].name;
    let mut told = Vec::new();
    // A rule of a group is told once, whatever hosts the group guards.
    let about = |f: &&Finding| f.host.as_deref() == Some(name) || guarded(site, host, f);
    let of_host: Vec<&Finding> = outcome.findings.iter().filter(about).collect();
    let errors: Vec<&&Finding> = of_host
        .iter()
        .filter(|f| is_exposure(f) && f.severity == Severity::Error)
        .collect();
    let (sure, possible) = (site.exposure(host, false), site.exposure(host, true));
    // Exposed by every reading.
    let all =
        |maps: &BTreeSet<BTreeMap<Exposed, Option<Level>>>, least: Level| -> BTreeSet<Exposed> {
            let reached = |m: &BTreeMap<Exposed, Option<Level>>| -> BTreeSet<Exposed> {
                m.iter()
                    .filter(|(_, l)| l.is_some_and(|l| l >= least))
                    .map(|(e, _)| *e)
                    .collect()
            };
            let mut each = maps.iter().map(reached);
            let first = each.next().unwrap();
            each.fold(first, |a, b| &a & &b)
        };
    let must = all(&sure, Level::Anyone);
    let should = &all(&possible, Level::Anyone) | &all(&sure, Level::Large);
    // Exposed by some reading.
    let may = exposed(site, host);
    if sure.len() > 1 || possible.len() > 1 {
        tally.open += 1;
    }
    let kind = match (must.is_empty(), should.is_empty()) {
        (false, _) => "open to anyone",
        (true, false) => "open to large parts",
        (true, true) => "closed",
    };
    *tally.hosts.entry(kind).or_default() += 1;
    let untold = must.iter().filter(|e| !errors.iter().any(|f| named(f, e)));
    let untold: Vec<&Exposed> = untold.collect();
    if !untold.is_empty() {
        told.push(format!(
            "{name} {}: no error, oracle open to anyone",
            listed(&untold)
        ));
    }
    // What a route widens is told once for each table, at one of its groups.
    let own = &site.hosts[host];
    let tables = site.clouds[own.cloud].tables(own.machine);
    let folded = outcome.findings.iter().any(|f| {
        let mut of = tables.iter().map(|t| format!("of route table `{t}`"));
        f.severity >= Severity::Warning && of.any(|t| f.message.contains(&t))
    });
    let warned = |e: &Exposed| {
        let told = |f: &&Finding| f.severity >= Severity::Warning && named(f, e);
        of_host.iter().any(told) || folded
    };
    let untold: Vec<&Exposed> = should
        .iter()
        .filter(|e| !warned(e) && !must.contains(e))
        .collect();
    if !untold.is_empty() {
        told.push(format!(
            "{name} {}: no warning, oracle open to large parts",
            listed(&untold)
        ));
    }
    for f in errors {
        // Open to the network is an error too, whatever comes from the Internet.
        let own = &site.hosts[host];
        if f.code == Code::DefaultAllow && site.clouds[own.cloud].unguarded(own.machine) {
            continue;
        }
        if f.host.as_deref() == Some(name) && !may.iter().any(|e| named(f, e)) {
            let open = (0..site.hosts.len()).filter(|h| guarded(site, *h, f));
            let open: Vec<&str> = open
                .filter(|h| exposed(site, *h).iter().any(|e| named(f, e)))
                .map(|h| &*site.hosts[h].name)
                .collect();
            told.push(format!(
                "{name}: hylint {:?} {}, oracle closed{}{}",
                f.code,
                f.message,
                if open.is_empty() {
                    ""
                } else {
                    " there and open at "
                },
                open.join(", ")
            ));
        }
        if f.host.as_deref() == Some(name) {
            told.extend(witness(site, host, f));
        }
    }
    told
}

/// Whether the point that a finding is about guards a host.
fn guarded(site: &Site, host: usize, f: &Finding) -> bool {
    let own = &site.hosts[host];
    let cloud = &site.clouds[own.cloud];
    let folder = format!("{}/", cloud.folder());
    let here = f.place.as_ref().is_none_or(|p| p.path.contains(&folder));
    here && f
        .point
        .as_ref()
        .is_some_and(|p| cloud.guards(own.machine).contains(p))
}

/// The ports of a host that are open to anyone by some reading.
fn exposed(site: &Site, host: usize) -> BTreeSet<Exposed> {
    let sure = site.exposure(host, false);
    let all = sure
        .iter()
        .flatten()
        .filter(|(_, l)| l.is_none_or(|l| l == Level::Anyone));
    all.map(|(e, _)| *e).collect()
}

fn listed(of: &[&Exposed]) -> String {
    let one = |e: &&Exposed| {
        let family = if e.v6 { " IPv6" } else { "" };
        format!("{} {}{family}", protocol(e.proto), e.port)
    };
    of.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The witness of an exposure has to get in.
fn witness(site: &Site, host: usize, f: &Finding) -> Option<String> {
    let w = f.witness.as_ref()?;
    let p = Packet {
        src: Addr::parse(&w.src),
        dst: site.clouds[site.hosts[host].cloud].translated(Addr::parse(&w.dst)),
        proto: match &*w.proto {
            "tcp" => 6,
            "udp" => 17,
            other => return Some(format!("witness of protocol {other}: {}", f.message)),
        },
        sport: w.sport.unwrap_or(50_000),
        dport: w.dport.unwrap_or(1),
    };
    let enters = by_each_reading(|readings| site.enters(readings, host, &p, true));
    (!enters.contains(&true)).then(|| {
        format!(
            "{:?} {}: its witness {w:?} does not get in",
            f.code, f.message
        )
    })
}

/// Errors about anything but required flows and exposure.
fn others(site: &Site, outcome: &Outcome) -> Vec<String> {
    // That a host has no export at all is an error, too.
    let bare = |f: &&Finding| {
        let mut hosts = site.hosts.iter();
        let host = hosts.find(|h| f.host.as_deref() == Some(&*h.name));
        f.code == Code::IncompleteExport && host.is_some_and(|h| !site.clouds[h.cloud].has_rules())
    };
    let strange = outcome.findings.iter().filter(|f| !bare(f)).filter(|f| {
        // Exposure of no host of the site is no error.
        f.severity == Severity::Error
            && (!is_exposure(f) || f.host.is_none())
            && f.requirement.is_none()
            && f.row.is_none()
    });
    strange
        .map(|f| format!("unexpected {:?} {}", f.code, f.message))
        .collect()
}

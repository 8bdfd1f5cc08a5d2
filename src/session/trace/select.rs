//! Which points of an export a packet crosses.

use crate::judge::Exports;
use hylint_engine::{Direction, PointId, SetId};
use hylint_model::{Backend, Body, Point};
use std::fmt;

/// The layers, each a union of points.
pub type Selection = Vec<Vec<PointId>>;

/// Why no selection could be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SelectError {
    /// The export holds no rules.
    NoPoint,
    /// Several points, and nothing says which.
    Ambiguous(Vec<String>),
    /// A name that no point has.
    Unknown(String, Vec<String>),
    /// Packets do not go through the points this way.
    NoTransit(&'static str),
}

/// Points listed in a message.
const LISTED: usize = 12;

impl fmt::Display for SelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPoint => write!(f, "the export has no firewall rules"),
            Self::Ambiguous(all) => write!(f, "the export has {} points, expected one", all.len()),
            Self::Unknown(name, _) => write!(f, "unknown point `{name}`"),
            Self::NoTransit(kind) => {
                write!(f, "a {kind} forwards nothing")
            }
        }
    }
}

impl SelectError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NoPoint => "name the file that holds the rules".into(),
            Self::NoTransit(_) => "use --direction in or --direction out".into(),
            Self::Ambiguous(all) | Self::Unknown(_, all) => {
                let shown: Vec<&str> = all.iter().take(LISTED).map(String::as_str).collect();
                let more = all.len().saturating_sub(LISTED);
                let rest = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                format!(
                    "choose with --point (repeat it for several security groups): {}{rest}",
                    shown.join(", ")
                )
            }
        }
    }
}

/// Selects by name or id, or all points of the export with this index where that is no choice.
///
/// # Errors
/// If the names do not say which points, or a point has no such direction.
pub fn select(
    exports: &Exports,
    export: SetId,
    wanted: &[String],
    direction: Direction,
) -> Result<Selection, SelectError> {
    let points: Vec<(PointId, &Point)> = exports
        .get(export)
        .into_iter()
        .flat_map(|e| e.export.points.iter().enumerate())
        .map(|(i, p)| (PointId::new(export, i), p))
        .collect();
    let chosen = if wanted.is_empty() {
        only(&points)?
    } else {
        named(&points, wanted)?
    };
    if direction == Direction::Forward
        && let Some((_, p)) = chosen.iter().find(|(_, p)| !p.kind.forwards())
    {
        return Err(SelectError::NoTransit(p.kind.as_str()));
    }
    // Groups of one interface are united, and so are the two families of one host; any other point is a layer of its own.
    let mut layers: Selection = Vec::new();
    let united = chosen.iter().filter(|(_, p)| p.kind.is_united());
    let united: Vec<PointId> = united.map(|(at, _)| *at).collect();
    layers.extend((!united.is_empty()).then_some(united));
    let mut halves: Vec<Points<'_>> = Vec::new();
    for point in chosen.iter().filter(|(_, p)| p.kind.has_halves()) {
        let free = |l: &&mut Points<'_>| l.iter().all(|(_, other)| !overlap(other, point.1));
        match halves.iter_mut().find(free) {
            Some(layer) => layer.push(*point),
            None => halves.push(vec![*point]),
        }
    }
    let ids = |l: Points<'_>| l.into_iter().map(|(at, _)| at).collect();
    layers.extend(halves.into_iter().map(ids));
    let alone = chosen
        .iter()
        .filter(|(_, p)| !p.kind.is_united() && !p.kind.has_halves());
    layers.extend(alone.map(|(at, _)| vec![*at]));
    Ok(layers)
}

type Points<'a> = Vec<(PointId, &'a Point)>;

/// All points, if they are one: a single point, an IPv4 and an IPv6 half, or those of iptables-nft and of the legacy tools.
fn only<'a>(points: &[(PointId, &'a Point)]) -> Result<Points<'a>, SelectError> {
    let of_one = |a: &Point, b: &Point| {
        let together = !overlap(a, b) || backend(a) != backend(b);
        a.kind == b.kind && a.kind.has_halves() && together
    };
    let mut rest = points;
    while let [(_, a), behind @ ..] = rest {
        if !behind.iter().all(|(_, b)| of_one(a, b)) {
            return Err(SelectError::Ambiguous(labels(points)));
        }
        rest = behind;
    }
    match points {
        [] => Err(SelectError::NoPoint),
        all => Ok(all.to_vec()),
    }
}

/// Whether two points see packets of one family.
fn overlap(a: &Point, b: &Point) -> bool {
    a.families.v4 && b.families.v4 || a.families.v6 && b.families.v6
}

fn backend(p: &Point) -> Backend {
    match &p.body {
        Body::Netfilter(n) => n.backend,
        Body::Lists(_) => Backend::Unsaid,
    }
}

fn named<'a>(
    points: &[(PointId, &'a Point)],
    wanted: &[String],
) -> Result<Points<'a>, SelectError> {
    let mut chosen: Points<'a> = Vec::new();
    for name in wanted {
        let is = |t: &str| !t.is_empty() && t.eq_ignore_ascii_case(name);
        // An id is of one point, a name may be of several.
        let by_id: Points<'a> = points.iter().filter(|(_, p)| is(&p.id)).copied().collect();
        let found = if by_id.is_empty() {
            let of_name = |p: &Point| is(&p.name) || is(crate::link::short_name(&p.id));
            points.iter().filter(|(_, p)| of_name(p)).copied().collect()
        } else {
            by_id
        };
        match found.as_slice() {
            [] => return Err(SelectError::Unknown(name.clone(), labels(points))),
            [one] => {
                if !chosen.iter().any(|(at, _)| *at == one.0) {
                    chosen.push(*one);
                }
            }
            several => return Err(SelectError::Ambiguous(labels(several))),
        }
    }
    Ok(chosen)
}

fn labels(points: &[(PointId, &Point)]) -> Vec<String> {
    let label = |p: &Point| match (&*p.id, &*p.name) {
        ("", "") => p.kind.as_str().to_owned(),
        ("", name) => name.to_owned(),
        (id, "") => id.to_owned(),
        (id, name) if id.ends_with(name) => id.to_owned(),
        (id, name) => format!("{id} ({name})"),
    };
    points.iter().map(|(_, p)| label(p)).collect()
}

//! Which process a `trace` command names.

use crate::judge::Exports;
use hylint_engine::PointId;
use hylint_model::{Listener, Point, Test};
use hylint_space::PacketBox;

/// Rules of which more are not looked through for each finding.
const MANY: usize = 4096;

/// A process as `trace` is told it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Named<'p> {
    /// `--program`.
    pub program: Option<&'p str>,
    /// `--service`.
    pub service: Option<&'p str>,
}

impl<'p> Named<'p> {
    /// The processes that may be the listener that a row expects, those with a service first; of a row that names none, a
    /// program of the vendor.
    pub(super) fn of_listener(listener: &Listener<'p>) -> Vec<Self> {
        let is_program = |n: &&String| n.ends_with(".exe") || listener.shared.contains(n);
        let all = || listener.names.iter();
        let services = all().filter(|n| !is_program(n)).map(|n| Some(n.as_str()));
        let mut out = Vec::new();
        for service in services.chain([None]) {
            let programs = all().filter(is_program).map(|n| Some(n.as_str()));
            out.extend(
                programs
                    .chain([None])
                    .map(|program| Self { program, service }),
            );
        }
        let vendor = listener.vendor.iter().filter(|_| listener.names.is_empty());
        out.extend(vendor.map(|v| Self {
            program: Some(v),
            service: None,
        }));
        out.retain(Self::is_some);
        out
    }

    /// The first processes that rules which may match the packet ask for.
    pub(super) fn of_rules(
        exports: &'p Exports,
        points: &[PointId],
        packet: &PacketBox,
        most: usize,
    ) -> Vec<Self> {
        let points = points.iter().filter_map(|at| exports.point(*at));
        let rules = points.flat_map(Point::rules).take(MANY);
        let clauses = rules.flat_map(|r| &r.clauses);
        let met = clauses.filter(|c| c.space.intersects(packet));
        let asked = met.map(|c| {
            let mut named = Self::default();
            for cond in &c.conditions {
                match &cond.test {
                    Test::Program(p) => named.program = Some(&**p),
                    Test::Service(s) if &**s != "*" => named.service = Some(&**s),
                    _ => {}
                }
            }
            named
        });
        asked.filter(Self::is_some).take(most).collect()
    }

    fn is_some(&self) -> bool {
        self.program.is_some() || self.service.is_some()
    }
}

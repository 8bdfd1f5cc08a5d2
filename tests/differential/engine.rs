//! The engine: in this process, and as the program that is shipped.

use super::row::Row;
use super::talk::{Place, Talk};
use super::{Answer, Case, Evaluator, Probe, Sight};
use crate::universe;
use hylint::finding::AssumptionId;
use hylint::finding::outcome::Status;
use hylint::judge::{Checked, Exports, FlowSpec, Guard, NamedInterfaces, Peers, run};
use hylint::load::LoadedExport;
use hylint::rules::matrix::Require;
use hylint::session::trace::{COLUMNS, Processes, Tracer, Verdict};
use hylint_engine::{Decider, Direction, Indexes, PointId, SetId};
use hylint_model::{Export, Point, Profiles};
use hylint_parsers::source::Source;
use hylint_space::{AddrSet, PortSet};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// An export for each layer.
pub(crate) fn loaded(layers: &[Vec<Point>]) -> Vec<LoadedExport> {
    let one = |points: &Vec<Point>| {
        let export = Export {
            points: points.clone(),
            ..Export::default()
        };
        let source = Source::new("x", "", "UTF-8");
        LoadedExport::new("x".into(), source, export, String::new(), 0)
    };
    layers.iter().map(one).collect()
}

/// The same with an index for every list, however short.
pub(crate) fn indexed(layers: &[Vec<Point>]) -> Exports {
    Exports::with_indexes(loaded(layers), Indexes::of_every_list)
}

/// All points of a layer.
pub(crate) fn points(layer: usize, points: &[Point]) -> Vec<PointId> {
    let of = |p| PointId::new(SetId::new(layer), p);
    (0..points.len()).map(of).collect()
}

/// The addresses of the set that is known.
pub(crate) fn known() -> BTreeMap<String, AddrSet> {
    BTreeMap::from([("known".to_owned(), universe::range(1, 2))])
}

/// The engine in this process, with every rule looked at and by the index, which must be one.
pub(crate) struct Engine;

impl Evaluator for Engine {
    fn name(&self) -> &'static str {
        "engine"
    }

    fn sight(&self) -> Sight {
        Sight::Everything
    }

    fn answers(&mut self, case: &Case<'_>, probes: &[Probe]) -> Result<Vec<Answer>, String> {
        let scanned = verdicts(case, &loaded(case.layers).into(), probes);
        let looked_up = verdicts(case, &indexed(case.layers), probes);
        assert_eq!(
            scanned, looked_up,
            "with every rule looked at, and by the index"
        );
        Ok(scanned.into_iter().map(Answer::of).collect())
    }

    /// What `check` says of a flow between the two ends, where each address has its interface.
    fn talks(
        &mut self,
        case: &Case<'_>,
        place: &Place,
        talks: &[Talk],
    ) -> Result<Vec<Answer>, String> {
        let layer = case.layers.first().ok_or("no rules")?;
        let ids = points(0, layer);
        let scanned = loaded(case.layers).into();
        let looked_up = indexed(case.layers);
        let each = talks.iter().map(|t| {
            let one = checked(&scanned, &ids, place, t);
            let other = checked(&looked_up, &ids, place, t);
            assert_eq!(one.verdict, other.verdict, "by the index: {t}");
            one
        });
        Ok(each.collect())
    }
}

fn checked(exports: &Exports, ids: &[PointId], place: &Place, t: &Talk) -> Answer {
    let nobody = AddrSet::empty();
    let guard = Guard {
        name: "host",
        points: ids,
        direction: t.way,
        interfaces: &place.faces,
        unproven: &nobody,
        resolve: &known(),
        open: None,
        local: &place.own,
        profile: Profiles::ASSUMED,
        named: Arc::new(NamedInterfaces::of(exports, ids, None)),
        facts: None,
    };
    let (port, from) = ([t.dport], PortSet::single(t.sport));
    let spec = FlowSpec {
        protocol: t.proto,
        ports: &port,
        require: Require::All,
        listeners: &[],
        programs: &[],
        reply: t.reply,
        ephemeral: &from,
        ephemeral_declared: true,
    };
    let (me, peer) = match t.way {
        Direction::Out => (t.src, t.dst),
        Direction::In | Direction::Forward => (t.dst, t.src),
    };
    let peers = Peers {
        addrs: AddrSet::host(peer),
        unknown: false,
        external: false,
    };
    run(exports, &guard, &spec, &AddrSet::host(me), &peers).map_or(
        Answer {
            verdict: None,
            ..Answer::of(Verdict::Deny)
        },
        |c| of_check(&c),
    )
}

/// A check as a verdict. What rests on who owns a process is neither here nor there: the kernel asks the one that sends.
fn of_check(c: &Checked<'_>) -> Answer {
    let owner = |id: &AssumptionId| matches!(id, AssumptionId::Owner | AssumptionId::Program);
    let mut conditions = Vec::new();
    let mut by = String::new();
    if let Some(f) = &c.failure {
        by = format!("{:?} {}", f.cause, f.state);
        conditions.extend(f.conditions.iter().map(|c| c.text.to_string()));
        match &f.by {
            Decider::Nothing { reason, .. } => conditions.push(reason.as_str().to_owned()),
            Decider::Rule { rule, .. } => {
                conditions.extend(rule.action.opaque().map(str::to_owned));
                by = format!("{by} {:?}", rule.span);
            }
            _ => {}
        }
    }
    if conditions.is_empty() {
        // Packets alone differ: an address or a port that a translation leaves open.
        conditions.push("translation to one of several addresses or ports".to_owned());
    }
    let verdict = match c.status {
        _ if c.assumptions.iter().any(|(id, _)| owner(id)) => {
            conditions.push("owner".to_owned());
            Verdict::Conditional
        }
        Status::Satisfied => Verdict::Allow,
        Status::Violated => Verdict::Deny,
        _ => Verdict::Conditional,
    };
    Answer {
        verdict: Some(verdict),
        conditions,
        by,
    }
}

fn verdicts(case: &Case<'_>, exports: &Exports, probes: &[Probe]) -> Vec<Verdict> {
    let each = case.layers.iter().enumerate();
    let layers: Vec<Vec<PointId>> = each.map(|(i, l)| points(i, l)).collect();
    let tracer = Tracer {
        exports,
        layers: &layers,
        resolve: &known(),
        open: None,
        direction: case.direction,
        profile: case.profile,
        filter_only: case.filter_only,
        processes: Processes::default(),
    };
    let judged = probes.iter().map(|p| tracer.judge(&p.packet, false));
    judged.map(|t| t.verdict).collect()
}

/// `hylint trace`, which reads the dump and the table of packets itself.
pub(crate) struct Program(pub(crate) &'static str);

impl Evaluator for Program {
    fn name(&self) -> &'static str {
        "hylint"
    }

    fn sight(&self) -> Sight {
        Sight::Everything
    }

    fn answers(&mut self, case: &Case<'_>, probes: &[Probe]) -> Result<Vec<Answer>, String> {
        let dump = case.dump.ok_or("hylint trace reads a dump")?;
        let mut command = Command::new(self.0);
        command
            .arg("trace")
            .arg(&dump.path)
            .args(["--direction", way(case.direction)]);
        command.args(["--packets", "-", "--format", "ndjson"]);
        if case.filter_only {
            command.args(["--table", "filter"]);
        }
        let out = fed(command, table(probes), &dump.path)?;
        out.lines().map(answer).collect()
    }
}

/// The name of a direction on the command line.
pub(crate) fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
        Direction::Forward => "forward",
    }
}

fn table(probes: &[Probe]) -> Vec<u8> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS).unwrap();
    for p in probes {
        let row = p.row.clone().unwrap_or_else(|| Row::of(&p.packet));
        table.write_record(row.cells()).unwrap();
    }
    table.into_inner().unwrap()
}

/// What a program prints that is fed with bytes.
fn fed(mut command: Command, input: Vec<u8>, about: &Path) -> Result<String, String> {
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes.spawn().map_err(|e| e.to_string())?;
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let done = child.wait_with_output().map_err(|e| e.to_string())?;
    // A program that fails may not read its input to the end.
    let _ = feeder.join();
    if done.status.code() == Some(2) {
        return Err(format!(
            "{}: {}",
            about.display(),
            String::from_utf8_lossy(&done.stderr)
        ));
    }
    String::from_utf8(done.stdout).map_err(|e| e.to_string())
}

fn answer(line: &str) -> Result<Answer, String> {
    let d: Value = serde_json::from_str(line).map_err(|e| format!("{e}: {line}"))?;
    let all = [Verdict::Allow, Verdict::Deny, Verdict::Conditional];
    let verdict = all.into_iter().find(|v| d["verdict"] == v.as_str());
    let conditions = d["conditions"].as_array().into_iter().flatten();
    Ok(Answer {
        verdict: Some(verdict.ok_or_else(|| format!("no verdict: {line}"))?),
        conditions: conditions
            .filter_map(|c| c.as_str().map(str::to_owned))
            .collect(),
        by: d["rule"].to_string(),
    })
}

//! Reads the files that are there, and tells of those that are not.

use super::load::{Loaded, Loader, Policies, closed};
use super::set::{self, Found, Member, Rules};
use crate::input::{Input, Score};
use crate::iptables;
use crate::source::Source;
use hylint_model::{Body, Export, Netfilter, OtherRules, Problem, ProblemKind, Span};
use hylint_space::Family;

/// The format's id in outputs.
pub const ID: &str = "ufw";

/// More than of the dump that such a file looks like.
const SCORE: Score = 97;

pub(super) fn detect(input: &Input<'_>) -> Score {
    let text = input.source.slice(input.source.own());
    if set::is_of_set(text) { SCORE } else { 0 }
}

pub(super) fn read(input: &Input<'_>) -> Export {
    let source = input.source;
    let mut work = Work {
        source,
        found: set::found(source),
        export: Export {
            format: ID,
            ..Export::default()
        },
    };
    work.read();
    work.export.problems.sort_by_key(|p| p.span.start);
    work.export
}

struct Work<'s> {
    source: &'s Source,
    found: Vec<Found>,
    export: Export,
}

impl<'s> Work<'s> {
    fn member(&self, member: Member) -> Option<Span> {
        self.found
            .iter()
            .find(|f| f.member == member)
            .map(|f| f.span)
    }

    fn read(&mut self) {
        let defaults = self.member(Member::Defaults);
        let text = self.source.text.as_str();
        let value = |key| defaults.and_then(|d| setting(text, d, key));
        let policies = Policies {
            input: policy(value("DEFAULT_INPUT_POLICY")),
            output: policy(value("DEFAULT_OUTPUT_POLICY")),
            forward: policy(value("DEFAULT_FORWARD_POLICY")),
        };
        let v6 = value("IPV6");
        let enabled = self.enabled();
        self.tell_settings(defaults);
        self.family(Family::V4, &policies, enabled);
        match v6 {
            Some((said, at)) if !is_yes(said) => {
                let loaded = closed(at);
                self.take(&loaded, false);
                self.not_loaded(at);
            }
            _ => self.family(Family::V6, &policies, enabled),
        }
    }

    /// Whether `ufw.conf` lets the rules be loaded; so it is taken where it is not there.
    fn enabled(&mut self) -> bool {
        let conf = self.member(Member::Settings);
        let said = conf.and_then(|c| setting(&self.source.text, c, "ENABLED"));
        let Some((_, at)) = said.filter(|(said, _)| !matches!(*said, "yes" | "YES")) else {
            return true;
        };
        let message = "ufw is switched off: none of its rules is loaded, and what the host accepts is not known";
        let problem = Problem::new(ProblemKind::Incomplete, at, message);
        self.export.problems.push(problem.help(
            "switch it on with `ufw enable`, or give the output of `iptables-save` and `ip6tables-save`",
        ));
        false
    }

    /// Tells of settings that were not given.
    fn tell_settings(&mut self, defaults: Option<Span>) {
        let mut missing = Vec::new();
        if defaults.is_none() {
            missing.push("`/etc/default/ufw`, which has the default policies");
        }
        if self.member(Member::Settings).is_none() {
            missing.push("`ufw.conf`, which says whether ufw is on");
        }
        if !missing.is_empty() {
            let message = format!("the given files of ufw lack {}", missing.join(", and "));
            self.tell_missing(message);
        }
    }

    fn tell_missing(&mut self, message: String) {
        let at = self.heading();
        let problem = Problem::new(ProblemKind::Incomplete, at, message);
        self.export.problems.push(problem.help(
            "give `/etc/ufw` as a whole and `/etc/default/ufw`, or the output of `iptables-save` and `ip6tables-save`",
        ));
    }

    /// The first table line of the file itself.
    fn heading(&self) -> Span {
        let own = self.source.own();
        let mut at = own.range().start;
        for line in self.source.slice(own).split_inclusive('\n') {
            let body = line.trim();
            if body.starts_with('*') {
                let start = at + (line.len() - line.trim_start().len());
                return Span::new(start, start + body.len());
            }
            at += line.len();
        }
        own
    }

    fn family(&mut self, family: Family, policies: &Policies<'s>, enabled: bool) {
        let files = Rules::EACH.map(|r| self.member(Member::Rules(r, family)));
        if files.iter().all(Option::is_none) {
            return;
        }
        let of = |f: Option<Span>, r: Rules| f.is_none().then(|| format!("`{}`", r.name(family)));
        let missing: Vec<String> = files
            .iter()
            .zip(Rules::EACH)
            .filter_map(|(f, r)| of(*f, r))
            .collect();
        if !missing.is_empty() {
            let message = format!("the given files of ufw lack {}", missing.join(" and "));
            self.tell_missing(message);
        }
        let [before, after, user] = files;
        // What comes behind all other rules leaves open only what they leave to it.
        let known = match after {
            Some(_) => *policies,
            None => Policies::default(),
        };
        let mut loader = Loader::new(&self.source.text, family);
        loader.begin(policies);
        for (file, rules) in files.into_iter().zip(Rules::EACH) {
            if let Some(span) = file {
                loader.file(span, rules);
            }
        }
        let loaded = loader.finish(&known);
        self.take(&loaded, before.is_none() || user.is_none() || !enabled);
    }

    /// Takes in what is loaded for a family; `in_part`: any rule may be missing.
    fn take(&mut self, loaded: &Loaded, in_part: bool) {
        let place = |span: Span| loaded.made.place(span);
        let mut read = iptables::read_text(&loaded.made.text);
        let heading = self.heading();
        for mut point in read.points.drain(..) {
            point.label = heading;
            point.span = self.source.own();
            if let Body::Netfilter(n) = &mut point.body {
                let tables = std::mem::take(n);
                *n = relocated(tables, &place, in_part);
            }
            self.export.points.push(point);
        }
        let problems = read.problems.into_iter().filter_map(|mut p| {
            let at = place(p.span);
            // Of lines that no file has, nothing needs to be said but that they cannot be read.
            let said = !at.is_empty() && p.kind != ProblemKind::Incomplete;
            p.span = at;
            let counted = p.dropped && !at.is_empty();
            (said || counted || p.kind == ProblemKind::Malformed).then_some(p)
        });
        self.export.problems.extend(problems);
        let annotations = read.annotations.into_iter();
        self.export
            .annotations
            .extend(annotations.map(|(text, span)| (text, place(span))));
        let own = read.rules_in_file.saturating_sub(loaded.made.rules);
        self.export.rules_in_file += own + loaded.replaced.len();
        for at in &loaded.cut {
            let message = "file ends before COMMIT: ufw loads nothing of the table";
            let problem = Problem::new(ProblemKind::Malformed, *at, message);
            self.export
                .problems
                .push(problem.help("copy the whole file again"));
        }
        for at in &loaded.replaced {
            let message = "rule is not loaded: a later file of ufw empties its chain";
            let problem = Problem::new(ProblemKind::Note, *at, message);
            self.export
                .problems
                .push(problem.dropped().reason("replaced"));
        }
    }

    /// Names the rules of IPv6 that are not loaded.
    fn not_loaded(&mut self, at: Span) {
        let files: Vec<Span> = Rules::EACH
            .iter()
            .filter_map(|r| self.member(Member::Rules(*r, Family::V6)))
            .collect();
        for span in files {
            let mut from = span.range().start;
            for line in self.source.slice(span).split_inclusive('\n') {
                let body = line.trim();
                let start = from + (line.len() - line.trim_start().len());
                from += line.len();
                if !["-A ", "-I ", "--append ", "--insert "]
                    .iter()
                    .any(|c| body.starts_with(c))
                {
                    continue;
                }
                let place = Span::new(start, start + body.len());
                let message = "rule is not loaded: `/etc/default/ufw` has IPV6=no";
                let problem = Problem::new(ProblemKind::Note, place, message);
                self.export
                    .problems
                    .push(problem.dropped().reason("not-loaded"));
                self.export.rules_in_file += 1;
            }
        }
        let message = "ufw blocks IPv6 as a whole: IPV6 is not `yes`";
        self.export
            .problems
            .push(Problem::new(ProblemKind::Note, at, message));
    }
}

/// The tables with the places of the files.
fn relocated(from: Netfilter, place: &dyn Fn(Span) -> Span, in_part: bool) -> Netfilter {
    let (unloaded, sets) = (from.unloaded.clone(), from.sets.clone());
    let mut tables = from.into_tables();
    for table in &mut tables {
        table.relocate(place);
    }
    let mut out = Netfilter::new(tables);
    (out.unloaded, out.sets) = (unloaded, sets);
    out.in_part = in_part;
    // What other programs load beside it is not in its files.
    out.others = OtherRules::Hidden;
    out
}

fn is_yes(word: &str) -> bool {
    matches!(word, "yes" | "YES")
}

/// A policy that `ufw-init` knows.
fn policy(said: Option<(&str, Span)>) -> Option<(&str, Span)> {
    said.filter(|(word, _)| matches!(*word, "ACCEPT" | "DROP" | "REJECT"))
}

/// The value of a variable in a file that the shell reads: the last one counts.
fn setting<'t>(text: &'t str, file: Span, key: &str) -> Option<(&'t str, Span)> {
    let mut at = file.range().start;
    let mut out = None;
    for line in text.get(file.range())?.split_inclusive('\n') {
        let body = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let Some(value) = body.strip_prefix(key).and_then(|r| r.strip_prefix('=')) else {
            continue;
        };
        let value = value.split_ascii_whitespace().next().unwrap_or("");
        let value = value.trim_matches(['"', '\'']);
        out = Some((value, Span::new(start, start + body.len())));
    }
    out
}

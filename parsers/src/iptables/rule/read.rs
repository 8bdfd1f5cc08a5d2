//! From the options of a line to a rule.

use super::base;
use super::reader::{Call, Context, Kind, Reader, Scratch};
use crate::iptables::draft::{Args, Draft, Opt, OptionTable, arity};
use crate::iptables::place::Place;
use crate::iptables::token::{Token, Tokens};
use crate::iptables::{family, matches, refuse, targets};
use hylint_model::{
    Action, Clause, Condition, ConditionKind, Field, Hits, Problem, ProblemKind, Profiles, Rule,
    RuleOrigin, Side, Span, Test, reworded,
};

/// Most options of one rule; what a longer one does stays open.
const MAX_WORDS: usize = 1024;

/// Reads a rule. What is not understood is kept as a condition and told in `problems`, at most once for each rule.
pub(in super::super) fn read<'a>(
    context: &Context<'_, 'a>,
    scratch: &mut Scratch<'a>,
    place: Place,
    problems: &mut Vec<Problem>,
) -> Rule {
    scratch.calls.clear();
    scratch.options.clear();
    let body = Span {
        start: place.body,
        end: place.span.end,
    };
    let mut reader = Reader {
        context,
        scratch,
        draft: Draft::new(context.space.clone(), context.merges_ports),
        tokens: Tokens::of(context.text, body, context.shell),
        jump: None,
        hits: place.hits,
        stray: false,
    };
    if let Some(family) = place.family {
        reader.family(family);
    }
    reader.options();
    reader.matches();
    let mut action = reader.action();
    let hits = reader.hits;
    let mut draft = reader.draft;
    if reader.tokens.unterminated {
        draft.unknown(place.span, "text with a quote that does not end");
        draft.problem = None;
        draft.note(
            ProblemKind::Malformed,
            place.span,
            reworded(
                "unclosed quote on the line of the rule",
                "a quote does not end on the rule's line",
            ),
        );
    }
    if action == Action::Continue && reader.jump.is_none() && (reader.stray || place.cut) {
        draft.note(
            ProblemKind::Malformed,
            place.span,
            reworded(
                "truncated rule: its action is missing",
                "the rule is cut: what it does is not on its line",
            ),
        );
        action = Action::Opaque("a rule that is cut".into());
    }
    let clauses = draft.clauses(place.span);
    if let Some((kind, span, message)) = draft.problem {
        problems.push(Problem::new(kind, span, message));
    }
    Rule {
        name: Box::default(),
        span: place.span,
        fields: draft.fields.as_slice().into(),
        enabled: true,
        action,
        clauses,
        priority: None,
        profiles: Profiles::ALL,
        origin: RuleOrigin::Unsaid,
        group: Box::default(),
        comment: draft.comment.into(),
        hits,
    }
}

/// Leaves open whether a packet fits a clause: the tools do not load its rule.
pub(in super::super) fn open(clause: &mut Clause) {
    let unknown = |c: &Condition| c.kind == ConditionKind::Unknown;
    if !clause.conditions.iter().any(unknown) {
        let text = "a rule that iptables refuses";
        leave_open(clause, Test::Opaque, Span::default(), text);
    }
}

/// Leaves open whether a packet gets to a rule: others that a list of commands does not show come first.
pub(in super::super) fn open_behind(rule: &mut Rule) {
    let (at, text) = (rule.span, "rules that the host had before the list");
    for clause in &mut rule.clauses {
        leave_open(clause, Test::Earlier, at, text);
    }
}

fn leave_open(clause: &mut Clause, test: Test, at: Span, text: &str) {
    let open = Condition::new(ConditionKind::Unknown, test, at, text);
    clause.conditions.push(open);
}

impl<'a> Reader<'_, '_, 'a> {
    fn options(&mut self) {
        let mut bang: Option<Span> = None;
        let mut words = 0;
        while let Some(t) = self.tokens.next() {
            words += 1;
            if words > MAX_WORDS {
                // Its work would grow with the square of its length; nobody writes such a rule.
                self.stray_word(t);
                self.jump = None;
                return;
            }
            // Quoted for a shell it is the same.
            let bang_quoted = self.context.shell && matches!(t.text, "!" | "\\!");
            if bang_quoted || t.is_bang() {
                bang = Some(t.span);
                continue;
            }
            if !t.is_option() {
                self.stray_word(t);
                bang = None;
                continue;
            }
            let start = bang.map_or(t.span, |b| b.to(t.span));
            self.option(t, start, bang.take().is_some());
        }
        if let Some(span) = bang {
            self.stray_word(Token { text: "!", span });
        }
    }

    fn stray_word(&mut self, t: Token<'a>) {
        self.stray = true;
        self.draft.condition(
            ConditionKind::Unknown,
            Test::Opaque,
            t.span,
            t.value(),
            false,
        );
        self.draft.note(
            ProblemKind::Malformed,
            t.span,
            reworded(
                format!("unexpected word `{}`", t.value()),
                format!("`{}` belongs to no option", t.value()),
            ),
        );
    }

    /// One option, `t`; `start` begins at its negation.
    fn option(&mut self, t: Token<'a>, start: Span, negated: bool) {
        let (word, glued) = base::split_value(t);
        self.named(word, glued, start, negated);
    }

    fn named(&mut self, word: &'a str, glued: Option<Token<'a>>, start: Span, negated: bool) {
        let mut o = Opt {
            call: usize::MAX,
            name: word,
            negated,
            a: Token::default(),
            b: Token::default(),
            span: start,
        };
        match word {
            "-s" | "--source" | "--src" => self.address(&mut o, glued, Side::Src),
            "-d" | "--destination" | "--dst" => self.address(&mut o, glued, Side::Dst),
            // Behind `-m policy` the beginning of `--protocol` is an option of its own.
            "--proto" if self.owner("proto").is_some() => self.module_option(o, glued),
            "-p" | "--protocol" | "--proto" => {
                self.values(&mut o, glued, arity::ONE);
                o.name = "protocol";
                self.draft.fields.push((Field::Protocol, o.span));
                matches::protocol(&mut self.draft, &o);
            }
            "-i" | "--in-interface" => self.interface(&mut o, glued, true),
            "-o" | "--out-interface" => self.interface(&mut o, glued, false),
            "-m" | "--match" => {
                self.values(&mut o, glued, arity::ONE);
                let name = o.a.text;
                let kind = matches::find(name).map_or(Kind::Unlisted, Kind::Match);
                self.call(kind, o.a.span, false);
            }
            "-j" | "--jump" | "-g" | "--goto" => self.jump(&mut o, glued),
            "-f" | "--fragments" => {
                self.draft.fields.push((Field::Other, o.span));
                self.draft.condition(
                    ConditionKind::Unknown,
                    Test::Fragment,
                    o.span,
                    "fragment",
                    o.negated,
                );
            }
            "-c" | "--set-counters" => {
                self.values(&mut o, glued, arity::TWO);
                if let Ok(packets) = o.a.text.parse() {
                    self.hits = Hits::of(packets);
                }
            }
            // The table is the one that the line stands in; the rest is for the command, not for the rule.
            "-t" | "--table" => self.values(&mut o, glued, arity::ONE),
            "-w" | "--wait" | "-v" | "--verbose" | "-n" | "--numeric" => {}
            _ => match family::only(word) {
                Some(family) => self.family(family),
                None => match self.in_full(word) {
                    Some(full) => self.named(full, glued, start, negated),
                    None => self.module_option(o, glued),
                },
            },
        }
    }

    /// The option that a beginning such as `--dest` stands for, where no match or target on the line has one of that name.
    fn in_full(&self, word: &str) -> Option<&'static str> {
        let name = word.strip_prefix("--")?;
        let last = self.scratch.calls.last().map(|c| c.kind);
        if matches!(last, Some(Kind::Unlisted)) || self.owner(name).is_some() {
            return None;
        }
        refuse::base_option(name)
    }

    /// An option of a match or target.
    fn module_option(&mut self, mut o: Opt<'a>, glued: Option<Token<'a>>) {
        let long = o.name.strip_prefix("--").unwrap_or("");
        let owner = self.owner(long).or_else(|| {
            let p = self.draft.space.proto.only()?;
            let spec = matches::of_protocol(p)?;
            let found = lookup(spec.options, long)?;
            self.call(Kind::Match(spec), o.span, true);
            Some((self.scratch.calls.len() - 1, found))
        });
        let (call, (name, count)) = match owner {
            Some(found) => found,
            None => return self.unlisted_option(o, glued),
        };
        o.name = name;
        o.call = call;
        self.values(&mut o, glued, count);
        if let Some(c) = self.scratch.calls.get_mut(call) {
            c.span = c.span.to(o.span);
        }
        if let Some(field) = field(name) {
            self.draft.fields.push((field, o.span));
        }
        self.scratch.options.push(o);
    }

    /// The match or target that knows an option: the last one first, by the full name before abbreviations.
    fn owner(&self, name: &str) -> Option<(usize, (&'static str, u8))> {
        let calls = &self.scratch.calls;
        if let Some(Call {
            kind: Kind::Unlisted,
            ..
        }) = calls.last()
        {
            return None;
        }
        let exact = |c: &Call| c.kind.options().iter().find(|(n, _)| *n == name).copied();
        let known = |find: &dyn Fn(&Call) -> Option<(&'static str, u8)>| {
            calls
                .iter()
                .enumerate()
                .rev()
                .find_map(|(i, c)| Some((i, find(c)?)))
        };
        known(&exact).or_else(|| known(&|c| lookup(c.kind.options(), name)))
    }

    /// An option that no listed match or target on the line has.
    fn unlisted_option(&mut self, mut o: Opt<'a>, glued: Option<Token<'a>>) {
        self.values(&mut o, glued, arity::TWO);
        let mut last = self.scratch.calls.len().checked_sub(1);
        last = last.filter(|i| {
            matches!(
                self.scratch.calls.get(*i).map(|c| c.kind),
                Some(Kind::Unlisted)
            )
        });
        if let Some(c) = last.and_then(|i| self.scratch.calls.get_mut(i)) {
            c.span = c.span.to(o.span);
            return;
        }
        let text = self.context.text.get(o.span.range()).unwrap_or("");
        // After a target that is not listed the option is most likely the target's own.
        if let Some((t, _, span)) = self.jump
            && targets::find(t.text).is_none()
        {
            self.jump = Some((t, false, span.to(o.span)));
        }
        self.stray = true;
        self.draft
            .condition(ConditionKind::Unknown, Test::Opaque, o.span, text, false);
        self.draft.note(
            ProblemKind::Malformed,
            o.span,
            reworded(
                format!("unknown option `{text}` in this rule"),
                format!("`{text}` belongs to no match or target of the rule"),
            ),
        );
    }

    /// Reads the options of every match.
    fn matches(&mut self) {
        for (i, call) in self.scratch.calls.iter().enumerate() {
            let text = self.context.text.get(call.span.range()).unwrap_or("");
            match call.kind {
                Kind::Target(_) => {}
                Kind::Unlisted => self.draft.unknown(call.span, text),
                Kind::Match(m) => {
                    let args = Args {
                        all: &self.scratch.options,
                        call: i,
                        span: call.span,
                        text,
                        name: m.name,
                    };
                    let told = args.iter().any(|o| field(o.name).is_some());
                    if !told && !call.implied && m.name != "comment" {
                        self.draft.fields.push((Field::Other, call.span));
                    }
                    (m.parse)(&mut self.draft, &args);
                }
            }
        }
    }

    fn action(&mut self) -> Action {
        let Some((word, goto, span)) = self.jump else {
            return Action::Continue;
        };
        let chain = self.context.chains.get(word.text).copied();
        let target = self
            .scratch
            .calls
            .iter()
            .enumerate()
            .find_map(|(i, c)| match c.kind {
                Kind::Target(t) => Some((i, t, c.span)),
                _ => None,
            });
        let whole = target.map_or(span, |(_, _, s)| span.to(s));
        self.draft.fields.push((Field::Action, whole));
        match (chain, target) {
            (Some(i), None) if goto => Action::Goto(i),
            (Some(i), None) => Action::Jump(i),
            (_, Some((call, t, span))) => {
                let args = Args {
                    all: &self.scratch.options,
                    call,
                    span,
                    text: self.context.text.get(span.range()).unwrap_or(""),
                    name: t.name,
                };
                (t.parse)(&mut self.draft, &args)
            }
            (None, None) => {
                let text = self.context.text.get(span.range()).unwrap_or("");
                self.draft.note(
                    ProblemKind::Unmodelled,
                    span,
                    reworded(
                        format!(
                            "unknown target `{}`: no chain of this table and no modelled target",
                            word.value()
                        ),
                        format!(
                            "`{}` is neither a chain of this table nor a target that is modelled",
                            word.value()
                        ),
                    ),
                );
                Action::Opaque(text.into())
            }
        }
    }
}

/// An option by its full name or an unambiguous beginning, as getopt_long takes it.
fn lookup(table: OptionTable, name: &str) -> Option<(&'static str, u8)> {
    if let Some(found) = table.iter().find(|(n, _)| *n == name) {
        return Some(*found);
    }
    let mut hits = table
        .iter()
        .filter(|(n, _)| name.len() > 1 && n.starts_with(name));
    let first = hits.next()?;
    hits.next().is_none().then_some(*first)
}

/// The field that an option of a match is.
fn field(option: &str) -> Option<Field> {
    Some(match option {
        "dport" | "dports" | "ports" | "destination-port" | "destination-ports" => {
            Field::DestinationPort
        }
        "sport" | "sports" | "source-port" | "source-ports" => Field::SourcePort,
        "state" | "ctstate" => Field::State,
        "tcp-flags" | "syn" => Field::Flags,
        "icmp-type" | "icmpv6-type" => Field::Icmp,
        "src-range" => Field::Source,
        "dst-range" => Field::Destination,
        "comment" => Field::Description,
        _ => return None,
    })
}

//! A rule's statements, one after the other.

use super::super::syntax::{
    Expr, ExprKind, Rejection, RuleDecl, Statement, StatementKind, UpdateOp, Verdict,
};
use super::field::{Field, looked_at, of_family};
use super::marks::Which;
use super::matching::{Alternatives, Said, both, of_box, with};
use super::table::Lowering;
use hylint_model::{Action, Clause, Condition, ConditionKind, Field as Place, Rule, Span, Test};
use hylint_space::{Family, PacketBox, ProtoSet, proto};
use thin_vec::ThinVec;

/// What statements have come to so far.
struct Draft<'d, 'a> {
    decl: &'d RuleDecl<'a>,
    /// Packets that the statements so far match.
    clauses: Alternatives,
    fields: ThinVec<(Place, Span)>,
    /// The rest stands in a chain of its own: it cannot leave the rule's chain.
    inside: bool,
    out: Vec<Rule>,
}

/// Whether a rule goes on behind a statement.
enum Next {
    On,
    /// Whatever follows is in another chain or never reached.
    Done,
}

impl<'r, 'a> Lowering<'r, 'a> {
    /// The rules of the model that do what a rule does, in order: one, or several where it changes packets before it decides.
    pub(super) fn rule(&mut self, decl: &'r RuleDecl<'a>) -> Vec<Rule> {
        self.told = false;
        let mut draft = Draft {
            decl,
            clauses: vec![of_box(self.space.clone())],
            fields: ThinVec::new(),
            inside: false,
            out: Vec::new(),
        };
        self.statements(&mut draft, &decl.statements);
        draft.out
    }

    fn statements(&mut self, draft: &mut Draft<'_, 'a>, statements: &'r [Statement<'a>]) {
        for (i, statement) in statements.iter().enumerate() {
            let rest = statements.get(i + 1..).unwrap_or_default();
            if let Next::Done = self.statement(draft, statement, rest) {
                return;
            }
        }
        if draft.out.is_empty() {
            draft.end(Action::Continue);
        }
    }

    fn statement(
        &mut self,
        draft: &mut Draft<'_, 'a>,
        statement: &'r Statement<'a>,
        rest: &'r [Statement<'a>],
    ) -> Next {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Match { left, op, right } => {
                draft.fields.push((place(left), right.span));
                let found = self.matched(left, *op, right, span);
                draft.clauses = both(&draft.clauses, &found);
            }
            StatementKind::Update { key, data, .. } => {
                // Packets that have no such key leave the rule here.
                for expr in std::iter::once(key).chain(data) {
                    draft.clauses = both(&draft.clauses, &[of_box(self.needs(expr))]);
                }
                if let Some(condition) = self.limiting(statement) {
                    draft.clauses = with(&draft.clauses, &condition);
                }
            }
            StatementKind::Limit { .. }
            | StatementKind::Quota { .. }
            | StatementKind::CtCount { .. }
            | StatementKind::Xt { target: false, .. } => {
                if let Some(condition) = self.limiting(statement) {
                    draft.clauses = with(&draft.clauses, &condition);
                }
            }
            // It may decide: nft prints chains that stand in rules as text where JSON has no form for them.
            StatementKind::Unknown(text) => {
                let line = text.lines().next().unwrap_or("");
                draft.opaque(&short(&format!("unknown statement `{line}`")), span);
                return Next::Done;
            }
            StatementKind::Silent
            | StatementKind::Flow
            | StatementKind::Dup
            | StatementKind::CtObject(_) => {}
            StatementKind::Mangle(what, value) => {
                return self.mangle(draft, (what, value), span, rest);
            }
            StatementKind::Notrack => return self.effect(draft, Action::Notrack, rest),
            StatementKind::Verdict(verdict) => {
                draft.fields.push((Place::Action, span));
                let action = self.verdict(verdict, span, draft.inside);
                if action == Action::Continue {
                    return Next::On;
                }
                draft.end(action);
                return Next::Done;
            }
            StatementKind::Reject(with) => {
                let answered = match with {
                    Rejection::Any => PacketBox::any(),
                    Rejection::Icmp => of_family(Family::V4),
                    Rejection::Icmpv6 => of_family(Family::V6),
                    Rejection::TcpReset => of_tcp(),
                };
                draft.clauses = both(&draft.clauses, &[of_box(answered)]);
                draft.fields.push((Place::Action, span));
                draft.end(Action::Deny);
                return Next::Done;
            }
            StatementKind::Vmap(key, data) => {
                draft.fields.push((place(key), data.span));
                return self.verdict_map(draft, key, data, span);
            }
            StatementKind::Nat(nat) => {
                draft.fields.push((Place::Action, span));
                let parts = self.translations(nat, span);
                draft.map(parts.into_iter());
                return Next::Done;
            }
            StatementKind::Synproxy => {
                draft.clauses = both(&draft.clauses, &[of_box(of_tcp())]);
                draft.opaque("synproxy", span);
                return Next::Done;
            }
            StatementKind::Queue { .. } => {
                draft.opaque("queue", span);
                return Next::Done;
            }
            StatementKind::Tproxy => {
                draft.opaque("tproxy", span);
                return Next::Done;
            }
            StatementKind::Fwd => {
                draft.opaque("fwd", span);
                return Next::Done;
            }
            StatementKind::Xt { target: true, name } => {
                return self.target(draft, name, span, rest);
            }
        }
        Next::On
    }

    /// The condition of a statement that lets only some packets go on, if it is one.
    pub(super) fn limiting(&mut self, statement: &Statement<'a>) -> Option<Condition> {
        let rate = |holds: bool| {
            let test = Test::Rate(Some(holds));
            let text = statement.to_string();
            Some(Condition::new(
                ConditionKind::Rate,
                test,
                statement.span,
                text,
            ))
        };
        match &statement.kind {
            // A sender that has sent nothing before is within every bound.
            StatementKind::Limit { over, .. }
            | StatementKind::Quota { over, .. }
            | StatementKind::CtCount { over, .. } => rate(!over),
            StatementKind::Update { op, .. } if *op == UpdateOp::Delete => None,
            StatementKind::Update {
                set, statements, ..
            } => {
                let text = statement.to_string();
                let new = |kind, test| Condition::new(kind, test, statement.span, text);
                match statements.iter().find_map(|s| self.limiting(s)) {
                    Some(inner) => Some(new(inner.kind, inner.test)),
                    // A set that takes no element ends the rule (`nft_dynset_eval`).
                    None => self
                        .may_refuse(set)
                        .then(|| new(ConditionKind::Rate, Test::Rate(None))),
                }
            }
            StatementKind::Xt { name, .. } if silent_match(name) => None,
            StatementKind::Xt { .. } | StatementKind::Unknown(_) => {
                let text = statement.to_string();
                // What it asks is not in the text: two of one name may ask different things.
                let text = match &statement.kind {
                    StatementKind::Xt { .. } => {
                        format!("{text} (at byte {})", statement.span.start)
                    }
                    _ => text,
                };
                let condition =
                    Condition::new(ConditionKind::Unknown, Test::Passing, statement.span, text);
                self.unmodelled(&condition);
                Some(condition)
            }
            _ => None,
        }
    }

    fn verdict(&mut self, verdict: &'r Verdict<'a>, span: Span, inside: bool) -> Action {
        let leaves = |action: Action, text: &str| match inside {
            true => Action::Opaque(text.into()),
            false => action,
        };
        match verdict {
            Verdict::Accept => Action::Allow,
            Verdict::Drop => Action::Deny,
            Verdict::Continue => Action::Continue,
            Verdict::Return => leaves(Action::Return, "return"),
            Verdict::Queue => Action::Opaque("queue".into()),
            Verdict::Jump(chain) => match self.chain(chain, span) {
                Some(to) => Action::Jump(to),
                None => Action::Opaque(format!("jump {chain}").into()),
            },
            Verdict::Goto(chain) => match self.chain(chain, span) {
                Some(to) => leaves(Action::Goto(to), "goto"),
                None => Action::Opaque(format!("goto {chain}").into()),
            },
            Verdict::Anonymous(rules, goto) => {
                let to = self.anonymous(rules, span);
                match goto {
                    true => leaves(Action::Goto(to), "goto"),
                    false => Action::Jump(to),
                }
            }
        }
    }

    fn verdict_map(
        &mut self,
        draft: &mut Draft<'_, 'a>,
        key: &'r Expr<'a>,
        data: &'r Expr<'a>,
        span: Span,
    ) -> Next {
        let text = format!("{key} vmap {data}");
        let said = Said { text: &text, span };
        let parts = self.mapped(key, data, said);
        let mut done = Vec::with_capacity(parts.len());
        for (found, data) in parts {
            let action = match data.map(|d| (&d.kind, d.span)) {
                Some((ExprKind::Verdict(verdict), span)) => {
                    self.verdict(verdict, span, draft.inside)
                }
                Some((ExprKind::Symbol(word), _)) => match &**word {
                    "accept" => Action::Allow,
                    "drop" => Action::Deny,
                    "continue" => Action::Continue,
                    "return" if !draft.inside => Action::Return,
                    _ => Action::Opaque(text.as_str().into()),
                },
                _ => Action::Opaque(short(&text)),
            };
            done.push((found, action));
        }
        let goes_on = |(_, action): &&(Alternatives, Action)| *action == Action::Continue;
        let mut fits: Alternatives = Vec::new();
        for (i, (found, _)) in done.iter().enumerate().filter(|(_, part)| goes_on(part)) {
            // What an earlier element decides has left the rule.
            let earlier = done.iter().take(i).filter(|part| !goes_on(part));
            let mut left = found.clone();
            for clause in earlier.flat_map(|(found, _)| found) {
                left = without(&left, &clause.space);
            }
            fits.extend(left);
        }
        let all = draft.clauses.clone();
        draft.map(done.into_iter());
        if fits.is_empty() {
            return Next::Done;
        }
        draft.clauses = both(&all, &fits);
        Next::On
    }

    /// `what set value`.
    fn mangle(
        &mut self,
        draft: &mut Draft<'_, 'a>,
        (what, value): (&'r Expr<'a>, &'r Expr<'a>),
        span: Span,
        rest: &'r [Statement<'a>],
    ) -> Next {
        draft.clauses = both(&draft.clauses, &[of_box(self.needs(value))]);
        if let Some(which) = Which::of(what) {
            let ExprKind::Map(lookup) = &value.kind else {
                return self.effect(draft, which.set(value), rest);
            };
            let text = format!("{what} set {value}");
            let said = Said { text: &text, span };
            let parts = self.mapped(&lookup.key, &lookup.data, said);
            let each = parts.into_iter().map(|(found, data)| {
                let action = data.map_or_else(|| which.lost(), |d| which.set(d));
                (found, action)
            });
            let each: Vec<_> = each.collect();
            // What no element fits does not go on.
            let fits: Alternatives = each.iter().flat_map(|(found, _)| found.clone()).collect();
            let all = draft.clauses.clone();
            draft.map(each.into_iter());
            draft.clauses = both(&all, &fits);
            return Next::On;
        }
        match &what.kind {
            ExprKind::Ct { key, .. } if key == "zone" => self.effect(draft, Action::Track, rest),
            ExprKind::Payload(protocol, field) if moves(protocol, field) => {
                draft.opaque(&format!("{what} set {value}"), span);
                Next::Done
            }
            ExprKind::RawPayload { .. } => {
                draft.opaque(&format!("{what} set {value}"), span);
                Next::Done
            }
            _ => Next::On,
        }
    }

    /// A change of the packet that a later statement does not take back.
    fn effect(
        &mut self,
        draft: &mut Draft<'_, 'a>,
        action: Action,
        rest: &'r [Statement<'a>],
    ) -> Next {
        let drawn = |c: &Condition| c.kind == ConditionKind::Rate;
        let asks = |c: &Condition| drawn(c) || reads(&c.test, &action);
        let states = action == Action::Notrack
            && draft
                .clauses
                .iter()
                .any(|c| c.space.state != PacketBox::any().state);
        let again = states || draft.clauses.iter().any(|c| c.conditions.iter().any(asks));
        let clauses = draft.clauses.clone();
        if !again || rest.iter().all(|s| matches!(s.kind, StatementKind::Silent)) {
            draft.push(clauses, action);
            return Next::On;
        }
        // What follows must not ask again: it stands in a chain of its own.
        let mut inner = Draft {
            decl: draft.decl,
            clauses: vec![of_box(self.space.clone())],
            fields: draft.fields.clone(),
            inside: true,
            out: Vec::new(),
        };
        inner.push(inner.clauses.clone(), action);
        self.statements(&mut inner, rest);
        let to = self.append(draft.decl.span, inner.out);
        draft.push(clauses, Action::Jump(to));
        Next::Done
    }

    /// A target of iptables that nft cannot show.
    fn target(
        &mut self,
        draft: &mut Draft<'_, 'a>,
        name: &str,
        span: Span,
        rest: &'r [Statement<'a>],
    ) -> Next {
        match name {
            "MARK" | "HMARK" => self.effect(draft, Which::Packet.lost(), rest),
            "CONNMARK" => {
                let _ = self.effect(draft, Which::Packet.lost(), &[]);
                self.effect(draft, Which::Connection.lost(), rest)
            }
            "MASQUERADE" | "SNAT" => {
                let kind = hylint_model::NatKind::Snat;
                let nat = hylint_model::Nat {
                    kind,
                    addrs: None,
                    ports: None,
                };
                draft.fields.push((Place::Action, span));
                draft.end(Action::Nat(Box::new(nat)));
                Next::Done
            }
            "REJECT" => {
                draft.fields.push((Place::Action, span));
                draft.end(Action::Deny);
                Next::Done
            }
            name if crate::iptables::goes_on(name) => Next::On,
            _ => {
                let text = format!("xt target \"{name}\"");
                let condition =
                    Condition::new(ConditionKind::Unknown, Test::Opaque, span, text.as_str());
                self.unmodelled(&condition);
                draft.opaque(&text, span);
                Next::Done
            }
        }
    }
}

impl Draft<'_, '_> {
    fn push(&mut self, clauses: Alternatives, action: Action) {
        let mut rule = Rule::new(self.decl.span, action);
        rule.clauses = clauses.into_iter().collect();
        rule.fields = self.fields.clone();
        rule.comment = self.decl.comment.as_deref().unwrap_or("").into();
        self.out.push(rule);
    }

    fn end(&mut self, action: Action) {
        let clauses = std::mem::take(&mut self.clauses);
        self.push(clauses, action);
    }

    fn opaque(&mut self, text: &str, span: Span) {
        self.fields.push((Place::Action, span));
        self.end(Action::Opaque(text.into()));
    }

    /// A rule that does to each part what its action says.
    fn map(&mut self, parts: impl Iterator<Item = (Alternatives, Action)>) {
        let all = std::mem::take(&mut self.clauses);
        let (mut clauses, mut actions): (Vec<Clause>, Vec<Action>) = (Vec::new(), Vec::new());
        for (found, action) in parts {
            for clause in both(&all, &found) {
                clauses.push(clause);
                actions.push(action.clone());
            }
        }
        let same = actions
            .first()
            .is_some_and(|first| actions.iter().all(|a| a == first));
        let action = match actions.first() {
            Some(first) if same => first.clone(),
            Some(_) => Action::Map(actions.into_boxed_slice()),
            None => Action::Continue,
        };
        self.push(clauses, action);
    }
}

/// The clauses without a box.
fn without(clauses: &[Clause], cut: &PacketBox) -> Alternatives {
    let each = clauses.iter().flat_map(|c| {
        let parts = c.space.subtract(cut);
        parts.into_iter().map(|space| Clause {
            space,
            conditions: c.conditions.clone(),
        })
    });
    each.collect()
}

fn of_tcp() -> PacketBox {
    PacketBox {
        proto: ProtoSet::single(proto::TCP),
        ..PacketBox::any()
    }
}

/// A long text, cut.
fn short(text: &str) -> Box<str> {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("")).into(),
        None => text.into(),
    }
}

/// Whether a header field says where the packet goes.
fn moves(protocol: &str, field: &str) -> bool {
    matches!(
        (protocol, field),
        ("ip" | "ip6", "saddr" | "daddr" | "protocol" | "nexthdr")
            | (
                "tcp" | "udp" | "udplite" | "sctp" | "dccp" | "th",
                "sport" | "dport"
            )
    )
}

/// Whether a test may have another answer once an action has been taken.
fn reads(test: &Test, action: &Action) -> bool {
    match action {
        Action::SetMark { .. } | Action::RestoreMark { .. } => matches!(test, Test::Mark { .. }),
        Action::SetConnMark { .. } | Action::SaveMark { .. } => {
            matches!(test, Test::ConnMark { .. })
        }
        Action::LoseMark { connection } => match test {
            Test::Mark { .. } => !connection,
            Test::ConnMark { .. } => *connection,
            _ => false,
        },
        Action::Notrack | Action::Track => {
            matches!(test, Test::Connection(_) | Test::ConnMark { .. })
        }
        _ => true,
    }
}

/// Matches of iptables that let every packet go on.
fn silent_match(name: &str) -> bool {
    matches!(name, "comment" | "comment0")
}

/// The part of a rule that a match is.
fn place(left: &Expr<'_>) -> Place {
    let expr = match &left.kind {
        ExprKind::Concat(parts) => parts.first().unwrap_or(left),
        _ => left,
    };
    use hylint_model::Side::{Dst, Src};
    match looked_at(expr, None).field {
        Field::Addr(Src, _) => Place::Source,
        Field::Addr(Dst, _) => Place::Destination,
        Field::Port(Src) => Place::SourcePort,
        Field::Port(Dst) => Place::DestinationPort,
        Field::Protocol => Place::Protocol,
        Field::Interface(false) => Place::InInterface,
        Field::Interface(true) => Place::OutInterface,
        Field::IcmpType(_) | Field::IcmpCode(_) => Place::Icmp,
        Field::Flags(_) => Place::Flags,
        Field::State | Field::Status => Place::State,
        _ => Place::Other,
    }
}

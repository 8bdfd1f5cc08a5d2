//! Places of rules whose text stands further back in a longer one.

use crate::{Chain, Clause, Rule, Span, Table, WindowsProfiles};

impl Span {
    /// The same text behind so many more bytes. No place stays none.
    #[must_use]
    pub fn behind(self, bytes: u32) -> Self {
        if self.is_empty() {
            return self;
        }
        Self {
            start: self.start.saturating_add(bytes),
            end: self.end.saturating_add(bytes),
        }
    }
}

impl Rule {
    /// The text of the rule stands behind so many more bytes.
    pub fn move_behind(&mut self, bytes: u32) {
        self.relocate(&|span| span.behind(bytes));
    }

    /// The text of the rule stands where `place` says.
    pub fn relocate(&mut self, place: &dyn Fn(Span) -> Span) {
        self.span = place(self.span);
        for (_, span) in &mut self.fields {
            *span = place(*span);
        }
        let conditions = self.clauses.iter_mut();
        for c in conditions.flat_map(|c: &mut Clause| &mut c.conditions) {
            c.span = place(c.span);
        }
    }
}

impl WindowsProfiles {
    /// The text of the settings stands behind so many more bytes.
    pub fn move_behind(&mut self, bytes: u32) {
        fn moved<T>(setting: &mut Option<(T, Span)>, bytes: u32) {
            if let Some((_, span)) = setting {
                *span = span.behind(bytes);
            }
        }
        self.span = self.span.behind(bytes);
        moved(&mut self.active, bytes);
        for p in self.profiles.iter_mut().flatten() {
            p.span = p.span.behind(bytes);
            moved(&mut p.enabled, bytes);
            moved(&mut p.inbound, bytes);
            moved(&mut p.outbound_allow, bytes);
            moved(&mut p.local_rules, bytes);
        }
    }
}

impl Table {
    /// The text of the table stands behind so many more bytes.
    pub fn move_behind(&mut self, bytes: u32) {
        self.relocate(&|span| span.behind(bytes));
    }

    /// The text of the table stands where `place` says.
    pub fn relocate(&mut self, place: &dyn Fn(Span) -> Span) {
        self.span = place(self.span);
        for chain in &mut self.chains {
            let Chain {
                span,
                policy,
                rules,
                ..
            } = chain;
            *span = place(*span);
            if let Some(policy) = policy {
                policy.span = place(policy.span);
            }
            rules.iter_mut().for_each(|r| r.relocate(place));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Action, Chain, ChainPolicy, Condition, ConditionKind, Field, Rule, Span, Table,
        TableFamily, Test,
    };

    // Fails if a place of a rule keeps pointing into the text that is now in front of it.
    #[test]
    fn every_place_of_a_table_moves() {
        let at = |n: usize| Span::new(n, n + 1);
        let mut rule = Rule::new(at(1), Action::Allow);
        rule.fields.push((Field::Source, at(2)));
        let condition = Condition::new(ConditionKind::Unknown, Test::Opaque, at(3), "x");
        rule.clauses[0].conditions.push(condition);
        let policy = Some(ChainPolicy {
            allow: true,
            span: at(4),
        });
        let mut table = Table {
            name: "filter".into(),
            family: TableFamily::Ip,
            filters: true,
            span: at(5),
            chains: vec![Chain {
                name: "INPUT".into(),
                base: None,
                policy,
                span: Span::default(),
                rules: vec![rule],
            }],
        };
        table.move_behind(10);
        let chain = &table.chains[0];
        let rule = &chain.rules[0];
        let spans = [
            rule.span,
            rule.fields[0].1,
            rule.clauses[0].conditions[0].span,
            chain.policy.unwrap().span,
            table.span,
        ];
        assert_eq!(spans, [1, 2, 3, 4, 5].map(|n| at(n + 10)));
        assert_eq!(chain.span, Span::default());
    }
}

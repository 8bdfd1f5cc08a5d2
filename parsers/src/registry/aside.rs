//! Values of a registry that are no rules of the host's firewall, which are counted and named.

use hylint_model::{Problem, ProblemKind, Span};

/// Values that are no rules of this host's firewall, by their place, with the place of the first.
#[derive(Debug, Default)]
pub(super) struct Aside {
    pub(super) defaults: Count,
    pub(super) restricted: Count,
    pub(super) hyper_v: Count,
    pub(super) elsewhere: Count,
    pub(super) loose: Count,
    pub(super) ignored: Count,
    pub(super) replaced: Count,
    pub(super) old: Count,
    pub(super) open: Count,
    pub(super) inactive: Count,
    pub(super) typed: Count,
}

#[derive(Debug, Default)]
pub(super) struct Count {
    n: usize,
    first: Span,
}

impl Count {
    pub(super) fn add(&mut self, span: Span) {
        if self.n == 0 {
            self.first = span;
        }
        self.n += 1;
    }

    /// `a rule` or `n rules`, with the verb that follows.
    fn rules(&self, one: &str, many: &str) -> String {
        match self.n {
            1 => format!("a rule {one}"),
            n => format!("{n} rules {many}"),
        }
    }
}

impl Aside {
    /// Names what is no rule of the host.
    pub(super) fn told(self) -> Vec<Problem> {
        let aside = self;
        let mut out = Vec::new();
        let mut note = |count: &Count, message: String, kind: ProblemKind, help: Option<&str>| {
            if count.n == 0 {
                return;
            }
            let mut problem = Problem::new(kind, count.first, message);
            if let Some(help) = help {
                problem = problem.help(help);
            }
            out.push(problem);
        };
        let note_kind = ProblemKind::Note;
        let c = &aside.defaults;
        let text = c.rules(
            "of the key Defaults does not act: Windows starts with it",
            "of the key Defaults do not act: Windows starts with them",
        );
        note(c, text, note_kind, None);
        let c = &aside.restricted;
        let text = c.rules("of RestrictedServices restricts a service or an app, and is not merged with the others", "of RestrictedServices restrict services and apps, and are not merged with the others");
        note(c, text, note_kind, None);
        let c = &aside.hyper_v;
        let text = c.rules(
            "of the Hyper-V firewall is for virtual machines, and is not judged",
            "of the Hyper-V firewall are for virtual machines, and are not judged",
        );
        note(c, text, note_kind, None);
        let c = &aside.old;
        let text = c.rules(
            "in the form of Windows XP does not act: Windows has made a rule of it",
            "in the form of Windows XP do not act: Windows has made rules of them",
        );
        note(c, text, note_kind, None);
        let c = &aside.loose;
        let text = c.rules(
            "has no key above it: whether it is the host's own or of policy is not known",
            "have no key above them: whether they are the host's own or of policy is not known",
        );
        note(
            c,
            text,
            ProblemKind::Incomplete,
            Some("export again, with the line of the key"),
        );
        for (c, one, many, kind) in [
            (
                &aside.elsewhere,
                "stands under a key in which Windows looks for none: it does not act",
                "stand under a key in which Windows looks for none: they do not act",
                ProblemKind::Malformed,
            ),
            (
                &aside.ignored,
                "has no version at its beginning: Windows ignores it",
                "have no version at their beginning: Windows ignores them",
                note_kind,
            ),
            (
                &aside.typed,
                "holds no string: Windows ignores it",
                "hold no strings: Windows ignores them",
                note_kind,
            ),
            (
                &aside.open,
                "does not end with a bar, so it may be cut off: it may match or not",
                "do not end with a bar, so they may be cut off: they may match or not",
                ProblemKind::Malformed,
            ),
            (
                &aside.inactive,
                "has no field Active, so it does not act",
                "have no field Active, so they do not act",
                note_kind,
            ),
            (
                &aside.replaced,
                "is replaced by a later value of the same name",
                "are replaced by later values of the same names",
                note_kind,
            ),
        ] {
            let text = c.rules(one, many);
            note(c, text, kind, None);
        }
        out
    }
}

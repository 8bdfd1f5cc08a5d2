//! The process behind a port, as rules name it.

use super::condition::Test;
use super::rule::Clause;

/// The process that is expected behind a port.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listener<'a> {
    /// Names that it may have: of programs, or of services, in lower case. None: it is not known.
    pub names: &'a [String],
    /// File names, in lower case, of programs that host many services: the service says which process it is.
    pub shared: &'a [String],
    /// File names, in lower case, of programs that run other programs' code: runtimes and web servers.
    pub runtimes: &'a [String],
    /// Parts, in lower case, of the paths of programs and the names of services that may be it where `names` is empty. None:
    /// any program may be.
    pub vendor: &'a [String],
}

/// What a clause that asks for a program or a service says of the expected process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// It asks for this one.
    Listener,
    /// It may ask for this one.
    MayBe,
    /// It asks for another one.
    Other,
}

impl Listener<'_> {
    /// Which process a clause asks for; `None` if it asks for no program and no service.
    #[must_use]
    pub fn asked(&self, clause: &Clause) -> Option<Asked> {
        let (mut program, mut service) = (None, None);
        for c in clause.conditions.iter().filter(|c| !c.negated) {
            match &c.test {
                Test::Program(p) => program = program.or(Some(p.to_lowercase())),
                Test::Service(s) => service = service.or(Some(s.to_lowercase())),
                _ => {}
            }
        }
        if program.is_none() && service.is_none() {
            return None;
        }
        // `Service: Any` is any service, so the program alone says which process it is.
        let service = service.filter(|s| s != "*");
        Some(if self.names.is_empty() {
            self.guessed(program.as_deref(), service.as_deref())
        } else {
            self.known(program.as_deref(), service.as_deref())
        })
    }

    /// Where the names of the expected process are known.
    fn known(&self, program: Option<&str>, service: Option<&str>) -> Asked {
        if service.is_some_and(|s| self.is(s)) {
            return Asked::Listener;
        }
        let Some(file) = program.map(file_name) else {
            return if service.is_some() {
                Asked::Other
            } else {
                Asked::MayBe
            };
        };
        let shared = self.shared.iter().any(|s| s == file);
        match (self.is(file), shared, service.is_some()) {
            // A service of its own name says which of the many processes of the program it is.
            (_, true, true) | (false, false, _) => Asked::Other,
            (true, _, _) => Asked::Listener,
            // A service has a host; the host of a program that is named is that program.
            (false, true, false) if self.names.iter().any(|n| n.ends_with(".exe")) => Asked::Other,
            (false, true, false) => Asked::MayBe,
        }
    }

    /// Where nobody says who it is.
    fn guessed(&self, program: Option<&str>, service: Option<&str>) -> Asked {
        let texts = || program.into_iter().chain(service);
        let fits = |text: &str| self.vendor.iter().any(|v| text.contains(v.as_str()));
        if self.vendor.is_empty() || texts().any(fits) {
            return Asked::MayBe;
        }
        let host = |file: &str| {
            let mut all = self.shared.iter().chain(self.runtimes);
            all.any(|h| h == file)
        };
        match (program.map(file_name), service) {
            (_, Some(_)) => Asked::Other,
            (Some(file), None) if host(file) => Asked::MayBe,
            (Some(_), None) => Asked::Other,
            (None, None) => Asked::MayBe,
        }
    }

    fn is(&self, name: &str) -> bool {
        let bare = name.trim_end_matches(".exe");
        let mut names = self.names.iter();
        names.any(|n| n.eq_ignore_ascii_case(name) || n.eq_ignore_ascii_case(bare))
    }
}

/// The file name of a program's path.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

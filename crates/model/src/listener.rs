//! The process behind a port, as rules name it.

use super::condition::Test;
use super::rule::Clause;

/// The process that is expected behind a port.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listener<'a> {
    /// Names that it may have: of programs without `.exe`, or of services, in lower case. None: it is not known.
    pub names: &'a [String],
    /// File names, in lower case, of programs that host many services: the service says which process it is.
    pub shared: &'a [String],
}

impl Listener<'_> {
    /// Whether the program and the service that a clause asks for are the expected ones; `None` when that is not known.
    #[must_use]
    pub fn is_asked_for(&self, clause: &Clause) -> Option<bool> {
        if self.names.is_empty() {
            return None;
        }
        let mut other = false;
        for c in clause.conditions.iter().filter(|c| !c.negated) {
            match &c.test {
                Test::Service(s) if self.is(s) => return Some(true),
                Test::Service(s) => other |= &**s != "*",
                Test::Program(p) => {
                    let file = p.rsplit(['\\', '/']).next().unwrap_or(p);
                    let file = file.to_ascii_lowercase();
                    if self.is(&file) {
                        return Some(true);
                    }
                    other |= !self.shared.contains(&file);
                }
                _ => {}
            }
        }
        other.then_some(false)
    }

    fn is(&self, name: &str) -> bool {
        let bare = name.trim_end_matches(".exe");
        let mut names = self.names.iter();
        names.any(|n| n.eq_ignore_ascii_case(name) || n.eq_ignore_ascii_case(bare))
    }
}

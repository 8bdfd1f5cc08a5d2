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
    /// The process that a listing of the host shows behind the port, if one does: then it is this one, whatever is expected.
    pub running: Option<Running<'a>>,
}

/// A process that a listing of a host shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Running<'a> {
    /// Its path, or its file name where no more is printed; not empty.
    pub program: &'a str,
    /// Its services.
    pub services: &'a [Box<str>],
    /// It has no other services.
    pub listed: bool,
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
    /// It asks for the process that a listing shows behind the port.
    Shown,
    /// It asks for another one than a listing shows behind the port.
    NotShown,
    /// It asks for a program of the name that a listing shows behind the port, in a directory where that one does not usually
    /// stand.
    Named,
}

/// The last character of a program's name of which a listing prints the beginning alone.
pub const CUT_OFF: char = '\u{2026}';

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
        let shown = self.running.and_then(|r| {
            let is = r.answers(program.as_deref(), service.as_deref(), self.shared);
            match is {
                Answer::Yes => Some(Asked::Shown),
                Answer::Likely => Some(Asked::Listener),
                Answer::Name => Some(Asked::Named),
                Answer::No => Some(Asked::NotShown),
                // Each service of one process may have the port, and rules for each of them act on it.
                Answer::OneOf if !service.as_deref().is_some_and(|s| self.is(s)) => {
                    Some(Asked::MayBe)
                }
                Answer::OneOf | Answer::Untold => None,
            }
        });
        if shown.is_some() {
            return shown;
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

/// Whether a process that a listing shows is that of a program and a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Yes,
    No,
    /// Its name is, and its directory is not printed.
    Likely,
    /// Its name is that of the host of services, which stands in the directory of Windows, and the rule names another one.
    Name,
    /// It is the process of several services, of which that is one.
    OneOf,
    /// The listing does not tell.
    Untold,
}

/// Where the host of services stands.
const SYSTEM_FOLDER: &str = "c:\\windows\\system32\\";

impl Running<'_> {
    /// Whether it is the process of a program and a service that a rule names.
    fn answers(&self, program: Option<&str>, service: Option<&str>, shared: &[String]) -> Answer {
        let same = program.map(|p| same_program(self.program, p));
        let service = service.map(|s| self.has(s));
        let host = || {
            let file = self.program.to_lowercase();
            shared.iter().any(|s| s == file_name(&file))
        };
        let usual = || {
            program.is_some_and(|p| {
                let (path, _) = expanded(p);
                !path.contains('\\') || path.starts_with(SYSTEM_FOLDER)
            })
        };
        match (same, service) {
            (Some(SameProgram::No), _) | (_, Some(Answer::No)) => Answer::No,
            (Some(SameProgram::Open), _) => Answer::Untold,
            (_, Some(other @ (Answer::Untold | Answer::OneOf))) => other,
            (Some(SameProgram::Name), _) if !host() => Answer::Likely,
            (Some(SameProgram::Name), _) if !usual() => Answer::Name,
            _ => Answer::Yes,
        }
    }

    /// Whether it is the process of a service, in lower case. Of several services in one process, any may have the port, and
    /// its token holds the SIDs of all.
    fn has(&self, service: &str) -> Answer {
        let mut all = self.services.iter();
        match (service, self.services.len()) {
            ("*", 1..) => Answer::Yes,
            (_, 1) if all.any(|s| s.to_lowercase() == service) => Answer::Yes,
            _ if self.services.iter().any(|s| s.to_lowercase() == service) => Answer::OneOf,
            _ if self.listed => Answer::No,
            _ => Answer::Untold,
        }
    }
}

/// Whether two programs, each given by its path or its file name, are the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SameProgram {
    /// They are.
    Yes,
    /// They have one file name, and the directory of one is not known.
    Name,
    /// They are not.
    No,
    /// Paths to files of one name that cannot be compared, as a variable or a short name (`PROGRA~1`) stands in one of them.
    Open,
}

/// Compares two programs as Windows does, without regard to case.
#[must_use]
pub fn same_program(a: &str, b: &str) -> SameProgram {
    let ((a, a_usual), (b, b_usual)) = (expanded(a), expanded(b));
    if a == b {
        return SameProgram::Yes;
    }
    let begins = |cut: &str, other: &str| {
        let stem = file_name(cut).strip_suffix(CUT_OFF);
        stem.is_some_and(|stem| file_name(other).starts_with(stem))
    };
    if begins(&a, &b) || begins(&b, &a) {
        return SameProgram::Name;
    }
    if !fits(file_name(&a), file_name(&b)) {
        return SameProgram::No;
    }
    let whole = |p: &str| p.contains('\\');
    if !whole(&a) || !whole(&b) {
        return SameProgram::Name;
    }
    let parts = |p: &str| p.split('\\').map(str::to_owned).collect::<Vec<_>>();
    let (x, y) = (parts(&a), parts(&b));
    // Windows may stand on another drive, and a device has no letter.
    let drive = |p: &str| p.starts_with(DEVICE) || p.get(1..2) == Some(":");
    let unsure = a_usual || b_usual || a.starts_with(DEVICE) || b.starts_with(DEVICE);
    let moved = unsure && drive(&a) && drive(&b) && behind_drive(&a) == behind_drive(&b);
    let open = a.contains('%') || b.contains('%') || moved;
    let short = x.len() == y.len() && x.iter().zip(&y).all(|(x, y)| fits(x, y));
    match open || short {
        true => SameProgram::Open,
        false => SameProgram::No,
    }
}

/// Whether two parts of paths may be the same: a short name holds the first letters of a long one (`PROGRA~1`).
fn fits(a: &str, b: &str) -> bool {
    let short = |short: &str, long: &str| {
        let Some((stem, rest)) = short.split_once('~') else {
            return false;
        };
        let numbered = rest.starts_with(|c: char| c.is_ascii_digit());
        let letters: String = long.chars().filter(|c| !matches!(c, ' ' | '.')).collect();
        let end = |t: &str| {
            t.rsplit_once('.')
                .map(|(_, e)| e.chars().take(3).collect::<String>())
        };
        numbered && letters.starts_with(stem) && (!rest.contains('.') || end(rest) == end(long))
    };
    a == b || short(a, b) || short(b, a)
}

/// How the name of a volume begins in the names of the kernel.
const DEVICE: &str = "\\device\\";

/// A path without its drive or volume.
fn behind_drive(path: &str) -> &str {
    let rest = path.strip_prefix(DEVICE).unwrap_or(path);
    rest.split_once('\\').map_or("", |(_, rest)| rest)
}

/// A path in lower case, with the variables of a usual installation replaced, and whether there was one. The prefixes by which
/// Windows takes a path as it is written (`\\?\`) say nothing else.
fn expanded(path: &str) -> (String, bool) {
    const VARIABLES: [(&str, &str); 5] = [
        ("%systemroot%", "c:\\windows"),
        ("%windir%", "c:\\windows"),
        ("%systemdrive%", "c:"),
        ("%programfiles(x86)%", "c:\\program files (x86)"),
        ("%programfiles%", "c:\\program files"),
    ];
    let path = path.trim().to_lowercase().replace('/', "\\");
    let plain = ["\\\\?\\", "\\\\.\\", "\\??\\"];
    let plain = plain.iter().find_map(|p| path.strip_prefix(p));
    let path = plain.map_or(path.clone(), str::to_owned);
    let known = VARIABLES.iter().find(|(v, _)| path.starts_with(v));
    match known {
        Some((variable, folder)) => (path.replacen(variable, folder, 1), true),
        None => (path, false),
    }
}

/// The file name of a program's path.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_compared_as_windows_does() {
        for (a, b, want) in [
            (
                r"C:\Windows\System32\svchost.exe",
                r"%SystemRoot%\system32\SVCHOST.EXE",
                SameProgram::Yes,
            ),
            ("sqlservr.exe", r"C:\SQL\sqlservr.exe", SameProgram::Name),
            ("System", "system", SameProgram::Yes),
            ("System", r"C:\inetpub\w3wp.exe", SameProgram::No),
            (
                r"D:\SQL\sqlservr.exe",
                r"C:\SQL\sqlservr.exe",
                SameProgram::No,
            ),
            (
                r"C:\PROGRA~1\Tomcat\java.exe",
                r"C:\Program Files\Tomcat\java.exe",
                SameProgram::Open,
            ),
            (
                r"C:\PROGRA~1\Tomcat\java.exe",
                r"C:\Program Files\Jetty\java.exe",
                SameProgram::No,
            ),
            (
                r"%JAVA_HOME%\bin\java.exe",
                r"C:\jdk\bin\java.exe",
                SameProgram::Open,
            ),
            (
                r"\\?\C:\SQL\sqlservr.exe",
                r"C:\SQL\sqlservr.exe",
                SameProgram::Yes,
            ),
            (
                r"D:\Program Files\SQL\sqlservr.exe",
                r"%ProgramFiles%\SQL\sqlservr.exe",
                SameProgram::Open,
            ),
            (
                r"D:\Temp\sqlservr.exe",
                r"%ProgramFiles%\SQL\sqlservr.exe",
                SameProgram::No,
            ),
            (
                r"\Device\HarddiskVolume3\SQL\sqlservr.exe",
                r"C:\SQL\sqlservr.exe",
                SameProgram::Open,
            ),
            (
                "SQLServerVeryLongProgramN\u{2026}",
                r"C:\SQL\SQLServerVeryLongProgramName.exe",
                SameProgram::Name,
            ),
            (
                "SQLServerVeryLongProgramN\u{2026}",
                r"C:\SQL\sqlservr.exe",
                SameProgram::No,
            ),
        ] {
            assert_eq!(same_program(a, b), want, "{a} {b}");
        }
    }

    #[test]
    fn a_process_of_several_services_may_be_that_of_each() {
        let shared = ["svchost.exe".to_owned()];
        let two = ["RpcEptMapper".into(), "RpcSs".into()];
        let one = ["TermService".into()];
        let of = |services, listed, service| {
            let r = Running {
                program: "svchost.exe",
                services,
                listed,
            };
            r.answers(
                Some("%systemroot%\\system32\\svchost.exe"),
                service,
                &shared,
            )
        };
        assert_eq!(of(&one, true, Some("termservice")), Answer::Yes);
        assert_eq!(of(&two, true, Some("rpcss")), Answer::OneOf);
        assert_eq!(of(&two, true, Some("termservice")), Answer::No);
        assert_eq!(of(&two, true, Some("*")), Answer::Yes);
        assert_eq!(of(&[], true, Some("*")), Answer::No);
        assert_eq!(of(&[], false, Some("termservice")), Answer::Untold);
        assert_eq!(of(&[], false, None), Answer::Yes);
        let elsewhere = Running {
            program: "svchost.exe",
            services: &one,
            listed: true,
        };
        for path in [r"C:\Temp\svchost.exe", r"C:\Windows\SysWOW64\svchost.exe"] {
            assert_eq!(elsewhere.answers(Some(path), None, &shared), Answer::Name);
        }
        let sql = Running {
            program: "sqlservr.exe",
            services: &[],
            listed: false,
        };
        assert_eq!(
            sql.answers(Some(r"c:\x\sqlservr.exe"), None, &shared),
            Answer::Likely
        );
    }
}

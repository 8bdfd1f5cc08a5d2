//! Commands that run another one on another machine or in a container.

/// Where a command is run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Machine {
    /// On the machine of this name.
    Named(String),
    /// On some other one, whose name is not printed, or in a container.
    Unnamed,
}

/// Parameters of `Invoke-Command` and of the CIM cmdlets that name machines, and those behind which other things stand.
const BY_NAME: [&str; 4] = ["-computername", "-cn", "-hostname", "-vmname"];
const BY_OBJECT: [&str; 5] = [
    "-session",
    "-cimsession",
    "-vmid",
    "-containerid",
    "-connectionuri",
];

/// Programs that run a command in a container, by the word behind them.
const INTO: [&str; 5] = ["docker", "podman", "nerdctl", "kubectl", "crictl"];

/// Programs whose output is read here.
const TOOLS: [&str; 5] = ["ipconfig", "route", "netstat", "tasklist", "hostname"];

/// The program that a word calls, in lower case.
fn program(word: &str) -> String {
    let bare = word.rsplit(['\\', '/']).next().unwrap_or(word);
    let lower = bare.trim_matches(['"', '\'']).to_ascii_lowercase();
    lower
        .strip_suffix(".exe")
        .map(str::to_owned)
        .unwrap_or(lower)
}

/// The machine of a name that is written down; the local one is none.
fn named(name: &str) -> Option<Machine> {
    let name = name.trim_matches(['"', '\'', '\\', ',', '(', ')']);
    let local = ["localhost", ".", "127.0.0.1", "::1", "$env:computername"];
    match () {
        () if local.contains(&name.to_ascii_lowercase().as_str()) => None,
        () if name.is_empty() || name.contains(['$', ',', '@', '*']) => Some(Machine::Unnamed),
        () => Some(Machine::Named(name.to_owned())),
    }
}

/// The machine that parameters of a cmdlet name, wherever they stand.
pub(crate) fn of_parameters(command: &str) -> Option<Machine> {
    let mut words = command.split_whitespace();
    while let Some(word) = words.next() {
        let (key, value) = match word.split_once(':') {
            Some((key, value)) if word.starts_with('-') => (key, Some(value)),
            _ => (word, None),
        };
        let key = key.to_ascii_lowercase();
        let by_name = BY_NAME.contains(&key.as_str());
        let by_object = BY_OBJECT.contains(&key.as_str());
        if !by_name && !by_object {
            continue;
        }
        let value = value.filter(|v| !v.is_empty()).or_else(|| words.next())?;
        // A list is of several machines.
        let list = value.ends_with(',');
        let plain = by_name || key == "-cimsession" && !value.contains('$');
        return match plain && !list {
            true => named(value),
            false => Some(Machine::Unnamed),
        };
    }
    None
}

/// The machine that a command runs another one on, and that one; `None` if it runs here.
pub(super) fn elsewhere(text: &str) -> Option<(Machine, String)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (first, rest) = words.split_first()?;
    let is_tool = |w: &&str| TOOLS.contains(&program(w).as_str());
    let inner = || {
        let at = rest.iter().position(is_tool)?;
        Some(rest.get(at..)?.join(" "))
    };
    let machine = match program(first).as_str() {
        "invoke-command" | "icm" => {
            let machine = of_parameters(text)?;
            let (_, block) = text.split_once('{')?;
            let (block, behind) = block.rsplit_once('}').unwrap_or((block, ""));
            return Some((machine, format!("{} {behind}", block.trim())));
        }
        "psexec" | "psexec64" | "paexec" => {
            let host = rest.iter().find(|w| w.starts_with("\\\\"))?;
            named(host)?
        }
        "winrs" => {
            let lower = |w: &&&str| {
                let w = w.to_ascii_lowercase();
                w.starts_with("-r:") || w.starts_with("-remote:") || w.starts_with("/r:")
            };
            let word = rest.iter().find(lower)?;
            named(word.split_once(':')?.1)?
        }
        "ssh" | "plink" => {
            let host = rest.iter().find(|w| !w.starts_with('-'))?;
            named(host.rsplit('@').next().unwrap_or(host))?
        }
        "tasklist" => {
            let at = rest.iter().position(|w| w.eq_ignore_ascii_case("/s"))?;
            let machine = named(rest.get(at + 1)?)?;
            return Some((machine, text.to_owned()));
        }
        p if INTO.contains(&p) => Machine::Unnamed,
        _ => return None,
    };
    Some((machine, inner()?))
}

/// Whether two names are of one machine: with or without its domain.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    let first = |n: &str| n.split('.').next().unwrap_or(n).to_ascii_lowercase();
    first(a) == first(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_run_elsewhere_name_their_machine() {
        let web7 = || Machine::Named("web7".to_owned());
        for (text, machine, inner) in [
            (
                "Invoke-Command -ComputerName web7 { netstat -ano }",
                web7(),
                "netstat -ano",
            ),
            (
                "icm -cn:web7 -ScriptBlock {ipconfig /all} | more",
                web7(),
                "ipconfig /all  | more",
            ),
            (
                "Invoke-Command -Session $s { netstat -ano }",
                Machine::Unnamed,
                "netstat -ano",
            ),
            (
                "Invoke-Command -ComputerName web7, web8 { netstat -ano }",
                Machine::Unnamed,
                "netstat -ano",
            ),
            (r"psexec \\web7 -s netstat -ano", web7(), "netstat -ano"),
            (
                r"C:\tools\PsExec64.exe -nobanner \\web7 cmd /c netstat -ano",
                web7(),
                "netstat -ano",
            ),
            ("winrs -r:web7 ipconfig /all", web7(), "ipconfig /all"),
            ("ssh admin@web7 netstat -ano", web7(), "netstat -ano"),
            ("tasklist /s web7 /svc", web7(), "tasklist /s web7 /svc"),
            (
                "docker exec mssql netstat -ano",
                Machine::Unnamed,
                "netstat -ano",
            ),
        ] {
            let (is, command) = elsewhere(text).unwrap();
            assert_eq!((is, command.trim()), (machine, inner), "{text}");
        }
        for here in [
            "netstat -ano",
            "tasklist /svc",
            "Invoke-Command { netstat -ano }",
            "Invoke-Command -ComputerName localhost { netstat -ano }",
            "ssh web7",
        ] {
            assert_eq!(elsewhere(here), None, "{here}");
        }
        assert_eq!(
            of_parameters("Get-NetTCPConnection -State Listen -CimSession web7"),
            Some(web7())
        );
        assert_eq!(of_parameters("Get-NetTCPConnection -State Listen"), None);
    }
}

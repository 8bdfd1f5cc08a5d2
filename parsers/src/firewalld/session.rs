//! What stands around the output of firewall-cmd in the text of a session: prompts, banners, and the hosts that they name.

/// Words that a terminal or a tool prints behind an output.
const ENDS: [&str; 3] = ["logout", "exit", "success"];

/// The host of a prompt, and what was typed behind it: `[root@sql1 ~]# …`, `bob@sql1:~$ …`, `$ …`.
pub(super) fn prompt(line: &str) -> Option<(Option<&str>, &str)> {
    let text = line.trim();
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, typed) = rest.split_once(']')?;
        let typed = typed.strip_prefix(['#', '$'])?;
        let host = inside.split_once('@')?.1.split_ascii_whitespace().next()?;
        return Some((Some(label(host)), typed.trim()));
    }
    if let Some(typed) = text.strip_prefix('$')
        && (typed.is_empty() || typed.starts_with(' '))
    {
        return Some((None, typed.trim()));
    }
    let first = text.split_ascii_whitespace().next()?;
    let (user, rest) = first.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let plain = |w: &str| {
        !w.is_empty()
            && w.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    if !plain(user) || !plain(host) || !path.ends_with(['#', '$']) {
        return None;
    }
    let typed = text.get(first.len()..).unwrap_or("");
    Some((Some(label(host)), typed.trim()))
}

/// The host that Ansible names above an output: `sql1 | CHANGED | rc=0 >>`.
pub(super) fn of_task(line: &str) -> Option<&str> {
    let (host, rest) = line.trim().split_once(" | ")?;
    let word = rest.split_ascii_whitespace().next()?;
    let known = matches!(
        word,
        "CHANGED" | "SUCCESS" | "FAILED" | "UNREACHABLE!" | "FAILED!"
    );
    (known && !host.contains(char::is_whitespace)).then(|| label(host))
}

/// The host to which a command was sent: `ssh sql1 firewall-cmd …`.
pub(super) fn of_ssh(line: &str) -> Option<&str> {
    let before = line.split("firewall-cmd").next()?;
    let mut words = before
        .split_ascii_whitespace()
        .skip_while(|w| *w != "ssh")
        .skip(1);
    let host = words.find(|w| !w.starts_with('-') && *w != "sudo")?;
    let host = host.rsplit('@').next().unwrap_or(host);
    Some(label(host))
}

/// The host that Salt names above an output: `sql1:`.
pub(super) fn of_minion(line: &str) -> Option<&str> {
    let host = line.trim_end().strip_suffix(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!host.is_empty() && host.chars().all(plain)).then(|| label(host))
}

/// Whether a line stands below another one.
pub(super) fn is_indented(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

/// What systemctl or service is told to do with firewalld: `stop` of all that ends it.
pub(super) fn of_service(line: &str) -> Option<&str> {
    let words = || line.split_ascii_whitespace();
    let own = |w: &str| matches!(w, "firewalld" | "firewalld.service");
    if !words().any(own) {
        return None;
    }
    let tool = words().position(|w| matches!(w, "systemctl" | "service"))?;
    let verb = |w: &&str| !own(w) && !w.starts_with('-');
    let verb = words().skip(tool + 1).find(verb)?;
    match verb {
        "disable" | "mask" if words().any(|w| w == "--now") => Some("stop"),
        "enable" if words().any(|w| w == "--now") => Some("start"),
        _ => Some(verb),
    }
}

/// What a command of firewall-cmd changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    /// What zones and policies accept.
    Zones,
    /// Panic mode: on or off.
    Panic(bool),
}

/// What the options of a command change, if it succeeds.
pub(super) fn change(options: &str) -> Option<Change> {
    const BEGIN: [&str; 9] = [
        "--add-",
        "--remove-",
        "--change-",
        "--set-target",
        "--set-default-zone",
        "--set-priority",
        "--reload",
        "--complete-reload",
        "--load-",
    ];
    options.split_ascii_whitespace().find_map(|o| match o {
        "--panic-on" => Some(Change::Panic(true)),
        "--panic-off" => Some(Change::Panic(false)),
        o => BEGIN
            .iter()
            .any(|b| o.starts_with(b))
            .then_some(Change::Zones),
    })
}

/// The first two numbers of a version: `0.6.3`.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    let first = parts.next()?.parse().ok()?;
    let second = parts.next()?.parse().ok()?;
    parts
        .all(|p| p.starts_with(|c: char| c.is_ascii_digit()))
        .then_some((first, second))
}

/// Whether a line is a heading between outputs, or ends a session.
pub(super) fn is_banner(line: &str) -> bool {
    let text = line.trim();
    let rule = ["===", "---", "***", "###", "==>", ">>>", "~~~"];
    rule.iter().any(|r| text.starts_with(r))
        || ENDS.contains(&text)
        || text.starts_with("Connection to ") && text.ends_with("closed.")
        || text.starts_with("[sudo] password for ")
}

/// The name of a host without its domain.
fn label(host: &str) -> &str {
    let number = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    match number {
        true => host,
        false => host.split('.').next().unwrap_or(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_tell_what_they_change() {
        assert_eq!(change(" --remove-port=443/tcp"), Some(Change::Zones));
        assert_eq!(change(" --panic-on"), Some(Change::Panic(true)));
        assert_eq!(change(" --list-all-zones"), None);
        assert_eq!(of_service("# systemctl stop firewalld"), Some("stop"));
        assert_eq!(of_service("$ sudo service firewalld stop"), Some("stop"));
        assert_eq!(of_service("# systemctl stop nginx"), None);
        assert_eq!(version("0.6.3"), Some((0, 6)));
        assert_eq!(version("eth0.7"), None);
        assert_eq!(of_minion("web1.example.com:"), Some("web1"));
        assert_eq!(of_minion("  services: ssh"), None);
    }

    #[test]
    fn prompts_name_their_hosts() {
        assert_eq!(prompt("[root@sql1 ~]# exit"), Some((Some("sql1"), "exit")));
        assert_eq!(
            prompt("bob@web1.example.com:~$ firewall-cmd --state"),
            Some((Some("web1"), "firewall-cmd --state"))
        );
        assert_eq!(prompt("$"), Some((None, "")));
        assert_eq!(prompt("  ports: 1433/tcp"), None);
        assert_eq!(of_task("sql1 | CHANGED | rc=0 >>"), Some("sql1"));
        assert_eq!(
            of_ssh("ssh -q root@sql1 sudo firewall-cmd --list-all"),
            Some("sql1")
        );
    }
}

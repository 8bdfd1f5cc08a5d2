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

//! Scripts that make a firewall: what they leave behind is known only after they ran.

use super::form::Standing::Source;
use super::form::{Form, Text};

const RUN: &str =
    "a script is not read: run it, then save the result with `iptables-save` and `ip6tables-save`";
const RUN_WINDOWS: &str = "a script is not read: run it, then give the output of `netsh advfirewall firewall show rule name=all verbose`";
const RUN_ANSIBLE: &str = "give what the playbook leaves on the host: `iptables-save`, or `netsh advfirewall firewall show rule name=all verbose`";

pub(super) const FORMS: &[Form] = &[
    Form::new(
        Source,
        windows,
        "a script that makes Windows firewall rules",
        RUN_WINDOWS,
    ),
    Form::new(
        Source,
        shell,
        "a shell script that makes firewall rules",
        RUN,
    ),
    Form::new(
        Source,
        ansible,
        "an Ansible playbook that makes firewall rules",
        RUN_ANSIBLE,
    ),
    Form::new(
        Source,
        managed,
        "a Puppet manifest or a Salt state that makes firewall rules",
        RUN,
    ),
];

/// Programs that change a firewall, by their names.
const PROGRAMS: [&str; 7] = [
    "iptables",
    "ip6tables",
    "ebtables",
    "nft",
    "ufw",
    "firewall-cmd",
    "ipset",
];

/// Options and verbs that change rules, behind such a program.
const CHANGES: [&str; 18] = [
    "-A",
    "-I",
    "-P",
    "-F",
    "-N",
    "-D",
    "-X",
    "--append",
    "--insert",
    "--policy",
    "--flush",
    "-t",
    "allow",
    "deny",
    "add",
    "--permanent",
    "--add-port",
    "create",
];

/// A variable that holds such a program (`$IPT`, `${IP6TABLES}`).
fn is_variable(word: &str) -> bool {
    let name = word
        .trim_start_matches(['$', '{', '"'])
        .to_ascii_lowercase();
    word.trim_start_matches('"').starts_with('$')
        && (name.starts_with("ipt") || name.starts_with("ip6t"))
}

fn is_program(word: &str) -> bool {
    let name = word
        .trim_matches(['"', '\''])
        .rsplit('/')
        .next()
        .unwrap_or(word);
    PROGRAMS.contains(&name) || is_variable(word)
}

/// At least two commands that change rules.
fn shell(t: &Text<'_>) -> bool {
    let changes = |line: &str| {
        let words: Vec<&str> = line.split_ascii_whitespace().take(12).collect();
        let at = words.iter().position(|w| is_program(w));
        let rest = at.and_then(|n| words.get(n + 1..)).unwrap_or_default();
        let is_change =
            |w: &&str| CHANGES.contains(w) || w.starts_with("--add-") || w.starts_with("--set-");
        !line.starts_with('#') && at.is_some_and(|n| n < 4) && rest.iter().any(is_change)
    };
    let named = t.has_any(&PROGRAMS) || t.has_any(&["$IP", "${IP", "$ip", "${ip"]);
    named && t.lines().filter(|l| changes(l)).take(2).count() == 2
}

fn windows(t: &Text<'_>) -> bool {
    let makes = |l: &str| {
        let l = l.to_ascii_lowercase();
        [
            "advfirewall firewall add rule",
            "advfirewall firewall set rule",
            "advfirewall set ",
            "new-netfirewallrule",
            "set-netfirewallrule",
            "set-netfirewallprofile",
        ]
        .iter()
        .any(|c| l.contains(c))
            && !l.starts_with(['#', ':'])
            && !l.starts_with("rem ")
    };
    t.has_any(&["irewall", "IREWALL"]) && t.lines().any(makes)
}

/// Modules of ansible.builtin, ansible.posix and community.windows.
fn ansible(t: &Text<'_>) -> bool {
    const MODULES: [&str; 10] = [
        "iptables",
        "ansible.builtin.iptables",
        "firewalld",
        "ansible.posix.firewalld",
        "ufw",
        "community.general.ufw",
        "win_firewall_rule",
        "community.windows.win_firewall_rule",
        "amazon.aws.ec2_security_group",
        "ec2_group",
    ];
    t.field("hosts", &[]) && t.field("tasks", &[]) && MODULES.iter().any(|m| t.field(m, &[]))
        || t.field("name", &[]) && MODULES.iter().any(|m| m.contains('.') && t.field(m, &[]))
}

/// Resources of puppetlabs-firewall, states of salt.states.iptables and salt.states.firewalld.
fn managed(t: &Text<'_>) -> bool {
    let puppet = |l: &str| {
        let rest = l.strip_prefix("firewall").unwrap_or("");
        let rest = rest.strip_prefix("chain").unwrap_or(rest).trim_start();
        rest.starts_with("{ '") || rest.starts_with("{ \"")
    };
    const STATES: [&str; 4] = [
        "iptables.append:",
        "iptables.insert:",
        "iptables.set_policy:",
        "firewalld.present:",
    ];
    t.has("firewall") && t.lines().any(puppet) && t.has_any(&["proto", "jump", "action"])
        || t.begins(&STATES)
}

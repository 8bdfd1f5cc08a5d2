//! Scripts that make a firewall: what they leave behind is known only after they ran.

use super::form::Standing::Source;
use super::form::{Form, Lookalike, Text};
use crate::iptables::is_base_chain;

pub(super) const RUN: &str =
    "a script is not read: run it, then save the result with `iptables-save` and `ip6tables-save`";
const RUN_NFT: &str = "a script is not read: run it, then give the output of `nft list ruleset`";
const LOADED: &str = "give the file that it loads, or the output of `iptables-save`, `ip6tables-save` and `nft list ruleset`";
const RUN_WINDOWS: &str = "a script is not read: run it, then give the output of `netsh advfirewall firewall show rule name=all verbose`";
const RUN_ANSIBLE: &str = "give what the playbook leaves on the host: `iptables-save`, or `netsh advfirewall firewall show rule name=all verbose`";

const RUN_FIREWALLD: &str = "run them, then give the output of `firewall-cmd --list-all-zones` and \
    `firewall-cmd --list-all-policies`";

const SHELL: Form = Form::new(
    Source,
    shell,
    "a shell script that makes firewall rules",
    RUN,
);

pub(super) const FORMS: &[Form] = &[
    Form::new(
        Source,
        windows,
        "a script that makes Windows firewall rules",
        RUN_WINDOWS,
    ),
    Form::new(
        Source,
        firewall_cmd,
        "`firewall-cmd` commands that change zones",
        RUN_FIREWALLD,
    ),
    SHELL,
    Form::new(
        Source,
        nft,
        "a shell script that makes nftables rules",
        RUN_NFT,
    ),
    Form::new(
        Source,
        loads,
        "a shell script that loads firewall rules from another file",
        LOADED,
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
const PROGRAMS: [&str; 13] = [
    "iptables",
    "ip6tables",
    "ip4tables",
    "iptables-nft",
    "ip6tables-nft",
    "iptables-legacy",
    "ip6tables-legacy",
    "ebtables",
    "nft",
    "ufw",
    "firewall-cmd",
    "firewall-offline-cmd",
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

/// A variable that holds such a program (`$IPT`, `${IP6TABLES}`, `$IP4TABLES`), of the names that one begins with.
fn is_variable(word: &str, names: &[&str]) -> bool {
    let bare = word.trim_start_matches('"');
    let name = bare.trim_start_matches(['$', '{']).to_ascii_lowercase();
    bare.starts_with('$') && names.iter().any(|n| name.starts_with(n))
}

fn is_tables(word: &str) -> bool {
    let name = word
        .trim_matches(['"', '\'', '@'])
        .rsplit('/')
        .next()
        .unwrap_or(word);
    PROGRAMS.contains(&name) && name != "nft"
        || is_variable(word, &["ipt", "ip6t", "ip4t", "_ipt", "cmd_ipt"])
}

fn is_nft(word: &str) -> bool {
    word.trim_matches(['"', '\'']).rsplit('/').next() == Some("nft") || is_variable(word, &["nft"])
}

/// The commands of a line of a shell, without what joins them: a loop on one line holds several.
fn commands(line: &str) -> impl Iterator<Item = Vec<&str>> {
    let parts = line.split([';', '|', '&', '(', ')', '`']);
    parts.map(|part| {
        let words = part.split_ascii_whitespace().take(16);
        let joins = |w: &&str| {
            matches!(
                *w,
                "do" | "then" | "else" | "{" | "if" | "while" | "!" | "sudo" | "exec"
            )
        };
        words.skip_while(joins).collect()
    })
}

/// Whether a line has a command of one of the programs that changes rules.
fn changes(line: &str, is_program: fn(&str) -> bool, is_change: fn(&str) -> bool) -> bool {
    if line.starts_with('#') {
        return false;
    }
    commands(line).any(|words| {
        let at = words.iter().position(|w| is_program(w));
        let rest = at.and_then(|n| words.get(n + 1..)).unwrap_or_default();
        at.is_some_and(|n| n < 4) && rest.iter().any(|w| is_change(w))
    })
}

/// Commands of firewalld's own tools, and of no other that changes rules.
fn firewall_cmd(t: &Text<'_>) -> bool {
    if !t.has("firewall-cmd") && !t.has("firewall-offline-cmd") {
        return false;
    }
    let own = |w: &str| {
        let name = w.rsplit('/').next().unwrap_or(w);
        matches!(name, "firewall-cmd" | "firewall-offline-cmd")
    };
    let is_change = |w: &&str| {
        const VERBS: [&str; 6] = [
            "--add-",
            "--remove-",
            "--set-",
            "--change-",
            "--new-",
            "--delete-",
        ];
        VERBS.iter().any(|v| w.starts_with(v))
    };
    // Behind a prompt, too.
    let own_change = |line: &str| {
        !line.starts_with('#')
            && commands(line).any(|words| {
                let at = words.iter().position(|w| own(w));
                let (before, rest) = words.split_at(at.unwrap_or(words.len()));
                before.last().is_none_or(|w| w.ends_with(['#', '$'])) && rest.iter().any(is_change)
            })
    };
    let others = |line: &str| {
        changes(
            line,
            |w| is_tables(w) && !w.contains("firewall-"),
            |w| CHANGES.contains(&w),
        ) || changes(line, is_nft, |w| CHANGES.contains(&w))
    };
    t.lines().any(own_change) && !t.lines().any(others)
}

/// Commands that change rules: one in what can only be a script, else two.
fn shell(t: &Text<'_>) -> bool {
    let named = t.has_any(&PROGRAMS)
        || t.has_any(&["$IP", "${IP", "$ip", "${ip", "$FW", "${FW"])
        || t.has(" -j ");
    let own = |l: &&str| changes(l, is_tables, is_change) || is_called_by_variable(l);
    named && is_run(t, &|l| own(&l))
}

/// The same of nft.
fn nft(t: &Text<'_>) -> bool {
    t.has_any(&["nft", "NFT"]) && is_run(t, &|l| changes(l, is_nft, is_nft_change))
}

/// Whether a text runs such commands: one command in a text of prose or of settings is a quotation, unless the text is a
/// script or its words stand for others.
fn is_run(t: &Text<'_>, own: &dyn Fn(&str) -> bool) -> bool {
    let found = t.lines().filter(|l| own(l)).take(2);
    let found: Vec<&str> = found.collect();
    found.len() == 2 || found.iter().any(|l| l.contains('$')) || !found.is_empty() && is_script(t)
}

/// Whether the first line of a text names a shell.
pub(super) fn is_shell(t: &Text<'_>) -> bool {
    let first = t.first();
    let mut words = first.split_ascii_whitespace();
    first.starts_with("#!") && words.any(|w| w.ends_with("sh"))
}

/// Whether a text is of Ansible, Puppet or Salt.
pub(super) fn is_managed(t: &Text<'_>) -> bool {
    ansible(t) || managed(t)
}

/// Whether a text is of a shell by its first line, or by words that only a shell has.
fn is_script(t: &Text<'_>) -> bool {
    let ends = |l: &str| {
        matches!(l, "fi" | "done" | "esac")
            || l.starts_with("done ")
            || l.ends_with("; done")
            || l.ends_with("; fi")
    };
    is_shell(t)
        || t.lines().any(ends)
        || t.lines()
            .any(|l| l.ends_with("() {") || l.contains("() { "))
}

fn is_change(w: &str) -> bool {
    CHANGES.contains(&w) || w.starts_with("--add-") || w.starts_with("--set-")
}

fn is_nft_change(w: &str) -> bool {
    matches!(
        w.trim_matches(['"', '\'']),
        "add" | "insert" | "create" | "flush" | "delete" | "replace"
    ) || w.starts_with("\"add ")
        || w.starts_with("'add ")
}

/// A command whose program is in a variable of any name, and whose words can only be those of iptables.
fn is_called_by_variable(line: &str) -> bool {
    !line.starts_with('#')
        && commands(line).any(|words| {
            let called = words
                .first()
                .is_some_and(|w| w.trim_start_matches('"').starts_with('$'));
            let acts = words
                .get(1..)
                .unwrap_or_default()
                .iter()
                .take(4)
                .any(|w| matches!(*w, "-A" | "-I" | "-P" | "-F"));
            let of_tables = |w: &&str| *w == "-j" || is_base_chain(w);
            called && acts && words.iter().any(of_tables)
        })
}

/// Whether a word is the name of a program that changes rules.
pub(super) fn is_program(word: &str) -> bool {
    is_tables(word) || is_nft(word)
}

/// Whether a line holds a command that changes rules.
pub(super) fn changes_rules(line: &str) -> bool {
    changes(line, is_tables, is_change) || changes(line, is_nft, is_nft_change)
}

/// Whether a command changes rules or loads them from a file.
pub(super) fn acts_on_rules(command: &str) -> bool {
    let loads = commands(command).any(|words| {
        let name = words
            .first()
            .map_or("", |w| w.rsplit('/').next().unwrap_or(w));
        name.ends_with("tables-restore") || name == "nft" && words.contains(&"-f")
    });
    loads || changes_rules(command)
}

/// Commands that load a saved ruleset, in a text whose first line names a shell.
fn loads(t: &Text<'_>) -> bool {
    let restores = |l: &str| {
        let loader = |w: &&str| {
            let name = w.rsplit('/').next().unwrap_or(w);
            name.ends_with("tables-restore") || name == "nft" && l.contains(" -f")
        };
        !l.starts_with('#') && l.split_ascii_whitespace().take(4).any(|w| loader(&w))
    };
    let first = t.first();
    let is_shell = first.starts_with("#!") && first.ends_with("sh");
    is_shell && t.has_any(&["tables-restore", "nft"]) && t.lines().any(restores)
}

/// What a shell script is whose rules hold what only a run of it fills in, where a reader finds rules in it: those of a text
/// that it gives to a loader, or of commands in its functions.
pub(super) fn filled_in(text: &str) -> Option<Lookalike> {
    let first = text.lines().next().unwrap_or("");
    let is_shell = first.starts_with("#!") && first.trim_end().ends_with("sh");
    if !(is_shell || text.contains("<<")) || !text.contains('$') {
        return None;
    }
    let (mut end, mut rules) = (None, false);
    for line in text.lines() {
        let code = line.trim();
        if end.is_some_and(|e| e == code) {
            end = None;
        } else if end.is_none() {
            end = here_document(code);
        } else if is_filled_in(code) {
            rules = true;
        }
        let rule = is_shell && ["-A ", "-I ", "-P "].iter().any(|c| code.starts_with(c));
        rules |= rule && is_filled_in(code);
    }
    rules.then(|| SHELL.lookalike())
}

fn is_filled_in(line: &str) -> bool {
    let mut names = line
        .match_indices('$')
        .map(|(at, _)| line.get(at + 1..).unwrap_or(""));
    let is_name =
        |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "_{(@*#".contains(c));
    !line.starts_with('#') && (line.contains('`') || names.any(is_name))
}

/// The word that ends a document which begins on a line, where the shell fills in its variables.
fn here_document(line: &str) -> Option<&str> {
    let rest = line
        .split_once("<<")?
        .1
        .trim_start_matches('-')
        .trim_start();
    let word = rest
        .split(|c: char| c.is_whitespace() || ";|&)".contains(c))
        .next()?;
    let is_plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (is_plain && !word.is_empty()).then_some(word)
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
            "netsh firewall add ",
            "netsh firewall set ",
            "netsh firewall delete ",
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

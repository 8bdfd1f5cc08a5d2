//! Files of other programs that run commands of a firewall, or that rules are filled into: templates, units, jobs, network
//! settings, installations.

use super::form::Standing::Source;
use super::form::{Form, Text};
use super::linux::SAVE;
use super::script::{self, RUN};

const TEMPLATE: &str = "give what it becomes on the host: `iptables-save` and `ip6tables-save`, `nft list ruleset`, or \
    `firewall-cmd --list-all-zones`";

const INSTALLED: &str = "give what it leaves on the host: `firewall-cmd --list-all-zones`, or `iptables-save` and `ip6tables-save`";

pub(super) const FORMS: &[Form] = &[
    Form::new(Source, template, "a template of firewall rules", TEMPLATE),
    Form::new(
        Source,
        kickstart,
        "a kickstart file that sets up a firewall",
        INSTALLED,
    ),
    Form::new(
        Source,
        lokkit,
        "a configuration of system-config-firewall (lokkit)",
        SAVE,
    ),
    Form::new(
        Source,
        interfaces,
        "a network configuration that makes firewall rules",
        RUN_IT,
    ),
    Form::new(
        Source,
        unit,
        "a systemd unit that makes firewall rules",
        RUN_IT,
    ),
    Form::new(
        Source,
        crontab,
        "a crontab that makes firewall rules",
        RUN_IT,
    ),
    Form::new(
        Source,
        makefile,
        "a makefile that makes firewall rules",
        RUN,
    ),
    Form::new(
        Source,
        program,
        "a program that makes firewall rules",
        "a program is not read: run it, then give the output of `iptables-save` and `ip6tables-save`, or of `nft list ruleset`",
    ),
];

const RUN_IT: &str = "the commands in it are not read: give the output of `iptables-save` and `ip6tables-save` on the host, or of `nft list ruleset`";

/// Marks of Jinja and Go templates, of ERB and EPP, and of shells that fill in here-documents by other programs.
const MARKS: [&str; 5] = ["{% ", "{%- ", "{{", "<%", "{# "];

/// Rules between the marks of a template.
fn template(t: &Text<'_>) -> bool {
    // `{{` opens no JSON and no set of nft.
    let closed = [("{%", "%}"), ("{{", "}}"), ("<%", "%>")];
    let marked = t.has_any(&MARKS) && closed.iter().any(|(a, b)| t.has(a) && t.has(b));
    // A playbook is made of templates, and has a name of its own.
    if !marked || t.is_json() || script::is_managed(t) {
        return false;
    }
    let lines = || t.lines().filter(|l| !l.starts_with('#'));
    let tables = |l: &str| {
        let chain = l.strip_prefix(':').and_then(|c| c.split_once(' '));
        let policy = chain
            .is_some_and(|(_, rest)| ["ACCEPT", "DROP", "-"].iter().any(|p| rest.starts_with(p)));
        let rule = ["-A ", "-I "].iter().any(|o| l.starts_with(o)) && l.contains(" -j ");
        policy || rule || matches!(l, "*filter" | "*nat" | "*mangle" | "*raw")
    };
    let nft = |l: &str| {
        let mut words = l.split_ascii_whitespace();
        match words.next() {
            Some("table") => l.ends_with('{') && words.count() <= 3,
            Some("chain") => l.contains('{'),
            Some("type") => l.contains(" hook "),
            Some("add" | "insert") => words.next() == Some("rule"),
            _ => false,
        }
    };
    let zone = || {
        t.has_any(&["<zone", "<policy", "<direct>", "<ipset"])
            && t.has_any(&[
                "<service ",
                "<port ",
                "<rule",
                "<source ",
                "<interface ",
                "<entry>",
            ])
    };
    // Scripts ask programs in such marks, too (`docker inspect --format`).
    let command = |l: &str| MARKS.iter().any(|m| l.contains(m)) && script::changes_rules(l);
    lines().any(tables)
        || lines().filter(|l| nft(l)).take(2).count() == 2
        || lines().any(command)
        || zone()
}

/// The command `firewall` of a kickstart file (pykickstart).
fn kickstart(t: &Text<'_>) -> bool {
    let own = |l: &str| {
        l.strip_prefix("firewall ").is_some_and(|rest| {
            [
                "--enabled",
                "--enable",
                "--disabled",
                "--disable",
                "--service",
                "--port",
                "--ssh",
                "--trust",
            ]
            .iter()
            .any(|o| rest.trim_start().starts_with(o))
        })
    };
    t.has("firewall ") && t.lines().any(own)
}

/// /etc/sysconfig/system-config-firewall: options of lokkit, one a line.
fn lokkit(t: &Text<'_>) -> bool {
    let code = || t.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    let own = |l: &str| {
        let (key, _) = l.split_once('=').unwrap_or((l, ""));
        let keys = [
            "--service",
            "--port",
            "--trust",
            "--masq",
            "--custom-rules",
            "--enabled",
            "--disabled",
        ];
        keys.contains(&key)
    };
    t.has("--") && code().all(|l| l.starts_with("--")) && code().any(own)
}

/// interfaces(5): commands that are run with an interface.
fn interfaces(t: &Text<'_>) -> bool {
    let when = ["pre-up", "up", "post-up", "down", "pre-down", "post-down"];
    let acts = |l: &str| {
        let (word, rest) = l.split_once([' ', '\t']).unwrap_or((l, ""));
        when.contains(&word) && script::acts_on_rules(rest.trim())
    };
    t.has("iface ") && t.lines().any(acts)
}

/// systemd.service(5).
fn unit(t: &Text<'_>) -> bool {
    let runs = |l: &str| {
        let (key, rest) = l.split_once('=').unwrap_or((l, ""));
        let command = rest
            .trim_start()
            .trim_start_matches(['-', '+', '!', '@', ':']);
        key.trim_end().starts_with("Exec") && script::acts_on_rules(command)
    };
    t.has("Exec") && t.lines().any(runs)
}

/// crontab(5): five fields of time or a word for them, perhaps an account, and a command.
fn crontab(t: &Text<'_>) -> bool {
    let runs = |l: &str| {
        let words: Vec<&str> = l.split_ascii_whitespace().collect();
        let field = |w: &&&str| {
            w.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"*/,-".contains(&b))
        };
        let at = match words.first() {
            Some(w) if w.starts_with('@') => 1,
            Some(w) if w.starts_with(['*', '/']) || w.starts_with(|c: char| c.is_ascii_digit()) => {
                5
            }
            _ => return false,
        };
        let timed = at == 1 || words.iter().take(at).filter(field).count() == 5;
        let commands = [at, at + 1].into_iter().filter_map(|n| words.get(n..));
        timed
            && commands
                .into_iter()
                .any(|c| script::acts_on_rules(&c.join(" ")))
    };
    t.lines().any(runs)
}

/// Commands of a target.
fn makefile(t: &Text<'_>) -> bool {
    let whole = t.head.lines();
    let mut target = false;
    for line in whole {
        if let Some(command) = line.strip_prefix('\t') {
            let command = command.trim_start_matches(['@', '-', '+']);
            if target && script::acts_on_rules(command) {
                return true;
            }
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            let name = line.split_once(':').map_or("", |(name, _)| name);
            target = !name.is_empty() && !name.contains([' ', '=', '"']) && !line.contains(":=");
        }
    }
    false
}

/// A program that gives such a command to the system in a list of words or in a string.
fn program(t: &Text<'_>) -> bool {
    let calls = [
        "subprocess",
        "os.system",
        "popen",
        "Popen",
        "system(",
        "exec(",
        "execFile",
        "spawn(",
        "check_call",
        "check_output",
        "Command(",
        "Command::new",
        "qx",
        "run(",
    ];
    let acts = |l: &str| {
        let quoted = l.contains(['"', '\'']);
        let bare: String = l
            .chars()
            .map(|c| match c {
                '"' | '\'' | ',' | '[' | ']' | '(' | ')' => ' ',
                c => c,
            })
            .collect();
        let mut words = bare.split_ascii_whitespace().peekable();
        while let Some(word) = words.next() {
            let rest = words.clone().take(8).collect::<Vec<_>>().join(" ");
            if script::is_program(word) && script::changes_rules(&format!("{word} {rest}")) {
                return quoted && !l.starts_with(['#', '/', '*']);
            }
        }
        false
    };
    !script::is_shell(t) && t.has_any(&calls) && t.lines().any(acts)
}

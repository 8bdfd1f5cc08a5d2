//! What Windows prints of Group Policy beside the firewall's rules: registry keys of policy, and results of `gpresult`.
//!
//! Policies write the firewall's rules and settings to one registry key (\[MS-GPFAS\] 2.2). `gpresult /r` names the policies
//! that apply; `/v` and `/z` list their registry values, too.

use super::form::Standing::{Host, Other};
use super::form::{Form, Text};
use hylint_model::OtherPolicy;

/// The registry key that policies write to, in lower case.
const KEY: &str = "policies\\microsoft\\windowsfirewall";

/// The rules and settings in effect, those of policy included.
pub(crate) const EFFECTIVE: &str = "run `netsh advfirewall monitor show firewall rule name=all verbose` on the host and give its output";

const REGISTRY: &str = "the registry keys of a firewall policy";
const RESULT: &str =
    "a result of `gpresult` that names Group Policy of the firewall or may hold it";
const NO_RESULT: &str = "a result of `gpresult` without Group Policy of the firewall";
const NO_REGISTRY: &str = "a registry without keys of a firewall policy";
const UNTOLD: &str = "a result of `gpresult`";
const REPORT: &str = "a Group Policy report, which is not read";

pub(super) const FORMS: &[Form] = &[
    Form::new(Host, |t| is(t, REPORT), REPORT, EFFECTIVE),
    Form::new(Host, |t| is(t, REGISTRY), REGISTRY, EFFECTIVE),
    Form::new(Other, |t| is(t, RESULT), RESULT, EFFECTIVE),
    Form::new(Other, |t| is(t, NO_RESULT), NO_RESULT, EFFECTIVE),
    Form::new(Other, |t| is(t, NO_REGISTRY), NO_REGISTRY, EFFECTIVE),
    Form::new(Other, |t| is(t, UNTOLD), UNTOLD, EFFECTIVE),
];

fn is(t: &Text<'_>, what: &str) -> bool {
    form(t.whole) == Some(what)
}

/// What a form tells of policy.
pub(super) fn told(what: &str) -> OtherPolicy {
    match what {
        REPORT | REGISTRY | RESULT => OtherPolicy::Shown,
        NO_RESULT | NO_REGISTRY => OtherPolicy::Settled,
        _ => OtherPolicy::Unsaid,
    }
}

/// What a text tells of policy, wherever in it a command's output stands.
pub(crate) fn of(text: &str) -> OtherPolicy {
    match form(text) {
        Some(form) => told(form),
        None if objects(text) => OtherPolicy::Shown,
        None => OtherPolicy::Unsaid,
    }
}

/// Whether PowerShell prints a rule of policy, or a profile in which policy disables local rules.
fn objects(text: &str) -> bool {
    const FIELDS: [(&str, &str); 2] = [
        ("PolicyStoreSourceType", "GroupPolicy"),
        ("AllowLocalFirewallRules", "False"),
    ];
    let says = |(key, value): &(&str, &str)| {
        let is = |line: &str| {
            let line = line.split_once(':');
            line.is_some_and(|(k, v)| k.trim() == *key && v.trim() == *value)
        };
        has(text, key) && text.lines().any(is)
    };
    FIELDS.iter().any(says)
}

fn has(text: &str, part: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some()
}

fn form(text: &str) -> Option<&'static str> {
    if has(text, "InboundFirewallRules>") || has(text, "OutboundFirewallRules>") {
        return Some(REPORT);
    }
    if (has(text, "<Rsop") || has(text, "<GPO")) && has(text, "/GroupPolicy/") {
        // What such a report says of the computer names each extension that has settings.
        let none = has(text, "<ComputerResults>") && !has(text, "WindowsFirewall");
        return Some(if none { NO_RESULT } else { REPORT });
    }
    // The last word of the key, as Windows, `reg` and PowerShell print it.
    let keys = ["WindowsFirewall", "windowsfirewall", "WINDOWSFIREWALL"];
    let named = keys.iter().any(|k| has(text, k));
    let keys = named.then(|| self::keys(text)).flatten();
    match (has(text, "RSOP"), keys) {
        (true, Some(true)) => Some(RESULT),
        (true, _) if !is_result(text) => None,
        (true, _) => Some(match applied(text) {
            OtherPolicy::Shown => RESULT,
            OtherPolicy::Settled => NO_RESULT,
            OtherPolicy::Unsaid => UNTOLD,
        }),
        (false, Some(true)) => Some(REGISTRY),
        (false, Some(false)) => Some(NO_REGISTRY),
        (false, None) => None,
    }
}

/// Whether the registry shows the key of policy with something in it; `None` if the text does not tell.
fn keys(text: &str) -> Option<bool> {
    let mut told = None;
    // The key itself stood in the lines before, or a command that asks for it.
    let (mut open, mut asked) = (false, false);
    for line in text.lines() {
        let line = line.trim();
        let Some((is_key, inside)) = key(line) else {
            if open && is_value(line) {
                return Some(true);
            }
            if asked && is_absent(line) {
                told = Some(false);
            }
            continue;
        };
        match (is_key, inside) {
            (true, true) => return Some(true),
            (true, false) => {
                open = true;
                told = Some(false);
            }
            (false, _) if is_absent(line) => told = Some(false),
            (false, _) => asked = true,
        }
    }
    told
}

/// A longer line names no key alone.
const LONGEST: usize = 1024;

/// Of a line that names the key of policy: whether it is the key alone and no command or message about it, and whether it
/// is a key inside it.
fn key(line: &str) -> Option<(bool, bool)> {
    if !line.contains('\\') || line.len() > LONGEST {
        return None;
    }
    let lower = line.to_ascii_lowercase();
    let (before, inside) = lower.split_once(KEY)?;
    let before = before.trim_start_matches(['[', '-']);
    // `Hive: `, `KeyName:   `, `PSPath : Microsoft.PowerShell.Core\Registry::`
    let label = before.split_once([':', '=']).filter(|(l, _)| *l != "hklm");
    let before = label.map_or(before, |(_, rest)| rest.trim());
    let before = before.rsplit("::").next().unwrap_or(before);
    let before = before.rsplit(':').next().unwrap_or(before);
    let hives = [
        "hkey_local_machine\\software\\",
        "hklm\\software\\",
        "software\\",
        "\\software\\",
    ];
    let inside = inside.trim_matches(['\\', ']', '"', '\'']);
    let is_key = hives.contains(&before) && !inside.contains(char::is_whitespace);
    Some((is_key, !inside.is_empty()))
}

/// A value of a key as `reg query` or a `.reg` file print it.
fn is_value(line: &str) -> bool {
    line.contains(" REG_")
        || line.contains("\tREG_")
        || line.starts_with('"') && line.contains("\"=")
}

/// That a key is not there, in the words of `reg` and PowerShell.
fn is_absent(line: &str) -> bool {
    const WORDS: [&str; 6] = [
        "unable to find the specified registry key",
        "cannot find path",
        "does not exist",
        "bzw. wert wurde nicht gefunden",
        "kann nicht gefunden werden",
        "n'a pas trouvé la clé",
    ];
    let line = line.to_lowercase();
    WORDS.iter().any(|w| line.contains(w))
}

/// Headings of `gpresult` for the computer, and for the user behind it.
const COMPUTER: [&str; 2] = ["COMPUTER SETTINGS", "COMPUTEREINSTELLUNGEN"];
const USER: [&str; 2] = ["USER SETTINGS", "BENUTZEREINSTELLUNGEN"];
const APPLIED: [&str; 2] = [
    "Applied Group Policy Objects",
    "Angewendete Gruppenrichtlinienobjekte",
];
/// A section of `gpresult /v`, which lists every registry value of policy.
const VALUES: [&str; 2] = ["Administrative Templates", "Administrative Vorlagen"];

/// Policies that every domain has, which come without settings of the firewall.
const DEFAULT: [&str; 2] = ["Default Domain Policy", "Default Domain Controllers Policy"];

fn heads(line: &str, all: &[&str]) -> bool {
    all.contains(&line.trim_end_matches(':').trim_end())
}

fn is_result(text: &str) -> bool {
    let of = |l: &str| heads(l, &COMPUTER) || heads(l, &USER);
    text.lines().any(|l| of(l.trim()))
}

/// What `gpresult` tells of the computer's policies: others than those that every domain has may hold the firewall's, unless
/// every value of them is listed and none is the firewall's.
fn applied(text: &str) -> OtherPolicy {
    let (mut computer, mut listed) = (false, false);
    let (mut values, mut others, mut none) = (false, false, false);
    for line in text.lines().map(str::trim) {
        if heads(line, &COMPUTER) {
            computer = true;
        } else if heads(line, &USER) {
            computer = false;
        } else if computer && heads(line, &APPLIED) {
            listed = true;
        } else if computer && heads(line, &VALUES) {
            (values, listed) = (true, false);
        } else if line.is_empty() {
            listed = false;
        } else if listed && !line.bytes().all(|b| b == b'-') {
            let empty = matches!(line, "N/A" | "Nicht zutreffend");
            none |= empty;
            others |= !empty && !DEFAULT.contains(&line);
        }
    }
    match (values || none && !others, others) {
        (true, _) => OtherPolicy::Settled,
        (false, true) => OtherPolicy::Shown,
        (false, false) => OtherPolicy::Unsaid,
    }
}

#[cfg(test)]
mod tests {
    use super::{OtherPolicy, of};
    use OtherPolicy::{Settled, Shown, Unsaid};

    const KEY: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall";

    fn result(applied: &str, more: &str) -> String {
        format!(
            "RSOP data for CORP\\a on SH1 : Logging Mode\n\nCOMPUTER SETTINGS\n------\n    Applied Group Policy Objects\n    -----\n        {applied}\n\n    The following GPOs were not applied because they were filtered out\n    -----\n        Local Group Policy\n            Filtering:  Not Applied (Empty)\n\n{more}\nUSER SETTINGS\n------\n    Applied Group Policy Objects\n    -----\n        Desktops\n"
        )
    }

    // Fails if policy that acts is not seen, or if a text that proves nothing settles that there is none.
    #[test]
    fn registry_keys_and_results_tell_of_policy_what_they_prove() {
        let values = "    Administrative Templates\n    -----\n        GPO: Base\n            KeyName:     Software\\Policies\\Microsoft\\Windows\\Installer\\X\n            State:       Enabled\n";
        let firewall = values.replace(
            r"Windows\Installer\X",
            r"WindowsFirewall\DomainProfile\EnableFirewall",
        );
        let missing = "ERROR: The system was unable to find the specified registry key or value.";
        for (text, want) in [
            (format!("\n{KEY}\n    PolicyVersion    REG_DWORD    0x21e\n"), Shown),
            (format!("{KEY}\\DomainProfile\n"), Shown),
            (format!("[{KEY}\\FirewallRules]\n\"a\"=\"v2.30|Action=Allow|\"\n"), Shown),
            (format!("PSPath   : Microsoft.PowerShell.Core\\Registry::{KEY}\\DomainProfile\n"), Shown),
            (format!("    Hive: {KEY}\\PublicProfile\n"), Shown),
            ("Computer\nSoftware\\Policies\\Microsoft\\WindowsFirewall\\DomainProfile\nEnableFirewall\nDWORD:1\n".into(), Shown),
            (format!("{KEY}\n\n"), Settled),
            (format!("C:\\>reg query {KEY} /s\n{missing}\n"), Settled),
            ("Get-ItemProperty : Cannot find path 'HKLM:\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall' because it does not exist.".into(), Settled),
            (format!("C:\\>reg query {KEY} /s\nERROR: Access is denied.\n"), Unsaid),
            (missing.into(), Unsaid),
            ("PolicyStoreSource     : Servers\nPolicyStoreSourceType : GroupPolicy\n".into(), Shown),
            ("AllowLocalFirewallRules         : False\n".into(), Shown),
            ("AllowLocalFirewallRules         : NotConfigured\n".into(), Unsaid),
            ("<Rsop xmlns=\"http://www.microsoft.com/GroupPolicy/Rsop\"><ComputerResults></ComputerResults>".into(), Settled),
            ("<GPO xmlns=\"http://www.microsoft.com/GroupPolicy/Settings\"><q1:InboundFirewallRules>".into(), Shown),
            (format!("the policy writes to {KEY} on every server\n"), Unsaid),
            (r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules".into(), Unsaid),
            (result("Servers Firewall", ""), Shown),
            (result("Local Group Policy", ""), Shown),
            (result("Default Domain Policy", ""), Unsaid),
            (result("N/A", ""), Settled),
            (result("Servers", values), Settled),
            (result("Servers", &firewall), Shown),
            (result("Servers", "").split("COMPUTER").next().unwrap_or_default().to_owned(), Unsaid),
        ] {
            assert_eq!(of(&text), want, "{text}");
        }
    }
}

//! Commands that leave the rules of a firewall as they are.

/// Programs that change no rule, whatever they are given: what they print, or wait for, is nothing to a firewall.
const PRINTS: [&str; 11] = [
    "echo", "printf", ":", "true", "sleep", "sync", "clear", "date", "logger", "umask", "hostname",
];

/// Options of the shell by their names.
const SET: [&str; 4] = ["pipefail", "errexit", "nounset", "xtrace"];

/// Whether a command changes no rule, by its program's name and what that is given.
pub(super) fn is_inert(program: &str, words: &[&str]) -> bool {
    let first = words.first().copied().unwrap_or("");
    let saves = |words: &[&str]| words == ["save"];
    match program {
        _ if PRINTS.contains(&program) => true,
        // Options of the shell, but no positional parameters.
        "set" => words
            .iter()
            .all(|w| w.starts_with(['-', '+']) || SET.contains(w)),
        // Kernel parameters.
        "sysctl" => true,
        // Modules that are loaded; one that is removed takes its rules along.
        "modprobe" => !words.iter().any(|w| matches!(*w, "-r" | "--remove")),
        "insmod" | "depmod" => true,
        "iptables-save"
        | "ip6tables-save"
        | "iptables-nft-save"
        | "ip6tables-nft-save"
        | "iptables-legacy-save"
        | "ip6tables-legacy-save" => true,
        "netfilter-persistent" => first == "save",
        "iptables" | "ip6tables" | "iptables-persistent" => saves(words),
        "service" | "invoke-rc.d" => words.get(1..).is_some_and(saves),
        "systemctl" => {
            matches!(
                first,
                "enable" | "disable" | "is-active" | "status" | "daemon-reload"
            ) && !words.contains(&"--now")
        }
        "chkconfig" | "update-rc.d" => true,
        "ipset" => matches!(first, "list" | "-L" | "save" | "-S" | "version"),
        "export" => words.iter().all(|w| is_locale(w)),
        _ => false,
    }
}

/// An assignment that no command of a list is made of: where programs are looked for, and the language of messages.
pub(super) fn is_locale(word: &str) -> bool {
    let name = word.split('=').next().unwrap_or("");
    matches!(name, "PATH" | "LANG" | "LC_ALL" | "LANGUAGE")
}

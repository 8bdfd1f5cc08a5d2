//! The lines that runners of build systems obey (sources in src/common/sanitize.rs).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write;

/// What a name may try.
pub(crate) const COMMANDS: &[&str] = &[
    "::stop-commands::aaa",
    "::add-mask::10",
    "::error title=bbb::c",
    "::set-output name=ddd::e",
    "::Group::fff",
    "::beef::",
    "##[error]ggg",
    "##[add-mask]hhh",
    "###[group]iii",
    "##vso[task.complete result=Succeeded;]jjj",
    "##teamcity[buildStatus text='kkk']",
    "section_start:1560896352:lll\r\u{1b}[0K",
    "\u{1b}[8mha:AAAA\u{1b}[0mmmm",
];

/// A token that a workflow might have stopped commands with.
const TOKENS: [&str; 2] = ["aaa", "beef"];

/// The commands of actions/runner, and our tokens.
const OF_GITHUB: [&str; 20] = [
    "error",
    "warning",
    "notice",
    "debug",
    "group",
    "endgroup",
    "add-mask",
    "add-path",
    "add-matcher",
    "remove-matcher",
    "save-state",
    "set-output",
    "set-env",
    "echo",
    "stop-commands",
    "internal-set-repo-path",
    "command",
    "section",
    TOKENS[0],
    TOKENS[1],
];

/// What a runner would take a line for. `ours`: an annotation that we mean to give is none.
pub(crate) fn obeyed(line: &str, ours: bool) -> Option<String> {
    let own = ["::error ", "::warning ", "::notice "];
    let own = ours && own.iter().any(|o| line.starts_with(o));
    if let Some(rest) = line.trim_start().strip_prefix("::").filter(|_| !own) {
        let name = rest
            .split_once("::")
            .map(|(info, _)| info.split(' ').next());
        let name = name.flatten().unwrap_or_default().to_lowercase();
        if OF_GITHUB.contains(&name.as_str()) {
            return Some(format!("GitHub: {name}"));
        }
    }
    for (start, runner) in [
        ("##[", "GitHub or Azure"),
        ("##vso[", "Azure"),
        ("##teamcity[", "TeamCity"),
        ("\u{1b}[8mha:", "Jenkins"),
    ] {
        if line.contains(start) {
            return Some(runner.into());
        }
    }
    let section = line.contains("section_") && line.contains("\r\u{1b}[0K");
    section.then(|| "GitLab".into())
}

/// Lines as runners split them: a carriage return alone begins a line anew on some.
pub(crate) fn harmless(text: &str, ours: bool, what: &str) {
    for line in text
        .split('\n')
        .flat_map(|l| [l].into_iter().chain(l.split('\r')))
    {
        if let Some(runner) = obeyed(line, ours) {
            panic!("{what}: {runner} obeys {line:?}");
        }
    }
}

/// One name, many times, so that it begins a line at any width.
pub(crate) fn repeated(command: &str) -> String {
    let mut name = "n".to_owned();
    while name.len() + command.len() < 150 {
        let _ = write!(name, " {command}");
    }
    name
}

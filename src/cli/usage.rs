//! A wrong command line, told like every other mistake: what is wrong, and what to type.

use super::fail::Failure;
use crate::common::diag::{and, nearest, or};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error as _;

/// What is said where nothing was asked.
pub(super) const NEXT: &str = "\
hylint checks firewall exports against the connections that a deployment needs.

Usage: hylint PATH…              check a folder or a file of exports
       hylint collect windows    print the script that exports the firewalls (linux, aws, azure)
       hylint diff OLD NEW       show what a change breaks and opens
       hylint init PATH          write a first hylint.toml for a folder
       hylint explain CODE       say what a finding means and how to fix it
       hylint --help             list all commands and options

Exports are what a firewall's own tools print: PowerShell, netsh and the registry of Windows, `iptables-save`,
`nft list ruleset`, `aws ec2 describe-security-groups` and `az network nsg list`.
";

/// Choices named in a line of help; a page lists more.
const NAMED: usize = 12;

/// The mistake behind an error of clap. `called` is the command, where clap does not say it.
pub(super) fn failure(e: &clap::Error, called: Option<&str>) -> Failure {
    let (message, help) = told(e, called);
    Failure::with_help(message, help)
}

fn told(e: &clap::Error, called: Option<&str>) -> (String, String) {
    let arg = || plain(&text(e, ContextKind::InvalidArg));
    let value = || text(e, ContextKind::InvalidValue);
    let command = || command(e, called);
    let lists = || format!("`{} --help` lists the options", command());
    match e.kind() {
        ErrorKind::UnknownArgument => unknown_argument(e, &command()),
        ErrorKind::InvalidSubcommand => (
            format!(
                "unknown command `{}`",
                text(e, ContextKind::InvalidSubcommand)
            ),
            suggested(e, ContextKind::SuggestedSubcommand)
                .unwrap_or_else(|| format!("`{} --help` lists the commands", command())),
        ),
        ErrorKind::InvalidValue if value().is_empty() => (
            format!("{} needs a value", arg()),
            choices(e, None, &command()),
        ),
        ErrorKind::InvalidValue => (
            format!("invalid value `{}` for {}", value(), arg()),
            choices(e, Some(&value()), &command()),
        ),
        ErrorKind::ValueValidation => (
            format!("invalid value `{}` for {}", value(), arg()),
            e.source().map(ToString::to_string).unwrap_or_default(),
        ),
        ErrorKind::MissingRequiredArgument => {
            let all: Vec<String> = all(e, ContextKind::InvalidArg)
                .iter()
                .map(|a| plain(a))
                .collect();
            (format!("missing {}", and(&all)), usage(e, &command()))
        }
        ErrorKind::ArgumentConflict => conflict(e),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => (
            format!("`{}` needs a command", command()),
            format!("`{} --help` lists the commands", command()),
        ),
        ErrorKind::InvalidUtf8 => (
            "an argument is not valid UTF-8".into(),
            "only paths may hold other bytes".into(),
        ),
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            (format!("wrong number of values for {}", arg()), lists())
        }
        ErrorKind::NoEquals => (format!("{} needs `=` before its value", arg()), lists()),
        _ => (first_line(&e.to_string()), lists()),
    }
}

fn unknown_argument(e: &clap::Error, command: &str) -> (String, String) {
    let arg = text(e, ContextKind::InvalidArg);
    let what = match arg.starts_with('-') {
        true => "unknown option",
        false => "unexpected argument",
    };
    let help = suggested(e, ContextKind::SuggestedArg)
        .unwrap_or_else(|| format!("`{command} --help` lists the options"));
    (format!("{what} `{arg}`"), help)
}

fn conflict(e: &clap::Error) -> (String, String) {
    let command = text(e, ContextKind::InvalidSubcommand);
    let first = match command.is_empty() {
        true => plain(&text(e, ContextKind::InvalidArg)),
        false => format!("`{command}`"),
    };
    let others = all(e, ContextKind::PriorArg);
    let others: Vec<String> = others.iter().map(|a| plain(a)).collect();
    let help = match command.is_empty() {
        true => "give only one of them".to_owned(),
        false => format!("write hylint {command} … with the options after it"),
    };
    match others.is_empty() {
        true => (format!("{first} cannot be given here"), help),
        false => (
            format!("{first} cannot be used with {}", others.join(", ")),
            help,
        ),
    }
}

/// The nearest choice, and all of them where a line can hold them.
fn choices(e: &clap::Error, word: Option<&str>, command: &str) -> String {
    let all = all(e, ContextKind::ValidValue);
    let near = word.and_then(|w| nearest(&w.to_lowercase(), all.iter().map(String::as_str)));
    let near = near.map(|n| format!("did you mean `{n}`?"));
    let list = match all.len() {
        0 => format!("`{command} --help` says which"),
        n if n > NAMED => "`hylint explain` lists the codes".to_owned(),
        _ => format!("expected {}", or(&all)),
    };
    match near {
        Some(near) => format!("{near} {list}"),
        None => list,
    }
}

fn suggested(e: &clap::Error, kind: ContextKind) -> Option<String> {
    let all = all(e, kind);
    let first = all.first()?;
    Some(format!("did you mean `{}`?", plain(first)))
}

/// An argument without the name of its value: `--format` of `--format <FORMAT>`, `EXPORT` of `<EXPORT>`.
fn plain(arg: &str) -> String {
    let (head, rest) = arg.split_once(' ').unwrap_or((arg, ""));
    let name = match rest.is_empty() || head.starts_with('-') {
        true => head,
        false => arg,
    };
    name.replace(['<', '>'], "").replace("...", "")
}

fn all(e: &clap::Error, kind: ContextKind) -> Vec<String> {
    match e.get(kind) {
        Some(ContextValue::String(s)) => vec![s.clone()],
        Some(ContextValue::Strings(all)) => all.clone(),
        _ => Vec::new(),
    }
}

fn text(e: &clap::Error, kind: ContextKind) -> String {
    all(e, kind).into_iter().next().unwrap_or_default()
}

/// `usage: hylint trace …`, as clap words it.
fn usage(e: &clap::Error, command: &str) -> String {
    let usage = usage_line(e);
    match usage.is_empty() {
        true => format!("`{command} --help` says how"),
        false => format!("usage: {usage}"),
    }
}

fn usage_line(e: &clap::Error) -> String {
    let text = match e.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(s)) => s.to_string(),
        _ => e.render().to_string(),
    };
    let line = text.lines().find_map(|l| l.trim().strip_prefix("Usage:"));
    let line = line.unwrap_or_default().trim();
    line.replace(['<', '>'], "").replace("...", "…")
}

/// The command that was called, with the program's name: `hylint matrix list`.
pub(super) fn command(e: &clap::Error, called: Option<&str>) -> String {
    let usage = usage_line(e);
    let word =
        |w: &&str| w.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !w.starts_with('-');
    let words = usage.split(' ').filter(|w| !w.is_empty());
    let words: Vec<&str> = words.take_while(word).collect();
    match (words.is_empty(), called) {
        (true, None) => "hylint".to_owned(),
        (true, Some(called)) => format!("hylint {called}"),
        (false, _) => words.join(" "),
    }
}

fn first_line(s: &str) -> String {
    let line = s.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ")
        .trim_end_matches(':')
        .to_owned()
}

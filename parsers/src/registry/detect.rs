//! Tells exports of the registry by their content.

use super::key::{Place, place, plain};
use super::mdm;
use super::scan::{is_rule_text, rule_start};
use crate::input::{Input, Score};
use crate::json::Json;
use memchr::memmem;

/// Names of which one is in every text of the firewall's keys.
const KEYS: [&str; 2] = ["firewallpolicy", "windowsfirewall"];

/// How much of a line is looked at for a key or a name.
const LONGEST: usize = 4096;

/// The score of a text.
pub(super) fn score(input: &Input<'_>) -> Score {
    let text = input.source.text.as_str();
    let bytes = text.as_bytes();
    if text.starts_with(super::read::POLICY_FILE) && text.contains(crate::pol::DAMAGED) {
        return 80;
    }
    let rules =
        memmem::find(bytes, b"|Action=").is_some() || memmem::find(bytes, b"|Dir=").is_some();
    let named = || {
        let at = memchr::memchr_iter(b'\\', bytes);
        let mut parts = at.filter_map(|at| text.get(at + 1..));
        parts.any(|rest| KEYS.iter().any(|k| starts_with(rest, k)))
    };
    if Json::sniff(text) {
        let is = rules && json_rows(text) || mdm::is_likely(text);
        return if is { 90 } else { 0 };
    }
    if !rules && !named() {
        return 0;
    }
    let mut seen = Seen::default();
    for line in text.lines() {
        seen.line(line);
        if seen.sure() {
            break;
        }
    }
    seen.score()
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(word))
}

/// Whether JSON has a rule string for the text of a member.
fn json_rows(text: &str) -> bool {
    let mut from = 0;
    while let Some(at) = rule_start(text.get(from..).unwrap_or("")).map(|n| n + from) {
        let before = text.get(..at).unwrap_or("").trim_end();
        if before.ends_with('"') {
            return true;
        }
        from = at + 1;
    }
    false
}

#[derive(Default)]
struct Seen {
    /// A line of a key that is the firewall's.
    key: bool,
    /// A line of a `.reg` file or of `reg query` that names such a key.
    own_form: bool,
    /// A value with a rule string behind its name.
    rule: bool,
    /// A setting under such a key.
    setting: bool,
    /// A command that writes such a value.
    command: bool,
}

impl Seen {
    fn line(&mut self, line: &str) {
        let text = line.trim();
        let head = text.get(..LONGEST).unwrap_or(text);
        if text.is_empty() || text.starts_with([';', '#']) {
            return;
        }
        if is_rule_text(head) {
            let command = ["add ", "-Value", "-Data"].iter().any(|c| head.contains(c));
            let start = rule_start(head).unwrap_or(0);
            let before = head.get(..start).unwrap_or("").trim_end();
            let value = before.ends_with("=\"")
                || before.ends_with("REG_SZ")
                || before.ends_with(':')
                || before.ends_with(['"', ',', ';'])
                || before.ends_with(" =");
            match command {
                true => self.command = true,
                false => self.rule |= value && !before.starts_with("//"),
            }
            self.own_form |= before.ends_with("=\"") || before.ends_with("REG_SZ");
            return;
        }
        if !head.contains('\\') {
            self.setting |= self.key
                && (text.contains("dword:")
                    || text.contains("REG_DWORD")
                    || text.starts_with("DWORD:"));
            return;
        }
        let name = head.trim_start_matches(['[', '-']);
        let name = name.split(']').next().unwrap_or(name);
        let name = name.strip_prefix("Hive:").map_or(name, str::trim);
        let name = name.rsplit("::").next().unwrap_or(name);
        let alone = !name.contains(" : ") && !name.contains("reg ");
        let known = !matches!(place(&plain(name)), Place::Elsewhere);
        let starts = ["hkey_", "hklm", "software\\", "system\\", "computer\\"];
        if alone && known && starts.iter().any(|s| starts_with(name, s)) {
            self.key = true;
            self.own_form |= head.starts_with('[');
        }
    }

    fn sure(&self) -> bool {
        self.key && self.rule && self.own_form
    }

    fn score(&self) -> Score {
        match () {
            () if self.sure() => 95,
            () if self.rule && (self.key || self.own_form) => 90,
            () if self.key && (self.own_form || self.setting) => 80,
            () if self.rule => 60,
            () if self.command => 40,
            () => 0,
        }
    }
}

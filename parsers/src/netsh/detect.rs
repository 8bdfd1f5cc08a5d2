//! Tells netsh output by its content.

use super::{lines, portproxy, profiles};
use crate::input::Score;
use crate::json::Json;
use crate::windows::vocab::Vocabulary;
use crate::windows::words::{Class, Label, Word};

/// How much of a file is looked at. A full export shows its first rule in the first kilobyte.
const HEAD: usize = 64 * 1024;

/// Labels of `Get-NetFirewallRule | Format-List` and of the properties of INetFwRule (netfw.h), different forms that this
/// reader must not take.
const POWERSHELL: &[&str] = &[
    "ApplicationName",
    "IcmpTypesAndCodes",
    "LocalAddresses",
    "RemoteAddresses",
    "DisplayName",
    "InstanceID",
    "PolicyStoreSource",
    "EdgeTraversalPolicy",
    "PrimaryStatus",
];

/// The score of a text.
pub(super) fn score(text: &str) -> Score {
    if Json::sniff(text) {
        return 0;
    }
    let mut seen = Seen::default();
    let v = Vocabulary::get();
    for line in lines::lines(text).take_while(|l| l.start < HEAD) {
        seen.line(v, &line);
        if let Some(score) = seen.sure() {
            return score;
        }
    }
    seen.score()
}

#[derive(Default)]
struct Seen {
    /// Bits of labels.
    labels: u32,
    powershell: bool,
    heading: bool,
    active: bool,
    policy: bool,
    no_rules: bool,
    /// The title of a table of port proxies, and the ruler below its headings.
    proxies: (bool, bool),
}

impl Seen {
    fn line(&mut self, v: &Vocabulary, line: &lines::Line<'_>) {
        self.proxies.1 |= self.proxies.0 && portproxy::is_columns(line.text);
        // Texts of netsh begin with a letter; looking up the rules of another format takes as long as reading them.
        if !line.text.trim_start().starts_with(char::is_alphabetic) {
            return;
        }
        let Some((label, value)) = lines::split_label(line.text) else {
            self.policy |= self.heading && profiles::is_policy_line(line.text);
            let text = line.text.trim_end_matches(['.', '。']);
            self.no_rules |= v.hint(Class::Phrase, text).map(|e| e.meaning) == Some(Word::NoRules);
            return;
        };
        if let Some(known) = v.label(label) {
            self.labels |= 1 << known.meaning as u32;
        } else if POWERSHELL.contains(&label) {
            self.powershell = true;
        } else if value.contains("ipv") && portproxy::is_title(line.text) {
            self.proxies.0 = true;
        } else if value.is_empty() {
            self.heading = true;
            self.active |= v.hint(Class::Active, label).is_some();
        }
    }

    fn has(&self, label: Label) -> bool {
        self.labels & (1 << label as u32) != 0
    }

    fn count(&self, labels: &[Label]) -> usize {
        labels.iter().filter(|l| self.has(**l)).count()
    }

    fn deciding(&self) -> usize {
        self.count(&[
            Label::Enabled,
            Label::Direction,
            Label::LocalIp,
            Label::RemoteIp,
            Label::Protocol,
            Label::LocalPort,
            Label::Action,
        ])
    }

    fn sure(&self) -> Option<Score> {
        if self.powershell && !self.has(Label::Name) {
            return Some(0);
        }
        (self.has(Label::Name) && self.deciding() >= 3).then_some(100)
    }

    fn score(&self) -> Score {
        if self.powershell && !self.has(Label::Name) {
            return 0;
        }
        let own = self.count(&[
            Label::LocalIp,
            Label::RemoteIp,
            Label::LocalPort,
            Label::RemotePort,
            Label::Edge,
            Label::Interfaces,
            Label::Source,
        ]);
        match () {
            () if self.has(Label::Name) && self.deciding() >= 2 => 90,
            () if self.policy => 80,
            () if self.has(Label::Name) && self.has(Label::Consec) => 60,
            () if own >= 1 && self.deciding() + own >= 4 => 60,
            () if self.no_rules || self.active => 50,
            () if self.proxies == (true, true) => 40,
            () => 0,
        }
    }
}

/// How much a line looks like a line of netsh output in some language; 0 if not at all. The decoder of code pages asks.
pub(crate) fn familiarity(line: &str) -> u32 {
    let v = Vocabulary::get();
    let line = line.trim();
    let Some((label, value)) = lines::split_label(line) else {
        let head = line.split("  ").next().unwrap_or(line);
        return if v.hint(Class::Setting, head).is_some() {
            10
        } else {
            0
        };
    };
    let heading = [Class::Header, Class::Active, Class::Section]
        .iter()
        .any(|c| v.hint(*c, label).is_some());
    let known = v.label(label).is_some();
    let classes = [Class::Bool, Class::Direction, Class::Action, Class::Any];
    let value_known = !value.is_empty() && classes.iter().any(|c| v.hint(*c, value).is_some());
    10 * u32::from(known || heading) + 4 * u32::from(known && value_known)
}

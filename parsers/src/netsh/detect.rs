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
    /// Whether the last line is an unknown label with a value, and how many of them stand above a ruler, as rules' names do.
    unknown: (bool, usize),
    /// The title of a table of port proxies, and the ruler below its headings.
    proxies: (bool, bool),
}

impl Seen {
    fn line(&mut self, v: &Vocabulary, line: &lines::Line<'_>) {
        self.proxies.1 |= self.proxies.0 && portproxy::is_columns(line.text);
        let unknown = std::mem::take(&mut self.unknown.0);
        self.unknown.1 += usize::from(unknown && line.is_ruler());
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
        } else {
            self.unknown.0 = true;
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

    /// Whether rules are there of which it cannot be read what they do. Some languages keep the words for addresses and ports
    /// of English, and share a word with another language: that is no rule that is read.
    fn unread(&self) -> bool {
        let told = self.count(&[Label::Enabled, Label::Direction, Label::Action]);
        let of_rules = self.count(&[
            Label::LocalIp,
            Label::RemoteIp,
            Label::LocalPort,
            Label::RemotePort,
        ]);
        match self.has(Label::Name) {
            true => told == 0 && of_rules >= 2,
            false => {
                let named = self.unknown.1 + usize::from(of_rules >= 2);
                told <= 1 && self.unknown.1 > 0 && named >= 2 || told == 0 && of_rules >= 2
            }
        }
    }

    fn sure(&self) -> Option<Score> {
        if self.powershell && !self.has(Label::Name) {
            return Some(0);
        }
        (self.has(Label::Name) && self.deciding() >= 3 && !self.unread()).then_some(100)
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
            () if self.unread() => 0,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(labels: [&str; 8], values: [&str; 8]) -> String {
        let ruler = "-".repeat(70);
        let mut lines = labels
            .iter()
            .zip(values)
            .map(|(l, v)| format!("{l}:   {v}\n"));
        let name = lines.next().unwrap_or_default();
        format!("{name}{ruler}\n{}\n", lines.collect::<String>())
    }

    /// Labels as Windows prints them in Danish, and made up where every label is translated.
    #[test]
    fn rules_of_which_it_cannot_be_read_what_they_do_are_not_taken() {
        let values = ["a", "Ja", "Ind", "Alle", "Alle", "TCP", "3389", "Bloker"];
        let some = [
            "Regelnavn",
            "Aktiveret",
            "Retning",
            "LocalIP",
            "RemoteIP",
            "Protokol",
            "LocalPort",
            "Handling",
        ];
        let none = ["Qa", "Qb", "Qc", "Qd", "Qe", "Qf", "Qg", "Qh"];
        let english = [
            "Rule Name",
            "Enabled",
            "Direction",
            "LocalIP",
            "RemoteIP",
            "Protocol",
            "LocalPort",
            "Action",
        ];
        let named = [
            "Rule Name",
            "Qb",
            "Qc",
            "LocalIP",
            "RemoteIP",
            "Qf",
            "LocalPort",
            "Qh",
        ];
        let shared = [
            "Qa",
            "Qb",
            "Qc",
            "LocalIP",
            "RemoteIP",
            "Protocol",
            "LocalPort",
            "Action",
        ];
        for labels in [some, none, named, shared] {
            let one = rule(labels, values);
            assert_eq!(score(&one.repeat(2)), 0, "{one}");
            let mixed = one + &rule(english, values);
            assert_eq!(score(&mixed), 100, "a rule that is read makes it an export");
        }
        let profiles = "Qx:\n----------------------------\nState  ON\nFirewall Policy  BlockInbound,AllowOutbound\n";
        assert_eq!(score(&(rule(none, values).repeat(2) + profiles)), 0);
        let titled = format!(
            "Host:  SRV1\n{}\n\nDomain Profile Settings:\n{profiles}",
            "-".repeat(70)
        );
        assert_eq!(score(&titled), 80, "a title of the user's");
    }
}

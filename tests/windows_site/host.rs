//! What a host of the example has, read from its netsh texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A rule: its fields by netsh's labels, and its ICMP types with their codes.
#[derive(Default)]
pub(crate) struct Rule {
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) icmp: Vec<(String, String)>,
}

impl Rule {
    /// A field, or `Any` where the text has none.
    pub(crate) fn field(&self, label: &str) -> &str {
        self.fields.get(label).map_or("Any", String::as_str)
    }

    pub(crate) fn list(&self, label: &str) -> Vec<&str> {
        self.field(label)
            .split(',')
            .filter(|v| !v.is_empty())
            .collect()
    }

    pub(crate) fn is(&self, label: &str, value: &str) -> bool {
        self.field(label) == value
    }

    /// Whether it is the rule of an app package, which netsh does not name: its texts are references into the package, or its
    /// group has its name and nothing tells a program.
    pub(crate) fn is_of_app(&self) -> bool {
        let name = self.field("Rule Name");
        let programs = ["Program", "Service"].iter().any(|l| !self.is(l, "Any"));
        let resolved = name == self.field("Grouping") && self.is("Action", "Allow") && !programs;
        name.starts_with("@{") || resolved
    }
}

/// A profile: whether it is on, and whether it blocks what no rule handles.
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) on: bool,
    pub(crate) blocks_in: bool,
    pub(crate) blocks_out: bool,
}

pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) rules: Vec<Rule>,
    pub(crate) profiles: Vec<Profile>,
    /// Its netsh texts, in one file.
    pub(crate) netsh: Vec<u8>,
}

fn text(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) else {
        return String::from_utf8(bytes).unwrap();
    };
    let units: Vec<u16> = rest
        .chunks(2)
        .map(|c| u16::from_le_bytes([c[0], c[1]]))
        .collect();
    String::from_utf16(&units).unwrap()
}

impl Host {
    pub(crate) fn read(name: &str, folder: &Path) -> Self {
        let files = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
        let mut files: Vec<_> = files.collect();
        files.sort();
        Self::of_files(name, &files)
    }

    pub(crate) fn of_files(name: &str, files: &[PathBuf]) -> Self {
        let all: String = files.iter().map(|f| text(f)).collect();
        let mut host = Self {
            name: name.into(),
            rules: Vec::new(),
            profiles: Vec::new(),
            netsh: all.clone().into_bytes(),
        };
        let mut in_rule = false;
        for line in all.lines().map(str::trim_end) {
            let pair = line
                .split_once(':')
                .map(|(label, value)| (label, value.trim()));
            match pair {
                Some(("Rule Name", name)) => {
                    let mut rule = Rule::default();
                    rule.fields.insert("Rule Name".into(), name.into());
                    host.rules.push(rule);
                    in_rule = true;
                }
                Some((heading, "")) if heading.ends_with(" Profile Settings") => {
                    in_rule = false;
                    let name = heading.split(' ').next().unwrap().to_owned();
                    host.profiles.push(Profile {
                        name,
                        on: true,
                        blocks_in: true,
                        blocks_out: false,
                    });
                }
                Some((label, value)) if in_rule && !line.starts_with(' ') => {
                    let rule = host.rules.last_mut().unwrap();
                    rule.fields.insert(label.into(), value.into());
                }
                _ if in_rule && line.starts_with("      ") && !line.contains("Type") => {
                    let mut words = line.split_whitespace();
                    let (kind, code) = (words.next().unwrap(), words.next().unwrap());
                    let rule = host.rules.last_mut().unwrap();
                    rule.icmp.push((kind.into(), code.into()));
                }
                _ => host.setting(line),
            }
        }
        host
    }

    fn setting(&mut self, line: &str) {
        let Some(profile) = self.profiles.last_mut() else {
            return;
        };
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("State"), Some(value)) => profile.on = value == "ON",
            (Some("Firewall"), Some("Policy")) => {
                let policy = words.next().unwrap();
                profile.blocks_in = policy.contains("BlockInbound");
                profile.blocks_out = policy.contains("BlockOutbound");
            }
            _ => {}
        }
    }
}

//! Lines of a console capture, and the commands at its prompts.

use super::machine::{self, Machine};
use hylint_model::Span;

/// A line without its end, with where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) start: usize,
    pub(super) text: &'a str,
}

impl<'a> Line<'a> {
    /// The place of its text, without the blanks around it.
    pub(super) fn span(&self) -> Span {
        self.place(self.text.trim())
    }

    /// The place of a part of the line.
    pub(super) fn place(&self, part: &str) -> Span {
        let at = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let start = self.start + at.min(self.text.len());
        Span::new(start, start + part.len())
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Characters before its text; a tab counts as eight.
    pub(super) fn indent(&self) -> usize {
        let blanks = self.text.chars().take_while(|c| c.is_whitespace());
        blanks.map(|c| if c == '\t' { 8 } else { 1 }).sum()
    }

    /// The command that it calls: behind a prompt, or alone on its line. An empty one behind a prompt alone.
    pub(super) fn command(&self) -> Option<Command> {
        let text = self.text.trim();
        let behind = |rest: &'a str| rest.split_once('>').map(|(_, c)| c.trim());
        let drive = |t: &str| {
            let mut chars = t.chars();
            chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && t.get(1..3) == Some(":\\")
        };
        let remote = text.strip_prefix('[').and_then(|t| t.split_once("]: PS "));
        let plain = text.strip_prefix("PS ").or(remote.map(|(_, rest)| rest));
        let called = match plain {
            Some(rest) => behind(rest),
            None if drive(text) => behind(text),
            None => text.strip_prefix("PS>").map(str::trim),
        };
        if let (Some((host, _)), Some(called)) = (remote, called) {
            let mut command = Command::of(called);
            let prompt = Machine::Named(host.trim().to_owned());
            command.by_prompt = command.machine.is_none();
            command.machine.get_or_insert(prompt);
            return Some(command);
        }
        called.map(Command::of).or_else(|| {
            let bare = text.trim_start_matches(['>', '#', '$', '`', ' ']);
            let command = Command::of(bare.trim_end_matches('`'));
            (command.tool != Tool::Other && command.is_call).then_some(command)
        })
    }
}

/// The lines of a text that begins at an offset of the file.
pub(super) fn lines(text: &str, offset: usize) -> Vec<Line<'_>> {
    let mut at = 0;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain(std::iter::once(text.len()));
    ends.map_while(|end| {
        let line = text.get(at..end)?;
        let start = offset + at;
        at = end + 1;
        let text = line.strip_suffix('\r').unwrap_or(line);
        Some(Line { start, text })
    })
    .collect()
}

/// A program whose output is read here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tool {
    IpConfig,
    Route,
    Netstat,
    Tasklist,
    HostName,
    Other,
}

/// What a command says of its output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Command {
    pub(super) tool: Tool,
    /// Something lets only some of its lines through.
    pub(super) filtered: bool,
    /// Where it runs, if that is not the machine of the prompt.
    pub(super) machine: Option<Machine>,
    /// The prompt says so, and what stands beside it has the same.
    pub(super) by_prompt: bool,
    /// Its options in lower case, without `/` and `-`.
    options: Vec<String>,
    /// An option follows or nothing, as in a call and not in a sentence.
    is_call: bool,
}

/// Programs behind a `|` that pass a text on whole.
const PASS: [&str; 8] = [
    "more",
    "clip",
    "clip.exe",
    "out-file",
    "tee-object",
    "tee",
    "out-string",
    "set-content",
];

impl Command {
    fn of(text: &str) -> Self {
        match machine::elsewhere(text) {
            Some((machine, inner)) => Self {
                machine: Some(machine),
                ..Self::here(&inner)
            },
            None => Self::here(text),
        }
    }

    fn here(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let mut parts = lower.split('|');
        let first = parts.next().unwrap_or_default();
        let first = first.split('>').next().unwrap_or_default();
        let mut words = first.split_whitespace();
        let name = words.next().unwrap_or_default();
        let name = name.rsplit(['\\', '/']).next().unwrap_or(name);
        let tool = match name.trim_end_matches(".exe") {
            "ipconfig" => Tool::IpConfig,
            "route" => Tool::Route,
            "netstat" => Tool::Netstat,
            "tasklist" => Tool::Tasklist,
            "hostname" => Tool::HostName,
            _ => Tool::Other,
        };
        let rest: Vec<&str> = words.collect();
        let value = |w: &&str| w.starts_with(['/', '-']);
        let known = |w: &&str| matches!(*w, "print" | "tcp" | "udp" | "csv" | "list" | "table");
        let options = rest.iter().map(|w| w.trim_start_matches(['/', '-']));
        let asks = |o: &&str| {
            let o = o.trim_start_matches(['/', '-']);
            tool == Tool::Tasklist && matches!(o, "fi" | "m" | "apps")
        };
        let mut filters = parts.filter(|p| {
            let name = p.split_whitespace().next().unwrap_or_default();
            !PASS.contains(&name)
        });
        Self {
            tool,
            filtered: filters.next().is_some() || rest.iter().any(asks),
            machine: None,
            by_prompt: false,
            options: options.map(str::to_owned).collect(),
            is_call: rest.first().is_none_or(|w| value(w) || known(w)),
        }
    }

    /// Whether it asks for a listing that is read.
    pub(super) fn lists(&self) -> bool {
        let asks = self
            .options
            .iter()
            .all(|o| !["release", "renew", "flushdns", "registerdns"].contains(&o.as_str()));
        self.is_call && asks && !matches!(self.tool, Tool::HostName | Tool::Other)
    }

    /// Whether an option of letters, such as `-ano`, holds one.
    pub(super) fn has(&self, letter: char) -> bool {
        let letters = self.options.iter().filter(|o| o.len() <= 6);
        letters.flat_map(|o| o.chars()).any(|c| c == letter)
    }

    /// Whether a word is among its options.
    pub(super) fn word(&self, word: &str) -> bool {
        self.options.iter().any(|o| o == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Option<Command> {
        Line { start: 0, text }.command()
    }

    #[test]
    fn commands_are_known_behind_prompts_and_alone() {
        for (text, tool, filtered) in [
            ("C:\\Users\\a>netstat -ano", Tool::Netstat, false),
            (
                "PS C:\\> netstat -ano | findstr LISTENING",
                Tool::Netstat,
                true,
            ),
            (
                "[SRV1]: PS C:\\> tasklist /svc | more",
                Tool::Tasklist,
                false,
            ),
            ("tasklist /svc /fi \"PID eq 4\"", Tool::Tasklist, true),
            ("ipconfig /all > C:\\x.txt", Tool::IpConfig, false),
            ("route print -4", Tool::Route, false),
        ] {
            let c = command(text).unwrap();
            assert_eq!((c.tool, c.filtered), (tool, filtered), "{text}");
        }
        assert_eq!(command("netstat shows what listens"), None);
        assert_eq!(command("   IPv4 Address. . . : 10.0.0.1"), None);
        assert!(command("C:\\>netstat -abno").unwrap().has('a'));
    }
}

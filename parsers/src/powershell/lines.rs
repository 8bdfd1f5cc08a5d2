//! Lines of a console capture, and what is a prompt among them.

use hylint_model::Span;

/// A line without its end, with where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) start: usize,
    pub(super) text: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn span(&self) -> Span {
        let blanks = self.text.len() - self.text.trim_start().len();
        let end = self.text.trim_end().len().max(blanks);
        Span::new(self.start + blanks, self.start + end)
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

    /// The command behind a prompt; an empty one behind a prompt alone. `None` if the line begins with no prompt.
    pub(super) fn command(&self) -> Option<&'a str> {
        let text = self.text.trim();
        let after = |rest: &'a str| rest.split_once('>').map(|(_, command)| command.trim());
        let drive = |t: &str| {
            let b = t.as_bytes();
            b.first().is_some_and(u8::is_ascii_alphabetic) && b.get(1) == Some(&b':')
        };
        if let Some((_, rest)) = remote(text) {
            return after(rest);
        }
        if let Some(rest) = text.strip_prefix("PS>") {
            return Some(rest.trim());
        }
        if let Some(rest) = text.strip_prefix("PS ")
            && (drive(rest)
                || rest.starts_with('>')
                || rest.starts_with("\\\\")
                || rest.starts_with('/'))
        {
            return after(rest);
        }
        if drive(text) && text.as_bytes().get(2) == Some(&b'\\') && !text.contains("=>") {
            return after(text);
        }
        if let Some(command) = text.strip_prefix("$_ |") {
            return Some(command.trim());
        }
        // A command on a line of its own, as pages print it.
        let bare = text.trim_matches(['`', ':', '#', ' ']);
        is_cmdlet(bare).then_some(bare)
    }

    /// The host of a remoting prompt.
    pub(super) fn remote_host(&self) -> Option<&'a str> {
        remote(self.text.trim()).map(|(host, _)| host)
    }
}

/// The cmdlet that an error text names at its beginning: `Get-NetFirewallRule : Access is denied.`
pub(super) fn failed(text: &str) -> Option<&str> {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace)?;
    let name = first.trim_end_matches(':');
    let rest = rest.trim_start();
    let told = match name.len() < first.len() {
        true => !rest.is_empty(),
        false => rest.strip_prefix(':').is_some_and(|t| !t.trim().is_empty()),
    };
    (told && is_call(name)).then_some(name)
}

/// Whether a text is a call of one of the cmdlets that print firewall objects.
fn is_cmdlet(text: &str) -> bool {
    failed(text).is_none() && is_call(text)
}

fn is_call(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or("");
    let (verb, noun) = first.split_once('-').unwrap_or((first, ""));
    let verb = verb.to_ascii_lowercase();
    let noun = noun.to_ascii_lowercase();
    matches!(verb.as_str(), "get" | "show" | "new" | "set" | "copy")
        && (noun.starts_with("netfirewall")
            || noun.starts_with("netip")
            || noun.starts_with("netconnectionprofile")
            || noun.starts_with("nettcpconnection")
            || noun.starts_with("netudpendpoint")
            || noun.starts_with("netroute")
            || noun.starts_with("netadapter"))
}

/// Host and rest of `[SRV01]: PS C:\>`.
fn remote(text: &str) -> Option<(&str, &str)> {
    let (host, rest) = text.strip_prefix('[')?.split_once(']')?;
    let rest = rest.strip_prefix(": PS ")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    (!host.is_empty() && host.bytes().all(plain)).then_some((host, rest))
}

/// The lines of a text that begins at an offset of the file.
pub(super) fn lines(text: &str, offset: usize) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain(std::iter::once(text.len()));
    ends.map_while(move |end| {
        let line = text.get(at..end)?;
        let start = offset + at;
        at = end + 1;
        let text = line.strip_suffix('\r').unwrap_or(line);
        Some(Line { start, text })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails if a prompt's command is not found, or if a value is taken for a prompt.
    #[test]
    fn prompts_are_known_with_their_commands() {
        for (text, want) in [
            (
                r"PS C:\WINDOWS\system32> Get-NetFirewallRule | more",
                Some("Get-NetFirewallRule | more"),
            ),
            (r"PS C:\>", Some("")),
            ("PS> Get-NetFirewallProfile", Some("Get-NetFirewallProfile")),
            (
                r"[SRV01]: PS C:\> Get-NetFirewallRule",
                Some("Get-NetFirewallRule"),
            ),
            (
                r"C:\Users\a> Get-NetFirewallRule",
                Some("Get-NetFirewallRule"),
            ),
            (
                "`Get-NetFirewallRule -Name x | Get-NetFirewallPortFilter`:",
                Some("Get-NetFirewallRule -Name x | Get-NetFirewallPortFilter"),
            ),
            ("Program : C:\\share\\a.exe", None),
            (r"C:\Program Files\a.exe", None),
            ("Name : x", None),
        ] {
            let line = Line { start: 0, text };
            assert_eq!(line.command(), want, "{text}");
        }
        let line = Line {
            start: 7,
            text: "  a : b ",
        };
        assert_eq!(line.span(), Span::new(9, 14));
        assert_eq!(line.place(&line.text[6..7]), Span::new(13, 14));
    }
}

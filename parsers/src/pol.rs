//! Registry.pol, the file in which a Group Policy keeps the registry values that it sets (\[MS-GPREG\] 2.2.1), as the text that
//! LGPO.exe makes of it: reports need lines to point at.

use std::fmt::Write as _;

/// The magic of a file and its version.
const HEAD: &[u8] = b"PReg\x01\0\0\0";

/// What such a file is called in reports.
pub(crate) const NAME: &str = "Registry.pol";

/// How the line begins that stands for what cannot be read of a file.
pub(crate) const DAMAGED: &str = "; the file is cut off or damaged in its record ";

/// The text of a file; `None` for other files. Where it is cut off or damaged, a line says so.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes.strip_prefix(HEAD)?;
    let mut out = String::from("; Registry.pol\n\n");
    let mut n = 0;
    while !rest.is_empty() {
        n += 1;
        let whole = entry(rest).filter(|(entry, _)| !is_damaged(entry));
        let Some((entry, behind)) = whole else {
            let _ = writeln!(out, "{DAMAGED}{n}");
            return Some(out);
        };
        write(&mut out, &entry);
        rest = behind;
    }
    Some(out)
}

/// Whether a string holds what belongs to others: its length is wrong.
fn is_damaged(entry: &Entry<'_>) -> bool {
    let (units, half) = entry.data.as_chunks::<2>();
    let end = units.iter().position(|u| *u == [0, 0]);
    let behind = end.and_then(|end| units.get(end..)).unwrap_or_default();
    let inner = behind.iter().any(|u| *u != [0, 0]);
    matches!(entry.kind, 1 | 2) && (!half.is_empty() || inner)
}

struct Entry<'a> {
    key: String,
    name: String,
    kind: u32,
    data: &'a [u8],
}

/// `[key;value;type;size;data]`, its marks and strings in UTF-16, both strings with a final zero.
fn entry(bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let rest = bytes.strip_prefix(b"[\0")?;
    let (key, rest) = string(rest)?;
    let (name, rest) = string(rest)?;
    let (kind, rest) = number(rest)?;
    let (size, rest) = number(rest)?;
    let size = usize::try_from(size).ok()?;
    let (data, rest) = rest.split_at_checked(size)?;
    let rest = rest.strip_prefix(b"]\0")?;
    let entry = Entry {
        key,
        name,
        kind,
        data,
    };
    Some((entry, rest))
}

/// A string up to its zero and the semicolon behind it.
fn string(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (units, _) = bytes.as_chunks::<2>();
    let end = units.iter().position(|u| *u == [0, 0])?;
    let text = wide(bytes.get(..2 * end)?);
    let rest = bytes.get(2 * end + 2..)?.strip_prefix(b";\0")?;
    Some((text, rest))
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), rest.strip_prefix(b";\0")?))
}

/// Characters of UTF-16. Line ends would end the line of the text.
fn wide(bytes: &[u8]) -> String {
    let (units, _) = bytes.as_chunks::<2>();
    let units = units.iter().map(|u| u16::from_le_bytes(*u));
    let text: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.trim_end_matches('\0')
        .replace(|c: char| c.is_control(), " ")
}

fn write(out: &mut String, entry: &Entry<'_>) {
    let lower = entry.name.to_ascii_lowercase();
    let deleted = lower
        .strip_prefix("**del.")
        .and_then(|_| entry.name.get(6..));
    let name = match deleted {
        Some(name) => name,
        None if entry.name.is_empty() => "*",
        None => &entry.name,
    };
    let _ = write!(out, "Computer\n{}\n{name}\n", entry.key);
    let _ = match (entry.kind, entry.data) {
        _ if lower.starts_with("**delvals") => writeln!(out, "DELETEALLVALUES"),
        _ if lower.starts_with("**deletekeys") => writeln!(out, "DELETEKEYS:{}", wide(entry.data)),
        _ if lower.starts_with("**deletevalues") => {
            writeln!(out, "DELETEVALUES:{}", wide(entry.data))
        }
        _ if deleted.is_some() => writeln!(out, "DELETE"),
        (1, data) => writeln!(out, "SZ:{}", wide(data)),
        (2, data) => writeln!(out, "EXSZ:{}", wide(data)),
        (4, [a, b, c, d]) => writeln!(out, "DWORD:{}", u32::from_le_bytes([*a, *b, *c, *d])),
        (7, data) => writeln!(out, "MULTISZ:{}", wide(data)),
        (kind, data) => writeln!(out, "BINARY:{kind}:{} bytes", data.len()),
    };
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn value(key: &str, name: &str, kind: u32, data: &[u8]) -> Vec<u8> {
        let size = u32::try_from(data.len()).unwrap();
        [
            &utf16(&format!("[{key}\0;{name}\0;"))[..],
            &kind.to_le_bytes(),
            &utf16(";"),
            &size.to_le_bytes(),
            &utf16(";"),
            data,
            &utf16("]"),
        ]
        .concat()
    }

    // Fails if a value is read as another, or a file that is cut off for a whole one.
    #[test]
    fn values_are_written_as_text() {
        let key = r"Software\Policies\Microsoft\WindowsFirewall\FirewallRules";
        let all = [
            HEAD.to_vec(),
            value(key, "a]b;", 1, &utf16("v2.31|Action=Allow|\0")),
            value(key, "PolicyVersion", 4, &[0x1a, 2, 0, 0]),
            value(key, "**del.c", 1, &utf16(" \0")),
            value(key, "**delvals.", 1, &utf16(" \0")),
            value(key, "d", 3, &[1, 2]),
        ];
        let bytes = all.concat();
        let said = text(&bytes).unwrap();
        let lines = |name: &str, data: &str| format!("Computer\n{key}\n{name}\n{data}\n\n");
        let want = [
            "; Registry.pol\n\n".to_owned(),
            lines("a]b;", "SZ:v2.31|Action=Allow|"),
            lines("PolicyVersion", "DWORD:538"),
            lines("c", "DELETE"),
            lines("**delvals.", "DELETEALLVALUES"),
            lines("d", "BINARY:3:2 bytes"),
        ];
        assert_eq!(said, want.concat());
        let damaged = |bytes: &[u8]| text(bytes).unwrap().contains(&format!("{DAMAGED}5"));
        for cut in 1..40 {
            assert!(damaged(&bytes[..bytes.len() - cut]), "cut off by {cut}");
        }
        let long = value(key, "e", 1, &utf16("v2.31|\0]["));
        assert!(
            text(&[HEAD, &long].concat()).unwrap().contains(DAMAGED),
            "a length that covers another record"
        );
        let deletes = value(key, "**DeleteKeys", 1, &utf16("a;b\0"));
        assert!(
            text(&[HEAD, &deletes].concat())
                .unwrap()
                .contains("DELETEKEYS:a;b")
        );
        assert!(text(b"PRegister of rules").is_none());
    }
}

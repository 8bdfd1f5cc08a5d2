//! Bytes to text.
//!
//! A file whose bytes change their encoding in the middle ([`crate::pieces`]) is decoded piece by piece.
//!
//! Exports come from consoles: UTF-8, UTF-16 (PowerShell's `>`), and the OEM and ANSI code pages of Windows, mostly without
//! a word about which. Plain ASCII and UTF-8 are not copied. A code page is guessed by how many lines it makes familiar to
//! the vocabularies of netsh, then by how plausible its letters are. The one binary form that is read is Registry.pol.

use crate::pieces::{self, Form, Piece};
use crate::pol;
use encoding_rs::Encoding;
use std::borrow::Cow;

/// Decoded text and the encoding's name.
#[derive(Debug)]
pub struct Decoded {
    /// UTF-8 text without byte order mark.
    pub text: String,
    /// Name as reported, for example `UTF-16LE`.
    pub encoding: &'static str,
    /// True if bytes had to be replaced by U+FFFD.
    pub lossy: bool,
}

/// Why bytes are no text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// Control bytes of a binary file.
    Binary,
    /// More than 4 GiB.
    TooLarge,
}

/// Bytes that are looked at to tell text from binary data and one UTF-16 from the other.
const SAMPLE: usize = 8 * 1024;

/// Lines with bytes above ASCII that are looked at to guess a code page.
const SAMPLE_LINES: usize = 400;

/// Decodes a file's bytes.
///
/// # Errors
/// [`DecodeError`] when the bytes are no text.
pub fn decode(bytes: Vec<u8>) -> Result<Decoded, DecodeError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(DecodeError::TooLarge);
    }
    if let Some(text) = pol::text(&bytes) {
        return Ok(Decoded {
            text,
            encoding: pol::NAME,
            lossy: false,
        });
    }
    let pieces = pieces::split(&bytes);
    let decoded = match pieces.as_slice() {
        [] | [_] => one(bytes)?,
        _ => mixed(&bytes, &pieces)?,
    };
    Ok(without_inner_marks(decoded))
}

/// The name of what is written in several encodings.
const MIXED: &str = "mixed";

/// Text whose pieces have encodings of their own, each on lines of its own.
fn mixed(bytes: &[u8], pieces: &[Piece]) -> Result<Decoded, DecodeError> {
    let mut all = Decoded {
        text: String::new(),
        encoding: "",
        lossy: false,
    };
    for piece in pieces {
        let bytes = bytes.get(piece.range.clone()).unwrap_or_default();
        let one = match piece.form {
            Form::Bytes => from_bytes(bytes.to_vec())?,
            Form::Utf16Le => from_utf16(bytes, encoding_rs::UTF_16LE)?,
            Form::Utf16Be => from_utf16(bytes, encoding_rs::UTF_16BE)?,
        };
        if !all.text.is_empty() && !all.text.ends_with('\n') {
            all.text.push('\n');
        }
        all.text.push_str(&one.text);
        all.lossy |= one.lossy;
        all.encoding = match all.encoding {
            "" => one.encoding,
            same if same == one.encoding => same,
            _ => MIXED,
        };
    }
    Ok(all)
}

/// A byte order mark inside a text is where files were joined; it is no character of the line behind it.
fn without_inner_marks(mut decoded: Decoded) -> Decoded {
    if decoded.text.contains('\u{feff}') {
        decoded.text = decoded.text.replace('\u{feff}', "");
    }
    decoded
}

/// Text in one encoding.
fn one(bytes: Vec<u8>) -> Result<Decoded, DecodeError> {
    if let Some(utf16) = utf16(&bytes) {
        return from_utf16(&bytes, utf16);
    }
    from_bytes(without_mark(bytes))
}

/// Zero bytes are what is left of a file that was cut short or damaged. A few of them are invalid characters of a text.
fn without_zeros(mut bytes: Vec<u8>) -> Result<(Vec<u8>, bool), DecodeError> {
    if memchr::memchr(0, &bytes).is_none() {
        return Ok((bytes, false));
    }
    let text = bytes.iter().rposition(|b| *b != 0).map_or(0, |n| n + 1);
    let zeros = memchr::memchr_iter(0, bytes.get(..text).unwrap_or_default()).count();
    if text == 0 || zeros * 200 > text {
        return Err(DecodeError::Binary);
    }
    if text < bytes.len() {
        bytes.truncate(text);
        bytes.extend(b"\n\0");
    }
    Ok((bytes, true))
}

/// UTF-8, or a code page.
fn from_bytes(bytes: Vec<u8>) -> Result<Decoded, DecodeError> {
    let (bytes, zeros) = without_zeros(bytes)?;
    let mut decoded = from_text(bytes)?;
    if zeros {
        decoded.text = decoded.text.replace('\0', "\u{fffd}");
        decoded.lossy = true;
    }
    Ok(decoded)
}

fn from_text(bytes: Vec<u8>) -> Result<Decoded, DecodeError> {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => {
            return Ok(Decoded {
                text,
                encoding: "UTF-8",
                lossy: false,
            });
        }
        Err(e) => e.into_bytes(),
    };
    if is_binary(&bytes) {
        return Err(DecodeError::Binary);
    }
    Ok(damaged_utf8(&bytes).unwrap_or_else(|| from_code_page(&bytes)))
}

fn without_mark(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    bytes
}

/// Returns the byte order mark that a file begins with, or nothing.
#[must_use]
pub fn mark(bytes: &[u8]) -> &[u8] {
    let marks: [&[u8]; 3] = [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"];
    let found = marks.iter().find(|m| bytes.starts_with(m));
    bytes.get(..found.map_or(0, |m| m.len())).unwrap_or(&[])
}

/// Encodes a text, without a byte order mark, in the encoding of that name (as [`Decoded::encoding`] gives it). `None` if
/// the encoding is unknown or lacks a character.
#[must_use]
pub fn encode(text: &str, encoding: &str) -> Option<Vec<u8>> {
    let units = || text.encode_utf16();
    match encoding {
        "UTF-8" => Some(text.as_bytes().to_vec()),
        "UTF-16LE" => Some(units().flat_map(u16::to_le_bytes).collect()),
        "UTF-16BE" => Some(units().flat_map(u16::to_be_bytes).collect()),
        name => code_pages()
            .into_iter()
            .find(|p| p.name() == name)?
            .encode(text),
    }
}

fn sample(bytes: &[u8]) -> &[u8] {
    bytes.get(..SAMPLE).unwrap_or(bytes)
}

/// Control bytes that no text has, more than one in 200.
fn is_binary(bytes: &[u8]) -> bool {
    let control = |b: &&u8| matches!(b, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    let sample = sample(bytes);
    sample.iter().filter(control).count() * 200 > sample.len()
}

/// UTF-16 by its mark; without one by where its zero bytes are. Every export has blanks and line ends, whose high byte is
/// zero, so zero bytes stand at even or at odd offsets only.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.starts_with(b"\xff\xfe") {
        return Some(encoding_rs::UTF_16LE);
    }
    if bytes.starts_with(b"\xfe\xff") {
        return Some(encoding_rs::UTF_16BE);
    }
    memchr::memchr(0, sample(bytes))?;
    let zeros = |odd: usize| {
        let at = sample(bytes).iter().skip(odd).step_by(2);
        at.filter(|b| **b == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let pairs = sample(bytes).len() / 2;
    let clear = |many: usize, few: usize| many * 5 > pairs && few * 20 <= many;
    if clear(odd, even) {
        Some(encoding_rs::UTF_16LE)
    } else if clear(even, odd) {
        Some(encoding_rs::UTF_16BE)
    } else {
        None
    }
}

fn from_utf16(bytes: &[u8], encoding: &'static Encoding) -> Result<Decoded, DecodeError> {
    let (text, lossy) = encoding.decode_with_bom_removal(bytes);
    if memchr::memchr(0, text.as_bytes()).is_some() {
        return Err(DecodeError::Binary);
    }
    Ok(Decoded {
        text: text.into_owned(),
        encoding: encoding.name(),
        lossy,
    })
}

/// UTF-8 with a few bad bytes: at most one for four characters that are right.
fn damaged_utf8(bytes: &[u8]) -> Option<Decoded> {
    let mut good = 0;
    let mut bad = 0;
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    (good > 0 && bad * 4 <= good).then(|| Decoded {
        text: String::from_utf8_lossy(bytes).into_owned(),
        encoding: "UTF-8",
        lossy: true,
    })
}

/// A code page of Windows.
enum CodePage {
    Web(&'static Encoding),
    Oem(&'static str, &'static [char; 128]),
}

impl CodePage {
    fn name(&self) -> &'static str {
        match self {
            Self::Web(e) => e.name(),
            Self::Oem(name, _) => name,
        }
    }

    fn decode<'a>(&self, bytes: &'a [u8]) -> (Cow<'a, str>, bool) {
        match self {
            Self::Web(e) => e.decode_without_bom_handling(bytes),
            Self::Oem(_, table) => {
                let text = oem_cp::decode_string_complete_table(bytes, table);
                (Cow::Owned(text), false)
            }
        }
    }

    /// `None` if a character is not in the page.
    fn encode(&self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Web(e) => {
                let (bytes, _, unmappable) = e.encode(text);
                (!unmappable).then(|| bytes.into_owned())
            }
            Self::Oem(_, table) => text.chars().map(|c| oem_byte(c, table)).collect(),
        }
    }
}

fn oem_byte(c: char, table: &[char; 128]) -> Option<u8> {
    if c.is_ascii() {
        return u8::try_from(u32::from(c)).ok();
    }
    let at = table.iter().position(|t| *t == c)?;
    u8::try_from(at + 128).ok()
}

/// Candidates; of equals the first wins.
fn code_pages() -> Vec<CodePage> {
    use oem_cp::code_table as oem;
    vec![
        CodePage::Oem("IBM850", &oem::DECODING_TABLE_CP850),
        CodePage::Web(encoding_rs::WINDOWS_1252),
        CodePage::Oem("IBM437", &oem::DECODING_TABLE_CP437),
        CodePage::Oem("IBM852", &oem::DECODING_TABLE_CP852),
        CodePage::Web(encoding_rs::WINDOWS_1250),
        CodePage::Web(encoding_rs::IBM866),
        CodePage::Web(encoding_rs::WINDOWS_1251),
        CodePage::Web(encoding_rs::SHIFT_JIS),
        CodePage::Web(encoding_rs::GBK),
        CodePage::Web(encoding_rs::BIG5),
        CodePage::Web(encoding_rs::EUC_KR),
        CodePage::Oem("IBM858", &oem::DECODING_TABLE_CP858),
        CodePage::Oem("IBM737", &oem::DECODING_TABLE_CP737),
        CodePage::Web(encoding_rs::WINDOWS_1253),
        CodePage::Web(encoding_rs::WINDOWS_1254),
    ]
}

/// The names of the encodings that are read, as reports name them.
#[must_use]
pub fn encodings() -> Vec<&'static str> {
    let unicode = ["UTF-8", "UTF-16LE", "UTF-16BE"];
    let pages = code_pages();
    unicode
        .into_iter()
        .chain(pages.iter().map(CodePage::name))
        .collect()
}

fn from_code_page(bytes: &[u8]) -> Decoded {
    let lines: Vec<&[u8]> = bytes
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_ascii())
        .take(SAMPLE_LINES)
        .collect();
    let mut best: Option<((i64, i64), CodePage)> = None;
    for page in code_pages() {
        let score = score(&page, &lines);
        if best.as_ref().is_none_or(|(s, _)| score > *s) {
            best = Some((score, page));
        }
    }
    let page = best.map_or(CodePage::Web(encoding_rs::WINDOWS_1252), |(_, p)| p);
    let (text, lossy) = page.decode(bytes);
    Decoded {
        text: text.into_owned(),
        encoding: page.name(),
        lossy,
    }
}

/// How well a code page fits: familiar lines first, plausible letters second.
fn score(page: &CodePage, lines: &[&[u8]]) -> (i64, i64) {
    let mut familiar = 0;
    let mut plausible = 0;
    for line in lines {
        let (text, _) = page.decode(line);
        familiar += i64::from(crate::netsh::familiarity(&text));
        plausible += plausibility(&text);
    }
    (familiar, plausible)
}

/// Points for letters that stand in words of their own script, against for what no text has.
fn plausibility(text: &str) -> i64 {
    let mut points = 0;
    let mut before = ' ';
    for c in text.chars() {
        if !c.is_ascii() {
            points += letter(before, c);
        } else if c.is_ascii_alphabetic() && is_wide(before) {
            // A lead byte swallowed a letter: Latin words do not touch ideographs.
            points -= 6;
        }
        before = c;
    }
    points
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{ff00}'..='\u{ffef}')
}

fn letter(before: char, c: char) -> i64 {
    let latin = |c: char| matches!(c, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}');
    let cyrillic = |c: char| matches!(c, '\u{400}'..='\u{45f}');
    let greek = |c: char| matches!(c, '\u{370}'..='\u{3ff}');
    let neighbour = before.is_alphabetic();
    match c {
        '\u{fffd}' => -20,
        c if is_wide(c) && before.is_ascii_alphabetic() => -6,
        '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' => -10,
        '\u{2500}'..='\u{25ff}' => -4,
        '\u{ff61}'..='\u{ff9f}' => -1,
        // Kana, common ideographs and syllables fill two bytes; rare ideographs are what wrong pairs give.
        '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7a3}' => 4,
        '\u{4e00}'..='\u{9fff}' => 2,
        '\u{3000}'..='\u{303f}' | '\u{ff01}'..='\u{ff60}' => 2,
        c if neighbour && c.is_uppercase() && before.is_lowercase() => -3,
        c if cyrillic(c) => own_script(!neighbour || cyrillic(before)),
        c if greek(c) => own_script(!neighbour || greek(before)),
        // Accented Latin letters seldom touch: a run of them is another script misread.
        c if latin(c) && latin(before) && !before.is_ascii() => -2,
        c if latin(c) => own_script(!neighbour || latin(before)),
        _ => -1,
    }
}

fn own_script(fits: bool) -> i64 {
    if fits { 2 } else { -3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GERMAN: &str = "Regelname:      Fähre\r\nAktiviert:     Ja\r\nProfile:    Domäne,Privat,Öffentlich\r\nGruppe:   Überblick über Größe\r\n";

    fn utf16_bytes(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|u| {
                if little {
                    u.to_le_bytes()
                } else {
                    u.to_be_bytes()
                }
            })
            .collect()
    }

    fn oem_bytes(text: &str, table: &[char; 128]) -> Vec<u8> {
        text.chars()
            .map(|c| match table.iter().position(|t| *t == c) {
                Some(i) => 128 + u8::try_from(i).unwrap(),
                None => u8::try_from(u32::from(c)).unwrap(),
            })
            .collect()
    }

    #[test]
    fn utf16_is_known_with_and_without_its_mark() {
        for little in [true, false] {
            let name = if little { "UTF-16LE" } else { "UTF-16BE" };
            for mark in ["", "\u{feff}"] {
                let bytes = utf16_bytes(&format!("{mark}{GERMAN}"), little);
                let d = decode(bytes).unwrap();
                assert_eq!(
                    (d.encoding, d.text.as_str(), d.lossy),
                    (name, GERMAN, false)
                );
            }
        }
        let japanese = "規則名:                 あ\r\n方向:          入力\r\n";
        assert_eq!(decode(utf16_bytes(japanese, true)).unwrap().text, japanese);
    }

    #[test]
    fn utf8_is_not_touched_and_a_few_bad_bytes_do_not_make_it_another_code_page() {
        assert_eq!(decode(GERMAN.into()).unwrap().encoding, "UTF-8");
        let marked = [b"\xef\xbb\xbf".as_slice(), GERMAN.as_bytes()].concat();
        assert_eq!(decode(marked).unwrap().text, GERMAN);
        let mut bad = GERMAN.as_bytes().to_vec();
        bad.extend(b"Programm: \xff\r\n");
        let d = decode(bad).unwrap();
        assert_eq!((d.encoding, d.lossy), ("UTF-8", true));
        assert!(d.text.starts_with(GERMAN));
    }

    #[test]
    fn a_code_page_is_guessed_from_known_labels() {
        use oem_cp::code_table as oem;
        let bytes = oem_bytes(GERMAN, &oem::DECODING_TABLE_CP850);
        let d = decode(bytes).unwrap();
        assert_eq!((d.encoding, d.text.as_str()), ("IBM850", GERMAN));
        let cases: [(&'static Encoding, &str); 7] = [
            (
                encoding_rs::WINDOWS_1252,
                "Nom de la règle :   Serveur été\r\nActivé :   Oui\r\nProtocole : Tout\r\n",
            ),
            (
                encoding_rs::IBM866,
                "Имя правила:    Сервер\r\nВключено:   Да\r\nНаправление:  Входящие\r\n",
            ),
            (
                encoding_rs::WINDOWS_1251,
                "Имя правила:    Сервер\r\nВключено:   Да\r\nНаправление:  Входящие\r\n",
            ),
            (
                encoding_rs::SHIFT_JIS,
                "規則名:    サーバー\r\n有効:   はい\r\n方向:   入力\r\n",
            ),
            (
                encoding_rs::GBK,
                "规则名称:    服务器\r\n已启用:   是\r\n方向:   入\r\n",
            ),
            (
                encoding_rs::BIG5,
                "規則名稱:    伺服器\r\n本機連接埠:   80\r\n",
            ),
            (
                encoding_rs::EUC_KR,
                "규칙 이름:    서버\r\n방향:   인바운드\r\n",
            ),
        ];
        for (encoding, text) in cases {
            let (bytes, _, unmappable) = encoding.encode(text);
            assert!(!unmappable);
            let d = decode(bytes.into_owned()).unwrap();
            assert_eq!((d.encoding, d.text.as_str()), (encoding.name(), text));
        }
    }

    #[test]
    fn a_code_page_without_known_labels_is_guessed_from_its_letters() {
        let text = "# Überblick über die Größe der Tür, naïve façade\r\n";
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(text);
        assert_eq!(decode(bytes.into_owned()).unwrap().text, text);
        let text = "# правила сервера базы данных\r\n";
        let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(text);
        assert_eq!(decode(bytes.into_owned()).unwrap().text, text);
    }

    #[test]
    fn pieces_of_several_encodings_are_read_each_in_its_own() {
        let (ansi, ..) = encoding_rs::WINDOWS_1252.encode(GERMAN);
        let joined = [&utf16_bytes(GERMAN, true), &*ansi].concat();
        let d = decode(joined).unwrap();
        assert_eq!(d.text, format!("{GERMAN}{GERMAN}"));
        assert_eq!((d.encoding, d.lossy), ("mixed", false));
        let marked = utf16_bytes(&format!("\u{feff}{GERMAN}\u{feff}{GERMAN}"), true);
        let d = decode(marked).unwrap();
        assert_eq!(d.text, format!("{GERMAN}{GERMAN}"));
        assert_eq!(d.encoding, "UTF-16LE");
    }

    #[test]
    fn a_few_zero_bytes_are_invalid_characters_and_many_are_no_text() {
        let long = GERMAN.repeat(20);
        let d = decode(format!("{long}x\0y\r\n\0\0\0\0\0\0\0\0").into()).unwrap();
        assert_eq!(d.text, format!("{long}x\u{fffd}y\r\n\n\u{fffd}"));
        assert!(d.lossy);
        assert_eq!(decode(vec![0; 4000]).unwrap_err(), DecodeError::Binary);
    }

    #[test]
    fn binary_data_is_refused() {
        assert_eq!(
            decode(vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 3, 0, 62]).unwrap_err(),
            DecodeError::Binary
        );
        let noise: Vec<u8> = (0..4000u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        assert_eq!(decode(noise).unwrap_err(), DecodeError::Binary);
        assert_eq!(
            decode(b"a\0b text and more text".to_vec()).unwrap_err(),
            DecodeError::Binary
        );
    }
}

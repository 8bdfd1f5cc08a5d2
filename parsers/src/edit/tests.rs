use super::{EditError, TextEdit, apply, inserted, patch};
use crate::decode::{decode, encode, encodings};
use crate::source::Source;
use hylint_model::Span;

fn edit(start: usize, end: usize, text: &str) -> TextEdit {
    TextEdit {
        span: Span::new(start, end),
        text: text.into(),
    }
}

fn source(bytes: &[u8]) -> Source {
    let d = decode(bytes.to_vec()).unwrap();
    Source::new("t", d.text, d.encoding)
}

#[test]
fn edits_are_applied_in_text_order_and_those_of_one_place_as_given() {
    let edits = [
        edit(4, 5, "E"),
        edit(1, 1, "x"),
        edit(1, 1, "y"),
        edit(1, 2, "B"),
    ];
    assert_eq!(apply("abcdef", &edits).unwrap(), "axyBcdEf");
    let places = inserted(&edits).unwrap();
    let new = "axyBcdEf";
    let texts: Vec<&str> = places.iter().map(|s| &new[s.range()]).collect();
    assert_eq!(texts, ["x", "y", "B", "E"]);
    assert_eq!(apply("ab", &[edit(2, 2, "c")]).unwrap(), "abc");
    assert_eq!(
        apply("ab", &[edit(0, 2, ""), edit(2, 2, "c")]).unwrap(),
        "c"
    );
}

#[test]
fn edits_that_overlap_or_leave_the_text_are_refused() {
    for edits in [
        vec![edit(0, 2, ""), edit(1, 3, "")],
        vec![edit(0, 3, ""), edit(1, 1, "x")],
        vec![edit(5, 7, "")],
        vec![edit(7, 7, "x")],
        // In the middle of `é`.
        vec![edit(1, 1, "x")],
        vec![edit(1, 3, "x")],
    ] {
        let text = "éabcd";
        assert!(
            matches!(apply(text, &edits), Err(EditError::Overlap(_))),
            "{edits:?}"
        );
        let bytes = text.as_bytes();
        let patched = patch(&source(bytes), bytes, &edits);
        assert!(matches!(patched, Err(EditError::Overlap(_))), "{edits:?}");
    }
}

/// A text that is plausible in each encoding and has letters above ASCII, as the guess needs them.
fn sample(encoding: &str) -> &'static str {
    match encoding {
        "windows-1251" | "IBM866" => "# правила сервера базы данных\r\n",
        "Shift_JIS" => "規則名:    サーバー\r\n有効:   はい\r\n方向:   入力\r\n",
        "GBK" => "规则名称:    服务器\r\n已启用:   是\r\n方向:   入\r\n",
        "Big5" => "規則名稱:    伺服器\r\n本機連接埠:   80\r\n",
        "EUC-KR" => "규칙 이름:    서버\r\n방향:   인바운드\r\n",
        _ => "Regelname:      Fähre\r\nGruppe:   Überblick über Größe\r\n",
    }
}

/// Catches an encoding that is read and cannot be written, and one whose offsets are mapped wrongly.
#[test]
fn each_encoding_is_patched_in_its_own_bytes() {
    let mut patched = 0;
    for name in encodings() {
        for mark in ["", "\u{feff}"] {
            let head = if name.starts_with("UTF") {
                encode(mark, name).unwrap()
            } else {
                Vec::new()
            };
            let (text, new) = (sample(name), "# 443\r\n");
            let Some(body) = encode(text, name) else {
                continue;
            };
            let old = [head, body].concat();
            let s = source(&old);
            if s.encoding != name {
                // These bytes are plausible in another code page, too.
                continue;
            }
            let second = text.find('\n').unwrap() + 1;
            let edits = [edit(0, 0, new), edit(second, second, new)];
            let out = patch(&s, &old, &edits).unwrap();
            let d = decode(out.clone()).unwrap();
            assert_eq!((d.encoding, d.text), (name, apply(text, &edits).unwrap()));
            let back = [
                edit(0, new.len(), ""),
                edit(second + new.len(), second + 2 * new.len(), ""),
            ];
            assert_eq!(patch(&source(&out), &out, &back).unwrap(), old, "{name}");
            patched += 1;
        }
    }
    assert!(patched >= 14, "{patched}");
}

#[test]
fn what_the_encoding_cannot_hold_is_refused() {
    let old = encode(sample("windows-1251"), "windows-1251").unwrap();
    let s = source(&old);
    let name = s.encoding;
    let failed = Err(EditError::Encoding(name));
    assert_eq!(patch(&s, &old, &[edit(0, 0, "# 規\r\n")]), failed);
    // Without its letters the file is read as UTF-8.
    let all = [edit(0, s.text.len(), "# plain\r\n")];
    assert_eq!(patch(&s, &old, &all), failed);
    // A byte that is no character would become another one.
    let mut broken = "# Fähre über Größe\n".repeat(3).into_bytes();
    broken.extend(b"# \xff\n");
    let s = source(&broken);
    assert_eq!(s.encoding, "UTF-8");
    assert_eq!(
        patch(&s, &broken, &[edit(0, 0, "x")]),
        Err(EditError::Encoding("UTF-8"))
    );
}

#[test]
fn a_file_that_changed_since_it_was_read_is_not_patched() {
    let s = source(b"*filter\n");
    let edits = [edit(0, 0, "#\n")];
    assert_eq!(patch(&s, b"*nat\n", &edits), Err(EditError::Stale));
    assert_eq!(patch(&s, b"*filter\n", &edits).unwrap(), b"#\n*filter\n");
    assert_eq!(patch(&s, b"*filter\n", &[]).unwrap(), b"*filter\n");
}

//! `ipset list -o xml`.

use super::set::Listed;
use hylint_model::Span;

/// A tag or the text before one.
struct Piece<'a> {
    /// Without brackets.
    tag: &'a str,
    /// The text before it.
    text: &'a str,
    at: Span,
}

/// The pieces of a text, in order.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let open = memchr::memchr(b'<', rest.as_bytes())?;
        let close = open + memchr::memchr(b'>', rest.as_bytes().get(open..)?)?;
        let said = rest.get(..open)?;
        let start = at + (said.len() - said.trim_start().len());
        let piece = Piece {
            tag: rest.get(open + 1..close)?,
            text: said.trim(),
            at: Span::new(start, start + said.trim().len()),
        };
        at += close + 1;
        Some(piece)
    })
}

/// The sets, and the places that they take.
pub(super) fn sets(text: &str) -> (Vec<Listed<'_>>, Vec<Span>) {
    let mut out: Vec<Listed<'_>> = Vec::new();
    let mut member: Option<(String, Span)> = None;
    let (mut header, mut open) = (false, false);
    for p in pieces(text) {
        if let Some(rest) = p.tag.strip_prefix("ipset name=") {
            let name = rest.trim().trim_matches(['"', '\'']);
            let start = p.at.range().end;
            out.push(Listed {
                name: plain(name).into(),
                span: Span::new(start, start + p.tag.len() + 2),
                ..Listed::default()
            });
            open = true;
            continue;
        }
        let Some(set) = out.last_mut().filter(|_| open) else {
            continue;
        };
        match p.tag {
            "/type" => set.kind = plain(p.text).into(),
            "header" => header = true,
            "/header" => header = false,
            "/numentries" => set.count = p.text.parse().ok(),
            "members" => set.members = Some(Vec::new()),
            "members/" => set.members = Some(Vec::new()),
            "member" => member = Some((String::new(), Span::default())),
            "/elem" => member = Some((plain(p.text), p.at)),
            "nomatch/" => {
                if let Some((m, _)) = &mut member {
                    m.push_str(" nomatch");
                }
            }
            "/member" => {
                let own = member.take().filter(|(m, _)| !m.is_empty());
                let (said, at) = own.unwrap_or_else(|| (plain(p.text), p.at));
                if let Some(members) = &mut set.members {
                    members.push((said.into(), at));
                }
            }
            "/ipset" => open = false,
            tag if header => {
                if let Some(key) = tag.strip_prefix('/') {
                    set.options.push_str(&format!(" {key} {}", plain(p.text)));
                } else if let Some(flag) = tag.strip_suffix('/') {
                    set.options.push_str(&format!(" {flag}"));
                }
            }
            _ => {}
        }
    }
    if open && let Some(set) = out.last_mut() {
        set.last = true;
        set.members = None;
    }
    out.retain(|s| !s.kind.is_empty());
    let first = memchr::memmem::find(text.as_bytes(), b"<ipset name=").unwrap_or(0);
    let last = memchr::memmem::rfind(text.as_bytes(), b"</ipset").unwrap_or(first);
    (out, vec![Span::new(first, last + 1)])
}

/// Text without entities.
fn plain(text: &str) -> String {
    let mut out = text.to_owned();
    for (entity, c) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ] {
        if out.contains(entity) {
            out = out.replace(entity, c);
        }
    }
    out
}

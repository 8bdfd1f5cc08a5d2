//! Templates of configuration management: a file of which values and whole rules are made when it is deployed (Ansible's
//! Jinja, Puppet's ERB, Terraform, Go).

use super::own::{Act, DirectKind, Element, End, Own, PortOf, Rules, Service, Word};
use hylint_model::{Problem, ProblemKind, Span};
use std::borrow::Cow;

/// What the parts of a template stand between.
const MARKS: [(&str, &str); 5] = [
    ("{{", "}}"),
    ("{%", "%}"),
    ("{#", "#}"),
    ("<%", "%>"),
    ("${", "}"),
];

/// What stands for each byte of a part, which no name and no value of firewalld holds.
pub(super) const FILLER: char = '{';

/// A text in which fillers stand for the parts of a template, and where the first of them is that makes a rule or a value.
pub(super) struct Masked<'t> {
    /// As long as the text itself.
    pub text: Cow<'t, str>,
    pub first: Option<(usize, usize)>,
}

/// Finds the parts of a template. Comments and descriptions decide nothing, whatever is made of them.
pub(super) fn mask(text: &str) -> Masked<'_> {
    if !MARKS.iter().any(|(open, _)| text.contains(open)) {
        return Masked {
            text: Cow::Borrowed(text),
            first: None,
        };
    }
    let mut out = String::with_capacity(text.len());
    let mut first = None;
    let (mut at, mut idle) = (0, "");
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        let part = MARKS.iter().find_map(|(open, close)| {
            let inner = rest.strip_prefix(open)?;
            Some(open.len() + inner.find(close)? + close.len())
        });
        if let Some(len) = part {
            if idle.is_empty() && !rest.starts_with("{#") {
                first = first.or(Some((at, at + len)));
            }
            // A line of a template is one line of what it makes.
            let bytes = rest.as_bytes().iter().take(len);
            out.extend(bytes.map(|b| if *b == b'\n' { '\n' } else { FILLER }));
            at += len;
            continue;
        }
        if idle.is_empty() {
            let ends = [
                ("<!--", "-->"),
                ("<description", "</description>"),
                ("<short", "</short>"),
            ];
            let found = ends.iter().find(|(open, _)| rest.starts_with(open));
            idle = found.map_or("", |(_, end)| end);
        } else if rest.starts_with(idle) {
            idle = "";
        }
        let next = rest.chars().next().map_or(1, char::len_utf8);
        out.push_str(rest.get(..next).unwrap_or(""));
        at += next;
    }
    Masked {
        text: Cow::Owned(out),
        first,
    }
}

/// A masked text without what its template makes before the document begins.
pub(super) fn start(text: &str) -> &str {
    text.trim_start_matches(|c: char| c == FILLER || c == '\u{feff}' || c.is_whitespace())
}

/// Tells that a file is a template, whose rules are not known.
pub(super) fn tell(own: &mut Own, text: &str, (from, to): (usize, usize), at: usize) {
    let shown = text.get(from..to).unwrap_or("");
    let shown = shown.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let message = format!(
        "the file is a template: `{shown}` is replaced when it is deployed, so what it decides is not known"
    );
    let span = Span::new(at + from, at + to);
    let problem = Problem::new(ProblemKind::Incomplete, span, message);
    own.problems.push(problem.help(
        "give the file as it is on the host, or the output of `firewall-cmd --list-all-zones` and `firewall-cmd --list-all-policies`",
    ));
    own.cut = true;
}

/// Takes what was read of a template, but for what it makes itself. Nothing is wrong with the rest before it is made.
pub(super) fn take(own: &mut Own, mut read: Own) {
    for z in &mut read.zones {
        literal(&mut z.rules);
        z.interfaces.retain(is_literal);
        z.sources.retain(is_literal);
        own.rules += z.rules.items.len() + z.rules.rich.len();
    }
    for p in &mut read.policies {
        literal(&mut p.rules);
        p.ingress.retain(is_literal);
        p.egress.retain(is_literal);
        own.rules += p.rules.items.len() + p.rules.rich.len();
    }
    read.direct
        .retain(|d| !d.args.contains(FILLER) && !d.ipv.contains(FILLER));
    let rules = read.direct.iter();
    own.rules += rules
        .filter(|d| !matches!(d.kind, DirectKind::Chain { .. }))
        .count();
    // What a service opens or a set holds is not known as a whole.
    for name in read.services.into_keys() {
        own.services.insert(name, Service::default());
    }
    for (name, mut set) in read.ipsets {
        set.open = true;
        own.ipsets.insert(name, set);
    }
    own.zones.append(&mut read.zones);
    own.policies.append(&mut read.policies);
    own.direct.append(&mut read.direct);
    own.all_direct |= read.all_direct;
    own.direct_shown.join(read.direct_shown);
}

fn is_literal(w: &Word) -> bool {
    !w.text.contains(FILLER)
}

/// Leaves the rules whose values are all there.
fn literal(rules: &mut Rules) {
    rules.items.retain(|(e, _)| element(e));
    rules.rich.retain(|r| {
        let word = |w: &Option<Word>| w.as_ref().is_none_or(is_literal);
        let end = |e: &Option<End>| e.as_ref().is_none_or(|e| is_literal(&e.word));
        let each = [&r.log, &r.audit].into_iter().flatten();
        let act = match &r.act {
            Some(Act::Mark(w)) => is_literal(w),
            _ => true,
        };
        act && each.into_iter().all(word)
            && word(&r.family)
            && word(&r.limit)
            && end(&r.source)
            && end(&r.destination)
            && r.element.as_ref().is_none_or(element)
    });
    rules.unread.clear();
}

fn element(e: &Element) -> bool {
    let port = |p: &PortOf| is_literal(&p.port) && is_literal(&p.protocol);
    match e {
        Element::Service(w)
        | Element::Protocol(w)
        | Element::IcmpBlock(w)
        | Element::IcmpType(w) => is_literal(w),
        Element::Port(p) | Element::SourcePort(p) => port(p),
        Element::ForwardPort(f) => {
            let word = |w: &Option<Word>| w.as_ref().is_none_or(is_literal);
            port(&f.from) && word(&f.to_port) && word(&f.to_addr)
        }
        Element::Masquerade | Element::MssClamp => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_templates_are_found_where_they_make_rules() {
        let first = |text: &str| {
            let masked = mask(text);
            assert_eq!(masked.text.len(), text.len(), "{text}");
            masked
                .first
                .and_then(|(a, b)| text.get(a..b).map(str::to_owned))
        };
        let cases = [
            ("<zone><port port=\"{{ p }}\"/></zone>", Some("{{ p }}")),
            (
                "<zone>{% if x %}<masquerade/>{% endif %}</zone>",
                Some("{% if x %}"),
            ),
            ("<zone><%= @rules %></zone>", Some("<%= @rules %>")),
            ("<zone><port port=\"${port}\"/></zone>", Some("${port}")),
            ("<!-- {{ ansible_managed }} --><zone/>", None),
            ("<zone><short>{{ name }}</short></zone>", None),
            ("{# made by hand #}<zone/>", None),
            ("<zone><rule log=\"{\"/></zone>", None),
            ("<zone><port port=\"{{ p", None),
        ];
        for (text, want) in cases {
            assert_eq!(first(text).as_deref(), want, "{text}");
        }
    }
}

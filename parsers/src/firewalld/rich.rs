//! Rich rules (firewalld.richlanguage(5)).

use super::line::Line;
use super::own::{Act, Element, End, EndKind, Forward, PortOf, Rich, Word};
use hylint_model::Span;

/// A word of a rich rule: an element, or an attribute with its value.
struct Token {
    name: String,
    value: Option<Word>,
    span: Span,
}

/// Reads a rich rule from an offset of a line on.
///
/// # Errors
/// What firewalld would not take, and where.
pub(super) fn read(line: &Line, from: usize) -> Result<Rich, (String, Span)> {
    let end = line.text.trim_end().len();
    let whole = line.span(from, end.max(from));
    let tokens = tokens(line, from, end)?;
    let mut work = Work {
        rich: Rich {
            span: whole,
            ..Rich::default()
        },
        within: Within::Rule,
        seen: Vec::new(),
        port: None,
        protocol: None,
        to_port: None,
        to_addr: None,
    };
    for t in tokens {
        work.take(t)?;
    }
    work.close();
    let rich = work.rich;
    check(&rich).map_err(|why| (why, whole))?;
    Ok(rich)
}

/// What firewalld refuses of a whole rule.
pub(super) fn check(rich: &Rich) -> Result<(), String> {
    let own = matches!(
        rich.element,
        Some(
            Element::Masquerade
                | Element::ForwardPort(_)
                | Element::IcmpBlock(_)
                | Element::MssClamp
        )
    );
    if rich.act.is_none() && !own && rich.log.is_none() && rich.audit.is_none() {
        return Err("the rich rule has no action".into());
    }
    let address = |e: &Option<End>| e.as_ref().is_some_and(|e| e.kind == EndKind::Address);
    if rich.family.is_none() && (address(&rich.source) || address(&rich.destination)) {
        return Err(
            "the rich rule names an address and no family: firewalld takes no such rule".into(),
        );
    }
    if rich.element.is_none() && rich.source.is_none() && rich.destination.is_none() {
        // firewalld takes such a rule only with a priority (core/rich.py).
        if rich.priority == 0 {
            return Err("the rich rule has no element, no source and no destination".into());
        }
    }
    Ok(())
}

/// Says that a rule has a part twice, of which it takes one.
pub(super) fn twice(part: &str) -> String {
    format!("the rich rule has more than one {part}: firewalld takes no such rule")
}

/// The kind of a part of which a rule has one; empty of others.
fn kind(name: &str) -> &'static str {
    match name {
        "source" => "source",
        "destination" => "destination",
        "service" | "port" | "source-port" | "forward-port" | "protocol" | "icmp-block"
        | "icmp-type" | "masquerade" | "tcp-mss-clamp" => "element",
        "accept" | "reject" | "drop" | "mark" => "action",
        _ => "",
    }
}

fn tokens(line: &Line, from: usize, end: usize) -> Result<Vec<Token>, (String, Span)> {
    let text = line.text.get(from..end).unwrap_or("");
    let mut out = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut word = String::new();
        let mut quote = None;
        let mut equals = None;
        let mut value_at = start;
        let mut last = start;
        let mut next = Some((start, c));
        while let Some((at, c)) = next {
            last = at + c.len_utf8();
            match quote {
                Some(q) if c == q => quote = None,
                None if c == '"' || c == '\'' => quote = Some(c),
                None if c == '=' && equals.is_none() => {
                    equals = Some(word.len());
                    value_at = at + 1;
                }
                _ => word.push(c),
            }
            next = match (quote, chars.peek()) {
                (None, Some((_, c))) if c.is_whitespace() => None,
                _ => chars.next(),
            };
        }
        let span = line.span(from + start, from + last);
        if quote.is_some() {
            return Err(("a quote is not closed".into(), span));
        }
        out.push(match equals {
            Some(at) => {
                let value = word.split_off(at);
                let span = line.span(from + value_at, from + last);
                Token {
                    name: word,
                    value: Some(Word::new(value, span)),
                    span,
                }
            }
            None => Token {
                name: word,
                value: None,
                span,
            },
        });
    }
    Ok(out)
}

/// The element whose attributes follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Rule,
    Source,
    Destination,
    Service,
    Port,
    SourcePort,
    ForwardPort,
    Protocol,
    IcmpBlock,
    IcmpType,
    Log,
    Audit,
    Action,
    Limit(Limited),
    Other,
}

/// What a limit is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limited {
    Log,
    Audit,
    Action,
}

struct Work {
    rich: Rich,
    within: Within,
    /// The kinds of parts that were there.
    seen: Vec<&'static str>,
    port: Option<Word>,
    protocol: Option<Word>,
    to_port: Option<Word>,
    to_addr: Option<Word>,
}

impl Work {
    fn take(&mut self, t: Token) -> Result<(), (String, Span)> {
        match t.value {
            Some(value) => self.attribute(&t.name, value, t.span),
            None => self.element(&t.name, t.span),
        }
    }

    fn element(&mut self, name: &str, span: Span) -> Result<(), (String, Span)> {
        // `NOT` stands between an end and its address.
        if name.eq_ignore_ascii_case("not") {
            let end = match self.within {
                Within::Source => &mut self.rich.source,
                Within::Destination => &mut self.rich.destination,
                _ => return Err(("`NOT` stands where firewalld takes none".into(), span)),
            };
            *end = Some(End {
                not: true,
                kind: EndKind::Address,
                word: Word::new("", span),
            });
            return Ok(());
        }
        let kind = kind(name);
        if self.seen.contains(&kind) {
            return Err((twice(kind), span));
        }
        if !kind.is_empty() {
            self.seen.push(kind);
        }
        let before = self.within;
        self.close();
        self.within = match name {
            "rule" => Within::Rule,
            "source" => Within::Source,
            "destination" => Within::Destination,
            "service" => Within::Service,
            "port" => Within::Port,
            "source-port" => Within::SourcePort,
            "forward-port" => Within::ForwardPort,
            "protocol" => Within::Protocol,
            "icmp-block" => Within::IcmpBlock,
            "icmp-type" => Within::IcmpType,
            "masquerade" => {
                self.rich.element = Some(Element::Masquerade);
                Within::Other
            }
            "tcp-mss-clamp" => {
                self.rich.element = Some(Element::MssClamp);
                Within::Other
            }
            "log" | "nflog" => {
                self.rich.log = Some(None);
                Within::Log
            }
            "audit" => {
                self.rich.audit = Some(None);
                Within::Audit
            }
            "accept" | "reject" | "drop" => {
                self.rich.act = Some(match name {
                    "accept" => Act::Accept,
                    "reject" => Act::Reject,
                    _ => Act::Drop,
                });
                self.rich.act_span = span;
                Within::Action
            }
            "mark" => {
                self.rich.act_span = span;
                Within::Action
            }
            "limit" => match before {
                Within::Log => Within::Limit(Limited::Log),
                Within::Audit => Within::Limit(Limited::Audit),
                _ => Within::Limit(Limited::Action),
            },
            other => return Err((format!("unknown element `{other}` in the rich rule"), span)),
        };
        Ok(())
    }

    fn attribute(&mut self, name: &str, value: Word, span: Span) -> Result<(), (String, Span)> {
        let known = match (self.within, name) {
            (Within::Rule, "family") => {
                self.rich.family = Some(value);
                true
            }
            (Within::Rule, "priority") => {
                let number = value.text.parse();
                self.rich.priority =
                    number.map_err(|_| (format!("invalid priority `{}`", value.text), span))?;
                true
            }
            (Within::Source | Within::Destination, "address" | "mac" | "ipset") => {
                let kind = match name {
                    "address" => EndKind::Address,
                    "mac" => EndKind::Mac,
                    _ => EndKind::IpSet,
                };
                let end = match self.within {
                    Within::Source => &mut self.rich.source,
                    _ => &mut self.rich.destination,
                };
                let not = end.as_ref().is_some_and(|e| e.not);
                *end = Some(End {
                    not,
                    kind,
                    word: value,
                });
                true
            }
            (Within::Source | Within::Destination, "invert") => {
                let end = match self.within {
                    Within::Source => &mut self.rich.source,
                    _ => &mut self.rich.destination,
                };
                let yes = matches!(&*value.text, "yes" | "true" | "True" | "1");
                let end = end.get_or_insert_with(|| End {
                    not: false,
                    kind: EndKind::Address,
                    word: Word::new("", span),
                });
                end.not = yes;
                true
            }
            (Within::Service, "name") => {
                self.rich.element = Some(Element::Service(value));
                true
            }
            (Within::Protocol, "value") => {
                self.rich.element = Some(Element::Protocol(value));
                true
            }
            (Within::IcmpBlock, "name") => {
                self.rich.element = Some(Element::IcmpBlock(value));
                true
            }
            (Within::IcmpType, "name") => {
                self.rich.element = Some(Element::IcmpType(value));
                true
            }
            (Within::Port | Within::SourcePort | Within::ForwardPort, "port") => {
                self.port = Some(value);
                true
            }
            (Within::Port | Within::SourcePort | Within::ForwardPort, "protocol") => {
                self.protocol = Some(value);
                true
            }
            (Within::ForwardPort, "to-port") => {
                self.to_port = Some(value);
                true
            }
            (Within::ForwardPort, "to-addr") => {
                self.to_addr = Some(value);
                true
            }
            (Within::Action, "set") => {
                self.rich.act = Some(Act::Mark(value));
                true
            }
            (Within::Limit(of), "value") => {
                match of {
                    Limited::Log => self.rich.log = Some(Some(value)),
                    Limited::Audit => self.rich.audit = Some(Some(value)),
                    Limited::Action => self.rich.limit = Some(value),
                }
                true
            }
            (Within::Limit(_), "burst")
            | (Within::Log, "prefix" | "level" | "group" | "queue-size")
            | (Within::Action, "type")
            | (Within::Other, "value") => true,
            _ => false,
        };
        match known {
            true => Ok(()),
            false => Err((format!("unknown attribute `{name}` in the rich rule"), span)),
        }
    }

    /// Ends an element whose attributes make it.
    fn close(&mut self) {
        let within = std::mem::replace(&mut self.within, Within::Rule);
        if !matches!(
            within,
            Within::Port | Within::SourcePort | Within::ForwardPort
        ) {
            return;
        }
        let (Some(port), Some(protocol)) = (self.port.take(), self.protocol.take()) else {
            return;
        };
        let of = PortOf { port, protocol };
        self.rich.element = Some(match within {
            Within::Port => Element::Port(of),
            Within::SourcePort => Element::SourcePort(of),
            _ => Element::ForwardPort(Forward {
                from: of,
                to_port: self.to_port.take(),
                to_addr: self.to_addr.take().filter(|a| !a.text.is_empty()),
            }),
        });
    }
}

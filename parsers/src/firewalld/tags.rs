//! Elements of an XML document, one after the other, with the places of their attributes.

use super::own::Word;
use hylint_model::Span;
use quick_xml::Reader;
use quick_xml::events::Event as Xml;

/// An element as it begins.
#[derive(Clone, Debug)]
pub(super) struct Tag {
    pub name: Box<str>,
    attributes: Vec<(Box<str>, Word)>,
    pub span: Span,
    /// An entity that nothing defines.
    pub entity: Option<(String, Span)>,
}

impl Tag {
    /// The names of its attributes.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(n, _)| &**n)
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&Word> {
        let found = self.attributes.iter().find(|(n, _)| &**n == name);
        found.map(|(_, w)| w)
    }
}

/// What comes next.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Open(Tag),
    Text(String, Span),
    Close(Box<str>),
    /// A document type, and whether it declares nothing.
    Declared(Span, bool),
    Broken(String, Span),
}

/// The elements of a document.
pub(super) struct Tags<'t> {
    text: &'t str,
    reader: Reader<&'t [u8]>,
    /// Where the document begins in the file.
    at: usize,
    open: usize,
    /// An empty element ends as it begins.
    closes: Option<Box<str>>,
    last: Span,
    done: bool,
}

impl<'t> Tags<'t> {
    /// The document that begins at an offset.
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self {
            text,
            reader: Reader::from_str(text),
            at,
            open: 0,
            closes: None,
            last: Span::new(at, at),
            done: false,
        }
    }

    /// Elements that are open.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// Where the last event stands.
    pub(super) fn last(&self) -> Span {
        self.last
    }

    fn place(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// What comes next; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Event> {
        if let Some(name) = self.closes.take() {
            self.open = self.open.saturating_sub(1);
            return Some(Event::Close(name));
        }
        while !self.done {
            let start = self.place();
            let event = self.reader.read_event();
            let end = self.place();
            let raw = self.text.get(start..end).unwrap_or("");
            self.last = Span::new(self.at + start, self.at + end);
            match event {
                Ok(Xml::Start(_)) => {
                    self.open += 1;
                    return Some(Event::Open(tag(raw, self.at + start)));
                }
                Ok(Xml::Empty(_)) => {
                    let tag = tag(raw, self.at + start);
                    self.open += 1;
                    self.closes = Some(tag.name.clone());
                    return Some(Event::Open(tag));
                }
                Ok(Xml::End(_)) => {
                    self.open = self.open.saturating_sub(1);
                    let name = raw.trim_start_matches("</").trim_end_matches('>').trim();
                    return Some(Event::Close(name.into()));
                }
                Ok(Xml::Text(_) | Xml::GeneralRef(_) | Xml::CData(_)) => {
                    let inner = raw.strip_prefix("<![CDATA[").unwrap_or(raw);
                    let inner = inner.strip_suffix("]]>").unwrap_or(inner);
                    let text = quick_xml::escape::unescape(inner);
                    let text = text.map_or_else(|_| inner.to_owned(), |t| t.into_owned());
                    return Some(Event::Text(text, self.last));
                }
                Ok(Xml::DocType(_)) => {
                    let bare = raw.split_ascii_whitespace().count() == 2 && !raw.contains('[');
                    return Some(Event::Declared(self.last, bare));
                }
                Ok(Xml::Eof) => self.done = true,
                Ok(_) => {}
                Err(e) => {
                    self.done = true;
                    let line = self.text.get(start..).unwrap_or("");
                    let line = line.lines().next().unwrap_or("").len().max(1);
                    let span = Span::new(self.at + start, self.at + start + line);
                    return Some(Event::Broken(e.to_string(), span));
                }
            }
        }
        None
    }
}

/// The name and the attributes of a tag.
fn tag(raw: &str, at: usize) -> Tag {
    let inner = raw.trim_start_matches('<');
    let skipped = raw.len() - inner.len();
    let end = inner.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>'));
    let name = inner.get(..end.unwrap_or(inner.len())).unwrap_or(inner);
    let mut out = Tag {
        name: name.into(),
        attributes: Vec::new(),
        span: Span::new(at, at + raw.len()),
        entity: None,
    };
    let mut from = skipped + name.len();
    while let Some((key, value, next)) = attribute(raw, from) {
        let (start, end) = value;
        let span = Span::new(at + start, at + end);
        let text = raw.get(start..end).unwrap_or("");
        let text = match quick_xml::escape::unescape(text) {
            Ok(text) => text.into_owned(),
            Err(_) => {
                let entity = text.split_once('&').map_or(text, |(_, e)| e);
                let entity = entity.split_once(';').map_or(entity, |(e, _)| e);
                out.entity = Some((entity.to_owned(), span));
                text.to_owned()
            }
        };
        out.attributes.push((key.into(), Word::new(text, span)));
        from = next;
    }
    out
}

/// The next attribute from an offset on: its name, where its value begins and ends, and where it is over.
fn attribute(raw: &str, from: usize) -> Option<(&str, (usize, usize), usize)> {
    let rest = raw.get(from..)?;
    let start = from + rest.find(|c: char| !c.is_whitespace() && c != '/')?;
    let rest = raw.get(start..)?;
    let equals = start + rest.find('=')?;
    let key = raw.get(start..equals)?.trim();
    let behind = raw.get(equals + 1..)?;
    let open = equals + 1 + behind.find(['"', '\''])?;
    let quote = raw.get(open..)?.chars().next()?;
    let value = open + 1;
    let end = value + raw.get(value..)?.find(quote)?;
    Some((key, (value, end), end + 1))
}

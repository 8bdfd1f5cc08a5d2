//! Elements of a report, one after the other, with places.

use quick_xml::Reader;
use quick_xml::events::Event;

/// What comes next in a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Node<'a> {
    /// An element begins: its name without prefix, and its `type` attribute.
    Open {
        name: &'a str,
        kind: Option<String>,
        /// The whole tag.
        tag: &'a str,
    },
    /// Text between two tags, as it is written.
    Text(&'a str),
    /// An element ends.
    Close,
    /// Here the document is no XML any more; why.
    Broken(String),
}

/// A document.
pub(super) struct Document<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    done: bool,
    /// An empty element `<a/>` ends as it begins.
    closes: bool,
}

impl<'a> Document<'a> {
    /// The document that a text holds.
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            reader: Reader::from_str(text),
            done: false,
            closes: false,
        }
    }

    fn at(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or("")
    }

    /// The next node with where it begins and ends.
    pub(super) fn node(&mut self) -> Option<(Node<'a>, usize, usize)> {
        if self.closes {
            self.closes = false;
            let at = self.at();
            return Some((Node::Close, at, at));
        }
        while !self.done {
            let start = self.at();
            let event = self.reader.read_event();
            let end = self.at();
            let raw = self.slice(start, end);
            let node = match event {
                Ok(Event::Start(tag)) => Some(open(&tag, raw)),
                Ok(Event::Empty(tag)) => {
                    self.closes = true;
                    Some(open(&tag, raw))
                }
                Ok(Event::End(_)) => Some(Node::Close),
                Ok(Event::Text(_) | Event::GeneralRef(_)) => Some(Node::Text(raw)),
                Ok(Event::CData(_)) => {
                    let inner = raw.strip_prefix("<![CDATA[").unwrap_or(raw);
                    Some(Node::Text(inner.strip_suffix("]]>").unwrap_or(inner)))
                }
                Ok(Event::Eof) => {
                    self.done = true;
                    None
                }
                Ok(_) => None,
                Err(e) => {
                    self.done = true;
                    Some(Node::Broken(e.to_string()))
                }
            };
            if let Some(node) = node {
                return Some((node, start, end));
            }
        }
        None
    }
}

/// An element's name and kind. The name is a part of the text.
fn open<'a>(tag: &quick_xml::events::BytesStart<'_>, raw: &'a str) -> Node<'a> {
    let name = raw.trim_start_matches('<');
    let end = name.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>'));
    let name = name.get(..end.unwrap_or(name.len())).unwrap_or(name);
    let name = name.rsplit(':').next().unwrap_or(name);
    let kind = tag.attributes().flatten().find(|a| {
        let key = a.key.as_ref();
        key.rsplit(|b| *b == b':').next() == Some(b"type")
    });
    let kind = kind.map(|a| String::from_utf8_lossy(&a.value).into_owned());
    Node::Open {
        name,
        kind,
        tag: raw,
    }
}

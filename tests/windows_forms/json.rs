//! JSON as the two lines of PowerShell print it.

#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// Windows PowerShell 5.1: deep indents, two blanks behind a colon, `'`, `<`, `>` and `&` escaped.
    Five,
    Seven,
}

impl Value {
    pub fn plain(&self) -> String {
        match self {
            Self::Text(t) => t.clone(),
            Self::Number(n) => n.to_string(),
            Self::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
            Self::Null | Self::Array(_) | Self::Object(_) => String::new(),
        }
    }
}

pub fn text(t: &str) -> Value {
    Value::Text(t.to_owned())
}

pub fn number(n: i64) -> Value {
    Value::Number(n)
}

pub fn array(all: Vec<Value>) -> Value {
    Value::Array(all)
}

pub fn object(all: Vec<(&'static str, Value)>) -> Value {
    Value::Object(all.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

pub fn print(v: &Value, version: Version) -> String {
    let mut out = String::new();
    write(v, version, 0, &mut out);
    out
}

fn write(v: &Value, version: Version, indent: usize, out: &mut String) {
    match v {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => out.push_str(&n.to_string()),
        Value::Text(t) => string(t, version, out),
        Value::Array(all) if all.is_empty() && version == Version::Seven => out.push_str("[]"),
        Value::Array(all) => {
            let entries = all.iter().map(|v| (None, v));
            block(entries.collect(), ('[', ']'), version, indent, out);
        }
        Value::Object(all) => {
            let entries = all.iter().map(|(k, v)| (Some(k.as_str()), v));
            block(entries.collect(), ('{', '}'), version, indent, out);
        }
    }
}

type Entries<'a> = Vec<(Option<&'a str>, &'a Value)>;

fn block(all: Entries<'_>, ends: (char, char), version: Version, indent: usize, out: &mut String) {
    let step = if version == Version::Five { 4 } else { 2 };
    out.push(ends.0);
    out.push_str("\r\n");
    if all.is_empty() {
        out.push_str("\r\n");
    }
    for (n, (key, value)) in all.iter().enumerate() {
        out.push_str(&" ".repeat(indent + step));
        let mut inner = indent + step;
        if let Some(key) = key {
            string(key, version, out);
            out.push_str(if version == Version::Five {
                ":  "
            } else {
                ": "
            });
            if version == Version::Five {
                inner += key.len() + 5;
            }
        }
        write(value, version, inner, out);
        out.push_str(if n + 1 < all.len() { ",\r\n" } else { "\r\n" });
    }
    out.push_str(&" ".repeat(indent));
    out.push(ends.1);
}

fn string(t: &str, version: Version, out: &mut String) {
    out.push('"');
    for c in t.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\'' | '<' | '>' | '&' if version == Version::Five => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

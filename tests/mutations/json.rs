//! JSON, printed as the command-line tools of the clouds print it, with marks.

use super::page::Page;

/// A value.
pub enum J {
    S(String),
    N(u32),
    B(bool),
    A(Vec<J>),
    O(Vec<(&'static str, J)>),
    /// A value whose lines are remembered.
    At(String, Box<J>),
    /// A value of which the key's line is remembered.
    KeyAt(&'static str, Box<J>),
}

pub fn s(text: impl Into<String>) -> J {
    J::S(text.into())
}

pub fn write(p: &mut Page, value: &J, indent: usize) {
    let pad = |n: usize| " ".repeat(n * 4);
    match value {
        J::S(t) => p.text.push_str(&format!("\"{t}\"")),
        J::N(n) => p.text.push_str(&n.to_string()),
        J::B(b) => p.text.push_str(&b.to_string()),
        J::A(all) if all.is_empty() => p.text.push_str("[]"),
        J::A(all) => {
            p.text.push('[');
            for (n, v) in all.iter().enumerate() {
                p.text.push_str(if n == 0 { "\n" } else { ",\n" });
                p.text.push_str(&pad(indent + 1));
                write(p, v, indent + 1);
            }
            p.text.push_str(&format!("\n{}]", pad(indent)));
        }
        J::O(all) => {
            p.text.push('{');
            for (n, (key, v)) in all.iter().enumerate() {
                p.text.push_str(if n == 0 { "\n" } else { ",\n" });
                if let J::KeyAt(mark, _) = v {
                    p.mark(mark, (p.line(), p.line()));
                }
                p.text.push_str(&format!("{}\"{key}\": ", pad(indent + 1)));
                write(p, v, indent + 1);
            }
            p.text.push_str(&format!("\n{}}}", pad(indent)));
        }
        J::At(mark, v) => {
            let first = p.line();
            write(p, v, indent);
            p.mark(mark, (first, p.line()));
        }
        J::KeyAt(_, v) => write(p, v, indent),
    }
}

//! Port proxies (`netsh interface portproxy show all`, in any language): connections that the machine passes on elsewhere.
//!
//! A table has a title that names a family for each side (`Listen on ipv4:  Connect to ipv4:`), a line of four headings and
//! a ruler for each column. Titles and headings are translated, the families and the rulers are not. `dump` prints a table
//! as `add v4tov4 listenport=…` lines.

use super::lines::{self, Line};
use crate::windows::proxy::{Proxies, Row};
use hylint_model::Span;
use hylint_space::Family;

/// The tables of a capture.
#[derive(Debug, Default)]
pub(super) struct PortProxies {
    /// Below a title, whose headings come next.
    titled: bool,
    /// Below the ruler.
    open: bool,
    found: Option<Span>,
    rows: Proxies,
    /// The family of the listeners, as the title names it.
    family: Option<Family>,
}

impl PortProxies {
    /// Takes a line that is no field of a rule; true if it is part of a table.
    pub(super) fn line(&mut self, line: &Line<'_>) -> bool {
        if let Some(row) = added(line.text) {
            self.add(&row, line.span());
            return true;
        }
        if is_title(line.text) {
            (self.titled, self.open) = (true, false);
            self.family = family(line.text);
            return true;
        }
        let titled = std::mem::take(&mut self.titled);
        let Some(row @ [listen, port, to, to_port]) = four(line.text) else {
            self.open = false;
            return false;
        };
        if row.iter().all(|t| is_ruler(t)) {
            self.open = true;
            self.found.get_or_insert(line.span());
            return true;
        }
        if !self.open || !is_port(port) || !is_port(to_port) {
            return titled;
        }
        self.add(
            &Row {
                listen,
                port,
                to,
                to_port,
                family: self.family,
            },
            line.span(),
        );
        true
    }

    fn add(&mut self, row: &Row<'_>, span: Span) {
        self.found.get_or_insert(span);
        self.rows.add(row, span);
    }

    /// Where the first table is.
    pub(super) fn found(&self) -> Option<Span> {
        self.found
    }

    /// A line of another kind ends the table.
    pub(super) fn close(&mut self) {
        self.open = false;
    }

    /// The rows of the tables.
    pub(super) fn rows(&self) -> &Proxies {
        &self.rows
    }
}

/// The rows of the tables in a text.
pub(crate) fn proxies(text: &str) -> Proxies {
    let mut tables = PortProxies::default();
    for line in lines::lines(text).filter(|l| !l.text.is_empty()) {
        tables.line(&line);
    }
    tables.rows
}

/// The four columns of a line.
fn four(text: &str) -> Option<[&str; 4]> {
    let mut columns = text.split_whitespace();
    let all = [
        columns.next()?,
        columns.next()?,
        columns.next()?,
        columns.next()?,
    ];
    columns.next().is_none().then_some(all)
}

fn is_ruler(text: &str) -> bool {
    text.len() >= 4 && text.bytes().all(|b| b == b'-')
}

/// A number, or the name of a service.
fn is_port(text: &str) -> bool {
    let named = || text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    match text.starts_with(|c: char| c.is_ascii_digit()) {
        true => text.parse::<u16>().is_ok(),
        false => text.len() <= 15 && named(),
    }
}

/// The family that a title names first: the listeners'. The same of `v4tov6`.
fn family(text: &str) -> Option<Family> {
    let behind = text.split_once(['v', 'V'])?.1;
    match behind.as_bytes().first()? {
        b'4' => Some(Family::V4),
        b'6' => Some(Family::V6),
        _ => family(behind),
    }
}

/// Whether a line is a table's title: a family for each side, in any language.
pub(super) fn is_title(text: &str) -> bool {
    let families = text.match_indices("ipv").filter(|(at, _)| {
        let behind = text.get(at + 3..).unwrap_or_default();
        behind.starts_with(['4', '6'])
    });
    families.count() == 2 && text.trim_end().ends_with([':', '：'])
}

/// Whether a line is the ruler below a table's headings.
pub(super) fn is_columns(text: &str) -> bool {
    four(text).is_some_and(|row| row.iter().all(|t| is_ruler(t)))
}

/// `add v4tov4 listenport=8080 connectaddress=10.0.0.5 connectport=80`; the listener is any address and the port that of the
/// listener where they are not said (Microsoft, "netsh interface portproxy").
fn added(text: &str) -> Option<Row<'_>> {
    const KINDS: [&str; 4] = ["v4tov4", "v4tov6", "v6tov4", "v6tov6"];
    let mut words = text
        .split_whitespace()
        .skip_while(|w| !w.eq_ignore_ascii_case("add"));
    words.next()?;
    let kind = words.next()?;
    if !KINDS.iter().any(|k| k.eq_ignore_ascii_case(kind)) {
        return None;
    }
    let mut row = Row {
        listen: "*",
        port: "",
        to: "localhost",
        to_port: "",
        family: family(kind),
    };
    for (key, value) in words.filter_map(|w| w.split_once('=')) {
        let slot = match key.to_ascii_lowercase().as_str() {
            "listenaddress" => &mut row.listen,
            "listenport" => &mut row.port,
            "connectaddress" => &mut row.to,
            "connectport" => &mut row.to_port,
            _ => continue,
        };
        *slot = value.trim_matches('"');
    }
    if row.to_port.is_empty() {
        row.to_port = row.port;
    }
    (is_port(row.port) && !row.port.is_empty()).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netsh::lines;

    fn told(text: &str) -> Vec<String> {
        let mut tables = PortProxies::default();
        for line in lines::lines(text) {
            if !line.text.is_empty() {
                tables.line(&line);
            }
        }
        let all = tables.rows().problems();
        all.map(|p| p.message.split(';').next().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn a_table_is_told_whatever_its_language() {
        // Titles and headings as public captures show them.
        for (title, headings) in [
            (
                "Listen on ipv4:             Connect to ipv4:",
                "Address         Port        Address         Port",
            ),
            (
                "Écouter sur ipv4 :             Connecter à ipv4 :",
                "Adresse         Port        Adresse         Port",
            ),
            (
                "侦听 ipv4:                 连接到 ipv4:",
                "地址            端口        地址            端口",
            ),
            (
                "接聽 ipv4:             連線到 ipv4:",
                "位址            連接埠      位址            連接埠",
            ),
            (
                "ipv4 をリッスンする:         ipv4 に接続する:",
                "Address         Port        Address         Port",
            ),
            (
                "ipv4에서 수신 대기:         ipv4에 연결:",
                "주소            포트        주소            포트",
            ),
            (
                "Escuchar en ipv4:             Conectar a ipv4:",
                "Dirección       Puerto      Dirección       Puerto",
            ),
            (
                "Escuta em ipv4:             Conectar-se a ipv4:",
                "Endereço        Porta       Endereço        Porta",
            ),
            (
                "Lauschen auf ipv4:          Verbindung mit ipv4:",
                "Adresse         Port        Adresse         Port",
            ),
        ] {
            assert!(is_title(title), "{title}");
            let text = format!(
                "{title}\n\n{headings}\n--------------- ----------  --------------- ----------\n*               8080        10.0.0.5        80\n"
            );
            let want = "port proxy: TCP 8080 at any address is forwarded to 10.0.0.5:80";
            assert_eq!(told(&text), [want], "{title}");
        }
    }

    #[test]
    fn rows_of_dump_and_of_other_families_are_told() {
        assert_eq!(
            told(
                "add v4tov6 listenport=8080 connectaddress=::1 connectport=443 protocol=tcp\nadd v4tov4 listenport=22"
            ),
            [
                "port proxy: TCP 8080 at any address is forwarded to [::1]:443",
                "port proxy: TCP 22 at any address is forwarded to localhost:22"
            ]
        );
        assert!(told("netsh advfirewall firewall add rule name=x localport=1").is_empty());
        assert!(told("0.0.0.0 80 10.0.0.1 80").is_empty(), "no ruler");
        assert!(!is_title("Enabled: ipv4 over ipv6"), "no colon at the end");
    }
}

//! A table of packets: CSV (RFC 4180) with a header, columns in any order.

use super::packet::{COLUMNS, FieldError, Fields, Packet};
use csv::{ReaderBuilder, StringRecord, Trim};
use std::collections::VecDeque;
use std::fmt;
use std::io::Read;
use std::net::IpAddr;

/// Why a table cannot be read.
#[derive(Debug)]
pub enum TableError {
    /// The stream or its encoding is broken.
    Csv(csv::Error),
    /// A needed column is missing.
    NoColumn(&'static str),
    /// A column occurs twice.
    Twice(&'static str),
    /// There is no header.
    Empty,
    /// A row is no packet.
    Row {
        /// Its line in the file, from 1.
        line: u64,
        /// What is wrong.
        error: FieldError,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Csv(e) => write!(f, "cannot read the packets: {e}"),
            Self::NoColumn(c) => write!(f, "missing column `{c}`"),
            Self::Twice(c) => write!(f, "two columns `{c}`"),
            Self::Empty => write!(f, "empty table, expected a header and packets"),
            Self::Row { line, error } => write!(f, "line {line}: {error}"),
        }
    }
}

/// Reads a table in pieces, so that its size does not matter.
#[derive(Debug)]
pub struct Reader<R> {
    csv: csv::Reader<Lines<R>>,
    /// For each column of the file the column of [`COLUMNS`].
    columns: Vec<Option<usize>>,
    /// Columns of the file that say nothing of a packet.
    pub unknown: Vec<String>,
    /// The first row of a table that has no header.
    first: Option<StringRecord>,
}

impl<R: Read> Reader<R> {
    /// Reads the header. A table whose first cell is an address has none; its columns are in the order of [`COLUMNS`].
    ///
    /// # Errors
    /// If there is no usable header.
    pub fn new(input: R) -> Result<Self, TableError> {
        let mut csv = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .comment(Some(b'#'))
            .from_reader(Lines::new(input));
        let head = record(&mut csv)?.ok_or(TableError::Empty)?;
        if head.get(0).is_some_and(|c| c.parse::<IpAddr>().is_ok()) {
            return Ok(Self {
                csv,
                columns: (0..COLUMNS.len()).map(Some).collect(),
                unknown: Vec::new(),
                first: Some(head),
            });
        }
        let find = |name: &str| COLUMNS.iter().position(|c| c.eq_ignore_ascii_case(name));
        let columns: Vec<Option<usize>> = head.iter().map(find).collect();
        for (i, name) in COLUMNS.iter().enumerate() {
            let count = columns.iter().filter(|c| **c == Some(i)).count();
            if count == 0 && i < 3 {
                return Err(TableError::NoColumn(name));
            }
            if count > 1 {
                return Err(TableError::Twice(name));
            }
        }
        let named = head.iter().zip(&columns);
        let unknown = named
            .filter(|(n, c)| c.is_none() && !n.is_empty())
            .map(|(n, _)| n.to_owned())
            .collect();
        Ok(Self {
            csv,
            columns,
            unknown,
            first: None,
        })
    }

    /// Reads up to `limit` further rows; none at the end.
    ///
    /// # Errors
    /// If the stream breaks. Rows that are no packets are told by [`Reader::packet`].
    pub fn rows(&mut self, limit: usize) -> Result<Vec<StringRecord>, TableError> {
        let mut rows = Vec::with_capacity(limit.min(1024));
        rows.extend(self.first.take());
        while rows.len() < limit {
            let Some(row) = record(&mut self.csv)? else {
                break;
            };
            rows.push(row);
        }
        Ok(rows)
    }

    /// The columns, to read rows with elsewhere.
    #[must_use]
    pub fn columns(&self) -> &[Option<usize>] {
        &self.columns
    }
}

/// The next record, with the line that it ends on as its position.
fn record<R: Read>(csv: &mut csv::Reader<Lines<R>>) -> Result<Option<StringRecord>, TableError> {
    let mut row = StringRecord::new();
    if !csv.read_record(&mut row).map_err(TableError::Csv)? {
        return Ok(None);
    }
    let mut place = csv.position().clone();
    let line = csv.get_mut().before(place.byte());
    place.set_line(line);
    row.set_position(Some(place));
    Ok(Some(row))
}

/// Input whose line breaks are counted. The csv reader gives a record the position from which it looked for it: before
/// blank lines and comments, and before the second half of a CRLF.
#[derive(Debug)]
struct Lines<R> {
    input: R,
    /// Bytes read.
    read: u64,
    /// Where line breaks are that [`Lines::before`] has not passed.
    breaks: VecDeque<u64>,
    passed: u64,
}

impl<R> Lines<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            read: 0,
            breaks: VecDeque::new(),
            passed: 0,
        }
    }

    /// The line, from 1, of the last byte before an offset. Offsets must not descend.
    fn before(&mut self, offset: u64) -> u64 {
        while self.breaks.front().is_some_and(|at| at + 1 < offset) {
            self.breaks.pop_front();
            self.passed += 1;
        }
        self.passed + 1
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.input.read(buf)?;
        let new = buf.get(..n).unwrap_or_default();
        let at = self.read;
        self.breaks
            .extend(memchr::memchr_iter(b'\n', new).map(|i| at + i as u64));
        self.read += n as u64;
        Ok(n)
    }
}

/// The packet of a row.
///
/// # Errors
/// If a field cannot be understood.
pub fn packet(columns: &[Option<usize>], row: &StringRecord) -> Result<Packet, TableError> {
    let mut fields = Fields::default();
    for (cell, column) in row.iter().zip(columns) {
        if let Some(slot) = column.and_then(|c| fields.column(c)) {
            *slot = cell;
        }
    }
    Packet::parse(&fields).map_err(|error| TableError::Row {
        line: row.position().map_or(0, csv::Position::line),
        error,
    })
}

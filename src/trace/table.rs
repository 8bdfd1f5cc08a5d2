//! A table of packets: CSV (RFC 4180) with a header, columns in any order.

use super::packet::{COLUMNS, FieldError, Fields, Packet};
use csv::{ReaderBuilder, StringRecord, Trim};
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
            Self::Csv(e) => write!(f, "the packets cannot be read: {e}"),
            Self::NoColumn(c) => write!(f, "the packets have no column `{c}`"),
            Self::Twice(c) => write!(f, "the packets have two columns `{c}`"),
            Self::Empty => write!(f, "there are no packets: not even a header"),
            Self::Row { line, error } => write!(f, "line {line} is no packet: {error}"),
        }
    }
}

/// Reads a table in pieces, so that its size does not matter.
#[derive(Debug)]
pub struct Reader<R> {
    csv: csv::Reader<R>,
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
            .from_reader(input);
        let mut head = StringRecord::new();
        if !csv.read_record(&mut head).map_err(TableError::Csv)? {
            return Err(TableError::Empty);
        }
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
            let mut row = StringRecord::new();
            if !self.csv.read_record(&mut row).map_err(TableError::Csv)? {
                break;
            }
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

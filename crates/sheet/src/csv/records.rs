//! Records out of delimited text, each with the line on which it begins, in memory of fixed
//! size whatever the text.

use crate::error::{RowFault, SheetError};
use crate::limits::{COLUMNS_MAX, RECORD_BYTES_MAX};
use crate::source::Source;
use csv_core::ReadRecordResult;
use std::io::{self, Read};

const BUFFER_BYTES: usize = 64 * 1024;

/// The records of a text.
pub(crate) struct Records {
    source: Source,
    buffer: Box<[u8]>,
    /// What of the buffer is still to be parsed.
    start: usize,
    end: usize,
    parser: csv_core::Reader,
    /// The line on which the next byte stands, and whether the byte before it was a CR.
    line: u64,
    after_cr: bool,
    fields: Box<[u8]>,
    ends: Box<[usize]>,
}

/// The extent of a record in the buffers of [`Records`].
pub(crate) struct Record {
    pub(crate) line: u64,
    count: usize,
}

impl Records {
    /// Without a delimiter, the one of `,`, `;` and tab that the first line has most of.
    pub(crate) fn new(source: Source, delimiter: Option<u8>) -> Result<Records, SheetError> {
        let mut records = Records {
            source,
            buffer: vec![0; BUFFER_BYTES].into(),
            start: 0,
            end: 0,
            parser: csv_core::Reader::new(),
            line: 1,
            after_cr: false,
            fields: vec![0; RECORD_BYTES_MAX].into(),
            ends: vec![0; COLUMNS_MAX + 1].into(),
        };
        if records.find_record()? {
            records.fill_with_a_line()?;
        }
        let line = &records.buffer[records.start..records.end];
        let delimiter = delimiter.unwrap_or_else(|| delimiter_of(line));
        records.parser = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        Ok(records)
    }

    /// The next record, or its fault.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, SheetError> {
        if !self.find_record()? {
            return Ok(None);
        }
        let line = self.line;
        let (mut written, mut count, mut fault) = (0, 0, None);
        loop {
            let at_end = self.start == self.end && !self.fill()?;
            // A line end closes the last record, unless a quote is open.
            let input = if at_end { &b"\n"[..] } else { &self.buffer[self.start..self.end] };
            let (result, read, out, ends) = self.parser.read_record(
                input,
                &mut self.fields[written..],
                &mut self.ends[count..],
            );
            if !at_end {
                self.pass(read);
            }
            written += out;
            count += ends;
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => break,
                ReadRecordResult::InputEmpty if at_end => {
                    self.parser.reset();
                    fault = Some(RowFault::QuoteOpen);
                    break;
                }
                ReadRecordResult::InputEmpty => {}
                // The rest of the record is parsed into the same room and forgotten.
                ReadRecordResult::OutputFull => {
                    written = 0;
                    fault = Some(RowFault::RecordTooLong);
                }
                ReadRecordResult::OutputEndsFull => {
                    count = 0;
                    fault.get_or_insert(RowFault::TooManyCells);
                }
            }
        }
        match fault {
            Some(fault) => Err(fault.on(line)),
            None => Ok(Some(Record { line, count })),
        }
    }

    /// The fields of a record, which must be the last one read.
    pub(crate) fn fields(&self, record: &Record) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..record.count).map(|at| {
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            &self.fields[start..self.ends[at]]
        })
    }

    pub(crate) fn text<'a>(&self, bytes: &'a [u8]) -> Result<&'a str, RowFault> {
        self.source.text(bytes)
    }

    /// Passes over empty lines; whether a record follows.
    fn find_record(&mut self) -> io::Result<bool> {
        while self.start < self.end || self.fill()? {
            if !matches!(self.buffer[self.start], b'\r' | b'\n') {
                return Ok(true);
            }
            self.pass(1);
        }
        Ok(false)
    }

    /// Takes bytes of the buffer as parsed and counts their lines: a CR, an LF, or both.
    fn pass(&mut self, bytes: usize) {
        for byte in &self.buffer[self.start..self.start + bytes] {
            let ends_line = *byte == b'\r' || (*byte == b'\n' && !self.after_cr);
            self.line += u64::from(ends_line);
            self.after_cr = *byte == b'\r';
        }
        self.start += bytes;
    }

    /// Fills an empty buffer; whether there was anything.
    fn fill(&mut self) -> io::Result<bool> {
        self.start = 0;
        self.end = read(&mut self.source, &mut self.buffer)?;
        Ok(self.end > 0)
    }

    /// Adds to the buffer until it holds a line, is full, or the text ends.
    fn fill_with_a_line(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < self.buffer.len() && !self.buffer[..self.end].contains(&b'\n') {
            match read(&mut self.source, &mut self.buffer[self.end..])? {
                0 => break,
                more => self.end += more,
            }
        }
        Ok(())
    }
}

fn read(source: &mut Source, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The separator that a header has most of, outside of quotes; `,` where it has none.
fn delimiter_of(text: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if quoted => {}
            _ => {
                if let Some((_, count)) = counts.iter_mut().find(|(known, _)| known == byte) {
                    *count += 1;
                }
            }
        }
    }
    // The first of equals: `max_by_key` would give the last.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

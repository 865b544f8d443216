//! The output: a row for each difference.

use super::tally::Tally;
use crate::cell::{at, fen, text};
use crate::commands::reconcile::fault;
use crate::exit::Failure;
use crate::say;
use hongbao_inquiry::fund_flow::{Difference, Flows, Movement, Packet};
use hongbao_sheet::{Cell, Column, Format, SheetError, WriteOptions, Writer};
use std::io::ErrorKind;
use std::path::Path;

/// What a row of the output tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line<'l> {
    /// The difference; `None`: there is none.
    pub difference: Option<Difference>,
    /// The packet, where the ledger knows it.
    pub packet: Option<&'l Packet>,
    /// What its movements come to.
    pub flows: Option<&'l Flows>,
    /// The first of them.
    pub movement: Option<&'l Movement>,
    /// The bill.
    pub bill: Option<&'l str>,
    /// The line of the bill, from 1.
    pub line: Option<u64>,
    /// More, in words that stay the same.
    pub note: &'l str,
}

/// Writes rows and counts them.
pub struct Sink {
    /// `None`: nobody reads any more.
    writer: Option<Writer>,
    name: String,
    /// What was written.
    pub tally: Tally,
}

impl Sink {
    /// Begins the output: a file, or CSV on standard output.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn create(out: Option<&Path>) -> Result<Self, Failure> {
        // names in a bill are others' words: none may run in a spreadsheet
        let options = WriteOptions { guard_formulas: true, ..WriteOptions::default() };
        let name = out.map_or_else(|| "-".to_owned(), |out| out.display().to_string());
        let writer = match out {
            None => Writer::to_stream(std::io::stdout(), Format::Csv, options, &columns()),
            Some(out) => Format::of_path(out)
                .and_then(|format| Writer::create(out, format, options, &columns())),
        };
        let mut sink = Self { writer: None, name, tally: Tally::default() };
        match writer {
            Ok(writer) => sink.writer = Some(writer),
            Err(error) => sink.failed(&error)?,
        }
        Ok(sink)
    }

    /// Writes a row.
    ///
    /// # Errors
    /// What the file refuses.
    pub fn write(&mut self, line: &Line<'_>) -> Result<(), Failure> {
        self.tally.line(line);
        let Some(mut writer) = self.writer.take() else { return Ok(()) };
        match writer.write(&cells(line)) {
            Ok(()) => self.writer = Some(writer),
            Err(error) => self.failed(&error)?,
        }
        Ok(())
    }

    /// Gives the file its name, when all of it is on the disk.
    ///
    /// # Errors
    /// What the file refuses; then what was there before is.
    pub fn finish(mut self) -> Result<Tally, Failure> {
        if let Some(Err(error)) = self.writer.take().map(Writer::finish) {
            self.failed(&error)?;
        }
        Ok(self.tally)
    }

    /// A reader of standard output that leaves (`| head`) is no failure.
    fn failed(&self, error: &SheetError) -> Result<(), Failure> {
        match error {
            SheetError::Io(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            error => Err(fault::of_table(&self.name, error).hint(say!("fund-flow-out-hint"))),
        }
    }
}

fn columns() -> [Column; 19] {
    [
        Column::text("difference"),
        Column::text("mch_billno"),
        Column::text("verdict"),
        Column::text("status"),
        Column::int("ledger_amount"),
        Column::int("ledger_refund_amount"),
        Column::text("sent_at"),
        Column::text("refund_time"),
        Column::int("outs"),
        Column::int("out_amount"),
        Column::int("ins"),
        Column::int("in_amount"),
        Column::text("booked_at"),
        Column::text("transaction_id"),
        Column::text("flow_id"),
        Column::text("business"),
        Column::text("bill"),
        Column::int("line"),
        Column::text("note"),
    ]
}

fn cells(line: &Line<'_>) -> [Cell; 19] {
    let count = |count: Option<u64>| {
        count.map_or(Cell::Empty, |count| Cell::Int(i64::try_from(count).unwrap_or(i64::MAX)))
    };
    let Line { difference, packet, flows, movement, bill, line, note } = *line;
    let voucher = movement.map(|movement| &*movement.voucher);
    [
        text(difference.map(Difference::as_str)),
        text(packet.map(|packet| packet.mch_billno.as_str()).or(voucher)),
        text(packet.map(|packet| packet.verdict.as_str())),
        text(packet.and_then(|packet| packet.status.as_deref())),
        fen(packet.and_then(|packet| packet.amount)),
        fen(packet.and_then(|packet| packet.refund_amount)),
        at(packet.and_then(|packet| packet.sent_at)),
        at(packet.and_then(|packet| packet.refund_time)),
        count(flows.map(|flows| flows.outs)),
        count(flows.map(|flows| flows.out)),
        count(flows.map(|flows| flows.ins)),
        count(flows.map(|flows| flows.back)),
        at(movement.map(|movement| movement.booked_at)),
        text(movement.map(|movement| &*movement.transaction)),
        text(movement.map(|movement| &*movement.flow)),
        text(movement.map(|movement| &*movement.business)),
        text(bill),
        count(line),
        Cell::of_text(note),
    ]
}

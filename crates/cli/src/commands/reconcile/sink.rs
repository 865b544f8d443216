//! The output: the rows of the input with what was found beside them.

use super::fault;
use super::row::Problem;
use crate::cell::{at, fen, text};
use crate::exit::Failure;
use crate::say;
use hongbao_inquiry::reconcile::{Difference, Found};
use hongbao_sheet::{Cell, Column, Format, SheetError, WriteOptions, Writer, limits};
use std::io::ErrorKind;
use std::path::Path;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The columns that are appended, in this order.
const APPENDED: usize = 16;
/// What a column's name gets before it where the input has one of that name.
const PREFIX: &str = "hongbao_";
/// Rows that wait to be written.
const ROWS_WAITING: usize = 1024;

/// Writes rows, on a thread of its own. A file has its name only after [`Sink::finish`].
pub struct Sink {
    sender: mpsc::Sender<Message>,
    writer: JoinHandle<Result<(), SheetError>>,
    name: String,
    input_columns: usize,
}

enum Message {
    Row(Vec<Cell>),
    Finish,
}

impl Sink {
    /// Begins the output.
    ///
    /// # Errors
    /// What is wrong with the file or its columns; `SHEET_TOO_MANY_ROWS` where an XLSX file
    /// cannot hold what is to come.
    pub fn create(out: Option<&Path>, columns: &[Column], rows: u64) -> Result<Self, Failure> {
        let all: Vec<Column> = columns.iter().cloned().chain(appended(columns)).collect();
        let options = WriteOptions::default();
        let name = out.map_or_else(|| "-".to_owned(), |out| out.display().to_string());
        let writer = match out {
            None => Writer::to_stream(std::io::stdout(), Format::Csv, options, &all),
            Some(out) => Format::of_path(out).and_then(|format| {
                if format == Format::Xlsx && rows > limits::XLSX_ROWS_MAX {
                    return Err(SheetError::TooManyRows);
                }
                Writer::create(out, format, options, &all)
            }),
        };
        let writer = match writer {
            Err(error) if has_left(&error) => None,
            writer => Some(writer.map_err(|error| failure(&name, &error))?),
        };
        let (sender, receiver) = mpsc::channel(ROWS_WAITING);
        let writer = tokio::task::spawn_blocking(move || write(writer, receiver));
        Ok(Self { sender, writer, name, input_columns: columns.len() })
    }

    /// Writes a row: the input's cells as they stood, none where it could not be read.
    ///
    /// # Errors
    /// What the file refuses; then [`Sink::finish`] says what.
    pub async fn row(
        &mut self,
        mut cells: Vec<Cell>,
        appended: [Cell; APPENDED],
    ) -> Result<(), Failure> {
        cells.resize(self.input_columns, Cell::Empty);
        cells.extend(appended);
        match self.sender.send(Message::Row(cells)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.lost().await),
        }
    }

    /// Writes a packet that no row of the input names.
    ///
    /// # Errors
    /// As [`Sink::row`].
    pub async fn unexpected(
        &mut self,
        billno: (usize, Cell),
        found: &Found,
    ) -> Result<(), Failure> {
        let mut cells = vec![Cell::Empty; self.input_columns];
        cells[billno.0] = billno.1;
        self.row(cells, beside(Some(found), &[Difference::Unexpected], None)).await
    }

    /// Gives the file its name, when all of it is on the disk.
    ///
    /// # Errors
    /// What the file refuses; then what was there before is.
    pub async fn finish(self) -> Result<(), Failure> {
        // a writer that has gone says why below
        let _ = self.sender.send(Message::Finish).await;
        drop(self.sender);
        ended(self.writer).await.map_err(|error| failure(&self.name, &error))
    }

    /// Why the writer has gone.
    async fn lost(&mut self) -> Failure {
        match ended(&mut self.writer).await {
            Err(error) => failure(&self.name, &error),
            Ok(()) => Failure::config("OUTPUT_LOST", say!("main-output-lost", error = self.name)),
        }
    }
}

async fn ended(
    writer: impl Future<Output = Result<Result<(), SheetError>, tokio::task::JoinError>>,
) -> Result<(), SheetError> {
    writer.await.unwrap_or_else(|gone| Err(SheetError::Io(std::io::Error::other(gone))))
}

/// Writes what comes. A reader of standard output that leaves (`| head`) is no error: the rest
/// is dropped, and what is asked is kept all the same.
fn write(mut writer: Option<Writer>, mut rows: mpsc::Receiver<Message>) -> Result<(), SheetError> {
    while let Some(message) = rows.blocking_recv() {
        let wrote = match (message, writer.take()) {
            (Message::Row(cells), Some(mut open)) => {
                open.write(&cells).map(|()| writer = Some(open))
            }
            (Message::Finish, Some(open)) => open.finish(),
            (_, None) => Ok(()),
        };
        match wrote {
            Err(error) if !has_left(&error) => return Err(error),
            _ => {}
        }
    }
    // given up, or finished: a writer that is dropped leaves nothing behind
    Ok(())
}

/// Whether nobody reads any more what is written.
fn has_left(error: &SheetError) -> bool {
    matches!(error, SheetError::Io(error) if error.kind() == ErrorKind::BrokenPipe)
}

fn failure(name: &str, error: &SheetError) -> Failure {
    fault::of_table(name, error).hint(say!("reconcile-out-failed-hint"))
}

/// The appended columns, under names that the input does not have.
fn appended(input: &[Column]) -> [Column; APPENDED] {
    let columns = [
        Column::text("verdict"),
        Column::text("cause"),
        Column::text("status"),
        Column::int("total_amount"),
        Column::int("amount"),
        Column::text("openid"),
        Column::text("send_time"),
        Column::text("rcv_time"),
        Column::int("refund_amount"),
        Column::text("refund_time"),
        Column::text("detail_id"),
        Column::text("next_step"),
        Column::text("differences"),
        Column::text("source"),
        Column::text("asked_at"),
        Column::text("problem"),
    ];
    let is_taken = |name: &str| input.iter().any(|c| c.name.trim().eq_ignore_ascii_case(name));
    columns.map(|mut column| {
        while is_taken(&column.name) {
            column.name = format!("{PREFIX}{}", column.name).into();
        }
        column
    })
}

/// The appended cells of one row.
pub fn beside(
    found: Option<&Found>,
    differences: &[Difference],
    problem: Option<Problem>,
) -> [Cell; APPENDED] {
    let seen = found.and_then(|found| found.seen.as_ref());
    let verdict = found.map(|found| &found.verdict);
    let words: Vec<&str> = differences.iter().map(|difference| difference.as_str()).collect();
    [
        text(verdict.map(|verdict| verdict.as_str())),
        text(verdict.and_then(|verdict| verdict.cause())),
        text(seen.map(|seen| &*seen.status)),
        fen(seen.and_then(|seen| seen.total_amount)),
        fen(seen.and_then(|seen| seen.amount)),
        text(seen.and_then(|seen| seen.openid.as_ref()).map(|openid| openid.as_str())),
        at(seen.and_then(|seen| seen.send_time)),
        at(seen.and_then(|seen| seen.rcv_time)),
        fen(seen.and_then(|seen| seen.refund_amount)),
        at(seen.and_then(|seen| seen.refund_time)),
        text(seen.and_then(|seen| seen.detail_id.as_ref()).map(|id| id.as_str())),
        text(verdict.map(|verdict| verdict.next_step().as_str())),
        Cell::of_text(&words.join(" ")),
        text(found.map(Found::source)),
        at(found.and_then(|found| found.asked_at)),
        problem.map_or(Cell::Empty, |problem| problem.cell().into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_the_input_has_gets_a_prefix_until_it_is_free() {
        let names = |input: &[&str]| {
            let input: Vec<Column> = input.iter().map(|name| Column::text(name)).collect();
            appended(&input).map(|column| column.name.to_string())
        };
        assert_eq!(names(&["mch_billno"])[..3], ["verdict", "cause", "status"]);
        let clashing = names(&["Verdict", "amount", "hongbao_amount", "openid "]);
        assert_eq!(clashing[0], "hongbao_verdict");
        assert_eq!(clashing[3..6], ["total_amount", "hongbao_hongbao_amount", "hongbao_openid"]);
    }
}

//! The input: a file, or standard input put into one. It is read twice: first whole, to know
//! that it can be read, how long it is and which run it stands for; then row by row.

use super::columns::Layout;
use super::fault;
use super::row::{self, Carried};
use crate::args::ReconcileArgs;
use crate::exit::Failure;
use crate::files;
use crate::say;
use hongbao_inquiry::reconcile::InputRow;
use hongbao_sheet::{Cell, Column, Format, ReadOptions, Reader, Row, SheetError};
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Rows of a batch.
const BATCH_ROWS: usize = 500;
/// Batches that wait to be asked about.
const BATCHES_WAITING: usize = 2;

/// An input that can be read.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    /// As people know it.
    pub name: String,
    /// How it is read.
    pub format: Format,
    options: ReadOptions,
    /// What standard input was put into; removed in the end.
    _spool: Option<NamedTempFile>,
}

/// What is known of an input after it was read once.
#[derive(Debug)]
pub struct Survey {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Which of them hold what.
    pub layout: Layout,
    /// How many rows it has, those that cannot be read among them.
    pub rows: u64,
    /// The run that it stands for: its content and how it is read, as 64 hexadecimal digits.
    pub run: String,
}

/// The rows, in batches, from a thread of their own; its end says how it went.
pub struct Batches {
    /// The batches.
    pub receiver: mpsc::Receiver<Vec<InputRow<Carried>>>,
    /// The thread.
    pub reader: JoinHandle<Result<(), SheetError>>,
}

impl Source {
    /// The input that was asked for.
    ///
    /// # Errors
    /// `SHEET_FORMAT_UNKNOWN`; `FILE_NOT_WRITTEN` where standard input can be kept nowhere.
    pub fn new(args: &ReconcileArgs) -> Result<Self, Failure> {
        let options =
            ReadOptions { encoding: args.encoding.clone(), worksheet: args.worksheet.clone() };
        Self::of(&args.file, args.input_format, options)
    }

    /// The input of a path, `-` for standard input; without a format, by its extension.
    ///
    /// # Errors
    /// As [`Source::new`].
    pub fn of(file: &Path, format: Option<Format>, options: ReadOptions) -> Result<Self, Failure> {
        if file != Path::new("-") {
            let name = file.display().to_string();
            let format = match format {
                Some(format) => format,
                None => Format::of_path(file).map_err(|error| {
                    fault::of_table(&name, &error).hint(say!("reconcile-sheet-hint"))
                })?,
            };
            return Ok(Self { path: file.to_owned(), name, format, options, _spool: None });
        }
        let spool = spooled().map_err(|error| files::not_written(&std::env::temp_dir(), &error))?;
        let format = format.unwrap_or(Format::Lines);
        let (path, name) = (spool.path().to_owned(), "-".to_owned());
        Ok(Self { path, name, format, options, _spool: Some(spool) })
    }

    /// Reads it once.
    ///
    /// # Errors
    /// What is wrong with the file, its header or its columns. Rows that cannot be read are
    /// none of that.
    pub fn survey(&self, args: &ReconcileArgs) -> Result<Survey, Failure> {
        let reader = self.open().map_err(|error| self.failure(&error))?;
        let columns = reader.columns().to_vec();
        let layout = Layout::find(&columns, args)?;
        let mut content = Content::new(&columns, &layout);
        let mut rows = 0;
        for row in reader {
            match row {
                Ok(row) => content.row(&row),
                Err(SheetError::Row(error)) => content.text(error.code()),
                Err(error) => return Err(self.failure(&error)),
            }
            rows += 1;
        }
        Ok(Survey { columns, layout, rows, run: content.finish() })
    }

    /// Whether `path` is the same file.
    #[must_use]
    pub fn is(&self, path: &Path) -> bool {
        let whole = |path: &Path| path.canonicalize().ok();
        whole(path).is_some_and(|path| whole(&self.path) == Some(path))
    }

    /// Reads it again, on a thread of its own, no faster than its batches are taken.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn batches(&self, layout: Layout) -> Result<Batches, Failure> {
        let reader = self.open().map_err(|error| self.failure(&error))?;
        let (sender, receiver) = mpsc::channel(BATCHES_WAITING);
        let reader = tokio::task::spawn_blocking(move || {
            let mut batch = Vec::with_capacity(BATCH_ROWS);
            for row in reader {
                batch.push(match row {
                    Ok(row) => row::read(row, &layout),
                    Err(SheetError::Row(error)) => row::unreadable(&error),
                    Err(error) => return Err(error),
                });
                if batch.len() == BATCH_ROWS {
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ROWS));
                    if sender.blocking_send(full).is_err() {
                        return Ok(()); // nobody asks any more
                    }
                }
            }
            // whoever has left needs no last batch
            let _ = sender.blocking_send(batch);
            Ok(())
        });
        Ok(Batches { receiver, reader })
    }

    /// Why it could not be read.
    #[must_use]
    pub fn failure(&self, error: &SheetError) -> Failure {
        match error {
            SheetError::Io(error) => files::unreadable(&self.path, error),
            error => fault::of_table(&self.name, error).hint(say!("reconcile-sheet-hint")),
        }
    }

    /// Reads it from its beginning.
    ///
    /// # Errors
    /// What is wrong with the file or its header: see [`Source::failure`].
    pub fn open(&self) -> Result<Reader, SheetError> {
        Reader::open(&self.path, self.format, &self.options)
    }
}

/// Standard input, in a file of its own.
fn spooled() -> io::Result<NamedTempFile> {
    let mut spool = NamedTempFile::new()?;
    io::copy(&mut io::stdin().lock(), spool.as_file_mut())?;
    Ok(spool)
}

/// The digest of an input's content, whatever format it is in.
struct Content(Sha256);

impl Content {
    fn new(columns: &[Column], layout: &Layout) -> Self {
        let mut content = Self(Sha256::new());
        content.text("reconcile 1");
        content.text(&format!("{layout:?}"));
        columns.iter().for_each(|column| content.text(&column.name));
        content
    }

    fn row(&mut self, row: &Row) {
        self.0.update(row.line.to_le_bytes());
        for cell in &row.cells {
            match cell {
                Cell::Text(text) | Cell::LostDigits(text) => self.text(text),
                Cell::Empty | Cell::Int(_) => self.text(&cell.to_string()),
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

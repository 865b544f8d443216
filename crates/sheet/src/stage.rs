//! Readers that borrow from themselves run on a thread of their own and hand their rows over
//! in batches, few at a time. The thread is also where a panic of a decoder ends.

use crate::cell::Row;
use crate::column::Column;
use crate::error::{RowError, SheetError};
use crate::format::Format;
use crate::limits::BATCH_ROWS;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Batches that wait for the reader.
const WAITING: usize = 4;

type Batch = Vec<Result<Row, RowError>>;

enum Message {
    Header(Vec<Column>),
    Rows(Batch),
}

/// Why a reader's thread stops before the end.
pub(crate) enum Stop {
    /// Nobody listens any more.
    Unheard,
    /// The file is at fault.
    Error(SheetError),
}

impl From<SheetError> for Stop {
    fn from(error: SheetError) -> Stop {
        Stop::Error(error)
    }
}

/// The thread's end: what it has read.
pub(crate) struct Out {
    sender: SyncSender<Message>,
    batch: Batch,
}

impl Out {
    /// The columns; once, before any row.
    pub(crate) fn header(&mut self, columns: Vec<Column>) -> Result<(), Stop> {
        crate::column::check(&columns)?;
        self.sender.send(Message::Header(columns)).map_err(|_| Stop::Unheard)
    }

    /// One row, or what is wrong with it.
    pub(crate) fn row(&mut self, row: Result<Row, RowError>) -> Result<(), Stop> {
        self.batch.push(row);
        if self.batch.len() < BATCH_ROWS { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Stop> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.sender.send(Message::Rows(batch)).map_err(|_| Stop::Unheard)
    }
}

/// The reader's end.
pub(crate) struct Stage {
    format: Format,
    receiver: Receiver<Message>,
    batch: std::vec::IntoIter<Result<Row, RowError>>,
    thread: Option<JoinHandle<Result<(), Stop>>>,
}

impl Stage {
    /// Starts a thread and waits for its header.
    pub(crate) fn start(
        format: Format,
        read: impl FnOnce(&mut Out) -> Result<(), Stop> + Send + 'static,
    ) -> Result<(Vec<Column>, Stage), SheetError> {
        let (sender, receiver) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("sheet".to_owned()).spawn(move || {
            let mut out = Out { sender, batch: Batch::new() };
            let result = read(&mut out);
            // What was read before a fault comes before it.
            if matches!(result, Err(Stop::Unheard)) { result } else { out.flush().and(result) }
        })?;
        let batch = Vec::new().into_iter();
        let mut stage = Stage { format, receiver, batch, thread: Some(thread) };
        match stage.receive()? {
            Some(Message::Header(columns)) => Ok((columns, stage)),
            _ => Err(SheetError::NoHeader),
        }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Row>, SheetError> {
        loop {
            if let Some(row) = self.batch.next() {
                return Ok(Some(row?));
            }
            match self.receive()? {
                Some(Message::Rows(batch)) => self.batch = batch.into_iter(),
                Some(Message::Header(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// The next message; `None` after the last, when the thread has ended well.
    fn receive(&mut self) -> Result<Option<Message>, SheetError> {
        if let Ok(message) = self.receiver.recv() {
            return Ok(Some(message));
        }
        match self.thread.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()) | Err(Stop::Unheard))) => Ok(None),
            Some(Ok(Err(Stop::Error(error)))) => Err(error),
            Some(Err(_)) => {
                let what = "its contents contradict each other".to_owned();
                Err(SheetError::Damaged { format: self.format, what })
            }
        }
    }
}

//! Pages into the sink, on a thread of its own.

use super::cells::Packet;
use super::plan::{Chosen, Plan};
use super::sink::{Row, Sink};
use super::state::State;
use super::{End, IsStopped};
use crate::exit::Failure;
use crate::output::Output;
use crate::progress::Progress;
use crate::say;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc::Receiver;

/// How many rows are written, at least, between two states that an interrupted export goes on from.
const ROWS_BETWEEN: u64 = 150_000;
/// How many pages are read, at most, between the two: few rows of them may be meant.
const PAGES_BETWEEN: u64 = 400;

/// What reading sends. Where it stops before the end, it sends no more.
pub enum Message {
    /// The next page.
    Page(Page),
    /// Everything was sent.
    End,
}

/// Packets in their order.
pub struct Page {
    /// Those that are meant.
    pub packets: Vec<Packet>,
    /// The last bill number that was read.
    pub after: Option<String>,
}

/// How far writing is, for who shows it.
#[derive(Debug, Default)]
pub struct Written {
    rows: AtomicU64,
    /// How many there are, once the file is made of them; until then 0.
    total: AtomicU64,
}

impl Written {
    /// Shows it.
    pub fn show(&self, progress: &Progress, out: &mut Output) {
        progress.show(self.rows(), &self.words(), out);
    }

    /// Shows it, if it was not shown lately.
    pub fn show_at_times(&self, progress: &mut Progress, out: &mut Output) {
        progress.show_at_times(self.rows(), "", out);
    }

    fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    fn words(&self) -> String {
        match self.total.load(Ordering::Relaxed) {
            0 => String::new(),
            total => say!("export-making", total = total),
        }
    }

    fn set(&self, rows: u64, total: u64) {
        self.rows.store(rows, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }
}

/// What writes.
pub struct Writing {
    columns: Vec<Chosen>,
    sink: Sink,
    state: State,
    written: Arc<Written>,
    is_stopped: IsStopped,
    /// Rows that were written when the state was last kept, and pages since then.
    kept_rows: u64,
    pages: u64,
}

impl Writing {
    /// Writes on from a state.
    pub fn new(
        plan: &Plan,
        state: State,
        sink: Sink,
        written: &Arc<Written>,
        is_stopped: &IsStopped,
    ) -> Self {
        let (written, is_stopped) = (Arc::clone(written), Arc::clone(is_stopped));
        let (columns, kept_rows) = (plan.columns.clone(), state.rows);
        Self { columns, sink, state, written, is_stopped, kept_rows, pages: 0 }
    }

    /// Writes what comes, until all is written or no more comes. How it ended, and how far it is.
    ///
    /// # Errors
    /// What the file refuses.
    pub fn run(mut self, mut pages: Receiver<Message>) -> Result<(End, State), Failure> {
        loop {
            match pages.blocking_recv() {
                Some(Message::Page(page)) => {
                    if !self.page(&page)? {
                        return Ok((End::Unread, self.state));
                    }
                }
                Some(Message::End) => return self.finish(),
                None => {
                    self.sink.keep(&mut self.state)?;
                    return Ok((End::Stopped, self.state));
                }
            }
        }
    }

    /// Writes a page; whether anybody reads it.
    fn page(&mut self, page: &Page) -> Result<bool, Failure> {
        let mut cells = Vec::with_capacity(self.columns.len());
        for packet in &page.packets {
            cells.clear();
            cells.extend(self.columns.iter().map(|column| column.cell(packet)));
            let row = self.sink.row(&cells)?;
            if row == Row::Unread {
                return Ok(false);
            }
            self.state.rows += 1;
            if row == Row::AtEase && self.state.rows - self.kept_rows >= ROWS_BETWEEN {
                self.state.after = Some(packet.mch_billno().to_owned());
                self.keep()?;
            }
        }
        self.state.after.clone_from(&page.after);
        self.written.set(self.state.rows, 0);
        self.pages += 1;
        if self.pages >= PAGES_BETWEEN {
            self.keep()?;
        }
        Ok(true)
    }

    fn keep(&mut self) -> Result<(), Failure> {
        self.sink.keep(&mut self.state)?;
        (self.kept_rows, self.pages) = (self.state.rows, 0);
        Ok(())
    }

    fn finish(mut self) -> Result<(End, State), Failure> {
        self.sink.keep(&mut self.state)?;
        let (written, is_stopped, total) = (self.written, self.is_stopped, self.state.rows);
        let is_made = self.sink.finish(|rows| {
            written.set(rows, total);
            !is_stopped(total)
        })?;
        Ok((if is_made { End::Made } else { End::Stopped }, self.state))
    }
}

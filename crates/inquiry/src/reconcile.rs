//! Many at once: what a file expects of packets against what is found of them.
//!
//! A run is named by its input, and the ledger keeps when it began and which numbers it has
//! seen: begun again after a crash it asks only what it has not asked yet. Rows come and go in
//! the same order, a bounded number of them at a time.

mod difference;
mod found;

pub use difference::{Difference, Expected, differences};
pub use found::Found;

use crate::error::InquiryError;
use crate::inquirer::{Freshness, Inquirer};
use futures_util::future::ready;
use futures_util::stream::{self, Stream, StreamExt};
use hongbao_ledger::inquiry::{RUN_KEPT_FOR, Sighting};
use hongbao_ledger::{Inquiry, InquiryFilter};
use hongbao_wire::MchBillno;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How long after it began a run is continued; later it begins anew, so that no answer of long
/// ago passes for one of now.
pub const CONTINUE_WITHIN: SignedDuration = RUN_KEPT_FOR;
/// The fewest and the most questions that are on their way at once, unless told otherwise.
const CONCURRENCY: (usize, usize) = (16, 256);
/// Rows on their way for each question that may be: others go on while one reply is slow.
const ROWS_PER_QUESTION: usize = 8;
/// The fewest and the most rows that are on their way.
const ROWS: (usize, usize) = (256, 2048);
/// Unexpected packets that are read at once.
const PAGE: u32 = 500;

/// How a run works.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// How many questions may be on their way at once; 0: half of what the pace permits in a
    /// second, at least 16 and at most 256. The pace is the client's.
    pub concurrency: usize,
    /// Whether it begins anew although it was interrupted: `false`.
    pub is_fresh: bool,
}

/// A row of the input, and whatever the caller carries along with it.
#[derive(Clone, Debug)]
pub struct InputRow<T> {
    /// Its line, from 1; rows come in the order of their lines.
    pub line: u64,
    /// The number that it names; `None`: it names none that can be asked about.
    pub mch_billno: Option<MchBillno>,
    /// The caller's.
    pub carried: T,
}

/// What became of a row.
#[derive(Clone, Debug)]
pub enum Answer {
    /// What is known of its packet now.
    Found(Box<Found>),
    /// An earlier line names the same number; this one was not asked about.
    Duplicate {
        /// That line.
        first_line: u64,
    },
    /// It names no number.
    NotAsked,
    /// The run was stopped before it came to this row.
    Stopped,
}

/// When packets were sent, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

/// One run over an input.
#[derive(Debug)]
pub struct Run {
    inquirer: Arc<Inquirer>,
    name: Box<str>,
    began: Timestamp,
    is_continued: bool,
    /// Who may ask: a permit a question. Closed when the run is stopped.
    gate: Semaphore,
    rows_max: usize,
}

impl Run {
    /// Begins the run that `name`, 1-128 characters, stands for, or continues it.
    ///
    /// # Errors
    /// [`InquiryError::Ledger`].
    pub async fn begin(
        inquirer: Arc<Inquirer>,
        name: &str,
        options: RunOptions,
    ) -> Result<Self, InquiryError> {
        let (ledger, now) = (Arc::clone(inquirer.ledger()), inquirer.now());
        let mch_id = inquirer.account().mch_id.clone();
        let mut began = ledger.begin_run(mch_id.as_str(), name, now).await?;
        // a clock that was set back continues nothing
        let is_old = began > now || now.duration_since(began) > CONTINUE_WITHIN;
        if began != now && (options.is_fresh || is_old) {
            ledger.end_run(mch_id.as_str(), name).await?;
            began = ledger.begin_run(mch_id.as_str(), name, now).await?;
        }
        let concurrency = match options.concurrency {
            0 => concurrency_at(inquirer.client().pace().rate().per_1000_seconds()),
            told => told.min(Semaphore::MAX_PERMITS),
        };
        Ok(Self {
            inquirer,
            name: name.into(),
            began,
            is_continued: began != now,
            gate: Semaphore::new(concurrency),
            rows_max: concurrency.saturating_mul(ROWS_PER_QUESTION).clamp(ROWS.0, ROWS.1),
        })
    }

    /// When it began, whole milliseconds.
    #[must_use]
    pub const fn began(&self) -> Timestamp {
        self.began
    }

    /// Whether it was begun before and is continued.
    #[must_use]
    pub const fn is_continued(&self) -> bool {
        self.is_continued
    }

    /// Begins no more questions. Those that are on their way are answered and kept; poll
    /// [`Run::answers`] to its end.
    pub fn stop(&self) {
        self.gate.close();
    }

    /// Answers rows in their order. A final record of the ledger is an answer, and so is
    /// whatever came since the run began; the payer is asked for the rest.
    ///
    /// # Errors
    /// [`InquiryError::Ledger`]: the run cannot go on.
    pub fn answers<'r, T: 'r>(
        &'r self,
        batches: impl Stream<Item = Vec<InputRow<T>>> + 'r,
    ) -> impl Stream<Item = Result<(InputRow<T>, Answer), InquiryError>> + 'r {
        batches
            .take_while(|_| ready(!self.gate.is_closed()))
            // one after the other, while the rows before are asked about: of two that were noted at
            // once, the later one's rows could count as the first
            .then(|batch| self.sight(batch))
            .flat_map(|sighted| match sighted {
                Ok(rows) => stream::iter(rows.into_iter().map(Ok).collect::<Vec<_>>()),
                Err(error) => stream::iter(vec![Err(error)]),
            })
            .map(|sighted| async {
                let (row, first_line) = sighted?;
                let answer = self.answer(&row, first_line).await?;
                Ok((row, answer))
            })
            .buffered(self.rows_max)
    }

    /// Packets of the ledger that were sent in `period` and that no row has named: the page
    /// after the number `after`. The last page is empty.
    ///
    /// What was only asked about and never seen is no packet.
    ///
    /// # Errors
    /// [`InquiryError::Ledger`].
    pub async fn unexpected(
        &self,
        period: Period,
        after: Option<&MchBillno>,
    ) -> Result<Vec<(MchBillno, Found)>, InquiryError> {
        let mut filter = InquiryFilter {
            from: Some(period.from),
            until: Some(period.until),
            after_billno: after.map(|after| after.as_str().into()),
            limit: PAGE,
            ..InquiryFilter::default()
        };
        loop {
            let ledger = self.inquirer.ledger();
            let page = ledger.unsighted(self.mch_id(), &self.name, &filter).await?;
            let Some(last) = page.last() else { return Ok(Vec::new()) };
            filter.after_billno = Some(last.key.mch_billno.as_str().into());
            let packets: Vec<_> = page
                .into_iter()
                .filter(is_a_packet)
                .map(|inquiry| {
                    let mch_billno = inquiry.key.mch_billno.clone();
                    (mch_billno, Found::new(self.inquirer.recalled(inquiry), self.began))
                })
                .collect();
            if !packets.is_empty() {
                return Ok(packets);
            }
        }
    }

    /// Ends the run: begun again, it asks anew about what is not final.
    ///
    /// # Errors
    /// [`InquiryError::Ledger`]; then it is continued when begun again.
    pub async fn end(self) -> Result<(), InquiryError> {
        Ok(self.inquirer.ledger().end_run(self.mch_id(), &self.name).await?)
    }

    fn mch_id(&self) -> &str {
        self.inquirer.account().mch_id.as_str()
    }

    /// Notes a batch; with each row comes the first line of its number, where it names one.
    async fn sight<T>(
        &self,
        batch: Vec<InputRow<T>>,
    ) -> Result<Vec<(InputRow<T>, Option<u64>)>, InquiryError> {
        let sightings: Vec<Sighting> = batch
            .iter()
            .filter_map(|row| {
                let mch_billno = row.mch_billno.as_ref()?.as_str().into();
                Some(Sighting { mch_billno, line: row.line })
            })
            .collect();
        let lines = match sightings.is_empty() {
            true => Vec::new(),
            false => self.inquirer.ledger().sight(self.mch_id(), &self.name, sightings).await?,
        };
        let mut lines = lines.into_iter();
        let with_line = |row: InputRow<T>| {
            let line = row.mch_billno.as_ref().and_then(|_| lines.next());
            (row, line)
        };
        Ok(batch.into_iter().map(with_line).collect())
    }

    async fn answer<T>(
        &self,
        row: &InputRow<T>,
        first_line: Option<u64>,
    ) -> Result<Answer, InquiryError> {
        let Some(mch_billno) = &row.mch_billno else { return Ok(Answer::NotAsked) };
        if let Some(first_line) = first_line.filter(|first| *first < row.line) {
            return Ok(Answer::Duplicate { first_line });
        }
        let Ok(_permit) = self.gate.acquire().await else { return Ok(Answer::Stopped) };
        let asked = self.inquirer.ask(mch_billno.as_str(), Freshness::Since(self.began)).await?;
        Ok(Answer::Found(Box::new(Found::new(asked, self.began))))
    }
}

/// Whether it is known that there is, or may be, such a packet: it was seen, or sent.
fn is_a_packet(inquiry: &Inquiry) -> bool {
    inquiry.seen.is_some() || inquiry.sends > 0
}

/// Half a second's turns.
fn concurrency_at(turns_per_1000_seconds: u64) -> usize {
    let half = usize::try_from(turns_per_1000_seconds / 2000).unwrap_or(usize::MAX);
    half.clamp(CONCURRENCY.0, CONCURRENCY.1)
}

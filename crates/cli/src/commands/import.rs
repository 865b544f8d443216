//! `hongbao import`: the packets that a person's file names, into the ledger. What that means is
//! decided in `crates/inquiry/src/import.rs`.

mod layout;
mod row;
mod tally;
mod when;

pub use row::ImportProblem;

use crate::args::{ImportArgs, UnitArg};
use crate::commands::reconcile::source::Source;
use crate::commands::serve::Stop;
use crate::exit::{Exit, Failure};
use crate::lang;
use crate::output::Output;
use crate::packet_field::Unit;
use crate::profile::ProfileFile;
use crate::progress::Progress;
use crate::remembered::Remembered;
use crate::say;
use futures_util::{StreamExt, TryStreamExt, stream};
use hongbao_inquiry::import::{self, Imported};
use hongbao_inquiry::{Clock, SystemClock};
use hongbao_ledger::LedgerError;
use hongbao_sheet::{ReadOptions, Reader, SheetError};
use jiff::Timestamp;
use layout::Layout;
use row::Draft;
use std::collections::HashMap;
use tally::Tally;

/// Rows of a batch: one durable write of the ledger may hold many of them.
const BATCH_ROWS: usize = 512;
/// Rows whose notes are on their way at once.
const CONCURRENCY: usize = 256;

/// Notes what the ledger does not know, and tells what it knows otherwise. Begun again it goes on,
/// as what is noted already stays as it is.
///
/// # Errors
/// What is wrong with the file, its columns, the profile or the ledger.
pub async fn run(args: &ImportArgs, out: &mut Output) -> Result<Exit, Failure> {
    let options =
        ReadOptions { encoding: args.encoding.clone(), worksheet: args.worksheet.clone() };
    let source = Source::of(&args.file, args.input_format, options)?;
    let (layout, total) = survey(&source, args)?;
    let remembered = open(args).await?;
    let reader = source.open().map_err(|error| source.failure(&error))?;
    let mut stop = Stop::listen()?;
    let mut import = Import {
        remembered,
        layout,
        reader,
        now: SystemClock.now(),
        is_dry: args.dry_run,
        tally: Tally::default(),
    };
    let mut progress = Progress::new(Some(total));
    let is_whole = loop {
        tokio::select! {
            biased;
            _ = stop.wait() => break false,
            more = import.batch(&source) => if !more? {
                break true;
            }
        }
        progress.show_at_times(import.tally.rows, &import.tally.words(), out);
    };
    progress.clear();
    let Import { tally, layout, .. } = import;
    if !is_whole {
        out.talk(say!("import-stopped", rows = tally.rows, total = total));
        out.hint(say!("import-stopped-hint"));
        return Ok(Exit::Interrupted);
    }
    if args.json {
        out.json(&tally.to_json(&layout.ignored, args.dry_run));
    } else {
        report(&tally, &layout, &source, args, out);
    }
    Ok(tally.exit())
}

/// Reads the file once, whole: what is damaged is refused before anything is imported.
fn survey(source: &Source, args: &ImportArgs) -> Result<(Layout, u64), Failure> {
    let reader = source.open().map_err(|error| source.failure(&error))?;
    let unit = args.amounts.map(|unit| match unit {
        UnitArg::Fen => Unit::Fen,
        UnitArg::Yuan => Unit::Yuan,
    });
    let layout = Layout::find(reader.columns(), unit, source.format)?;
    let mut rows = 0;
    for row in reader {
        match row {
            Ok(_) | Err(SheetError::Row(_)) => rows += 1,
            Err(error) => return Err(source.failure(&error)),
        }
    }
    Ok((layout, rows))
}

/// The ledger: that of a profile is made where there never was one.
async fn open(args: &ImportArgs) -> Result<Remembered, Failure> {
    if let Some(profile) = args.whose.profile.as_deref().filter(|_| !args.dry_run) {
        let file = ProfileFile::load(profile)?;
        file.ledger(profile, args.whose.at.place())?.open_or_make().await?;
    }
    Remembered::open(&args.whose, None).await
}

/// An import under way.
struct Import {
    remembered: Remembered,
    layout: Layout,
    reader: Reader,
    now: Timestamp,
    is_dry: bool,
    tally: Tally,
}

impl Import {
    /// Imports the next rows; whether there may be more.
    async fn batch(&mut self, source: &Source) -> Result<bool, Failure> {
        let mch_id = self.remembered.account.mch_id.as_str();
        let mut drafts = Vec::with_capacity(BATCH_ROWS);
        for row in self.reader.by_ref().take(BATCH_ROWS) {
            match row {
                Ok(row) => drafts.push(row::read(&row, &self.layout, mch_id, self.now)),
                Err(SheetError::Row(error)) => drafts.push(row::unreadable(&error)),
                Err(error) => return Err(source.failure(&error)),
            }
        }
        let more = drafts.len() == BATCH_ROWS;
        let (remembered, now, is_dry) = (&self.remembered, self.now, self.is_dry);
        let noted: Result<Vec<Noted>, LedgerError> = stream::iter(in_turns(drafts))
            .map(|turn| async move {
                let mut noted = Vec::with_capacity(turn.len());
                for (at, draft) in turn {
                    let imported = match &draft.claim {
                        Ok(claim) => Some(one(remembered, claim, now, is_dry).await?),
                        Err(_) => None,
                    };
                    noted.push((at, draft, imported));
                }
                Ok(noted)
            })
            .buffered(CONCURRENCY)
            .try_concat()
            .await;
        let mut noted = noted.map_err(|error| self.remembered.failure(&error))?;
        noted.sort_unstable_by_key(|(at, ..)| *at);
        for (_, draft, imported) in noted {
            self.tally.count(draft, imported);
        }
        Ok(more)
    }
}

/// A row, by its place in the batch, and what it came to.
type Noted = (usize, Draft, Option<Imported>);

/// Rows by their places in the batch, those of one reference in one turn: each is noted while the reference has
/// the numbers that were looked at, so that they would only be in each other's way.
fn in_turns(drafts: Vec<Draft>) -> Vec<Vec<(usize, Draft)>> {
    let mut turns: Vec<Vec<(usize, Draft)>> = Vec::with_capacity(drafts.len());
    let mut of_ref: HashMap<Box<str>, usize> = HashMap::new();
    for (at, draft) in drafts.into_iter().enumerate() {
        let business_ref = draft.claim.as_ref().ok().and_then(|claim| claim.business_ref.clone());
        let next = turns.len();
        let turn = business_ref.map_or(next, |name| *of_ref.entry(name).or_insert(next));
        if turn == next {
            turns.push(Vec::new());
        }
        turns[turn].push((at, draft));
    }
    turns
}

async fn one(
    remembered: &Remembered,
    claim: &import::Claim,
    now: Timestamp,
    is_dry: bool,
) -> Result<Imported, LedgerError> {
    let (ledger, account) = (&*remembered.ledger, &remembered.account);
    match is_dry {
        true => import::preview(ledger, account, claim).await,
        false => import::import(ledger, account, claim, now).await,
    }
}

/// The most rows that are told one by one.
const ROWS_TOLD_MAX: usize = 20;

fn report(tally: &Tally, layout: &Layout, source: &Source, args: &ImportArgs, out: &mut Output) {
    for (line, problem) in tally.problem_rows.iter().take(ROWS_TOLD_MAX) {
        let code = problem.as_str();
        let meaning = match problem {
            ImportProblem::Row(row) => row.unreadable_code(),
            _ => None,
        };
        let name = meaning
            .map_or_else(|| format!("about-row-{code}"), |code| format!("about-failure-{code}"));
        let words = lang::current().find(&name, &[]).unwrap_or_else(|| code.to_owned());
        let file = &source.name;
        out.talk(say!("import-problem", file = file, line = line, code = code, problem = words));
    }
    let problems: u64 = tally.problems.values().sum();
    if problems > ROWS_TOLD_MAX as u64 {
        out.talk(say!("import-problems-more", count = problems - ROWS_TOLD_MAX as u64));
    }
    for row in tally.difference_rows.iter().take(ROWS_TOLD_MAX) {
        let (line, billno, fields) = (row.line, &row.mch_billno, row.fields.join(", "));
        out.talk(say!("import-difference", line = line, billno = billno, fields = fields));
    }
    if tally.differing > ROWS_TOLD_MAX as u64 {
        let more = tally.differing - ROWS_TOLD_MAX as u64;
        out.talk(say!("import-differences-more", count = more));
    }
    if !layout.ignored.is_empty() {
        out.talk(say!("import-ignored", columns = layout.ignored.join(", ")));
    }
    let (rows, new, known) = (tally.rows, tally.imported, tally.known);
    let differing = tally.differing;
    let summary = match args.dry_run {
        true => say!(
            "import-would",
            rows = rows,
            new = new,
            known = known,
            differing = differing,
            problems = problems
        ),
        false => say!(
            "import-did",
            rows = rows,
            new = new,
            known = known,
            differing = differing,
            problems = problems
        ),
    };
    out.talk(summary);
    if new > 0 && !args.dry_run {
        out.hint(say!("import-hint"));
    }
}

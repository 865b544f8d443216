//! `hongbao reconcile`: the rows of a file, with what became of the packets that they name.

pub mod columns;
pub mod fault;
mod report;
pub mod row;
mod sink;
pub mod source;
mod tally;

use crate::args::ReconcileArgs;
use crate::commands::serve::Stop;
use crate::exit::{Exit, Failure};
use crate::merchant_side::{Memory, MerchantSide, SideOptions};
use crate::output::Output;
use crate::profile::Profile;
use crate::progress::Progress;
use crate::say;
use crate::share_watch::{SHARE_WITHIN, no_share};
use futures_util::{StreamExt, pin_mut, stream};
use hongbao_inquiry::reconcile::{Answer, InputRow, Period, Run, RunOptions, differences};
use hongbao_sheet::Cell;
use hongbao_wire::verdict::NoAnswer;
use hongbao_wire::{MchBillno, Verdict, time};
use row::Carried;
pub use row::Problem;
use serde_json::json;
use sink::{Sink, beside};
use source::{Batches, Source, Survey};
use std::sync::Arc;
use tally::Tally;

/// After so many questions in a row that the set-up stood in the way of, no more are asked: what
/// is wrong with it is wrong for every row.
const REFUSED_MAX: u32 = 50;

/// Asks about every row, and writes the rows with the answers; an interrupted run goes on
/// where it was when it is begun again.
///
/// # Errors
/// [`Failure`] where the input, the output, the profile or the ledger stands in the way.
pub async fn run(args: &ReconcileArgs, out: &mut Output) -> Result<Exit, Failure> {
    let source = Source::new(args)?;
    if let Some(path) = args.out.as_ref().filter(|path| source.is(path)) {
        let message = say!("reconcile-out-is-input", file = path.display());
        return Err(Failure::usage("OUT_IS_INPUT", message).hint(say!("reconcile-out-hint")));
    }
    let survey = source.survey(args)?;
    let profile = Profile::load(&args.profile)?.with_ledger(&args.profile, args.at.place())?;
    let profile = profile.at_pace(args.pace);
    let policy = args.policy.map(Into::into);
    let options = SideOptions { policy, memory: Memory::Ledger, resends: false };
    // before there is a share of the pace: a signal then gives it back
    let mut stop = Stop::listen()?;
    let side = MerchantSide::of(profile, options, out).await?;
    let reconciled = reconcile(args, (&source, &survey), &side, &mut stop, out).await;
    side.close().await;
    reconciled
}

async fn reconcile(
    args: &ReconcileArgs,
    (source, survey): (&Source, &Survey),
    side: &MerchantSide,
    stop: &mut Stop,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let sink = Sink::create(args.out.as_deref(), &survey.columns, survey.rows)?;
    let options =
        RunOptions { concurrency: args.concurrency.map_or(0, usize::from), is_fresh: args.fresh };
    let run = Run::begin(Arc::clone(&side.inquirer), &survey.run, options)
        .await
        .map_err(|error| side.failure(&error))?;
    if run.is_continued() {
        out.talk(say!("reconcile-continued", at = time::rfc3339(run.began())));
    }
    let (tally, refused) = (Tally::default(), 0);
    let mut reconciliation = Reconciliation { side, run: &run, survey, sink, tally, refused };
    match reconciliation.rows(source.batches(survey.layout)?, stop, source, out).await? {
        End::Whole => {}
        End::Stopped => {
            let tally = &reconciliation.tally;
            out.talk(say!("reconcile-stopped", rows = tally.rows, total = survey.rows));
            out.hint(say!("reconcile-stopped-hint"));
            return Ok(Exit::Interrupted);
        }
        End::SetUpRefused => {
            drop(reconciliation);
            // once it is fixed, these are to be asked about again
            run.end().await.map_err(|error| side.failure(&error))?;
            return Err(set_up_refused());
        }
    }
    if !args.no_unexpected {
        reconciliation.unexpected(args).await?;
    }
    let Reconciliation { sink, tally, .. } = reconciliation;
    sink.finish().await?;
    let (began, continued) = (run.began(), run.is_continued());
    run.end().await.map_err(|error| side.failure(&error))?;
    if args.json {
        let mut summary = tally.to_json();
        summary.insert("run_began_at".to_owned(), json!(time::rfc3339(began)));
        summary.insert("continued".to_owned(), json!(continued));
        summary.insert("out".to_owned(), json!(args.out));
        out.json(&summary.into());
    } else {
        report::write(&tally, source, out);
    }
    Ok(tally.exit())
}

/// How the rows ended.
enum End {
    /// All of them were answered.
    Whole,
    /// By a signal.
    Stopped,
    /// The payer refuses whatever is asked.
    SetUpRefused,
}

fn set_up_refused() -> Failure {
    Failure {
        code: "SET_UP_REFUSED",
        message: say!("reconcile-set-up", count = REFUSED_MAX),
        hint: Some(say!("reconcile-set-up-hint")),
        exit: Exit::SetUp,
    }
}

/// A run under way.
struct Reconciliation<'r> {
    side: &'r MerchantSide,
    run: &'r Run,
    survey: &'r Survey,
    sink: Sink,
    tally: Tally,
    /// How many questions in a row, up to now, the set-up stood in the way of.
    refused: u32,
}

impl Reconciliation<'_> {
    /// Answers and writes the rows. What is on its way at the first signal is waited for, at the
    /// second it is not.
    async fn rows(
        &mut self,
        batches: Batches,
        stop: &mut Stop,
        source: &Source,
        out: &mut Output,
    ) -> Result<End, Failure> {
        let Batches { receiver, reader } = batches;
        let batches = stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|batch| (batch, receiver))
        });
        let run = self.run;
        let answers = run.answers(batches);
        pin_mut!(answers);
        let mut progress = Progress::new(Some(self.survey.rows));
        let mut is_stopped = false;
        let mut share = self.side.share();
        loop {
            tokio::select! {
                biased;
                _ = stop.wait() => {
                    if is_stopped {
                        break;
                    }
                    is_stopped = true;
                    run.stop();
                    progress.clear();
                    out.talk(say!("reconcile-stopping"));
                }
                () = progress.tick() => {
                    progress.show(self.tally.rows, &self.tally.words(), out);
                }
                answer = answers.next() => {
                    let Some(answer) = answer else { break };
                    share.got_on();
                    let (row, answer) = answer.map_err(|error| self.side.failure(&error))?;
                    if !is_stopped && self.refused < REFUSED_MAX {
                        self.row(row, answer).await?;
                        if self.refused == REFUSED_MAX {
                            run.stop();
                        }
                    }
                }
                () = share.missing(SHARE_WITHIN) => {
                    progress.clear();
                    return Err(no_share());
                }
            }
        }
        progress.clear();
        if is_stopped {
            return Ok(End::Stopped);
        }
        if self.refused == REFUSED_MAX {
            return Ok(End::SetUpRefused);
        }
        match reader.await {
            Ok(Ok(())) => Ok(End::Whole),
            Ok(Err(error)) => Err(source.failure(&error)),
            Err(gone) => std::panic::resume_unwind(gone.into_panic()),
        }
    }

    async fn row(&mut self, row: InputRow<Carried>, answer: Answer) -> Result<(), Failure> {
        let Carried { cells, expected, problem } = row.carried;
        let (found, problem) = match answer {
            Answer::Found(found) => (Some(found), problem),
            Answer::Duplicate { first_line } => (None, Some(Problem::Duplicate { first_line })),
            Answer::NotAsked | Answer::Stopped => (None, problem),
        };
        let found = found.as_deref();
        let differences = found.map(|found| differences(&expected, found)).unwrap_or_default();
        self.tally.rows += 1;
        if let Some(found) = found {
            self.tally.found(&expected, found, &differences);
            self.refused = match found.verdict {
                Verdict::NoAnswer(NoAnswer::FixSetUp) => self.refused + 1,
                _ if found.is_asked_in_run => 0,
                _ => self.refused,
            };
        }
        if let Some(problem) = problem {
            self.tally.problem(row.line, problem);
        }
        self.sink.row(cells, beside(found, &differences, problem)).await
    }

    /// Writes the packets of the ledger that no row names.
    async fn unexpected(&mut self, args: &ReconcileArgs) -> Result<(), Failure> {
        let found = self.tally.period();
        let from = args.from.or(found.map(|period| period.from));
        let until = args.to.or(found.map(|period| period.until));
        let (Some(from), Some(until)) = (from, until) else { return Ok(()) };
        let mut after: Option<MchBillno> = None;
        loop {
            let page = self.run.unexpected(Period { from, until }, after.as_ref()).await;
            let page = page.map_err(|error| self.side.failure(&error))?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (mch_billno, found) in page {
                self.tally.unexpected(&found);
                let billno = (self.survey.layout.billno, Cell::from(mch_billno.as_str()));
                self.sink.unexpected(billno, &found).await?;
            }
        }
    }
}

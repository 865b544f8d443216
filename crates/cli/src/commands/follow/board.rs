//! What following shows: a line for each change, the progress, and the summary.

use super::tally::{Known, Tally};
use crate::exit::Exit;
use crate::merchant_side::MerchantSide;
use crate::output::{Output, printable};
use crate::record::readable;
use crate::say;
use crate::verdict_text as text;
use hongbao_inquiry::follow::Event;
use hongbao_inquiry::{Asked, Sent};
use hongbao_ledger::Inquiry;
use hongbao_wire::verdict::NoAnswer;
use hongbao_wire::{Verdict, time};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use owo_colors::OwoColorize;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// How often the progress is drawn anew on a terminal.
const REDRAW: Duration = Duration::from_millis(500);
/// How often a line tells the progress elsewhere.
const LINE: Duration = Duration::from_secs(10);

/// What the ledger still expects.
pub struct Outlook {
    /// How many numbers need a person.
    pub attention: usize,
    /// When the next question is due.
    pub next_due: Option<Timestamp>,
    /// How many numbers will be asked about again.
    pub waiting: u64,
}

/// Shows what a follower does.
pub struct Board<'b> {
    side: &'b MerchantSide,
    out: &'b mut Output,
    json: bool,
    bar: ProgressBar,
    started: Instant,
    tally: Tally,
    asked: u64,
    resent: u64,
    /// What `asked` was when a line last told it.
    told: u64,
}

impl<'b> Board<'b> {
    /// An empty one.
    pub fn new(side: &'b MerchantSide, json: bool, out: &'b mut Output) -> Self {
        // it hides itself where stderr is no terminal
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self {
            side,
            out,
            json,
            bar,
            started: Instant::now(),
            tally: Tally::default(),
            asked: 0,
            resent: 0,
            told: 0,
        }
    }

    /// Shows one event, where it changes what is known.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::Asked(asked) => {
                self.asked += 1;
                let Asked { inquiry, verdict, origin } = &**asked;
                let why = || origin.exchange().map_or_else(String::new, text::why);
                self.learn(inquiry, verdict, "asked", text::words(verdict, why));
            }
            Event::Resent(sent) => {
                self.resent += 1;
                let Sent { inquiry, verdict, origin } = &**sent;
                let why = || origin.exchange().map_or_else(String::new, text::why);
                self.learn(inquiry, verdict, "resent", text::words(verdict, why));
            }
            Event::Failed { mch_billno, error } => {
                let failure = self.side.failure(error);
                let (verdict, attention) = ("not_asked", None);
                let known =
                    Known { verdict, cause: Some(failure.code), attention, exit: failure.exit };
                if !self.tally.learn(mch_billno.as_str(), &known) {
                    return;
                }
                let line = json!({
                    "event": "not_asked", "at": self.now(), "mch_billno": mch_billno.as_str(),
                    "code": failure.code, "message": failure.message,
                });
                let (json, out) = (self.json, &mut *self.out);
                self.bar.suspend(|| if json { out.json(&line) } else { out.failure(&failure) });
            }
        }
    }

    fn learn(&mut self, inquiry: &Inquiry, verdict: &Verdict, event: &str, words: String) {
        let mch_billno = inquiry.key.mch_billno.as_str();
        let known = Known {
            verdict: verdict.as_str(),
            cause: verdict.cause(),
            attention: inquiry.attention.clone(),
            exit: exit(verdict),
        };
        if verdict.is_final() {
            self.tally.ended(mch_billno, known.verdict);
        } else if !self.tally.learn(mch_billno, &known) {
            return;
        }
        let rest = json!({
            "event": event,
            "at": self.now(),
            "ref": inquiry.business_ref,
            "status": inquiry.seen.as_ref().map(|seen| &seen.status),
            "attention": known.attention,
            "due_at": inquiry.due_at.map(time::rfc3339),
        });
        let line = text::to_json(mch_billno, verdict, rest);
        let json = self.json;
        let out = &mut *self.out;
        self.bar.suspend(|| {
            if json {
                out.json(&line);
                return;
            }
            out.data(format_args!("{}  {}", mch_billno.bold(), words));
            if let Some(attention) = &known.attention {
                let why = crate::lang::current().say(&format!("about-attention-{attention}"), &[]);
                out.talk(format_args!("  {}", say!("follow-attention", why = why)));
            }
        });
    }

    /// Says something that is no event, on stderr.
    pub fn say(&mut self, words: &str) {
        let out = &mut *self.out;
        self.bar.suspend(|| out.talk(words));
    }

    /// The last word: what came of it all, and the exit code.
    pub fn close(self, outlook: &Outlook, profile: &Path) -> Exit {
        self.bar.finish_and_clear();
        let exit = self.exit(outlook);
        if self.json {
            let counts = self.tally.counts();
            let counts: Map<String, Value> =
                counts.into_iter().map(|(word, count)| (word.to_owned(), json!(count))).collect();
            self.out.json(&json!({
                "event": "summary",
                "at": self.now(),
                "asked": self.asked,
                "resent": self.resent,
                "verdicts": counts,
                "attention": outlook.attention,
                "waiting": outlook.waiting,
                "next_due_at": outlook.next_due.map(time::rfc3339),
                "exit_code": exit.code(),
            }));
            return exit;
        }
        self.out.talk(self.progress());
        self.out.talk(match outlook.next_due {
            Some(at) => say!("follow-next", count = outlook.waiting, at = readable(at)),
            None => say!("follow-nothing-due"),
        });
        if outlook.attention > 0 {
            self.out.talk(say!("follow-people", count = outlook.attention));
            let profile = printable(&profile.display().to_string());
            self.out.hint(say!("follow-people-hint", profile = profile));
        }
        exit
    }

    fn exit(&self, outlook: &Outlook) -> Exit {
        if outlook.attention > 0 {
            return Exit::Unknown;
        }
        let mut worst = [Exit::Config, Exit::SetUp, Exit::NoAnswer].into_iter();
        worst.find(|exit| self.tally.has(*exit)).unwrap_or(Exit::Ok)
    }

    /// The counts and the rate, on one line.
    fn progress(&self) -> String {
        let tenths = self.started.elapsed().as_millis().max(1) / 100;
        let rate = u128::from(self.asked + self.resent) * 100 / tenths.max(1);
        let rate = format!("{}.{}", rate / 10, rate % 10);
        let counts: Vec<String> = self
            .tally
            .counts()
            .into_iter()
            .map(|(word, count)| format!("{word} {count}"))
            .collect();
        let counts = if counts.is_empty() { "-".to_owned() } else { counts.join(" · ") };
        say!(
            "follow-progress",
            asked = self.asked,
            resent = self.resent,
            rate = rate,
            counts = counts
        )
    }

    fn redraw(&mut self) {
        if !self.bar.is_hidden() {
            self.bar.set_message(self.progress());
            self.bar.tick();
        } else if self.asked + self.resent > self.told {
            self.told = self.asked + self.resent;
            let line = self.progress();
            self.out.talk(line);
        }
    }

    fn now(&self) -> String {
        time::rfc3339(self.side.inquirer.now())
    }
}

/// Keeps the progress up to date; never ends.
pub async fn tick(board: &RefCell<Board<'_>>) {
    let pause = if board.borrow().bar.is_hidden() { LINE } else { REDRAW };
    let mut ticks = tokio::time::interval_at(Instant::now() + pause, pause);
    loop {
        ticks.tick().await;
        board.borrow_mut().redraw();
    }
}

/// What a verdict that following leaves behind means for the exit code: an open or unknown one
/// is asked about again, so it is nobody's trouble yet.
const fn exit(verdict: &Verdict) -> Exit {
    match verdict {
        Verdict::NoAnswer(NoAnswer::TryAgain) => Exit::NoAnswer,
        Verdict::NoAnswer(NoAnswer::FixSetUp) => Exit::SetUp,
        _ => Exit::Ok,
    }
}

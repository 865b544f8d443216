//! The demo's account, in three columns: what was asked, what came back, what it means.

use super::buyer::{AMOUNT_FEN, Answer};
use crate::output::Output;
use crate::say;
use crate::verdict_text as text;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use hongbao_ledger::Finding;
use hongbao_wire::observation::Observation;
use hongbao_wire::{Fen, QueryReply, SendReply, Verdict};
use owo_colors::{OwoColorize, Style};

/// What was asked, characters: `query  demo0001`.
const ASKED_WIDTH: u16 = 16;
/// What came back: the longest is `SYSTEMERROR`.
const CAME_WIDTH: u16 = 14;
/// The narrowest account; narrower terminals wrap it.
const WIDTH_MIN: u16 = 72;
/// The widest account: longer lines are hard to read.
const WIDTH_MAX: u16 = 110;
/// The account where no terminal says how wide it is.
const WIDTH_ELSE: u16 = 80;

/// Writes the account as it happens.
pub struct Account<'o> {
    out: &'o mut Output,
    width: u16,
    story: u32,
}

impl<'o> Account<'o> {
    /// An account as wide as the terminal, within bounds.
    pub fn new(out: &'o mut Output) -> Self {
        let width = Table::new().width().unwrap_or(WIDTH_ELSE).clamp(WIDTH_MIN, WIDTH_MAX);
        Self { out, width, story: 0 }
    }

    /// Who talks to whom.
    pub fn opening(&mut self, base_url: &str, mch_id: &str) {
        let words = say!("demo-opening", url = base_url, mch_id = mch_id);
        self.paragraph(&words, Style::new());
        let yuan = Fen::new(AMOUNT_FEN).unwrap_or_default().to_yuan();
        self.paragraph(&say!("demo-columns", yuan = yuan), Style::new().dimmed());
    }

    /// A new story.
    pub fn story(&mut self, title: &str) {
        self.story += 1;
        let line = format!("{}. {title}", self.story);
        self.out.data("");
        self.paragraph(&line, Style::new().bold());
    }

    /// Something happens between two questions.
    pub fn meanwhile(&mut self, words: &str) {
        self.out.data(format_args!("  {}", format!("… {words}").dimmed()));
    }

    /// A send and its answer.
    pub fn asked_send(&mut self, mch_billno: &str, answer: &Answer<SendReply>) {
        let came = match &answer.seen.observation {
            Observation::Success(_) => "SUCCESS".to_owned(),
            other => came_instead(other),
        };
        let words = text::words(&answer.verdict, &answer.seen);
        self.row(&format!("send   {mch_billno}"), &came, &words, &answer.verdict);
    }

    /// A query and its answer.
    pub fn asked_query(&mut self, mch_billno: &str, answer: &Answer<QueryReply>) {
        let mut words = text::words(&answer.verdict, &answer.seen);
        let came = match &answer.seen.observation {
            Observation::Success(reply) => {
                let reply = reply.get();
                if let Some(reason) = &reply.reason {
                    words = format!("{words}\n{}", say!("demo-reason", reason = reason));
                }
                reply.status.as_str().to_owned()
            }
            other => came_instead(other),
        };
        self.row(&format!("query  {mch_billno}"), &came, &words, &answer.verdict);
    }

    /// What the watch on the merchant found.
    pub fn found(&mut self, finding: &Finding) {
        let (first, second) = (&finding.first_billno, &finding.second_billno);
        let yuan = finding.total_amount.to_yuan();
        let words = say!("demo-found", first = first, second = second, yuan = yuan);
        self.out.data("");
        self.paragraph(&words, Style::new().red());
    }

    /// What to take away.
    pub fn closing(&mut self) {
        self.out.data("");
        self.paragraph(&say!("demo-closing"), Style::new());
    }

    fn row(&mut self, asked: &str, came: &str, words: &str, verdict: &Verdict) {
        let mut table = Table::new();
        let fixed = |width| ColumnConstraint::Absolute(Width::Fixed(width));
        let rest = self.width.saturating_sub(2 + ASKED_WIDTH + CAME_WIDTH);
        let step = text::next_step(verdict.next_step());
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.width)
            .add_row([asked, came, &format!("{words}\n→ {step}")])
            .set_constraints([fixed(ASKED_WIDTH + 2), fixed(CAME_WIDTH), fixed(rest)]);
        for column in table.column_iter_mut() {
            column.set_padding((0, 1));
        }
        let style = style(verdict);
        let lines: Vec<String> = table.lines().collect();
        for line in lines {
            self.out.data(format_args!("  {}", line.trim_end().style(style)));
        }
    }

    fn paragraph(&mut self, words: &str, style: Style) {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.width)
            .add_row([words]);
        for column in table.column_iter_mut() {
            column.set_padding((0, 0));
        }
        let lines: Vec<String> = table.lines().collect();
        for line in lines {
            self.out.data(line.trim_end().style(style));
        }
    }
}

/// What came back where it was no success: an error code, or nothing.
fn came_instead<R>(seen: &Observation<R>) -> String {
    match seen {
        Observation::Failure(failure) => match &failure.err_code {
            Some(code) => code.as_str().to_owned(),
            None => "FAIL".to_owned(),
        },
        _ => say!("demo-nothing-came"),
    }
}

fn style(verdict: &Verdict) -> Style {
    match verdict {
        Verdict::Received | Verdict::Refunded => Style::new().green(),
        Verdict::Failed(_) => Style::new().red(),
        Verdict::Open(_) => Style::new(),
        Verdict::Unknown(_) | Verdict::BeyondWindow | Verdict::NoAnswer(_) => Style::new().yellow(),
    }
}

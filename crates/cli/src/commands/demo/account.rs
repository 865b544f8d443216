//! The demo's account, in three columns: what was asked, what came back, what it means.

use super::buyer::{AMOUNT_FEN, Answer};
use crate::output::Output;
use crate::say;
use crate::verdict_text as text;
use hongbao_ledger::Finding;
use hongbao_wire::observation::Observation;
use hongbao_wire::{Fen, QueryReply, SendReply, Verdict};
use owo_colors::{OwoColorize, Style};
use textwrap::{Options, core::display_width};

/// The width of what was asked: `query  demo0001`.
const ASKED_WIDTH: usize = 18;
/// The width of what came back: the longest is `SYSTEMERROR`.
const CAME_WIDTH: usize = 14;
/// Before every line of a story.
const INDENT: &str = "  ";
/// The narrowest account; narrower terminals break its lines.
const WIDTH_MIN: usize = 72;
/// The widest account: longer lines are hard to read.
const WIDTH_MAX: usize = 110;

/// Writes the account as it happens.
pub struct Account<'o> {
    out: &'o mut Output,
    width: usize,
    story: u32,
}

impl<'o> Account<'o> {
    /// An account as wide as the terminal, within bounds.
    pub fn new(out: &'o mut Output) -> Self {
        // some terminals show Chinese quotation marks wider than the tables say
        let width = textwrap::termwidth().saturating_sub(2).clamp(WIDTH_MIN, WIDTH_MAX);
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
        self.wrapped(words, "  … ", "    ", Style::new().dimmed());
    }

    /// A send and its answer.
    pub fn asked_send(&mut self, mch_billno: &str, answer: &Answer<SendReply>) {
        let came = match &answer.seen.observation {
            Observation::Success(_) => "SUCCESS".to_owned(),
            other => came_instead(other),
        };
        let words = text::words(&answer.verdict, || text::why(&answer.seen));
        self.row(&format!("send   {mch_billno}"), &came, &words, &answer.verdict);
    }

    /// A query and its answer.
    pub fn asked_query(&mut self, mch_billno: &str, answer: &Answer<QueryReply>) {
        let mut words = text::words(&answer.verdict, || text::why(&answer.seen));
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
        let first = format!("{INDENT}{}{}", pad(asked, ASKED_WIDTH), pad(came, CAME_WIDTH));
        let left = " ".repeat(INDENT.len() + ASKED_WIDTH + CAME_WIDTH);
        let style = style(verdict);
        self.wrapped(words, &first, &left, style);
        let step = text::next_step(verdict.next_step());
        self.wrapped(&step, &format!("{left}→ "), &format!("{left}  "), style);
    }

    fn paragraph(&mut self, words: &str, style: Style) {
        self.wrapped(words, "", "", style);
    }

    fn wrapped(&mut self, words: &str, first: &str, left: &str, style: Style) {
        let options = Options::new(self.width).initial_indent(first).subsequent_indent(left);
        for line in textwrap::wrap(words, options) {
            self.out.data(line.style(style));
        }
    }
}

fn pad(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(display_width(text));
    format!("{text}{}", " ".repeat(blanks))
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

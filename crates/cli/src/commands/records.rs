//! `hongbao records`: what the ledger holds, filtered.

use crate::args::{FilterArgs, RecordsArgs};
use crate::exit::{Exit, Failure};
use crate::output::{Output, printable};
use crate::pages::each_page;
use crate::record::readable;
use crate::remembered::Remembered;
use crate::say;
use crate::verdict_text;
use crate::vocabulary::Kind;
use comfy_table::{ContentArrangement, Table, presets};
use hongbao_inquiry::import::IMPORTED;
use hongbao_inquiry::{Clock, SystemClock};
use hongbao_ledger::{Inquiry, InquiryFilter};
use hongbao_wire::{Fen, OpenId, Verdict, time};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::io::IsTerminal;
use textwrap::core::display_width;

/// The widths of the columns where no terminal is; a longer value moves what follows it.
const WIDTHS: [usize; 7] = [28, 22, 9, 10, 26, 32, 16];

/// Prints them page by page: memory does not grow with the ledger.
///
/// # Errors
/// [`Failure`] where the profile or its ledger cannot be used.
pub async fn run(args: &RecordsArgs, out: &mut Output) -> Result<Exit, Failure> {
    let remembered = Remembered::open(&args.whose, args.policy.map(Into::into)).await?;
    warn_of_status(&args.filter, out);
    let now = SystemClock.now();
    let mut left = args.filter.limit.unwrap_or(u64::MAX);
    let mut printer = Printer::new(args.json);
    let mch_id = remembered.account.mch_id.as_str();
    let pages = each_page(&*remembered.ledger, mch_id, filter(&args.filter), |page| {
        let rows = page.into_iter().filter_map(|it| select(&remembered, &args.filter, it, now));
        let rows: Vec<_> = rows.take(usize::try_from(left).unwrap_or(usize::MAX)).collect();
        left -= rows.len() as u64;
        printer.print(&rows, out);
        left > 0
    });
    pages.await.map_err(|error| remembered.failure(&error))?;
    Ok(Exit::Ok)
}

/// An inquiry as it stands at `now`, with its verdict; `None` where it is not among those that are
/// meant, as [`filter`] alone cannot tell.
pub fn select(
    remembered: &Remembered,
    args: &FilterArgs,
    inquiry: Inquiry,
    now: Timestamp,
) -> Option<(Inquiry, Verdict)> {
    let verdict = remembered.account.verdict_of(&inquiry, now);
    let inquiry = remembered.judged(inquiry, now);
    let is_called = !args.attention || inquiry.attention.is_some();
    let is_wanted = args.verdict.as_deref().is_none_or(|word| verdict.as_str() == word);
    (is_called && is_wanted).then_some((inquiry, verdict))
}

/// A status that nobody knows may be a new one of the wire, or a slip of the pen.
pub fn warn_of_status(args: &FilterArgs, out: &mut Output) {
    let Some(asked) = args.status.as_deref() else { return };
    let known = Kind::Status.words();
    if asked != IMPORTED && !known.iter().any(|word| word == asked) {
        let warning = say!("records-unknown-status", status = asked, known = known.join(", "));
        out.warning("UNKNOWN_STATUS", warning);
    }
}

/// What the ledger can sort out by itself. Its words of a verdict go stale when the window
/// closes, or when a reply no longer verifies; what they turn into is looked for among all, and
/// so is who needs a person.
#[must_use]
pub fn filter(args: &FilterArgs) -> InquiryFilter {
    let verdict =
        args.verdict.as_deref().filter(|word| !["unknown", "beyond_window"].contains(word));
    InquiryFilter {
        status: args.status.as_deref().map(Into::into),
        verdict: verdict.map(Into::into),
        act_name: args.activity.as_deref().map(Into::into),
        openid: args.openid.as_deref().map(OpenId::from),
        business_ref: args.business_ref.as_deref().map(Into::into),
        from: args.from,
        until: args.to,
        ..InquiryFilter::default()
    }
}

/// How rows are shown: as JSON, as a table on a terminal, or as aligned text.
enum Printer {
    Json,
    Table,
    Text { is_begun: bool },
}

impl Printer {
    fn new(json: bool) -> Self {
        match json {
            true => Self::Json,
            false if std::io::stdout().is_terminal() => Self::Table,
            false => Self::Text { is_begun: false },
        }
    }

    fn print(&mut self, rows: &[(Inquiry, Verdict)], out: &mut Output) {
        match self {
            Self::Json => {
                for (inquiry, verdict) in rows {
                    out.json(&to_json(inquiry, verdict));
                }
            }
            Self::Table if rows.is_empty() => {}
            Self::Table => {
                let mut table = Table::new();
                table.load_style(presets::UTF8_HORIZONTAL_ONLY);
                table.set_content_arrangement(ContentArrangement::Dynamic).set_header(headings());
                table.add_rows(rows.iter().map(|(inquiry, verdict)| cells(inquiry, verdict)));
                out.data(table);
            }
            Self::Text { is_begun } => {
                if !*is_begun && !rows.is_empty() {
                    *is_begun = true;
                    out.data(aligned(&headings()));
                }
                for (inquiry, verdict) in rows {
                    out.data(aligned(&cells(inquiry, verdict)));
                }
            }
        }
    }
}

fn headings() -> [String; 7] {
    ["mch_billno", "verdict", "status", "yuan", "sent", "openid", "ref"].map(str::to_owned)
}

fn cells(inquiry: &Inquiry, verdict: &Verdict) -> [String; 7] {
    let seen = inquiry.seen.as_ref();
    let verdict = match verdict.cause() {
        Some(cause) => format!("{}: {cause}", verdict.as_str()),
        None => verdict.as_str().to_owned(),
    };
    let verdict = match inquiry.attention {
        Some(_) => format!("{verdict} {}", say!("records-attention")),
        None => verdict,
    };
    let text = |text: Option<String>| text.map_or_else(|| "-".to_owned(), |text| printable(&text));
    [
        printable(inquiry.key.mch_billno.as_str()),
        verdict,
        text(seen.map(|seen| seen.status.to_string())),
        text(amount(inquiry).map(Fen::to_yuan)),
        text(inquiry.sent_at.map(readable)),
        text(openid(inquiry).map(ToString::to_string)),
        text(inquiry.business_ref.as_deref().map(str::to_owned)),
    ]
}

fn aligned(cells: &[String; 7]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(WIDTHS) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width.saturating_sub(display_width(cell))));
        line.push_str("  ");
    }
    line.trim_end().to_owned()
}

/// What was sent: as we ordered it, else as the record says.
pub fn amount(inquiry: &Inquiry) -> Option<Fen> {
    let ordered = inquiry.order.as_ref().map(|order| order.total_amount);
    ordered.or_else(|| inquiry.seen.as_ref()?.total_amount)
}

/// To whom: who received it, else whom we ordered it for.
pub fn openid(inquiry: &Inquiry) -> Option<&OpenId> {
    let received = inquiry.seen.as_ref().and_then(|seen| seen.openid.as_ref());
    received.or_else(|| inquiry.order.as_ref().map(|order| &order.re_openid))
}

/// The object of the JSON contract (`docs/cli-json.md`).
fn to_json(inquiry: &Inquiry, verdict: &Verdict) -> Value {
    let (seen, order) = (inquiry.seen.as_ref(), inquiry.order.as_ref());
    let at = |time: Option<Timestamp>| time.map(time::rfc3339);
    let fen = |amount: Option<Fen>| amount.map(Fen::get);
    let act_name = seen.and_then(|seen| seen.act_name.as_deref());
    let rest = json!({
        "ref": inquiry.business_ref,
        "attention": inquiry.attention,
        "status": seen.map(|seen| &seen.status),
        "detail_id": seen.and_then(|seen| seen.detail_id.as_ref()).map(|id| id.as_str()),
        "act_name": act_name.or_else(|| order.map(|order| &*order.act_name)),
        "openid": openid(inquiry).map(OpenId::as_str),
        "total_amount": fen(amount(inquiry)),
        "amount": fen(seen.and_then(|seen| seen.amount)),
        "refund_amount": fen(seen.and_then(|seen| seen.refund_amount)),
        "reason": seen.and_then(|seen| seen.reason.as_deref()),
        "sent_at": at(inquiry.sent_at),
        "rcv_time": at(seen.and_then(|seen| seen.rcv_time)),
        "refund_time": at(seen.and_then(|seen| seen.refund_time)),
        "noted_at": at(Some(inquiry.noted_at)),
        "asked_at": at(inquiry.asked_at),
        "answered_at": at(inquiry.answered_at),
        "due_at": at(inquiry.due_at),
        "sends": inquiry.sends,
        "asks": inquiry.asks,
    });
    verdict_text::to_json(inquiry.key.mch_billno.as_str(), verdict, rest)
}

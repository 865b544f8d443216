//! `hongbao attention`: which numbers need a person, why, and what to do.

use crate::args::AttentionArgs;
use crate::commands::history;
use crate::exit::{Exit, Failure};
use crate::lang;
use crate::output::Output;
use crate::pages::each_page;
use crate::record::readable;
use crate::remembered::Remembered;
use crate::say;
use hongbao_inquiry::{Attention, Clock, SystemClock};
use hongbao_ledger::{Inquiry, InquiryFilter};
use hongbao_wire::time;
use hongbao_wire::verdict::WINDOW;
use jiff::Timestamp;
use owo_colors::OwoColorize;
use serde_json::{Value, json};

/// The verdicts that are not final, in the stable words: whoever needs a person has one of them.
const NOT_FINAL: [&str; 4] = ["open", "unknown", "no_answer", "beyond_window"];

/// Prints them, whether anybody followed them or not, exit 6 where there are any; or takes some
/// off the list.
///
/// # Errors
/// `NOT_IN_LEDGER`, exit 6; [`Failure`] where the profile or its ledger cannot be used.
pub async fn run(args: &AttentionArgs, out: &mut Output) -> Result<Exit, Failure> {
    let remembered = Remembered::open(&args.whose, None).await?;
    if !args.dismiss.is_empty() {
        return dismiss(&remembered, &args.dismiss, out).await;
    }
    let mch_id = remembered.account.mch_id.as_str();
    let now = SystemClock.now();
    let (mut exit, mut overdue) = (Exit::Ok, 0_u64);
    // by the index of the verdicts: what is final is most of a ledger
    for verdict in NOT_FINAL {
        let filter = InquiryFilter { verdict: Some(verdict.into()), ..InquiryFilter::default() };
        let pages = each_page(&*remembered.ledger, mch_id, filter, |page| {
            for inquiry in page {
                let inquiry = remembered.judged(inquiry, now);
                if inquiry.attention.is_none() {
                    continue;
                }
                exit = Exit::Unknown;
                overdue += u64::from(inquiry.due_at.is_some_and(|due| due <= now));
                if args.json {
                    out.json(&to_json(&inquiry));
                } else {
                    write(&inquiry, out);
                }
            }
            true
        });
        pages.await.map_err(|error| remembered.failure(&error))?;
    }
    if exit == Exit::Ok && !args.json {
        out.talk(say!("attention-none"));
    }
    if overdue > 0 && !args.json {
        out.talk(say!("attention-overdue", count = overdue));
    }
    Ok(exit)
}

/// Takes numbers off the list, one after the other.
async fn dismiss(
    remembered: &Remembered,
    mch_billnos: &[String],
    out: &mut Output,
) -> Result<Exit, Failure> {
    for mch_billno in mch_billnos {
        let (ledger, key) = (&*remembered.ledger, remembered.key(mch_billno));
        let dismissed = hongbao_inquiry::dismiss(ledger, &key, SystemClock.now()).await;
        if dismissed.map_err(|error| remembered.failure(&error))?.is_none() {
            return Err(history::unknown(mch_billno));
        }
        out.talk(say!("attention-dismissed", billno = mch_billno));
    }
    Ok(Exit::Ok)
}

fn reason(inquiry: &Inquiry) -> &str {
    inquiry.attention.as_deref().unwrap_or_default()
}

/// Since when a person is needed, as well as the ledger knows.
fn since(inquiry: &Inquiry) -> Timestamp {
    let is = |attention: Attention| reason(inquiry) == attention.as_str();
    let since = if is(Attention::UnknownTooLong) {
        inquiry.unknown_since
    } else if is(Attention::WindowClosed) {
        inquiry.sent_at.unwrap_or(inquiry.noted_at).checked_add(WINDOW).ok()
    } else {
        inquiry.asked_at
    };
    since.unwrap_or(inquiry.noted_at)
}

fn write(inquiry: &Inquiry, out: &mut Output) {
    let text = |suffix: &str| {
        lang::current().say(&format!("about-attention-{}{suffix}", reason(inquiry)), &[])
    };
    out.data(format_args!("{}  {}", inquiry.key.mch_billno.as_str().bold(), text("")));
    out.data(format_args!("  {}", say!("attention-since", at = readable(since(inquiry)))));
    out.data(format_args!("  {}", text(".do")));
}

/// The object of the JSON contract (`docs/cli-json.md`).
fn to_json(inquiry: &Inquiry) -> Value {
    json!({
        "mch_billno": inquiry.key.mch_billno.as_str(),
        "ref": inquiry.business_ref,
        "attention": reason(inquiry),
        "since": time::rfc3339(since(inquiry)),
        "verdict": inquiry.conclusion.verdict,
        "cause": inquiry.conclusion.cause,
        "sent_at": inquiry.sent_at.map(time::rfc3339),
        "asked_at": inquiry.asked_at.map(time::rfc3339),
        "due_at": inquiry.due_at.map(time::rfc3339),
    })
}

//! `hongbao ledger verify`: whether a ledger is still what was written into it.

use super::hex;
use super::progress::{Place, shown};
use super::signed_head::{SignedHead, public_key};
use crate::args::VerifyArgs;
use crate::commands::serve::Stop;
use crate::exit::{Exit, Failure};
use crate::lang;
use crate::output::{Output, printable};
use crate::say;
use comfy_table::{ContentArrangement, Table, presets};
use hongbao_ledger::audit::{Audit, Fault, Progress, Report, Unverified};
use hongbao_ledger::copy::hash_of_chains;
use hongbao_ledger::{Head, LedgerError, Store};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The words of faults, in the order in which an audit finds them.
pub const FAULTS: [&str; 13] = [
    "entries_missing",
    "entry_changed",
    "entries_cut",
    "entries_beyond_head",
    "head_changed",
    "earlier_head_missing",
    "earlier_head_differs",
    "packet_changed",
    "packet_missing",
    "packet_unchained",
    "total_differs",
    "total_overflows",
    "unreadable",
];

/// Verifies it, and holds it against signed heads.
///
/// # Errors
/// `LEDGER_FAULTS` where it is not what was written; `HEAD_UNREADABLE`, `HEAD_SIGNATURE`, `HEAD_OTHER_KEY`; the
/// ledger cannot be used: exit 9.
pub async fn run(args: &VerifyArgs, out: &mut Output) -> Result<Exit, Failure> {
    let earlier = earlier(&args.head, args.public_key.as_deref(), out)?;
    let ledger = super::which(&args.which)?.open().await?;
    let audited = audit(&*ledger.store, earlier, out).await?;
    let Some(report) = audited.map_err(|error| ledger.place.failure(&error))? else {
        out.talk(say!("ledger-stopped"));
        return Ok(Exit::Interrupted);
    };
    print(&report, args.json, out);
    if report.is_clean() { Ok(Exit::Ok) } else { Err(faulty(&report)) }
}

/// Verifies a ledger that no command line named, such as a backup; the exit code where that was
/// interrupted.
///
/// # Errors
/// `LEDGER_FAULTS`; that it cannot be read.
pub async fn whole(
    ledger: &dyn Store,
    named: &Path,
    out: &mut Output,
) -> Result<Option<Exit>, Failure> {
    let audited = audit(ledger, Vec::new(), out).await?.map_err(|error| {
        let message = say!("ledger-unusable", file = named.display(), why = error);
        Failure::config(error.code(), message).hint(say!("ledger-backup-bad-hint"))
    })?;
    match audited {
        None => {
            out.talk(say!("ledger-stopped"));
            Ok(Some(Exit::Interrupted))
        }
        Some(report) if report.is_clean() => Ok(None),
        Some(report) => {
            table(&report.faults, out);
            Err(faulty(&report))
        }
    }
}

/// Reads the signed heads, each by the key that is demanded.
fn earlier(
    files: &[PathBuf],
    demanded: Option<&str>,
    out: &mut Output,
) -> Result<Vec<Head>, Failure> {
    let demanded = demanded.map(public_key).transpose()?;
    let mut heads = Vec::new();
    for path in files {
        let file = path.display();
        let signed = SignedHead::read(path)?;
        let key = &signed.public_key;
        match &demanded {
            Some(demanded) if demanded != key => {
                let message = say!("ledger-head-other-key", file = file, key = key);
                let failure = Failure::config("HEAD_OTHER_KEY", message);
                return Err(failure.hint(say!("ledger-head-other-key-hint")));
            }
            Some(_) => {}
            None => out.talk(say!("ledger-head-unproven", file = file, key = key)),
        }
        heads.extend(signed.statement.heads().iter().cloned());
    }
    Ok(heads)
}

/// The audit, with its progress; `None` where a signal came first.
async fn audit(
    ledger: &dyn Store,
    earlier: Vec<Head>,
    out: &mut Output,
) -> Result<Result<Option<Report>, LedgerError>, Failure> {
    let mut stop = Stop::listen()?;
    let place = Place::new();
    let audit = Audit::new().against(earlier);
    let mut tell = |progress: Progress| place.note(progress);
    let auditing = audit.run(ledger, &mut tell);
    let report = shown(auditing, &place, said, &mut stop, out).await;
    Ok(report.transpose())
}

fn said(progress: Progress) -> String {
    let (done, total) = (progress.entries, progress.entries_in_all);
    say!("ledger-verify-progress", done = done, total = total, packets = progress.packets)
}

fn faulty(report: &Report) -> Failure {
    Failure::config("LEDGER_FAULTS", say!("ledger-faults", count = report.faults_in_all))
        .hint(say!("ledger-faults-hint"))
}

fn print(report: &Report, json: bool, out: &mut Output) {
    let chains = hex(&hash_of_chains(report.heads.iter()));
    let checked = &report.checked;
    if json {
        for fault in &report.faults {
            out.json(&to_json(fault));
        }
        let unverified: Vec<Value> = report.unverified.iter().map(part_to_json).collect();
        out.json(&json!({
            "is_clean": report.is_clean(),
            "faults": report.faults_in_all,
            "entries": checked.entries,
            "packets": checked.packets,
            "chains_sha256": chains,
            "totals_not_compared": report.totals_moving.len(),
            "unverified": unverified,
        }));
        return;
    }
    table(&report.faults, out);
    let listed = report.faults.len() as u64;
    if listed < report.faults_in_all {
        out.talk(say!("ledger-faults-more", count = report.faults_in_all - listed));
    }
    for (book, mch_id) in &report.totals_moving {
        out.talk(say!("ledger-totals-moving", book = book.as_str(), mch_id = mch_id));
    }
    for part in &report.unverified {
        let Unverified { book, mch_id, from, to, months } = part;
        let (book, mch_id) = (book.as_str(), printable(mch_id.as_str()));
        let (from, to, months) = (*from, *to, &**months);
        let message = say!(
            "ledger-unverified",
            book = book,
            mch_id = mch_id,
            from = from,
            to = to,
            months = months
        );
        out.talk(message);
    }
    out.data(say!("ledger-verified", entries = checked.entries, packets = checked.packets));
    out.data(say!("ledger-verified-chains", hash = chains));
}

fn part_to_json(part: &Unverified) -> Value {
    json!({
        "book": part.book.as_str(),
        "mch_id": part.mch_id.as_str(),
        "from": part.from,
        "to": part.to,
        "months": &*part.months,
    })
}

/// The object of the JSON contract (`docs/cli-json.md`).
fn to_json(fault: &Fault) -> Value {
    json!({
        "fault": fault.wrong.as_str(),
        "book": fault.book.as_str(),
        "mch_id": fault.mch_id.as_str(),
        "position": fault.wrong.position(),
        "mch_billno": fault.wrong.mch_billno().map(|billno| billno.as_str()),
        "details": fault.wrong.to_string(),
    })
}

fn table(faults: &[Fault], out: &mut Output) {
    if faults.is_empty() {
        return;
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["book", "mch_id", "position", "mch_billno", "fault", ""]);
    for fault in faults {
        let word = fault.wrong.as_str();
        let position = fault.wrong.position().map_or_else(|| "-".to_owned(), |p| p.to_string());
        let billno = fault.wrong.mch_billno();
        let billno = billno.map_or_else(|| "-".to_owned(), |billno| printable(billno.as_str()));
        let about = lang::current().say(&format!("about-fault-{word}"), &[]);
        let mch_id = printable(fault.mch_id.as_str());
        table.add_row([fault.book.as_str(), &mch_id, &position, &billno, word, &about]);
    }
    out.data(table);
}

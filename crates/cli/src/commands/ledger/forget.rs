//! `hongbao ledger forget`: takes receivers out of a ledger, and leaves the chains whole.

use crate::args::ForgetArgs;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::ledger_place::OpenLedger;
use crate::output::Output;
use crate::say;
use hongbao_inquiry::{Clock, SystemClock};
use hongbao_ledger::{Archive, Filter, Forgotten, InquiryFilter, LedgerError};
use hongbao_wire::{MchBillno, MchId, OpenId};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

/// What stands in the place of every receiver that is erased.
const ERASED: &str = "erased";
/// The most that standard input or a file may hold, bytes: some 500,000 receivers.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The longest receiver, characters.
const OPENID_CHARS_MAX: usize = 32;

/// Forgets them, one after the other; those of whom a packet is still open are left, and listed.
///
/// # Errors
/// `PACKET_STILL_OPEN`, exit 9; the ledger or the file cannot be used.
pub async fn run(args: &ForgetArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut openids: Vec<String> = args.openids.clone();
    if let Some(file) = &args.file {
        openids.extend(read(file)?);
    }
    let ledger = super::which(&args.which)?.open().await?;
    let merchants = merchants(&ledger, &args.merchant).await?;
    let mut open = Vec::new();
    let mut sum = Forgotten::default();
    let mut seen = BTreeSet::new();
    for openid in openids.iter().filter(|openid| seen.insert((*openid).clone())) {
        let openid = OpenId::from(openid.as_str());
        let still = still_open(&ledger, &merchants, &openid).await?;
        if !still.is_empty() {
            open.extend(still);
            continue;
        }
        let alias = alias(args.erase);
        let forgotten = forget(&ledger, &merchants, &openid, &alias).await?;
        sum.packets += forgotten.packets;
        sum.messages += forgotten.messages;
        if args.json {
            let (packets, messages) = (forgotten.packets, forgotten.messages);
            out.json(&json!({ "alias": alias.as_str(), "packets": packets, "messages": messages }));
        }
    }
    if !args.json {
        out.data(say!("ledger-forgotten", packets = sum.packets, messages = sum.messages));
        if sum.packets > 0 {
            out.hint(say!("ledger-forgotten-hint"));
        }
    }
    if open.is_empty() {
        return Ok(Exit::Ok);
    }
    for (mch_id, mch_billno) in &open {
        out.talk(say!("ledger-forget-open", mch_id = mch_id, billno = mch_billno));
    }
    let message = say!("ledger-forget-refused", count = open.len());
    Err(Failure::config("PACKET_STILL_OPEN", message).hint(say!("ledger-still-open-hint")))
}

/// The merchants that are named, or all of the ledger, whether they are listed or only asked about.
async fn merchants(ledger: &OpenLedger, named: &[String]) -> Result<BTreeSet<MchId>, Failure> {
    if !named.is_empty() {
        return Ok(named.iter().map(|mch_id| mch_id.as_str().into()).collect());
    }
    let heads = ledger.store.heads().await.map_err(|error| ledger.place.failure(&error))?;
    Ok(heads.into_iter().map(|head| head.mch_id).collect())
}

/// The receiver's packets that can still change by themselves.
async fn still_open(
    ledger: &OpenLedger,
    merchants: &BTreeSet<MchId>,
    openid: &OpenId,
) -> Result<Vec<(MchId, MchBillno)>, Failure> {
    let failed = |error: LedgerError| ledger.place.failure(&error);
    let (mut open, now) = (Vec::new(), SystemClock.now());
    for mch_id in merchants {
        let mut filter =
            Filter { re_openid: Some(openid.clone()), limit: 1000, ..Filter::default() };
        loop {
            let page = ledger.store.records(mch_id.as_str(), &filter).await.map_err(failed)?;
            let Some(last) = page.last() else { break };
            filter.after_billno = Some(last.key.mch_billno.as_str().into());
            let page = page.into_iter().filter(|record| record.can_still_change(now));
            open.extend(page.map(|record| (mch_id.clone(), record.key.mch_billno)));
        }
        let mut filter =
            InquiryFilter { openid: Some(openid.clone()), limit: 1000, ..InquiryFilter::default() };
        loop {
            let page = ledger.store.inquiries(mch_id.as_str(), &filter).await.map_err(failed)?;
            let Some(last) = page.last() else { break };
            filter.after_billno = Some(last.key.mch_billno.as_str().into());
            let page = page.into_iter().filter(|inquiry| inquiry.can_still_change(now));
            open.extend(page.map(|inquiry| (mch_id.clone(), inquiry.key.mch_billno)));
        }
    }
    Ok(open)
}

async fn forget(
    ledger: &OpenLedger,
    merchants: &BTreeSet<MchId>,
    openid: &OpenId,
    alias: &OpenId,
) -> Result<Forgotten, Failure> {
    let mut sum = Forgotten::default();
    for mch_id in merchants {
        let now = SystemClock.now();
        let forgotten = Archive::forget(&*ledger.store, mch_id.as_str(), openid, alias, now).await;
        let forgotten = forgotten.map_err(|error| ledger.place.failure(&error))?;
        sum.packets += forgotten.packets;
        sum.messages += forgotten.messages;
    }
    Ok(sum)
}

/// What stands in the receiver's place from now on.
fn alias(erase: bool) -> OpenId {
    if erase {
        return ERASED.into();
    }
    format!("forgotten-{:016x}", rand::random::<u64>()).as_str().into()
}

/// The receivers of a file, one a line; empty lines are passed over.
fn read(file: &Path) -> Result<Vec<String>, Failure> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        let opened = std::fs::File::open(file).map_err(|error| files::unreadable(file, &error))?;
        opened.take(BYTES_MAX + 1).read_to_end(&mut bytes)
    };
    read.map_err(|error| files::unreadable(file, &error))?;
    if bytes.len() as u64 > BYTES_MAX {
        let message = say!("ledger-forget-long", file = file.display(), max = BYTES_MAX >> 20);
        return Err(Failure::usage("USAGE", message).hint(say!("ledger-forget-long-hint")));
    }
    let text = String::from_utf8(bytes).map_err(|_| files::not_utf8(file))?;
    let lines = text.trim_start_matches('\u{feff}').lines().zip(1_u64..);
    let lines = lines.map(|(line, number)| (line.trim(), number));
    lines
        .filter(|(line, _)| !line.is_empty())
        .map(|(line, number)| receiver(line, number))
        .collect()
}

fn receiver(line: &str, number: u64) -> Result<String, Failure> {
    let is_text = line.chars().all(|c| c.is_ascii_graphic());
    if is_text && line.len() <= OPENID_CHARS_MAX {
        return Ok(line.to_owned());
    }
    let message = say!("ledger-forget-line", line = number, max = OPENID_CHARS_MAX);
    Err(Failure::usage("USAGE", message).hint(say!("ledger-forget-line-hint")))
}

//! A ledger full of received packets, made once and kept between runs.

use crate::scene::{APPID, MCH_ID};
use crate::server::Server;
use hongbao_issuer::{ReplyStyle, reply};
use hongbao_ledger::record::{Order, Receipt, Told};
use hongbao_ledger::{
    Commit, Entry, Expect, Key, Ledger, Record, SealKey, Source, SqliteLedger, SqliteOptions,
};
use hongbao_wire::send::Sender;
use hongbao_wire::{Fen, Status};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io::Error;
use std::path::Path;
use std::sync::Arc;

/// So many commits are under way at once, so that they share transactions.
const COMMITS_AT_ONCE: usize = 2_048;

/// The `n`th bill number.
pub fn billno(n: u64) -> String {
    format!("{MCH_ID}{n:018}")
}

/// A thousand bill numbers, or all where there are fewer.
pub fn hot(records: u64) -> Vec<String> {
    (0..records.min(1_000)).map(|n| billno(n * (records / records.min(1_000)))).collect()
}

/// `count` bill numbers drawn uniformly; the seed is fixed.
pub fn uniform(records: u64, count: usize) -> Vec<String> {
    let mut random = StdRng::seed_from_u64(11544);
    (0..count).map(|_| billno(random.random_range(0..records))).collect()
}

/// Makes the folder with so many records, unless it is there from an earlier run.
pub fn prepare(binary: &Path, dir: &Path, records: u64) -> std::io::Result<()> {
    let marker = dir.join("filled");
    if marker.is_file() {
        return Ok(());
    }
    if dir.exists() {
        std::fs::remove_dir_all(dir)?;
    }
    std::fs::create_dir_all(dir)?;
    drop(Server::hongbao(binary, dir)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    runtime.block_on(fill(dir, records)).map_err(Error::other)?;
    std::fs::write(marker, "")
}

async fn fill(dir: &Path, records: u64) -> Result<(), hongbao_ledger::LedgerError> {
    let seal = SealKey::load_or_create(dir.join("ledger.key"))?;
    let options = SqliteOptions {
        group_max: COMMITS_AT_ONCE,
        cache_kib: 262_144,
        ..SqliteOptions::default()
    };
    let ledger = Arc::new(SqliteLedger::open_with(dir.join("ledger.sqlite"), seal, options)?);
    let Some(mut merchant) = ledger.merchant(MCH_ID).await? else {
        return Err(hongbao_ledger::LedgerError::NoMerchant(MCH_ID.to_owned()));
    };
    merchant.limits.queries_per_second = u32::MAX;
    ledger.update_merchant(merchant.clone()).await?;
    let (now, style) = (Timestamp::now(), ReplyStyle::default());
    let mut next = 0;
    let mut running = tokio::task::JoinSet::new();
    while next < records || !running.is_empty() {
        while next < records && running.len() < COMMITS_AT_ONCE {
            let (ledger, record) = (Arc::clone(&ledger), received(next, now));
            let reply = reply::kept(&record, &merchant, &style);
            running.spawn(async move { ledger.commit(commit(record, reply)).await });
            next += 1;
            if next % 100_000 == 0 {
                eprintln!("filled {next} of {records}");
            }
        }
        if let Some(done) = running.join_next().await {
            done.expect("a commit does not panic")?;
        }
    }
    Ok(())
}

fn commit(record: Record, reply: Option<bytes::Bytes>) -> Commit {
    let entry =
        Entry { at: record.sent_at, source: Source::Issuer, event: "RECEIVED".into(), raw: None };
    Commit {
        record,
        expect: Expect::Absent,
        entries: vec![entry],
        reply,
        budget: None,
        refund: None,
        findings: Vec::new(),
    }
}

/// A packet that was received a minute after it was sent, within the last 25 days.
fn received(n: u64, now: Timestamp) -> Record {
    let back = SignedDuration::from_secs((n % (25 * 86_400)) as i64 + 3_600);
    let sent_at = now.checked_sub(back).expect("25 days ago is a time");
    let rcv_time = sent_at.checked_add(SignedDuration::from_secs(60)).expect("a minute later");
    let amount = Fen::new(100 + n % 19_900).expect("a small amount");
    let openid = format!("ohO4Gt{:022}", n % 1_000_000);
    Record {
        key: Key::new(MCH_ID, billno(n).as_str()),
        order: Order {
            wxappid: APPID.into(),
            re_openid: openid.as_str().into(),
            total_amount: amount,
            wishing: "新年快乐".into(),
            act_name: "新年红包".into(),
            remark: "新年红包".into(),
            sender: Sender::Name("XX活动".into()),
            sender_header_media_id: None,
            scene: None,
        },
        sent_at,
        detail_id: Some(format!("1000041701202611013000{:09}", n % 1_000_000_000).as_str().into()),
        status: Some(Status::Received),
        status_at: rcv_time,
        reason: None,
        receipt: Some(Receipt { openid: openid.as_str().into(), amount, rcv_time }),
        refund: None,
        due_at: None,
        play: "".into(),
        told: Told::Clear,
        version: 0,
    }
}

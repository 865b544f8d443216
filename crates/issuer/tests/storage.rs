//! A ledger that fails, or changes under one's hands: nothing is acknowledged that is not kept.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
use async_trait::async_trait;
use bytes::Bytes;
use common::*;
use hongbao_issuer::{Fault, FaultRule, ReplyStyle, Trigger};
use hongbao_ledger::ledger::Filter;
use hongbao_ledger::{
    Commit, Entry, Finding, Key, Lease, Ledger, LedgerError, MemoryLedger, Merchant, Record,
};
use hongbao_wire::{ErrorCode, Fen, OpenId};
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A ledger whose writes, or reads too, fail on demand.
#[derive(Debug, Default)]
struct Failing {
    inner: MemoryLedger,
    /// The next so many commits find the record changed.
    conflicts: AtomicU32,
    /// The next so many commits are stored, but reported as failed.
    untold: AtomicU32,
    /// 0 healthy, 1 writes fail, 2 everything fails.
    ill: AtomicU32,
}

impl Failing {
    fn write(&self) -> Result<(), LedgerError> {
        self.fail_from(1)
    }
    fn read(&self) -> Result<(), LedgerError> {
        self.fail_from(2)
    }
    fn fail_from(&self, level: u32) -> Result<(), LedgerError> {
        if self.ill.load(Ordering::SeqCst) >= level {
            return Err(LedgerError::Storage("the disk is full".into()));
        }
        Ok(())
    }
    fn fall_ill(&self, level: u32) {
        self.ill.store(level, Ordering::SeqCst);
    }
}

#[async_trait]
impl Ledger for Failing {
    async fn find(&self, key: &Key) -> Result<Option<Record>, LedgerError> {
        self.read()?;
        self.inner.find(key).await
    }
    async fn reply(&self, mch_id: &str, mch_billno: &str) -> Result<Option<Bytes>, LedgerError> {
        self.read()?;
        self.inner.reply(mch_id, mch_billno).await
    }
    async fn commit(&self, commit: Commit) -> Result<u64, LedgerError> {
        self.write()?;
        if self.conflicts.load(Ordering::SeqCst) > 0 {
            self.conflicts.fetch_sub(1, Ordering::SeqCst);
            return Err(LedgerError::Conflict);
        }
        let version = self.inner.commit(commit).await?;
        if self.untold.load(Ordering::SeqCst) > 0 {
            self.untold.fetch_sub(1, Ordering::SeqCst);
            return Err(LedgerError::Storage("the connection was lost".into()));
        }
        Ok(version)
    }
    async fn history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError> {
        self.read()?;
        self.inner.history(key).await
    }
    async fn records(&self, mch_id: &str, filter: &Filter) -> Result<Vec<Record>, LedgerError> {
        self.inner.records(mch_id, filter).await
    }
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Record>, LedgerError> {
        self.read()?;
        self.inner.due(now, limit).await
    }
    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Record>, LedgerError> {
        self.write()?;
        self.inner.claim_due(now, lease, limit).await
    }
    async fn unclear(
        &self,
        mch_id: &str,
        re_openid: &OpenId,
        total_amount: Fen,
        since: Timestamp,
    ) -> Result<Vec<Record>, LedgerError> {
        self.read()?;
        self.inner.unclear(mch_id, re_openid, total_amount, since).await
    }
    async fn findings(&self, mch_id: Option<&str>) -> Result<Vec<Finding>, LedgerError> {
        self.inner.findings(mch_id).await
    }
    async fn merchants(&self) -> Result<Vec<Merchant>, LedgerError> {
        self.inner.merchants().await
    }
    async fn merchant(&self, mch_id: &str) -> Result<Option<Merchant>, LedgerError> {
        self.inner.merchant(mch_id).await
    }
    async fn add_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        self.inner.add_merchant(merchant).await
    }
    async fn update_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        self.inner.update_merchant(merchant).await
    }
    async fn top_up(&self, mch_id: &str, amount: Fen) -> Result<Fen, LedgerError> {
        self.inner.top_up(mch_id, amount).await
    }
    async fn merchants_version(&self) -> Result<u64, LedgerError> {
        self.inner.merchants_version().await
    }
    async fn setting(&self, name: &str) -> Result<Option<String>, LedgerError> {
        self.inner.setting(name).await
    }
    async fn set_setting(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.write()?;
        self.inner.set_setting(name, value).await
    }
    async fn replace_setting(
        &self,
        name: &str,
        was: Option<&str>,
        value: &str,
    ) -> Result<(), LedgerError> {
        self.write()?;
        self.inner.replace_setting(name, was, value).await
    }
    async fn check(&self) -> Result<(), LedgerError> {
        self.inner.check().await
    }
}

async fn rig(style: ReplyStyle) -> (Rig, Arc<Failing>) {
    let ledger = Arc::new(Failing::default());
    (Rig::on(ledger.clone(), styled(style), merchant()).await, ledger)
}

#[tokio::test]
async fn a_send_that_cannot_be_kept_is_a_system_error() {
    let (rig, ledger) = rig(ReplyStyle::default()).await;
    for level in [1, 2] {
        ledger.fall_ill(level);
        assert_eq!(rig.send(&order("1")).await.err_code(), "SYSTEMERROR");
    }
    ledger.fall_ill(0);
    assert_eq!(rig.query("1").await.err_code(), "NOT_FOUND");
    assert_eq!(rig.balance().await, BALANCE);
    assert_eq!(rig.send(&order("1")).await.err_code(), "SUCCESS");
}

#[tokio::test]
async fn a_send_that_was_kept_but_not_known_to_be_is_unclear() {
    let (rig, ledger) = rig(ReplyStyle::default()).await;
    ledger.untold.store(1, Ordering::SeqCst);
    assert_eq!(rig.send(&order("1")).await.err_code(), "SYSTEMERROR");
    assert_eq!(rig.balance().await, BALANCE - 1_000);
    rig.send(&order("2")).await;
    let findings = rig.issuer.findings(None).await.unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(&*findings[0].told, "SYSTEMERROR");
    assert_eq!(rig.send(&order("1")).await.err_code(), "SUCCESS");
    assert_eq!(rig.balance().await, BALANCE - 2_000);
}

#[tokio::test]
async fn the_code_of_a_system_error_can_be_that_of_the_table() {
    let system_error = ErrorCode::PSystemError;
    let (rig, ledger) = rig(ReplyStyle { system_error, ..ReplyStyle::default() }).await;
    ledger.fall_ill(2);
    assert_eq!(rig.send(&order("1")).await.err_code(), "PSYSTEMERROR");
    let reply = rig.query("1").await;
    assert_eq!(reply.err_code(), "PSYSTEMERROR");
    assert_eq!(reply.get("err_code_des"), Some("系统繁忙，请再试"));
}

#[tokio::test]
async fn a_query_tells_no_move_that_cannot_be_kept() {
    let (rig, ledger) = rig(ReplyStyle::default()).await;
    rig.send(&order("1")).await;
    rig.clock.advance(HOUR);
    ledger.fall_ill(1);
    assert_eq!(rig.query("1").await.err_code(), "SYSTEMERROR");
    assert_eq!(rig.issuer.settle_due().await.unwrap_err().code(), "LEDGER_FAILED");
    ledger.fall_ill(0);
    assert_eq!(rig.query("1").await.status(), "RECEIVED");
}

#[tokio::test]
async fn a_query_still_answers_where_only_its_note_cannot_be_kept() {
    let (rig, ledger) = rig(ReplyStyle::default()).await;
    rig.send(&order("1")).await;
    rig.issuer.trigger(&rig.key("1"), Trigger::Fail { reason: None }).await.unwrap();
    ledger.fall_ill(1);
    assert_eq!(rig.query("1").await.status(), "FAILED");
}

#[tokio::test]
async fn the_clock_and_the_faults_move_only_when_kept() {
    let (rig, ledger) = rig(ReplyStyle::default()).await;
    ledger.fall_ill(1);
    assert_eq!(rig.issuer.advance(HOUR).await.unwrap_err().code(), "LEDGER_FAILED");
    assert_eq!(rig.issuer.now(), start());
    let fault = rig.issuer.add_fault(FaultRule::new(Fault::Delay)).await;
    assert_eq!(fault.unwrap_err().code(), "LEDGER_FAILED");
    assert_eq!(rig.issuer.faults(), []);
    ledger.fall_ill(0);
    let kept = rig.fault(FaultRule::new(Fault::Delay)).await;
    ledger.fall_ill(1);
    for id in [None, kept.id.as_deref()] {
        assert_eq!(rig.issuer.clear_faults(id).await.unwrap_err().code(), "LEDGER_FAILED");
        assert_eq!(rig.issuer.faults(), std::slice::from_ref(&kept));
    }
}

#[tokio::test]
async fn a_record_that_changed_meanwhile_is_read_again() {
    let (rig, ledger) = rig(ReplyStyle::default()).await;
    let conflicts = || ledger.conflicts.store(3, Ordering::SeqCst);
    conflicts();
    assert_eq!(rig.send(&order("1")).await.err_code(), "SUCCESS");
    rig.clock.advance(seconds(5));
    conflicts();
    assert_eq!(rig.query("1").await.status(), "SENT");
    conflicts();
    rig.issuer.trigger(&rig.key("1"), Trigger::Receive).await.unwrap();
    assert_eq!(rig.balance().await, BALANCE - 1_000);
    assert_eq!(rig.events("1").await, ["accepted", "SENDING", "told:clear", "SENT", "RECEIVED"]);
}

#[tokio::test]
async fn one_number_sent_many_times_at_once_is_one_packet() {
    let rig = Arc::new(Rig::new(sandbox()).await);
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let rig = rig.clone();
        sends.spawn(async move { rig.answer_send(&order("1")).await.body });
    }
    let bodies = sends.join_all().await;
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(rig.balance().await, BALANCE - 1_000);
}

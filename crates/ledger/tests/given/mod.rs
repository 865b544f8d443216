//! Records, merchants and commits that tests begin with.
#![allow(dead_code, clippy::unwrap_used)]

pub mod inquiries;

use hongbao_ledger::record::{Order, Receipt, Refund, Told};
use hongbao_ledger::{Budget, Commit, Entry, Expect, Key, Limits, Merchant, Record, Source};
use hongbao_wire::send::{Scene, Sender};
use hongbao_wire::{ApiKey, DetailId, Fen, MchId, OpenId, Status, WorkwxSecret};
use jiff::Timestamp;
use jiff::civil::{Date, date};

pub const MCH_ID: &str = "10000098";
pub const OTHER_MCH_ID: &str = "10000099";
pub const API_KEY: &[u8] = b"marker-api-key-0123456789abcdefg";
pub const WORKWX_SECRET: &[u8] = b"marker-workwx-secret-0123456789a";

pub fn fen(fen: u64) -> Fen {
    Fen::new(fen).unwrap()
}

/// So many milliseconds after the time when everything begins.
pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_500_561_912_000 + ms).unwrap()
}

pub fn day() -> Date {
    date(2017, 7, 20)
}

pub fn merchant(mch_id: &str, balance: u64) -> Merchant {
    Merchant {
        mch_id: MchId::from(mch_id),
        name: "测试 Ltd".into(),
        appids: vec!["wx8888888888888888".into(), "ww1".into()],
        api_key: ApiKey::new(API_KEY),
        workwx_secret: WorkwxSecret::new(WORKWX_SECRET),
        key_version: 1,
        limits: Limits::default(),
        balance: fen(balance),
        product_enabled: true,
        api_send_enabled: false,
        address_whitelist: vec!["10.0.0.0/8".into()],
        revoked_serials: vec!["0a1b".into()],
        version: 1,
        added_at: at(0),
    }
}

/// A packet with only what must be there.
pub fn record(mch_id: &str, mch_billno: &str) -> Record {
    Record {
        key: Key::new(mch_id, mch_billno),
        order: Order {
            wxappid: "wx8888888888888888".into(),
            re_openid: "oxTWIuGaIt6gTKsQRLau2M0yL16E".into(),
            total_amount: fen(100),
            wishing: "祝福语".into(),
            act_name: "活动".into(),
            remark: "备注 🧧".into(),
            sender: Sender::Company,
            sender_header_media_id: None,
            scene: None,
        },
        sent_at: at(0),
        detail_id: None,
        status: None,
        status_at: at(0),
        reason: None,
        receipt: None,
        refund: None,
        due_at: None,
        play: "".into(),
        told: Told::Nothing,
        version: 1,
    }
}

/// A packet with everything that can be there.
pub fn full_record(mch_id: &str, mch_billno: &str) -> Record {
    let mut record = record(mch_id, mch_billno);
    record.order.sender = Sender::Name("张三 \0 ' \" ]]>".into());
    record.order.sender_header_media_id = Some("media".into());
    record.order.scene = Some(Scene::TaxLottery);
    record.order.total_amount = Fen::MAX;
    record.detail_id = Some(DetailId::from("1000041701201609263000000000000"));
    record.status = Some(Status::Unknown("SOMETHING_NEW".into()));
    record.status_at = at(-1);
    record.reason = Some("余额不足".into());
    let openid = OpenId::from("oOther");
    record.receipt = Some(Receipt { openid, amount: fen(99), rcv_time: at(5) });
    record.refund = Some(Refund { refund_amount: Fen::ZERO, refund_time: at(6) });
    record.due_at = Some(at(7));
    record.play = "receive".into();
    record.told = Told::Failed;
    record
}

pub fn entry(event: &str) -> Entry {
    Entry { at: at(0), source: Source::Issuer, event: event.into(), raw: None }
}

/// The first commit of a packet, with nothing but one entry `accepted`.
pub fn first(record: Record) -> Commit {
    Commit {
        record,
        expect: Expect::Absent,
        entries: vec![entry("accepted")],
        reply: None,
        budget: None,
        refund: None,
        findings: Vec::new(),
    }
}

/// The next commit of a packet at `version`, with nothing but one entry `moved`.
pub fn next(record: Record, version: u64) -> Commit {
    Commit { expect: Expect::Version(version), entries: vec![entry("moved")], ..first(record) }
}

/// A budget whose limits nothing reaches.
pub fn budget(amount: u64) -> Budget {
    Budget {
        day: day(),
        re_openid: "oxTWIuGaIt6gTKsQRLau2M0yL16E".into(),
        amount: fen(amount),
        user_packets_max: u32::MAX,
        user_amount_max: Fen::MAX,
        merchant_amount_max: Fen::MAX,
    }
}

/// The same first commit with a budget.
pub fn spending(mch_billno: &str, budget: Budget) -> Commit {
    Commit { budget: Some(budget), ..first(record(MCH_ID, mch_billno)) }
}

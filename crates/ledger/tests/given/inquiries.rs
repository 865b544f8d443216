//! Inquiries and commits of them that tests begin with.

use super::{at, entry, fen, full_record, record};
use bytes::Bytes;
use hongbao_ledger::inquiry::{Conclusion, Seen};
use hongbao_ledger::record::Order;
use hongbao_ledger::{Expect, Inquiry, InquiryCommit, Key};
use hongbao_wire::{DetailId, OpenId};

/// A packet with only what must be there.
pub fn inquiry(mch_id: &str, mch_billno: &str) -> Inquiry {
    Inquiry {
        key: Key::new(mch_id, mch_billno),
        appid: "wx8888888888888888".into(),
        business_ref: None,
        order: None,
        noted_at: at(0),
        sent_at: None,
        sends: 0,
        asks: 0,
        asked_at: None,
        answered_at: None,
        conclusion: Conclusion {
            verdict: "no_answer".into(),
            cause: None,
            next_step: "ask_again".into(),
            is_final: false,
        },
        unknown_since: None,
        is_contradicted: false,
        seen: None,
        reply: None,
        send_reply: None,
        due_at: None,
        attention: None,
        version: 1,
    }
}

/// A packet that we ordered: its order has a name, a scene and an icon.
pub fn ordered(mch_id: &str, mch_billno: &str, business_ref: &str) -> Inquiry {
    // Not the largest amount: the packets of a day are summed.
    let order = Order { total_amount: fen(100), ..full_record(mch_id, mch_billno).order };
    Inquiry {
        business_ref: Some(business_ref.into()),
        order: Some(order),
        ..inquiry(mch_id, mch_billno)
    }
}

/// What a record said of which nothing but the status could be read.
pub fn seen(status: &str) -> Seen {
    Seen {
        status: status.into(),
        detail_id: None,
        total_amount: None,
        reason: None,
        act_name: None,
        sender_name: None,
        send_time: None,
        openid: None,
        amount: None,
        rcv_time: None,
        refund_amount: None,
        refund_time: None,
    }
}

/// A packet with everything that can be there.
pub fn full_inquiry(mch_id: &str, mch_billno: &str) -> Inquiry {
    Inquiry {
        sent_at: Some(at(-1)),
        sends: u32::MAX,
        asks: 7,
        asked_at: Some(at(2)),
        answered_at: Some(at(3)),
        conclusion: Conclusion {
            verdict: "open".into(),
            cause: Some("refunding".into()),
            next_step: "ask_again_slower".into(),
            is_final: true,
        },
        unknown_since: Some(at(4)),
        is_contradicted: true,
        seen: Some(Seen {
            status: "SOMETHING_NEW".into(),
            detail_id: Some(DetailId::from("1000041701201609263000000000000")),
            total_amount: Some(fen(i64::MAX as u64)),
            reason: Some("余额不足 \0 ' \"".into()),
            act_name: Some("另一活动".into()),
            sender_name: Some("李四".into()),
            send_time: Some(at(5)),
            openid: Some(OpenId::from("oOther")),
            amount: Some(fen(0)),
            rcv_time: Some(at(6)),
            refund_amount: Some(fen(9)),
            refund_time: Some(at(7)),
        }),
        reply: Some(Bytes::from_static(b"<xml>\0\xff\r\n</xml>")),
        send_reply: Some(Bytes::from(vec![b'x'; 100_000])),
        due_at: Some(at(8)),
        attention: Some("contradicted".into()),
        order: Some(full_record(mch_id, mch_billno).order),
        ..ordered(mch_id, mch_billno, "工资/2017-07 ' \u{10ffff}")
    }
}

/// An inquiry of a packet ordered plainly.
pub fn plainly_ordered(mch_id: &str, mch_billno: &str) -> Inquiry {
    Inquiry { order: Some(record(mch_id, mch_billno).order), ..inquiry(mch_id, mch_billno) }
}

/// The first commit of a packet, with nothing but one entry `noted`.
pub fn noted(inquiry: Inquiry) -> InquiryCommit {
    InquiryCommit {
        inquiry,
        expect: Expect::Absent,
        numbers_of_ref: None,
        entries: vec![entry("noted")],
    }
}

/// The next commit of a packet at `version`, with nothing but one entry `asked`.
pub fn asked(inquiry: Inquiry, version: u64) -> InquiryCommit {
    InquiryCommit {
        expect: Expect::Version(version),
        entries: vec![entry("asked")],
        ..noted(inquiry)
    }
}

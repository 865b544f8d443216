//! Texts of others, however long and whatever is in them: none keeps a packet out of the ledger.

use crate::archive::is_whole;
use crate::given::inquiries::{full_inquiry, noted};
use crate::given::{MCH_ID, at, first, full_record};
use crate::stores::Whole;
use hongbao_ledger::{Filter, Inquiry, InquiryCommit, InquiryFilter, LedgerError, Record};
use hongbao_wire::send::Sender;
use hongbao_wire::{Fen, OpenId, Status};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const SEED: u64 = 20_170_720;

/// 100 kB that no compression makes short, different for each name; with all that may be in a text.
fn long(name: u64, odd: &str) -> String {
    let mut random = StdRng::seed_from_u64(SEED + name);
    let mut text = format!("o{odd}");
    text.extend((0..100_000).map(|_| char::from(random.random_range(b'!'..=b'~'))));
    text + odd
}

const ODD: [&str; 3] = ["", "\0", "\u{1}\0红\u{10ffff}\u{1}"];

fn long_record(number: &str, odd: &str) -> Record {
    let mut record = full_record(MCH_ID, number);
    let text = |name| long(name, odd);
    record.status = Some(Status::Unknown(text(1).into()));
    record.order.re_openid = text(2).into();
    record.receipt.as_mut().unwrap().openid = text(3).into();
    record.order.total_amount = Fen::new(1).unwrap();
    record.order.act_name = text(4).into();
    record.order.wishing = text(5).into();
    record.order.remark = text(6).into();
    record.order.sender = Sender::Name(text(7).into());
    record.reason = Some(text(8).into());
    record.detail_id = Some(text(9).into());
    record.play = text(10).into();
    record.told = hongbao_ledger::record::Told::Unclear;
    record
}

pub async fn a_record_of_long_and_odd_texts_is_kept_and_found(ledger: Whole) {
    for odd in ODD {
        let number = format!("n{}", odd.len());
        let wanted = long_record(&number, odd);
        ledger.commit(first(wanted.clone())).await.unwrap();
        assert_eq!(ledger.find(&wanted.key).await.unwrap(), Some(wanted.clone()), "{odd:?}");
        let one = std::slice::from_ref(&wanted);
        let find = async |filter: Filter| {
            let filter = Filter { limit: 9, ..filter };
            ledger.records(MCH_ID, &filter).await.unwrap()
        };
        let status = wanted.status.as_ref().map(|status| status.as_str().into());
        let re_openid = wanted.order.re_openid.clone();
        let found = find(Filter { status, ..Filter::default() }).await;
        assert_eq!(found, one, "{odd:?}");
        let found = find(Filter { re_openid: Some(re_openid.clone()), ..Filter::default() }).await;
        assert_eq!(found, one, "{odd:?}");
        let unclear = ledger.unclear(MCH_ID, &re_openid, Fen::new(1).unwrap(), at(0)).await;
        assert_eq!(unclear.unwrap(), one, "{odd:?}");
        // One that begins like it is another.
        let like = |text: &str| format!("{}x", &text[..text.len() - 1]);
        let like_it = OpenId::from(like(re_openid.as_str()));
        let filter = Filter { re_openid: Some(like_it.clone()), ..Filter::default() };
        assert_eq!(find(filter).await, []);
        let status = wanted.status.as_ref().map(|status| like(status.as_str()).into());
        assert_eq!(find(Filter { status, ..Filter::default() }).await, []);
        assert!(is_whole(&ledger).await);
    }
}

pub async fn an_inquiry_of_long_and_odd_texts_is_kept_and_found(ledger: Whole) {
    for odd in ODD {
        let text = |name| long(name, odd);
        let mut wanted = full_inquiry(MCH_ID, &format!("n{}", odd.len()));
        let order = long_record("x", odd).order;
        let seen = wanted.seen.as_mut().unwrap();
        seen.status = text(1).into();
        seen.openid = Some(text(3).into());
        seen.act_name = Some(text(11).into());
        seen.total_amount = None;
        let (status, received_by) = (seen.status.clone(), text(3));
        let act_name = seen.act_name.clone();
        let meant = order.re_openid.clone();
        wanted.order = Some(order);
        wanted.business_ref = Some(text(12).into());
        let commit = InquiryCommit { numbers_of_ref: Some(0), ..noted(wanted.clone()) };
        ledger.commit_inquiry(commit).await.unwrap();
        assert_eq!(ledger.inquiry(&wanted.key).await.unwrap(), Some(wanted.clone()), "{odd:?}");
        let all = InquiryFilter { limit: 9, ..InquiryFilter::default() };
        for filter in [
            InquiryFilter { status: Some(status), ..all.clone() },
            InquiryFilter { openid: Some(meant), ..all.clone() },
            InquiryFilter { openid: Some(received_by.into()), ..all.clone() },
            InquiryFilter { business_ref: wanted.business_ref.clone(), ..all.clone() },
            InquiryFilter { act_name, ..all.clone() },
        ] {
            let found = ledger.inquiries(MCH_ID, &filter).await.unwrap();
            assert_eq!(found, [wanted.clone()], "{odd:?}");
        }
        let business_ref = wanted.business_ref.clone().unwrap();
        let found = ledger.inquiries_of_ref(MCH_ID, &business_ref).await.unwrap();
        assert_eq!(found, [wanted.clone()], "{odd:?}");
        // It counts among the numbers of its reference.
        let mut second = wanted.clone();
        second.key.mch_billno = format!("s{}", odd.len()).as_str().into();
        let taken = InquiryCommit { numbers_of_ref: Some(0), ..noted(second.clone()) };
        let refused = ledger.commit_inquiry(taken).await;
        assert!(matches!(refused, Err(LedgerError::Conflict)), "{odd:?}: {refused:?}");
        let beside = InquiryCommit { numbers_of_ref: Some(1), ..noted(second) };
        ledger.commit_inquiry(beside).await.unwrap();
        assert!(is_whole(&ledger).await);
    }
}

pub async fn a_receiver_with_a_long_and_odd_name_is_forgotten(ledger: Whole) {
    for odd in ODD {
        let mut record = long_record(&format!("n{}", odd.len()), odd);
        record.due_at = None;
        ledger.commit(first(record.clone())).await.unwrap();
        let mut inquiry = full_inquiry(MCH_ID, &format!("n{}", odd.len()));
        inquiry.seen.as_mut().unwrap().openid = Some(record.order.re_openid.clone());
        inquiry.seen.as_mut().unwrap().total_amount = Some(Fen::new(1).unwrap());
        ledger.commit_inquiry(noted(Inquiry { due_at: None, ..inquiry })).await.unwrap();
        let later = at(31 * 24 * 3_600_000);
        let done = ledger.forget(MCH_ID, &record.order.re_openid, &"x".into(), later).await;
        assert_eq!(done.unwrap().packets, 2, "{odd:?}");
        let found = ledger.find(&record.key).await.unwrap().unwrap();
        assert_eq!(found.order.re_openid.as_str(), "x");
        assert!(is_whole(&ledger).await);
    }
}

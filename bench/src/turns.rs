//! P2 and P3: one turn in memory, ours and the rivals'.

use crate::rivals;
use crate::scene::{APPID, MCH_ID};
use crate::table::{Row, median};
use hongbao_wire::observation::{Asked, Observation, read};
use hongbao_wire::sign::{self, Policy, Rule};
use hongbao_wire::xml::Document;
use hongbao_wire::{ApiKey, Fen, QueryReply, QueryRequest, Status, WireTime, query};
use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const KEY: &[u8] = b"192006250b4c09247ec02edce69f6a2d";
const BILLNO: &str = "10000098201707200000000001";
const NONCE: &str = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";

/// Microseconds of one call, the median of `rounds` batches.
fn micros(rounds: usize, calls: u32, mut turn: impl FnMut()) -> f64 {
    let batches = (0..=rounds).map(|_| {
        let started = Instant::now();
        for _ in 0..calls {
            turn();
        }
        started.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    });
    median(batches.skip(1).collect())
}

fn received() -> QueryReply {
    let time = |text| Some(WireTime::from_wire(text));
    QueryReply {
        mch_billno: BILLNO.into(),
        mch_id: MCH_ID.into(),
        detail_id: Some("1000041701201707203000012345678".into()),
        status: Status::Received,
        send_type: Some("API".into()),
        total_amount: Fen::new(1000),
        reason: None,
        send_time: time("2017-07-20 22:45:12"),
        refund_time: None,
        refund_amount: None,
        wishing: Some("新年快乐".into()),
        remark: Some("新年红包".into()),
        act_name: Some("新年红包".into()),
        openid: Some("ohO4GtzOAAYMp2yapORH3dQB3W18".into()),
        amount: Fen::new(1000),
        rcv_time: time("2017-07-20 22:46:59"),
        sender_name: Some("XX活动".into()),
        sender_header_media_id: None,
        err_code: None,
        unknown_fields: Vec::new(),
    }
}

/// The server's turn: parse and verify the request, find, sign and build the reply.
pub fn server(rounds: usize, calls: u32) -> Vec<Row> {
    let key = ApiKey::new(KEY);
    let body = QueryRequest { nonce_str: NONCE, mch_billno: BILLNO, mch_id: MCH_ID, appid: APPID }
        .write(&key);
    let reply = received();
    let kept = bytes::Bytes::from(reply.write(Some(&key)));
    let records: HashMap<&str, &QueryReply> = [(BILLNO, &reply)].into();
    let replies: HashMap<&str, bytes::Bytes> = [(BILLNO, kept)].into();
    let asked_for = |body: &[u8]| {
        let document = Document::parse(body).expect("our own request");
        sign::verify(&document, &key, Rule::Known(&query::REQUEST_FIELDS)).expect("our own sign");
        QueryRequest::read(&document).map(|r| r.mch_billno.len()).expect("our own fields")
    };
    let cold = micros(rounds, calls, || {
        black_box(asked_for(black_box(&body)));
        black_box(records.get(black_box(BILLNO)).map(|r| r.write(Some(&key))));
    });
    let known = micros(rounds, calls, || {
        black_box(asked_for(black_box(&body)));
        black_box(replies.get(black_box(BILLNO)).cloned());
    });
    let row = |what: &str, ours: f64, asked, most: f64| Row {
        goal: "P2",
        what: what.to_owned(),
        ours: format!("{ours:.2} µs"),
        baseline: "–".to_owned(),
        ratio: None,
        asked,
        reached: Some(ours <= most),
    };
    vec![
        row("server turn in memory, reply built and signed", cold, "≤ 2.0 µs", 2.0),
        row("server turn in memory, reply bytes known", known, "≤ 0.8 µs", 0.8),
    ]
}

/// The client's turn: build and sign the request, parse and verify the reply.
pub fn client(rounds: usize, calls: u32, compat: &Path) -> Vec<Row> {
    let key = ApiKey::new(KEY);
    let reply = received().write(Some(&key));
    let asked = Asked { mch_id: MCH_ID, mch_billno: BILLNO };
    let ours = micros(rounds, calls, || {
        let request =
            QueryRequest { nonce_str: NONCE, mch_billno: BILLNO, mch_id: MCH_ID, appid: APPID };
        black_box(request.write(&key));
        let seen = read::<QueryReply>(asked, 200, black_box(&reply), &key, Policy::Require);
        assert!(matches!(seen, Observation::Success(_)));
        black_box(seen);
    });
    let mut rows = vec![Row {
        goal: "P3",
        what: "client turn: build, sign, parse, verify, typed".to_owned(),
        ours: format!("{ours:.2} µs"),
        baseline: "–".to_owned(),
        ratio: None,
        asked: "≤ 2.5 µs",
        reached: Some(ours <= 2.5),
    }];
    for rival in rivals::measure(compat, &reply) {
        let ratio = rival.micros / ours;
        rows.push(Row {
            goal: "P3",
            what: "the same turn".to_owned(),
            ours: format!("{ours:.2} µs"),
            baseline: format!("{}: {:.1} µs", rival.name, rival.micros),
            ratio: Some(ratio),
            asked: rival.asked,
            reached: Some(ratio >= rival.least),
        });
    }
    rows
}

//! Requests and replies, field by field.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use hongbao_wire::failure::FailureReply;
use hongbao_wire::field::{FieldError, FieldRule};
use hongbao_wire::query::{QueryReply, QueryRequest, Reply};
use hongbao_wire::reply::ReplyError;
use hongbao_wire::send::{Scene, SendReply, SendRequest, Sender};
use hongbao_wire::sign::{Policy, SignError, verify_workwx};
use hongbao_wire::xml::Document;
use hongbao_wire::{ErrorCode, Fen, WorkwxSecret};
use support::*;

type Pairs = Vec<(&'static str, &'static str)>;

fn query_request() -> Pairs {
    vec![
        ("nonce_str", "n"),
        ("sign", "s"),
        ("mch_billno", "123456"),
        ("mch_id", "10000098"),
        ("appid", "wx8888888888888888"),
    ]
}

fn send_request() -> Pairs {
    vec![
        ("nonce_str", "n"),
        ("sign", "s"),
        ("mch_billno", "123456"),
        ("mch_id", "10000098"),
        ("wxappid", "wx8888888888888888"),
        ("sender_name", "XX活动"),
        ("sender_header_media_id", "1G6nrLmr5EC3MMb_-zK1dDdzmd0p7cNliYu9V5w7o8K0"),
        ("re_openid", "ohO4GtzOAAYMp2yapORH3dQB3W18"),
        ("total_amount", "1000"),
        ("wishing", "新年快乐"),
        ("act_name", "新年红包"),
        ("remark", "新年备注"),
        ("scene_id", "PRODUCT_1"),
        ("workwx_sign", "w"),
    ]
}

fn of_query(fields: Pairs) -> Option<FieldError> {
    let body = unsigned(&fields);
    let document = Document::parse(&body).unwrap();
    QueryRequest::read(&document).err()
}

fn of_send(fields: Pairs) -> Option<FieldError> {
    SendRequest::read(&Document::parse(&unsigned(&fields)).unwrap()).err()
}

fn long(chars: usize) -> &'static str {
    "字".repeat(chars).leak()
}

#[test]
fn a_query_keeps_its_rules() {
    assert_eq!(of_query(query_request()), None);
    for (field, chars_max) in
        [("appid", 32), ("mch_billno", 28), ("mch_id", 32), ("nonce_str", 32), ("sign", 64)]
    {
        let broken = Some(FieldError { field, rule: FieldRule::Required { chars_max } });
        assert_eq!(of_query(with(query_request(), field, "")), broken);
        assert_eq!(of_query(with(query_request(), field, long(chars_max + 1))), broken);
        if field != "mch_billno" {
            assert_eq!(of_query(with(query_request(), field, long(chars_max))), None);
        }
    }
    let longest = "0123456789abcdefghijklmnopqR";
    assert_eq!(of_query(with(query_request(), "mch_billno", longest)), None);
    let broken = Some(FieldError { field: "mch_billno", rule: FieldRule::Alphanumeric });
    for billno in ["12-34", "12 34", "１２", "a_b"] {
        assert_eq!(of_query(with(query_request(), "mch_billno", billno)), broken, "{billno}");
    }
}

#[test]
fn a_send_keeps_its_rules() {
    assert_eq!(of_send(send_request()), None);
    for (field, chars_max) in [
        ("nonce_str", 32),
        ("sign", 64),
        ("mch_billno", 28),
        ("mch_id", 32),
        ("wxappid", 32),
        ("re_openid", 32),
        ("total_amount", 20),
        ("wishing", 128),
        ("act_name", 32),
        ("remark", 256),
        ("workwx_sign", 32),
    ] {
        let broken = Some(FieldError { field, rule: FieldRule::Required { chars_max } });
        assert_eq!(of_send(with(send_request(), field, "")), broken);
        assert_eq!(of_send(with(send_request(), field, long(chars_max + 1))), broken);
        if !matches!(field, "mch_billno" | "total_amount") {
            assert_eq!(of_send(with(send_request(), field, long(chars_max))), None, "{field}");
        }
    }
    for (field, chars_max) in
        [("sender_name", 128), ("sender_header_media_id", 128), ("scene_id", 32)]
    {
        let broken = Some(FieldError { field, rule: FieldRule::AtMost { chars_max } });
        assert_eq!(of_send(with(send_request(), field, long(chars_max + 1))), broken);
        assert_eq!(of_send(with(send_request(), field, "")), None);
    }
    for amount in ["+1", "1.00", "1E+2", "-1", " ", "99999999999999999999"] {
        let broken = Some(FieldError { field: "total_amount", rule: FieldRule::Number });
        assert_eq!(of_send(with(send_request(), "total_amount", amount)), broken, "{amount}");
    }
    let broken = Some(FieldError { field: "scene_id", rule: FieldRule::OneOfDocumented });
    assert_eq!(of_send(with(send_request(), "scene_id", "PRODUCT_9")), broken);
}

#[test]
fn a_person_or_an_app_sends() {
    let app = |agentid| with(with(send_request(), "sender_name", ""), "agentid", agentid);
    let sender = |fields: Pairs| {
        SendRequest::read(&Document::parse(&unsigned(&fields)).unwrap()).map(|r| r.sender)
    };
    assert_eq!(sender(send_request()), Ok(Sender::Name("XX活动".into())));
    assert_eq!(sender(app("1000002")), Ok(Sender::Agent(1_000_002)));
    assert_eq!(sender(app("4294967295")), Ok(Sender::Agent(u32::MAX)));
    assert_eq!(sender(app("")), Ok(Sender::Company));
    let number = FieldError { field: "agentid", rule: FieldRule::Number };
    for bad in ["4294967296", "+1", "-1", "1.0", "a", " 1"] {
        assert_eq!(sender(app(bad)), Err(number), "{bad}");
    }
    let too_long = FieldError { field: "agentid", rule: FieldRule::AtMost { chars_max: 10 } };
    assert_eq!(sender(app("00000000001")), Err(too_long));
    let both = FieldError { field: "sender_name", rule: FieldRule::ExclusiveWith("agentid") };
    assert_eq!(sender(with(send_request(), "agentid", "1")), Err(both));
}

#[test]
fn the_first_broken_field_in_the_order_of_the_page() {
    let none = of_send(vec![]).unwrap();
    assert_eq!(none.field, "nonce_str");
    assert_eq!(of_query(vec![]).unwrap().field, "appid");
    let two = with(with(send_request(), "scene_id", "X"), "mch_id", "");
    assert_eq!(of_send(two).unwrap().field, "mch_id");
}

#[test]
fn field_errors_speak_as_q02_does() {
    let text = |rule| FieldError { field: "appid", rule }.to_string();
    let required = FieldRule::Required { chars_max: 32 };
    assert_eq!(text(required), "参数错误:appid字段必填,最长为32个字符.");
    assert_eq!(text(FieldRule::AtMost { chars_max: 3 }), "参数错误:appid字段最长为3个字符.");
    assert_eq!(text(FieldRule::Alphanumeric), "参数错误:appid字段只能由字母和数字组成.");
    assert_eq!(text(FieldRule::Number), "参数错误:appid字段必须为非负整数.");
    assert_eq!(text(FieldRule::ExclusiveWith("x")), "参数错误:appid与x不能同时填写.");
    assert_eq!(text(FieldRule::OneOfDocumented), "参数错误:appid字段取值不正确.");
    assert_eq!(text(FieldRule::RequiredForAmount), "参数错误:该金额必须填写appid字段.");
    assert_eq!(text(FieldRule::NotBoundToMerchant), "参数错误:appid与mch_id不匹配.");
}

#[test]
fn a_send_is_written_as_the_page_orders_it_and_signed_twice() {
    let secret = WorkwxSecret::new(*b"synthetic-workwx-secret-0123456789");
    for sender in [Sender::Name("XX活动".into()), Sender::Agent(7), Sender::Company] {
        let body = unsigned(&send_request());
        let mut request = SendRequest::read(&Document::parse(&body).unwrap()).unwrap();
        request.sender = sender;
        let written = request.write(&key(), &secret);
        let document = Document::parse(&written).unwrap();
        assert_eq!(SendRequest::read(&document).unwrap(), request);
        assert_eq!(verify_workwx(&document, &secret), Ok(()));
        assert_eq!(verify_workwx(&document, &WorkwxSecret::new(*b"x")), Err(SignError::Mismatch));
        assert!(
            hongbao_wire::sign::verify(
                &document,
                &key(),
                hongbao_wire::sign::Rule::Known(&hongbao_wire::send::REQUEST_FIELDS)
            )
            .is_ok()
        );
        let names: Vec<_> = document.fields().iter().map(|f| f.name()).collect();
        let mut expected: Vec<_> = hongbao_wire::send::REQUEST_FIELDS.to_vec();
        match request.sender {
            Sender::Name(_) => expected.retain(|n| *n != "agentid"),
            Sender::Agent(_) => expected.retain(|n| *n != "sender_name"),
            Sender::Company => expected.retain(|n| !matches!(*n, "sender_name" | "agentid")),
        }
        assert_eq!(names, expected);
        assert_eq!(request.scene, Some(Scene::Promotion));
    }
}

fn full_record() -> Pairs {
    let mut fields = record("REFUND");
    fields.extend([
        ("return_msg", "ok"),
        ("detail_id", "1000041701201707203000012345678"),
        ("send_type", "API"),
        ("total_amount", "1000"),
        ("reason", "余额不足"),
        ("send_time", "2017-07-20 22:45:12"),
        ("refund_time", "2017-07-21 22:45:40"),
        ("refund_amount", "1001"),
        ("wishing", "新年快乐"),
        ("remark", "新年备注"),
        ("act_name", "新年红包"),
        ("openid", "ohO4GtzOAAYMp2yapORH3dQB3W18"),
        ("amount", "1002"),
        ("rcv_time", "2017-07-20 22:46:59"),
        ("sender_name", "XX活动"),
        ("sender_header_media_id", "1G6nr"),
        ("err_code", "ODD"),
        ("err_code_des", "x"),
        ("hb_type", "NORMAL"),
        ("empty", ""),
    ]);
    fields
}

#[test]
fn every_field_of_a_record_is_read_and_written() {
    let body = signed(&full_record());
    let document = Document::parse(&body).unwrap();
    let Reply::Success(reply) = QueryReply::read(&document, &key(), Policy::Require).unwrap()
    else {
        panic!("a success")
    };
    let reply = reply.into_inner();
    assert_eq!(reply.total_amount, Fen::new(1000));
    assert_eq!(reply.refund_amount, Fen::new(1001));
    assert_eq!(reply.amount, Fen::new(1002));
    assert_eq!(reply.err_code, Some(ErrorCode::Unknown("ODD".into())));
    assert_eq!(*reply.unknown_fields, [("hb_type".into(), "NORMAL".into())]);
    let written = String::from_utf8(reply.write(Some(&key()))).unwrap();
    let again = Document::parse(written.as_bytes()).unwrap();
    let names: Vec<_> = again.fields().iter().map(|f| f.name()).collect();
    let mut expected = hongbao_wire::query::REPLY_FIELDS.to_vec();
    expected.retain(|name| !name.starts_with("err_code"));
    expected.push("hb_type");
    assert_eq!(names, expected);
    for field in again.fields().iter().filter(|f| f.name() != "sign") {
        assert_eq!(document.get(field.name()), field.value(), "{}", field.name());
    }
    assert!(
        hongbao_wire::sign::verify(&again, &key(), hongbao_wire::sign::Rule::AllReceived).is_ok()
    );
    let unsigned = reply.write(None);
    assert_eq!(Document::parse(&unsigned).unwrap().get("sign"), None);
}

#[test]
fn a_success_code_beside_a_success_is_no_error() {
    for (word, expected) in [
        ("SUCCESS", None),
        ("0", None),
        ("OK", None),
        ("", None),
        ("SEND_FAILED", Some(ErrorCode::SendFailed)),
    ] {
        let body = unsigned(&with(record("SENT"), "err_code", word));
        let document = Document::parse(&body).unwrap();
        assert_eq!(QueryReply::read_fields(&document).unwrap().err_code, expected, "{word}");
        assert_eq!(SendReply::read_fields(&document).unwrap().err_code, expected, "{word}");
    }
}

#[test]
fn a_sends_reply_is_read_and_written() {
    let mut fields = record("SENT");
    fields.retain(|(name, _)| *name != "status");
    fields.extend([
        ("return_msg", "ok"),
        ("err_code_des", "x"),
        ("wxappid", "wx8888888888888888"),
        ("re_openid", "ohO4GtzOAAYMp2yapORH3dQB3W18"),
        ("total_amount", "1000"),
        ("send_listid", "1000041701201707203000012345678"),
        ("sender_name", "XX活动"),
        ("sender_header_media_id", "1G6nr"),
        ("new", "1"),
    ]);
    let body = signed(&fields);
    let document = Document::parse(&body).unwrap();
    let Reply::Success(reply) = SendReply::read(&document, &key(), Policy::Require).unwrap() else {
        panic!("a success")
    };
    assert_eq!(*reply.get().unknown_fields, [("new".into(), "1".into())]);
    let written = reply.get().write(Some(&key()));
    let again = Document::parse(&written).unwrap();
    let names: Vec<_> = again.fields().iter().map(|f| f.name()).collect();
    let mut expected = hongbao_wire::send::REPLY_FIELDS.to_vec();
    expected.retain(|name| !name.starts_with("err_code"));
    expected.push("new");
    assert_eq!(names, expected);
    for field in again.fields().iter().filter(|f| f.name() != "sign") {
        assert_eq!(document.get(field.name()), field.value(), "{}", field.name());
    }
    let read = |fields: Pairs| {
        let body = signed(&fields);
        SendReply::read(&Document::parse(&body).unwrap(), &key(), Policy::Require).err()
    };
    assert_eq!(read(with(fields.clone(), "mch_id", "")), Some(ReplyError::MissingField("mch_id")));
    let missing = Some(ReplyError::MissingField("mch_billno"));
    assert_eq!(read(with(fields.clone(), "mch_billno", "")), missing);
    let bad = Some(ReplyError::BadField("total_amount"));
    assert_eq!(read(with(fields.clone(), "total_amount", "1E+2")), bad);
    let by_other_key =
        SendReply::read(&document, &hongbao_wire::ApiKey::new(*b"x"), Policy::Require);
    assert_eq!(by_other_key.err(), Some(ReplyError::Sign(SignError::Mismatch)));
}

#[test]
fn failures_are_written_as_captured() {
    let q01 = FailureReply::business(ErrorCode::NotFound, "指定单号数据不存在")
        .echoing("1617334655bac".into(), "1607716150".into());
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/samples/q01_queryworkwx_notfound.xml");
    let captured = std::fs::read_to_string(path).unwrap();
    assert_eq!(String::from_utf8(q01.write(None)).unwrap(), captured.trim_end());
    let signed = q01.write(Some(&key()));
    let document = Document::parse(&signed).unwrap();
    assert!(
        hongbao_wire::sign::verify(&document, &key(), hongbao_wire::sign::Rule::AllReceived)
            .is_ok()
    );
    assert_eq!(document.fields()[2].name(), "sign");

    let read = FailureReply::read(&document).unwrap();
    assert!(read.communicated);
    assert_eq!(read.err_code, Some(ErrorCode::NotFound));
    assert_eq!(read.description.to_string(), "指定单号数据不存在");
    assert_eq!(read.mch_billno, Some("1617334655bac".into()));
    assert_eq!(read.mch_id, Some("1607716150".into()));

    let gateway = FailureReply { communicated: false, err_code: None, ..read };
    let written = String::from_utf8(gateway.write(None)).unwrap();
    assert!(written.contains("<return_code><![CDATA[FAIL]]></return_code>"));
    assert!(!written.contains("err_code"));
}

#[test]
fn the_description_is_the_best_there_is() {
    let text = |fields: &[(&str, &str)]| {
        let body = unsigned(fields);
        FailureReply::read(&Document::parse(&body).unwrap()).unwrap().description.to_string()
    };
    assert_eq!(text(&[("retmsg", "r"), ("return_msg", "m"), ("err_code_des", "d")]), "d");
    assert_eq!(text(&[("retmsg", "r"), ("return_msg", "m")]), "m");
    assert_eq!(text(&[("retmsg", "r")]), "r");
    assert_eq!(text(&[]), "");
    let success = unsigned(&record("SENT"));
    assert!(FailureReply::read(&Document::parse(&success).unwrap()).is_none());
}

#[test]
fn reply_errors_speak() {
    assert_eq!(ReplyError::MissingField("status").to_string(), "the reply lacks `status`");
    assert_eq!(ReplyError::BadField("amount").to_string(), "the reply's `amount` cannot be read");
    assert_eq!(ReplyError::Sign(SignError::Missing).to_string(), "there is no `sign`");
}

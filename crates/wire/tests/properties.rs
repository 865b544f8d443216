//! What holds for any input.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use hongbao_wire::query::{QueryReply, QueryRequest, Reply};
use hongbao_wire::send::{Scene, SendRequest, Sender};
use hongbao_wire::sign::{Method, Policy, Rule, base_string, sign, sign_with, verify};
use hongbao_wire::xml::{Document, Writer, has_forbidden, strip_control_characters};
use hongbao_wire::{Fen, WireTime, WorkwxSecret};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use support::{key, unsigned};

/// The same cases on every run.
fn check<S: Strategy>(strategy: &S, property: impl Fn(S::Value)) {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 512, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new_with_rng(config, rng).run(strategy, |value| {
        property(value);
        Ok(())
    });
    run.unwrap();
}

/// Any text that XML can carry, CDATA's end and line ends among it.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        "[a-z]{0,4}",
        Just("]]>".to_owned()),
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("<&>'\"".to_owned()),
        "\\PC{0,8}",
    ];
    prop::collection::vec(pieces, 1..6).prop_map(|pieces| pieces.concat())
}

fn some_text() -> impl Strategy<Value = String> {
    text().prop_filter("empty is absent", |text| !text.is_empty() && !has_forbidden(text))
}

#[test]
fn any_value_survives_writing_and_reading() {
    check(&some_text(), |value| {
        let mut writer = Writer::new();
        writer.field("a", &value);
        assert_eq!(Document::parse(&writer.finish()).unwrap().get("a"), Some(&*value));
    });
}

#[test]
fn a_query_survives() {
    let fields = ("[!-~]{1,32}", "[0-9a-zA-Z]{1,28}", "[0-9]{1,32}", "[a-z0-9]{1,32}");
    check(&fields, |(nonce_str, mch_billno, mch_id, appid)| {
        let request = QueryRequest {
            nonce_str: &nonce_str,
            mch_billno: &mch_billno,
            mch_id: &mch_id,
            appid: &appid,
        };
        let body = request.write(&key());
        let document = Document::parse(&body).unwrap();
        assert_eq!(QueryRequest::read(&document).unwrap(), request);
        assert_eq!(verify(&document, &key(), Rule::AllReceived), Ok(Method::Md5));
    });
}

#[test]
fn a_send_survives() {
    let short = || some_text().prop_map(|t| t.chars().take(32).collect::<String>());
    let sender = prop_oneof![
        short().prop_map(|name| Sender::Name(name.into())),
        any::<u32>().prop_map(Sender::Agent),
        Just(Sender::Company),
    ];
    let scene = prop::option::of(prop::sample::select(&Scene::ALL[..]));
    let fields = (short(), short(), short(), 0..=i64::MAX.cast_unsigned(), sender, scene);
    let secret = WorkwxSecret::new(*b"synthetic-workwx-secret-0123456789");
    check(&fields, |(wishing, act_name, remark, fen, sender, scene)| {
        let request = SendRequest {
            nonce_str: "n".into(),
            mch_billno: "1".into(),
            mch_id: "2".into(),
            wxappid: "3".into(),
            sender,
            sender_header_media_id: None,
            re_openid: "4".into(),
            total_amount: Fen::new(fen).unwrap(),
            wishing: wishing.into(),
            act_name: act_name.into(),
            remark: remark.into(),
            scene,
        };
        let body = request.write(&key(), &secret);
        assert_eq!(SendRequest::read(&Document::parse(&body).unwrap()).unwrap(), request);
    });
}

#[test]
fn a_record_survives() {
    let fields = (some_text(), some_text(), some_text(), 0..=i64::MAX.cast_unsigned());
    check(&fields, |(status, reason, new_field, fen)| {
        let amount = fen.to_string();
        let body = unsigned(&[
            ("mch_billno", "1"),
            ("mch_id", "2"),
            ("status", &status),
            ("reason", &reason),
            ("total_amount", &amount),
            ("new_field", &new_field),
        ]);
        let reply = QueryReply::read_fields(&Document::parse(&body).unwrap()).unwrap();
        let written = reply.write(Some(&key()));
        let again = Document::parse(&written).unwrap();
        let read = QueryReply::read(&again, &key(), Policy::Require).unwrap();
        let Reply::Success(read) = read else { panic!("a success") };
        assert_eq!(read.get().fields(), reply.fields());
        assert_eq!(again.get("new_field"), Some(&*new_field));
        assert_eq!(again.get("total_amount"), Some(&*amount));
    });
}

#[test]
fn signing_does_not_depend_on_the_order() {
    let pairs = prop::collection::btree_map("[a-zA-Z_]{1,8}", text(), 0..12);
    check(&(pairs, any::<prop::sample::Index>()), |(pairs, by)| {
        let forward: Vec<_> = pairs.iter().map(|(n, v)| (&**n, &**v)).collect();
        let mut turned = forward.clone();
        if !turned.is_empty() {
            turned.rotate_left(by.index(forward.len()));
        }
        assert_eq!(base_string(forward.clone()), base_string(turned.clone()));
        for method in [Method::Md5, Method::HmacSha256] {
            let one = sign_with(method, forward.iter().copied(), &key());
            assert_eq!(one, sign_with(method, turned.iter().copied(), &key()));
        }
    });
}

#[test]
fn signing_depends_on_every_value() {
    check(&(some_text(), some_text()), |(one, other)| {
        let of = |value: &str| sign([("a", value)], &key());
        assert_eq!(one == other, of(&one) == of(&other));
    });
}

#[test]
fn reading_never_panics() {
    let pieces = prop::sample::select(vec![
        "<xml>",
        "</xml>",
        "<a>",
        "</a>",
        "<b ",
        "/>",
        ">",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&lt;",
        "&#",
        "x1F9E7;",
        ";",
        "<?",
        "?>",
        "<!DOCTYPE",
        "\u{FEFF}",
        "红包",
        "🧧",
        " ",
        "\r",
        "\0",
        "c='1'",
        "]",
        "&",
    ]);
    check(&prop::collection::vec(pieces, 0..24), |pieces| {
        let body = pieces.concat();
        for end in 0..=body.len() {
            let _ = Document::parse(&body.as_bytes()[..end]);
        }
    });
    check(&prop::collection::vec(any::<u8>(), 0..256), |bytes| {
        let _ = Document::parse(&bytes);
        if let Some(stripped) = strip_control_characters(&bytes) {
            assert_eq!(strip_control_characters(&stripped), None);
        }
    });
}

#[test]
fn a_time_survives() {
    check(&(0..253_402_271_999_i64), |second| {
        let instant = Timestamp::from_second(second).unwrap();
        let time = WireTime::at(instant);
        assert_eq!(time.instant(), Some(instant));
        let compact = time.as_str().replace(['-', ':', ' '], "");
        assert_eq!(WireTime::from_wire(&compact).instant(), Some(instant));
    });
}

#[test]
fn an_amount_survives() {
    check(&(0..=i64::MAX.cast_unsigned()), |fen| {
        let amount = Fen::new(fen).unwrap();
        assert_eq!(amount.to_string().parse(), Ok(amount));
        assert_eq!(Fen::from_yuan(&amount.to_yuan()), Ok(amount));
    });
}

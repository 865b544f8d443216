//! Every error of the seed's table, byte by byte, in the order of the checks; and
//! the switches where evidence leaves a choice.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_server::{SignedFields, WireOptions};
use hongbao_wire::sign::{Policy, Proof};
use hongbao_wire::xml::{Document, Writer};
use hongbao_wire::{FailureReply, QUERY_PATH, SEND_PATH, Status, query, sign};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use support::store::GatedLedger;
use support::{
    APPID, MCH, OTHER, Setup, api_key, failure, merchant, query_body, query_body_by, secret,
    send_body, send_request,
};

const NONCE: &str = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";

/// A document of these fields, whose `sign` is right over all of them.
fn signed(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = Writer::new();
    for (name, value) in fields {
        writer.field(name, value);
    }
    writer.field("sign", &sign::sign(fields.iter().copied(), &api_key(MCH)));
    writer.finish()
}

fn with_wire(wire: WireOptions) -> Setup {
    Setup { wire, ..Setup::default() }
}

#[tokio::test]
async fn a_packet_is_sent_and_its_signed_record_comes_back() {
    let world = Setup::default().start().await;
    world.sent("123456").await;
    let reply = world.post_query(&query_body(MCH, "123456")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("text/plain;charset=utf-8"));
    let document = Document::parse(&reply.body).unwrap();
    let query::Reply::Success(verified) =
        hongbao_wire::QueryReply::read(&document, &api_key(MCH), Policy::Require).unwrap()
    else {
        panic!("{}", reply.text())
    };
    assert_eq!(verified.proof(), Proof::Signed(sign::Method::Md5));
    assert_eq!(verified.get().status, Status::Sending);
    assert_eq!(verified.get().mch_billno.as_str(), "123456");
    world.running.stop().await;
}

#[tokio::test]
async fn bytes_that_are_no_document_are_xml_error() {
    let world = Setup::default().start().await;
    let long = [b"<xml>".as_slice(), &vec![b'a'; 70_000], b"</xml>"].concat();
    let doctype = b"<!DOCTYPE xml [<!ENTITY a \"b\">]><xml><a>&a;</a></xml>".to_vec();
    let bodies: [Vec<u8>; 9] = [
        b"".to_vec(),
        b"   ".to_vec(),
        b"mch_billno=1".to_vec(),
        b"<xml><a>1</a>".to_vec(),
        b"<xml><a>1</a><a>1</a></xml>".to_vec(),
        b"<xml><a>\x02</a></xml>".to_vec(),
        b"<xml><a>\xff</a></xml>".to_vec(),
        doctype,
        long,
    ];
    for body in bodies {
        for path in [QUERY_PATH, SEND_PATH] {
            let reply = world.connect().await.post(path, &body).await;
            let said = (reply.status, reply.text());
            assert_eq!(said, (200, &*failure("XML_ERROR", "输入xml参数格式错误")), "{body:?}");
        }
    }
    world.running.stop().await;
}

#[tokio::test]
async fn wrong_fields_are_param_error_in_the_words_of_the_capture() {
    let world = Setup::default().start().await;
    let long = "a".repeat(33);
    let cases: [(&[(&str, &str)], &str); 6] = [
        (
            &[("nonce_str", NONCE), ("mch_billno", "1"), ("mch_id", MCH), ("wxappid", APPID)],
            "参数错误:appid字段必填,最长为32个字符.",
        ),
        (
            &[("nonce_str", NONCE), ("mch_id", MCH), ("appid", APPID)],
            "参数错误:mch_billno字段必填,最长为28个字符.",
        ),
        (
            &[("nonce_str", NONCE), ("mch_billno", "1+2"), ("mch_id", MCH), ("appid", APPID)],
            "参数错误:mch_billno字段只能由字母和数字组成.",
        ),
        (
            &[("nonce_str", NONCE), ("mch_billno", "1"), ("appid", APPID)],
            "参数错误:mch_id字段必填,最长为32个字符.",
        ),
        (
            &[("nonce_str", &long), ("mch_billno", "1"), ("mch_id", MCH), ("appid", APPID)],
            "参数错误:nonce_str字段必填,最长为32个字符.",
        ),
        (
            &[("nonce_str", NONCE), ("mch_billno", "1"), ("mch_id", MCH), ("appid", "wx1")],
            "参数错误:appid字段必填,最长为32个字符.",
        ),
    ];
    for (fields, words) in cases {
        let reply = world.post_query(&signed(fields)).await;
        assert_eq!(reply.text(), failure("PARAM_ERROR", words));
    }
    for amount in ["-1", "+1", "1e2", "1.00", "0x10"] {
        let text = String::from_utf8(send_body(MCH, "1")).unwrap();
        let text = text.replace("[CDATA[100]]", &format!("[CDATA[{amount}]]"));
        let reply = world.post_send(text.as_bytes()).await;
        let words = "参数错误:total_amount字段必须为非负整数.";
        assert_eq!(reply.text(), failure("PARAM_ERROR", words), "{amount}");
    }
    world.running.stop().await;
}

#[tokio::test]
async fn wrong_signatures_are_sign_error() {
    let world = Setup::default().start().await;
    let reply = world.post_query(&query_body_by(MCH, "1", &api_key(OTHER))).await;
    assert_eq!(reply.text(), failure("SIGN_ERROR", "签名错误"));
    let reply = world.post_send(&send_request(MCH, "1").write(&api_key(OTHER), &secret(MCH))).await;
    assert_eq!(reply.text(), failure("SIGN_ERROR", "签名错误"));
    let reply = world.post_send(&send_request(MCH, "1").write(&api_key(MCH), &secret(OTHER))).await;
    assert_eq!(reply.text(), failure("SIGN_ERROR", "企业微信签名校验失败"));
    // Nothing of it was kept.
    let reply = world.post_query(&query_body(MCH, "1")).await;
    assert!(reply.text().contains("<err_code><![CDATA[NOT_FOUND]]>"), "{}", reply.text());
    world.running.stop().await;
}

#[tokio::test]
async fn not_found_echoes_number_and_merchant() {
    let world = Setup::default().start().await;
    let reply = world.post_query(&query_body(MCH, "1617334655bac")).await;
    let words = "指定单号数据不存在";
    let echo = "<mch_billno><![CDATA[1617334655bac]]></mch_billno>\n\
                <mch_id><![CDATA[10000098]]></mch_id>\n</xml>";
    assert_eq!(reply.text(), failure("NOT_FOUND", words).replace("</xml>", echo));
    world.running.stop().await;
}

#[tokio::test]
async fn a_merchant_without_the_product_is_no_auth() {
    let mut merchant = merchant(MCH);
    merchant.product_enabled = false;
    let world = Setup { merchant, ..Setup::default() }.start().await;
    let words = "产品权限验证失败,请查看您当前是否具有该产品的权限";
    assert_eq!(world.post_query(&query_body(MCH, "1")).await.text(), failure("NO_AUTH", words));
    assert_eq!(world.post_send(&send_body(MCH, "1")).await.text(), failure("NO_AUTH", words));
    world.running.stop().await;
}

#[tokio::test]
async fn an_address_outside_the_whitelist_is_no_auth() {
    let words = "IP地址非你在商户平台设置的可用IP地址";
    let cases: [(&[&str], bool); 5] = [
        (&["10.0.0.0/8"], false),
        (&["10.0.0.1", "::1"], false),
        (&["nonsense"], false),
        (&["127.0.0.0/8"], true),
        (&["10.0.0.1", "127.0.0.1"], true),
    ];
    for (whitelist, permitted) in cases {
        let mut merchant = merchant(MCH);
        merchant.address_whitelist = whitelist.iter().map(|entry| (*entry).into()).collect();
        let world = Setup { merchant, ..Setup::default() }.start().await;
        let reply = world.post_query(&query_body(MCH, "1")).await;
        assert_eq!(reply.text() != failure("NO_AUTH", words), permitted, "{whitelist:?}");
        world.running.stop().await;
    }
}

#[tokio::test]
async fn too_many_calls_of_one_merchant_are_freq_limit_for_it_alone() {
    let mut merchant = merchant(MCH);
    merchant.limits.queries_per_second = 0;
    merchant.limits.sends_per_minute = 1;
    let world = Setup { merchant, ..Setup::default() }.start().await;
    let limited = failure("FREQ_LIMIT", "受频率限制");
    assert_eq!(world.post_query(&query_body(MCH, "1")).await.text(), limited);
    // What is refused before is not counted.
    let unsigned = send_request(MCH, "1").write(&api_key(OTHER), &secret(MCH));
    assert_eq!(world.post_send(&unsigned).await.text(), failure("SIGN_ERROR", "签名错误"));
    world.sent("1").await;
    assert_eq!(world.post_send(&send_body(MCH, "2")).await.text(), limited);
    // And others are not touched.
    let mut other = world.connect_with(Some(&support::pki::PKI.other)).await;
    let reply = other.post(QUERY_PATH, &query_body(OTHER, "1")).await;
    assert!(reply.text().contains("<err_code><![CDATA[NOT_FOUND]]>"), "{}", reply.text());
    world.running.stop().await;
}

#[tokio::test]
async fn a_failing_store_is_systemerror_or_psystemerror() {
    for (psystemerror, code) in [(false, "SYSTEMERROR"), (true, "PSYSTEMERROR")] {
        let ledger = Arc::new(GatedLedger::default());
        let wire = WireOptions { psystemerror, ..WireOptions::default() };
        let world = Setup { wire, ledger: ledger.clone(), ..Setup::default() }.start().await;
        ledger.fails.store(true, SeqCst);
        let words = "系统繁忙，请再试";
        assert_eq!(world.post_query(&query_body(MCH, "1")).await.text(), failure(code, words));
        let words = "系统错误,请稍后使用原单号重试,请勿更换单号";
        assert_eq!(world.post_send(&send_body(MCH, "1")).await.text(), failure(code, words));
        // The server is up and goes on when the store does.
        ledger.fails.store(false, SeqCst);
        world.sent("1").await;
        world.running.stop().await;
    }
}

#[tokio::test]
async fn checks_come_in_their_order() {
    let wrong_sign = |fields: &[(&str, &str)]| {
        let mut writer = Writer::new();
        fields.iter().for_each(|(name, value)| writer.field(name, value));
        writer.field("sign", "C380BEC2BFD727A4B6845133519F3AD6");
        writer.finish()
    };
    let no_appid = wrong_sign(&[("nonce_str", NONCE), ("mch_billno", "1"), ("mch_id", MCH)]);
    let other = wrong_sign(&[("nonce_str", NONCE), ("mch_billno", "1"), ("mch_id", OTHER)]);
    let nothing = wrong_sign(&[("nonce_str", NONCE)]);
    let appid = failure("PARAM_ERROR", "参数错误:appid字段必填,最长为32个字符.");
    let mch_id = failure("PARAM_ERROR", "参数错误:mch_id字段必填,最长为32个字符.");
    let not_theirs = failure("CA_ERROR", "证书与商户号不匹配");
    let sign = failure("SIGN_ERROR", "签名错误");
    for (params_before_sign, said) in
        [(true, [&appid, &appid, &appid]), (false, [&sign, &not_theirs, &mch_id])]
    {
        let world =
            with_wire(WireOptions { params_before_sign, ..WireOptions::default() }).start().await;
        for (body, said) in [&no_appid, &other, &nothing].into_iter().zip(said) {
            assert_eq!(world.post_query(body).await.text(), said);
        }
        world.running.stop().await;
    }
    // A missing `sign` is a missing field, or a wrong signature.
    let unsigned = "<xml><nonce_str>n</nonce_str><mch_billno>1</mch_billno>\
                    <mch_id>10000098</mch_id><appid>wx8888888888888888</appid></xml>";
    let missing = failure("PARAM_ERROR", "参数错误:sign字段必填,最长为64个字符.");
    for (params_before_sign, said) in [(true, missing), (false, sign)] {
        let world =
            with_wire(WireOptions { params_before_sign, ..WireOptions::default() }).start().await;
        assert_eq!(world.post_query(unsigned.as_bytes()).await.text(), said);
        world.running.stop().await;
    }
}

#[tokio::test]
async fn a_signed_extra_field_breaks_the_signature_unless_all_fields_count() {
    let extra = signed(&[
        ("nonce_str", NONCE),
        ("mch_billno", "1"),
        ("mch_id", MCH),
        ("appid", APPID),
        ("sign_type", "MD5"),
    ]);
    for (signed_fields, holds) in [(SignedFields::Known, false), (SignedFields::AllReceived, true)]
    {
        let world =
            with_wire(WireOptions { signed_fields, ..WireOptions::default() }).start().await;
        let reply = world.post_query(&extra).await;
        assert_eq!(reply.text() != failure("SIGN_ERROR", "签名错误"), holds);
        world.running.stop().await;
    }
}

#[tokio::test]
async fn signatures_of_replies_are_switchable() {
    let wire = WireOptions { sign_success: false, sign_failures: true, ..WireOptions::default() };
    let world = with_wire(wire).start().await;
    world.sent("1").await;
    let reply = world.post_query(&query_body(MCH, "1")).await;
    assert!(reply.text().contains("<status>") && !reply.text().contains("<sign>"));
    // The issuer's failures and the server's own.
    for body in [query_body(MCH, "2"), query_body_by(MCH, "1", &api_key(OTHER)), b"no".to_vec()] {
        let reply = world.post_query(&body).await;
        let document = Document::parse(&reply.body).unwrap();
        assert!(FailureReply::read(&document).is_some());
        sign::verify(&document, &api_key(MCH), sign::Rule::AllReceived).unwrap();
    }
    // A stranger's is not: nobody's key is due to it.
    let reply = world.connect_with(None).await.post(QUERY_PATH, b"").await;
    assert!(!reply.text().contains("<sign>"));
    world.running.stop().await;
}

#[tokio::test]
async fn the_content_type_is_switchable_and_the_requests_is_ignored() {
    let wire = WireOptions { content_type: "text/xml".into(), ..WireOptions::default() };
    let world = with_wire(wire).start().await;
    let body = query_body(MCH, "1");
    for content_type in ["", "content-type: application/json\r\n", "content-type: nonsense\r\n"] {
        let mut connection = world.connect().await;
        let head = format!(
            "POST {QUERY_PATH} HTTP/1.1\r\nhost: localhost\r\n{content_type}content-length: {}\r\n\r\n",
            body.len()
        );
        connection.write(&[head.as_bytes(), &body].concat()).await;
        let reply = connection.response().await.unwrap();
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/xml")));
        assert!(reply.text().contains("<err_code><![CDATA[NOT_FOUND]]>"), "{}", reply.text());
    }
    world.running.stop().await;
}

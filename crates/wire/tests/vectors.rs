//! The vectors of `protocol.md` §2.2, and what a signature covers.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use hongbao_wire::send::Sender;
use hongbao_wire::sign::{
    Method, Policy, Proof, Rule, SignError, base_string, sign, sign_with, verify, verify_reply,
    verify_workwx, workwx_sign,
};
use hongbao_wire::xml::Document;
use hongbao_wire::{ApiKey, Fen, QueryRequest, SendRequest, WorkwxSecret, query, send};
use support::{KEY, key, unsigned};

const V1: [(&str, &str); 5] = [
    ("device_info", "1000"),
    ("nonce_str", "ibuaiVcKdpRxkhJA"),
    ("mch_id", "10000100"),
    ("body", "test"),
    ("appid", "wxd930ea5d5a258f4f"),
];
const V3: [(&str, &str); 2] = [("test2", "test2"), ("test1", "test1")];

#[test]
fn v1_to_v4_by_either_method() {
    assert_eq!(sign(V1, &key()), "9A0A8659F005D6984697E2CA0A9CF3B7");
    let v2 = "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6";
    assert_eq!(sign_with(Method::HmacSha256, V1, &key()), v2);
    assert_eq!(sign_with(Method::Md5, V3, &key()), "1E3A8D73B5A4AEE787C0F68B5DAB8520");
    let v4 = "EDAC6D70D2FDF5A2382F8204FC96A1918017E46ACC5297F565ED1A7610ACF659";
    assert_eq!(sign_with(Method::HmacSha256, V3, &key()), v4);
}

/// V5 and V6 hash `&key=` and `&secret=` behind nothing at all.
#[test]
fn v5_and_v6_over_nothing() {
    let text = b"exposed_your_key_here_have_risks";
    assert_eq!(sign([], &ApiKey::new(*text)), "B3D43C8390F26E2030D4D17BD580FBC8");
    let none = workwx_sign(|_| None, &WorkwxSecret::new(*text));
    assert_eq!(none, "7831C3FF1BDE78FD0AC1107E00AC92E6");
}

const V7: [(&str, &str); 8] = [
    ("wxappid", "wx123456789"),
    ("total_amount", "100"),
    ("re_openid", "oxTWIuGaIt6gTKsQRLau2M0yL16E"),
    ("act_name", "XXX"),
    ("mch_billno", "11111234567890"),
    ("mch_id", "10000098"),
    ("nonce_str", "qFKEgfig76DF9912fewmkp"),
    ("wishing", "not among the seven"),
];

#[test]
fn v7_the_fixed_seven_of_workwx_sign() {
    let get = |name: &str| V7.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    let right = "8B8D04AFC9FD08094CC5A0C2FA8BB60C";
    assert_eq!(workwx_sign(get, &WorkwxSecret::new(KEY)), right);

    let with = |sign: &'static str| {
        let mut fields = V7.to_vec();
        fields.push(("workwx_sign", sign));
        let body = unsigned(&fields);
        verify_workwx(&Document::parse(&body).unwrap(), &WorkwxSecret::new(KEY))
    };
    assert_eq!(with(right), Ok(()));
    assert_eq!(with("8B8D04AFC9FD08094CC5A0C2FA8BB60D"), Err(SignError::Mismatch));
    assert_eq!(with(""), Err(SignError::Missing));
}

#[test]
fn s1_the_seeds_query() {
    let request = QueryRequest {
        nonce_str: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
        mch_billno: "123456",
        mch_id: "10000098",
        appid: "wx8888888888888888",
    };
    let expected = "<xml>\n\
        <nonce_str><![CDATA[5K8264ILTKCH16CQ2502SI8ZNMTM67VS]]></nonce_str>\n\
        <sign><![CDATA[124D7B0A14B3D98F109DF3D560190EF0]]></sign>\n\
        <mch_billno><![CDATA[123456]]></mch_billno>\n\
        <mch_id><![CDATA[10000098]]></mch_id>\n\
        <appid><![CDATA[wx8888888888888888]]></appid>\n\
        </xml>";
    let body = request.write(&key());
    assert_eq!(String::from_utf8(body.clone()).unwrap(), expected);
    let document = Document::parse(&body).unwrap();
    assert_eq!(QueryRequest::read(&document).unwrap(), request);
    assert_eq!(verify(&document, &key(), Rule::Known(&query::REQUEST_FIELDS)), Ok(Method::Md5));
}

/// The example of the send's page, with both signatures. A sort that ignores `_` would
/// make `F1C68A32630E37E3F638C98B79C85C2F` of it.
#[test]
fn s2_the_pages_send() {
    let request = SendRequest {
        nonce_str: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS".into(),
        mch_billno: "123456".into(),
        mch_id: "10000098".into(),
        wxappid: "wx8888888888888888".into(),
        sender: Sender::Name("XX活动".into()),
        sender_header_media_id: Some("1G6nrLmr5EC3MMb_-zK1dDdzmd0p7cNliYu9V5w7o8K0".into()),
        re_openid: "oxTWIuGaIt6gTKsQRLau2M0yL16E".into(),
        total_amount: Fen::new(1_000).unwrap(),
        wishing: "感谢您参加猜灯谜活动，祝您元宵节快乐！".into(),
        act_name: "猜灯谜抢红包活动".into(),
        remark: "猜越多得越多，快来抢！".into(),
        scene: None,
    };
    let secret = WorkwxSecret::new(*b"synthetic-workwx-secret-0123456789");
    let body = request.write(&key(), &secret);
    let document = Document::parse(&body).unwrap();
    assert_eq!(document.get("workwx_sign"), Some("D15733B2F6D791C410A601B4BDFC6D27"));
    assert_eq!(document.get("sign"), Some("B8A35209CD6C6ED9F12AA215E408A207"));
    assert_eq!(SendRequest::read(&document).unwrap(), request);
}

/// The trap of S2 and x01: `_` sorts before the letters, so that `re_openid` comes
/// before `remark`, and `send_…` before `sender_name`.
#[test]
fn names_sort_by_byte() {
    let trap = ["sender_name", "send_type", "send_time", "send_listid", "remark", "re_openid"];
    let sorted = base_string(trap.map(|name| (name, "1")));
    let expected = "re_openid=1&remark=1&send_listid=1&send_time=1&send_type=1&sender_name=1";
    assert_eq!(sorted, expected);
    assert_eq!(base_string([("b", "1"), ("B", "2"), ("a", "3"), ("a_", "4")]), "B=2&a=3&a_=4&b=1");
}

#[test]
fn what_is_signed() {
    let pairs = [("sign", "X"), ("b", ""), ("c", "0"), ("a", " <&>%红包\n")];
    assert_eq!(base_string(pairs), "a= <&>%红包\n&c=0");
    assert_eq!(base_string([]), "");
}

#[test]
fn x01_to_x06_hold_and_break() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/samples");
    let mut held = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with('x')
            && path.extension().unwrap() == "xml"
        {
            let body = std::fs::read_to_string(&path).unwrap();
            let check = |body: &str, key: &ApiKey| {
                verify(&Document::parse(body.as_bytes()).unwrap(), key, Rule::AllReceived)
            };
            assert_eq!(check(&body, &key()), Ok(Method::Md5));
            let other = body.replace("1000]]>", "1001]]>");
            assert_eq!(check(&other, &key()), Err(SignError::Mismatch));
            let grown = body.replace("</xml>", "<new_field>1</new_field></xml>");
            assert_eq!(check(&grown, &key()), Err(SignError::Mismatch));
            let key = ApiKey::new(*b"192006250b4c09247ec02edce69f6a2e");
            assert_eq!(check(&body, &key), Err(SignError::Mismatch));
            held += 1;
        }
    }
    assert_eq!(held, 6);
}

#[test]
fn sixty_four_digits_mean_hmac() {
    let with = |sign: &str| {
        let mut fields = V1.to_vec();
        fields.push(("sign", sign));
        let body = unsigned(&fields);
        verify(&Document::parse(&body).unwrap(), &key(), Rule::AllReceived)
    };
    assert_eq!(with(&sign_with(Method::HmacSha256, V1, &key())), Ok(Method::HmacSha256));
    assert_eq!(with(&sign(V1, &key())), Ok(Method::Md5));
    assert_eq!(with(&sign(V1, &key()).to_lowercase()), Err(SignError::Mismatch));
    assert_eq!(with(&sign(V1, &key())[..31]), Err(SignError::Mismatch));
    assert_eq!(with(&"0".repeat(64)), Err(SignError::Mismatch));
    assert_eq!(with("9"), Err(SignError::Mismatch));
    assert_eq!(with(""), Err(SignError::Missing));
}

#[test]
fn a_server_signs_what_it_knows_and_a_client_what_it_received() {
    let known = [("appid", "a"), ("mch_billno", "b"), ("mch_id", "c"), ("nonce_str", "d")];
    let mut fields = known.to_vec();
    let right = sign(known, &key());
    fields.extend([("sign_type", "MD5"), ("sign", &*right)]);
    let body = unsigned(&fields);
    let document = Document::parse(&body).unwrap();
    let by = |rule| verify(&document, &key(), rule);
    assert_eq!(by(Rule::Known(&query::REQUEST_FIELDS)), Ok(Method::Md5));
    assert_eq!(by(Rule::Known(&send::REQUEST_FIELDS)), Err(SignError::Mismatch));
    assert_eq!(by(Rule::AllReceived), Err(SignError::Mismatch));
}

#[test]
fn policy_on_replies() {
    let body = unsigned(&V1);
    let without = Document::parse(&body).unwrap();
    let missing = Err(SignError::Missing);
    assert_eq!(verify_reply(&without, &key(), Policy::Require), missing);
    let exempt = Ok(Proof::ExemptByPolicy);
    assert_eq!(verify_reply(&without, &key(), Policy::VerifyIfPresent), exempt);
    let wrong = unsigned(&[("a", "1"), ("sign", "X")]);
    let wrong = Document::parse(&wrong).unwrap();
    for policy in [Policy::Require, Policy::VerifyIfPresent] {
        assert_eq!(verify_reply(&wrong, &key(), policy), Err(SignError::Mismatch));
    }
    assert_eq!(Policy::default(), Policy::Require);
}

#[test]
fn keys_neither_print_nor_leak_into_errors() {
    assert_eq!(format!("{:?}", key()), "ApiKey(…)");
    assert_eq!(format!("{:?}", WorkwxSecret::new(KEY)), "WorkwxSecret(…)");
    assert_eq!(key().expose(), KEY);
    assert_eq!(SignError::Missing.to_string(), "there is no `sign`");
    assert_eq!(SignError::Mismatch.to_string(), "the `sign` does not hold");
}

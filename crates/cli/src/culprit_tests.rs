#![allow(clippy::unwrap_used)]
use super::*;
use hongbao_wire::sign::{self, Method, WORKWX_FIELDS};
use hongbao_wire::{ApiKey, WorkwxSecret};

const KEY: &[u8] = b"192006250b4c09247ec02edce69f6a2d";
const SECRET: &[u8] = b"synthetic-workwx-secret-01234567";

const KNOWN: [&str; 9] = [
    "act_name",
    "mch_billno",
    "nonce_str",
    "re_openid",
    "remark",
    "send_name",
    "total_amount",
    "wishing",
    "workwx_sign",
];
const FIELDS: [Pair<'_>; 13] = [
    ("nonce_str", "n 1"),
    ("mch_billno", "123456"),
    ("re_openid", "ohO4"),
    ("remark", " 新年 "),
    ("total_amount", "100"),
    ("act_name", "A&B"),
    ("mch_id", "10000098"),
    ("wxappid", "wx1"),
    ("wishing", ""),
    ("sign_type", "MD5"),
    ("total_num", "1"),
    ("workwx_sign", "D15733B2F6D791C410A601B4BDFC6D27"),
    ("sign", "given"),
];

fn signed() -> Vec<&'static str> {
    FIELDS.iter().map(|(name, _)| *name).filter(|name| KNOWN.contains(name)).collect()
}

fn case<'d>(signed: &'d [&'d str], given: &'d str) -> Case<'d> {
    Case {
        fields: &FIELDS,
        signed,
        known: &KNOWN,
        label: "&key=",
        secret: KEY,
        other_secret: Some(SECRET),
        hmac: false,
        given,
    }
}

/// The signature that somebody makes who signs exactly this text.
fn md5_of(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()), true)
}

const RIGHT: &str = "act_name=A&B&mch_billno=123456&nonce_str=n 1&re_openid=ohO4&remark= 新年 \
                     &total_amount=100&workwx_sign=D15733B2F6D791C410A601B4BDFC6D27";
const KEY_TEXT: &str = "192006250b4c09247ec02edce69f6a2d";

fn culprits(given: &str) -> Option<Vec<Mistake>> {
    find(&case(&signed(), given))
}

#[test]
fn the_search_starts_from_what_the_wire_signs() {
    let right = case(&signed(), "").made_with(&[]).unwrap();
    let names = signed();
    let pairs = FIELDS.iter().copied().filter(|(name, _)| names.contains(name));
    assert_eq!(right, sign::sign(pairs.clone(), &ApiKey::new(KEY)));
    assert_eq!(right, md5_of(&format!("{RIGHT}&key={KEY_TEXT}")));
    let hmac = case(&signed(), "").made_with(&[Mistake::HmacSha256]).unwrap();
    assert_eq!(hmac, sign::sign_with(Method::HmacSha256, pairs, &ApiKey::new(KEY)));
}

#[test]
fn each_mistake_that_changes_the_text_is_named() {
    let texts = [
        (
            Mistake::CultureOrder,
            RIGHT.replace("re_openid=ohO4&remark= 新年 ", "remark= 新年 &re_openid=ohO4"),
        ),
        (
            Mistake::WireOrder,
            "nonce_str=n 1&mch_billno=123456&re_openid=ohO4&remark= 新年 &total_amount=100&\
             act_name=A&B&workwx_sign=D15733B2F6D791C410A601B4BDFC6D27"
                .to_owned(),
        ),
        (Mistake::EmptyValues, RIGHT.replace("&workwx_sign", "&wishing=&workwx_sign")),
        (Mistake::TrimmedValues, RIGHT.replace(" 新年 ", "新年")),
        (
            Mistake::UrlEncoded,
            RIGHT
                .replace("A&B", "A%26B")
                .replace("n 1", "n%201")
                .replace(" 新年 ", "%20%E6%96%B0%E5%B9%B4%20"),
        ),
        (Mistake::SignTypeSigned, RIGHT.replace("&total_amount", "&sign_type=MD5&total_amount")),
        (
            Mistake::WorkwxSignLeftOut,
            RIGHT.replace("&workwx_sign=D15733B2F6D791C410A601B4BDFC6D27", ""),
        ),
    ];
    for (mistake, text) in texts {
        let given = md5_of(&format!("{text}&key={KEY_TEXT}"));
        assert_eq!(culprits(&given), Some(vec![mistake]), "{text}");
    }
}

#[test]
fn each_mistake_in_the_secret_is_named() {
    let ends = [
        (Mistake::KeyWithLineFeed, format!("&key={KEY_TEXT}\n")),
        (Mistake::KeyWithCrLf, format!("&key={KEY_TEXT}\r\n")),
        (Mistake::KeyWithBlank, format!("&key={KEY_TEXT} ")),
        (Mistake::OtherSecret, "&key=synthetic-workwx-secret-01234567".to_owned()),
        (Mistake::OtherLabel, format!("&secret={KEY_TEXT}")),
        (Mistake::NoLabel, KEY_TEXT.to_owned()),
    ];
    for (mistake, end) in ends {
        assert_eq!(culprits(&md5_of(&format!("{RIGHT}{end}"))), Some(vec![mistake]), "{end:?}");
    }
}

#[test]
fn each_mistake_in_the_digest_is_named() {
    let right = format!("{RIGHT}&key={KEY_TEXT}");
    assert_eq!(culprits(&md5_of(&right).to_lowercase()), Some(vec![Mistake::LowerCase]));
    let hmac = hex(&hmac_sha256(KEY, right.as_bytes()).unwrap(), true);
    assert_eq!(culprits(&hmac), Some(vec![Mistake::HmacSha256]));
    let md5 = md5_of(&right);
    let names = signed();
    let expects_hmac = Case { hmac: true, ..case(&names, &md5) };
    assert_eq!(find(&expects_hmac), Some(vec![Mistake::Md5]));
}

#[test]
fn fields_that_the_api_does_not_know_are_named_whichever_side_errs() {
    let with_all = "act_name=A&B&mch_billno=123456&mch_id=10000098&nonce_str=n 1&re_openid=ohO4&\
                    remark= 新年 &sign_type=MD5&total_amount=100&total_num=1&\
                    workwx_sign=D15733B2F6D791C410A601B4BDFC6D27&wxappid=wx1";
    let given = md5_of(&format!("{with_all}&key={KEY_TEXT}"));
    assert_eq!(culprits(&given), Some(vec![Mistake::UnknownFieldsSigned]));

    let all: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    let given = md5_of(&format!("{RIGHT}&key={KEY_TEXT}"));
    assert_eq!(find(&case(&all, &given)), Some(vec![Mistake::UnknownFieldsLeftOut]));

    let without = with_all.replace("&sign_type=MD5", "");
    let given = md5_of(&format!("{without}&key={KEY_TEXT}"));
    assert_eq!(find(&case(&all, &given)), Some(vec![Mistake::SignTypeLeftOut]));
}

#[test]
fn two_mistakes_together_are_named() {
    let given = md5_of(&format!("{}&key={KEY_TEXT}\n", RIGHT.replace(" 新年 ", "新年")));
    let both = Some(vec![Mistake::TrimmedValues, Mistake::KeyWithLineFeed]);
    assert_eq!(culprits(&given), both);
}

#[test]
fn a_workwx_sign_over_all_fields_or_with_the_api_key_is_named() {
    let get = |name: &str| FIELDS.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    let workwx = |given| Case {
        signed: &WORKWX_FIELDS,
        label: "&secret=",
        secret: SECRET,
        other_secret: Some(KEY),
        ..case(&WORKWX_FIELDS, given)
    };
    let right = sign::workwx_sign(get, &WorkwxSecret::new(SECRET));
    assert_eq!(workwx("").made_with(&[]).unwrap(), right);
    let swapped = sign::workwx_sign(get, &WorkwxSecret::new(KEY));
    assert_eq!(find(&workwx(&swapped)), Some(vec![Mistake::OtherSecret]));
    let over_all = workwx("").made_with(&[Mistake::AllFieldsSigned]).unwrap();
    assert_eq!(find(&workwx(&over_all)), Some(vec![Mistake::AllFieldsSigned]));
}

#[test]
fn another_key_altogether_is_nobody_s_mistake() {
    assert_eq!(culprits("C380BEC2BFD727A4B6845133519F3AD6"), None);
}

#[test]
fn every_mistake_is_tried_once_and_has_its_own_word() {
    let mut words: Vec<&str> = Mistake::ALL.iter().map(|m| m.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Mistake::ALL.len());
}

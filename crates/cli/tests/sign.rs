//! `hongbao sign`: what is signed, whether it holds, and the likely culprit; never a key.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_wire::sign::{Method, sign_with};
use hongbao_wire::{ApiKey, WorkwxSecret};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use support::{Said, hongbao, hongbao_in};

/// The official example key (`protocol.md` §2.2).
const KEY: &str = "192006250b4c09247ec02edce69f6a2d";
const SECRET: &str = "synthetic-workwx-secret-0123456";

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for (name, secret) in [("key", KEY), ("secret", SECRET)] {
            fs::write(desk.path(name), format!("{secret}\n")).unwrap();
            fs::set_permissions(desk.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        desk
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn sign(&self, xml: &str, more: &[&str]) -> Said {
        fs::write(self.path("file.xml"), xml).unwrap();
        let (key, file) = (self.path("key"), self.path("file.xml"));
        let mut args = vec!["sign", "--key-file", &key, &file];
        args.extend(more);
        let said = hongbao(&args);
        for secret in [KEY, SECRET] {
            assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret), "{said:?}");
        }
        said
    }
}

/// The seed's query, with that `sign`; vector S1.
fn query(sign: &str) -> String {
    format!(
        "<xml><nonce_str>5K8264ILTKCH16CQ2502SI8ZNMTM67VS</nonce_str><sign>{sign}</sign>\
         <mch_billno>123456</mch_billno><mch_id>10000098</mch_id>\
         <appid>wx8888888888888888</appid></xml>"
    )
}

const S1: &str = "124D7B0A14B3D98F109DF3D560190EF0";

#[test]
fn the_seed_s_query_signs_as_its_vector_says() {
    let said = Desk::new().sign(&query(S1), &[]);
    assert_eq!((said.exit, said.stderr.as_str()), (0, ""));
    assert_eq!(
        said.stdout,
        "sign is made from:\n  appid=wx8888888888888888&mch_billno=123456&mch_id=10000098&\
         nonce_str=5K8264ILTKCH16CQ2502SI8ZNMTM67VS&key=<32 characters>\n  it must be \
         124D7B0A14B3D98F109DF3D560190EF0 (md5)\n  there is   124D7B0A14B3D98F109DF3D560190EF0: \
         it holds\n"
    );
}

#[test]
fn a_wrong_one_names_its_culprit() {
    let desk = Desk::new();
    let said = desk.sign(&query(&S1.to_lowercase()), &[]);
    assert_eq!(said.exit, 4);
    assert!(said.stdout.contains(": it does not hold\n  lower_case "), "{said:?}");
    assert_eq!(
        said.stderr,
        "hint: the mistakes above, made together, give exactly what stands there\n"
    );

    let document = query("");
    let document = hongbao_wire::xml::Document::parse(document.as_bytes()).unwrap();
    let newline = ApiKey::new(format!("{KEY}\n").into_bytes());
    let given = sign_with(Method::Md5, document.signed_pairs(), &newline);
    let said = desk.sign(&query(&given), &["--json"]);
    assert_eq!(said.json()[0]["sign"]["culprits"], serde_json::json!(["key_with_line_feed"]));
    assert_eq!(said.exit, 4);
}

#[test]
fn another_key_is_said_to_be_likely_where_nothing_fits() {
    let said = Desk::new().sign(&query("C380BEC2BFD727A4B6845133519F3AD6"), &[]);
    assert_eq!(said.exit, 4);
    assert!(said.stderr.starts_with("hint: no known mistake gives what stands there"), "{said:?}");
}

#[test]
fn both_signatures_of_a_send_are_checked_and_swapped_secrets_found() {
    let desk = Desk::new();
    let secret = desk.path("secret");
    let send = |key: &str, workwx: &str| {
        let request = hongbao_wire::SendRequest {
            nonce_str: "n".into(),
            mch_billno: "A1".into(),
            mch_id: "10000098".into(),
            wxappid: "wx8888888888888888".into(),
            sender: hongbao_wire::send::Sender::Company,
            sender_header_media_id: None,
            re_openid: "o1".into(),
            total_amount: "100".parse().unwrap(),
            wishing: "w".into(),
            act_name: "a".into(),
            remark: "r".into(),
            scene: None,
        };
        let (key, workwx) = (ApiKey::new(key.as_bytes()), WorkwxSecret::new(workwx.as_bytes()));
        String::from_utf8(request.write(&key, &workwx)).unwrap()
    };
    let good = desk.sign(&send(KEY, SECRET), &["--json", "--secret-file", &secret]);
    assert_eq!(good.exit, 0, "{good:?}");
    let object = &good.json()[0];
    assert_eq!(object["kind"], "send_request");
    assert_eq!(
        (&object["sign"]["holds"], &object["workwx_sign"]["holds"]),
        (&true.into(), &true.into())
    );

    let swapped = desk.sign(&send(SECRET, KEY), &["--json", "--secret-file", &secret]);
    assert_eq!(swapped.exit, 4);
    let object = &swapped.json()[0];
    for name in ["sign", "workwx_sign"] {
        assert_eq!(object[name]["culprits"], serde_json::json!(["other_secret"]), "{name}");
    }

    let length = desk.sign(&send(KEY, SECRET), &["--secret-file", &secret]);
    let hint = "hint: the secret has 31 characters; those of WeChat Pay have 32\n";
    assert!(length.stderr.contains(hint), "{length:?}");
}

#[test]
fn what_is_not_one_flat_document_is_refused_by_name() {
    let desk = Desk::new();
    for xml in ["", "<xml><a>1</a><a>2</a></xml>", "<!DOCTYPE x []><xml/>", "<html>"] {
        let said = desk.sign(xml, &[]);
        assert_eq!(said.exit, 9, "{xml}: {said:?}");
        assert!(said.stderr.starts_with("error[FILE_NOT_XML]: "), "{xml}: {said:?}");
    }
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let desk = Desk::new();
    fs::set_permissions(Path::new(&desk.path("key")), fs::Permissions::from_mode(0o644)).unwrap();
    let said = desk.sign(&query(S1), &[]);
    assert_eq!(said.exit, 9);
    assert!(said.stderr.starts_with("error[SECRET_OPEN_TO_OTHERS]: "), "{said:?}");
}

#[test]
fn without_a_key_there_is_nothing_to_sign_with() {
    let said = hongbao_in("C", &["sign", "file.xml"]);
    assert_eq!(said.exit, 2);
    assert!(said.stderr.starts_with("error[USAGE]: missing: `--key-file <FILE>`"), "{said:?}");
}

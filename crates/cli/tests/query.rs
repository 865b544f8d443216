//! `hongbao query` and `hongbao send` against a real `hongbao serve`: verdicts, exit codes, and
//! the JSON that scripts rely on.

#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::{OPENID, Served, hongbao, hongbao_in};

/// The words of a verdict that decide what a script does.
fn gist(object: &Value) -> Value {
    json!([
        object["verdict"],
        object["cause"],
        object["next_step"],
        object["new_billno_permitted"],
        object["exit_code"]
    ])
}

/// The same object every time: what the server makes up is replaced, once seen to be well-formed.
fn settled(object: &Value) -> String {
    let mut object = object.clone();
    for name in ["asked_at", "answered_at"] {
        if let Some(text) = object[name].as_str() {
            assert!(text.len() == 25 && text.ends_with("+08:00"), "{text}");
            object[name] = json!("<RFC 3339, +08:00>");
        }
    }
    if let Some(record) = object["record"].as_object_mut() {
        for (name, value) in record {
            let Some(text) = value.as_str().map(str::to_owned) else { continue };
            if name == "detail_id" || name == "send_listid" {
                assert!(text.len() == 31 && text.bytes().all(|b| b.is_ascii_digit()), "{text}");
                *value = json!("<31 digits>");
            } else if name.ends_with("_time") {
                assert!(text.len() == 25 && text.ends_with("+08:00"), "{text}");
                *value = json!("<RFC 3339, +08:00>");
            }
        }
    }
    serde_json::to_string_pretty(&object).unwrap() + "\n"
}

#[test]
fn each_state_of_a_packet_has_its_verdict_and_exit_code() {
    let served = Served::start();
    let open = |cause: &str, step: &str| json!(["open", cause, step, false, 0]);
    let play: [(&str, &[&[&str]], Value); 7] = [
        ("SENDING1", &[], open("sending", "ask_again_or_resend_same")),
        (
            "REFUSED1",
            &[&["refuse", "--reason", "余额不足"]],
            open("refused", "ask_again_or_resend_same"),
        ),
        ("SENT1", &[&["deliver"]], open("sent", "ask_again")),
        ("REFUNDING1", &[&["deliver"], &["expire"]], open("refunding", "ask_again")),
        ("RECEIVED1", &[&["deliver"], &["receive"]], json!(["received", null, "done", false, 0])),
        (
            "REFUND1",
            &[&["deliver"], &["expire"], &["refund"]],
            json!(["refunded", null, "done", false, 0]),
        ),
        ("FAILED1", &[&["fail"]], json!(["failed", null, "new_billno_permitted", true, 3])),
    ];
    for (billno, steps, expected) in play {
        served.send(billno);
        for step in steps {
            let mut args = vec![step[0], billno];
            args.extend(&step[1..]);
            served.sandbox(&args);
        }
        let said = served.query(&[billno]);
        let objects = said.json();
        assert_eq!(objects.len(), 1);
        assert_eq!(gist(&objects[0]), expected, "{billno}: {said:?}");
        assert_eq!(json!(said.exit), objects[0]["exit_code"], "{billno}");
        assert_eq!(objects[0]["mch_billno"], billno);
        assert_eq!(objects[0]["signature"], "md5");
    }
    several_numbers(&served);
    the_json_of_the_contract(&served);
    words_in_both_languages(&served);
    what_cannot_be_trusted_is_shown(&served);
}

/// A reply that cannot be trusted is shown, line by line, to whoever must look at it.
fn what_cannot_be_trusted_is_shown(served: &Served) {
    let profile = served.profile();
    served.fault("wrongly-signed", "RECEIVED1", "query");
    let said = hongbao(&["query", "--no-ledger", "--profile", &profile, "RECEIVED1"]);
    served.sandbox(&["fault", "clear"]);
    let verdict = "RECEIVED1  unknown: the reply cannot be trusted: its `sign` does not hold\n";
    assert_eq!((said.exit, said.stdout.as_str()), (6, verdict));
    let raw = "the reply, as it came:\n  <xml>\n  <return_code><![CDATA[SUCCESS]]></return_code>\n";
    assert!(said.stderr.starts_with(raw), "{said:?}");
    let hint =
        "  </xml>\nhint: a person must look at it; the number stays, and is never replaced\n";
    assert!(said.stderr.ends_with(hint), "{said:?}");
}

fn several_numbers(served: &Served) {
    served.send("FAILED2");
    served.sandbox(&["fail", "FAILED2"]);
    let exit = |billnos: &[&str]| {
        let said = served.query(billnos);
        assert_eq!(said.json().len(), billnos.len());
        said.exit
    };
    assert_eq!(exit(&["FAILED1", "FAILED2"]), 3, "all of them failed");
    assert_eq!(exit(&["RECEIVED1", "REFUND1", "SENT1"]), 0, "all answered, none failed");
    assert_eq!(exit(&["FAILED1", "RECEIVED1"]), 6, "no one answer holds for both");
    assert_eq!(exit(&["FAILED1", "NEVERSENT"]), 6);
    served.fault("freq-limit", "SENT1", "query");
    assert_eq!(exit(&["FAILED1", "SENT1", "NEVERSENT"]), 7);
    served.sandbox(&["fault", "clear"]);
}

fn the_json_of_the_contract(served: &Served) {
    for (billno, snapshot) in [
        ("RECEIVED1", snapbox::file!["snapshots/query-received.json"]),
        ("REFUND1", snapbox::file!["snapshots/query-refund.json"]),
        ("REFUSED1", snapbox::file!["snapshots/query-refused.json"]),
        ("FAILED1", snapbox::file!["snapshots/query-failed.json"]),
        ("NEVERSENT", snapbox::file!["snapshots/query-not-found.json"]),
    ] {
        let said = served.query(&[billno]);
        snapbox::assert_data_eq!(settled(&said.json()[0]), snapshot.raw());
    }
    let more = ["--json", "--sender-name", "XX活动", "--scene", "PRODUCT_2"];
    let said = served.send_with("SENDJSON1", &more);
    let snapshot = snapbox::file!["snapshots/send-accepted.json"];
    snapbox::assert_data_eq!(settled(&said.json()[0]), snapshot.raw());
}

fn words_in_both_languages(served: &Served) {
    let profile = served.profile();
    let args = ["query", "--profile", profile.as_str(), "FAILED1"];
    let english = hongbao(&args);
    assert!(english.stdout.starts_with("FAILED1  failed for certain; final\n"), "{english:?}");
    assert!(english.stdout.contains("  status                 FAILED\n"), "{english:?}");
    assert!(english.stderr.starts_with("from the ledger, last asked 20"), "{english:?}");
    let hint = " +08:00\nhint: the same payment may be made again under a new bill number\n";
    assert!(english.stderr.ends_with(hint), "{english:?}");
    let chinese = hongbao_in("zh_CN.UTF-8", &args);
    assert!(chinese.stdout.starts_with("FAILED1  确定失败；最终状态\n"), "{chinese:?}");
    assert!(chinese.stderr.starts_with("来自账本，上次查询于 20"), "{chinese:?}");
    assert!(chinese.stderr.ends_with("\nhint: 可以换一个新单号，重新支付这一笔\n"), "{chinese:?}");
    assert_eq!((english.exit, chinese.exit), (3, 3));
    let args = ["--lang", "zh-CN", "query", "--json", "--profile", profile.as_str(), "FAILED1"];
    let json = hongbao(&args);
    assert_eq!(json.json(), served.query(&["FAILED1"]).json(), "JSON is the same in each language");
    assert_eq!(json.stderr, "", "JSON needs no talk");
}

/// The sandbox's traps. A packet that was received, and one that failed: no trap may make the
/// first look failed, nor the second give 3 without a reply that proves it.
#[test]
fn no_fault_makes_three_of_what_did_not_fail() {
    let served = Served::start();
    served.tune("attempts = 1\n");
    served.send("RECEIVED1");
    served.sandbox(&["deliver", "RECEIVED1"]);
    served.sandbox(&["receive", "RECEIVED1"]);
    served.send("FAILED1");
    served.sandbox(&["fail", "FAILED1"]);
    let unproven = [
        ("reply-lost", "no_answer", 7),
        ("http-400", "no_answer", 4),
        ("http-502", "no_answer", 7),
        ("empty-body", "unknown", 6),
        ("truncated-xml", "unknown", 6),
        ("unknown-error-code", "unknown", 6),
        ("unsigned", "unknown", 6),
        ("wrongly-signed", "unknown", 6),
        ("unknown-status", "unknown", 6),
        ("systemerror", "no_answer", 7),
        ("freq-limit", "no_answer", 7),
        ("not-found-first", "unknown", 6),
        ("reset-before", "no_answer", 7),
        ("reset-after", "no_answer", 7),
    ];
    for (fault, verdict, exit) in unproven {
        for billno in ["RECEIVED1", "FAILED1"] {
            served.fault(fault, billno, "query");
            let said = served.query(&["--no-ledger", billno]);
            served.sandbox(&["fault", "clear"]);
            let object = &said.json()[0];
            assert_eq!(
                (said.exit, &object["verdict"]),
                (exit, &json!(verdict)),
                "{fault}: {said:?}"
            );
            assert_eq!(object["new_billno_permitted"], false, "{fault}");
        }
    }
    for fault in ["new-field", "other-order"] {
        for (billno, exit) in [("RECEIVED1", 0), ("FAILED1", 3)] {
            served.fault(fault, billno, "query");
            let said = served.query(&["--no-ledger", billno]);
            assert_eq!(said.exit, exit, "{fault} says nothing else");
            served.sandbox(&["fault", "clear"]);
        }
    }
    an_unsigned_failure_counts_only_where_the_policy_says_so(&served);
    sends_never_exit_with_three(&served);
}

fn an_unsigned_failure_counts_only_where_the_policy_says_so(served: &Served) {
    served.fault("unsigned", "FAILED1", "query");
    let profile = served.profile();
    let lenient = ["--policy", "verify-if-present", "FAILED1"];
    let args = [&["query", "--json", "--no-ledger", "--profile", &profile], &lenient[..]].concat();
    let said = hongbao(&args);
    served.sandbox(&["fault", "clear"]);
    assert_eq!(said.exit, 3, "{said:?}");
    let object = &said.json()[0];
    assert_eq!(object["signature"], "exempt_by_policy");
    assert_eq!(object["alerts"], json!(["unverified"]));
    served.fault("wrongly-signed", "FAILED1", "query");
    assert_eq!(hongbao(&args).exit, 6, "a signature that is there must hold");
    served.sandbox(&["fault", "clear"]);
}

fn sends_never_exit_with_three(served: &Served) {
    assert_eq!(served.send_with("FAILED1", &[]).exit, 6, "SEND_FAILED: only the query confirms it");
    let faults = [("systemerror", 7), ("reply-lost", 7), ("wrongly-signed", 6), ("http-400", 4)];
    for (at, (fault, exit)) in faults.into_iter().enumerate() {
        let billno = format!("FAULTY{at}");
        served.fault(fault, &billno, "send");
        assert_eq!(served.send_with(&billno, &[]).exit, exit, "{fault}");
        served.sandbox(&["fault", "clear"]);
    }
}

/// The number is on stderr even where nobody is there to take the order.
#[test]
fn a_made_number_is_printed_before_anything_is_sent() {
    let served = Served::start();
    let profile = served.profile();
    let _folder = served.stop();
    let args = ["send", "--json", "--profile", &profile, "--to", OPENID, "--amount", "1.00"];
    let said = hongbao(&args);
    assert_eq!(said.exit, 7, "{said:?}");
    let object = &said.json()[0];
    let billno = object["mch_billno"].as_str().unwrap();
    assert!(billno.starts_with("10000098") && billno.len() == 26, "{billno}");
    let note = "note it; it stays with this payment until the packet is final";
    assert_eq!(said.stderr.lines().last().unwrap(), format!("bill number {billno}: {note}"));
    assert_eq!(object["next_step"], "ask_again_slower");
}

#[test]
fn what_stands_in_the_way_of_asking_is_said_before_anything_is_asked() {
    let served = Served::start();
    let profile = served.profile();
    let exit_and_code = |args: &[&str]| {
        let said = hongbao(args);
        let code = said.stderr.split(['[', ']']).nth(1).unwrap_or_default().to_owned();
        assert!(said.stderr.contains("\nhint: "), "{said:?}");
        assert_eq!(said.stdout, "");
        (said.exit, code)
    };
    let missing = exit_and_code(&["query", "--profile", "no/merchant.toml", "A1"]);
    assert_eq!(missing, (9, "FILE_MISSING".to_owned()));
    let usage = exit_and_code(&["query", "--profile", &profile, "no blanks"]);
    assert_eq!(usage, (2, "USAGE".to_owned()));
    let amount = ["send", "--profile", profile.as_str(), "--to", OPENID, "--amount", "1e2"];
    assert_eq!(exit_and_code(&amount), (2, "USAGE".to_owned()));
    std::fs::remove_file(served.merchant_file("api_key")).unwrap();
    let no_key = exit_and_code(&["query", "--profile", &profile, "A1"]);
    assert_eq!(no_key, (9, "FILE_MISSING".to_owned()));
}

#[test]
fn a_query_needs_no_wecom_secret_and_a_send_says_that_it_does() {
    let served = Served::start();
    served.send("q1");
    let text = std::fs::read_to_string(served.profile()).unwrap();
    let bare: String = text
        .lines()
        .filter(|line| !line.starts_with("workwx"))
        .map(|line| line.to_owned() + "\n")
        .collect();
    let profile = served.merchant_file("bare.toml");
    std::fs::write(&profile, bare).unwrap();
    let profile = profile.to_str().unwrap();
    assert_eq!(hongbao(&["query", "--profile", profile, "q1"]).exit, 0);
    let said = hongbao(&["send", "--profile", profile, "--to", "o1", "--amount", "1"]);
    assert_eq!((said.exit, said.stdout.as_str()), (9, ""), "{said:?}");
    assert!(said.stderr.starts_with("error[PROFILE_NO_SECRET]: "), "{}", said.stderr);
}

#[test]
fn a_server_that_the_profile_does_not_vouch_for_is_a_matter_of_set_up() {
    let served = Served::start();
    let text = std::fs::read_to_string(served.profile()).unwrap();
    let profile = served.merchant_file("system.toml");
    std::fs::write(&profile, text.replace("ca_file", "#ca_file")).unwrap();
    let said = hongbao(&["query", "--json", "--profile", profile.to_str().unwrap(), "q1"]);
    assert_eq!(said.exit, 4, "{said:?}");
    assert_eq!(said.json()[0]["next_step"], "fix_set_up");
}

//! `hongbao sandbox`: moves a running server's packets, as people and as scripts read it.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Said, Served, hongbao};

fn status(served: &Served, billno: &str) -> String {
    let said = served.query(&[billno]);
    said.json()[0]["record"]["status"].as_str().unwrap_or("none").to_owned()
}

fn code(said: &Said) -> &str {
    &said.stderr[6..said.stderr.find(']').unwrap()]
}

#[test]
fn a_packet_goes_where_it_is_pushed() {
    let served = Served::start();
    for billno in ["s1", "s2", "s3"] {
        served.send(billno);
    }
    served.sandbox(&["deliver", "s1"]);
    assert_eq!(status(&served, "s1"), "SENT");
    served.sandbox(&["receive", "s1"]);
    assert_eq!(status(&served, "s1"), "RECEIVED");
    served.sandbox(&["expire", "s2"]);
    assert_eq!(status(&served, "s2"), "RFUND_ING");
    served.sandbox(&["refund", "s2"]);
    assert_eq!(status(&served, "s2"), "REFUND");
    served.sandbox(&["refuse", "s3", "--reason", "余额不足"]);
    assert_eq!(status(&served, "s3"), "SENDING");
    served.sandbox(&["advance", "24h"]);
    assert_eq!(status(&served, "s3"), "FAILED");
}

#[test]
fn it_answers_people_and_scripts() {
    let served = Served::start();
    served.send("s1");
    let said = served.sandbox_said(&["refuse", "s1", "--reason", "余额不足"]);
    assert_eq!(said.stdout, "s1  SENDING  余额不足\n");
    let said = served.sandbox_said(&["fail", "s1", "--json"]);
    assert_eq!(said.json()[0]["status"], "FAILED");
    let said = served.sandbox_said(&["show", "--json"]);
    assert_eq!(said.json()[0]["mode"], "sandbox");
    let said = served.sandbox_said(&["top-up", "1.00", "--json"]);
    assert_eq!(said.json()[0]["balance"], 100_000_100);
    let said = served.sandbox_said(&["findings"]);
    assert_eq!((said.exit, said.stdout.as_str()), (0, ""));
}

#[test]
fn a_fault_is_set_listed_and_cleared() {
    let served = Served::start();
    let said = served.sandbox_said(&[
        "fault", "add", "delay", "--delay", "2s", "--on", "query", "--times", "3", "--json",
    ]);
    let fault = &said.json()[0];
    assert_eq!((&fault["fault"], &fault["delay_ms"]), (&"delay".into(), &2000.into()));
    let id = fault["id"].as_str().unwrap();
    let listed = served.sandbox_said(&["fault", "list"]);
    assert!(listed.stdout.starts_with(&format!("{id}  delay")), "{listed:?}");
    assert!(listed.stdout.contains("  times=3"), "{listed:?}");
    let said = served.sandbox_said(&["fault", "clear", id]);
    assert_eq!(said.stderr, "faults cleared: 1\n");
    let said = served.sandbox_said(&["fault", "clear", id]);
    assert_eq!((said.exit, code(&said)), (9, "NO_FAULT"));
    assert_eq!(served.sandbox_said(&["fault", "list"]).stderr, "no fault is set\n");
}

#[test]
fn what_the_watch_finds_is_listed() {
    let served = Served::start();
    served.fault("reply-lost", "w1", "send");
    assert_eq!(served.send_with("w1", &[]).exit, 7);
    served.send("w2");
    let said = served.sandbox_said(&["findings", "--mch-id", "10000098", "--json"]);
    let finding = &said.json()[0];
    assert_eq!((&finding["first_billno"], &finding["second_billno"]), (&"w1".into(), &"w2".into()));
    let said = served.sandbox_said(&["findings"]);
    assert!(said.stdout.contains("w1 was unclear"), "{said:?}");
}

#[test]
fn each_refusal_has_its_code_and_exit() {
    let served = Served::start();
    served.send("s1");
    served.sandbox(&["receive", "s1"]);
    for (args, wanted) in [
        (["fail", "s1"], "TRANSITION_REFUSED"),
        (["receive", "nobody"], "NO_PACKET"),
        (["advance", "soon"], "BAD_REQUEST"),
    ] {
        let said = served.sandbox_said(&args);
        assert_eq!((said.exit, code(&said)), (9, wanted), "{said:?}");
    }
    let said = hongbao(&["sandbox", "--admin", "http://127.0.0.1:1", "show"]);
    assert_eq!((said.exit, code(&said)), (7, "ADMIN_UNREACHABLE"), "{said:?}");
    let said = hongbao(&["sandbox", "--admin", "127.0.0.1", "show"]);
    assert_eq!((said.exit, code(&said)), (2, "ADMIN_URL"), "{said:?}");
}

#[test]
fn a_fault_says_how_many_queries_it_meets_and_whether_the_send_happens() {
    let served = Served::start();
    let add = ["fault", "add", "not-found-first", "--first", "2", "--billno", "f1", "--json"];
    assert_eq!(served.sandbox_said(&add).json()[0]["first"], 2);
    served.send("f1");
    let found: Vec<String> = (0..3).map(|_| status(&served, "f1")).collect();
    assert_eq!(found, ["none", "none", "SENDING"]);
    let add = ["fault", "add", "systemerror", "--stored", "false", "--billno", "f2", "--json"];
    assert_eq!(served.sandbox_said(&add).json()[0]["stored"], false);
    assert_eq!(served.send_with("f2", &[]).exit, 7);
    served.sandbox(&["fault", "clear"]);
    assert_eq!(status(&served, "f2"), "none");
}

#[test]
fn a_refusal_is_said_in_the_language_of_the_run_and_speaks_of_commands() {
    let served = Served::start();
    let said = served.sandbox_said(&["deliver", "nosuch"]);
    assert_eq!((said.exit, code(&said)), (9, "NO_PACKET"));
    assert!(!said.stderr.contains("GET /"), "{}", said.stderr);
    let said = served.sandbox_said(&["--lang", "zh-CN", "fault", "clear", "nosuch"]);
    assert!(said.stderr.contains("没有这个") && said.stderr.contains("列出"), "{}", said.stderr);
}

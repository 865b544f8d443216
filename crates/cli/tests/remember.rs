//! The merchant's side remembers: against a real `hongbao serve`, what is final is asked once,
//! what is paid is paid once, and neither a stopped server nor kill -9 changes that.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_ledger::{
    Entry, Expect, Inquiries, Inquiry, InquiryCommit, Key, SealKey, Source, SqliteLedger,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use support::{OPENID, Said, Served, command, hongbao};

/// Pays one yuan under a reference.
fn pay(served: &Served, reference: &str, more: &[&str]) -> Said {
    let args = ["send", "--json", "--to", OPENID, "--amount", "1.00", "--ref", reference];
    served.run(&[&args, more].concat())
}

/// The number that a payment went under.
fn billno(said: &Said) -> String {
    said.json()[0]["mch_billno"].as_str().unwrap().to_owned()
}

fn receive(served: &Served, billno: &str) {
    served.sandbox(&["receive", billno]);
}

fn no_findings(served: &Served) {
    let said = served.sandbox_said(&["findings"]);
    assert_eq!((said.exit, said.stdout.as_str()), (0, ""), "{said:?}");
}

#[test]
fn what_is_final_is_asked_once_and_outlives_the_server() {
    let served = Served::start_logged();
    served.tune("attempts = 1\n");
    served.send("DONE1");
    receive(&served, "DONE1");
    served.send("OPEN1");
    let first = served.query(&["DONE1"]).json().remove(0);
    assert_eq!((&first["verdict"], &first["source"]), (&json!("received"), &json!("upstream")));
    let again = served.query(&["DONE1"]).json().remove(0);
    assert_eq!((&again["source"], &again["record"]), (&json!("ledger"), &first["record"]));
    assert_eq!(again["asked_at"], first["asked_at"]);
    assert_eq!(served.query(&["OPEN1"]).json()[0]["source"], "upstream");
    assert_eq!(served.calls("query"), 2, "what is final was asked once");
    assert_eq!(served.query(&["--no-ledger", "DONE1"]).json()[0]["source"], "upstream");
    assert_eq!(served.calls("query"), 3);
    let fresh = served.query(&["--fresh-for", "30d", "OPEN1"]);
    assert_eq!((fresh.exit, &fresh.json()[0]["source"]), (0, &json!("ledger")));
    assert_eq!(served.calls("query"), 3, "it was fresh enough");
    let stranger = served.query(&["--offline", "NEVERSEEN"]);
    assert_eq!((stranger.exit, &stranger.json()[0]["verdict"]), (7, &json!("no_answer")));

    let profile = served.profile();
    let _folder = served.stop();
    let query =
        |args: &[&str]| support::hongbao(&[&["query", "--profile", &profile], args].concat());
    let said = query(&["DONE1"]);
    assert_eq!(said.exit, 0, "{said:?}");
    assert!(said.stdout.contains("  status                 RECEIVED\n"), "{said:?}");
    assert!(said.stderr.starts_with("from the ledger, last asked 20"), "{said:?}");
    assert_eq!(query(&["--no-ledger", "DONE1"]).exit, 7, "nobody is there to ask");
    assert_eq!(query(&["--offline", "OPEN1"]).exit, 0, "open, as far as the ledger knows");
    assert_eq!(query(&["OPEN1"]).exit, 7);
}

#[test]
fn a_reference_is_paid_once_and_anew_only_after_a_certain_failure() {
    let served = Served::start_logged();
    let before = served.balance();
    let first = pay(&served, "order-1", &[]);
    assert_eq!(first.exit, 0, "{first:?}");
    assert!(first.stderr.contains("\nbill number 10000098"), "{first:?}");
    let number = billno(&first);
    assert_eq!(billno(&pay(&served, "order-1", &[])), number);
    assert_eq!(before - served.balance(), 100);

    let sends = served.calls("send");
    let refused = |said: Said, code: &str| {
        assert_eq!((said.exit, said.stdout.as_str()), (2, ""), "{said:?}");
        assert!(said.stderr.starts_with(&format!("error[{code}]: ")), "{said:?}");
        assert!(said.stderr.contains("\nhint: "), "{said:?}");
    };
    refused(pay(&served, "order-1", &["--wishing", "another"]), "SEND_OTHER_PARAMETERS");
    refused(pay(&served, "order-1", &["--billno", "ANOTHER1"]), "SEND_REF_OPEN");
    refused(pay(&served, "order-2", &["--billno", &number]), "SEND_OTHER_REF");
    from_elsewhere(&served, refused);
    assert_eq!(served.calls("send"), sends + 1, "only the one from elsewhere was sent");

    served.sandbox(&["fail", &number]);
    refused(pay(&served, "order-1", &["--billno", "ANOTHER1"]), "SEND_REF_OPEN");
    assert_eq!(served.query(&[&number]).exit, 3);
    let second = pay(&served, "order-1", &[]);
    let replacement = billno(&second);
    assert_ne!(replacement, number, "it failed for certain");
    receive(&served, &replacement);
    assert_eq!(served.query(&[&replacement]).exit, 0);
    let sends = served.calls("send");
    let third = pay(&served, "order-1", &[]);
    assert_eq!((third.exit, billno(&third)), (0, replacement.clone()));
    assert_eq!(third.json()[0]["source"], "ledger", "it is paid");
    assert_eq!(served.calls("send"), sends, "nothing was sent");
    let numbers: Vec<Value> = served.run(&["records", "--json", "--ref", "order-1"]).json();
    let verdicts: Vec<&Value> = numbers.iter().map(|number| &number["verdict"]).collect();
    assert_eq!(verdicts.len(), 2);
    assert!(verdicts.contains(&&json!("failed")) && verdicts.contains(&&json!("received")));
    no_findings(&served);
}

/// A packet that another ledger sent is not sent from this one.
fn from_elsewhere(served: &Served, refused: impl Fn(Said, &str)) {
    let profile = std::fs::read_to_string(served.profile()).unwrap();
    let elsewhere = served.merchant_file("elsewhere.toml");
    std::fs::write(&elsewhere, profile + "ledger_file = \"elsewhere.sqlite\"\n").unwrap();
    let args =
        ["send", "--profile", elsewhere.to_str().unwrap(), "--to", "oAnother", "--amount", "3"];
    assert_eq!(support::hongbao(&[&args[..], &["--billno", "ELSE1"]].concat()).exit, 0);
    assert_eq!(served.query(&["ELSE1"]).exit, 0);
    refused(pay(served, "order-3", &["--billno", "ELSE1"]), "SEND_ELSEWHERE");
}

#[test]
fn a_lost_reply_is_followed_to_its_end() {
    let served = Served::start();
    served.tune("attempts = 1\n");
    served.fault("reply-lost", "LOST1", "send");
    let said = pay(&served, "order-1", &["--billno", "LOST1"]);
    assert_eq!((said.exit, &said.json()[0]["verdict"]), (7, &json!("no_answer")));
    assert_eq!(pay(&served, "order-1", &["--billno", "LOST2"]).exit, 2, "the money may move");
    receive(&served, "LOST1");
    let said = served.run(&["follow", "--json", "LOST1"]);
    assert_eq!(said.exit, 0, "{said:?}");
    let events = said.json();
    let gist = |event: &Value| json!([event["event"], event["mch_billno"], event["verdict"]]);
    assert_eq!(gist(&events[0]), json!(["asked", "LOST1", "received"]));
    let summary = &events[1];
    assert_eq!(summary["verdicts"], json!({"received": 1}));
    assert_eq!((&summary["attention"], &summary["waiting"]), (&json!(0), &json!(0)));
    assert_eq!(events.len(), 2);
    no_findings(&served);
}

/// A send that never arrived: following sends the same number again, where it may and can.
#[test]
fn what_never_arrived_is_sent_again_under_its_number() {
    let served = Served::start();
    served.tune("attempts = 1\n");
    let before = served.balance();
    served.fault("reset-before", "GONE1", "send");
    assert_eq!(pay(&served, "order-1", &["--billno", "GONE1"]).exit, 7);
    served.sandbox(&["fault", "clear"]);
    let profile = std::fs::read_to_string(served.profile()).unwrap();
    let bare = served.merchant_file("bare.toml");
    let lines = profile.lines().filter(|line| !line.starts_with("workwx"));
    std::fs::write(&bare, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let bare = bare.to_str().unwrap().to_owned();
    let step = |profile: &str, more: &[&str]| {
        let args = ["follow", "--json", "--until", "idle", "--profile", profile, "GONE1"];
        let said = support::hongbao(&[&args, more].concat());
        assert_eq!((said.exit, said.json().len()), (0, 2), "{said:?}");
        let event = &said.json()[0];
        json!([event["event"], event["cause"]])
    };
    let (asked, profile) = (json!(["asked", "not_found"]), served.profile());
    assert_eq!(step(&profile, &[]), asked, "first it asks");
    assert_eq!(step(&profile, &["--no-resend"]), asked);
    assert_eq!(step(&bare, &[]), asked, "without a secret it cannot send");
    assert_eq!(before - served.balance(), 0);
    assert_eq!(step(&profile, &[]), json!(["resent", "accepted"]));
    assert_eq!(before - served.balance(), 100);
    no_findings(&served);
}

#[test]
fn waiting_for_one_payment_ends_when_it_is_decided() {
    let served = Served::start();
    let said = pay(&served, "order-1", &["--billno", "WAIT1", "--wait", "0s"]);
    assert_eq!((said.exit, said.json().len()), (0, 1), "the time was over at once");
    receive(&served, "WAIT1");
    let said = pay(&served, "order-1", &["--wait", "1h"]);
    let objects = said.json();
    assert_eq!((said.exit, objects.len()), (0, 2), "{said:?}");
    assert_eq!(
        (&objects[0]["cause"], &objects[1]["verdict"]),
        (&json!("accepted"), &json!("received"))
    );
}

/// A follower that does not outlive the test.
struct Follower(Child);

impl Follower {
    fn start(served: &Served, more: &[&str]) -> (Self, BufReader<std::process::ChildStdout>) {
        let mut child = command()
            .args(["follow", "--json", "--profile", &served.profile()])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        (Self(child), lines)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn kill_9_loses_nothing_and_what_is_final_is_not_asked_again() {
    let served = Served::start_logged();
    let numbers: Vec<String> = (0..8).map(|n| format!("KILL{n}")).collect();
    for number in &numbers {
        served.send(number);
        receive(&served, number);
    }
    served.tune("pace_per_second = 2\n");
    let mut args = vec!["--concurrency", "1"];
    args.extend(numbers.iter().map(String::as_str));
    let (mut killed, mut lines) = Follower::start(&served, &args);
    for _ in 0..3 {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(event["verdict"], "received", "{line}");
    }
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();
    let said = served.run(&["follow", "--json"]);
    assert_eq!(said.exit, 0, "{said:?}");
    let left = said.json().len() - 1;
    assert!((1..=5).contains(&left), "three were final before: {said:?}");
    let records = served.run(&["records", "--json", "--verdict", "received"]).json();
    assert_eq!(records.len(), 8);
    assert!(records.iter().all(|record| record["asks"] == 1), "{records:?}");
    let asked = served.calls("query");
    assert!((8..=9).contains(&asked), "at most the one on its way was asked again: {asked}");
    no_findings(&served);
}

#[test]
fn a_signal_ends_following_in_order() {
    let served = Served::start();
    served.send("SIG1");
    let (mut follower, mut lines) = Follower::start(&served, &["--until", "stopped", "SIG1"]);
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert!(line.contains("\"cause\":\"sending\""), "{line}");
    let pid = follower.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let mut rest = String::new();
    lines.read_line(&mut rest).unwrap();
    let summary: Value = serde_json::from_str(&rest).unwrap();
    assert_eq!((&summary["event"], &summary["waiting"]), (&json!("summary"), &json!(1)));
    assert_eq!(follower.0.wait().unwrap().code(), Some(0));
}

#[test]
fn who_needs_a_person_is_listed_with_the_reason() {
    let served = Served::start();
    assert_eq!(served.run(&["attention"]).exit, 9, "there is no ledger yet");
    served.tune("unknown_max = \"0s\"\n");
    let said = served.run(&["follow", "--until", "idle", "NEVERSENT"]);
    assert_eq!(said.exit, 6, "{said:?}");
    assert!(said.stderr.contains("needs a person: unknown, or without an answer"), "{said:?}");
    let said = served.run(&["attention"]);
    assert_eq!(said.exit, 6);
    assert!(said.stdout.starts_with("NEVERSENT  unknown, or without an answer"), "{said:?}");
    assert!(said.stdout.contains("\n  Look at `hongbao history BILLNO`"), "{said:?}");
    let object = served.run(&["attention", "--json"]).json().remove(0);
    assert_eq!(object["attention"], "unknown_too_long");
    assert_eq!(served.run(&["records", "--json", "--attention"]).json().len(), 1);
    served.send("FINE1");
    receive(&served, "FINE1");
    served.query(&["FINE1"]);
    assert_eq!(served.run(&["attention", "--json"]).json().len(), 1, "only the other one");
    assert_eq!(served.run(&["attention", "--dismiss", "NEVERSENT"]).exit, 0, "a person looked");
    assert_eq!(served.run(&["attention"]).exit, 0);
    assert_eq!(served.run(&["follow", "--until", "idle"]).exit, 0, "it is not asked about");
    assert_eq!(served.run(&["follow", "--until", "idle", "NEVERSENT"]).exit, 6, "unless named");
}

#[test]
fn records_are_filtered_and_the_history_is_whole() {
    let served = Served::start();
    for (number, amount) in [("REC1", "1.00"), ("REC2", "2.00"), ("REC3", "3.00")] {
        let args =
            ["send", "--to", "oReader", "--amount", amount, "--billno", number, "--act-name"];
        assert_eq!(served.run(&[&args[..], &[number]].concat()).exit, 0);
    }
    receive(&served, "REC1");
    served.query(&["REC1", "REC2"]);
    let numbers = |args: &[&str]| -> Vec<String> {
        let said = served.run(&[&["records", "--json"], args].concat());
        assert_eq!((said.exit, said.stderr.as_str()), (0, ""));
        let number = |object: &Value| object["mch_billno"].as_str().unwrap().to_owned();
        said.json().iter().map(number).collect()
    };
    assert_eq!(numbers(&[]), ["REC1", "REC2", "REC3"]);
    assert_eq!(numbers(&["--limit", "2"]), ["REC1", "REC2"]);
    assert_eq!(numbers(&["--status", "RECEIVED"]), ["REC1"]);
    assert_eq!(numbers(&["--verdict", "open"]), ["REC2", "REC3"]);
    assert_eq!(numbers(&["--activity", "REC3"]), ["REC3"]);
    assert_eq!(numbers(&["--openid", "oReader", "--to", "2999-12-31"]).len(), 3);
    assert_eq!(numbers(&["--openid", "oNobody"]).len(), 0);
    assert_eq!(numbers(&["--from", "2999-12-31"]).len(), 0);
    let text = served.run(&["records"]).stdout;
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.starts_with("mch_billno  "), "{text}");

    let history = served.run(&["history", "--json", "REC1"]).json();
    let events: Vec<&str> = history.iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["send intended", "send accepted", "query RECEIVED"]);
    let said = served.run(&["history", "--raw", "REC1"]);
    assert!(
        said.stdout.contains("\n    <return_code><![CDATA[SUCCESS]]></return_code>\n"),
        "{said:?}"
    );
    let said = served.run(&["history", "REC9"]);
    assert_eq!((said.exit, said.stdout.as_str()), (6, ""));
    assert!(said.stderr.starts_with("error[NOT_IN_LEDGER]: "), "{said:?}");
}

/// Makes the ledger believe that a packet was sent 31 days ago.
fn age(served: &Served, billno: &str) {
    let sent = |inquiry: &Inquiry| inquiry.noted_at - SignedDuration::from_hours(31 * 24);
    change(served, billno, |inquiry| inquiry.sent_at = Some(sent(inquiry)));
}

/// Makes the ledger believe something else of a packet.
fn change(served: &Served, billno: &str, change: impl FnOnce(&mut Inquiry)) {
    let open = SealKey::load(served.merchant_file("ledger.key"));
    let ledger = SqliteLedger::open(served.merchant_file("ledger.sqlite"), open.unwrap()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut inquiry =
        runtime.block_on(ledger.inquiry(&Key::new("10000098", billno))).unwrap().unwrap();
    let at = inquiry.noted_at;
    change(&mut inquiry);
    let entry = Entry { at, source: Source::Merchant, event: "aged".into(), raw: None };
    let expect = Expect::Version(inquiry.version);
    let commit = InquiryCommit { inquiry, expect, numbers_of_ref: None, entries: vec![entry] };
    runtime.block_on(ledger.commit_inquiry(commit)).unwrap();
}

#[test]
fn past_30_days_the_ledger_answers_and_nobody_is_asked() {
    let served = Served::start_logged();
    for billno in ["AGED1", "AGED2"] {
        served.send(billno);
    }
    receive(&served, "AGED1");
    assert_eq!(served.query(&["AGED1", "AGED2"]).exit, 0);
    age(&served, "AGED1");
    age(&served, "AGED2");
    attention_of_what_nobody_followed(&served);
    let asked = served.calls("query");
    let said = served.query(&["AGED1"]);
    assert_eq!((said.exit, &said.json()[0]["verdict"]), (0, &json!("received")));
    let said = served.query(&["AGED2"]);
    let object = &said.json()[0];
    assert_eq!((said.exit, &object["verdict"]), (6, &json!("beyond_window")), "{said:?}");
    assert_eq!(
        (&object["source"], &object["next_step"]),
        (&json!("ledger"), &json!("ledger_or_console"))
    );
    assert_eq!(object["record"]["status"], "SENDING", "what was known last is shown");
    assert_eq!(served.calls("query"), asked, "nobody was asked");
    let people = served.run(&["attention", "--json"]).json();
    assert_eq!((people.len(), &people[0]["attention"]), (1, &json!("window_closed")));
    let numbers = served.run(&["records", "--json", "--verdict", "beyond_window"]).json();
    assert_eq!((numbers.len(), &numbers[0]["mch_billno"]), (1, &json!("AGED2")));
    assert_eq!(served.run(&["follow", "AGED1", "AGED2"]).exit, 6, "one needs a person");
    assert_eq!(served.calls("query"), asked);
}

/// A person is called for what grew old while nobody looked, and nothing is put down by looking.
fn attention_of_what_nobody_followed(served: &Served) {
    let called = || {
        let said = served.run(&["attention", "--json"]);
        let gist = |object: Value| [&object["mch_billno"], &object["attention"]].map(Value::clone);
        (said.exit, said.json().into_iter().map(gist).collect::<Vec<_>>())
    };
    let closed = [json!("AGED2"), json!("window_closed")];
    assert_eq!(called(), (6, vec![closed.clone()]));
    assert_eq!(called(), (6, vec![closed.clone()]));
    assert!(!served.run(&["attention"]).stderr.contains("overdue"), "it is due in a while");
    let listed = served.run(&["records", "--json", "--attention"]).json();
    assert_eq!((listed.len(), &listed[0]["attention"]), (1, &json!("window_closed")));
    served.query(&["NEVERSENT"]);
    assert_eq!(called(), (6, vec![closed.clone()]), "a person is not called at once");
    change(served, "NEVERSENT", |inquiry| {
        let week_ago = inquiry.noted_at - SignedDuration::from_hours(7 * 24);
        (inquiry.unknown_since, inquiry.due_at) = (Some(week_ago), Some(week_ago));
    });
    let unknown = [json!("NEVERSENT"), json!("unknown_too_long")];
    assert_eq!(called(), (6, vec![closed, unknown]));
    assert_eq!(served.run(&["records", "--json", "--attention"]).json().len(), 2);
    let said = served.run(&["attention"]);
    assert!(said.stderr.starts_with("1 of them overdue: `hongbao follow`"), "{said:?}");
    change(served, "NEVERSENT", |inquiry| (inquiry.unknown_since, inquiry.due_at) = (None, None));
}

/// The section of the page about a command's JSON.
fn section<'p>(page: &'p str, command: &str) -> &'p str {
    let heads =
        |section: &&str| section.lines().next().unwrap().contains(&format!("`hongbao {command} "));
    page.split("\n## ").find(heads).unwrap_or_else(|| panic!("no section of `{command}`"))
}

/// Every key of every object stands in its command's section of the page that scripts are
/// written by.
#[test]
fn every_key_of_the_json_is_on_the_page() {
    let served = Served::start();
    served.tune("unknown_max = \"0s\"\n");
    let sent = pay(&served, "order-1", &["--billno", "PAGE1"]);
    let queried = served.query(&["PAGE1", "NEVERSENT"]);
    let followed = served.run(&["follow", "--json", "--until", "idle", "PAGE1", "NEVERSENT"]);
    let numbers = served.merchant_file("numbers.txt");
    std::fs::write(&numbers, "PAGE1\nNEVERSENT\n\n").unwrap();
    let (numbers, out) = (numbers.to_str().unwrap(), served.merchant_file("out.csv"));
    let reconcile = ["reconcile", "--input-format", "lines", "--json", "--out"];
    let all = [
        ("send", sent),
        ("query", queried),
        ("follow", followed),
        ("records", served.run(&["records", "--json"])),
        ("history", served.run(&["history", "--json", "PAGE1"])),
        ("attention", served.run(&["attention", "--json"])),
        ("reconcile", served.run(&[&reconcile[..], &[out.to_str().unwrap(), numbers]].concat())),
        ("doctor", served.run(&["doctor", "--json", "--offline"])),
        ("explain", hongbao(&["explain", "--json"])),
    ];
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli-json.md");
    let page = std::fs::read_to_string(page).unwrap();
    for (command, said) in &all {
        let (objects, section) = (said.json(), section(&page, command));
        assert!(!objects.is_empty(), "{command} {said:?}");
        for key in objects.iter().flat_map(|object| object.as_object().unwrap().keys()) {
            assert!(section.contains(&format!("`{key}`")), "`{key}` of {command}");
        }
    }
}

#[test]
fn a_status_that_nobody_knows_is_warned_of() {
    let served = Served::start();
    served.send("STAT1");
    assert_eq!(served.query(&["STAT1"]).exit, 0);
    let said = served.run(&["records", "--json", "--status", "SENDING"]);
    assert_eq!((said.json().len(), said.stderr.as_str()), (1, ""), "{said:?}");
    let said = served.run(&["records", "--json", "--status", "sending"]);
    assert_eq!((said.exit, said.stdout.as_str()), (0, ""), "{said:?}");
    assert!(said.stderr.starts_with("warning[UNKNOWN_STATUS]: `sending` "), "{}", said.stderr);
}

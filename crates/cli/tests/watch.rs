//! The sandbox's watch for double payments: silent for hongbao's own `send` under every fault,
//! however nervous the operator; and not silent for a client that takes errors for failures.
#![allow(clippy::unwrap_used)]

mod support;

#[allow(dead_code)]
#[path = "../../client/examples/naive.rs"]
mod naive;

use serde_json::json;
use std::path::Path;
use support::{Said, Served};

/// Every fault, and what it needs to bite within the profile's time-outs.
const FAULTS: [&[&str]; 18] = [
    &["reply-lost"],
    &["delay", "--delay", "2500ms"],
    &["http-400"],
    &["http-502"],
    &["http-502", "--stored", "false"],
    &["empty-body"],
    &["truncated-xml"],
    &["unknown-error-code"],
    &["new-field"],
    &["other-order"],
    &["unsigned"],
    &["wrongly-signed"],
    &["unknown-status"],
    &["systemerror"],
    &["freq-limit"],
    &["not-found-first", "--first", "9"],
    &["reset-before"],
    &["reset-after"],
];

/// How many operators are at work at once, on one profile.
const OPERATORS: usize = 4;

#[test]
fn own_sends_never_pay_twice_under_any_fault() {
    let served = Served::start();
    served.tune("attempts = 2\ntotal_timeout = \"2s\"\n");
    let before = served.balance();
    std::thread::scope(|scope| {
        for operator in 0..OPERATORS {
            let served = &served;
            scope.spawn(move || {
                for nth in (operator..FAULTS.len()).step_by(OPERATORS) {
                    let payment = Payment { served, nth, fault: FAULTS[nth] };
                    payment.pay_nervously();
                }
            });
        }
    });
    let findings = served.sandbox_said(&["findings"]);
    assert_eq!((findings.exit, findings.stdout.as_str()), (0, ""), "{findings:?}");
    assert_eq!(before - served.balance(), 100 * FAULTS.len() as u64, "each was paid once");
    let records = served.run(&["records", "--json"]).json();
    assert_eq!(records.len(), FAULTS.len(), "each has one number: {records:#?}");
    assert!(records.iter().all(|record| record["verdict"] == "received"), "{records:#?}");
}

/// One payment that must come to exactly one yuan, while a fault is on.
struct Payment<'s> {
    served: &'s Served,
    nth: usize,
    fault: &'s [&'s str],
}

impl Payment<'_> {
    fn billno(&self) -> String {
        format!("WATCH{}", self.nth)
    }

    fn send(&self, more: &[&str]) -> Said {
        let (reference, openid) = (format!("order-{}", self.nth), format!("oWatch{}", self.nth));
        let args = ["send", "--ref", &reference, "--to", &openid, "--amount", "1.00"];
        self.served.run(&[&args, more].concat())
    }

    /// An operator who sees an error tries all that comes to mind.
    fn pay_nervously(&self) {
        let billno = self.billno();
        let add = ["fault", "add", "--json", "--billno", &billno];
        let set = self.served.sandbox_said(&[&add, self.fault].concat());
        let id = set.json()[0]["id"].as_str().unwrap().to_owned();
        self.never_failed(&self.send(&["--billno", &billno]));
        self.never_failed(&self.send(&[]));
        let other = self.send(&["--billno", &format!("OTHER{}", self.nth)]);
        assert_eq!(other.exit, 2, "{:?}: a new number: {other:?}", self.fault);
        assert!(other.stderr.contains("error[SEND_REF_OPEN]"), "{other:?}");
        self.never_failed(&self.served.query(&[&billno]));
        self.never_failed(&self.send(&[]));
        self.served.sandbox(&["fault", "clear", &id]);

        let said = self.send(&[]);
        assert_eq!(said.exit, 0, "{:?}: {said:?}", self.fault);
        self.served.sandbox(&["receive", &billno]);
        let followed = self.served.run(&["follow", "--until", "idle", &billno]);
        assert_eq!(followed.exit, 0, "{:?}: {followed:?}", self.fault);
        let known = self.served.query(&["--fresh-for", "30d", &billno]);
        assert_eq!(known.json()[0]["verdict"], "received", "{:?}: {known:?}", self.fault);
        let said = self.send(&["--json"]);
        assert_eq!((said.exit, &said.json()[0]["source"]), (0, &json!("ledger")), "{said:?}");
    }

    /// No fault may look like a failure that permits a new number.
    fn never_failed(&self, said: &Said) {
        assert_ne!(said.exit, 3, "{:?}: {said:?}", self.fault);
    }
}

#[test]
fn a_client_that_takes_an_error_for_a_failure_is_found_out() {
    let served = Served::start();
    served.sandbox(&["fault", "add", "reply-lost", "--on", "send", "--times", "1"]);
    let profile = std::fs::read_to_string(served.profile()).unwrap();
    let base_url = profile.lines().find_map(|line| line.strip_prefix("base_url = ")).unwrap();
    let folder = served.merchant_file("");
    let ca_file = folder.join("../../ca.pem");
    let merchant = naive::Naive::new(base_url.trim_matches('"'), Path::new(&ca_file), &folder);
    let merchant = merchant.unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let numbers = runtime.block_on(merchant.pay("oNaive"));
    assert_eq!(numbers.len(), 2, "the reply to the first was lost");
    let finding = served.sandbox_said(&["findings", "--json"]).json().remove(0);
    assert_eq!(
        (&finding["first_billno"], &finding["second_billno"]),
        (&json!(numbers[0]), &json!(numbers[1]))
    );
}

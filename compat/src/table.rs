//! The written table: for each fault of the sandbox, what each SDK makes of it.

use crate::driver::Driver;
use crate::judgement::{Call, Judgement};
use crate::lab::Lab;
use crate::own::{OwnVerdict, own_verdict};
use crate::packet::Packet;
use crate::said::Said;
use crate::sdk::Sdk;
use crate::served::Served;
use hongbao_issuer::Fault;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;

/// How long an SDK waits under `delay`, where it can be told to, milliseconds.
const PATIENCE_MS: u32 = 3_000;
/// How late a delayed reply is, milliseconds.
const DELAY_MS: u32 = 6_000;

/// One fault of one call, and what each SDK makes of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The call.
    pub call: Call,
    /// The fault.
    pub fault: &'static str,
    /// What each SDK makes of it.
    pub cells: Cells,
    /// What our own command line makes of it.
    pub own: OwnVerdict,
}

/// What each SDK makes of one fault of one call.
pub type Cells = BTreeMap<Sdk, Judgement>;

/// Every fault of either call, but for those left out.
fn plan(but: &[Fault]) -> Vec<(Call, &'static str)> {
    let faults = |call| {
        let matching = move |fault: &Fault| call == Call::Query || !fault.queries_only();
        let faults = Fault::ALL.into_iter().filter(|fault| !but.contains(fault));
        faults.filter(matching).map(move |fault| (call, fault.as_str()))
    };
    faults(Call::Send).chain(faults(Call::Query)).collect()
}

/// Runs every SDK of the lab into every fault, but for those left out.
#[must_use]
pub fn cells(lab: &Lab, but: &[Fault]) -> Vec<(Call, &'static str, Cells)> {
    let plan = plan(but);
    let seen = Mutex::new(vec![Cells::new(); plan.len()]);
    lab.each(|driver| {
        for (index, (call, fault)) in plan.iter().copied().enumerate() {
            let judgement = run_into(lab.served(), driver, call, fault, index);
            let mut seen = seen.lock().expect("nothing panics while it holds this");
            seen[index].insert(driver.sdk(), judgement);
        }
    });
    let seen = seen.into_inner().expect("nothing panics while it holds this");
    plan.into_iter().zip(seen).map(|((call, fault), cells)| (call, fault, cells)).collect()
}

/// Runs every SDK of the lab, and our own command line, into every fault.
#[must_use]
pub fn rows(lab: &Lab) -> Vec<Row> {
    std::thread::scope(|scope| {
        let own = scope.spawn(|| {
            let verdict = |(index, (call, fault))| run_own_into(lab.served(), call, fault, index);
            plan(&[]).into_iter().enumerate().map(verdict).collect::<Vec<_>>()
        });
        let cells = cells(lab, &[]);
        let own = own.join().expect("every verdict was printed");
        let row = |((call, fault, cells), own)| Row { call, fault, cells, own };
        cells.into_iter().zip(own).map(row).collect()
    })
}

/// One SDK into one fault, with a packet of its own.
fn run_into(
    served: &Served,
    driver: &mut Driver,
    call: Call,
    fault: &str,
    index: usize,
) -> Judgement {
    let credentials = served.credentials();
    let billno = format!("FAULT{}{index}", driver.sdk().letters());
    let packet = Packet::new(&billno);
    let identity = driver.sdk().identities()[0];
    let patience_ms = if fault == "delay" { PATIENCE_MS } else { 3 * DELAY_MS };
    if call == Call::Query {
        let sent = driver.send(&credentials, identity, &packet);
        assert!(sent.holds_record(), "{sent:?}");
    }
    add_fault(served, call, fault, &billno);
    let said: Said = match call {
        Call::Send => driver.send_within(&credentials, identity, &packet, patience_ms),
        Call::Query => driver.query_within(&credentials, identity, &billno, patience_ms),
    };
    // An order that was never processed is noted without a status.
    let stored = served.packet(&billno).is_some_and(|packet| !packet["status"].is_null());
    Judgement::of(call, fault, &said, stored)
}

/// Our own command line into one fault, with a packet of its own.
fn run_own_into(served: &Served, call: Call, fault: &str, index: usize) -> OwnVerdict {
    let billno = format!("FAULTOWN{index}");
    if call == Call::Query {
        let _ = own_verdict(served, Call::Send, &billno);
    }
    add_fault(served, call, fault, &billno);
    own_verdict(served, call, &billno)
}

fn add_fault(served: &Served, call: Call, fault: &str, billno: &str) {
    let mut rule = json!({ "mch_billno": billno, "on": call.as_str(), "fault": fault });
    if fault == "delay" {
        rule["delay_ms"] = DELAY_MS.into();
    }
    served.admin().add_fault(&rule);
}

/// The rows as Markdown.
#[must_use]
pub fn document(rows: &[Row]) -> String {
    let mut text = String::new();
    for call in [Call::Send, Call::Query] {
        let _ = write!(text, "### What each SDK makes of a faulty {}\n\n| fault |", call.as_str());
        for sdk in Sdk::ALL {
            let _ = write!(text, " {} |", sdk.as_str());
        }
        text.push_str(" hongbao |\n|---|---|---|---|---|---|\n");
        for row in rows.iter().filter(|row| row.call == call) {
            let _ = write!(text, "| `{}` |", row.fault);
            for sdk in Sdk::ALL {
                let _ = write!(
                    text,
                    " {} |",
                    row.cells.get(&sdk).map_or(String::new(), ToString::to_string)
                );
            }
            let _ = writeln!(text, " {} |", row.own.text);
        }
        text.push('\n');
    }
    text
}

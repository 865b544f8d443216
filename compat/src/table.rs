//! The written table: for each fault of the sandbox, what each SDK makes of it.

use crate::driver::Driver;
use crate::judgement::{Call, Judgement};
use crate::lab::Lab;
use crate::packet::Packet;
use crate::said::Said;
use crate::sdk::Sdk;
use crate::served::Served;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;

/// How long an SDK waits under `delay`, where it can be told to, milliseconds.
const PATIENCE_MS: u32 = 2_000;
/// How late a delayed reply is, milliseconds.
const DELAY_MS: u32 = 5_000;

/// The faults, as the sandbox names them, and whether they are about queries alone.
const FAULTS: [(&str, bool); 17] = [
    ("reply_lost", false),
    ("delay", false),
    ("http_400", false),
    ("http_502", false),
    ("empty_body", false),
    ("truncated_xml", false),
    ("unknown_error_code", false),
    ("new_field", false),
    ("other_order", false),
    ("unsigned", false),
    ("wrongly_signed", false),
    ("unknown_status", true),
    ("systemerror", false),
    ("freq_limit", false),
    ("not_found_first", true),
    ("reset_before", false),
    ("reset_after", false),
];

/// One fault of one call, and what each SDK makes of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The call.
    pub call: Call,
    /// The fault.
    pub fault: &'static str,
    /// What each SDK makes of it.
    pub cells: BTreeMap<Sdk, Judgement>,
}

/// Runs every SDK of the lab into every fault.
#[must_use]
pub fn rows(lab: &Lab) -> Vec<Row> {
    let plan: Vec<(Call, &'static str)> = [Call::Send, Call::Query]
        .into_iter()
        .flat_map(|call| {
            FAULTS.iter().map(move |(fault, queries_only)| (call, *fault, *queries_only))
        })
        .filter(|(call, _, queries_only)| *call == Call::Query || !queries_only)
        .map(|(call, fault, _)| (call, fault))
        .collect();
    let seen = Mutex::new(BTreeMap::new());
    lab.each(|driver| {
        for (index, (call, fault)) in plan.iter().enumerate() {
            let judgement = run_into(lab.served(), driver, *call, fault, index);
            seen.lock()
                .expect("no check panics while it holds this")
                .insert((index, driver.sdk()), judgement);
        }
    });
    let seen = seen.into_inner().expect("no check panics while it holds this");
    plan.iter()
        .enumerate()
        .map(|(index, (call, fault))| {
            let cell = |sdk: &Sdk| Some((*sdk, seen.get(&(index, *sdk))?.clone()));
            Row { call: *call, fault, cells: Sdk::ALL.iter().filter_map(cell).collect() }
        })
        .collect()
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
    let mut rule = json!({ "mch_billno": billno, "on": call.as_str(), "fault": fault });
    if fault == "delay" {
        rule["delay_ms"] = DELAY_MS.into();
    }
    served.admin().add_fault(&rule);
    let said: Said = match call {
        Call::Send => driver.send_within(&credentials, identity, &packet, patience_ms),
        Call::Query => driver.query_within(&credentials, identity, &billno, patience_ms),
    };
    // An order that was never processed is noted without a status.
    let stored = served.packet(&billno).is_some_and(|packet| !packet["status"].is_null());
    Judgement::of(call, fault, &said, stored)
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
        text.push_str("\n|---|---|---|---|---|\n");
        for row in rows.iter().filter(|row| row.call == call) {
            let _ = write!(text, "| `{}` |", row.fault);
            for sdk in Sdk::ALL {
                let _ = write!(
                    text,
                    " {} |",
                    row.cells.get(&sdk).map_or(String::new(), ToString::to_string)
                );
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

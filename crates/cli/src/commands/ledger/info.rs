//! `hongbao ledger info`: what a ledger is and holds.

use crate::args::InfoArgs;
use crate::exit::{Exit, Failure};
use crate::ledger_place::OpenLedger;
use crate::output::Output;
use crate::say;
use hongbao_ledger::{Book, LedgerError};
use hongbao_wire::MchId;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Prints it.
///
/// # Errors
/// The ledger cannot be used: exit 9.
pub async fn run(args: &InfoArgs, out: &mut Output) -> Result<Exit, Failure> {
    let ledger = super::which(&args.which)?.open().await?;
    let held = Held::of(&ledger).await.map_err(|error| ledger.place.failure(&error))?;
    let facts = ledger.facts().await?;
    if args.json {
        let durability = facts.durability.into_iter();
        let durability: Map<String, Value> =
            durability.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        out.json(&json!({
            "place": ledger.place.to_string(),
            "kind": facts.kind,
            "schema_version": facts.schema_version,
            "durability": durability,
            "bytes": facts.bytes,
            "merchants": held.merchants,
            "records": held.records.to_json(),
            "inquiries": held.inquiries.to_json(),
        }));
        return Ok(Exit::Ok);
    }
    let durability = facts.durability.iter().map(|(name, value)| format!("{name}={value}"));
    let durability = durability.collect::<Vec<_>>().join(", ");
    let bytes = facts.bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
    for (name, value) in [
        ("place", ledger.place.to_string()),
        ("kind", facts.kind.to_owned()),
        ("schema_version", facts.schema_version.to_string()),
        ("durability", durability),
        ("bytes", bytes),
        ("merchants", held.merchants.to_string()),
        ("records", held.records.to_line()),
        ("inquiries", held.inquiries.to_line()),
    ] {
        out.data(format_args!("{name:<16}{value}"));
    }
    if let Some(why) = ledger.danger() {
        out.warning("LEDGER_NOT_DURABLE", say!("ledger-unsafe", file = ledger.place, why = why));
    }
    Ok(Exit::Ok)
}

/// What a ledger holds.
struct Held {
    /// Merchants that it lists, and those that were only asked about.
    merchants: usize,
    records: Count,
    inquiries: Count,
}

/// What a book holds.
#[derive(Default)]
struct Count {
    packets: u64,
    entries: u64,
}

impl Held {
    async fn of(ledger: &OpenLedger) -> Result<Self, LedgerError> {
        let store = &ledger.store;
        let listed = store.merchants().await?.into_iter().map(|merchant| merchant.mch_id);
        let mut merchants: BTreeSet<MchId> = listed.collect();
        let (mut records, mut inquiries) = (Count::default(), Count::default());
        for head in store.heads().await? {
            let count = match head.book {
                Book::Records => &mut records,
                Book::Inquiries => &mut inquiries,
            };
            count.entries += head.position;
            let totals = store.totals(head.book, head.mch_id.as_str(), None, None).await?;
            count.packets += totals.iter().map(|total| total.sum.packets).sum::<u64>();
            merchants.insert(head.mch_id);
        }
        Ok(Self { merchants: merchants.len(), records, inquiries })
    }
}

impl Count {
    fn to_json(&self) -> Value {
        json!({ "packets": self.packets, "entries": self.entries })
    }

    fn to_line(&self) -> String {
        say!("ledger-info-count", packets = self.packets, entries = self.entries)
    }
}

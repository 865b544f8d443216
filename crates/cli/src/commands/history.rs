//! `hongbao history`: what was done and told about one packet.

use crate::args::HistoryArgs;
use crate::exit::{Exit, Failure};
use crate::output::{Output, printable};
use crate::record::readable;
use crate::remembered::Remembered;
use crate::say;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hongbao_ledger::Entry;
use hongbao_wire::time;
use serde_json::{Value, json};

/// Prints every entry, the oldest first.
///
/// # Errors
/// `NOT_IN_LEDGER`, exit 6; [`Failure`] where the profile or its ledger cannot be used.
pub async fn run(args: &HistoryArgs, out: &mut Output) -> Result<Exit, Failure> {
    let remembered = Remembered::open(&args.whose, None).await?;
    let history = remembered.ledger.inquiry_history(&remembered.key(&args.billno)).await;
    let history = history.map_err(|error| remembered.failure(&error))?;
    if history.is_empty() {
        return Err(unknown(&args.billno));
    }
    for entry in &history {
        if args.json {
            out.json(&to_json(&args.billno, entry));
        } else {
            write(entry, args.raw, out);
        }
    }
    Ok(Exit::Ok)
}

/// That the ledger does not know a number.
pub(super) fn unknown(mch_billno: &str) -> Failure {
    Failure {
        code: "NOT_IN_LEDGER",
        message: say!("history-none", billno = mch_billno),
        hint: Some(say!("history-none-hint")),
        exit: Exit::Unknown,
    }
}

fn write(entry: &Entry, raw: bool, out: &mut Output) {
    let (at, source) = (readable(entry.at), entry.source.as_str());
    out.data(format_args!("{at}  {source:<8}  {}", printable(&entry.event)));
    if let (true, Some(bytes)) = (raw, &entry.raw) {
        for line in bytes.split(|byte| *byte == b'\n') {
            out.data(format_args!("    {}", escaped(line)));
        }
    }
}

/// Bytes as text that cannot move the cursor; what is no UTF-8 stands as `\xNN`.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(&printable(chunk.valid()));
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The object of the JSON contract (`docs/cli-json.md`).
fn to_json(mch_billno: &str, entry: &Entry) -> Value {
    let raw = entry.raw.as_deref();
    let text = raw.map(std::str::from_utf8);
    json!({
        "mch_billno": mch_billno,
        "at": time::rfc3339(entry.at),
        "source": entry.source.as_str(),
        "event": entry.event,
        "raw": text.and_then(Result::ok),
        "raw_base64": raw.filter(|_| text.is_some_and(|text| text.is_err()))
            .map(|raw| BASE64_STANDARD.encode(raw)),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use hongbao_ledger::Source;

    fn entry(raw: &[u8]) -> Entry {
        let at = "2026-11-24T00:00:00Z".parse().unwrap();
        Entry {
            at,
            source: Source::Upstream,
            event: "query unreadable".into(),
            raw: Some(raw.into()),
        }
    }

    #[test]
    fn what_is_no_text_is_whole_in_base64_and_harmless_on_a_terminal() {
        let object = to_json("1", &entry(b"a\xffb"));
        assert_eq!((&object["raw"], &object["raw_base64"]), (&json!(null), &json!("Yf9i")));
        let object = to_json("1", &entry("红包".as_bytes()));
        assert_eq!((&object["raw"], &object["raw_base64"]), (&json!("红包"), &json!(null)));
        assert_eq!(escaped(b"\x1b[2J\xff\xfe\xe7\xba\xa2"), "\\u{1b}[2J\\xff\\xfe红");
    }
}

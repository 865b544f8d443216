//! A record of the wire, field by field: as JSON and as lines for people.

use crate::output::printable;
use crate::say;
use hongbao_wire::{ErrorCode, Fen, QueryReply, SendReply, WireTime, time};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// What a field of a record holds; `None` where it was absent or empty.
pub enum Cell<'r> {
    /// Text, ids among it: never a number.
    Text(Option<String>),
    /// An amount, fen.
    Amount(Option<Fen>),
    /// A time at +08:00.
    Time(Option<&'r WireTime>),
}

/// A success that is a record: its fields under the names of the wire.
pub trait Record {
    /// The fields, in the order of the page.
    fn rows(&self) -> Vec<(&'static str, Cell<'_>)>;
    /// The fields that the page does not name.
    fn unknown_fields(&self) -> &[(Box<str>, Box<str>)];
    /// An `err_code` that stood beside the success.
    fn err_code(&self) -> Option<&ErrorCode>;
    /// Whether what was received is not what the packet was made for (`protocol.md` §9 row 8).
    fn amount_differs(&self) -> bool {
        false
    }
}

fn text(value: Option<&impl ToString>) -> Cell<'static> {
    Cell::Text(value.map(ToString::to_string))
}

impl Record for QueryReply {
    fn rows(&self) -> Vec<(&'static str, Cell<'_>)> {
        vec![
            ("mch_billno", text(Some(&self.mch_billno))),
            ("mch_id", text(Some(&self.mch_id))),
            ("detail_id", text(self.detail_id.as_ref())),
            ("status", text(Some(&self.status))),
            ("send_type", text(self.send_type.as_ref())),
            ("total_amount", Cell::Amount(self.total_amount)),
            ("reason", text(self.reason.as_ref())),
            ("send_time", Cell::Time(self.send_time.as_ref())),
            ("refund_time", Cell::Time(self.refund_time.as_ref())),
            ("refund_amount", Cell::Amount(self.refund_amount)),
            ("wishing", text(self.wishing.as_ref())),
            ("remark", text(self.remark.as_ref())),
            ("act_name", text(self.act_name.as_ref())),
            ("openid", text(self.openid.as_ref())),
            ("amount", Cell::Amount(self.amount)),
            ("rcv_time", Cell::Time(self.rcv_time.as_ref())),
            ("sender_name", text(self.sender_name.as_ref())),
            ("sender_header_media_id", text(self.sender_header_media_id.as_ref())),
        ]
    }
    fn unknown_fields(&self) -> &[(Box<str>, Box<str>)] {
        &self.unknown_fields
    }
    fn err_code(&self) -> Option<&ErrorCode> {
        self.err_code.as_ref()
    }
    fn amount_differs(&self) -> bool {
        matches!((self.amount, self.total_amount), (Some(got), Some(all)) if got != all)
    }
}

impl Record for SendReply {
    fn rows(&self) -> Vec<(&'static str, Cell<'_>)> {
        vec![
            ("mch_billno", text(Some(&self.mch_billno))),
            ("mch_id", text(Some(&self.mch_id))),
            ("wxappid", text(self.wxappid.as_ref())),
            ("re_openid", text(self.re_openid.as_ref())),
            ("total_amount", Cell::Amount(self.total_amount)),
            ("send_listid", text(self.send_listid.as_ref())),
            ("sender_name", text(self.sender_name.as_ref())),
            ("sender_header_media_id", text(self.sender_header_media_id.as_ref())),
        ]
    }
    fn unknown_fields(&self) -> &[(Box<str>, Box<str>)] {
        &self.unknown_fields
    }
    fn err_code(&self) -> Option<&ErrorCode> {
        self.err_code.as_ref()
    }
}

/// The record as JSON: every field of the page is there, `null` where it was absent.
///
/// A time that cannot be read is `null`, and its text stands in `NAME_raw`.
#[must_use]
pub fn to_json(record: &dyn Record) -> Value {
    let mut object = Map::new();
    for (name, cell) in record.rows() {
        let value = match cell {
            Cell::Text(text) => json!(text),
            Cell::Amount(amount) => json!(amount.map(Fen::get)),
            Cell::Time(time) => {
                if let Some(raw) = time.filter(|time| time.instant().is_none()) {
                    object.insert(format!("{name}_raw"), json!(raw.as_str()));
                }
                json!(time.and_then(WireTime::instant).map(time::rfc3339))
            }
        };
        object.insert(name.to_owned(), value);
    }
    let unknown = record.unknown_fields().iter();
    let unknown: Map<String, Value> =
        unknown.map(|(name, value)| (name.to_string(), json!(value))).collect();
    object.insert("unknown_fields".to_owned(), Value::Object(unknown));
    Value::Object(object)
}

/// The fields that have a value, a line each, for people.
#[must_use]
pub fn to_lines(record: &dyn Record) -> Vec<String> {
    let known = record.rows().into_iter().filter_map(|(name, cell)| {
        let value = match cell {
            Cell::Text(text) => text?,
            Cell::Amount(fen) => fen.map(|f| say!("ask-yuan", yuan = f.to_yuan(), fen = f))?,
            Cell::Time(time) => time.map(readable_wire)?,
        };
        Some((name.to_owned(), value))
    });
    let unknown =
        record.unknown_fields().iter().map(|(name, value)| (name.to_string(), value.to_string()));
    known.chain(unknown).map(|(name, value)| line(&name, &value)).collect()
}

fn line(name: &str, value: &str) -> String {
    format!("  {:<22} {}", printable(name), printable(value))
}

/// An instant for people, at +08:00.
#[must_use]
pub fn readable(at: Timestamp) -> String {
    format!("{} +08:00", time::format(at))
}

fn readable_wire(time: &WireTime) -> String {
    match time.instant() {
        Some(instant) => readable(instant),
        None => say!("ask-unreadable-time", text = time),
    }
}

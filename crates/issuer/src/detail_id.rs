//! WeChat's number of a packet.

use crate::seeded;
use hongbao_ledger::Key;
use hongbao_wire::{DetailId, time};
use jiff::Timestamp;

/// What every number captured since 2016 begins with (s04, g02).
const PREFIX: &str = "1000041701";

/// `send_listid` of the send and `detail_id` of the query: 31 digits shaped like the captured
/// ones (s04, g02), the prefix, the day at +08:00, `3` and 12 digits that follow from the
/// seed and the key. A hundred thousand packets a day meet by chance once in 200 days; nothing
/// looks packets up by it.
pub(crate) fn detail_id(seed: u64, key: &Key, sent_at: Timestamp) -> DetailId {
    let day = time::zoned(sent_at).date();
    let texts = ["detail_id", key.mch_id.as_str(), key.mch_billno.as_str()];
    let tail = seeded::number(seed, &texts) % 1_000_000_000_000;
    let (year, month, day) = (day.year(), day.month(), day.day());
    DetailId::new(format!("{PREFIX}{year:04}{month:02}{day:02}3{tail:012}"))
}

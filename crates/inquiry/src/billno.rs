//! Making a bill number.

use crate::error::SendRefusal;
use hongbao_client::Dice;
use hongbao_wire::{MchBillno, time};
use jiff::Timestamp;

/// The random digits that end a made number, where there is room for them.
const DIGITS: usize = 10;
/// The fewest random digits that keep two sends of a day apart.
const DIGITS_MIN: usize = 8;

/// `mch_id` + `yyyymmdd` at +08:00 + 10 random digits (`protocol.md` §1.1); fewer digits, but
/// at least 8, where the merchant's number is long.
///
/// # Errors
/// [`SendRefusal::BillnoNeeded`] where there is no room, or `mch_id` is not alphanumeric.
pub(crate) fn make(mch_id: &str, now: Timestamp, dice: &Dice) -> Result<MchBillno, SendRefusal> {
    let day: String = time::format(now)[..10].replace('-', "");
    let room = MchBillno::CHARS_MAX.saturating_sub(mch_id.len() + day.len());
    if room < DIGITS_MIN || !mch_id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(SendRefusal::BillnoNeeded(mch_id.into()));
    }
    let digits = dice.digits(room.min(DIGITS));
    Ok(MchBillno::new(format!("{mch_id}{day}{digits}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_made_number_is_merchant_day_in_beijing_and_digits() {
        let new_year: Timestamp = "2026-12-31T16:00:00Z".parse().unwrap();
        for (mch_id, length) in [("10000098", 26), ("1234567890", 28), ("123456789012", 28)] {
            let made = make(mch_id, new_year, &Dice::seeded(1)).unwrap();
            assert!(made.as_str().starts_with(&format!("{mch_id}20270101")), "{made}");
            assert_eq!(made.as_str().len(), length);
            assert!(made.as_str().bytes().all(|b| b.is_ascii_digit()));
        }
        let too_long = make("1234567890123", new_year, &Dice::seeded(1));
        assert_eq!(too_long.unwrap_err().code(), "BILLNO_NEEDED");
    }
}

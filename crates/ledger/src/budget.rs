//! What a send takes from the limits: one rule for every store.

use crate::error::LedgerError;
use crate::ledger::Budget;
use crate::total::day_of;
use hongbao_wire::{Fen, OpenId};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use sha2::{Digest as _, Sha256};

/// What stands of the limits before or after a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Packets of the receiver in the day.
    pub(crate) user_packets: u32,
    /// Money of the receiver in the day, fen.
    pub(crate) user_amount: Fen,
    /// Packets of the merchant in the day; counted, not limited.
    pub(crate) merchant_packets: u32,
    /// Money of the merchant in the day, fen.
    pub(crate) merchant_amount: Fen,
    /// The merchant's balance, fen.
    pub(crate) balance: Fen,
}

impl Budget {
    /// What stands after this send, or the first limit that it breaks: the receiver's
    /// count, the receiver's amount, the merchant's amount, the balance.
    pub(crate) fn spend(&self, before: Standing) -> Result<Standing, LedgerError> {
        let user_packets = before
            .user_packets
            .checked_add(1)
            .filter(|packets| *packets <= self.user_packets_max)
            .ok_or(LedgerError::UserCountUsedUp)?;
        let user_amount = before
            .user_amount
            .checked_add(self.amount)
            .filter(|amount| *amount <= self.user_amount_max)
            .ok_or(LedgerError::UserAmountUsedUp)?;
        let merchant_amount = before
            .merchant_amount
            .checked_add(self.amount)
            .filter(|amount| *amount <= self.merchant_amount_max)
            .ok_or(LedgerError::MerchantAmountUsedUp)?;
        let balance = before.balance.checked_sub(self.amount).ok_or(LedgerError::BalanceTooLow)?;
        let merchant_packets = before.merchant_packets.saturating_add(1);
        Ok(Standing { user_packets, user_amount, merchant_packets, merchant_amount, balance })
    }
}

/// Under what the use of a day by a receiver is kept once it was forgotten: who sends to it again that day finds
/// it, and nobody reads the receiver from it.
pub(crate) fn veil(mch_id: &str, day: Date, openid: &OpenId) -> Box<str> {
    let mut hash = Sha256::new();
    for word in [mch_id, &day.to_string(), openid.as_str()] {
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word);
    }
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash.finalize()[..16]);
    format!("#{:032x}", u128::from_be_bytes(digest)).into()
}

/// What stands in the place of a receiver that is forgotten at `at` in its use of a day: the veil where more may
/// count towards the day, which one that has just ended may, and the alias elsewhere.
pub(crate) fn in_place_of(
    (mch_id, openid): (&str, &OpenId),
    alias: &OpenId,
    day: Date,
    at: Timestamp,
) -> Box<str> {
    let is_over = day < day_of(at).checked_sub(1.day()).unwrap_or(Date::MIN);
    if is_over { alias.as_str().into() } else { veil(mch_id, day, openid) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_day_that_is_over_is_the_aliases_and_any_other_is_veiled() {
        // In China it is the third already.
        let at = "2026-11-02T16:00:00Z".parse().unwrap();
        let (openid, alias) = (OpenId::from("oA"), OpenId::from("x"));
        let of = |day| in_place_of(("1", &openid), &alias, date(2026, 11, day), at);
        assert_eq!(&*of(1), "x");
        for day in [2, 3, 4] {
            assert_eq!(of(day), veil("1", date(2026, 11, day), &openid));
        }
        assert_eq!(of(2).len(), 33);
        assert_ne!(of(2), of(3));
        assert_ne!(of(2), veil("2", date(2026, 11, 2), &openid));
    }
}

//! What a send takes from the limits: one rule for every store.

use crate::error::LedgerError;
use crate::ledger::Budget;
use hongbao_wire::Fen;

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

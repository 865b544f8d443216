//! As whom the merchant's side asks.

use hongbao_wire::sign::Policy;
use hongbao_wire::{ApiKey, AppId, MchId, WorkwxSecret};

/// A merchant's names and keys. `Debug` shows no key.
#[derive(Clone, Debug)]
pub struct Account {
    /// The merchant's number.
    pub mch_id: MchId,
    /// The corpid: `appid` of a query, `wxappid` of a send.
    pub appid: AppId,
    /// `key=` of signatures.
    pub api_key: ApiKey,
    /// The keys that the merchant had before, in any order: only what the ledger kept is verified
    /// with them, never what comes.
    pub former_api_keys: Vec<ApiKey>,
    /// `secret=` of `workwx_sign`; only a send needs it.
    pub workwx_secret: Option<WorkwxSecret>,
    /// What is demanded of a success reply's signature.
    pub policy: Policy,
}

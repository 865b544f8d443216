//! Who sends packets.

use hongbao_wire::{ApiKey, AppId, Fen, MchId, WorkwxSecret};
use jiff::Timestamp;

/// What a merchant may do (`protocol.md` §1.2, §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The least amount of a packet without a scene, fen.
    pub packet_min: Fen,
    /// The greatest amount of a packet without a scene, fen.
    pub packet_max: Fen,
    /// The greatest amount of a packet with a scene, fen.
    pub packet_max_with_scene: Fen,
    /// The most packets of one receiver in a day at +08:00.
    pub user_packets_per_day: u32,
    /// The most money of one receiver in a day, fen.
    pub user_amount_per_day: Fen,
    /// The most money of the merchant in a day, fen.
    pub merchant_amount_per_day: Fen,
    /// Queries a second.
    pub queries_per_second: u32,
    /// Sends a minute.
    pub sends_per_minute: u32,
}

impl Default for Limits {
    /// The figures of `protocol.md` §1.2; the query's rate is ours, as none is published.
    fn default() -> Self {
        let yuan = |yuan: u64| Fen::new(yuan * 100).unwrap_or_default();
        Self {
            packet_min: yuan(1),
            packet_max: yuan(200),
            packet_max_with_scene: yuan(5_000),
            user_packets_per_day: 10,
            user_amount_per_day: yuan(1_000),
            merchant_amount_per_day: yuan(1_000_000),
            queries_per_second: 1_000,
            sends_per_minute: 1_800,
        }
    }
}

/// A certificate that was revoked: its serial number, lower-case hexadecimal.
pub type RevokedSerial = Box<str>;

/// A merchant. Its secrets are sealed at rest.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// Its number; CN of its client certificates.
    pub mch_id: MchId,
    /// A name for people.
    pub name: Box<str>,
    /// The corpids that are bound to it; never empty.
    pub appids: Vec<AppId>,
    /// `key=` of its signatures.
    pub api_key: ApiKey,
    /// `secret=` of its `workwx_sign`.
    pub workwx_secret: WorkwxSecret,
    /// One more with every change of `api_key`: kept replies of an older one are made anew.
    pub key_version: u32,
    /// What it may do.
    pub limits: Limits,
    /// Its balance, fen.
    pub balance: Fen,
    /// Whether the product is enabled; else NO_AUTH.
    pub product_enabled: bool,
    /// Whether sending by API is enabled; else API_METHOD_CLOSED.
    pub api_send_enabled: bool,
    /// Addresses or networks (`10.0.0.0/8`) that may call; empty means all; else NO_AUTH.
    pub address_whitelist: Vec<Box<str>>,
    /// Serial numbers of its revoked certificates.
    pub revoked_serials: Vec<RevokedSerial>,
    /// When it was added.
    pub added_at: Timestamp,
    /// 1 when added, one more with every change but the balance's; an update expects it.
    pub version: u64,
}

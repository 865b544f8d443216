//! `hongbao merchant set`.

use super::ask::{text, yuan};
use super::operate::mch_id;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use hongbao_wire::Fen;
use ipnet::IpNet;
use std::net::IpAddr;

/// `hongbao merchant set`.
#[derive(Debug, clap::Args)]
pub struct MerchantSetArgs {
    /// The merchant's number
    #[arg(value_name = "MCH_ID", value_parser = mch_id)]
    pub mch_id: String,
    /// What changes.
    #[command(flatten)]
    pub changes: MerchantChanges,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What changes of a merchant; what is not given stays.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
pub struct MerchantChanges {
    /// Whether the product is enabled; off, every call gets NO_AUTH
    #[arg(long, value_name = "SWITCH", value_parser = switch())]
    pub product: Option<bool>,
    /// Whether sending by API is enabled; off, a send gets API_METHOD_CLOSED
    #[arg(long, value_name = "SWITCH", value_parser = switch())]
    pub api_send: Option<bool>,
    /// An address or network (`10.0.0.0/8`) that may call, in place of all before; others get NO_AUTH. May be repeated
    #[arg(long, value_name = "ADDRESS_OR_NETWORK", value_parser = network)]
    pub allow: Vec<String>,
    /// Let every address call
    #[arg(long, conflicts_with = "allow")]
    pub allow_any: bool,
    /// A corpid that it sends and queries under, in place of all before; its profile keeps its own. May be repeated
    #[arg(long, value_name = "APPID", value_parser = text::<32>)]
    pub appid: Vec<String>,
    /// Its name
    #[arg(long, value_name = "NAME", value_parser = text::<64>)]
    pub name: Option<String>,
    /// The least amount of a packet without a scene, in yuan
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    pub packet_min: Option<Fen>,
    /// The greatest amount of a packet without a scene, in yuan
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    pub packet_max: Option<Fen>,
    /// The greatest amount of a packet with a scene, in yuan
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    pub packet_max_with_scene: Option<Fen>,
    /// The most packets of one receiver in a day of Beijing; 0 permits none
    #[arg(long, value_name = "COUNT")]
    pub user_packets_per_day: Option<u32>,
    /// The most money of one receiver in a day, in yuan
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    pub user_amount_per_day: Option<Fen>,
    /// The most money of the merchant in a day, in yuan
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    pub merchant_amount_per_day: Option<Fen>,
    /// Queries a second; more get FREQ_LIMIT, 0 permits none
    #[arg(long, value_name = "COUNT")]
    pub queries_per_second: Option<u32>,
    /// Sends a minute; more get FREQ_LIMIT, 0 permits none
    #[arg(long, value_name = "COUNT")]
    pub sends_per_minute: Option<u32>,
    /// Add that much to its balance, in yuan
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    pub top_up: Option<Fen>,
}

impl MerchantChanges {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `on` or `off`.
fn switch() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["on", "off"]).map(|word| word == "on")
}

/// An address or network as the server reads it, in its usual spelling. The server knows a
/// caller of IPv4 by its IPv4 address alone.
fn network(text: &str) -> Result<String, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_canonical().to_string());
    }
    let network = text.parse::<IpNet>().map_err(|_| crate::say!("args-bad-network"))?;
    Ok(network.trunc().to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::network;

    #[test]
    fn a_network_is_kept_in_its_usual_spelling() {
        assert_eq!(network("10.1.2.3/8").unwrap(), "10.0.0.0/8");
        assert_eq!(network("::ffff:10.1.2.3").unwrap(), "10.1.2.3");
        assert_eq!(network("2001:DB8::/32").unwrap(), "2001:db8::/32");
        for bad in ["", "10.0.0.0/33", "10.0.0", "localhost", "10.0.0.0/8,10.1.1.1", " 10.0.0.1"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }
}

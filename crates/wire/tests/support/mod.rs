//! Replies as a server makes them, and what a client observes of them.
#![allow(dead_code)]

use hongbao_wire::observation::{Asked, Observation, read};
use hongbao_wire::sign::Policy;
use hongbao_wire::xml::Writer;
use hongbao_wire::{ApiKey, QueryReply, SendReply, sign};

/// The key of `protocol.md` §2.2.
pub const KEY: &[u8] = b"192006250b4c09247ec02edce69f6a2d";
pub const BILLNO: &str = "10000098201707200000000001";
pub const MCH_ID: &str = "10000098";

pub fn key() -> ApiKey {
    ApiKey::new(KEY)
}

pub fn asked() -> Asked<'static> {
    Asked { mch_id: MCH_ID, mch_billno: BILLNO }
}

/// The fields of a success with this status.
pub fn record(status: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("return_code", "SUCCESS"),
        ("result_code", "SUCCESS"),
        ("mch_billno", BILLNO),
        ("mch_id", MCH_ID),
        ("status", status),
    ]
}

/// The fields of a business error.
pub fn refusal(err_code: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![("return_code", "SUCCESS"), ("result_code", "FAIL"), ("err_code", err_code)]
}

pub fn with(
    mut fields: Vec<(&'static str, &'static str)>,
    name: &'static str,
    value: &'static str,
) -> Vec<(&'static str, &'static str)> {
    fields.retain(|(n, _)| *n != name);
    fields.push((name, value));
    fields
}

pub fn unsigned(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = Writer::new();
    fields.iter().for_each(|(name, value)| writer.field(name, value));
    writer.finish()
}

pub fn signed(fields: &[(&'static str, &'static str)]) -> Vec<u8> {
    let sign = sign::sign(fields.iter().copied(), &key());
    let mut all = fields.to_vec();
    all.push(("sign", &sign));
    unsigned(&all)
}

pub fn query_seen(body: &[u8]) -> Observation<QueryReply> {
    read(asked(), 200, body, &key(), Policy::Require)
}

pub fn send_seen(body: &[u8]) -> Observation<SendReply> {
    read(asked(), 200, body, &key(), Policy::Require)
}

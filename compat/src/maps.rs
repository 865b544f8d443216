//! Generated maps to sign, the same for every seed.

use crate::sdk::Sdk;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;

pub use hongbao_wire::sign::WORKWX_FIELDS;

/// Names whose order is a trap: `_` sorts before letters and after capitals
/// (`protocol.md` §2.1), and some are the beginning of others.
const NAMES: [&str; 24] = [
    "a",
    "A",
    "a_",
    "a_b",
    "aB",
    "ab",
    "Z",
    "_",
    "_a",
    "appid",
    "mch_id",
    "mch_billno",
    "nonce_str",
    "re_openid",
    "remark",
    "send_time",
    "send_type",
    "send_listid",
    "sender_name",
    "sendername",
    "sign_",
    "signature",
    "total_amount",
    "wxappid",
];

/// Pieces of values.
const PIECES: [&str; 24] = [
    "0",
    "1",
    "100",
    "-",
    "=",
    "&",
    "&key=",
    "<",
    ">",
    "]]>",
    "<![CDATA[",
    "&amp;",
    "%20",
    "+",
    "\"",
    "'",
    "红包",
    "恭喜发财",
    "！：",
    "é",
    "🧧",
    "👨‍👩‍👧",
    "\u{3000}",
    "xyz",
];

/// White space, which an SDK may not trim when it signs.
const BLANKS: [&str; 4] = [" ", "\t", "\n", "\u{a0}"];

/// An endless row of maps.
#[derive(Debug)]
pub struct Maps {
    rng: StdRng,
}

impl Maps {
    /// The row of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed) }
    }

    /// The next map for `sign`: 1-20 fields, at least one of them not empty, as
    /// @tnwx/kits refuses to sign nothing. `key`, `xmlString`, `xmlDoc` and
    /// `couponList` are no field of this protocol and no name here: WxJava leaves
    /// them out, whoever sends them. A stray `sign` is left out by all, ours too.
    pub fn next_map(&mut self) -> BTreeMap<String, String> {
        let mut map = BTreeMap::from([("nonce_str".to_owned(), self.text(1))]);
        for _ in 0..self.rng.random_range(0..20) {
            let name = NAMES[self.rng.random_range(0..NAMES.len())].to_owned();
            let value = if self.rng.random_bool(0.15) { String::new() } else { self.text(1) };
            map.insert(name, value);
        }
        if self.rng.random_bool(0.2) {
            map.insert("sign".to_owned(), "C380BEC2BFD727A4B6845133519F3AD6".to_owned());
        }
        if map.iter().all(|(name, value)| name == "sign" || value.is_empty()) {
            map.insert("appid".to_owned(), "wx8888888888888888".to_owned());
        }
        map
    }

    /// The next map for `workwx_sign`: the seven fields and others that it must
    /// not cover. `total_amount` is a number, as WxJava takes an `Integer`.
    pub fn next_order(&mut self) -> BTreeMap<String, String> {
        let mut map = self.next_map();
        map.remove("sign");
        for name in WORKWX_FIELDS {
            let value = if self.rng.random_bool(0.1) { String::new() } else { self.text(1) };
            map.insert(name.to_owned(), value);
        }
        map.insert("total_amount".to_owned(), self.rng.random_range(1..=499_900_u32).to_string());
        map
    }

    /// A key of 32 characters.
    pub fn next_key(&mut self) -> String {
        (0..32).map(|_| char::from(b"0123456789abcdef"[self.rng.random_range(0..16)])).collect()
    }

    fn text(&mut self, pieces_min: usize) -> String {
        let count = self.rng.random_range(pieces_min..6);
        let mut text = String::new();
        for _ in 0..count {
            let blank = self.rng.random_bool(0.15);
            let from: &[&str] = if blank { &BLANKS } else { &PIECES };
            text.push_str(from[self.rng.random_range(0..from.len())]);
        }
        text
    }
}

impl Sdk {
    /// Whether this SDK has a signer of its own for `workwx_sign`. wechatpy has
    /// none: its driver uses the SDK's `format_url` and writes the label itself.
    #[must_use]
    pub const fn signs_workwx(self) -> bool {
        !matches!(self, Self::Wechatpy)
    }
}

//! What a send orders.

use std::collections::BTreeMap;

/// The fields of a send but for the merchant's numbers, the nonce and the signatures.
#[derive(Clone, Debug)]
pub struct Packet(BTreeMap<&'static str, String>);

impl Packet {
    /// A packet of one yuan with text that wants escaping.
    #[must_use]
    pub fn new(mch_billno: &str) -> Self {
        let mut fields = BTreeMap::new();
        for (name, value) in [
            ("sender_name", "企业 <A&B> \"团队\""),
            ("re_openid", "oxTWIuGaIt6gTKsQRLau2M0yL16E"),
            ("total_amount", "100"),
            ("wishing", "恭喜发财🧧"),
            ("act_name", "新年活动"),
            ("remark", "快来抢！ 1 < 2"),
        ] {
            fields.insert(name, value.to_owned());
        }
        fields.insert("mch_billno", mch_billno.to_owned());
        // One receiver for each number: the limits a day are not what is tried here.
        fields.insert("re_openid", format!("o{mch_billno}"));
        Self(fields)
    }

    /// With another value of a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.insert(name, value.to_owned());
        self
    }

    /// Without a field.
    #[must_use]
    pub fn without(mut self, name: &'static str) -> Self {
        self.0.remove(name);
        self
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All of them.
    #[must_use]
    pub const fn fields(&self) -> &BTreeMap<&'static str, String> {
        &self.0
    }
}

//! What a person may do to a packet.

use crate::text;
use serde::{Deserialize, Serialize};

/// Moves a packet by hand. It walks the straight road of [`crate::life`] to where the
/// trigger points: receiving a packet that is SENDING delivers it first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "trigger", rename_all = "snake_case")]
pub enum Trigger {
    /// To SENT.
    Deliver,
    /// To RECEIVED.
    Receive,
    /// To SENDING with a `reason`; the money goes back to the merchant.
    Refuse {
        /// `reason`, for people.
        reason: Box<str>,
    },
    /// To FAILED; the money goes back to the merchant.
    Fail {
        /// `reason`, for people; none in the reports of `protocol.md` §3.
        #[serde(default)]
        reason: Option<Box<str>>,
    },
    /// To RFUND_ING.
    Expire,
    /// To REFUND; the money goes back to the merchant.
    Refund,
}

impl Trigger {
    /// The trigger of a word: `deliver`, `receive`, `refuse`, `fail`, `expire`, `refund`;
    /// `None` for any other. A refusal without a reason gets that of an empty account.
    #[must_use]
    pub fn from_word(word: &str, reason: Option<&str>) -> Option<Self> {
        Some(match word {
            "deliver" => Self::Deliver,
            "receive" => Self::Receive,
            "refuse" => Self::Refuse { reason: reason.unwrap_or(text::NOT_ENOUGH).into() },
            "fail" => Self::Fail { reason: reason.map(Into::into) },
            "expire" => Self::Expire,
            "refund" => Self::Refund,
            _ => return None,
        })
    }

    /// The stable word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Receive => "receive",
            Self::Refuse { .. } => "refuse",
            Self::Fail { .. } => "fail",
            Self::Expire => "expire",
            Self::Refund => "refund",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Trigger;

    #[test]
    fn json_and_words_agree() {
        for word in ["deliver", "receive", "refuse", "fail", "expire", "refund"] {
            let trigger = Trigger::from_word(word, Some("风险拦截")).unwrap();
            assert_eq!(trigger.as_str(), word);
            let json = serde_json::to_value(&trigger).unwrap();
            assert_eq!(json["trigger"], word);
            assert_eq!(serde_json::from_value::<Trigger>(json).unwrap(), trigger);
        }
        assert_eq!(Trigger::from_word("pay", None), None);
    }
}

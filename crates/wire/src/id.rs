//! Ids: opaque text, never numbers. The seed's `1E+25` and `1E+27` are what
//! becomes of ids that went through a number (`protocol.md` §9 row 4).

use std::borrow::Borrow;
use std::fmt;

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Keeps `text` as it is.
            pub fn new(text: impl Into<Box<str>>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), &self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }
    };
}

opaque_id! {
    /// `mch_id`: the merchant's number, at most 32 characters; CN of its client certificate.
    MchId
}
opaque_id! {
    /// `mch_billno`: the merchant's own number of a packet, at most 28 characters,
    /// unique per merchant; a request's is `0-9 a-z A-Z`.
    MchBillno
}

impl MchBillno {
    /// The most characters of one.
    pub const CHARS_MAX: usize = 28;

    /// Whether a request may carry `text` as its number: 1-28 of `0-9 a-z A-Z`
    /// (`protocol.md` §1.1).
    #[must_use]
    pub fn is_well_formed(text: &str) -> bool {
        (1..=Self::CHARS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }
}

opaque_id! {
    /// `appid` of a query, `wxappid` of a send: the corpid, at most 32 characters.
    AppId
}
opaque_id! {
    /// `detail_id` of a query's reply, `send_listid` of a send's: WeChat's number of
    /// a packet, 31 digits today, at most 32 characters.
    DetailId
}
opaque_id! {
    /// `openid`: a person under an appid, at most 32 characters. Personal data: it
    /// stays out of logs.
    OpenId
}

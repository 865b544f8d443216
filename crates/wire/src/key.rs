//! Keys: they neither print nor compare, and are wiped when dropped.

use std::fmt;
use zeroize::Zeroizing;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<Box<[u8]>>);

        impl $name {
            /// Keeps the bytes of the key as they are.
            pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
                Self(Zeroizing::new(bytes.into()))
            }

            /// The bytes, for hashing and for sealing at rest; nothing else may use them.
            #[must_use]
            pub fn expose(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

secret! {
    /// The merchant's API key (32 characters), `key=` of the payment signature (`protocol.md` §2.1).
    ApiKey
}
secret! {
    /// The WeCom application secret, `secret=` of `workwx_sign` (`protocol.md` §2.3).
    WorkwxSecret
}

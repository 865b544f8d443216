//! The faults of the sandbox, by name. `hongbao explain` and the help share their texts.

use clap::ValueEnum;
use clap::builder::PossibleValue;

macro_rules! faults {
    ($($name:ident = $word:literal,)*) => {
        /// A fault: each is a trap that the seed's notes name; `lang/*/fault.ftl` says which.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum FaultName {
            $($name,)*
        }

        impl FaultName {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word of the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

faults! {
    ReplyLost = "reply-lost",
    Delay = "delay",
    Http400 = "http-400",
    Http502 = "http-502",
    EmptyBody = "empty-body",
    TruncatedXml = "truncated-xml",
    UnknownErrorCode = "unknown-error-code",
    NewField = "new-field",
    OtherOrder = "other-order",
    Unsigned = "unsigned",
    WronglySigned = "wrongly-signed",
    UnknownStatus = "unknown-status",
    Systemerror = "systemerror",
    FreqLimit = "freq-limit",
    NotFoundFirst = "not-found-first",
    ResetBefore = "reset-before",
    ResetAfter = "reset-after",
}

impl FaultName {
    /// The word of the admin API: as on the command line, with `_` for `-`.
    #[must_use]
    pub fn as_snake(self) -> String {
        self.as_str().replace('-', "_")
    }
}

impl ValueEnum for FaultName {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let word = self.as_str();
        let help = crate::lang::current().say(&format!("fault-{word}"), &[]);
        Some(PossibleValue::new(word).help(help))
    }
}

#[cfg(test)]
mod tests {
    use super::FaultName;
    use hongbao_issuer::Fault;

    #[test]
    fn the_command_line_has_every_fault_of_the_issuer() {
        let here: Vec<String> = FaultName::ALL.iter().map(|fault| fault.as_snake()).collect();
        let there: Vec<&str> = Fault::ALL.iter().map(|fault| fault.as_str()).collect();
        assert_eq!(here, there);
    }
}

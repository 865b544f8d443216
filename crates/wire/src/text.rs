//! Text for people.

use std::fmt;

/// `return_msg`, `err_code_des`, `reason`: shown to people and never branched on.
///
/// The type can be displayed and nothing else: it does not compare, match or
/// give out a `&str` (seed, note on `err_code_des`). To keep it, write it out.
#[derive(Clone, Default)]
pub struct HumanText(Box<str>);

impl HumanText {
    /// Keeps `text` as it is.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text, to be written to the wire again.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HumanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for HumanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HumanText({:?})", &*self.0)
    }
}

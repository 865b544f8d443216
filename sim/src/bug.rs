//! Bugs to be found: each is planted at a seam, in the simulator, never in the code under test.

/// A bug that a merchant's side could have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// NOT_FOUND is taken for a proof of failure: what the client reads is one.
    NotFoundIsFailed,
    /// The ledger says that it noted an intended send, and did not.
    IntentForgotten,
    /// A wrong signature is taken for a right one: whatever comes is signed anew.
    SignatureIgnored,
}

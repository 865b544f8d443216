//! The one use case of the merchant's side: note the intent, ask, note what was observed, judge;
//! and following a packet until it is final.
//!
//! A crash at any point loses nothing and invents nothing: what is about to be done is in the
//! ledger before the first byte leaves, and what came back is there before anybody acts on it.
//!
//! Where to look: [`inquirer`] the door · `ask` a question · `send` a payment, and when it is
//! refused here · [`schedule`] when to ask next · [`follow`] until it is final ·
//! [`reconcile`] many at once · [`fund_flow`] against movements of money · `standing` what the ledger proves · `learning` what an observation changes ·
//! `dismissal` what a person puts down · [`import`] what a person's file says ·
//! `among` which of several processes asks · [`mod@slice`] what each gets of the pace, `part` keeps
//! it ·
//! [`account`], [`clock`], [`outcome`], [`error`] values.

pub mod account;
mod among;
mod ask;
mod billno;
pub mod clock;
mod dismissal;
pub mod error;
pub mod follow;
pub mod fund_flow;
mod held;
pub mod import;
pub mod inquirer;
mod learning;
pub mod outcome;
mod part;
pub mod reconcile;
pub mod schedule;
mod send;
pub mod slice;
mod standing;
mod twins;

pub use account::Account;
pub use among::ASK_LEASE;
pub use clock::{Clock, SystemClock};
pub use dismissal::dismiss;
pub use error::{InquiryError, SendRefusal};
pub use follow::{FollowOptions, Follower};
pub use inquirer::{Freshness, Inquirer, InquirerOptions};
pub use outcome::{Asked, Origin, Sent};
pub use part::Part;
pub use schedule::{Attention, Next, Schedule};
pub use send::Payment;
pub use slice::{SLICE_LEASE, Slice, SliceKeeper, UPSTREAM_PACE};

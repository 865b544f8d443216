//! The simulator: the real client policy, inquiry, ledger and issuer in one process, under one
//! seed, in a world that does its worst and then behaves again.
//!
//! Time is tokio's, paused: every sleep jumps. Everything random comes from the seed, so that a
//! seed replays to the last byte: `cargo xtask sim --seed S`. What is simulated and what is
//! checked: `docs/simulation.md`.
//!
//! Where to look: [`run()`] one seed · `weather` how bad it gets · `network` what carries the
//! bytes, `spoil` what becomes of them on the way · `gate` the server's turn · `desk` the
//! ledger's door, where processes die · `process` a merchant's program, `operator` who pays with
//! it · `judge` the checks while it runs, `end` those when all is over · [`check`] their names ·
//! [`bug`] bugs to be found · [`many`] seeds side by side.

pub mod bug;
pub mod check;
pub mod many;
pub mod run;

mod chance;
mod desk;
mod end;
mod gate;
mod hand;
mod judge;
mod mortal;
mod network;
mod operator;
mod process;
mod spoil;
mod time;
mod trace;
mod truth;
mod weather;
mod world;

pub use bug::Bug;
pub use check::{Check, Violation};
pub use run::{Plan, Report, run};

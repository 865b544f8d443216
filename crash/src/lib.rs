//! Power cuts and failing disks below SQLite, for tests.
//!
//! A [`Shim`] is a VFS over SQLite's own: it passes everything through, keeps a [`Journal`](journal) of all
//! that would have to reach the disk, and fails when a [`Fault`] tells it to. A [`Disk`] replays such a journal
//! up to any point and says what a disk could hold after a power cut there.
//!
//! Where to look: [`journal`] what is noted · [`fault`] what fails · [`shim`] the VFS · [`disk`] what survives.

pub mod disk;
pub mod fault;
pub mod journal;
pub mod shim;

pub use disk::{Disk, Image, Survival};
pub use fault::{Fault, On};
pub use journal::{Event, Lie};
pub use shim::Shim;

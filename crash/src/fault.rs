//! What fails, from when on, and for how long.

use rusqlite::ffi;
use std::ffi::c_int;

/// Which calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Writing, making longer and cutting.
    Write,
    /// Putting on the disk.
    Sync,
    /// Reading, through the map too.
    Read,
}

/// A fault of the disk.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Which calls fail.
    pub on: On,
    /// How the name of the file must end; empty for all.
    pub file: &'static str,
    /// How many such calls still succeed.
    pub after: u64,
    /// How many then fail; `u64::MAX` until it is lifted.
    pub times: u64,
    /// What SQLite is told.
    pub code: c_int,
    /// Whether a write that fails has written a part.
    pub is_short: bool,
}

impl Fault {
    const fn of(on: On, code: c_int) -> Self {
        Self { on, file: "", after: 0, times: u64::MAX, code, is_short: false }
    }

    /// The disk is full.
    #[must_use]
    pub const fn full() -> Self {
        Self { is_short: true, ..Self::of(On::Write, ffi::SQLITE_FULL) }
    }

    /// The disk may only be read.
    #[must_use]
    pub const fn read_only() -> Self {
        Self::of(On::Write, ffi::SQLITE_READONLY)
    }

    /// Writes fail.
    #[must_use]
    pub const fn writes() -> Self {
        Self { is_short: true, ..Self::of(On::Write, ffi::SQLITE_IOERR_WRITE) }
    }

    /// Syncs fail.
    #[must_use]
    pub const fn syncs() -> Self {
        Self::of(On::Sync, ffi::SQLITE_IOERR_FSYNC)
    }

    /// Reads fail.
    #[must_use]
    pub const fn reads() -> Self {
        Self::of(On::Read, ffi::SQLITE_IOERR_READ)
    }

    /// The same, once.
    #[must_use]
    pub const fn once(self) -> Self {
        Self { times: 1, ..self }
    }

    /// The same, after so many calls that succeed.
    #[must_use]
    pub const fn after(self, after: u64) -> Self {
        Self { after, ..self }
    }

    /// The same, of files alone whose names end so.
    #[must_use]
    pub const fn of_file(self, file: &'static str) -> Self {
        Self { file, ..self }
    }

    /// Whether this call fails; counts it.
    pub(crate) fn strikes(&mut self, on: On, file: &str) -> bool {
        if self.on != on || !file.ends_with(self.file) {
            return false;
        }
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        let is_on = self.times > 0;
        self.times = if self.times == u64::MAX { u64::MAX } else { self.times.saturating_sub(1) };
        is_on
    }

    /// Whether reads fail from now on.
    pub(crate) fn is_on_reads(&self) -> bool {
        self.on == On::Read && self.times > 0
    }
}

//! The functions that SQLite calls on an open file.

use super::Shared;
use crate::fault::On;
use crate::journal::Event;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods};
use std::ffi::{c_int, c_void};
use std::ptr;

/// An open file; the handle of the VFS below lies behind it.
#[repr(C)]
pub(super) struct File {
    base: sqlite3_file,
    shared: &'static Shared,
    /// In its folder; empty for a file that SQLite removes when it closes it.
    name: Box<str>,
    /// Whether its next sync also puts the folder on the disk, as SQLite's own VFS does for a new journal.
    syncs_folder: bool,
}

/// How far behind a handle the one below lies.
pub(super) const HEAD_BYTES: c_int = size_of::<File>() as c_int;
const _: () =
    assert!(align_of::<File>() == 8 && size_of::<File>().is_multiple_of(8), "as SQLite aligns");

impl File {
    pub(super) fn new(shared: &'static Shared, name: Box<str>, syncs_folder: bool) -> Self {
        Self { base: sqlite3_file { pMethods: &METHODS }, shared, name, syncs_folder }
    }

    /// # Safety
    /// `handle` is room of at least [`HEAD_BYTES`] that holds no file yet.
    pub(super) unsafe fn write_to(handle: *mut sqlite3_file, file: Self) {
        // SAFETY: the caller's, and SQLite aligns handles to 8 bytes.
        unsafe { handle.cast::<Self>().write(file) }
    }

    /// # Safety
    /// `handle` is one that `open` made and nobody has closed.
    unsafe fn of<'a>(handle: *mut sqlite3_file) -> &'a mut Self {
        // SAFETY: the caller's; SQLite uses a handle from one thread at a time.
        unsafe { &mut *handle.cast::<Self>() }
    }

    fn note(&self, event: impl FnOnce(Box<str>) -> Event) -> Option<Event> {
        (!self.name.is_empty()).then(|| event(self.name.clone()))
    }
}

/// The handle of the VFS below.
///
/// # Safety
/// `handle` is room of `szOsFile` bytes.
pub(super) unsafe fn below(handle: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: `szOsFile` is the sum of both.
    unsafe { handle.byte_add(HEAD_BYTES as usize) }
}

/// Calls the VFS below; it has all of these or, where it lacks one, the call fails.
macro_rules! pass {
    ($handle:ident . $call:ident ( $($argument:expr),* )) => {
        pass!($handle.$call($($argument),*) else ffi::SQLITE_IOERR)
    };
    ($handle:ident . $call:ident ( $($argument:expr),* ) else $otherwise:expr) => {{
        // SAFETY: SQLite calls this on a file that `open` made, whose handle below is open.
        unsafe {
            let below = below($handle);
            match (*(*below).pMethods).$call {
                Some(call) => call(below $(, $argument)*),
                None => $otherwise,
            }
        }
    }};
}

/// What SQLite calls; every function's arguments are as it promises.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 3,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: Some(fetch),
    xUnfetch: Some(unfetch),
};

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let result = pass!(file.xClose());
    // SAFETY: `open` put a file there, and nobody uses it after it is closed.
    unsafe { ptr::drop_in_place(file.cast::<File>()) };
    result
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    to: *mut c_void,
    length: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite calls it on an open file.
    let this = unsafe { File::of(file) };
    if let Some((code, _)) = this.shared.lock().strike(On::Read, &this.name) {
        return code;
    }
    pass!(file.xRead(to, length, at))
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    length: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite calls it on an open file.
    let this = unsafe { File::of(file) };
    let mut state = this.shared.lock();
    let struck = state.strike(On::Write, &this.name);
    let written = match struck {
        Some((code, false)) => return code,
        Some((_, true)) => length / 2,
        None => length,
    };
    let result = pass!(file.xWrite(from, written, at));
    if result == ffi::SQLITE_OK {
        // SAFETY: SQLite gives `length` bytes, and at least half of them are written.
        let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), written as usize) };
        let at = at as u64;
        state.events.extend(this.note(|file| Event::Write { file, at, bytes: bytes.into() }));
    }
    struck.map_or(result, |(code, _)| code)
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, length: sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls it on an open file.
    let this = unsafe { File::of(file) };
    let mut state = this.shared.lock();
    if let Some((code, _)) = state.strike(On::Write, &this.name) {
        return code;
    }
    let result = pass!(file.xTruncate(length));
    if result == ffi::SQLITE_OK {
        let length = length as u64;
        state.events.extend(this.note(|file| Event::Resize { file, length }));
    }
    result
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls it on an open file.
    let this = unsafe { File::of(file) };
    this.shared.gate();
    let mut state = this.shared.lock();
    if let Some((code, _)) = state.strike(On::Sync, &this.name) {
        state.events.extend(this.note(|file| Event::SyncFailed { file }));
        return code;
    }
    let result = pass!(file.xSync(flags));
    if result == ffi::SQLITE_OK {
        let with_folder = std::mem::take(&mut this.syncs_folder);
        state.events.extend(this.note(|file| Event::Sync { file, with_folder }));
    }
    result
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    pass!(file.xFileSize(size))
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    pass!(file.xLock(level))
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    pass!(file.xUnlock(level))
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, is: *mut c_int) -> c_int {
    pass!(file.xCheckReservedLock(is))
}

/// Some of them change the file's length, in the VFS below alone.
unsafe extern "C" fn file_control(
    file: *mut sqlite3_file,
    what: c_int,
    with: *mut c_void,
) -> c_int {
    if what != ffi::SQLITE_FCNTL_SIZE_HINT {
        return pass!(file.xFileControl(what, with) else ffi::SQLITE_NOTFOUND);
    }
    // SAFETY: SQLite calls it on an open file.
    let this = unsafe { File::of(file) };
    let mut state = this.shared.lock();
    if let Some((code, _)) = state.strike(On::Write, &this.name) {
        return code;
    }
    let (mut before, mut after) = (0, 0);
    let measured = pass!(file.xFileSize(&raw mut before));
    let result = pass!(file.xFileControl(what, with) else ffi::SQLITE_NOTFOUND);
    if measured != ffi::SQLITE_OK || pass!(file.xFileSize(&raw mut after)) != ffi::SQLITE_OK {
        return ffi::SQLITE_IOERR_FSTAT;
    }
    if before != after {
        let length = after as u64;
        state.events.extend(this.note(|file| Event::Resize { file, length }));
    }
    result
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    pass!(file.xSectorSize() else 0)
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    pass!(file.xDeviceCharacteristics() else 0)
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    length: c_int,
    extend: c_int,
    at: *mut *mut c_void,
) -> c_int {
    pass!(file.xShmMap(region, length, extend, at))
}

unsafe extern "C" fn shm_lock(
    file: *mut sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    pass!(file.xShmLock(offset, count, flags))
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    pass!(file.xShmBarrier() else ());
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    pass!(file.xShmUnmap(delete))
}

/// Nothing is mapped while reads fail: SQLite then reads, and that fails.
unsafe extern "C" fn fetch(
    file: *mut sqlite3_file,
    at: sqlite3_int64,
    length: c_int,
    to: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite calls it on an open file.
    let this = unsafe { File::of(file) };
    if this.shared.lock().faults.iter().any(|fault| fault.is_on_reads()) {
        // SAFETY: SQLite gives the place for an address.
        unsafe { *to = ptr::null_mut() };
        return ffi::SQLITE_OK;
    }
    pass!(file.xFetch(at, length, to))
}

unsafe extern "C" fn unfetch(
    file: *mut sqlite3_file,
    at: sqlite3_int64,
    page: *mut c_void,
) -> c_int {
    pass!(file.xUnfetch(at, page))
}

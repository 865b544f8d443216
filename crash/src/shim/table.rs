//! The functions that SQLite calls on the VFS itself.

use super::Shared;
use super::file::{self, File};
use crate::journal::Event;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_vfs};
use std::ffi::{CStr, CString, c_char, c_int};
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What `pAppData` points at.
struct Below {
    shared: &'static Shared,
    vfs: *mut sqlite3_vfs,
}

/// Registers a VFS over the default one; returns its name.
pub(super) fn register(shared: &'static Shared) -> &'static str {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("hongbao-crash-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let c_name = Box::leak(CString::new(name).expect("it has no NUL").into_boxed_c_str());
    // SAFETY: both may be called at any time; the VFS that is found lives as long as the process.
    let below = unsafe {
        assert_eq!(ffi::sqlite3_initialize(), ffi::SQLITE_OK);
        ffi::sqlite3_vfs_find(ptr::null())
    };
    assert!(!below.is_null(), "SQLite has a VFS of its own");
    // SAFETY: it is not null, and SQLite changes nothing of it but `pNext`, which is not read.
    let like = unsafe { *below };
    let table = Box::leak(Box::new(sqlite3_vfs {
        iVersion: 2,
        szOsFile: like.szOsFile + file::HEAD_BYTES,
        pNext: ptr::null_mut(),
        zName: c_name.as_ptr(),
        pAppData: ptr::from_mut(Box::leak(Box::new(Below { shared, vfs: below }))).cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
        // What is left looks at no VFS: dice, naps, clocks, libraries.
        ..like
    }));
    // SAFETY: the table, its name and what it points at are never freed.
    let registered = unsafe { ffi::sqlite3_vfs_register(table, 0) };
    assert_eq!(registered, ffi::SQLITE_OK);
    c_name.to_str().expect("it is ASCII")
}

/// # Safety
/// `vfs` is a table that `register` made.
unsafe fn below<'a>(vfs: *mut sqlite3_vfs) -> &'a Below {
    // SAFETY: `register` set it to what is never freed.
    unsafe { &*(*vfs).pAppData.cast::<Below>() }
}

/// The path and the name in its folder.
///
/// # Safety
/// `path` is a C string that outlives the call, or null.
unsafe fn path_of<'a>(path: *const c_char) -> Option<(&'a Path, &'a str)> {
    if path.is_null() {
        return None;
    }
    // SAFETY: the caller's.
    let path = Path::new(unsafe { CStr::from_ptr(path) }.to_str().ok()?);
    Some((path, path.file_name()?.to_str()?))
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    handle: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives the table that was registered, a path that lives until the file is closed, and
    // room of `szOsFile` bytes; the VFS below gets its own table and the room behind ours.
    unsafe {
        (*handle).pMethods = ptr::null();
        let Below { shared, vfs } = *below(vfs);
        let found = path_of(path);
        let was_there = found.is_none_or(|(path, _)| path.exists());
        let mut state = shared.lock();
        let Some(open) = (*vfs).xOpen else { return ffi::SQLITE_CANTOPEN };
        let result = open(vfs, path, file::below(handle), flags, flags_out);
        if result != ffi::SQLITE_OK {
            return result;
        }
        let name: Box<str> = found.map_or("", |(_, name)| name).into();
        // The database is made before SQLite opens it, and new to us the first time.
        let is_new = state.known.insert(name.clone()) || !was_there;
        if !name.is_empty() && is_new {
            state.events.push(Event::Create { file: name.clone() });
        }
        let journals = ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;
        let is_made = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & journals != 0;
        drop(state);
        File::write_to(handle, File::new(shared, name, is_made));
        result
    }
}

unsafe extern "C" fn delete(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    with_folder: c_int,
) -> c_int {
    // SAFETY: as in `open`.
    unsafe {
        let Below { shared, vfs } = *below(vfs);
        let mut state = shared.lock();
        let Some(delete) = (*vfs).xDelete else { return ffi::SQLITE_IOERR_DELETE };
        let result = delete(vfs, path, with_folder);
        if let (ffi::SQLITE_OK, Some((_, name))) = (result, path_of(path)) {
            let (file, with_folder) = (name.into(), with_folder & 1 != 0);
            state.events.push(Event::Delete { file, with_folder });
        }
        result
    }
}

unsafe extern "C" fn access(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    flags: c_int,
    found: *mut c_int,
) -> c_int {
    // SAFETY: as in `open`.
    unsafe {
        let vfs = below(vfs).vfs;
        (*vfs).xAccess.map_or(ffi::SQLITE_IOERR_ACCESS, |access| access(vfs, path, flags, found))
    }
}

unsafe extern "C" fn full_pathname(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    length: c_int,
    full: *mut c_char,
) -> c_int {
    // SAFETY: as in `open`.
    unsafe {
        let vfs = below(vfs).vfs;
        (*vfs).xFullPathname.map_or(ffi::SQLITE_CANTOPEN, |call| call(vfs, path, length, full))
    }
}

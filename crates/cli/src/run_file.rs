//! `run.json` of a server's folder: where its running server is reached.
//!
//! It is there while a server runs; one that a killed server left behind is known by the
//! folder's lock, which nobody holds then.

use crate::exit::{Exit, Failure};
use crate::files::{self, PUBLIC};
use crate::say;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Where a running server is reached. Fields may be added.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// Where merchants ask: `https://address:port`.
    pub wire: String,
    /// Where the operator asks: `http://address:port`.
    pub admin: String,
    /// `sandbox` or `production`.
    pub mode: String,
    /// The server's process.
    pub pid: u32,
}

impl RunFile {
    /// Writes it into a server's folder.
    ///
    /// # Errors
    /// `FILE_NOT_WRITTEN`.
    pub fn write(&self, dir: &Path) -> Result<(), Failure> {
        let text = serde_json::json!(self).to_string() + "\n";
        files::write(&path(dir), text.as_bytes(), PUBLIC)
    }

    /// Takes it out of the folder; a server that stops has no use for a failure of it.
    pub fn remove(dir: &Path) {
        let _ = fs::remove_file(path(dir));
    }

    /// That of the server which runs in the folder.
    ///
    /// # Errors
    /// `NOT_RUNNING` (exit 7) where there is none.
    pub fn of_running(dir: &Path) -> Result<Self, Failure> {
        let not_running = || Failure {
            code: "NOT_RUNNING",
            message: say!("run-none", dir = dir.display()),
            hint: Some(say!("run-none-hint", dir = dir.display())),
            exit: Exit::NoAnswer,
        };
        let text = fs::read(path(dir)).map_err(|_| not_running())?;
        let run: Self = serde_json::from_slice(&text).map_err(|_| not_running())?;
        if is_held(&dir.join("lock")) { Ok(run) } else { Err(not_running()) }
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("run.json")
}

/// Whether a server holds the lock. A try that succeeds is undone at once.
fn is_held(lock: &Path) -> bool {
    File::open(lock).is_ok_and(|file| file.try_lock_shared().is_err())
}

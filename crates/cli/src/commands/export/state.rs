//! How far an export is: kept beside the part of its file, and gone on from.

use super::plan::Plan;
use crate::exit::Failure;
use crate::files::{self, SECRET};
use crate::say;
use hongbao_inquiry::{Clock, SystemClock};
use hongbao_sheet::Checkpoint;
use hongbao_wire::time;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The version of the file: another where a part is of another form.
const VERSION: u32 = 2;

/// How far an export is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    version: u32,
    /// All that decides what is written.
    request: Value,
    /// The one time as of which all rows are judged, milliseconds since 1970.
    as_of_ms: i64,
    /// Bytes of the part that are on the disk.
    bytes: u64,
    /// Rows that are written.
    pub rows: u64,
    /// The last bill number that was read.
    pub after: Option<String>,
    /// The same time.
    #[serde(skip)]
    pub now: Timestamp,
    /// Whether everything was read. Not kept: what is new behind it is read when it goes on.
    #[serde(skip)]
    pub is_at_end: bool,
}

impl State {
    /// That nothing is written yet.
    pub fn new(plan: &Plan) -> Self {
        let as_of_ms = SystemClock.now().as_millisecond();
        Self {
            version: VERSION,
            request: plan.request.clone(),
            as_of_ms,
            bytes: 0,
            rows: 0,
            after: None,
            now: Timestamp::from_millisecond(as_of_ms).unwrap_or_default(),
            is_at_end: false,
        }
    }

    /// The time as of which all rows are judged, for people.
    pub fn as_of(&self) -> String {
        time::rfc3339(self.now)
    }

    /// What is kept of an interrupted export into `path`; `None` where there is none.
    ///
    /// # Errors
    /// `EXPORT_OTHER` where it was an export of something else; `FILE_UNREADABLE`.
    pub fn load(path: &Path, plan: &Plan) -> Result<Option<Self>, Failure> {
        let file = beside(path);
        if !file.exists() {
            return Ok(None);
        }
        let other = || {
            Failure::config("EXPORT_OTHER", say!("export-other", file = file.display()))
                .hint(say!("export-other-hint"))
        };
        let mut state: Self = serde_json::from_slice(&files::read(&file)?).map_err(|_| other())?;
        if state.version != VERSION || state.request != plan.request {
            return Err(other());
        }
        state.now = Timestamp::from_millisecond(state.as_of_ms).map_err(|_| other())?;
        Ok(Some(state))
    }

    /// From where the part is gone on with.
    pub const fn checkpoint(&self) -> Checkpoint {
        Checkpoint { bytes: self.bytes, rows: self.rows }
    }

    /// Keeps it, with how far the part is.
    ///
    /// # Errors
    /// `FILE_NOT_WRITTEN`.
    pub fn keep(&mut self, path: &Path, checkpoint: Checkpoint) -> Result<(), Failure> {
        self.bytes = checkpoint.bytes;
        let text = serde_json::json!(self).to_string() + "\n";
        files::write(&beside(path), text.as_bytes(), SECRET)
    }

    /// Forgets it: the file is made.
    ///
    /// # Errors
    /// `FILE_NOT_WRITTEN`.
    pub fn forget(path: &Path) -> Result<(), Failure> {
        let file = beside(path);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(files::not_written(&file, &error))
            }
            _ => Ok(()),
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part.json");
    PathBuf::from(name)
}

//! What happens to files, in the order in which it happens.

/// One thing that SQLite did to a file and that a power cut may undo. Files go by their names in the one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The file was made, empty.
    Create {
        /// Which file.
        file: Box<str>,
    },
    /// Bytes were written; beyond the end they make the file longer.
    Write {
        /// Which file.
        file: Box<str>,
        /// From which byte on.
        at: u64,
        /// What.
        bytes: Box<[u8]>,
    },
    /// The file was cut, or made longer with zeros.
    Resize {
        /// Which file.
        file: Box<str>,
        /// Its new length, bytes.
        length: u64,
    },
    /// All that was written to the file so far is on the disk.
    Sync {
        /// Which file.
        file: Box<str>,
        /// Whether the names in the folder are, too.
        with_folder: bool,
    },
    /// The system was asked to put the file on the disk and could not. What was not there yet may
    /// never come there, and no later sync says so.
    SyncFailed {
        /// Which file.
        file: Box<str>,
    },
    /// The names in the folder are on the disk.
    SyncFolder,
    /// The file was removed.
    Delete {
        /// Which file.
        file: Box<str>,
        /// Whether that is on the disk already.
        with_folder: bool,
    },
}

/// How a disk breaks its word. Each is a defect that the tests must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Nothing of the write-ahead log is put on the disk when it is asked for: as with `synchronous=NORMAL`.
    Log,
    /// Nothing of the database is.
    Database,
    /// No names are.
    Names,
}

impl Lie {
    /// The event as this disk takes it; `None` where it does nothing.
    #[must_use]
    pub fn of(self, event: Event) -> Option<Event> {
        match (self, event) {
            (Self::Log, Event::Sync { file, .. }) if file.ends_with("-wal") => None,
            (Self::Database, Event::Sync { file, .. }) if !file.contains('-') => None,
            (Self::Names, Event::SyncFolder) => None,
            (Self::Names, Event::Sync { file, .. }) => {
                Some(Event::Sync { file, with_folder: false })
            }
            (Self::Names, Event::Delete { file, .. }) => {
                Some(Event::Delete { file, with_folder: false })
            }
            (_, event) => Some(event),
        }
    }
}

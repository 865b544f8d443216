//! A file that is there whole or not at all.

use crate::error::SheetError;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file under a temporary name beside the one that it will have. Dropped, it is removed.
#[derive(Debug)]
pub(crate) struct Target {
    file: NamedTempFile,
    path: PathBuf,
}

impl Target {
    /// Makes the temporary file.
    pub(crate) fn new(path: &Path) -> Result<Target, SheetError> {
        let (path, mode) = place(path)?;
        // made with mode 0600, as the rows may hold openids; one that is replaced keeps its own
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix(".hongbao-").suffix(".part").tempfile_in(folder(&path))?;
        if let Some(mode) = mode {
            file.as_file().set_permissions(mode)?;
        }
        Ok(Target { file, path })
    }

    /// The folder that the file is in.
    pub(crate) fn folder(&self) -> &Path {
        folder(&self.path)
    }

    /// Gives the file its name, when all of it is on the disk.
    pub(crate) fn commit(self) -> Result<(), SheetError> {
        self.file.as_file().sync_all()?;
        let folder = folder(&self.path).to_owned();
        self.file.persist(&self.path).map_err(|failed| failed.error)?;
        sync_folder(&folder)
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Where a file will be, and the mode that one which is there already has. A link to a file stays
/// a link.
pub(crate) fn place(path: &Path) -> Result<(PathBuf, Option<Permissions>), SheetError> {
    let (path, mode) = match fs::metadata(path) {
        Ok(found) if found.is_file() => (fs::canonicalize(path)?, Some(found.permissions())),
        Ok(_) => return Err(not_a_file(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
        Err(error) => return Err(error.into()),
    };
    if path.file_name().is_none() {
        return Err(not_a_file(&path));
    }
    Ok((path, mode))
}

/// Brings the names of a folder to the disk.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), SheetError> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn not_a_file(path: &Path) -> SheetError {
    SheetError::NotAFile(path.to_string_lossy().escape_debug().collect())
}

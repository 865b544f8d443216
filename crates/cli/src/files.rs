//! Reading and writing the files of a folder, each failure with its code and hint.

use crate::exit::Failure;
use crate::say;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::{TempDir, TempPath};
use zeroize::Zeroizing;

/// The mode of a secret: its owner's alone.
pub const SECRET: u32 = 0o600;
/// The mode of what anyone may read.
pub const PUBLIC: u32 = 0o644;
/// The largest file that is read, bytes: keys, certificates and configurations are small.
const BYTES_MAX: u64 = 1024 * 1024;

/// The whole file.
///
/// # Errors
/// `FILE_MISSING`, `FILE_UNREADABLE`, `FILE_TOO_LARGE`.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let size = fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size > BYTES_MAX {
        let message = say!("file-too-large", file = path.display(), max = BYTES_MAX);
        return Err(Failure::config("FILE_TOO_LARGE", message).hint(say!("file-too-large-hint")));
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// Why a file cannot be read.
#[must_use]
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let file = path.display();
    match error.kind() {
        ErrorKind::NotFound => Failure::config("FILE_MISSING", say!("file-missing", file = file))
            .hint(say!("file-missing-hint")),
        _ => Failure::config("FILE_UNREADABLE", say!("file-unreadable", file = file, why = error))
            .hint(say!("file-unreadable-hint")),
    }
}

/// The path of a file or folder that is there, from the root.
///
/// # Errors
/// `FILE_MISSING`, `FILE_UNREADABLE`.
pub fn whole_path(path: &Path) -> Result<PathBuf, Failure> {
    fs::canonicalize(path).map_err(|error| unreadable(path, &error))
}

/// The whole file as text.
///
/// # Errors
/// As [`read`]; `FILE_NOT_UTF8`.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|_| not_utf8(path))
}

/// That a file is no text.
#[must_use]
pub fn not_utf8(path: &Path) -> Failure {
    Failure::config("FILE_NOT_UTF8", say!("file-not-utf8", file = path.display()))
        .hint(say!("file-not-utf8-hint"))
}

/// The whole file, which nobody but its owner may read.
///
/// # Errors
/// As [`read`]; `SECRET_OPEN_TO_OTHERS`.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if let Ok(metadata) = fs::metadata(path)
        && metadata.permissions().mode() & 0o077 != 0
    {
        let file = path.display();
        let message = say!("file-secret-open", file = file);
        return Err(Failure::config("SECRET_OPEN_TO_OTHERS", message)
            .hint(say!("file-secret-open-hint", file = file)));
    }
    Ok(Zeroizing::new(read(path)?))
}

/// A secret of one line, without its end of line.
///
/// # Errors
/// As [`read_secret`]; `SECRET_NOT_A_LINE`.
pub fn read_secret_line(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut secret = read_secret(path)?;
    while secret.last().is_some_and(u8::is_ascii_whitespace) {
        secret.pop();
    }
    let plain = !secret.is_empty() && secret.iter().all(u8::is_ascii_graphic);
    if !plain {
        let message = say!("file-secret-line", file = path.display());
        return Err(
            Failure::config("SECRET_NOT_A_LINE", message).hint(say!("file-secret-line-hint"))
        );
    }
    Ok(secret)
}

/// A password that others chose: one line of any UTF-8, without its end of line; blanks count.
///
/// # Errors
/// As [`read_secret`]; `SECRET_NOT_A_LINE`.
pub fn read_password(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let secret = read_secret(path)?;
    let text = std::str::from_utf8(&secret).ok();
    let line = text.map(|text| text.strip_suffix('\n').unwrap_or(text));
    let line = line.map(|line| line.strip_suffix('\r').unwrap_or(line));
    match line.filter(|line| !line.contains(['\n', '\r', '\0'])) {
        Some(line) => Ok(Zeroizing::new(line.to_owned())),
        None => {
            let message = say!("file-secret-line", file = path.display());
            let failure = Failure::config("SECRET_NOT_A_LINE", message);
            Err(failure.hint(say!("file-password-hint")))
        }
    }
}

/// Writes a whole file with that mode, or leaves what was there: under another name
/// first, then renamed.
///
/// # Errors
/// `FILE_NOT_WRITTEN`.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    write_whole(&new, bytes, mode)
        .and_then(|()| rename(&new, path))
        .map_err(|error| not_written(path, &error))
}

/// Writes a whole file with that mode where there is none; what is there stays.
///
/// # Errors
/// `FILE_EXISTS`, `FILE_NOT_WRITTEN`.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let folder = draft_folder(path)?;
    let draft = folder.path().join("file");
    write_whole(&draft, bytes, mode).map_err(|error| not_written(path, &error))?;
    settle(&draft, path)
}

/// A folder beside `path` for its owner alone, in which a file is written before it gets that name. It goes
/// with what is left in it.
///
/// # Errors
/// `FILE_NOT_WRITTEN`.
pub fn draft_folder(path: &Path) -> Result<TempDir, Failure> {
    let mut builder = tempfile::Builder::new();
    let made = builder.prefix(".hongbao-").tempdir_in(folder_of(path));
    made.map_err(|error| not_written(path, &error))
}

/// Gives a file that was written and synced its name, also across a power cut, where nothing has it.
///
/// # Errors
/// `FILE_EXISTS`, `FILE_NOT_WRITTEN`.
pub fn settle(draft: &Path, path: &Path) -> Result<(), Failure> {
    let moved = TempPath::try_from_path(draft)
        .and_then(|draft| draft.persist_noclobber(path).map_err(|error| error.error))
        .and_then(|()| File::open(folder_of(path))?.sync_all());
    moved.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => not_written(path, &error),
    })
}

/// That a file is there already, and stays.
#[must_use]
pub fn exists(path: &Path) -> Failure {
    Failure::config("FILE_EXISTS", say!("file-exists", file = path.display()))
        .hint(say!("file-exists-hint"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Gives a file or folder its name, also across a power cut.
///
/// # Errors
/// What the file system says.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    match to.parent() {
        Some(folder) if folder != Path::new("") => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    // the mask of the process may have taken bits away
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// That a file or folder cannot be written, and why.
#[must_use]
pub fn not_written(path: &Path, error: &io::Error) -> Failure {
    let message = say!("file-not-written", file = path.display(), why = error);
    Failure::config("FILE_NOT_WRITTEN", message).hint(say!("file-not-written-hint"))
}

/// A TOML file as `T`.
///
/// # Errors
/// As [`read_text`]; `TOML` with the line.
pub fn read_toml<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    parse_toml(path, &read_text(path)?)
}

/// The text of a TOML file as `T`.
///
/// # Errors
/// `TOML` with the line.
pub fn parse_toml<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, Failure> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = 1 + text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
        let why = error.message().trim_end().replace('\n', ", ");
        Failure::config("TOML", say!("file-toml", file = path.display(), line = line, why = why))
            .hint(say!("file-toml-hint"))
    })
}

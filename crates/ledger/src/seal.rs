//! Secrets at rest: sealed with a key that lives in a file of its own.
//!
//! XChaCha20-Poly1305 under a random nonce, bound to the merchant and the column
//! that it belongs to, so that a sealed value copied to another row does not open.

use crate::error::LedgerError;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// Leads every sealed value; another scheme would have another number.
const SCHEME: u8 = 1;

/// What seals the secrets of merchants: 32 random bytes, wiped when dropped, never printed.
#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; KEY_BYTES]>);

/// What a sealed value belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The column, without a NUL.
    pub(crate) column: &'static str,
    /// The merchant; empty for the ledger as a whole.
    pub(crate) mch_id: &'a str,
}

impl Place<'_> {
    fn associated_data(self) -> Vec<u8> {
        format!("hongbao ledger\0{}\0{}", self.column, self.mch_id).into_bytes()
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl SealKey {
    /// A new random key that is in no file: for ledgers that nobody opens again.
    #[must_use]
    pub fn generate() -> Self {
        Self(Zeroizing::new(<[u8; KEY_BYTES]>::generate()))
    }

    /// Reads the key file, or makes it, mode 0600, where there is none.
    ///
    /// Beside a ledger that exists a new key is of no use: opening it then says
    /// [`LedgerError::Unsealable`]. Use [`SealKey::load`] where the ledger is there already.
    ///
    /// # Errors
    /// [`LedgerError::KeyFile`] as [`SealKey::load`] and [`SealKey::create`].
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<Self, LedgerError> {
        let path = path.as_ref();
        match read(path) {
            Err(Refusal::Io(e)) if e.kind() == io::ErrorKind::NotFound => match write_new(path) {
                // Another process made it in the meantime: that one counts.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Self::load(path),
                made => made.map_err(|e| Refusal::Io(e).at(path)),
            },
            other => other.map_err(|refusal| refusal.at(path)),
        }
    }

    /// Reads the key file.
    ///
    /// # Errors
    /// [`LedgerError::KeyFile`]: it is missing, is not a file of 32 bytes, or others
    /// than its owner may read or write it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LedgerError> {
        let path = path.as_ref();
        read(path).map_err(|refusal| refusal.at(path))
    }

    /// Makes a key file, mode 0600; never replaces one. It is whole or not there at all.
    ///
    /// # Errors
    /// [`LedgerError::KeyFile`]: it exists already, or cannot be written.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, LedgerError> {
        let path = path.as_ref();
        write_new(path).map_err(|e| Refusal::Io(e).at(path))
    }

    /// Seals a secret for its place.
    pub(crate) fn seal(&self, place: Place<'_>, secret: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let nonce = XNonce::generate();
        let aad = place.associated_data();
        let sealed = self
            .cipher()
            .encrypt(&nonce, Payload { msg: secret, aad: &aad })
            .map_err(|_| LedgerError::Unsealable)?;
        Ok([&[SCHEME], nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for this place.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Box<[u8]>, LedgerError> {
        let (scheme, rest) = sealed.split_first().ok_or(LedgerError::Unsealable)?;
        let (nonce, text) = rest.split_at_checked(NONCE_BYTES).ok_or(LedgerError::Unsealable)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| LedgerError::Unsealable)?;
        if *scheme != SCHEME {
            return Err(LedgerError::Unsealable);
        }
        let aad = place.associated_data();
        self.cipher()
            .decrypt(&nonce, Payload { msg: text, aad: &aad })
            .map(Vec::into_boxed_slice)
            .map_err(|_| LedgerError::Unsealable)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

/// Why a key file is refused.
enum Refusal {
    Io(io::Error),
    NotAFile,
    OpenToOthers,
    WrongLength,
}

impl Refusal {
    fn at(self, path: &Path) -> LedgerError {
        let reason = match self {
            Self::Io(e) => format!("cannot be used: {e}"),
            Self::NotAFile => "is not a plain file".to_owned(),
            Self::OpenToOthers => {
                "may be read by others than its owner; set its mode to 0600".to_owned()
            }
            Self::WrongLength => format!("does not hold exactly {KEY_BYTES} bytes"),
        };
        LedgerError::KeyFile { path: path.display().to_string(), reason }
    }
}

fn read(path: &Path) -> Result<SealKey, Refusal> {
    let mut file = File::open(path).map_err(Refusal::Io)?;
    let metadata = file.metadata().map_err(Refusal::Io)?;
    if !metadata.is_file() {
        return Err(Refusal::NotAFile);
    }
    if open_to_others(&metadata) {
        return Err(Refusal::OpenToOthers);
    }
    if metadata.len() != KEY_BYTES as u64 {
        return Err(Refusal::WrongLength);
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    file.read_exact(&mut *key).map_err(Refusal::Io)?;
    Ok(SealKey(key))
}

/// Writes a new key beside `path` and links it there, which fails if `path` exists:
/// a crash leaves no half a key under its name.
fn write_new(path: &Path) -> io::Result<SealKey> {
    let key = SealKey::generate();
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{:016x}.new", rand::random::<u64>()));
    let draft = Path::new(&draft);
    let written = write_draft(draft, &key).and_then(|()| std::fs::hard_link(draft, path));
    let removed = std::fs::remove_file(draft);
    written?;
    removed?;
    crate::durable::sync_parent(path)?;
    Ok(key)
}

fn write_draft(draft: &Path, key: &SealKey) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    file.write_all(&*key.0)?;
    file.sync_all()
}

#[cfg(unix)]
fn open_to_others(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
const fn open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PLACE: Place<'static> = Place { column: "api_key", mch_id: "10000098" };

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let key = SealKey::generate();
        let sealed = key.seal(PLACE, b"192006250b4c09247ec02edce69f6a2d").unwrap();
        assert_eq!(&*key.open(PLACE, &sealed).unwrap(), b"192006250b4c09247ec02edce69f6a2d");
        let elsewhere = [
            Place { column: "workwx_secret", ..PLACE },
            Place { mch_id: "10000099", ..PLACE },
            Place { mch_id: "", ..PLACE },
        ];
        for place in elsewhere {
            assert!(matches!(key.open(place, &sealed), Err(LedgerError::Unsealable)));
        }
        let other = SealKey::generate();
        assert!(matches!(other.open(PLACE, &sealed), Err(LedgerError::Unsealable)));
    }

    #[test]
    fn a_changed_or_cut_value_does_not_open() {
        let key = SealKey::generate();
        let sealed = key.seal(PLACE, b"secret").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(matches!(key.open(PLACE, &changed), Err(LedgerError::Unsealable)), "{at}");
            assert!(matches!(key.open(PLACE, &sealed[..at]), Err(LedgerError::Unsealable)));
        }
    }

    #[test]
    fn the_same_secret_seals_differently_each_time() {
        let key = SealKey::generate();
        assert_ne!(key.seal(PLACE, b"secret").unwrap(), key.seal(PLACE, b"secret").unwrap());
    }

    #[test]
    fn it_does_not_print() {
        assert_eq!(format!("{:?}", SealKey::generate()), "SealKey(…)");
    }
}

//! The ends of all chains at one time, signed: a file to keep elsewhere.
//!
//! The signature is Ed25519 over `Statement::canonical`, which `docs/ledger.md` describes, so that an
//! auditor can check it with any tool. The key is a PEM file (PKCS#8) of its owner alone.

use super::hex;
use crate::exit::Failure;
use crate::files::{self, SECRET};
use crate::say;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hongbao_ledger::statement::STATEMENT_VERSION;
use hongbao_ledger::{Book, Head, Statement};
use hongbao_wire::time;
use jiff::Timestamp;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What says of a file that it is one of these.
const FORMAT: &str = "hongbao-head";
/// Characters of a line of PEM.
const PEM_LINE: usize = 64;

/// The file, as it stands.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadFile {
    format: String,
    version: u8,
    at: String,
    heads: Vec<HeadLine>,
    public_key: String,
    signature: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLine {
    book: String,
    mch_id: String,
    position: u64,
    hash: String,
}

/// A statement whose signature holds.
#[derive(Debug)]
pub struct SignedHead {
    /// What was signed.
    pub statement: Statement,
    /// Who signed: the public key, 32 bytes as hexadecimal digits.
    pub public_key: String,
}

/// What signs.
pub struct HeadKey(Ed25519KeyPair);

impl HeadKey {
    /// Reads the key, or makes it, mode 0600, where there is none; says whether it is new.
    ///
    /// # Errors
    /// `HEAD_KEY` where it is none; `SECRET_OPEN_TO_OTHERS`, `FILE_NOT_WRITTEN`.
    pub fn load_or_create(path: &Path) -> Result<(Self, bool), Failure> {
        if path.exists() {
            return Ok((Self::load(path)?, false));
        }
        let key = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1());
        let key = key.map_err(|_| unusable(path))?;
        let text = BASE64_STANDARD.encode(key.as_ref());
        let mut pem = zeroize::Zeroizing::new("-----BEGIN PRIVATE KEY-----\n".to_owned());
        for line in text.as_bytes().chunks(PEM_LINE) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        files::create(path, pem.as_bytes(), SECRET)?;
        Ok((Self::load(path)?, true))
    }

    fn load(path: &Path) -> Result<Self, Failure> {
        let pem = files::read_secret(path)?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_| unusable(path))?;
        let pair = Ed25519KeyPair::from_pkcs8(der.secret_pkcs8_der());
        pair.map(Self).map_err(|_| unusable(path))
    }

    /// The public key, 32 bytes as hexadecimal digits.
    #[must_use]
    pub fn public(&self) -> String {
        hex(self.0.public_key().as_ref())
    }

    /// The text of the file that holds the statement and its signature.
    #[must_use]
    pub fn sign(&self, statement: &Statement) -> String {
        let heads = statement.heads().iter().map(|head| HeadLine {
            book: head.book.as_str().to_owned(),
            mch_id: head.mch_id.to_string(),
            position: head.position,
            hash: hex(&head.hash),
        });
        let file = HeadFile {
            format: FORMAT.to_owned(),
            version: STATEMENT_VERSION,
            at: time::rfc3339(statement.at),
            heads: heads.collect(),
            public_key: self.public(),
            signature: hex(self.0.sign(&statement.canonical()).as_ref()),
        };
        serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
    }
}

impl SignedHead {
    /// Reads a file and checks its signature by the key that it names.
    ///
    /// # Errors
    /// `HEAD_UNREADABLE`; `HEAD_SIGNATURE` where it was changed; what reading says.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = files::read_text(path)?;
        let unreadable = |why: String| {
            let message = say!("ledger-head-unreadable", file = path.display(), why = why);
            Failure::config("HEAD_UNREADABLE", message).hint(say!("ledger-head-unreadable-hint"))
        };
        let file: HeadFile =
            serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        if file.format != FORMAT || file.version != STATEMENT_VERSION {
            return Err(unreadable(format!("{} {}", file.format, file.version)));
        }
        let statement = file.statement().ok_or_else(|| unreadable("heads".to_owned()))?;
        let key = bytes::<32>(&file.public_key);
        let signature = bytes::<64>(&file.signature);
        let holds = key.zip(signature).is_some_and(|(key, signature)| {
            let key = UnparsedPublicKey::new(&ED25519, key);
            key.verify(&statement.canonical(), &signature).is_ok()
        });
        if !holds {
            let message = say!("ledger-head-signature", file = path.display());
            let failure = Failure::config("HEAD_SIGNATURE", message);
            return Err(failure.hint(say!("ledger-head-signature-hint")));
        }
        Ok(Self { statement, public_key: file.public_key.to_ascii_lowercase() })
    }
}

impl HeadFile {
    fn statement(&self) -> Option<Statement> {
        let at: Timestamp = self.at.parse().ok()?;
        let heads = self.heads.iter().map(|head| {
            let (book, hash) = (Book::from_word(&head.book)?, bytes::<32>(&head.hash)?);
            let mch_id = head.mch_id.as_str().into();
            Some(Head { book, mch_id, position: head.position, hash })
        });
        Some(Statement::new(at, heads.collect::<Option<Vec<_>>>()?))
    }
}

/// A public key of the command line: hexadecimal digits, or a file of them.
///
/// # Errors
/// `USAGE` where it is none.
pub fn public_key(text: &str) -> Result<String, Failure> {
    let given = match bytes::<32>(text) {
        Some(_) => text.to_owned(),
        None => files::read_text(Path::new(text))?.trim().to_owned(),
    };
    match bytes::<32>(&given) {
        Some(key) => Ok(hex(&key)),
        None => {
            Err(Failure::usage("USAGE", say!("ledger-public-key"))
                .hint(say!("ledger-public-key-hint")))
        }
    }
}

/// Hexadecimal digits as so many bytes.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn unusable(path: &Path) -> Failure {
    Failure::config("HEAD_KEY", say!("ledger-head-key", file = path.display()))
        .hint(say!("ledger-head-key-hint"))
}

//! A certificate with its private key, in the forms that clients take.

use crate::error::AuthorityError;
use jiff::Timestamp;
use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::fmt;

/// The name of the one entry of the keystore.
const ALIAS: &str = "Tenpay Certificate";
/// The rounds of key derivation of a legacy keystore, as OpenSSL 1.x writes it.
const LEGACY_ROUNDS: u32 = 2048;

/// A certificate with its private key. `Debug` shows no key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate, PEM.
    pub cert_pem: String,
    /// Its private key, PKCS#8 PEM. A secret.
    pub key_pem: String,
    /// Its serial number, 40 lower-case hexadecimal digits.
    pub serial_hex: String,
    /// The last second at which it holds.
    pub not_after: Timestamp,
}

impl Issued {
    /// The certificate and its key as a PKCS#12 file with the algorithms of WeChat's
    /// tool (`protocol.md` §5): PBE-SHA1-RC2-40 and a SHA-1 MAC.
    ///
    /// These algorithms protect nothing: the file is worth as much as its mode.
    ///
    /// # Errors
    /// [`AuthorityError::NoKeystore`].
    pub fn to_p12_legacy(&self, password: &str) -> Result<Vec<u8>, AuthorityError> {
        let failed = |error: &dyn fmt::Display| AuthorityError::NoKeystore(error.to_string());
        let certificate =
            CertificateDer::from_pem_slice(self.cert_pem.as_bytes()).map_err(|e| failed(&e))?;
        let key =
            PrivatePkcs8KeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(|e| failed(&e))?;
        let chain = PrivateKeyChain::new(
            self.serial_hex.as_str(),
            PrivateKey::from_der(key.secret_pkcs8_der()).map_err(|e| failed(&e))?,
            [Certificate::from_der(&certificate).map_err(|e| failed(&e))?],
        );
        let mut store = KeyStore::new();
        store.add_entry(ALIAS, KeyStoreEntry::PrivateKeyChain(chain));
        store
            .writer(password)
            // The crate's name says RC4; the algorithm it writes is pbeWithSHAAnd40BitRC2-CBC.
            .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd40BitRc4Cbc)
            .encryption_iterations(LEGACY_ROUNDS)
            .mac_algorithm(MacAlgorithm::HmacSha1)
            .mac_iterations(LEGACY_ROUNDS)
            .write()
            .map_err(|e| failed(&e))
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("serial_hex", &self.serial_hex)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

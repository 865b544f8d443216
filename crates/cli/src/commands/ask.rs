//! What `query` and `send` share: a profile, a client, and randomness.

use crate::exit::Failure;
use crate::profile::Profile;
use crate::say;
use hongbao_client::{Client, ClientConfig};
use hongbao_wire::{ApiKey, WorkwxSecret};
use rand::RngExt;
use std::path::Path;

const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8; 10] = b"0123456789";
/// The length of a `nonce_str`, characters (`protocol.md` §1.1).
const NONCE_CHARS: usize = 32;

/// One merchant, ready to ask.
pub struct Asker {
    /// The client, with the merchant's certificate.
    pub client: Client,
    profile: Profile,
}

impl Asker {
    /// Reads the profile and makes its client.
    ///
    /// # Errors
    /// [`Failure`], exit 9.
    pub fn new(path: &Path) -> Result<Self, Failure> {
        let profile = Profile::load(path)?;
        let config = ClientConfig::new(
            profile.base_url.clone(),
            profile.identity.clone(),
            profile.trust.clone(),
        );
        let client = Client::new(config).map_err(|error| {
            Failure::config(error.code(), say!("client-failed", why = error))
                .hint(say!("client-failed-hint"))
        })?;
        Ok(Self { client, profile })
    }

    /// The merchant.
    pub fn mch_id(&self) -> &str {
        self.profile.mch_id.as_str()
    }

    /// The corpid.
    pub fn appid(&self) -> &str {
        self.profile.appid.as_str()
    }

    /// The API key.
    pub fn api_key(&self) -> &ApiKey {
        &self.profile.api_key
    }

    /// The WeCom secret.
    ///
    /// # Errors
    /// `PROFILE_NO_SECRET` where the profile names none; a query needs none.
    pub fn workwx_secret(&self) -> Result<&WorkwxSecret, Failure> {
        self.profile.workwx_secret.as_ref().ok_or_else(|| {
            Failure::config("PROFILE_NO_SECRET", say!("profile-no-secret"))
                .hint(say!("profile-no-secret-hint"))
        })
    }

    /// A fresh `nonce_str`.
    pub fn nonce_str(&self) -> String {
        random_text(ALPHANUMERIC, NONCE_CHARS)
    }
}

/// `count` random decimal digits.
pub fn random_digits(count: usize) -> String {
    random_text(DIGITS, count)
}

fn random_text(alphabet: &[u8], count: usize) -> String {
    let mut rng = rand::rng();
    (0..count).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect()
}

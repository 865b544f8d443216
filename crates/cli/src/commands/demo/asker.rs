//! The demo's way to ask: one merchant, a client, and nothing that remembers.

use crate::exit::Failure;
use crate::merchant_side;
use crate::profile::Profile;
use crate::say;
use hongbao_client::{AttemptLimits, Client, ClientConfig, Dice};
use hongbao_wire::{ApiKey, WorkwxSecret};
use std::path::Path;

/// One merchant, ready to ask.
pub struct Asker {
    /// The client, with the merchant's certificate.
    pub client: Client,
    profile: Profile,
    dice: Dice,
}

impl Asker {
    /// Reads the profile and makes its client.
    ///
    /// # Errors
    /// [`Failure`], exit 9.
    pub fn new(path: &Path) -> Result<Self, Failure> {
        Self::attempting(path, AttemptLimits::DEFAULT)
    }

    /// The same with other limits of attempts.
    ///
    /// # Errors
    /// As [`Asker::new`].
    pub fn attempting(path: &Path, attempts: AttemptLimits) -> Result<Self, Failure> {
        let profile = Profile::load(path)?;
        let config = ClientConfig { attempts, ..profile.client_config() };
        let client = merchant_side::client(config)?;
        Ok(Self { client, profile, dice: Dice::random() })
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
        self.dice.nonce_str()
    }
}

//! What a merchant configures in an SDK.

use serde::Serialize;
use std::path::{Path, PathBuf};

/// The form of the merchant's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// `apiclient_cert.p12`.
    P12,
    /// `apiclient_cert.pem` and `apiclient_key.pem`.
    Pem,
    /// None at all.
    None,
}

/// Base URL, CA and credentials: all that is configured. The secrets stay in
/// their files; the drivers read them.
#[derive(Clone, Debug, Serialize)]
pub struct Credentials {
    /// `https://127.0.0.1:PORT`.
    pub base_url: String,
    /// The authority of the server's certificate.
    pub ca_file: PathBuf,
    /// The merchant's number.
    pub mch_id: String,
    /// The corpid.
    pub appid: String,
    /// The client certificate.
    pub cert_file: PathBuf,
    /// Its key.
    pub key_file: PathBuf,
    /// Both.
    pub p12_file: PathBuf,
    /// The password of the p12: the merchant's number.
    pub p12_password: String,
    /// `key=`.
    pub api_key_file: PathBuf,
    /// `secret=`.
    pub workwx_secret_file: PathBuf,
}

impl Credentials {
    /// Those of a merchant's folder.
    #[must_use]
    pub fn of_folder(
        folder: &Path,
        base_url: &str,
        ca_file: &Path,
        mch_id: &str,
        appid: &str,
    ) -> Self {
        Self {
            base_url: base_url.to_owned(),
            ca_file: ca_file.to_path_buf(),
            mch_id: mch_id.to_owned(),
            appid: appid.to_owned(),
            cert_file: folder.join("apiclient_cert.pem"),
            key_file: folder.join("apiclient_key.pem"),
            p12_file: folder.join("apiclient_cert.p12"),
            p12_password: mch_id.to_owned(),
            api_key_file: folder.join("api_key"),
            workwx_secret_file: folder.join("workwx_secret"),
        }
    }
}

//! What the server does to keep what it acknowledged.

use tokio_postgres::{Error, Row};

/// Settings that other engines lack are NULL there.
pub(super) const QUERY: &str = "SELECT current_setting('fsync', true), \
     current_setting('synchronous_commit', true), current_setting('full_page_writes', true), \
     current_setting('server_version', true), current_setting('server_version_num', true), \
     current_setting('server_encoding', true)";

/// What durability rests on, as read from the server. `None`: it has no such setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresDurability {
    /// `fsync`: whether the disk is told to keep what is written.
    pub fsync: Option<String>,
    /// `synchronous_commit`: whether a commit waits for that.
    pub synchronous_commit: Option<String>,
    /// `full_page_writes`: whether a page that a power cut tore can be mended.
    pub full_page_writes: Option<String>,
    /// `server_version`, for people.
    pub server_version: String,
    /// `server_version_num`, such as 150004.
    pub(super) version_number: u32,
    /// `server_encoding`.
    pub(super) encoding: Option<String>,
}

impl PostgresDurability {
    pub(super) fn read(row: &Row) -> Result<Self, Error> {
        let number: Option<String> = row.try_get(4)?;
        Ok(Self {
            fsync: row.try_get(0)?,
            synchronous_commit: row.try_get(1)?,
            full_page_writes: row.try_get(2)?,
            server_version: row.try_get::<_, Option<String>>(3)?.unwrap_or_default(),
            version_number: number.and_then(|number| number.parse().ok()).unwrap_or_default(),
            encoding: row.try_get(5)?,
        })
    }

    /// The settings by which what was acknowledged can be lost, such as `fsync=off`; `None`: there are
    /// none.
    #[must_use]
    pub fn unsafe_settings(&self) -> Option<String> {
        let settings = [("fsync", &self.fsync), ("synchronous_commit", &self.synchronous_commit)];
        let off: Vec<String> = settings
            .iter()
            .filter(|(_, value)| value.as_deref() == Some("off"))
            .map(|(name, _)| format!("the server runs with `{name}=off`"))
            .collect();
        (!off.is_empty()).then(|| off.join(", "))
    }

    /// Whether a power cut in the middle of a page can damage the database: `full_page_writes` is off. That is
    /// right on a file system that never tears a page, and nowhere else.
    #[must_use]
    pub fn trusts_the_file_system(&self) -> bool {
        self.full_page_writes.as_deref() == Some("off")
    }
}

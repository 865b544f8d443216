//! The folder of a server that does not run.

use crate::served::binary;
use hongbao_ledger::{Ledger, Merchant, SealKey, SqliteLedger};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of a server that does not run.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of a merchant.
    pub(crate) fn merchant(&self, mch_id: &str) -> PathBuf {
        self.0.join("merchants").join(mch_id)
    }

    /// Has packets stay where they are for as long as a test can take.
    pub(crate) fn stop_play(&self) {
        self.set("#sent_after = \"5s\"", "sent_after = \"24h\"");
        self.set("#received_after = \"60s\"", "received_after = \"24h\"");
    }

    /// Replaces a line of `hongbao.toml`.
    ///
    /// # Panics
    /// When there is no such line.
    pub fn set(&self, old: &str, new: &str) {
        let path = self.0.join("hongbao.toml");
        let text = std::fs::read_to_string(&path).expect("the first start wrote it");
        assert!(text.contains(old), "`hongbao.toml` has no `{old}`");
        std::fs::write(&path, text.replace(old, new)).expect("our own folder");
    }

    /// Adds a merchant by the command line, with the corpid `wx{mch_id}` and a balance in
    /// yuan, and changes it.
    ///
    /// # Panics
    /// When the command fails.
    pub fn add_merchant(&self, mch_id: &str, balance: &str, change: impl FnOnce(&mut Merchant)) {
        let appid = format!("wx{mch_id}");
        let mut command = Command::new(binary());
        command.args(["merchant", "add", mch_id, "--appid", &appid, "--balance", balance, "--dir"]);
        let added = command.arg(&self.0).output().expect("the binary runs");
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        self.change_merchant(mch_id, change);
    }

    /// Changes a merchant in the ledger: what the command line has no word for.
    fn change_merchant(&self, mch_id: &str, change: impl FnOnce(&mut Merchant)) {
        let key = SealKey::load_or_create(self.0.join("ledger.key")).expect("the server's key");
        let ledger =
            SqliteLedger::open(self.0.join("ledger.sqlite"), key).expect("the server's ledger");
        let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
        runtime.block_on(async {
            let merchant = ledger.merchant(mch_id).await.expect("a read");
            let mut merchant = merchant.expect("the merchant that was added");
            change(&mut merchant);
            ledger.update_merchant(merchant).await.expect("a write");
        });
    }
}

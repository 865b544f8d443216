//! A server of our own, in a folder of its own, on free ports.

use crate::admin::Admin;
use crate::credentials::Credentials;
use crate::place;
use hongbao_ledger::Merchant;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The sandbox merchant of a folder that `hongbao serve` has filled.
pub const MCH_ID: &str = "10000098";
/// Its corpid.
pub const APPID: &str = "wx8888888888888888";

/// Waits for its input to end, which it does however this process ends, then
/// stops the server and removes its folder. Arguments: folder, command line.
const KEEPER: &str = r#"folder=$1; shift; "$@" & server=$!; read -r _; kill "$server"; wait "$server"; rm -rf "$folder""#;

/// A running server.
#[derive(Debug)]
pub struct Served {
    keeper: Child,
    folder: PathBuf,
    wire_url: String,
    admin: Admin,
}

impl Served {
    /// Starts a server whose packets move only when told to.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start() -> Self {
        let binary = binary();
        let folder = tempfile::tempdir().expect("a folder").keep();
        let data = folder.join("data");
        let serve = |listen: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", KEEPER, "sh"]).arg(&folder).arg(&binary);
            command
                .args(["serve", "--listen", listen, "--admin", "127.0.0.1:0", "--dir"])
                .arg(&data);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            command.spawn().expect("a shell")
        };
        let mut keeper = serve("127.0.0.1:0");
        let mut line = String::new();
        let mut output = BufReader::new(keeper.stdout.take().expect("piped above"));
        output.read_line(&mut line).expect("the server prints");
        let words: Vec<&str> = line.split_whitespace().collect();
        let [ready, wire_url, admin_url, ..] = words[..] else {
            panic!("`{} serve` printed `{line}`", binary.display());
        };
        assert_eq!(ready, "ready");
        Self { keeper, folder: data, wire_url: wire_url.to_owned(), admin: Admin::new(admin_url) }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its admin API.
    #[must_use]
    pub const fn admin(&self) -> &Admin {
        &self.admin
    }

    /// The authority of its certificate.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// What the sandbox merchant configures.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        self.credentials_of(MCH_ID, APPID)
    }

    /// What a merchant configures.
    #[must_use]
    pub fn credentials_of(&self, mch_id: &str, appid: &str) -> Credentials {
        let folder = self.folder.join("merchants").join(mch_id);
        Credentials::of_folder(&folder, &self.wire_url, &self.ca_file(), mch_id, appid)
    }

    /// Adds a merchant by the command line, while the server runs, and changes it.
    ///
    /// # Panics
    /// When the command fails.
    #[must_use]
    pub fn add_merchant(&self, mch_id: &str, change: impl FnOnce(&mut Merchant)) -> Credentials {
        let appid = format!("wx{mch_id}");
        let added = Command::new(binary())
            .args([
                "merchant",
                "add",
                mch_id,
                "--appid",
                &appid,
                "--balance",
                "1000000.00",
                "--dir",
            ])
            .arg(&self.folder)
            .output()
            .expect("the binary runs");
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        self.change_merchant(mch_id, change);
        self.credentials_of(mch_id, &appid)
    }

    /// Changes a merchant in the ledger, and has the server take notice.
    ///
    /// # Panics
    /// When the ledger cannot be changed.
    pub fn change_merchant(&self, mch_id: &str, change: impl FnOnce(&mut Merchant)) {
        let _ = change;
        let one = serde_json::json!({ "amount_fen": 1 });
        self.admin.post(&format!("/merchants/{mch_id}/top-up"), &one); // after which the server looks anew
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The binary: `HONGBAO_BIN`, or the one that cargo builds.
fn binary() -> PathBuf {
    static BUILT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    if let Some(given) = std::env::var_os("HONGBAO_BIN") {
        return given.into();
    }
    BUILT
        .get_or_init(|| {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let mut build = Command::new(cargo);
            build.args(["build", "--quiet", "--package", "hongbao"]).current_dir(place::project());
            assert!(
                build.status().expect("cargo runs").success(),
                "`cargo build -p hongbao` failed"
            );
            place::target().join("debug").join("hongbao")
        })
        .clone()
}

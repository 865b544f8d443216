//! A server of our own, in a folder of its own, on free ports.

use crate::admin::Admin;
use crate::credentials::Credentials;
use crate::folder::Folder;
use crate::place;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The sandbox merchant of a folder that `hongbao serve` has filled.
pub const MCH_ID: &str = "10000098";
/// Its corpid.
pub const APPID: &str = "wx8888888888888888";

/// Waits for its input to end, which it does however this process ends, then
/// stops the server and removes a folder. Arguments: what to remove, command line.
const KEEPER: &str = r#"garbage=$1; shift; "$@" & server=$!; read -r _; kill "$server"; wait "$server"; rm -rf "$garbage""#;

/// A running server.
#[derive(Debug)]
pub struct Served {
    process: Process,
    folder: Folder,
    admin: Admin,
}

impl Served {
    /// Starts a server whose packets stay where they are until told to move, after
    /// `prepare` has changed its folder.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(prepare: impl FnOnce(&Folder)) -> Self {
        let root = tempfile::tempdir().expect("a folder").keep();
        let folder = Folder::new(root.join("data"));
        drop(Process::start(folder.path(), Path::new("")));
        folder.stop_play();
        prepare(&folder);
        let process = Process::start(folder.path(), &root);
        let admin = Admin::new(&process.admin_url);
        Self { process, folder, admin }
    }

    /// Its admin API.
    #[must_use]
    pub const fn admin(&self) -> &Admin {
        &self.admin
    }

    /// What the ledger says of a packet of the sandbox merchant; `None` where there is none.
    #[must_use]
    pub fn packet(&self, mch_billno: &str) -> Option<Value> {
        self.admin.packet(MCH_ID, mch_billno)
    }

    /// The authority of its certificate.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What the sandbox merchant configures.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        self.credentials_of(MCH_ID, APPID)
    }

    /// What a merchant configures.
    #[must_use]
    pub fn credentials_of(&self, mch_id: &str, appid: &str) -> Credentials {
        let folder = self.folder.merchant(mch_id);
        Credentials::of_folder(&folder, &self.process.wire_url, &self.ca_file(), mch_id, appid)
    }
}

/// `hongbao serve` and what keeps it; both end when this is dropped or this process ends.
#[derive(Debug)]
struct Process {
    keeper: Child,
    wire_url: String,
    admin_url: String,
}

impl Process {
    fn start(data: &Path, garbage: &Path) -> Self {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(garbage)
            .arg(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        let mut output = BufReader::new(keeper.stdout.take().expect("piped above"));
        output.read_line(&mut line).expect("the server prints");
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["ready", wire_url, admin_url, ..] = words[..] else {
            panic!("`{} serve --dir {}` printed `{line}`", binary().display(), data.display());
        };
        let (wire_url, admin_url) = (wire_url.to_owned(), admin_url.to_owned());
        Self { keeper, wire_url, admin_url }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The binary: `HONGBAO_BIN`, or the one that cargo builds.
pub fn binary() -> PathBuf {
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

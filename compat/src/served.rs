//! A server of our own, in a folder of its own, on free ports.

use crate::admin::Admin;
use crate::credentials::Credentials;
use crate::folder::Folder;
use crate::place;
use serde_json::Value;
use std::ffi::OsStr;
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

/// A running server, maybe with a gateway in front of it.
#[derive(Debug)]
pub struct Served {
    // ends before the server that it asks
    gateway: Option<(Process, Folder)>,
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
        drop(Process::start(folder.path(), Path::new(""), &[]));
        folder.stop_play();
        prepare(&folder);
        let process = Process::start(folder.path(), &root, &[]);
        let admin = Admin::new(&process.admin_url);
        Self { gateway: None, process, folder, admin }
    }

    /// Starts a server with a gateway in front of it, where the SDKs ask; the rest of what is
    /// here speaks of the server behind.
    ///
    /// # Panics
    /// When one of them does not come up.
    #[must_use]
    pub fn start_behind_gateway() -> Self {
        let served = Self::start(|_| {});
        let root = served.folder.path().parent().expect("the server's folder lies in one");
        let folder = Folder::new(root.join("gateway"));
        let profile = served.folder.merchant(MCH_ID).join("merchant.toml");
        let upstream = ["--upstream".as_ref(), profile.as_os_str()];
        drop(Process::start(folder.path(), Path::new(""), &upstream));
        // neither a loaded machine nor who shares the pace is what these tests are about
        folder.set("#wait_for_turn = \"2s\"", "wait_for_turn = \"15s\"");
        folder.set("#follow = true", "follow = false");
        let process = Process::start(folder.path(), Path::new(""), &[]);
        Self { gateway: Some((process, folder)), ..served }
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
        self.asked().1.path().join("ca.pem")
    }

    /// What the sandbox merchant configures.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        self.credentials_of(MCH_ID, APPID)
    }

    /// What a merchant configures.
    #[must_use]
    pub fn credentials_of(&self, mch_id: &str, appid: &str) -> Credentials {
        let (process, folder) = self.asked();
        let folder = folder.merchant(mch_id);
        Credentials::of_folder(&folder, &process.wire_url, &self.ca_file(), mch_id, appid)
    }

    /// What the SDKs ask.
    fn asked(&self) -> (&Process, &Folder) {
        match &self.gateway {
            Some((process, folder)) => (process, folder),
            None => (&self.process, &self.folder),
        }
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
    fn start(data: &Path, garbage: &Path, more: &[&OsStr]) -> Self {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(garbage)
            .arg(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"])
            .arg(data)
            .args(more)
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

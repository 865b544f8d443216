//! One server, and databases in it.

use crate::guard::Guard;
use crate::programs::{Programs, installed};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The user that owns everything; it needs its password over TCP, and none over the socket.
const USER: &str = "hongbao";
/// Not a secret: the server ends with the test.
const PASSWORD: &str = "only-for-tests";

/// How a server differs from the default.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Lines of its configuration, such as `("fsync", "off")`.
    pub configuration: Vec<(String, String)>,
    /// A certificate and its key, PEM: then it speaks TLS, too.
    pub certificate: Option<(String, String)>,
}

/// A server that runs. It ends, and its folder is removed, when it is dropped or its process ends.
#[derive(Debug)]
pub struct TestServer {
    programs: Programs,
    settings: Settings,
    folder: PathBuf,
    port: u16,
    postmaster: Mutex<Option<Child>>,
    databases: AtomicU32,
    _guard: Guard,
}

/// A database of its own, empty.
#[derive(Clone, Debug)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Its address on loopback, without the password.
    pub url: String,
    /// Its address by the socket; needs no password.
    pub socket_url: String,
    /// The password that the first address needs.
    pub password: String,
}

impl TestServer {
    /// The one server of this test binary, started when it is first asked for; `None` where
    /// PostgreSQL is not installed (see [`installed`]).
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<TestServer>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// A new server with the default settings.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(Settings::default())
    }

    /// A new server with settings of its own.
    ///
    /// # Panics
    /// It does not start; its log says why.
    #[must_use]
    pub fn start_with(settings: Settings) -> Option<Self> {
        let programs = installed()?;
        let folder = tempfile::Builder::new().prefix("hongbao-pg-").tempdir().expect("a folder");
        let folder = folder.keep();
        let guard = Guard::of(&folder);
        let server = Self {
            programs,
            settings,
            port: free_port(),
            folder,
            postmaster: Mutex::new(None),
            databases: AtomicU32::new(0),
            _guard: guard,
        };
        server.make();
        server.resume();
        Some(server)
    }

    /// The port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database.
    pub fn database(&self) -> Database {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        let folder = self.folder.display().to_string().replace('/', "%2F");
        Database {
            url: format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port),
            socket_url: format!("postgres://{USER}@{folder}:{}/{name}", self.port),
            password: PASSWORD.to_owned(),
            name,
        }
    }

    /// Executes SQL in a database by the socket; returns its rows, values parted by `|`.
    ///
    /// # Panics
    /// It fails; the panic says what the server said.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let output = self
            .psql(database, statements)
            .output()
            .unwrap_or_else(|e| panic!("psql cannot be run: {e}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statements}: {said}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// The same as a command, to be run beside others.
    pub fn psql(&self, database: &str, statements: &str) -> Command {
        let mut psql = self.programs.command("psql");
        psql.current_dir(&self.folder)
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", USER, "-d", database])
            .arg("-h")
            .arg(&self.folder)
            .args(["-p", &self.port.to_string(), "-c", statements]);
        psql
    }

    /// Ends it and starts it again on the same port; `immediate`: as after a crash of the machine, else
    /// in order, every connection cut.
    pub fn restart(&self, immediate: bool) {
        self.end(if immediate { "QUIT" } else { "INT" });
        self.resume();
    }

    /// Kills the first of its processes with SIGKILL; the others follow by themselves. It stays
    /// away until [`TestServer::resume`].
    pub fn kill(&self) {
        self.end("KILL");
    }

    /// Ends it in order. It stays away until [`TestServer::resume`].
    pub fn stop(&self) {
        self.end("INT");
    }

    /// Starts it again after [`TestServer::kill`] or [`TestServer::stop`].
    ///
    /// # Panics
    /// It does not start; the panic holds its log.
    pub fn resume(&self) {
        let mut postmaster = self.postmaster();
        assert!(postmaster.is_none(), "the server runs already");
        let mut log = String::new();
        // What a killed server left is given up by its last process, at some time.
        for _ in 0..200 {
            match self.try_to_start() {
                Ok(child) => {
                    *postmaster = Some(child);
                    return;
                }
                Err(why) => log = why,
            }
            if !log.contains("shared memory") && !log.contains("lock file") {
                break;
            }
        }
        panic!("PostgreSQL does not start:\n{log}");
    }

    fn postmaster(&self) -> MutexGuard<'_, Option<Child>> {
        self.postmaster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, signal: &str) {
        let Some(mut child) = self.postmaster().take() else { return };
        let pid = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -s {signal} {pid}");
        child.wait().expect("it is our child");
    }

    /// Makes its folder.
    fn make(&self) {
        let password = self.folder.join("password");
        std::fs::write(&password, PASSWORD).expect("the folder is ours");
        self.programs.give(&self.folder);
        let output = self
            .programs
            .command("initdb")
            .current_dir(&self.folder)
            .args(["--no-sync", "-E", "UTF8", "--locale=C", "-U", USER])
            .args(["--auth-local=trust", "--auth-host=scram-sha-256"])
            .arg("--pwfile")
            .arg(&password)
            .arg("-D")
            .arg(self.data())
            .output()
            .expect("initdb is installed");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "initdb: {said}");
        if let Some((certificate, key)) = &self.settings.certificate {
            self.put("server.crt", certificate);
            self.put("server.key", key);
        }
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.data().join(name);
        std::fs::write(&path, text).expect("the folder is ours");
        let owners = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, owners).expect("the folder is ours");
        self.programs.give(&path);
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts it and waits until it says that it is ready; else its log.
    fn try_to_start(&self) -> Result<Child, String> {
        let mut command = self.programs.command("postgres");
        command.arg("-D").arg(self.data());
        let mut set = |name: &str, value: &str| {
            command.arg("-c").arg(format!("{name}={value}"));
        };
        set("listen_addresses", "127.0.0.1");
        set("port", &self.port.to_string());
        set("unix_socket_directories", &self.folder.display().to_string());
        set("max_connections", "300");
        // The words that are waited for.
        set("lc_messages", "C");
        if self.settings.certificate.is_some() {
            set("ssl", "on");
        }
        for (name, value) in &self.settings.configuration {
            set(name, value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.current_dir(&self.folder).spawn().map_err(|e| e.to_string())?;
        let log = child.stderr.take().ok_or("it has no log")?;
        match until_ready(BufReader::new(log)) {
            Ok(()) => Ok(child),
            Err(log) => {
                // It has closed its log: it is about to end.
                let _ = child.wait();
                Err(log)
            }
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.end("INT");
    }
}

/// Reads a log up to the line that says ready, then on in a thread, so that it never blocks.
fn until_ready(mut log: impl BufRead + Send + 'static) -> Result<(), String> {
    let mut read = String::new();
    loop {
        let before = read.len();
        match log.read_line(&mut read) {
            Ok(0) | Err(_) => return Err(read),
            Ok(_) if read[before..].contains("ready to accept connections") => break,
            Ok(_) => {}
        }
    }
    std::thread::spawn(move || {
        let mut rest = [0; 4096];
        while log.read(&mut rest).is_ok_and(|read| read > 0) {}
    });
    Ok(())
}

/// A port that nobody listens on at this moment.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("it listens").port()
}

/// Where a server's folder is, for tests of what is left behind.
impl AsRef<Path> for TestServer {
    fn as_ref(&self) -> &Path {
        &self.folder
    }
}

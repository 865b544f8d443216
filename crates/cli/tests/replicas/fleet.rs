//! Servers on copies of one folder, and their database.

use crate::support::{Said, command};
use hongbao_client::{AttemptLimits, Client, ClientConfig, Identity, Trust};
use hongbao_postgres_test::{Database, TestServer};
use hongbao_wire::observation::Observation;
use hongbao_wire::sign::Policy;
use hongbao_wire::{ApiKey, QueryRequest, WorkwxSecret};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const MCH_ID: &str = "10000098";
pub const APPID: &str = "wx8888888888888888";

/// Looks until it holds, for longer than anything here takes.
#[track_caller]
pub fn until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never holds");
    }
}

struct Running {
    child: Child,
    wire: String,
    admin: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[allow(dead_code)]
pub struct Fleet {
    pub server: TestServer,
    pub database: Database,
    folder: TempDir,
    running: Vec<Option<Running>>,
}

impl Fleet {
    /// Servers of one sandbox; `None` where PostgreSQL is not installed.
    pub fn sandbox(count: usize, play: &[(&str, &str)]) -> Option<Self> {
        let tune = |config: String| {
            let changed = |text: String, (name, value): &(&str, &str)| {
                let lines =
                    text.lines().map(|line| match line.strip_prefix(&format!("#{name} =")) {
                        Some(_) => format!("{name} = {value}\n"),
                        None => format!("{line}\n"),
                    });
                lines.collect::<String>()
            };
            play.iter().fold(config, changed)
        };
        Self::of(count, &[], tune)
    }

    /// Gateways of the profile.
    pub fn gateways(count: usize, profile: &str) -> Option<Self> {
        Self::of(count, &["--upstream", profile], |config| config)
    }

    fn of(count: usize, args: &[&str], tune: impl Fn(String) -> String) -> Option<Self> {
        let server = TestServer::start()?;
        let (database, folder) = (server.database(), tempfile::tempdir().unwrap());
        let mut fleet = Self { server, database, folder, running: Vec::new() };
        // the first start makes the folder; the others run on copies of it
        let first = fleet.serve(0, &[&["--ledger", &fleet.database.url], args].concat());
        drop(first);
        let config = fleet.path(0).join("hongbao.toml");
        let text = tune(fs::read_to_string(&config).unwrap());
        fs::write(&config, text).unwrap();
        for which in 1..count {
            copy_all(&fleet.path(0), &fleet.path(which));
        }
        fleet.running = (0..count).map(|_| None).collect();
        for which in 0..count {
            fleet.start(which);
        }
        Some(fleet)
    }

    pub fn path(&self, which: usize) -> PathBuf {
        self.folder.path().join(format!("server{which}"))
    }

    pub fn dir(&self, which: usize) -> String {
        self.path(which).to_str().unwrap().to_owned()
    }

    fn serve(&self, which: usize, more: &[&str]) -> Running {
        let log = self.folder.path().join(format!("log{which}"));
        let log = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut child = command()
            .env("PGPASSWORD", &self.database.password)
            .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"])
            .arg(self.path(which))
            .args(more)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        let words: Vec<&str> = ready.split_whitespace().collect();
        let &[_, wire, admin, _] = &words[..] else { panic!("{ready:?} {}", self.log(which)) };
        Running { child, wire: wire.to_owned(), admin: admin.to_owned() }
    }

    pub fn log(&self, which: usize) -> String {
        fs::read_to_string(self.folder.path().join(format!("log{which}"))).unwrap()
    }

    pub fn start(&mut self, which: usize) {
        self.running[which] = Some(self.serve(which, &[]));
    }

    /// Starts all of them at the same time.
    #[allow(dead_code)]
    pub fn start_all(&mut self) {
        let fleet = &*self;
        let running = std::thread::scope(|scope| {
            let start = |which| scope.spawn(move || Some(fleet.serve(which, &[])));
            let starting: Vec<_> = (0..fleet.running.len()).map(start).collect();
            starting.into_iter().map(|started| started.join().unwrap()).collect()
        });
        self.running = running;
    }

    /// SIGKILL.
    pub fn kill(&mut self, which: usize) {
        self.running[which] = None;
    }

    pub fn url(&self, which: usize) -> String {
        self.running[which].as_ref().unwrap().wire.clone()
    }

    /// Ends every connection to the database but that of the order itself.
    pub fn cut_connections(&self) {
        self.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }

    pub fn sql(&self, statement: &str) -> String {
        self.server.sql(&self.database.name, statement).trim().to_owned()
    }

    pub fn run(&self, args: &[&str]) -> Said {
        let mut command = command();
        command.env("PGPASSWORD", &self.database.password).env("LC_ALL", "C.UTF-8").args(args);
        let output = command.output().unwrap();
        Said {
            exit: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// JSON of a server's admin listener.
    pub fn desk(&self, which: usize, path: &str) -> Value {
        let admin = &self.running[which].as_ref().unwrap().admin;
        let address = admin.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// The merchant's SDK, of that server.
    pub fn client(&self, which: usize) -> Sdk {
        self.client_of(self.url(which))
    }

    /// The same, of whatever listens there: every server shows the same certificate.
    pub fn client_of(&self, url: String) -> Sdk {
        let folder = self.path(0).join("merchants").join(MCH_ID);
        let read = |name: &str| fs::read(folder.join(name)).unwrap();
        let (cert, key) = (read("apiclient_cert.pem"), read("apiclient_key.pem"));
        let identity = Identity::from_pem(&cert, &key).unwrap();
        let trust = Trust::Ca(fs::read(self.path(0).join("ca.pem")).unwrap());
        let mut config = ClientConfig::new(url, identity, trust);
        config.attempts = AttemptLimits::ONCE;
        config.pace_per_second = 10_000;
        let line = |name: &str| read(name).trim_ascii_end().to_vec();
        Sdk {
            client: Client::new(config).unwrap(),
            api_key: ApiKey::new(line("api_key")),
            secret: WorkwxSecret::new(line("workwx_secret")),
        }
    }
}

/// What a merchant's program asks with.
#[derive(Clone)]
pub struct Sdk {
    pub client: Client,
    pub api_key: ApiKey,
    pub secret: WorkwxSecret,
}

impl Sdk {
    /// The status that a query says; `None` where it says none.
    pub async fn status(&self, mch_billno: &str) -> Option<String> {
        self.ask(mch_billno).await.ok()
    }

    /// The status, else the code or what else came.
    pub async fn ask(&self, mch_billno: &str) -> Result<String, String> {
        let nonce_str = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";
        let request = QueryRequest { nonce_str, mch_billno, mch_id: MCH_ID, appid: APPID };
        let seen = self.client.query(&request, &self.api_key, Policy::Require).await;
        match seen.observation {
            Observation::Success(reply) => Ok(reply.get().status.as_str().to_owned()),
            Observation::Failure(failure) => {
                Err(failure.err_code.map_or("FAIL".to_owned(), |code| code.as_str().to_owned()))
            }
            other => Err(format!("{other:?}")),
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &target);
        } else if entry.file_name() != "lock" && entry.file_name() != "run.json" {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

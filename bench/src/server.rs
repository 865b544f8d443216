//! Servers under test, each a process of its own, so that its time and memory are its alone.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    /// Where it listens for TLS.
    pub address: SocketAddr,
    worker: Option<u32>,
}

impl Server {
    /// hyper and rustls alone, with the certificates of `dir`.
    pub fn bare(dir: &Path) -> std::io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve-bare").arg(dir);
        Self::start(command)
    }

    /// The release binary on a folder; rate limits are those of its merchants.
    pub fn hongbao(binary: &Path, dir: &Path) -> std::io::Result<Self> {
        let mut command = Command::new(binary);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"])
            .arg(dir);
        Self::start(command)
    }

    /// The same, with what it logs of each request.
    pub fn hongbao_logged(binary: &Path, dir: &Path, log: File) -> std::io::Result<Self> {
        let mut command = Command::new(binary);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"])
            .arg(dir)
            .env("RUST_LOG", "hongbao_server=debug")
            .stderr(log);
        Self::await_ready(command)
    }

    /// nginx with a static body over mutual TLS, where it is installed.
    pub fn nginx(dir: &Path) -> std::io::Result<Option<Self>> {
        let Some(program) = find_program("nginx") else { return Ok(None) };
        let address = free_address()?;
        let config = nginx_config(dir, address);
        let file = dir.join("nginx.conf");
        std::fs::write(&file, config)?;
        let child = Command::new(program)
            .arg("-c")
            .arg(&file)
            .args(["-g", "daemon off; user root;", "-p"])
            .arg(dir)
            .stderr(Stdio::null())
            .spawn()?;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while std::net::TcpStream::connect(address).is_err() {
            if std::time::Instant::now() > deadline {
                return Err(std::io::Error::other("nginx did not start"));
            }
            std::thread::yield_now();
        }
        Ok(Some(Self { child, address, worker: None }))
    }

    fn start(mut command: Command) -> std::io::Result<Self> {
        command.stderr(Stdio::null());
        Self::await_ready(command)
    }

    fn await_ready(mut command: Command) -> std::io::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line.split_whitespace().nth(1).unwrap_or_default();
        let address = url.trim_start_matches("https://").parse().map_err(|_| {
            std::io::Error::other(format!("no address in the ready line `{}`", line.trim()))
        })?;
        Ok(Self { child, address, worker: None })
    }

    /// The processor time that it has used, its children's included, seconds.
    pub fn cpu_seconds(&self) -> f64 {
        let own = cpu_ticks(self.child.id());
        let children: u64 = children_of(self.child.id()).into_iter().map(cpu_ticks).sum();
        (own + children + self.worker.map_or(0, cpu_ticks)) as f64 / 100.0
    }

    /// Its resident memory, KiB.
    pub fn resident_kib(&self) -> u64 {
        status_kib(self.child.id(), "VmRSS:")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in children_of(self.child.id()) {
            let _ = Command::new("kill").arg(child.to_string()).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line of a process's status, KiB; 0 where there is none.
pub fn status_kib(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    let text = status.unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// The processor time that a process and its children have used, seconds.
pub fn cpu_seconds_of(pid: u32) -> f64 {
    let children: u64 = children_of(pid).into_iter().map(cpu_ticks).sum();
    // Those that have ended count with whoever waited for them.
    (ticks(pid, 4) + children) as f64 / 100.0
}

/// The processor time that this process has used, seconds.
pub fn own_cpu_seconds() -> f64 {
    ticks(std::process::id(), 2) as f64 / 100.0
}

/// User and system time in ticks of 10 ms.
fn cpu_ticks(pid: u32) -> u64 {
    ticks(pid, 2)
}

/// The first two of a process's four times, its own, or all four, with those of children that ended.
fn ticks(pid: u32, times: usize) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().skip(11).take(times).filter_map(|t| t.parse::<u64>().ok()).sum()
}

fn children_of(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let system = [PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")];
    std::env::split_paths(&path).chain(system).map(|d| d.join(name)).find(|p| p.is_file())
}

fn free_address() -> std::io::Result<SocketAddr> {
    std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn nginx_config(dir: &Path, address: SocketAddr) -> String {
    let body = "x".repeat(crate::bare::BODY_BYTES);
    let _ = std::fs::write(dir.join("static.txt"), body);
    let dir = dir.display();
    format!(
        "worker_processes 2;\npid {dir}/nginx.pid;\nerror_log /dev/null;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n  access_log off;\n  keepalive_requests 100000000;\n  open_file_cache max=10;\n\
         \u{20} client_body_temp_path {dir}/nginx-body;\n  proxy_temp_path {dir}/nginx-proxy;\n\
         \u{20} fastcgi_temp_path {dir}/nginx-fastcgi;\n  uwsgi_temp_path {dir}/nginx-uwsgi;\n\
         \u{20} scgi_temp_path {dir}/nginx-scgi;\n\
         \u{20} server {{\n    listen {address} ssl;\n    ssl_certificate {dir}/server.pem;\n\
         \u{20}   ssl_certificate_key {dir}/server_key.pem;\n\
         \u{20}   ssl_client_certificate {dir}/ca.pem;\n    ssl_verify_client on;\n\
         \u{20}   ssl_session_cache shared:SSL:10m;\n\
         \u{20}   error_page 405 =200 /static.txt;\n\
         \u{20}   location / {{ root {dir}; try_files /static.txt =404; }}\n  }}\n}}\n"
    )
}

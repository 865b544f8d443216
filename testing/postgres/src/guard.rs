//! What outlives a test process, and ends what that left behind.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A shell that waits for the end of its input, which is the end of whoever holds the other end. Then it
/// kills the server and removes the folder. It hears no signal that a terminal sends to all.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
}

const SCRIPT: &str = r#"trap '' INT HUP TERM
while read -r _; do :; done
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
rm -rf "$1""#;

impl Guard {
    /// Begins to guard a server's folder.
    pub(crate) fn of(folder: &Path) -> Self {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "guard"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self { shell: shell.expect("there is a shell") }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // It ends once the folder is gone.
        let _ = self.shell.wait();
    }
}

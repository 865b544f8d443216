//! Where PostgreSQL's programs are, and as whom they run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Set, to anything: a test that needs PostgreSQL fails where it is not installed.
const REQUIRE: &str = "HONGBAO_REQUIRE_POSTGRES";

/// The programs of one installation.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
    /// Who runs them, where this process is root.
    user: Option<&'static str>,
}

/// PostgreSQL as it is installed: by `PATH`, else the newest of Debian's. Where there is none this
/// says so and returns `None`, so that a test can end as skipped.
///
/// # Panics
/// There is none, and `HONGBAO_REQUIRE_POSTGRES` is set.
#[must_use]
#[allow(clippy::print_stderr)] // a test that is skipped says so
pub fn installed() -> Option<Programs> {
    if let Some(folder) = by_path().or_else(newest_of_debian) {
        return Some(Programs { folder, user: is_root().then_some("postgres") });
    }
    assert!(
        std::env::var_os(REQUIRE).is_none(),
        "PostgreSQL is not installed, and {REQUIRE} is set: on Debian `apt-get install postgresql`"
    );
    eprintln!("SKIPPED: PostgreSQL is not installed: on Debian `apt-get install postgresql`");
    None
}

impl Programs {
    /// A program, run by whom it may be run.
    pub(crate) fn command(&self, name: &str) -> Command {
        let program = self.folder.join(name);
        match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]);
                command.arg(program);
                command
            }
        }
    }

    /// Gives a file or folder to whoever runs the programs.
    pub(crate) fn give(&self, path: &Path) {
        if let Some(user) = self.user {
            let status = Command::new("chown").arg("-R").arg(user).arg(path).status();
            assert!(status.is_ok_and(|status| status.success()), "chown {user} {}", path.display());
        }
    }
}

fn by_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| is_whole(folder))
}

fn newest_of_debian() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let number = |name: &std::ffi::OsStr| name.to_str().and_then(|name| name.parse::<u32>().ok());
    versions
        .filter_map(|version| Some((number(&version.file_name())?, version.path().join("bin"))))
        .filter(|(_, folder)| is_whole(folder))
        .max()
        .map(|(_, folder)| folder)
}

fn is_whole(folder: &Path) -> bool {
    ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

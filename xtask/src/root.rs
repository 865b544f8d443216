//! Where the project lies.

use std::path::{Path, PathBuf};

/// The folder that holds the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies inside the project")
}

/// A path inside the project.
pub fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

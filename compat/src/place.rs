//! Where things lie.

use std::path::{Path, PathBuf};

/// The project's folder.
pub fn project() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("the package lies in the project's folder").to_path_buf()
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    project().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Where the SDKs are installed.
pub fn installed(part: &str) -> PathBuf {
    target().join("compat").join(part)
}

/// Where the sources of the drivers lie.
pub fn drivers(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("drivers").join(part)
}

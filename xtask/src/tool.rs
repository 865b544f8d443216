//! Cargo's tools: taken where they are, else built once into `target/tools`.

use crate::process::{answer, cargo, run};
use crate::root;
use std::path::PathBuf;

/// A cargo subcommand that is not part of Rust.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// The package and the program, such as `cargo-deny`.
    pub name: &'static str,
    /// The version that is built; whatever is already installed is taken as it is.
    pub version: &'static str,
}

/// The program of a tool, built first where there is none.
///
/// It is built without optimisation: building an optimised one takes longer than it saves.
pub fn program_of(tool: Tool) -> Result<PathBuf, String> {
    let kept = root::path("target/tools/bin").join(tool.name);
    if answer(tool.name, &["--version"]).is_some() {
        return Ok(PathBuf::from(tool.name));
    }
    if !kept.exists() {
        eprintln!("`{}` is not installed: building it once into target/tools", tool.name);
        run(&mut cargo(&[
            "install",
            "--quiet",
            "--debug",
            "--locked",
            "--root",
            "target/tools",
            "--target-dir",
            "target/tools/build",
            "--version",
            tool.version,
            tool.name,
        ]))?;
    }
    Ok(kept)
}

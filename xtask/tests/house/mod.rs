//! What the checks of the house share: the project's files and their texts.
#![allow(dead_code)] // each test file is a crate of its own and uses a part of this

use std::path::{Path, PathBuf};

/// The folder that holds the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The text of a file, by its path in the project.
pub fn text(relative: &str) -> String {
    std::fs::read_to_string(root().join(relative))
        .unwrap_or_else(|e| panic!("`{relative}` cannot be read: {e}"))
}

/// The paths of all files below a folder of the project that are the project's own,
/// relative to the project and sorted.
pub fn files(below: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(&root().join(below), &mut found);
    let mut names: Vec<String> = found
        .iter()
        .map(|path| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort_unstable();
    names
}

/// The Rust files of the rooms in `crates/`, without their tests and examples.
pub fn room_sources() -> Vec<String> {
    let mut names = files("crates");
    names.retain(|name| name.ends_with(".rs") && name.contains("/src/"));
    assert!(names.len() > 40, "the rooms' sources were not found");
    names
}

/// The part of a Rust file before its tests, without comments.
pub fn code(relative: &str) -> String {
    let text = text(relative);
    let before_tests = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    before_tests
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("`{}` cannot be read: {e}", folder.display()));
    for entry in entries {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let name = name.to_str().unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !is_made_or_hidden(name) {
            walk(&entry.path(), found);
        } else if kind.is_file() && !name.starts_with('.') {
            found.push(entry.path());
        }
    }
}

fn is_made_or_hidden(folder: &str) -> bool {
    const MADE: [&str; 7] =
        ["target", "node_modules", "__pycache__", "artifacts", "coverage", "mutants.out", "venv"];
    folder.starts_with('.') || MADE.contains(&folder)
}

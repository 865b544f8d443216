//! ARCHITECTURE.md says what is so: its import table is what cargo sees, and every
//! path that it names exists.
#![allow(clippy::unwrap_used)]

mod house;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = "ARCHITECTURE.md";

/// What each room imports of ours, by the name of its package.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(house::root().join("Cargo.toml"))
        .other_options(vec!["--filter-platform".to_owned(), host()])
        .exec()
        .unwrap()
}

/// The platform that is built for: crates of other platforms need not be fetched.
fn host() -> String {
    let rustc = std::process::Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(rustc.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// The rows of the table whose first heading is `package`.
fn table() -> Vec<Vec<String>> {
    let page = house::text(PAGE);
    let mut lines = page.lines().skip_while(|line| !line.starts_with("| package |"));
    assert!(lines.next().is_some(), "{PAGE} has no import table");
    lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

fn in_backticks(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn imports_of_the_page() -> Imports {
    table()
        .iter()
        .map(|row| {
            let package = in_backticks(&row[0]).remove(0);
            (package, in_backticks(&row[2]).into_iter().collect())
        })
        .collect()
}

fn imports_of_cargo(metadata: &Metadata) -> Imports {
    let ours: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    metadata
        .workspace_packages()
        .iter()
        .map(|package| {
            let imports = package
                .dependencies
                .iter()
                .filter(|d| d.kind != DependencyKind::Development && ours.contains(d.name.as_str()))
                .map(|d| d.name.clone())
                .collect();
            (package.name.to_string(), imports)
        })
        .collect()
}

#[test]
fn the_import_table_is_what_cargo_sees() {
    assert_eq!(imports_of_the_page(), imports_of_cargo(&metadata()));
}

#[test]
fn the_table_names_each_rooms_folder() {
    let metadata = metadata();
    for row in table() {
        let (package, folder) = (in_backticks(&row[0]).remove(0), in_backticks(&row[1]).remove(0));
        let found = metadata.workspace_packages().into_iter().find(|p| *p.name == package);
        let manifest = &found.unwrap_or_else(|| panic!("no package `{package}`")).manifest_path;
        assert_eq!(manifest.as_std_path(), house::root().join(folder).join("Cargo.toml"));
    }
}

#[test]
fn every_path_named_exists() {
    let page = house::text(PAGE);
    let paths: Vec<String> = in_backticks(&page)
        .into_iter()
        .filter(|name| name.contains('/') || name.ends_with(".md") || name.ends_with(".toml"))
        .filter(|name| !name.starts_with('/') && !name.contains([' ', '*', '<']))
        .collect();
    assert!(paths.len() > 20, "{PAGE} names hardly any path: {paths:?}");
    let missing: Vec<&String> =
        paths.iter().filter(|path| !house::root().join(path).exists()).collect();
    assert!(missing.is_empty(), "{PAGE} names paths that do not exist: {missing:?}");
}

/// Nothing that `wire` stands on may reach out of the process.
#[test]
fn wire_stands_on_nothing_that_reaches_out() {
    const REACHING_OUT: [&str; 15] = [
        "tokio",
        "mio",
        "async-std",
        "smol",
        "futures",
        "hyper",
        "reqwest",
        "socket2",
        "rand",
        "getrandom",
        "log",
        "tracing",
        "env_logger",
        "rusqlite",
        "tempfile",
    ];
    let closure = closure_of("hongbao-wire");
    assert!(closure.contains("jiff"), "the closure is empty: {closure:?}");
    let bad: Vec<_> = REACHING_OUT.iter().filter(|name| closure.contains(**name)).collect();
    assert!(bad.is_empty(), "`hongbao-wire` stands on {bad:?}");
}

#[test]
fn wire_imports_exactly_what_was_chosen() {
    const CHOSEN: [&str; 7] = ["hmac", "jiff", "md-5", "memchr", "sha2", "subtle", "zeroize"];
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let wire = packages.iter().find(|p| *p.name == "hongbao-wire").unwrap();
    let direct: BTreeSet<&str> = wire
        .dependencies
        .iter()
        .filter(|d| d.kind != DependencyKind::Development)
        .map(|d| d.name.as_str())
        .collect();
    assert_eq!(direct, CHOSEN.into_iter().collect());
}

/// The names of everything a package is built from, directly or not, for this platform.
/// `cargo metadata` would add what the tests of other rooms switch on.
fn closure_of(package: &str) -> BTreeSet<String> {
    let args = ["tree", "--package", package, "--edges", "normal", "--prefix", "none"];
    let tree = std::process::Command::new(env!("CARGO"))
        .args(args)
        .current_dir(house::root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

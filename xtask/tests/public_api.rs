//! What `hongbao-client` shows in public is its own: no type of a library that it stands on,
//! so that a new version of one is no new version of the other.
#![allow(clippy::unwrap_used)]

mod house;

use std::collections::BTreeSet;

/// Crates whose types must not show. `hongbao-wire` is ours, and `std` everybody's.
const FOREIGN: [&str; 13] = [
    "reqwest",
    "rustls",
    "rustls_pki_types",
    "rustls_platform_verifier",
    "jiff",
    "governor",
    "x509_parser",
    "p12_keystore",
    "p12",
    "rand",
    "tokio",
    "hyper",
    "http_body",
];

/// The words of a piece of code, paths taken apart.
fn words(code: &str) -> BTreeSet<&str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
}

/// The names that a file brings in from foreign crates, beside the crates' own.
fn foreign_names(code: &str) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = FOREIGN.iter().map(|name| (*name).to_owned()).collect();
    for part in code.split("use ").skip(1) {
        let import = part.split(';').next().unwrap_or_default();
        let from = import.split("::").next().unwrap_or_default();
        if FOREIGN.contains(&from) {
            let types = words(import).into_iter().filter(|w| w.starts_with(char::is_uppercase));
            names.extend(types.map(str::to_owned));
        }
    }
    names
}

/// The public items of a file: whole bodies of enums and traits, heads of the rest, and each
/// conversion that an `impl` of a foreign type would be.
fn public_items(code: &str) -> Vec<String> {
    let lines: Vec<&str> = code.lines().collect();
    let mut items = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let whole = bare.starts_with("pub enum ") || bare.starts_with("pub trait ");
        let head = bare.starts_with("pub ") && !bare.starts_with("pub mod ");
        let conversion =
            bare.starts_with("impl") && (bare.contains("From<") || bare.contains("Into<"));
        if !(whole || head || conversion) {
            continue;
        }
        let close = format!("{}}}", &line[..line.len() - bare.len()]);
        let mut item = String::new();
        for line in &lines[at..] {
            item.push_str(line);
            item.push('\n');
            let ends = line.ends_with('{') || line.ends_with(';') || line.ends_with(',');
            if whole && *line == close || !whole && ends && balanced(&item) {
                break;
            }
        }
        items.push(item);
    }
    items
}

/// Whether every parenthesis of a head is closed.
fn balanced(item: &str) -> bool {
    item.matches('(').count() == item.matches(')').count()
}

#[test]
fn no_type_of_a_dependency_is_public() {
    let files = house::files("crates/client/src");
    let (mut seen, mut bad) = (0, Vec::new());
    for file in files.iter().filter(|file| !file.ends_with("/tests.rs")) {
        let code = house::code(file);
        let foreign = foreign_names(&code);
        for item in public_items(&code) {
            seen += 1;
            if let Some(word) = words(&item).into_iter().find(|word| foreign.contains(*word)) {
                bad.push(format!("{file}: `{word}` in {item}"));
            }
        }
    }
    assert!(seen > 80, "{seen} public items were found only");
    assert!(bad.is_empty(), "public in hongbao-client:\n{}", bad.join("\n"));
}

/// The reader itself: what it must find, and what it must not.
#[test]
fn a_foreign_type_is_found_wherever_it_stands() {
    let found = |code: &str| {
        let foreign = foreign_names(code);
        public_items(code).iter().any(|item| words(item).iter().any(|word| foreign.contains(*word)))
    };
    assert!(found("pub fn a() -> reqwest::Error {\n}\n"));
    assert!(found("use jiff::Timestamp;\npub fn a(\n    at: Timestamp,\n) {\n}\n"));
    assert!(found(
        "use jiff::{SignedDuration, Timestamp};\npub struct A {\n    pub at: Timestamp,\n}\n"
    ));
    assert!(found("pub enum A {\n    B(rustls::Error),\n}\n"));
    assert!(found("impl From<governor::Quota> for Pace {\n}\n"));
    assert!(found("pub trait A {\n    fn b(&self) -> tokio::time::Instant;\n}\n"));
    assert!(!found("use jiff::Timestamp;\npub fn a() {\n    let at = Timestamp::MIN;\n}\n"));
    assert!(!found("pub(crate) fn a() -> reqwest::Error {\n}\n"));
    assert!(!found("use jiff::Timestamp;\nstruct A {\n    at: Timestamp,\n}\n"));
}

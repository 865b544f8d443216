//! `docs/peers.md` names tests that exist.
#![allow(clippy::unwrap_used)]

use std::path::Path;

#[test]
fn every_test_named_on_the_page_exists() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(project.join("docs/peers.md")).unwrap();
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| defect")) {
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap().trim();
        let words: Vec<&str> = cell.split('`').collect();
        let ["", path, " ", test, ""] = words[..] else { panic!("no test stands in `{row}`") };
        let source = std::fs::read_to_string(project.join(path));
        let source = source.unwrap_or_else(|error| panic!("`{path}`: {error}"));
        assert!(source.contains(&format!("fn {test}(")), "`{path}` has no `{test}`");
        named += 1;
    }
    assert!(named > 30, "{named}");
}

//! SECURITY.md points at tests: each of them is there.
#![allow(clippy::unwrap_used)]

mod house;

fn in_backticks(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The last cell of a row names files, each followed by the tests in it.
#[test]
fn every_test_that_it_names_exists() {
    let page = house::text("SECURITY.md");
    let mut named = 0;
    let mut missing = Vec::new();
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let mut file = String::new();
        for name in in_backticks(cell) {
            if name.contains('/') {
                file = name.to_owned();
                if !house::root().join(name).exists() {
                    missing.push(name.to_owned());
                }
            } else if !file.is_empty() && house::root().join(&file).is_file() {
                named += 1;
                if !house::text(&file).contains(&format!("fn {name}(")) {
                    missing.push(format!("{file}: {name}"));
                }
            }
        }
    }
    assert!(named > 20, "SECURITY.md names hardly any test");
    assert!(missing.is_empty(), "SECURITY.md names what is not there:\n{}", missing.join("\n"));
}

/// A promise without a test is no promise.
#[test]
fn every_measure_names_what_shows_it() {
    let page = house::text("SECURITY.md");
    let bare: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| threat"))
        .filter(|line| {
            let cell = line.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
            !cell.contains('`')
        })
        .collect();
    assert!(bare.is_empty(), "measures without a test:\n{}", bare.join("\n"));
}

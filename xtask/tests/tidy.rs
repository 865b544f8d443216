//! Style that a machine can check: sizes, words, the two languages of the README.
#![allow(clippy::unwrap_used)]

mod house;

const FILE_BYTES_MAX: usize = 24 * 1024;
const FUNCTION_LINES_MAX: usize = 70;

fn rust_files() -> Vec<String> {
    let mut names = house::files("");
    names.retain(|name| name.ends_with(".rs"));
    names
}

fn texts() -> Vec<String> {
    let mut names = house::files("");
    names.retain(|name| {
        [".rs", ".md", ".toml", ".ftl", ".py", ".mjs", ".js", ".java"]
            .iter()
            .any(|e| name.ends_with(e))
    });
    names
}

#[track_caller]
fn none(bad: &[String], what: &str) {
    assert!(bad.is_empty(), "{what}:\n{}", bad.join("\n"));
}

#[test]
fn no_rust_file_is_too_long() {
    let bad: Vec<String> =
        rust_files().into_iter().filter(|file| house::text(file).len() > FILE_BYTES_MAX).collect();
    none(&bad, "longer than 24 kB");
}

#[test]
fn every_function_fits_a_screen() {
    let mut bad = Vec::new();
    for file in rust_files() {
        for (name, lines) in functions(&house::text(&file)) {
            if lines > FUNCTION_LINES_MAX {
                bad.push(format!("{file}: {name}: {lines} lines"));
            }
        }
    }
    none(&bad, "functions of more than 70 lines");
}

/// The functions of a formatted file and their lengths in lines, signature included.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let Some(start) = bare.find("fn ") else { continue };
        let before = &bare[..start];
        let is_start = before.split_whitespace().all(|word| {
            word.starts_with("pub") || ["async", "const", "crate)", "super)"].contains(&word)
        });
        if !is_start {
            continue;
        }
        let close = format!("{}}}", &line[..line.len() - bare.len()]);
        let length = lines[at..].iter().position(|l| *l == close).map_or(1, |n| n + 1);
        let one_line = line.trim_end().ends_with(['}', ';']);
        found.push((bare.to_owned(), if one_line { 1 } else { length }));
    }
    found
}

#[test]
fn nothing_is_left_to_do() {
    let words =
        [concat!("to", "do!("), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("TO", "DO")];
    let mut bad = Vec::new();
    for file in texts() {
        let text = house::text(&file);
        if let Some(word) = words.iter().find(|word| text.contains(**word)) {
            bad.push(format!("{file}: {word}"));
        }
    }
    none(&bad, "left to do");
}

#[test]
fn no_text_names_a_path_of_one_machine() {
    let words = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/tmp", "/hb"),
    ];
    let mut bad = Vec::new();
    for file in texts() {
        let text = house::text(&file);
        if let Some(word) = words.iter().find(|word| text.contains(**word)) {
            bad.push(format!("{file}: {word}"));
        }
    }
    none(&bad, "paths of one machine");
}

#[test]
fn there_is_no_room_for_odds_and_ends() {
    let bad: Vec<String> = house::room_sources()
        .into_iter()
        .filter(|file| {
            ["common", "core", "utils", "util", "helpers", "misc"]
                .iter()
                .any(|n| file.ends_with(&format!("/{n}.rs")) || file.contains(&format!("/{n}/")))
        })
        .collect();
    none(&bad, "rooms without a noun of their own");
}

/// The depth of each heading and, in order, every block of code: what both languages share.
fn outline(page: &str) -> (Vec<usize>, Vec<String>) {
    let (mut headings, mut code) = (Vec::new(), Vec::new());
    let mut in_code = false;
    for line in page.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if in_code && (line.starts_with("cargo ") || line.starts_with("hongbao ")) {
            code.push(line.split('#').next().unwrap_or_default().trim_end().to_owned());
        } else if !in_code && line.starts_with('#') {
            headings.push(line.chars().take_while(|c| *c == '#').count());
        }
    }
    (headings, code)
}

fn links(page: &str) -> Vec<String> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.contains("://") && !link.starts_with('#'))
        .map(|link| link.split('#').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_readme_says_the_same_in_both_languages() {
    let (english, chinese) = (house::text("README.md"), house::text("README.zh-CN.md"));
    assert_eq!(outline(&english), outline(&chinese));
    let swapped = |links: Vec<String>| -> Vec<String> {
        links.into_iter().filter(|link| !link.starts_with("README")).collect()
    };
    assert_eq!(swapped(links(&english)), swapped(links(&chinese)));
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let mut bad = Vec::new();
    for file in house::files("").into_iter().filter(|name| name.ends_with(".md")) {
        let folder = house::root().join(&file).parent().unwrap().to_owned();
        for link in links(&house::text(&file)) {
            if !folder.join(&link).exists() {
                bad.push(format!("{file}: {link}"));
            }
        }
    }
    none(&bad, "links that lead nowhere");
}

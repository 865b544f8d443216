//! docs/configuration.md lists the options of a new folder's `hongbao.toml`, with their
//! defaults, in their order: all of them and no others.
#![allow(clippy::unwrap_used)]

mod house;

/// Section, key, default.
type Options = Vec<(String, String, String)>;

fn of_the_file() -> Options {
    let mut section = String::new();
    let mut options = Options::new();
    for line in house::text("crates/cli/src/hongbao.toml").lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        }
        let bare = line.strip_prefix('#').unwrap_or(line);
        if let Some((key, default)) = bare.split_once(" = ")
            && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            options.push((section.clone(), key.to_owned(), default.to_owned()));
        }
    }
    options
}

fn of_the_page() -> Options {
    let page = house::text("docs/configuration.md");
    let part = page.split("\n## ").find(|part| part.starts_with("hongbao.toml")).unwrap();
    let mut section = String::new();
    let mut options = Options::new();
    for line in part.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            section =
                heading.strip_prefix('[').unwrap_or_default().trim_end_matches(']').to_owned();
        } else if line.starts_with("| `") {
            let mut marked = line.split('`').skip(1).step_by(2).map(str::to_owned);
            options.push((section.clone(), marked.next().unwrap(), marked.next().unwrap()));
        }
    }
    options
}

#[test]
fn the_page_lists_the_options_of_the_file() {
    assert!(of_the_file().len() > 20, "the options were not found: {:?}", of_the_file());
    assert_eq!(of_the_page(), of_the_file());
}

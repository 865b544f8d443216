#![allow(clippy::unwrap_used)]
use super::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[test]
fn every_word_is_explained_in_both_languages() {
    for lang in Lang::ALL {
        let mute: Vec<Word> = all().into_iter().filter(|w| w.meaning(lang).is_none()).collect();
        assert!(mute.is_empty(), "{lang:?} does not explain {mute:#?}");
    }
}

#[test]
fn every_explanation_is_of_a_word() {
    for kind in Kind::ALL {
        let words = kind.words();
        for name in lang::names(kind.prefix()) {
            let word = &name[kind.prefix().len()..];
            assert!(words.iter().any(|w| w == word), "{name} explains no {kind:?}");
        }
    }
}

#[test]
fn every_kind_has_its_words() {
    let counts: Vec<usize> = Kind::ALL.iter().take(9).map(|kind| kind.words().len()).collect();
    let codes = ErrorCode::KNOWN.len();
    assert_eq!(counts, [6, codes, Verdict::WORDS.len(), NextStep::ALL.len(), 3, 4, 11, 12, 9]);
    assert_eq!(Kind::Fault.words().len(), 17);
}

#[test]
fn only_failed_permits_a_new_number() {
    let permitting: Vec<String> =
        all().into_iter().filter(Word::permits_new_billno).map(|w| w.word).collect();
    assert_eq!(permitting, ["FAILED", "failed", "new_billno_permitted", "3"]);
}

#[test]
fn a_word_is_found_however_it_is_written() {
    let found = |asked| find(asked).into_iter().map(|w| (w.kind, w.word)).collect::<Vec<_>>();
    let one = |kind, word: &str| vec![(kind, word.to_owned())];
    assert_eq!(found("NOT_FOUND"), one(Kind::ErrorCode, "NOT_FOUND"));
    assert_eq!(found("not-found"), one(Kind::ErrorCode, "NOT_FOUND"));
    assert_eq!(found("FAILED"), one(Kind::Status, "FAILED"));
    assert_eq!(found("failed"), one(Kind::Verdict, "failed"));
    assert_eq!(found("REFUNDING"), one(Kind::Status, "RFUND_ING"));
    assert_eq!(found("3"), one(Kind::Exit, "3"));
    assert_eq!(found("reply_lost"), one(Kind::Fault, "reply-lost"));
    assert_eq!(found("Systemerror").len(), 2, "the code and the fault");
    assert_eq!(found("NOBODY_KNOWS"), []);
    assert_eq!(found(""), []);
}

/// The codes that the sources can fail with, found where they are written.
#[test]
fn every_failure_code_of_the_sources_is_explained() {
    let crates = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut sources = Vec::new();
    for room in ["cli", "client", "inquiry", "authority", "ledger", "issuer", "server", "sheet"] {
        sources_below(&crates.join(room).join("src"), &mut sources);
    }
    let mut written = BTreeSet::new();
    sources.iter().for_each(|source| codes_in(source, &mut written));
    assert!(written.len() > 50, "the scan found {written:?} only");
    let explained: BTreeSet<String> = Kind::Failure.words().into_iter().collect();
    let missing: Vec<_> = written.difference(&explained).collect();
    assert!(missing.is_empty(), "no about-failure-… for {missing:#?}");
    let said = |code: &String| sources.iter().any(|source| source.contains(&format!("\"{code}\"")));
    let stale: Vec<_> = explained.iter().filter(|code| !said(code)).collect();
    assert!(stale.is_empty(), "about-failure-… that nothing says: {stale:#?}");
}

fn sources_below(dir: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources_below(&path, into);
        } else if !path.to_string_lossy().ends_with("tests.rs") {
            into.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Codes stand as the first literal after one of these doors, after a field `code:`, or in the
/// body of `fn code`.
fn codes_in(source: &str, into: &mut BTreeSet<String>) {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    for door in ["Failure::config(", "Failure::usage(", "Problem::new(", "Self::new("] {
        for (at, _) in source.match_indices(door) {
            let call = &source[at + door.len()..];
            let call = &call[..call.find(';').unwrap_or(call.len())];
            into.extend(literals(call).find(|word| is_code(word)).map(str::to_owned));
        }
    }
    for (at, _) in source.match_indices(" code: \"") {
        into.extend(literals(&source[at..]).next().filter(|word| is_code(word)).map(str::to_owned));
    }
    for (at, _) in source.match_indices("fn code(&self) -> &'static str {") {
        let body = &source[at..];
        let body = &body[..body.find("\n    }").unwrap_or(body.len())];
        into.extend(literals(body).filter(|word| is_code(word)).map(str::to_owned));
    }
}

fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

fn is_code(word: &str) -> bool {
    let shape = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    word.len() > 2 && word.chars().all(shape)
}

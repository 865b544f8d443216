#![allow(clippy::unwrap_used)]
use super::*;
use fluent_syntax::ast::{Expression, InlineExpression, Pattern, PatternElement};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Texts that are whole sentences, not messages: the exit codes of the help, the demo's account.
const PROSE: [&str; 2] = ["help-", "demo-"];
/// Texts whose names are put together at run time, from words that other tests enumerate.
const COMPOSED: [&str; 5] = ["step-", "fault-", "about-", "mistake-", "admin-hint-"];

type Texts = BTreeMap<String, (BTreeSet<String>, String)>;

/// The texts of one file: name → placeholders and the literal text.
fn texts(subject: &str, source: &str) -> Texts {
    let resource = FluentResource::try_new(source.to_owned())
        .unwrap_or_else(|(_, errors)| panic!("{subject}: {errors:?}"));
    let mut texts = Texts::new();
    let mut put = |name: String, pattern: &Pattern<&str>| {
        assert!(texts.insert(name.clone(), parts(pattern)).is_none(), "{subject}: {name} twice");
    };
    for entry in resource.entries() {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name;
        if let Some(value) = &message.value {
            put(name.to_owned(), value);
        }
        for attribute in &message.attributes {
            put(format!("{name}.{}", attribute.id.name), &attribute.value);
        }
    }
    texts
}

fn parts(pattern: &Pattern<&str>) -> (BTreeSet<String>, String) {
    let mut names = BTreeSet::new();
    let mut literal = String::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => literal.push_str(value),
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::VariableReference { id }),
            } => {
                names.insert(id.name.to_owned());
                literal.push('…');
            }
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::StringLiteral { value }),
            } => literal.push_str(value),
            PatternElement::Placeable { expression } => {
                panic!("texts are plain, with `{{ $name }}` alone: {expression:?}")
            }
        }
    }
    (names, literal)
}

fn all_english() -> Texts {
    CATALOGUE.iter().flat_map(|(subject, english, _)| texts(subject, english)).collect()
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_placeholders() {
    let mut seen = BTreeSet::new();
    for (subject, english, chinese) in CATALOGUE {
        let (english, chinese) = (texts(subject, english), texts(subject, chinese));
        let names = |texts: &Texts| texts.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&english), names(&chinese), "{subject}");
        for (name, (placeholders, literal)) in &english {
            assert_eq!(placeholders, &chinese[name].0, "{subject}: {name}");
            assert!(!literal.trim().is_empty(), "{subject}: {name} is empty");
            assert!(seen.insert(name.clone()), "{name} stands in two files");
        }
    }
}

fn is_prose(name: &str) -> bool {
    PROSE.iter().any(|prefix| name.starts_with(prefix))
}

#[test]
fn messages_end_without_a_full_stop_and_chinese_ones_are_chinese() {
    for (subject, english, chinese) in CATALOGUE {
        for (name, (_, literal)) in texts(subject, english) {
            let ends = literal.ends_with('.') && !is_prose(&name);
            assert!(!ends, "{subject}: {name} ends in a full stop");
        }
        for (name, (_, literal)) in texts(subject, chinese) {
            let ends = literal.ends_with('。') && !is_prose(&name);
            assert!(!ends, "{subject}: {name} 以句号结尾");
            let ascii_only = literal.is_ascii() && literal.split_whitespace().count() > 3;
            assert!(!ascii_only, "{subject}: {name} is not translated: {literal}");
        }
    }
}

/// Every `say!(…)` of the sources: the name, and the call's text up to its end.
fn said(dir: &Path, into: &mut Vec<(String, String)>, all: &mut String) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            said(&path, into, all);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            for (at, _) in source.match_indices("say!(\"") {
                let call = call_text(&source[at + 5..]);
                let name = call.split('"').nth(1).unwrap().to_owned();
                into.push((name, call.to_owned()));
            }
            all.push_str(&source);
        }
    }
}

/// The text up to the parenthesis that ends the call.
fn call_text(rest: &str) -> &str {
    let mut depth = 1;
    for (at, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[..at];
        }
    }
    rest
}

#[test]
fn every_message_that_the_sources_say_exists_and_none_is_left_over() {
    let (mut calls, mut sources) = (Vec::new(), String::new());
    said(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut calls, &mut sources);
    let texts = all_english();
    calls.retain(|(name, _)| name != "name");
    assert!(calls.len() > 50, "the scan found {} calls only", calls.len());
    for (name, call) in &calls {
        let (placeholders, _) = texts.get(name).unwrap_or_else(|| panic!("no text `{name}`"));
        for placeholder in placeholders {
            assert!(call.contains(&format!("{placeholder} =")), "{name} wants {placeholder}");
        }
    }
    for name in texts.keys().filter(|name| !name.contains('.')) {
        let composed = COMPOSED.iter().any(|prefix| name.starts_with(prefix));
        assert!(composed || sources.contains(&format!("\"{name}\"")), "nobody says `{name}`");
    }
}

#[test]
fn the_locale_chooses_the_language() {
    let cases = [
        (Some("zh-CN"), Lang::ZhCn),
        (Some("zh_CN.UTF-8"), Lang::ZhCn),
        (Some("zh"), Lang::ZhCn),
        (Some("ZH-hans"), Lang::ZhCn),
        (Some("en-GB"), Lang::En),
        (Some("C"), Lang::En),
        (Some("zhx"), Lang::En),
        (None, Lang::En),
    ];
    for (locale, lang) in cases {
        assert_eq!(Lang::from_locale(locale), lang, "{locale:?}");
    }
}

#[test]
fn a_value_cannot_move_the_cursor() {
    let why = [("why", "a\u{1b}[2Jb".to_owned())];
    let text = Lang::En.say("verdict-unknown-unreadable", &why);
    assert_eq!(text, "unknown: the reply cannot be trusted: a\\u{1b}[2Jb");
}

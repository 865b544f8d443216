//! Every file of `fixtures/samples` reads as the expectation beside it says.
//!
//! `HONGBAO_BLESS=1 cargo test -p hongbao-wire --test samples` writes the
//! expectations anew; read the difference before you keep it.
#![allow(clippy::unwrap_used, missing_docs)]

use hongbao_wire::observation::{Asked, Echo, Observation, read};
use hongbao_wire::query::QueryReply;
use hongbao_wire::send::SendReply;
use hongbao_wire::sign::Policy;
use hongbao_wire::verdict::{Known, Verdict, judge, judge_send};
use hongbao_wire::xml::Document;
use hongbao_wire::{ApiKey, FailureReply};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The key of `protocol.md` §2.2.
const KEY: &[u8] = b"192006250b4c09247ec02edce69f6a2d";

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/samples");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "xml" || e == "html"));
    paths.sort();
    paths
}

fn describe(name: &str, body: &[u8]) -> String {
    let mut text = String::new();
    let document = Document::parse(body);
    match &document {
        Err(error) => writeln!(text, "document: refused, {error:?}").unwrap(),
        Ok(document) => {
            writeln!(text, "document: {} fields", document.fields().len()).unwrap();
            for field in document.fields() {
                let value = field.value().map_or_else(|| "nested".into(), |v| format!("{v:?}"));
                writeln!(text, "  {} = {value}", field.name()).unwrap();
            }
        }
    }
    let echo = |field| document.as_ref().ok().and_then(|d| d.get(field)).unwrap_or("asked");
    let asked = Asked { mch_id: echo("mch_id"), mch_billno: echo("mch_billno") };
    let http_status = if name.starts_with('h') { 400 } else { 200 };
    let query = name.starts_with(['g', 'q', 'x']);
    for policy in [Policy::Require, Policy::VerifyIfPresent] {
        let verdict = if query {
            let seen = observe::<QueryReply>(asked, http_status, body, policy);
            writeln!(text, "query, {policy:?}: {}", seen_text(&seen, QueryReply::fields)).unwrap();
            judge(&Known::default(), &seen, "2017-07-21T00:00:00Z".parse().unwrap())
        } else {
            let seen = observe::<SendReply>(asked, http_status, body, policy);
            writeln!(text, "send, {policy:?}: {}", seen_text(&seen, SendReply::fields)).unwrap();
            judge_send(&seen)
        };
        verdict_text(&mut text, &verdict);
    }
    text
}

fn observe<R: Echo>(asked: Asked<'_>, status: u16, body: &[u8], policy: Policy) -> Observation<R> {
    read(asked, status, body, &ApiKey::new(KEY), policy)
}

type Pairs<'r> = Vec<(&'r str, std::borrow::Cow<'r, str>)>;

fn seen_text<R>(seen: &Observation<R>, fields: impl Fn(&R) -> Pairs<'_>) -> String {
    match seen {
        Observation::Success(reply) => {
            format!("success, {:?}, {}", reply.proof(), joined(fields(reply.get())))
        }
        Observation::Failure(reply) => format!("failure, {}", joined(FailureReply::fields(reply))),
        other => format!("{:?}", other_text(other)),
    }
}

fn other_text<R>(seen: &Observation<R>) -> String {
    match seen {
        Observation::Unreadable(why) => format!("unreadable, {why:?}"),
        Observation::CertificateRefused => "certificate refused".into(),
        Observation::Silence(why) => format!("silence, {why:?}"),
        _ => unreachable!(),
    }
}

fn joined(fields: Pairs<'_>) -> String {
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(" ")
}

fn verdict_text(text: &mut String, verdict: &Verdict) {
    let step = verdict.next_step().as_str();
    let number = if verdict.new_billno_permitted() { "permitted" } else { "not permitted" };
    writeln!(text, "  verdict: {verdict:?}\n  next step: {step}; a new number: {number}").unwrap();
}

#[test]
fn every_sample_reads_as_expected() {
    for path in samples() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let described = describe(name, &fs::read(&path).unwrap());
        let expectation = path.with_extension("expected");
        if std::env::var_os("HONGBAO_BLESS").is_some() {
            fs::write(&expectation, &described).unwrap();
        }
        assert_eq!(described, fs::read_to_string(&expectation).unwrap(), "{name}");
    }
}

#[test]
fn every_sample_is_explained_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let table = fs::read_to_string(folder.join("README.md")).unwrap();
    for path in samples() {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(table.contains(&format!("| {name} |")), "{name} has no row in fixtures/README.md");
    }
}

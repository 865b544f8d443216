//! What is counted, and that `docs/metrics.md` lists it: names, types and labels.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use support::gateway::Pair;
use support::{MCH, OPENID, OTHER, query_body};

/// Name, type, labels.
type Listed = BTreeMap<String, (String, BTreeSet<String>)>;

fn of_the_page() -> Listed {
    let page = include_str!("../../../docs/metrics.md");
    let rows = page.lines().filter(|line| line.starts_with("| `hongbao_"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let labels = cells[2].split(", ").map(|label| label.trim_matches('`').to_owned());
        (cells[0].trim_matches('`').to_owned(), (cells[1].to_owned(), labels.collect()))
    };
    rows.map(row).collect()
}

fn of_the_text(text: &str) -> Listed {
    let mut types = BTreeMap::new();
    let mut listed = Listed::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            types.insert(name.to_owned(), kind.to_owned());
        } else if !line.starts_with('#') {
            let (sample, rest) = line.split_once('{').unwrap();
            let suffixes = ["_total", "_bucket", "_sum", "_count", ""];
            let family = suffixes.iter().find_map(|suffix| {
                let name = sample.strip_suffix(suffix)?;
                types.get_key_value(name)
            });
            let (name, kind) = family.unwrap();
            let total = if kind == "counter" { "_total" } else { "" };
            let entry = listed.entry(format!("{name}{total}")).or_default();
            entry.0.clone_from(kind);
            let labels = rest.split_once('}').unwrap().0.split("\",");
            let labels = labels.map(|label| label.split_once('=').unwrap().0.to_owned());
            entry.1.extend(labels.filter(|label| label != "le"));
        }
    }
    listed
}

#[tokio::test]
async fn the_page_lists_what_is_counted() {
    let pair = Pair::start().await;
    pair.send("1").await;
    let pair = pair.restart_following().await;
    pair.query("2").await;
    let text = loop {
        let reply = pair.desk("GET", "/metrics").await;
        assert_eq!(reply.status, 200);
        let open_metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        assert_eq!(reply.header("content-type"), Some(open_metrics));
        if reply.text().contains("hongbao_follow_steps_total{") {
            break reply.text().to_owned();
        }
    };
    assert_eq!(of_the_text(&text), of_the_page());
    assert!(!text.contains(OPENID) && text.ends_with("# EOF\n"), "{text}");
    pair.stop().await;
}

#[tokio::test]
async fn requests_are_counted_by_call_origin_and_code() {
    let pair = Pair::start().await;
    pair.send("1").await;
    for _ in 0..3 {
        pair.query("1").await;
    }
    pair.query("2").await;
    pair.connect().await.post(hongbao_wire::QUERY_PATH, &query_body(OTHER, "1")).await;
    let count = |text: &str, labels: &str| {
        let name = format!("hongbao_requests_total{{{labels}}} ");
        text.lines().find_map(|line| line.strip_prefix(&name).map(str::to_owned))
    };
    let reply = pair.desk("GET", "/metrics").await;
    let counts = [
        (r#"call="send",origin="upstream",err_code="none""#, "1"),
        (r#"call="query",origin="upstream",err_code="none""#, "1"),
        (r#"call="query",origin="ledger",err_code="none""#, "2"),
        (r#"call="query",origin="upstream",err_code="NOT_FOUND""#, "1"),
        (r#"call="query",origin="refused",err_code="CA_ERROR""#, "1"),
    ];
    for (labels, expected) in counts {
        assert_eq!(count(reply.text(), labels).as_deref(), Some(expected), "{labels}");
    }
    let attempts = format!(
        r#"hongbao_upstream_attempts_total{{mch_id="{MCH}",call="query",outcome="http_200"}} 2"#
    );
    assert!(reply.text().contains(&attempts), "{}", reply.text());
    // the issuer counts its own
    let mut desk = pair.upstream.desk().await;
    let reply = desk.json("GET", "/metrics", "").await;
    let labels = r#"call="query",origin="issuer",err_code="none""#;
    assert_eq!(count(reply.text(), labels).as_deref(), Some("1"), "{}", reply.text());
    drop(desk);
    pair.stop().await;
}

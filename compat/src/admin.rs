//! The admin API of a running server.

use serde_json::{Value, json};

/// The admin API of a running server.
#[derive(Debug)]
pub struct Admin {
    url: String,
    http: reqwest::blocking::Client,
}

impl Admin {
    /// The API at a URL such as `http://127.0.0.1:8080`.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let http = reqwest::blocking::Client::builder().no_proxy().build().expect("a plain client");
        Self { url: url.to_owned(), http }
    }

    /// The record of a packet; `None` where there is none.
    pub fn packet(&self, mch_id: &str, mch_billno: &str) -> Option<Value> {
        let reply = self.http.get(format!("{}/packets/{mch_id}/{mch_billno}", self.url)).send();
        let reply = reply.expect("the admin listener answers");
        match reply.status().as_u16() {
            200 => Some(reply.json::<Value>().expect("JSON")["packet"].take()),
            404 => None,
            other => panic!("{other}: {}", reply.text().unwrap_or_default()),
        }
    }

    /// The events of a packet's history, oldest first.
    pub fn events(&self, mch_id: &str, mch_billno: &str) -> Vec<String> {
        let reply = self.http.get(format!("{}/packets/{mch_id}/{mch_billno}", self.url)).send();
        let body: Value = reply.expect("the admin listener answers").json().expect("JSON");
        let history = body["history"].as_array().expect("a history");
        history.iter().filter_map(|entry| entry["event"].as_str().map(str::to_owned)).collect()
    }

    /// Moves a packet: `deliver`, `receive`, `refuse`, `fail`, `expire`, `refund`.
    pub fn trigger(&self, mch_id: &str, mch_billno: &str, trigger: &str, reason: Option<&str>) {
        let body = reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
        self.post(&format!("/packets/{mch_id}/{mch_billno}/{trigger}"), &body);
    }

    /// Adds a fault rule.
    pub fn add_fault(&self, rule: &Value) {
        self.post("/sandbox/faults", rule);
    }

    /// The findings of the watch on a merchant.
    pub fn findings(&self, mch_id: &str) -> Value {
        let reply = self.http.get(format!("{}/sandbox/findings?mch_id={mch_id}", self.url)).send();
        reply.expect("the admin listener answers").json().expect("JSON")
    }

    /// Posts a JSON body; anything but a success is a panic with what the server said.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let reply = self.http.post(format!("{}{path}", self.url)).json(body).send();
        let reply = reply.expect("the admin listener answers");
        let status = reply.status();
        let text = reply.text().unwrap_or_default();
        assert!(status.is_success(), "POST {path} with {body}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

//! What an SDK made of a reply.

use serde::Deserialize;
use serde_json::{Map, Value};

/// How a call of an SDK ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It returned a value.
    Ok,
    /// It raised an error of its own kind, or of its HTTP library's.
    Error,
    /// It raised something else, which a handler of its errors misses.
    Crash,
}

/// What an SDK made of a reply.
#[derive(Clone, Debug, Deserialize)]
pub struct Said {
    /// How the call ended.
    pub outcome: Outcome,
    /// `err_code`, where the SDK hands it on.
    #[serde(default)]
    pub err_code: Option<String>,
    /// The type of the error.
    #[serde(default)]
    pub error_class: Option<String>,
    /// Its text, for people.
    #[serde(default)]
    pub message: Option<String>,
    /// The fields that the SDK's result holds.
    #[serde(default)]
    pub fields: Option<Map<String, Value>>,
    /// What it returned, where that holds no fields.
    #[serde(default)]
    pub value: Option<Value>,
}

impl Said {
    /// The text of a field; `None` where it is missing, null or empty.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        let text = match self.fields.as_ref()?.get(name)? {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (!text.is_empty()).then_some(text)
    }

    /// Whether it is a success in which the SDK holds a record: a value with fields
    /// and both codes SUCCESS.
    #[must_use]
    pub fn holds_record(&self) -> bool {
        let success = |name| self.field(name).as_deref() == Some("SUCCESS");
        self.outcome == Outcome::Ok && success("return_code") && success("result_code")
    }
}

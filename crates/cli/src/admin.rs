//! Asks the admin listener of a running server.

use crate::exit::{Exit, Failure};
use crate::lang;
use crate::say;
use reqwest::{Method, Url, redirect};
use serde_json::Value;
use std::time::Duration;

/// How long an answer may take; advancing time moves every packet that is due.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The codes of the admin listener that a command ends with.
const CODES: [&str; 16] = [
    "NO_PACKET",
    "NO_MERCHANT",
    "NO_FAULT",
    "TRANSITION_REFUSED",
    "SANDBOX_OFF",
    "NOT_IN_GATEWAY",
    "BAD_FAULT",
    "BAD_ADVANCE",
    "BAD_REQUEST",
    "BAD_SETTING",
    "BODY_REFUSED",
    "CONFLICT",
    "LEDGER_FAILED",
    "NOT_READY",
    "HOST_REFUSED",
    "NO_SUCH_PATH",
];

/// A client of the admin listener. It asks this machine alone, past any proxy.
pub struct Admin {
    http: reqwest::Client,
    base: Url,
}

impl Admin {
    /// A client of the listener at `url`, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// `ADMIN_URL` where it is no such URL.
    pub fn new(url: &str) -> Result<Self, Failure> {
        let bad = || {
            Failure::usage("ADMIN_URL", say!("admin-url", url = url)).hint(say!("admin-url-hint"))
        };
        let base = Url::parse(url).map_err(|_| bad())?;
        if base.scheme() != "http" || !base.has_host() || base.path() != "/" {
            return Err(bad());
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(|_| bad())?;
        Ok(Self { http, base })
    }

    /// `GET` of a path of these segments and parameters.
    ///
    /// # Errors
    /// `ADMIN_UNREACHABLE` (exit 7); the listener's own code and hint (exit 9).
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.ask(Method::GET, path, query, None).await
    }

    /// `POST` of a JSON body.
    ///
    /// # Errors
    /// As [`Admin::get`].
    pub async fn post(&self, path: &[&str], body: &Value) -> Result<Value, Failure> {
        self.ask(Method::POST, path, &[], Some(body)).await
    }

    /// `DELETE`.
    ///
    /// # Errors
    /// As [`Admin::get`].
    pub async fn delete(&self, path: &[&str]) -> Result<Value, Failure> {
        self.ask(Method::DELETE, path, &[], None).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let success = response.status().is_success();
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        let answer: Value = serde_json::from_slice(&bytes).map_err(|_| self.not_ours())?;
        if success { Ok(answer) } else { Err(self.refused(&answer)) }
    }

    fn refused(&self, problem: &Value) -> Failure {
        let text = |name: &str| problem.get(name).and_then(Value::as_str);
        let (Some(code), Some(detail)) = (text("code"), text("detail")) else {
            return self.not_ours();
        };
        let code = CODES.into_iter().find(|known| *known == code).unwrap_or("ADMIN_REFUSED");
        let lang = lang::current();
        let about = lang.say(&format!("about-failure-{code}"), &[]);
        let failure = Failure::config(code, say!("admin-refused", why = detail, about = about));
        // the listener's own hint is English, and speaks of its API
        let hint = lang.find(&format!("admin-hint-{code}"), &[]);
        match hint.or_else(|| text("hint").map(str::to_owned)) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    fn not_ours(&self) -> Failure {
        Failure::config("ADMIN_NOT_OURS", say!("admin-not-ours", url = self.base))
            .hint(say!("admin-url-hint"))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let causes = std::iter::successors(
            Some(error as &dyn std::error::Error),
            |error: &&dyn std::error::Error| (*error).source(),
        );
        let why = causes.last().map(ToString::to_string).unwrap_or_default();
        Failure {
            code: "ADMIN_UNREACHABLE",
            message: say!("admin-unreachable", url = self.base, why = why),
            hint: Some(say!("admin-unreachable-hint")),
            exit: Exit::NoAnswer,
        }
    }
}

//! A running driver of one SDK.

use crate::credentials::{Credentials, Identity};
use crate::packet::Packet;
use crate::said::Said;
use crate::sdk::{Sdk, SignMethod};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// How long an SDK that can be told a time-out waits, milliseconds.
const TIMEOUT_MS: u32 = 10_000;

/// A running driver; it ends when its input does.
#[derive(Debug)]
pub struct Driver {
    sdk: Sdk,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    calls: u64,
}

impl Driver {
    /// Starts the driver of an installed SDK. `ca_file` is what a Node process
    /// trusts beside the system: @tnwx/kits has no setting for it.
    ///
    /// # Panics
    /// When the process cannot be started.
    #[must_use]
    pub fn start(sdk: Sdk, ca_file: Option<&Path>) -> Self {
        let mut child = sdk
            .command(ca_file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("the driver of {} starts: {error}", sdk.as_str()));
        let input = child.stdin.take().expect("piped above");
        let output = BufReader::new(child.stdout.take().expect("piped above"));
        Self { sdk, child, input, output, calls: 0 }
    }

    /// The SDK.
    #[must_use]
    pub const fn sdk(&self) -> Sdk {
        self.sdk
    }

    /// Queries a packet.
    pub fn query(&mut self, credentials: &Credentials, identity: Identity, billno: &str) -> Said {
        self.query_within(credentials, identity, billno, TIMEOUT_MS)
    }

    /// Queries a packet and waits for so many milliseconds.
    pub fn query_within(
        &mut self,
        credentials: &Credentials,
        identity: Identity,
        billno: &str,
        timeout_ms: u32,
    ) -> Said {
        let own =
            json!({ "op": "query", "timeout_ms": timeout_ms, "fields": { "mch_billno": billno } });
        self.exchange(credentials, identity, own)
    }

    /// Sends a packet.
    pub fn send(&mut self, credentials: &Credentials, identity: Identity, packet: &Packet) -> Said {
        self.send_within(credentials, identity, packet, TIMEOUT_MS)
    }

    /// Sends a packet and waits for so many milliseconds.
    pub fn send_within(
        &mut self,
        credentials: &Credentials,
        identity: Identity,
        packet: &Packet,
        timeout_ms: u32,
    ) -> Said {
        let own = json!({ "op": "send", "timeout_ms": timeout_ms, "fields": packet.fields() });
        self.exchange(credentials, identity, own)
    }

    /// Sends a packet as WxJava's documentation has it, without `setMchId`.
    pub fn send_without_mch_id(&mut self, credentials: &Credentials, packet: &Packet) -> Said {
        let own = json!({
            "op": "send", "timeout_ms": TIMEOUT_MS, "fields": packet.fields(), "without_mch_id": true,
        });
        self.exchange(credentials, Identity::P12, own)
    }

    /// Posts a body of our own through the SDK's HTTP call and reads the reply as it does.
    pub fn raw(&mut self, credentials: &Credentials, path: &str, body: &str) -> Said {
        let own = json!({ "op": "raw", "timeout_ms": TIMEOUT_MS, "path": path, "body": body });
        self.exchange(credentials, Identity::P12, own)
    }

    /// Signs maps with the SDK's own signer.
    pub fn sign(
        &mut self,
        method: SignMethod,
        key: &str,
        maps: &[BTreeMap<String, String>],
    ) -> Vec<String> {
        let command = json!({ "op": "sign", "method": method.as_str(), "key": key, "maps": maps });
        serde_json::from_value(self.call(&command)["signs"].take()).expect("a list of signatures")
    }

    fn exchange(&mut self, credentials: &Credentials, identity: Identity, own: Value) -> Said {
        self.calls += 1;
        let mut command = serde_json::to_value(credentials).expect("plain texts");
        let all = command.as_object_mut().expect("an object");
        all.insert("identity".into(), serde_json::to_value(identity).expect("a word"));
        all.insert(
            "nonce_str".into(),
            format!("{}nonce{:020}", self.sdk.letters(), self.calls).into(),
        );
        if let Value::Object(own) = own {
            all.extend(own);
        }
        let said = self.call(&command);
        serde_json::from_value(said).expect("a result of a driver")
    }

    fn call(&mut self, command: &Value) -> Value {
        let name = self.sdk.as_str();
        writeln!(self.input, "{command}")
            .unwrap_or_else(|e| panic!("the driver of {name} takes a command: {e}"));
        let mut line = String::new();
        self.output
            .read_line(&mut line)
            .unwrap_or_else(|e| panic!("the driver of {name} answers: {e}"));
        serde_json::from_str(&line)
            .unwrap_or_else(|e| panic!("the driver of {name} ended or printed `{line}`: {e}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It waits for the next command: nothing of it is lost.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

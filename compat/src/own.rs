//! What our own command line makes of the same replies.

use crate::judgement::Call;
use crate::served::{Served, binary};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A verdict of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnVerdict {
    /// What it calls the outcome, and the step that it advises.
    pub text: String,
    /// Whether it permits a new bill number.
    pub new_billno_permitted: bool,
}

/// The merchant's profile, but that one call is one request: a row of the table is about one reply.
fn asking_once(served: &Served, mch_billno: &str) -> PathBuf {
    let profile = served.credentials().api_key_file.with_file_name("merchant.toml");
    let text = fs::read_to_string(&profile).expect("the profile is there");
    let once = profile.with_file_name(format!("once-{mch_billno}.toml"));
    fs::write(&once, format!("{text}\nattempts = 1\n")).expect("the folder can be written");
    once
}

/// Sends or queries a packet with `hongbao send` or `hongbao query`.
///
/// # Panics
/// When it prints no JSON.
#[must_use]
pub fn own_verdict(served: &Served, call: Call, mch_billno: &str) -> OwnVerdict {
    let profile = asking_once(served, mch_billno);
    let mut command = Command::new(binary());
    match call {
        Call::Send => command.args([
            "send",
            "--to",
            &format!("o{mch_billno}"),
            "--amount",
            "1.00",
            "--billno",
        ]),
        Call::Query => command.arg("query"),
    };
    command.arg(mch_billno).arg("--json").arg("--profile").arg::<&Path>(&profile);
    let output = command.output().expect("the binary runs");
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let word = |name: &str| said[name].as_str().expect("a documented word").to_owned();
    OwnVerdict {
        text: format!("`{}`, `{}`", word("verdict"), word("next_step")),
        new_billno_permitted: said["new_billno_permitted"].as_bool().expect("a documented flag"),
    }
}

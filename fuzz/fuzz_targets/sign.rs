//! A signature does not depend on the order of the fields, and depends on every value.
#![no_main]

use hongbao_wire::ApiKey;
use hongbao_wire::sign::{Method, base_string, sign, sign_with};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

fuzz_target!(|text: &str| {
    let pairs: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once('=')).collect();
    let key = ApiKey::new(*b"192006250b4c09247ec02edce69f6a2d");
    let forward = || pairs.iter().map(|(name, value)| (*name, *value));
    let backward = || pairs.iter().rev().map(|(name, value)| (*name, *value));
    assert_eq!(base_string(forward()), base_string(backward()));
    let signature = sign(forward(), &key);
    assert_eq!(signature, sign(backward(), &key));
    assert_eq!(signature.len(), 32);
    assert_eq!(sign_with(Method::HmacSha256, forward(), &key).len(), 64);
    // Bytewise order, told a second way.
    let expected: Vec<String> = pairs
        .iter()
        .filter(|(name, value)| **name != "sign" && !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(base_string(backward()), expected.join("&"));
    if let Some((name, _)) = pairs.iter().find(|(name, _)| **name != "sign") {
        let mut other = pairs.clone();
        other.insert(name, "another value that no line of the input holds\n");
        assert_ne!(signature, sign(other.into_iter(), &key));
    }
});

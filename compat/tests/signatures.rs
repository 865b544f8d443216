//! Signature agreement with independent SDKs in three languages (`goals.md` R5).
#![allow(clippy::unwrap_used)]

use hongbao_compat::{Driver, Maps, Sdk, SignMethod, installed};
use hongbao_wire::sign::{Method, sign_with, workwx_sign};
use hongbao_wire::{ApiKey, WorkwxSecret};
use std::collections::BTreeMap;

/// How many maps: 500, or what `HONGBAO_COMPAT_MAPS` says; the goal is 10,000.
fn count() -> usize {
    std::env::var("HONGBAO_COMPAT_MAPS").map_or(500, |text| text.parse().unwrap())
}

fn ours(method: SignMethod, map: &BTreeMap<String, String>, key: &str) -> String {
    let pairs = map.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let key = key.as_bytes();
    match method {
        SignMethod::Md5 => sign_with(Method::Md5, pairs, &ApiKey::new(key)),
        SignMethod::HmacSha256 => sign_with(Method::HmacSha256, pairs, &ApiKey::new(key)),
        SignMethod::Workwx => {
            workwx_sign(|name| map.get(name).map(String::as_str), &WorkwxSecret::new(key))
        }
    }
}

#[test]
fn every_sdk_signs_as_we_do() {
    let mut maps = Maps::new(0x5eed);
    let key = maps.next_key();
    let plain: Vec<_> = (0..count()).map(|_| maps.next_map()).collect();
    let orders: Vec<_> = (0..count()).map(|_| maps.next_order()).collect();
    std::thread::scope(|scope| {
        for sdk in installed() {
            let (key, plain, orders) = (&key, &plain, &orders);
            scope.spawn(move || agrees(&mut Driver::start(sdk, None), key, plain, orders));
        }
    });
}

fn agrees(
    driver: &mut Driver,
    key: &str,
    plain: &[BTreeMap<String, String>],
    orders: &[BTreeMap<String, String>],
) {
    for method in SignMethod::ALL {
        if method == SignMethod::Workwx && !driver.sdk().signs_workwx() {
            continue;
        }
        let mut maps = if method == SignMethod::Workwx { orders } else { plain }.to_vec();
        if driver.sdk() == Sdk::Wechatpy {
            // Its `calculate_signature` signs a `sign` too; it takes it out before it calls that.
            maps.iter_mut().for_each(|map| drop(map.remove("sign")));
        }
        let theirs = driver.sign(method, key, &maps);
        assert_eq!(theirs.len(), maps.len());
        for (map, theirs) in maps.iter().zip(theirs) {
            assert_eq!(theirs, ours(method, map, key), "{:?} {method:?} {map:?}", driver.sdk());
        }
    }
}

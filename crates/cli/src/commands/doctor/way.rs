//! The way to a server: name, connection, handshake.

use super::certificate;
use super::finding::{Finding, Report};
use super::symptom::Symptom;
use crate::exit::Failure;
use crate::say;
use hongbao_client::{Identity, Obstacle, Probe, Trust};
use std::net::IpAddr;
use std::time::Duration;

/// The checks of the way, in their order.
pub const CHECKS: [&str; 3] = ["dns", "tcp", "tls"];
/// How long each of the three may take.
const LIMIT: Duration = Duration::from_secs(6);
/// The variables by which a system says that a proxy stands between.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Goes the way to the server of `base_url`; whether it was open, or a proxy goes it for us.
pub async fn examine(
    base_url: &str,
    identity: Option<Identity>,
    trust: &Trust,
    report: &mut Report<'_>,
) -> bool {
    let proxy = PROXY_VARIABLES.into_iter().find(|name| std::env::var_os(name).is_some());
    if let (Some(proxy), false) = (proxy, is_loopback(base_url)) {
        report.skip_for(&CHECKS, &say!("doctor-proxy", variable = proxy));
        return true;
    }
    let probed = hongbao_client::probe(base_url, identity, trust, LIMIT).await;
    let probed = probed.map_err(|error| {
        Failure::config(error.code(), say!("client-failed", why = error))
            .hint(say!("client-failed-hint"))
    });
    let Some(probe) = report.tried("tls", probed) else { return false };
    let findings = findings(&probe);
    let reached = findings.len();
    findings.into_iter().for_each(|finding| report.add(finding));
    if reached < CHECKS.len() {
        report.skip(&CHECKS[reached..], CHECKS[reached - 1]);
    }
    probe.obstacle.is_none()
}

/// One finding for each check that was come to.
fn findings(probe: &Probe) -> Vec<Finding> {
    let Probe { host, port, cause, .. } = probe;
    if probe.obstacle == Some(Obstacle::NotResolved) {
        let found = say!("doctor-dns-none", host = host, why = cause);
        return vec![Finding::of("dns", Symptom::NotResolved, found)];
    }
    let addresses: Vec<String> = probe.addresses.iter().map(ToString::to_string).collect();
    let addresses = addresses.join(", ");
    let dns = Finding::fine("dns", say!("doctor-dns", host = host, addresses = addresses));
    let Some(address) = probe.connected_to else {
        let found = say!("doctor-tcp-none", port = port, why = cause);
        return vec![dns, Finding::of("tcp", Symptom::NotConnected, found)];
    };
    let tcp = Finding::fine("tcp", say!("doctor-tcp", address = address));
    vec![dns, tcp, handshake(probe)]
}

fn handshake(probe: &Probe) -> Finding {
    let Probe { host, cause, .. } = probe;
    let chain = certificate::chain(&probe.chain);
    let (symptom, found) = match probe.obstacle {
        None => {
            let version = probe.tls_version.as_deref().unwrap_or("TLS");
            return Finding::fine("tls", say!("doctor-tls", version = version, chain = chain));
        }
        Some(Obstacle::UntrustedIssuer) => {
            (Symptom::ServerUntrusted, say!("doctor-untrusted", chain = chain, why = cause))
        }
        Some(Obstacle::BadCertificate) => {
            (Symptom::ServerUntrusted, say!("doctor-bad-server", chain = chain, why = cause))
        }
        Some(Obstacle::OtherName) => {
            let names = probe.chain.first().map(|own| own.names.join(", ")).unwrap_or_default();
            (Symptom::ServerName, say!("doctor-server-name", host = host, names = names))
        }
        Some(Obstacle::Expired) => {
            (Symptom::ServerExpired, say!("doctor-server-expired", chain = chain))
        }
        Some(Obstacle::NotYetValid) => {
            (Symptom::ServerExpired, say!("doctor-server-not-yet", chain = chain))
        }
        Some(Obstacle::ClientRefused) => {
            (Symptom::CertificateRefused, say!("doctor-refused", why = cause))
        }
        Some(_) => (Symptom::NoHandshake, say!("doctor-no-handshake", why = cause)),
    };
    Finding::of("tls", symptom, found)
}

/// No proxy can reach this machine as itself.
fn is_loopback(base_url: &str) -> bool {
    let url = reqwest::Url::parse(base_url).ok();
    let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

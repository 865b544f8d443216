//! The way to a server: name, connection, handshake.

use super::certificate;
use super::finding::{Finding, Report};
use super::symptom::Symptom;
use crate::merchant_side::client_failure;
use crate::say;
use hongbao_client::{Identity, Obstacle, Probe, Trust};
use std::net::IpAddr;
use std::time::Duration;

/// The names of its checks, in their order.
pub type Checks = [&'static str; 3];
/// The checks of the way to the server.
pub const MAIN: Checks = ["dns", "tcp", "tls"];
/// Those of the way to the failover host.
pub const FAILOVER: Checks = ["failover_dns", "failover_tcp", "failover_tls"];
/// How long each of the three may take.
const LIMIT: Duration = Duration::from_secs(6);
/// The variables by which a system says that a proxy stands between.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// A way to go.
#[derive(Clone, Copy, Debug)]
pub struct Way<'w> {
    /// What its checks are called.
    pub checks: Checks,
    /// `https://host[:port]`.
    pub base_url: &'w str,
    /// Which servers are believed.
    pub trust: &'w Trust,
    /// Whether the profile names a proxy, which then goes it for us.
    pub has_proxy: bool,
    /// Whether another way is gone first: what is wrong with this one is a warning.
    pub is_spare: bool,
}

impl Way<'_> {
    /// Goes the way; whether it was open, or a proxy goes it for us.
    pub async fn examine(self, identity: Option<Identity>, report: &mut Report<'_>) -> bool {
        if let Some(why) = self.proxy() {
            report.skip_for(&self.checks, &why);
            return true;
        }
        let [_, _, tls] = self.checks;
        let mut add = |finding: Finding| {
            report.add(if self.is_spare { finding.no_error() } else { finding });
        };
        match hongbao_client::probe(self.base_url, identity, self.trust, LIMIT).await {
            Err(error) => {
                add(Finding::failed(tls, client_failure(&error)));
                false
            }
            Ok(probe) => {
                let findings = findings(&probe, self.checks);
                let reached = findings.len();
                findings.into_iter().for_each(add);
                if reached < self.checks.len() {
                    report.skip(&self.checks[reached..], self.checks[reached - 1]);
                }
                probe.obstacle.is_none()
            }
        }
    }

    /// Why a proxy goes it for us.
    fn proxy(self) -> Option<String> {
        if self.has_proxy {
            return Some(say!("doctor-proxy-goes"));
        }
        let variable = PROXY_VARIABLES.into_iter().find(|name| std::env::var_os(name).is_some())?;
        // no proxy can reach this machine as itself
        (!is_loopback(self.base_url)).then(|| say!("doctor-proxy", variable = variable))
    }
}

/// One finding for each check that was come to.
fn findings(probe: &Probe, [dns, tcp, tls]: Checks) -> Vec<Finding> {
    let Probe { host, port, cause, .. } = probe;
    if probe.obstacle == Some(Obstacle::NotResolved) {
        let found = say!("doctor-dns-none", host = host, why = cause);
        return vec![Finding::of(dns, Symptom::NotResolved, found)];
    }
    let addresses: Vec<String> = probe.addresses.iter().map(ToString::to_string).collect();
    let addresses = addresses.join(", ");
    let resolved = Finding::fine(dns, say!("doctor-dns", host = host, addresses = addresses));
    let Some(address) = probe.connected_to else {
        let found = say!("doctor-tcp-none", port = port, why = cause);
        return vec![resolved, Finding::of(tcp, Symptom::NotConnected, found)];
    };
    let connected = Finding::fine(tcp, say!("doctor-tcp", address = address));
    vec![resolved, connected, handshake(tls, probe)]
}

fn handshake(check: &'static str, probe: &Probe) -> Finding {
    let Probe { host, cause, .. } = probe;
    let chain = certificate::chain(&probe.chain);
    let (symptom, found) = match probe.obstacle {
        None => {
            let version = probe.tls_version.as_deref().unwrap_or("TLS");
            return Finding::fine(check, say!("doctor-tls", version = version, chain = chain));
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
    Finding::of(check, symptom, found)
}

fn is_loopback(base_url: &str) -> bool {
    let url = reqwest::Url::parse(base_url).ok();
    let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

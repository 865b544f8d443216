//! What is checked of a server's folder.

use super::certificate::{self, Whose};
use super::finding::{Finding, Level, Report};
use super::profile::AskedBy;
use super::symptom::Symptom;
use super::way::{self, Way};
use super::{identity, ledger, profile};
use crate::config::ServeConfig;
use crate::exit::Failure;
use crate::files;
use crate::ledger_place::OpenLedger;
use crate::merchant_folder::MerchantFolder;
use crate::profile::unusable;
use crate::run_file::RunFile;
use crate::say;
use crate::upstream;
use crate::workdir::WorkDir;
use hongbao_client::{Certificate, Identity, Trust};
use hongbao_ledger::Merchant;
use std::path::Path;
use std::time::SystemTime;

/// The secrets of a merchant's folder.
const SECRETS: [&str; 4] = ["apiclient_key.pem", "apiclient_cert.p12", "api_key", "workwx_secret"];

/// Checks a server's folder, where it runs the server, and each profile that a gateway's
/// configuration names.
pub async fn examine(
    path: &Path,
    flag: Option<&str>,
    offline: bool,
    now: SystemTime,
    report: &mut Report<'_>,
) {
    let Some(dir) = report.tried("folder", WorkDir::open(path)) else {
        report.skip(&["config", "server_certificate", "ledger", "network"], "folder");
        return;
    };
    report.add(Finding::fine("folder", say!("doctor-folder", dir = path.display())));
    let config = report.tried("config", dir.config());
    if let Some(config) = &config {
        report.add(Finding::fine("config", say!("doctor-config", listen = config.listen)));
    }
    ca(&dir, now, report);
    server_certificate(&dir, config.as_ref(), now, report);
    let config_ledger = config.clone().unwrap_or_default();
    let place = report.tried("ledger", dir.ledger_of(&config_ledger, flag));
    let ledger = match &place {
        Some(place) => ledger::examine(place, report).await,
        None => None,
    };
    match ledger {
        Some(ledger) => merchants(&dir, &ledger, now, report).await,
        None => report.skip(&["merchants"], "ledger"),
    }
    running(&dir, offline, report).await;
    for path in config.iter().flat_map(|config| upstream::of_config(&dir, config)) {
        report.turn_to(&path);
        if report.tried("upstream", upstream::not_itself(&dir, &path)).is_some() {
            profile::examine(&path, AskedBy::Gateway, offline, now, report).await;
        }
    }
}

fn ca(dir: &WorkDir, now: SystemTime, report: &mut Report<'_>) {
    let all =
        files::read(&dir.path("ca.pem")).and_then(|pem| certificates(&dir.path("ca.pem"), &pem));
    for cert in report.tried("ca", all).into_iter().flatten() {
        report.add(certificate::time("ca", &cert, Whose::Ca, now));
    }
    if report.tried("ca_key", dir.authority()).is_some() {
        report.add(Finding::fine("ca_key", say!("doctor-key-fits")));
    }
}

fn server_certificate(
    dir: &WorkDir,
    config: Option<&ServeConfig>,
    now: SystemTime,
    report: &mut Report<'_>,
) {
    let cert = dir.path("server.pem");
    let pair = files::read(&cert).and_then(|pem| {
        let key = files::read_secret(&dir.path("server_key.pem"))?;
        Identity::from_pem(&pem, &key).map_err(|error| unusable(&cert, &error))?;
        certificates(&cert, &pem)
    });
    let Some(all) = report.tried("server_certificate", pair) else { return };
    let Some(own) = all.first() else { return };
    report.add(certificate::time("server_certificate", own, Whose::Server, now));
    report.add(certificate::key_length("server_key", own));
    let names = own.names.join(", ");
    let listen = config.map(|config| config.listen.ip());
    report.add(match listen.filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()) {
        Some(host) if !own.names.contains(&host) => {
            let found = say!("doctor-server-name", host = host, names = names);
            Finding::of("server_names", Symptom::ServerName, found)
                .with_remedy(say!("doctor-own-name-hint"))
                // they may reach it by a name that is in it
                .into_warning()
        }
        _ => Finding::fine("server_names", say!("doctor-names", names = names)),
    });
}

/// Each merchant of the ledger whose credentials lie in the folder. One line says that all is
/// well, however many there are.
async fn merchants(dir: &WorkDir, ledger: &OpenLedger, now: SystemTime, report: &mut Report<'_>) {
    let all = ledger.store.merchants().await;
    let failed = |error| ledger.place.failure(&error);
    let Some(all) = report.tried("merchants", all.map_err(failed)) else { return };
    let mut kept = 0;
    for merchant in &all {
        let mch_id = merchant.mch_id.as_str();
        let folder = dir.merchant(mch_id);
        if !folder.path().exists() {
            continue;
        }
        kept += 1;
        for finding in merchant_findings(&folder, merchant, now) {
            if finding.level != Level::Fine {
                report.add(finding.of_merchant(mch_id));
            }
        }
    }
    let found = say!("doctor-merchants", count = all.len(), kept = kept);
    report.add(Finding::fine("merchants", found));
}

fn merchant_findings(
    folder: &MerchantFolder,
    merchant: &Merchant,
    now: SystemTime,
) -> Vec<Finding> {
    let check = "merchants";
    let mut findings = Vec::new();
    for name in SECRETS {
        let path = folder.path().join(name);
        // what was handed over and deleted is no longer the folder's to keep
        if path.exists()
            && let Err(failure) = files::read_secret(&path)
        {
            findings.push(Finding::failed(check, failure));
        }
    }
    let path = folder.path().join("apiclient_cert.pem");
    if !path.exists() {
        return findings;
    }
    match files::read(&path).and_then(|pem| certificates(&path, &pem)) {
        Err(failure) => findings.push(Finding::failed(check, failure)),
        Ok(all) => {
            for cert in all.iter().take(1) {
                findings.push(identity::belongs(check, cert, merchant.mch_id.as_str(), &path));
                findings.push(certificate::time(check, cert, Whose::Merchant(&path), now));
                if merchant.revoked_serials.iter().any(|serial| **serial == *cert.serial_hex) {
                    let found = say!("doctor-revoked", serial = cert.serial_hex);
                    findings.push(Finding::of(check, Symptom::CertificateRevoked, found));
                }
            }
        }
    }
    findings
}

/// Whether a server runs in it, and whether it is reached as merchants reach it.
async fn running(dir: &WorkDir, offline: bool, report: &mut Report<'_>) {
    let Ok(run) = RunFile::of_running(dir.as_path()) else {
        report.add(Finding::fine("running", say!("doctor-not-running")));
        report.skip_for(&way::MAIN, &say!("doctor-not-running"));
        return;
    };
    let found = say!("doctor-running", wire = run.wire, mode = run.mode, pid = run.pid);
    report.add(Finding::fine("running", found));
    if offline {
        report.skip_for(&way::MAIN, &say!("doctor-offline"));
        return;
    }
    let Ok(ca) = files::read(&dir.path("ca.pem")) else {
        report.skip(&way::MAIN, "ca");
        return;
    };
    let trust = Trust::Ca(ca);
    let (checks, base_url) = (way::MAIN, run.wire.as_str());
    let way = Way { checks, base_url, trust: &trust, has_proxy: false, is_spare: false };
    way.examine(None, report).await;
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<Certificate>, Failure> {
    Certificate::all_of_pem(pem).map_err(|error| unusable(path, &error))
}

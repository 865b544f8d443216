//! What is checked of a merchant's profile: first here, then on the way to the server.

use super::certificate::{self, Whose};
use super::finding::{Finding, Report};
use super::symptom::Symptom;
use super::way::{self, Way};
use super::{answer, identity, ledger};
use crate::exit::Failure;
use crate::files;
use crate::merchant_side::{client, client_failure};
use crate::profile::{ProfileFile, ProxyUrl, beside};
use crate::say;
use hongbao_client::error::without_user;
use hongbao_client::{AttemptLimits, Certificate, ClientConfig, ClientError, Identity, Trust};
use hongbao_wire::ApiKey;
use reqwest::Url;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// WeChat Pay's hosts: the main one and that for failover (`protocol.md` §4).
const WECHAT_HOSTS: [&str; 2] = ["api.mch.weixin.qq.com", "api2.mch.weixin.qq.com"];
/// The length of an API key, characters (`protocol.md` §2.1).
const API_KEY_CHARS: usize = 32;

/// Who asks by a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy<'f> {
    /// The merchant, who keeps what was told in the profile's own ledger.
    Merchant {
        /// Where that ledger is, where the command line says so.
        ledger: Option<&'f str>,
    },
    /// A gateway, which keeps it in its folder's.
    Gateway,
}

/// Checks a profile, every file that it names, and the hosts that it points to.
pub async fn examine(
    path: &Path,
    asked_by: AskedBy<'_>,
    offline: bool,
    now: SystemTime,
    report: &mut Report<'_>,
) {
    let Some(file) = report.tried("profile", ProfileFile::load(path)) else {
        report.skip(&["identity", "api_key", "network"], "profile");
        return;
    };
    let at = |name: &PathBuf| beside(path, name);
    let found = say!("doctor-profile", mch_id = file.mch_id, appid = file.appid);
    report.add(Finding::fine("profile", found));
    report.add(appid(&file.appid));
    let base_url = report.tried("base_url", host(&file.base_url, say!("doctor-base-url-hint")));
    if let Some(host) = &base_url {
        report.add(Finding::fine("base_url", whose_host(host)));
    }
    let failover = file.failover_url.as_deref().map(|url| failover_url(url, report));
    let proxy = file.proxy.as_ref().map(|url| proxy(url, report));
    let trust = trust(file.ca_file.as_ref().map(at), now, report);
    let is_wechat = base_url.as_deref().is_some_and(|host| WECHAT_HOSTS.contains(&host));
    let identity = identity::examine(path, &file, is_wechat, now, report);
    let api_key = api_key(&at(&file.api_key_file), report);
    for former in &file.former_api_key_files {
        report.tried("api_key", files::read_secret_line(&at(former)));
    }
    workwx_secret(file.workwx_secret_file.as_ref().map(at), report);
    report.add(Finding::fine("pace", say!("doctor-pace", per_second = file.pace_per_second)));
    if let AskedBy::Merchant { ledger } = asked_by {
        ledger::examine_own(file.ledger(path, ledger), report).await;
    }

    let failed = [
        ("base_url", base_url.is_none()),
        ("failover_url", failover == Some(false)),
        ("proxy", proxy == Some(false)),
        ("ca_file", trust.is_none()),
    ];
    let needs = failed.into_iter().find(|(_, failed)| *failed).map(|(check, _)| check);
    let (None, Some(trust), false) = (needs, trust, offline) else {
        let why = match needs {
            Some(needs) if !offline => say!("doctor-needs", check = needs),
            _ => say!("doctor-offline"),
        };
        report.skip_for(&way::MAIN, &why);
        if failover.is_some() {
            report.skip_for(&way::FAILOVER, &why);
        }
        report.skip_for(&answer::CHECKS, &why);
        return;
    };
    network(&file, identity, trust, api_key, report).await;
}

/// Goes the ways to the hosts of a profile, and asks the first once.
async fn network(
    file: &ProfileFile,
    identity: Result<Identity, &'static str>,
    trust: Trust,
    api_key: Option<ApiKey>,
    report: &mut Report<'_>,
) {
    let main = Way {
        checks: way::MAIN,
        base_url: &file.base_url,
        trust: &trust,
        has_proxy: file.proxy.is_some(),
        is_spare: false,
    };
    let is_open = main.examine(identity.clone().ok(), report).await;
    if let Some(base_url) = &file.failover_url {
        let spare = Way { checks: way::FAILOVER, base_url, is_spare: true, ..main };
        spare.examine(identity.clone().ok(), report).await;
    }
    match (identity, api_key) {
        _ if !is_open => report.skip(&answer::CHECKS, "tls"),
        (Err(needs), _) => report.skip(&answer::CHECKS, needs),
        (_, None) => report.skip(&answer::CHECKS, "api_key"),
        (Ok(identity), Some(api_key)) => ask(file, identity, trust, &api_key, report).await,
    }
}

async fn ask(
    file: &ProfileFile,
    identity: Identity,
    trust: Trust,
    api_key: &ApiKey,
    report: &mut Report<'_>,
) {
    let client = client(ClientConfig {
        // what is told is the first answer of the first host
        attempts: AttemptLimits { count_max: 1, ..AttemptLimits::DEFAULT },
        ..file.client_config(identity, trust)
    });
    match report.tried("answer", client) {
        None => report.skip(&answer::CHECKS, "answer"),
        Some(client) => {
            answer::examine(&client, &file.mch_id, &file.appid, api_key, report).await;
        }
    }
}

/// A corpid is `ww` or `wx` and 16 more characters.
fn appid(appid: &str) -> Finding {
    let has_shape = appid.len() == 18
        && (appid.starts_with("ww") || appid.starts_with("wx"))
        && appid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if has_shape {
        Finding::fine("appid", say!("doctor-appid", appid = appid))
    } else {
        Finding::of("appid", Symptom::AppidShape, say!("doctor-appid-shape", appid = appid))
    }
}

/// The host of a URL of the profile.
fn host(text: &str, hint: String) -> Result<String, Failure> {
    let host = Url::parse(text).ok().filter(|url| url.scheme() == "https");
    host.and_then(|url| url.host_str().map(str::to_owned)).ok_or_else(|| {
        Failure::config("BASE_URL", say!("doctor-base-url-bad", url = without_user(text)))
            .hint(hint)
    })
}

fn whose_host(host: &str) -> String {
    if WECHAT_HOSTS.contains(&host) {
        say!("doctor-base-url-wechat", host = host)
    } else {
        say!("doctor-base-url-other", host = host)
    }
}

/// Whether it is a URL; without that there is no client.
fn failover_url(text: &str, report: &mut Report<'_>) -> bool {
    let hint = say!("doctor-failover-url-hint");
    let Some(host) = report.tried("failover_url", host(text, hint)) else { return false };
    report.add(Finding::fine("failover_url", whose_host(&host)));
    true
}

/// The same of the proxy's, of which the host alone is shown: there may be a password in it.
fn proxy(url: &ProxyUrl, report: &mut Report<'_>) -> bool {
    let host = url.host().ok_or_else(|| client_failure(&ClientError::BadProxy));
    let Some(host) = report.tried("proxy", host) else { return false };
    report.add(Finding::fine("proxy", say!("doctor-proxy-host", host = host)));
    true
}

fn trust(ca_file: Option<PathBuf>, now: SystemTime, report: &mut Report<'_>) -> Option<Trust> {
    let Some(path) = ca_file else {
        report.add(Finding::fine("ca_file", say!("doctor-ca-system")));
        return Some(Trust::System);
    };
    let pem = report.tried("ca_file", files::read(&path))?;
    let all = Certificate::all_of_pem(&pem).map_err(|error| {
        let message = say!("doctor-ca-unreadable", file = path.display(), why = error);
        Failure::config("CA_UNREADABLE", message).hint(say!("doctor-ca-unreadable-hint"))
    });
    for cert in report.tried("ca_file", all)? {
        report.add(certificate::time("ca_file", &cert, Whose::Ca, now));
    }
    Some(Trust::Ca(pem))
}

fn api_key(path: &Path, report: &mut Report<'_>) -> Option<ApiKey> {
    let key = report.tried("api_key", files::read_secret_line(path))?;
    let chars = key.len();
    report.add(if chars == API_KEY_CHARS {
        Finding::fine("api_key", say!("doctor-api-key", chars = chars))
    } else {
        Finding::of("api_key", Symptom::ApiKeyLength, say!("doctor-api-key-length", chars = chars))
    });
    Some(ApiKey::new(key.as_slice()))
}

fn workwx_secret(path: Option<PathBuf>, report: &mut Report<'_>) {
    let Some(path) = path else {
        let failure = Failure::config("PROFILE_NO_SECRET", say!("profile-no-secret"))
            .hint(say!("doctor-no-secret-hint"));
        report.add(Finding::failed("workwx_secret", failure).into_warning());
        return;
    };
    if report.tried("workwx_secret", files::read_secret_line(&path)).is_some() {
        report.add(Finding::fine("workwx_secret", say!("doctor-secret")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corpid_has_eighteen_characters_after_ww_or_wx() {
        for good in ["wx8888888888888888", "ww0123456789abcdef"] {
            assert_eq!(appid(good).code, "DOCTOR_OK", "{good}");
        }
        for bad in ["", "wx1", "1000002", "wy8888888888888888", "wx888888888888888 "] {
            assert_eq!(appid(bad).code, "DOCTOR_APPID_SHAPE", "{bad}");
        }
    }
}

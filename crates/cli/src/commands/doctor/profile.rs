//! What is checked of a merchant's profile: first here, then on the way to the server.

use super::certificate::{self, Whose};
use super::finding::{Finding, Report};
use super::symptom::Symptom;
use super::{answer, identity, ledger, way};
use crate::exit::Failure;
use crate::files;
use crate::profile::ProfileFile;
use crate::say;
use hongbao_client::{Certificate, Client, ClientConfig, Identity, Trust};
use hongbao_wire::ApiKey;
use reqwest::Url;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// WeChat Pay's hosts: the main one and that for failover (`protocol.md` §4).
const WECHAT_HOSTS: [&str; 2] = ["api.mch.weixin.qq.com", "api2.mch.weixin.qq.com"];
/// How many queries a second a merchant makes, unless it says otherwise.
const PACE_PER_SECOND: u32 = 20;
/// The length of an API key, characters (`protocol.md` §2.1).
const API_KEY_CHARS: usize = 32;

/// Checks a profile, every file that it names, and the server that it points to.
pub async fn examine(path: &Path, offline: bool, now: SystemTime, report: &mut Report<'_>) {
    let Some(file) = report.tried("profile", ProfileFile::load(path)) else {
        report.skip(&["identity", "api_key", "network"], "profile");
        return;
    };
    let at = |name: &Path| path.parent().unwrap_or(Path::new("")).join(name);
    let found = say!("doctor-profile", mch_id = file.mch_id, appid = file.appid);
    report.add(Finding::fine("profile", found));
    report.add(appid(&file.appid));
    let base_url = base_url(&file.base_url, report);
    let trust = trust(file.ca_file.as_deref().map(at), now, report);
    let identity = identity::examine(path, &file, now, report);
    let api_key = api_key(&at(&file.api_key_file), report);
    workwx_secret(file.workwx_secret_file.as_deref().map(at), report);
    report.add(Finding::fine("pace", say!("doctor-pace", per_second = PACE_PER_SECOND)));
    ledger::examine_beside(path, report);

    if offline {
        report.skip_for(&way::CHECKS, &say!("doctor-offline"));
        report.skip_for(&answer::CHECKS, &say!("doctor-offline"));
        return;
    }
    let (Some(()), Some(trust)) = (base_url, trust) else {
        let needs = if base_url.is_none() { "base_url" } else { "ca_file" };
        report.skip(&way::CHECKS, needs);
        report.skip(&answer::CHECKS, needs);
        return;
    };
    if !way::examine(&file.base_url, identity.clone().ok(), &trust, report).await {
        report.skip(&answer::CHECKS, "tls");
        return;
    }
    match (identity, api_key) {
        (Err(needs), _) => report.skip(&answer::CHECKS, needs),
        (_, None) => report.skip(&answer::CHECKS, "api_key"),
        (Ok(identity), Some(api_key)) => ask(&file, identity, trust, &api_key, report).await,
    }
}

async fn ask(
    file: &ProfileFile,
    identity: Identity,
    trust: Trust,
    api_key: &ApiKey,
    report: &mut Report<'_>,
) {
    let client = Client::new(ClientConfig::new(file.base_url.clone(), identity, trust));
    let client = client.map_err(|error| {
        Failure::config(error.code(), say!("client-failed", why = error))
            .hint(say!("client-failed-hint"))
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

fn base_url(text: &str, report: &mut Report<'_>) -> Option<()> {
    let host = Url::parse(text).ok().filter(|url| url.scheme() == "https");
    let host = host.and_then(|url| url.host_str().map(str::to_owned)).ok_or_else(|| {
        Failure::config("BASE_URL", say!("doctor-base-url-bad", url = text))
            .hint(say!("doctor-base-url-hint"))
    });
    let host = report.tried("base_url", host)?;
    let found = if WECHAT_HOSTS.contains(&host.as_str()) {
        say!("doctor-base-url-wechat", host = host)
    } else {
        say!("doctor-base-url-other", host = host)
    };
    report.add(Finding::fine("base_url", found));
    Some(())
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

//! `hongbao demo --keep`: how to ask the demo's server from elsewhere.

use super::asker::Asker;
use crate::commands::serve::Served;
use crate::exit::Failure;
use crate::files;
use crate::output::Output;
use crate::say;
use crate::workdir::FIRST_MCH_ID;
use hongbao_wire::{QUERY_PATH, QueryRequest};

/// The packet that the ready-made request asks about.
const BILLNO: &str = "demo0001";

/// Says how to ask with this program, with curl and with an SDK.
///
/// # Errors
/// The ready-made request cannot be written.
pub fn explain(served: &Served, out: &mut Output) -> Result<(), Failure> {
    let merchant = served.dir.merchant(FIRST_MCH_ID);
    let profile = merchant.profile_path();
    let asker = Asker::new(&profile)?;
    let nonce_str = asker.nonce_str();
    let request = QueryRequest {
        nonce_str: &nonce_str,
        mch_billno: BILLNO,
        mch_id: asker.mch_id(),
        appid: asker.appid(),
    };
    let request_path = served.dir.path("query.xml");
    files::write(&request_path, &request.write(asker.api_key()), files::PUBLIC)?;
    let file = |name: &str| merchant.path().join(name).display().to_string();
    let ca = served.dir.path("ca.pem").display().to_string();
    let base_url = served.base_url();

    out.data("");
    out.data(say!("demo-keep"));
    out.data("");
    out.data(say!("demo-keep-hongbao"));
    out.data(format_args!("  hongbao query --profile {} {BILLNO}", profile.display()));
    out.data(format_args!("  hongbao sandbox --admin {} advance 24h", served.admin_url()));
    out.data("");
    out.data(say!("demo-keep-curl", billno = BILLNO));
    out.data(format_args!("  curl --cacert {ca} \\"));
    out.data(format_args!("    --cert {} \\", file("apiclient_cert.pem")));
    out.data(format_args!("    --key {} \\", file("apiclient_key.pem")));
    out.data(format_args!("    --data-binary @{} \\", request_path.display()));
    out.data(format_args!("    {base_url}{QUERY_PATH}"));
    out.data("");
    out.data(say!("demo-keep-sdk"));
    let rows = [
        ("base URL", base_url),
        ("CA", ca),
        ("mch_id", asker.mch_id().to_owned()),
        ("appid", asker.appid().to_owned()),
        ("PKCS#12", say!("demo-keep-p12", file = file("apiclient_cert.p12"))),
        ("API key", file("api_key")),
        ("WeCom secret", file("workwx_secret")),
    ];
    for (name, value) in rows {
        out.data(format_args!("  {name:<14}{value}"));
    }
    out.data("");
    out.data(say!("demo-keep-stop"));
    Ok(())
}

//! How not to pay: a merchant who takes every error for a failure, and pays again.
//!
//! It is kept as an example of what goes wrong: run against a sandbox whose reply is lost, it
//! pays the same person twice, and `hongbao sandbox findings` says so.
//!
//! ```sh
//! hongbao serve &
//! hongbao sandbox fault add reply-lost --on send --times 1
//! cargo run -p hongbao-client --example naive -- \
//!   https://127.0.0.1:8443 hongbao-data/ca.pem hongbao-data/merchants/10000098 oSomebody
//! hongbao sandbox findings
//! ```
#![allow(clippy::print_stdout)]

use hongbao_client::{AttemptLimits, Client, ClientConfig, Dice, Identity, Trust};
use hongbao_wire::observation::Observation;
use hongbao_wire::send::Sender;
use hongbao_wire::sign::Policy;
use hongbao_wire::{ApiKey, Fen, SendRequest, WorkwxSecret};
use std::error::Error;
use std::path::Path;

/// The sandbox's merchant.
const MCH_ID: &str = "10000098";
/// Its corpid.
const APPID: &str = "wx8888888888888888";
/// How often it tries.
const TRIES: usize = 3;

/// A merchant who does not read the notes.
pub struct Naive {
    client: Client,
    dice: Dice,
    api_key: ApiKey,
    secret: WorkwxSecret,
}

impl Naive {
    /// The merchant of the credentials in `folder`.
    pub fn new(base_url: &str, ca_file: &Path, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let read = |name: &str| std::fs::read(folder.join(name));
        let identity =
            Identity::from_pem(&read("apiclient_cert.pem")?, &read("apiclient_key.pem")?)?;
        let trust = Trust::Ca(std::fs::read(ca_file)?);
        let config = ClientConfig {
            attempts: AttemptLimits::ONCE,
            ..ClientConfig::new(base_url, identity, trust)
        };
        Ok(Self {
            client: Client::new(config)?,
            dice: Dice::random(),
            api_key: ApiKey::new(read("api_key")?.trim_ascii()),
            secret: WorkwxSecret::new(read("workwx_secret")?.trim_ascii()),
        })
    }

    /// Pays one yuan, "for sure": returns every number that it sent. All but the last may have
    /// been paid too.
    pub async fn pay(&self, openid: &str) -> Vec<String> {
        let mut numbers = Vec::new();
        for _ in 0..TRIES {
            // the first mistake: a number that is known to nobody, should this process die
            let mch_billno = format!("naive{}", self.dice.digits(20));
            let request = request(&mch_billno, openid, self.dice.nonce_str());
            let seen =
                self.client.send(&request, &self.api_key, &self.secret, Policy::Require).await;
            numbers.push(mch_billno);
            // the second: whatever is no success is taken for a failure
            if let Observation::Success(_) = seen.observation {
                break;
            }
            // the third, which costs money: a new number for the same payment
        }
        numbers
    }
}

fn request(mch_billno: &str, openid: &str, nonce_str: String) -> SendRequest {
    SendRequest {
        nonce_str: nonce_str.into(),
        mch_billno: mch_billno.into(),
        mch_id: MCH_ID.into(),
        wxappid: APPID.into(),
        sender: Sender::Company,
        sender_header_media_id: None,
        re_openid: openid.into(),
        total_amount: Fen::new(100).unwrap_or_default(),
        wishing: "恭喜发财".into(),
        act_name: "红包".into(),
        remark: "红包".into(),
        scene: None,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [base_url, ca_file, folder, openid] = args.as_slice() else {
        return Err("usage: naive BASE_URL CA_FILE MERCHANT_FOLDER OPENID".into());
    };
    let merchant = Naive::new(base_url, Path::new(ca_file), Path::new(folder))?;
    println!("{}", merchant.pay(openid).await.join("\n"));
    Ok(())
}

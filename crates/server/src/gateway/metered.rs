//! Counts what is asked of the payer, whoever asks.

use crate::metrics::Metrics;
use async_trait::async_trait;
use hongbao_client::{Call, Host, RawReply, Seen, Transport, Trouble};
use hongbao_wire::observation::Silence;
use hongbao_wire::xml::Document;
use std::sync::Arc;
use std::time::Instant;

/// A transport whose attempts are counted.
#[derive(Debug)]
pub(super) struct Metered {
    pub(super) below: Arc<dyn Transport>,
    pub(super) mch_id: Box<str>,
    pub(super) metrics: Arc<Metrics>,
}

#[async_trait]
impl Transport for Metered {
    async fn post(&self, host: Host, call: Call, body: Vec<u8>) -> Result<RawReply, Trouble> {
        let started = Instant::now();
        let came = self.below.post(host, call, body).await;
        let call = match call {
            Call::Query => "query",
            Call::Send => "send",
        };
        self.metrics.attempt(&self.mch_id, call, outcome(&came), started.elapsed());
        came
    }
}

/// What came of an attempt, as a stable word. Of what a reply says, only that the gateway's own
/// credentials are refused is looked at: that is for its operator.
fn outcome(came: &Result<RawReply, Trouble>) -> &'static str {
    let trouble = match came {
        Ok(RawReply { broke: Some(trouble), .. }) | Err(trouble) => trouble,
        Ok(RawReply { http_status: 200, body, .. }) => {
            let reply = Document::parse(body).ok();
            return match reply.as_ref().and_then(|reply| reply.get("err_code")) {
                Some("CA_ERROR") => "ca_error",
                Some("SIGN_ERROR") => "sign_error",
                _ => "http_200",
            };
        }
        Ok(RawReply { http_status: 400..=499, .. }) => return "http_4xx",
        Ok(RawReply { http_status: 500..=599, .. }) => return "http_5xx",
        Ok(_) => return "http_other",
    };
    match trouble.seen {
        Seen::CertificateRefused => "certificate_refused",
        Seen::Silence(Silence::NotConnected) => "not_connected",
        Seen::Silence(Silence::TimedOut) => "timed_out",
        Seen::Silence(Silence::ConnectionLost | Silence::HttpStatus(_)) => "connection_lost",
    }
}

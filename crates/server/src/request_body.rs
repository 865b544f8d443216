//! Reading a request's body under its cap.

use bytes::{Bytes, BytesMut};
use hongbao_wire::xml::BODY_BYTES_MAX;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

/// How much of a body above the cap is read and thrown away, so that a client
/// that writes before it reads still gets its reply.
const DISCARDED_BYTES_MAX: usize = 1024 * 1024;

/// The body is longer than [`BODY_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Reads a body; without a copy where it came in one piece.
///
/// # Errors
/// The connection broke off, or what it said is no HTTP.
pub(crate) async fn read(mut body: Incoming) -> Result<Result<Bytes, TooLong>, hyper::Error> {
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        if whole.len() + pieces.len() + piece.len() > BODY_BYTES_MAX {
            discard(body).await?;
            return Ok(Err(TooLong));
        }
        if whole.is_empty() && pieces.is_empty() {
            whole = piece;
        } else {
            pieces.extend_from_slice(&std::mem::take(&mut whole));
            pieces.extend_from_slice(&piece);
        }
        if body.is_end_stream() {
            break;
        }
    }
    Ok(Ok(if pieces.is_empty() { whole } else { pieces.freeze() }))
}

async fn discard(mut body: Incoming) -> Result<(), hyper::Error> {
    let mut discarded = 0;
    while discarded < DISCARDED_BYTES_MAX {
        match body.frame().await {
            None => break,
            Some(frame) => discarded += frame?.data_ref().map_or(0, Bytes::len),
        }
    }
    Ok(())
}

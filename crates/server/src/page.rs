//! The pages of a front end, in HTML: what a client gets that meets the web
//! server instead of the payment system (`protocol.md` §0, §4: h01-h03).

use bytes::Bytes;
use hyper::StatusCode;

/// Content-Type of a page.
pub(crate) const HTML: &str = "text/html";

/// The page of a status; `why` is for people.
pub(crate) fn page(status: StatusCode, why: &str) -> Bytes {
    let code = status.as_u16();
    let reason = status.canonical_reason().unwrap_or_default();
    let page = format!(
        "<html>\n<head><title>{code} {why}</title></head>\n<body>\n\
         <h1>{code} {reason}</h1>\n<p>{why}</p>\n</body>\n</html>\n"
    );
    Bytes::from(page)
}

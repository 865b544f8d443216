//! What a ledger holds of a merchant, a page at a time: memory does not grow with it.

use hongbao_ledger::{Inquiries, Inquiry, InquiryFilter, LedgerError};

/// How many are read at once.
const PAGE: u32 = 1000;

/// Gives `visit` every inquiry that matches, page by page, in the order of their numbers, until
/// it returns `false` or there are no more.
///
/// # Errors
/// What the ledger says.
pub async fn each_page(
    ledger: &dyn Inquiries,
    mch_id: &str,
    mut filter: InquiryFilter,
    mut visit: impl FnMut(Vec<Inquiry>) -> bool,
) -> Result<(), LedgerError> {
    filter.limit = PAGE;
    loop {
        let page = ledger.inquiries(mch_id, &filter).await?;
        let last = page.last().map(|inquiry| inquiry.key.mch_billno.as_str().into());
        let is_full = page.len() == PAGE as usize;
        if page.is_empty() || !visit(page) || !is_full {
            return Ok(());
        }
        filter.after_billno = last;
    }
}

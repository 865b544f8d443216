//! The packets of a year as rows of a CSV file, for engines that read those.

use super::Year;
use hongbao_ledger::Record;
use hongbao_wire::Status;
use hongbao_wire::time::format;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

const HEAD: &str = "mch_id,mch_billno,status,total_amount,re_openid,act_name,sender_name,wishing,\
     remark,sent_at,detail_id,reason,openid,amount,rcv_time,refund_amount,refund_time";

/// Writes all packets, unless the file is there; times at +08:00, amounts in fen. No text of a
/// year holds a comma or a quote.
pub fn write(year: &Year, path: &Path) -> std::io::Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let unfinished = path.with_extension("unfinished");
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&unfinished)?);
    writeln!(file, "{HEAD}")?;
    (0..year.records).try_for_each(|n| row(&mut file, &year.record(n)))?;
    file.flush()?;
    std::fs::rename(unfinished, path)
}

fn row(file: &mut impl Write, record: &Record) -> std::io::Result<()> {
    let (order, receipt, refund) = (&record.order, &record.receipt, &record.refund);
    writeln!(
        file,
        "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
        record.key.mch_id.as_str(),
        record.key.mch_billno.as_str(),
        record.status.as_ref().map(Status::as_str).unwrap_or_default(),
        order.total_amount.get(),
        order.re_openid.as_str(),
        order.act_name,
        order.sender.name().unwrap_or_default(),
        order.wishing,
        order.remark,
        format(record.sent_at),
        record.detail_id.as_ref().map(|id| id.as_str()).unwrap_or_default(),
        record.reason.as_deref().unwrap_or_default(),
        receipt.as_ref().map(|r| r.openid.as_str()).unwrap_or_default(),
        receipt.as_ref().map(|r| r.amount.get().to_string()).unwrap_or_default(),
        receipt.as_ref().map(|r| format(r.rcv_time)).unwrap_or_default(),
        refund.as_ref().map(|r| r.refund_amount.get().to_string()).unwrap_or_default(),
        refund.as_ref().map(|r| format(r.refund_time)).unwrap_or_default(),
    )
}

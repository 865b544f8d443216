//! Raw messages that name a receiver, of whichever packet.

use crate::archive::names;
use crate::book::Book;
use crate::postgres::chains::history;
use crate::postgres::door::{Connection, Value};
use crate::postgres::fault::Outcome;
use crate::postgres::rows::{get, number, signed};
use crate::postgres::text::Text;
use hongbao_wire::OpenId;

/// How many entries one query looks through: few enough to end well within its time-out.
const SPAN: u64 = 2_000;
/// How many messages are read at one time, each of 64 KiB at most.
const PAGE: usize = 100;

/// What was found in a chain up to one of its entries.
#[derive(Default)]
pub(super) struct Named {
    /// The last entry that was looked at.
    pub(super) up_to: u64,
    /// The entries whose messages name the receiver.
    pub(super) positions: Vec<i64>,
}

impl Named {
    /// Looks through the chain as far as it goes at this moment. Nobody is kept from writing: what is there
    /// stays as it is.
    pub(super) async fn so_far(
        connection: &Connection,
        book: Book,
        mch_id: &str,
        openid: &OpenId,
    ) -> Outcome<Self> {
        let query = "SELECT position FROM chains WHERE mch_id = $1 AND book = $2";
        let row = connection.row(query, &[&Text(mch_id), &book.as_str()]).await?;
        let end = row.map(|row| number(&row, 0)).transpose()?.unwrap_or_default();
        let mut named = Self::default();
        named.look_on(connection, book, mch_id, openid, end).await?;
        Ok(named)
    }

    /// Looks through the entries that follow, up to the one at `end`.
    pub(super) async fn look_on(
        &mut self,
        connection: &Connection,
        book: Book,
        mch_id: &str,
        openid: &OpenId,
        end: u64,
    ) -> Outcome<()> {
        // The server finds the bytes, so that few messages are read; whether they are a word is told here.
        let query = format!(
            "SELECT position, raw FROM {} WHERE mch_id = $1 AND position > $2 AND position <= $3 \
             AND raw IS NOT NULL AND position($4::bytea IN raw) > 0 \
             ORDER BY position LIMIT {PAGE}",
            history(book)
        );
        let word = openid.as_str().as_bytes();
        if word.is_empty() {
            return Ok(());
        }
        while self.up_to < end {
            let span_end = self.up_to.saturating_add(SPAN).min(end);
            let (after, to) = (signed(self.up_to)?, signed(span_end)?);
            let values: [Value<'_>; 4] = [&Text(mch_id), &after, &to, &word];
            let rows = connection.rows(&query, &values).await?;
            for row in &rows {
                if names(get(row, 1)?, openid) {
                    self.positions.push(get(row, 0)?);
                }
            }
            self.up_to = match rows.last() {
                Some(last) if rows.len() >= PAGE => number(last, 0)?,
                _ => span_end,
            };
        }
        Ok(())
    }
}

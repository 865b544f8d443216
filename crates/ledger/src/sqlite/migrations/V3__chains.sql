-- Work among processes: who has leased what, and until when. A commit ends a lease.

ALTER TABLE records ADD COLUMN leased_until INTEGER;
ALTER TABLE records ADD COLUMN leased_by TEXT;
ALTER TABLE inquiries ADD COLUMN leased_until INTEGER;
ALTER TABLE inquiries ADD COLUMN leased_by TEXT;

-- Slices of a merchant's pace.
CREATE TABLE paces (
  mch_id           TEXT    NOT NULL,
  pace             TEXT    NOT NULL,
  holder           TEXT    NOT NULL,
  per_1000_seconds INTEGER NOT NULL,
  until            INTEGER NOT NULL,
  PRIMARY KEY (mch_id, pace, holder)
) WITHOUT ROWID;

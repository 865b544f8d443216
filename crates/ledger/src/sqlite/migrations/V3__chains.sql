-- The chains of entries, totals, and work among processes. What is there already is chained
-- in Rust after these statements, in the same transaction (migrations/chaining.rs).

-- The end of each chain.
CREATE TABLE chains (
  mch_id   TEXT    NOT NULL,
  book     TEXT    NOT NULL, -- records, inquiries
  position INTEGER NOT NULL, -- of the newest entry
  hash     BLOB    NOT NULL, -- its, 32 bytes
  PRIMARY KEY (mch_id, book)
) WITHOUT ROWID;

-- How many packets and how much money; none of no packets.
CREATE TABLE totals (
  mch_id   TEXT    NOT NULL,
  book     TEXT    NOT NULL,
  day      TEXT    NOT NULL,
  status   TEXT    NOT NULL,
  outcome  TEXT    NOT NULL,
  act_name TEXT    NOT NULL,
  sender   TEXT    NOT NULL,
  packets  INTEGER NOT NULL,
  ordered  INTEGER NOT NULL, -- fen, like those that follow
  received INTEGER NOT NULL,
  refunded INTEGER NOT NULL,
  PRIMARY KEY (mch_id, book, day, status, outcome, act_name, sender)
) WITHOUT ROWID;

-- Slices of a merchant's pace.
CREATE TABLE paces (
  mch_id           TEXT    NOT NULL,
  pace             TEXT    NOT NULL,
  holder           TEXT    NOT NULL,
  per_1000_seconds INTEGER NOT NULL,
  until            INTEGER NOT NULL,
  PRIMARY KEY (mch_id, pace, holder)
) WITHOUT ROWID;

-- Histories by their place in the chain. No reference to the packets: the audit finds what
-- has no packet, and looking it up at every entry would cost more than the entry.
ALTER TABLE history RENAME TO history_unchained;
ALTER TABLE inquiry_history RENAME TO inquiry_history_unchained;

CREATE TABLE history (
  mch_id     TEXT    NOT NULL,
  position   INTEGER NOT NULL, -- 1, 2, 3 … within the merchant
  mch_billno TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  source     TEXT    NOT NULL,
  event      TEXT    NOT NULL,
  mark       BLOB    NOT NULL, -- the first 8 bytes of its hash
  state      BLOB,             -- 16 bytes: what was known then; of the last entry of a commit
  raw_digest BLOB,             -- 32 bytes, once `raw` was removed
  raw        BLOB,
  PRIMARY KEY (mch_id, position)
);

CREATE TABLE inquiry_history (
  mch_id     TEXT    NOT NULL,
  position   INTEGER NOT NULL,
  mch_billno TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  source     TEXT    NOT NULL,
  event      TEXT    NOT NULL,
  mark       BLOB    NOT NULL,
  state      BLOB,
  raw_digest BLOB,
  raw        BLOB,
  PRIMARY KEY (mch_id, position)
);

-- Who has leased what, and until when. A commit ends a lease.
ALTER TABLE records ADD COLUMN leased_until INTEGER;
ALTER TABLE records ADD COLUMN leased_by TEXT;
ALTER TABLE inquiries ADD COLUMN leased_until INTEGER;
ALTER TABLE inquiries ADD COLUMN leased_by TEXT;

-- With `records_receiver`, every packet in which a receiver stands.
CREATE INDEX records_received_by ON records (mch_id, openid) WHERE openid <> re_openid;

-- Every key leads with mch_id and nothing spans merchants, so that the same
-- tables distribute by merchant. Times are milliseconds since 1970 (UTC),
-- amounts fen, days `YYYY-MM-DD` at +08:00.

CREATE TABLE merchants (
  mch_id                  TEXT    NOT NULL PRIMARY KEY,
  name                    TEXT    NOT NULL,
  appids                  TEXT    NOT NULL, -- JSON array of texts
  api_key                 BLOB    NOT NULL, -- sealed
  workwx_secret           BLOB    NOT NULL, -- sealed
  key_version             INTEGER NOT NULL,
  packet_min              INTEGER NOT NULL,
  packet_max              INTEGER NOT NULL,
  packet_max_with_scene   INTEGER NOT NULL,
  user_packets_per_day    INTEGER NOT NULL,
  user_amount_per_day     INTEGER NOT NULL,
  merchant_amount_per_day INTEGER NOT NULL,
  queries_per_second      INTEGER NOT NULL,
  sends_per_minute        INTEGER NOT NULL,
  product_enabled         INTEGER NOT NULL,
  api_send_enabled        INTEGER NOT NULL,
  address_whitelist       TEXT    NOT NULL, -- JSON array of texts
  revoked_serials         TEXT    NOT NULL, -- JSON array of texts
  added_at                INTEGER NOT NULL,
  balance                 INTEGER NOT NULL CHECK (balance >= 0),
  version                 INTEGER NOT NULL  -- one more with every change but the balance's
);

CREATE TABLE records (
  mch_id                 TEXT    NOT NULL REFERENCES merchants (mch_id),
  mch_billno             TEXT    NOT NULL,
  reply                  BLOB,             -- early in the row: the hot path reads it alone
  version                INTEGER NOT NULL,
  entries                INTEGER NOT NULL, -- how many its history has
  status                 TEXT,
  status_at              INTEGER NOT NULL,
  told                   INTEGER NOT NULL, -- 0 nothing, 1 unclear, 2 clear, 3 failed
  due_at                 INTEGER,
  play                   TEXT    NOT NULL,
  wxappid                TEXT    NOT NULL,
  re_openid              TEXT    NOT NULL,
  total_amount           INTEGER NOT NULL,
  wishing                TEXT    NOT NULL,
  act_name               TEXT    NOT NULL,
  remark                 TEXT    NOT NULL,
  sender_name            TEXT,
  agentid                INTEGER,
  sender_header_media_id TEXT,
  scene_id               TEXT,
  sent_at                INTEGER NOT NULL,
  detail_id              TEXT,
  reason                 TEXT,
  openid                 TEXT,
  amount                 INTEGER,
  rcv_time               INTEGER,
  refund_amount          INTEGER,
  refund_time            INTEGER,
  PRIMARY KEY (mch_id, mch_billno)
);

CREATE INDEX records_due ON records (due_at, mch_id, mch_billno) WHERE due_at IS NOT NULL;
CREATE INDEX records_receiver ON records (mch_id, re_openid, total_amount);
CREATE INDEX records_status ON records (mch_id, status, mch_billno);

CREATE TABLE history (
  mch_id     TEXT    NOT NULL,
  mch_billno TEXT    NOT NULL,
  seq        INTEGER NOT NULL, -- 1, 2, 3 … within the packet
  at         INTEGER NOT NULL,
  source     TEXT    NOT NULL,
  event      TEXT    NOT NULL,
  raw        BLOB,
  PRIMARY KEY (mch_id, mch_billno, seq),
  FOREIGN KEY (mch_id, mch_billno) REFERENCES records (mch_id, mch_billno)
);

CREATE TABLE usage (
  mch_id  TEXT    NOT NULL REFERENCES merchants (mch_id),
  day     TEXT    NOT NULL,
  openid  TEXT    NOT NULL, -- empty: the merchant's total
  packets INTEGER NOT NULL,
  fen     INTEGER NOT NULL,
  PRIMARY KEY (mch_id, day, openid)
);

CREATE TABLE findings (
  mch_id        TEXT    NOT NULL REFERENCES merchants (mch_id),
  first_billno  TEXT    NOT NULL,
  second_billno TEXT    NOT NULL,
  at            INTEGER NOT NULL,
  re_openid     TEXT    NOT NULL,
  total_amount  INTEGER NOT NULL,
  told          TEXT    NOT NULL,
  PRIMARY KEY (mch_id, first_billno, second_billno)
);

CREATE TABLE settings (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

-- A known text sealed with the key file that belongs to this ledger.
CREATE TABLE seal_probe (
  name   TEXT NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL
);

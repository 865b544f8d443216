-- Every key, index and query leads with mch_id and nothing spans merchants, so that the same tables
-- distribute by merchant; the exceptions hold a few rows for the whole ledger: months, settings, seal_probe.
-- Times are milliseconds since 1970 (UTC), amounts fen, days `YYYY-MM-DD` at +08:00. Texts compare
-- bytewise (COLLATE "C"). U+0000, which a text cannot hold, is written as U+0001 U+0001, and U+0001
-- as U+0001 U+0002: the order stays.

CREATE TABLE merchants (
  mch_id                  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name                    TEXT    NOT NULL,
  appids                  TEXT    NOT NULL, -- JSON array of texts
  api_key                 BYTEA   NOT NULL, -- sealed
  workwx_secret           BYTEA   NOT NULL, -- sealed
  key_version             BIGINT  NOT NULL,
  packet_min              BIGINT  NOT NULL,
  packet_max              BIGINT  NOT NULL,
  packet_max_with_scene   BIGINT  NOT NULL,
  user_packets_per_day    BIGINT  NOT NULL,
  user_amount_per_day     BIGINT  NOT NULL,
  merchant_amount_per_day BIGINT  NOT NULL,
  queries_per_second      BIGINT  NOT NULL,
  sends_per_minute        BIGINT  NOT NULL,
  product_enabled         BOOLEAN NOT NULL,
  api_send_enabled        BOOLEAN NOT NULL,
  address_whitelist       TEXT    NOT NULL, -- JSON array of texts
  revoked_serials         TEXT    NOT NULL, -- JSON array of texts
  added_at                BIGINT  NOT NULL,
  balance                 BIGINT  NOT NULL CHECK (balance >= 0),
  version                 BIGINT  NOT NULL  -- one more with every change but the balance's
);

-- The end of each chain. Its row is also the lock on everything of a merchant in that book.
CREATE TABLE chains (
  mch_id   TEXT COLLATE "C" NOT NULL,
  book     TEXT COLLATE "C" NOT NULL,
  position BIGINT NOT NULL,
  hash     BYTEA  NOT NULL,
  PRIMARY KEY (mch_id, book)
);

CREATE TABLE records (
  mch_id                 TEXT COLLATE "C" NOT NULL,
  mch_billno             TEXT COLLATE "C" NOT NULL,
  version                BIGINT   NOT NULL,
  status                 TEXT COLLATE "C",
  status_at              BIGINT   NOT NULL,
  told                   SMALLINT NOT NULL, -- 0 nothing, 1 unclear, 2 clear, 3 failed
  due_at                 BIGINT,
  play                   TEXT     NOT NULL,
  wxappid                TEXT     NOT NULL,
  re_openid              TEXT COLLATE "C" NOT NULL,
  total_amount           BIGINT   NOT NULL,
  wishing                TEXT     NOT NULL,
  act_name               TEXT     NOT NULL,
  remark                 TEXT     NOT NULL,
  sender_name            TEXT,
  agentid                BIGINT,
  sender_header_media_id TEXT,
  scene_id               TEXT,
  sent_at                BIGINT   NOT NULL,
  detail_id              TEXT,
  reason                 TEXT,
  openid                 TEXT COLLATE "C",
  amount                 BIGINT,
  rcv_time               BIGINT,
  refund_amount          BIGINT,
  refund_time            BIGINT,
  leased_until           BIGINT,            -- NULL: nobody works on it
  leased_by              TEXT,
  reply                  BYTEA,
  PRIMARY KEY (mch_id, mch_billno)
);

CREATE INDEX records_due ON records (mch_id, due_at, mch_billno) WHERE due_at IS NOT NULL;
CREATE INDEX records_receiver ON records (mch_id, re_openid, total_amount);
CREATE INDEX records_received_by ON records (mch_id, openid) WHERE openid IS NOT NULL;
CREATE INDEX records_status ON records (mch_id, status, mch_billno);

-- By months of `at`, at +08:00. What no month was made for lies in the rest.
CREATE TABLE history (
  mch_id      TEXT COLLATE "C" NOT NULL,
  position    BIGINT NOT NULL,             -- 1, 2, 3 … of the merchant
  at          BIGINT NOT NULL,
  mch_billno  TEXT COLLATE "C" NOT NULL,
  source      TEXT   NOT NULL,
  event       TEXT   NOT NULL,
  mark        BYTEA  NOT NULL,             -- the first bytes of its hash
  state       BYTEA,                       -- the digest of what was known after its commit
  raw_removed BYTEA,                       -- the SHA-256 of a message that was removed
  raw         BYTEA,
  PRIMARY KEY (mch_id, position, at)
) PARTITION BY RANGE (at);

CREATE INDEX history_packet ON history (mch_id, mch_billno, position);
CREATE INDEX history_raw ON history (mch_id, at) WHERE raw IS NOT NULL;
CREATE TABLE history_rest PARTITION OF history DEFAULT;

CREATE TABLE usage (
  mch_id  TEXT COLLATE "C" NOT NULL,
  day     TEXT COLLATE "C" NOT NULL,
  openid  TEXT COLLATE "C" NOT NULL, -- empty: the merchant's total
  packets BIGINT NOT NULL,
  fen     BIGINT NOT NULL,
  PRIMARY KEY (mch_id, day, openid)
);

CREATE TABLE findings (
  mch_id        TEXT COLLATE "C" NOT NULL,
  first_billno  TEXT COLLATE "C" NOT NULL,
  second_billno TEXT COLLATE "C" NOT NULL,
  at            BIGINT NOT NULL,
  re_openid     TEXT COLLATE "C" NOT NULL,
  total_amount  BIGINT NOT NULL,
  told          TEXT   NOT NULL,
  PRIMARY KEY (mch_id, first_billno, second_billno)
);

-- What reports add up. `key` is a digest of the words after it, which may be longer than an index takes.
CREATE TABLE totals (
  mch_id   TEXT COLLATE "C" NOT NULL,
  book     TEXT COLLATE "C" NOT NULL,
  day      TEXT COLLATE "C" NOT NULL,
  key      BYTEA  NOT NULL,
  status   TEXT   NOT NULL,
  outcome  TEXT   NOT NULL,
  act_name TEXT   NOT NULL,
  sender   TEXT   NOT NULL,
  packets  BIGINT NOT NULL,                -- may be 0: then it is none
  ordered  BIGINT NOT NULL,
  received BIGINT NOT NULL,
  refunded BIGINT NOT NULL,
  PRIMARY KEY (mch_id, book, day, key)
);

-- The merchant's side. Its merchants are nowhere listed. What may be missing is NULL.
CREATE TABLE inquiries (
  mch_id                 TEXT COLLATE "C" NOT NULL,
  mch_billno             TEXT COLLATE "C" NOT NULL,
  version                BIGINT  NOT NULL,
  appid                  TEXT    NOT NULL,
  business_ref           TEXT COLLATE "C",
  noted_at               BIGINT  NOT NULL,
  sent_at                BIGINT,
  sends                  BIGINT  NOT NULL,
  asks                   BIGINT  NOT NULL,
  asked_at               BIGINT,
  answered_at            BIGINT,
  verdict                TEXT COLLATE "C" NOT NULL,
  cause                  TEXT,
  next_step              TEXT    NOT NULL,
  is_final               BOOLEAN NOT NULL,
  unknown_since          BIGINT,
  is_contradicted        BOOLEAN NOT NULL,
  due_at                 BIGINT,
  attention              TEXT,
  wxappid                TEXT,             -- from here what we ordered; NULL: we only ask
  re_openid              TEXT COLLATE "C",
  total_amount           BIGINT,
  wishing                TEXT,
  act_name               TEXT,
  remark                 TEXT,
  sender_name            TEXT,
  agentid                BIGINT,
  sender_header_media_id TEXT,
  scene_id               TEXT,
  status                 TEXT COLLATE "C", -- from here what we saw; NULL: nothing yet
  detail_id              TEXT,
  seen_total_amount      BIGINT,
  reason                 TEXT,
  seen_act_name          TEXT,
  seen_sender_name       TEXT,
  send_time              BIGINT,
  openid                 TEXT COLLATE "C",
  amount                 BIGINT,
  rcv_time               BIGINT,
  refund_amount          BIGINT,
  refund_time            BIGINT,
  leased_until           BIGINT,           -- NULL: nobody works on it
  leased_by              TEXT,
  reply                  BYTEA,
  send_reply             BYTEA,
  PRIMARY KEY (mch_id, mch_billno)
);

CREATE INDEX inquiries_due ON inquiries (mch_id, due_at, mch_billno) WHERE due_at IS NOT NULL;
CREATE INDEX inquiries_ref ON inquiries (mch_id, business_ref, mch_billno) WHERE business_ref IS NOT NULL;
CREATE INDEX inquiries_attention ON inquiries (mch_id, mch_billno) WHERE attention IS NOT NULL;
CREATE INDEX inquiries_verdict ON inquiries (mch_id, verdict, mch_billno);
CREATE INDEX inquiries_status ON inquiries (mch_id, status, mch_billno) WHERE status IS NOT NULL;
CREATE INDEX inquiries_ordered_for ON inquiries (mch_id, re_openid, mch_billno) WHERE re_openid IS NOT NULL;
CREATE INDEX inquiries_received_by ON inquiries (mch_id, openid, mch_billno) WHERE openid IS NOT NULL;

CREATE TABLE inquiry_history (
  mch_id      TEXT COLLATE "C" NOT NULL,
  position    BIGINT NOT NULL,
  at          BIGINT NOT NULL,
  mch_billno  TEXT COLLATE "C" NOT NULL,
  source      TEXT   NOT NULL,
  event       TEXT   NOT NULL,
  mark        BYTEA  NOT NULL,
  state       BYTEA,
  raw_removed BYTEA,
  raw         BYTEA,
  PRIMARY KEY (mch_id, position, at)
) PARTITION BY RANGE (at);

CREATE INDEX inquiry_history_packet ON inquiry_history (mch_id, mch_billno, position);
CREATE INDEX inquiry_history_raw ON inquiry_history (mch_id, at) WHERE raw IS NOT NULL;
CREATE TABLE inquiry_history_rest PARTITION OF inquiry_history DEFAULT;

-- Who holds how much of a merchant's pace; the holder `` is nobody: its row is the lock on the others.
CREATE TABLE paces (
  mch_id TEXT COLLATE "C" NOT NULL,
  pace   TEXT COLLATE "C" NOT NULL,
  holder TEXT COLLATE "C" NOT NULL,
  per_1000_seconds BIGINT NOT NULL,
  until  BIGINT NOT NULL,
  PRIMARY KEY (mch_id, pace, holder)
);

CREATE TABLE runs (
  mch_id   TEXT COLLATE "C" NOT NULL,
  run      TEXT COLLATE "C" NOT NULL,
  began_at BIGINT,                         -- NULL: ended, its rows are being forgotten
  PRIMARY KEY (mch_id, run)
);

CREATE TABLE run_rows (
  mch_id     TEXT COLLATE "C" NOT NULL,
  run        TEXT COLLATE "C" NOT NULL,
  mch_billno TEXT COLLATE "C" NOT NULL,
  line       BIGINT NOT NULL,              -- the first on which it was seen
  PRIMARY KEY (mch_id, run, mch_billno)
);

-- Every month that was ever made, such as `history_y2026m11`: which of them are attached no more can be told.
CREATE TABLE months (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE TABLE settings (
  name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

-- A known text sealed with the key file that belongs to this ledger.
CREATE TABLE seal_probe (
  name   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  sealed BYTEA NOT NULL
);

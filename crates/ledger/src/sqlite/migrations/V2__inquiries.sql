-- The merchant's side. Every key leads with mch_id, as in V1; its merchants are nowhere
-- listed, so nothing refers to `merchants`. What may be missing is NULL.

CREATE TABLE inquiries (
  mch_id                 TEXT    NOT NULL,
  mch_billno             TEXT    NOT NULL,
  version                INTEGER NOT NULL,
  entries                INTEGER NOT NULL, -- how many its history has
  appid                  TEXT    NOT NULL,
  business_ref           TEXT,
  noted_at               INTEGER NOT NULL,
  sent_at                INTEGER,
  sends                  INTEGER NOT NULL,
  asks                   INTEGER NOT NULL,
  asked_at               INTEGER,
  answered_at            INTEGER,
  verdict                TEXT    NOT NULL,
  cause                  TEXT,
  next_step              TEXT    NOT NULL,
  is_final               INTEGER NOT NULL,
  unknown_since          INTEGER,
  is_contradicted        INTEGER NOT NULL,
  due_at                 INTEGER,
  attention              TEXT,
  wxappid                TEXT,             -- from here what we ordered; NULL: we only ask
  re_openid              TEXT,
  total_amount           INTEGER,
  wishing                TEXT,
  act_name               TEXT,
  remark                 TEXT,
  sender_name            TEXT,
  agentid                INTEGER,
  sender_header_media_id TEXT,
  scene_id               TEXT,
  status                 TEXT,             -- from here what we saw; NULL: nothing yet
  detail_id              TEXT,
  seen_total_amount      INTEGER,
  reason                 TEXT,
  seen_act_name          TEXT,
  seen_sender_name       TEXT,
  send_time              INTEGER,
  openid                 TEXT,
  amount                 INTEGER,
  rcv_time               INTEGER,
  refund_amount          INTEGER,
  refund_time            INTEGER,
  reply                  BLOB,             -- last: lists pass over it
  send_reply             BLOB,
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
  mch_id     TEXT    NOT NULL,
  mch_billno TEXT    NOT NULL,
  seq        INTEGER NOT NULL, -- 1, 2, 3 … within the packet
  at         INTEGER NOT NULL,
  source     TEXT    NOT NULL,
  event      TEXT    NOT NULL,
  raw        BLOB,
  PRIMARY KEY (mch_id, mch_billno, seq),
  FOREIGN KEY (mch_id, mch_billno) REFERENCES inquiries (mch_id, mch_billno)
);

CREATE TABLE runs (
  mch_id   TEXT    NOT NULL,
  run      TEXT    NOT NULL,
  began_at INTEGER,          -- NULL: ended, its rows are being forgotten
  PRIMARY KEY (mch_id, run)
);

-- No reference to `runs`: a row is written in two microseconds, and forgotten with its run.
CREATE TABLE run_rows (
  mch_id     TEXT    NOT NULL,
  run        TEXT    NOT NULL,
  mch_billno TEXT    NOT NULL,
  line       INTEGER NOT NULL, -- the first on which it was seen
  PRIMARY KEY (mch_id, run, mch_billno)
);

-- A ledger as version 2 of the schema left it: two merchants and one that is not listed, packets on
-- both sides. Its key file held `marker-seal-key-of-version-1-abc`.
PRAGMA foreign_keys=OFF;
PRAGMA application_id=1752065890;
PRAGMA user_version=2;
BEGIN TRANSACTION;
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
INSERT INTO "history" VALUES('10000098','bare',1,1500561912001,'issuer','accepted',X'3C786D6C3EFF3C2F786D6C3E');
INSERT INTO "history" VALUES('10000098','bare',2,1500561912000,'issuer','told_unclear',NULL);
INSERT INTO "history" VALUES('10000098','full',1,1500561912000,'issuer','accepted',NULL);
INSERT INTO "history" VALUES('10000099','bare',1,1500561912000,'issuer','accepted',NULL);
INSERT INTO "history" VALUES('10000098','bare',3,1500561912000,'issuer','moved',NULL);
INSERT INTO "history" VALUES('10000098','bare',4,1500561912000,'issuer','told_clear',NULL);
INSERT INTO "history" VALUES('10000098','full',2,1500561912000,'issuer','moved',NULL);
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
INSERT INTO "inquiries" VALUES('nobody','bare',1,1,'wx8888888888888888',NULL,1500561912000,NULL,0,0,NULL,NULL,'no_answer',NULL,'ask_again',0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "inquiries" VALUES('10000098','full',2,2,'wx8888888888888888','工资/2017-07 '' 􏿿',1500561912000,1500561911999,4294967295,7,1500561912002,1500561912003,'open','refunding','ask_again_slower',1,1500561912004,1,1500561912008,'contradicted','wx8888888888888888','oxTWIuGaIt6gTKsQRLau2M0yL16E',9223372036854775807,'祝福语','活动','备注 🧧',NULL,7,'media','PRODUCT_8','SOMETHING_NEW','1000041701201609263000000000000',9223372036854775807,'余额不足','另一活动','李四',1500561912005,'oOther',0,1500561912006,9,1500561912007,X'3C786D6C3E00FF0D0A3C2F786D6C3E',X'73656E74');
INSERT INTO "inquiries" VALUES('10000098','ordered',1,1,'wx8888888888888888','ref',1500561912000,NULL,0,0,NULL,NULL,'no_answer',NULL,'ask_again',0,NULL,0,NULL,NULL,'wx8888888888888888','oxTWIuGaIt6gTKsQRLau2M0yL16E',9223372036854775807,'祝福语','活动','备注 🧧','张三 ',NULL,'media','PRODUCT_8',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO "inquiry_history" VALUES('nobody','bare',1,1500561912002,'issuer','noted',X'61736B6564');
INSERT INTO "inquiry_history" VALUES('10000098','full',1,1500561912000,'issuer','noted',NULL);
INSERT INTO "inquiry_history" VALUES('10000098','ordered',1,1500561912000,'issuer','noted',NULL);
INSERT INTO "inquiry_history" VALUES('10000098','full',2,1500561912000,'issuer','asked',NULL);
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
INSERT INTO "merchants" VALUES('10000098','测试 Ltd','["wx8888888888888888","ww1"]',X'0128FCCA6C21138F3D4032711E1E678711D1FB428AD3A886E000CB7A845192F25DF88E0E43FEA86FDBFDE38FCEC8FEE3C7520020FA4608BF319D4A1F53BC774255776945A42487826F',X'01A1834964921B696F579BF4C4A6803BB73B56115AB51DED638AEF5F6E624335D16420C9A793123F33180491C38F82BC624F139F2DEAF44EA7A5117EEFF2CBA57372C537EAC3E7E4AD',1,100,20000,500000,10,100000,100000000,1000,1800,1,0,'["10.0.0.0/8"]','["0a1b"]',1500561912000,999,1);
INSERT INTO "merchants" VALUES('10000099','测试 Ltd','["wx8888888888888888","ww1"]',X'015EA84BEEFADA4F01578E402A1871CF46D5EBF373A538CD5DA79BE40BE8CB090940422A2D66FE87F7D3955EF6789DA1C8126A5E0C3E3B013F5D3EB9F3A8AB35DF085528904298F233',X'01A9D16EAF4D65CBD49DFEB667652180D70F6A295556E1106C0A8E172813B7199670E1E80023D47D085FD9141652622382A92FAD61F3B8AE1FDCA09C3BE0FDB48801CD570A0D2B8AC0',1,100,20000,500000,10,100000,100000000,1000,1800,1,0,'["10.0.0.0/8"]','["0a1b"]',1500561912000,1000,1);
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
INSERT INTO "records" VALUES('10000098','bare',NULL,2,4,'SENT',1500561912000,0,NULL,'','wx8888888888888888','oxTWIuGaIt6gTKsQRLau2M0yL16E',100,'祝福语','活动','备注 🧧',NULL,NULL,NULL,NULL,1500561912000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "records" VALUES('10000098','full',NULL,2,2,'SOMETHING_NEW',1500561911999,3,1500561912007,'receive','wx8888888888888888','oxTWIuGaIt6gTKsQRLau2M0yL16E',9223372036854775807,'祝福语','活动','备注 🧧','张三 '' " ]]>',NULL,'media','PRODUCT_8',1500561912000,'1000041701201609263000000000000','余额不足','oOther',99,1500561912005,0,1500561912006);
INSERT INTO "records" VALUES('10000099','bare',NULL,1,1,NULL,1500561912000,0,NULL,'','wx8888888888888888','oxTWIuGaIt6gTKsQRLau2M0yL16E',100,'祝福语','活动','备注 🧧',NULL,NULL,NULL,NULL,1500561912000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));
INSERT INTO "refinery_schema_history" VALUES(1,'packets','2026-11-24T10:19:14.44278341Z','17998740772493515672');
INSERT INTO "refinery_schema_history" VALUES(2,'inquiries','2026-11-24T10:19:14.44279066Z','3730386516244522734');
CREATE TABLE run_rows (
  mch_id     TEXT    NOT NULL,
  run        TEXT    NOT NULL,
  mch_billno TEXT    NOT NULL,
  line       INTEGER NOT NULL, -- the first on which it was seen
  PRIMARY KEY (mch_id, run, mch_billno)
);
CREATE TABLE runs (
  mch_id   TEXT    NOT NULL,
  run      TEXT    NOT NULL,
  began_at INTEGER,          -- NULL: ended, its rows are being forgotten
  PRIMARY KEY (mch_id, run)
);
CREATE TABLE seal_probe (
  name   TEXT NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL
);
INSERT INTO "seal_probe" VALUES('probe',X'012586A190E5CF30A7353C8937DA3CC003812806D56CBDF46212F4D80654FC16BF46BF45A8A6D6BDA0DD7BB10BD30440');
CREATE TABLE settings (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);
INSERT INTO "settings" VALUES('clock','+1h');
CREATE TABLE usage (
  mch_id  TEXT    NOT NULL REFERENCES merchants (mch_id),
  day     TEXT    NOT NULL,
  openid  TEXT    NOT NULL, -- empty: the merchant's total
  packets INTEGER NOT NULL,
  fen     INTEGER NOT NULL,
  PRIMARY KEY (mch_id, day, openid)
);
INSERT INTO "usage" VALUES('10000098','2017-07-20','oxTWIuGaIt6gTKsQRLau2M0yL16E',1,1);
INSERT INTO "usage" VALUES('10000098','2017-07-20','',1,1);
CREATE INDEX records_due ON records (due_at, mch_id, mch_billno) WHERE due_at IS NOT NULL;
CREATE INDEX records_receiver ON records (mch_id, re_openid, total_amount);
CREATE INDEX records_status ON records (mch_id, status, mch_billno);
CREATE INDEX inquiries_due ON inquiries (mch_id, due_at, mch_billno) WHERE due_at IS NOT NULL;
CREATE INDEX inquiries_ref ON inquiries (mch_id, business_ref, mch_billno) WHERE business_ref IS NOT NULL;
CREATE INDEX inquiries_attention ON inquiries (mch_id, mch_billno) WHERE attention IS NOT NULL;
CREATE INDEX inquiries_verdict ON inquiries (mch_id, verdict, mch_billno);
CREATE INDEX inquiries_status ON inquiries (mch_id, status, mch_billno) WHERE status IS NOT NULL;
CREATE INDEX inquiries_ordered_for ON inquiries (mch_id, re_openid, mch_billno) WHERE re_openid IS NOT NULL;
CREATE INDEX inquiries_received_by ON inquiries (mch_id, openid, mch_billno) WHERE openid IS NOT NULL;
COMMIT;

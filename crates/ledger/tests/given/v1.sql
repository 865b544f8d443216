-- A ledger as version 1 of the schema left it: one merchant, two packets. Its key file held
-- `marker-seal-key-of-version-1-abc`.
PRAGMA foreign_keys=OFF;
PRAGMA application_id=1752065890;
PRAGMA user_version=1;
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
INSERT INTO "history" VALUES('10000098','full',1,1500561912000,'issuer','accepted',NULL);
INSERT INTO "history" VALUES('10000098','full',2,1500561912000,'issuer','moved',NULL);
INSERT INTO "history" VALUES('10000098','bare',1,1500561912000,'issuer','accepted',NULL);
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
INSERT INTO "merchants" VALUES('10000098','测试 Ltd','["wx8888888888888888","ww1"]',X'01FF9B88AC3205B3012A15C3C9CC2389C88471376CA2D5C2A52DA09B1E1EB4A1FCE78E3BFD87CF827C61B311E26C5D2DB7D38F1D07C40BE00023746EBE34B7895375DBEB57305F91C2',X'01F48AC4E9DBF178AEE80E972EFBB90085A8617F74FAA1EB37E54E2890D345A9514164DCDF141C98604700387EE358667A8F62D4C75FD04299FB10EF573AAB943057F20F475D238723',1,100,20000,500000,10,100000,100000000,1000,1800,1,0,'["10.0.0.0/8"]','["0a1b"]',1500561912000,999,1);
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
INSERT INTO "records" VALUES('10000098','full',NULL,2,2,'SOMETHING_NEW',1500561911999,3,1500561912007,'receive','wx8888888888888888','oxTWIuGaIt6gTKsQRLau2M0yL16E',9223372036854775807,'祝福语','活动','备注 🧧','张三 '' " ]]>',NULL,'media','PRODUCT_8',1500561912000,'1000041701201609263000000000000','余额不足','oOther',99,1500561912005,0,1500561912006);
INSERT INTO "records" VALUES('10000098','bare',NULL,1,1,NULL,1500561912000,0,NULL,'','wx8888888888888888','oxTWIuGaIt6gTKsQRLau2M0yL16E',100,'祝福语','活动','备注 🧧',NULL,NULL,NULL,NULL,1500561912000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));
INSERT INTO "refinery_schema_history" VALUES(1,'packets','2026-11-24T05:42:58.183360216Z','17998740772493515672');
CREATE TABLE seal_probe (
  name   TEXT NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL
);
INSERT INTO "seal_probe" VALUES('probe',X'01582CE7BC4FB0C6C5A6A6A9587614865E5CE15D2393131F18D9A4770BB3D41381A00FA3F9E9236D9E8D65CB2861BCE2');
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
COMMIT;

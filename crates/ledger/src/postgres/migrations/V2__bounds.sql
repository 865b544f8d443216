-- An index over texts of others takes their first 64 characters: an entry of it has room for 2,700 bytes, and
-- a text that is longer must not keep a packet out of the ledger.

DROP INDEX records_receiver;
DROP INDEX records_received_by;
DROP INDEX records_status;
DROP INDEX inquiries_ref;
DROP INDEX inquiries_status;
DROP INDEX inquiries_ordered_for;
DROP INDEX inquiries_received_by;

CREATE INDEX records_receiver ON records (mch_id, left(re_openid, 64), total_amount);
CREATE INDEX records_received_by ON records (mch_id, left(openid, 64)) WHERE openid IS NOT NULL;
CREATE INDEX records_status ON records (mch_id, left(status, 64), mch_billno);
CREATE INDEX inquiries_ref ON inquiries (mch_id, left(business_ref, 64), mch_billno)
  WHERE business_ref IS NOT NULL;
CREATE INDEX inquiries_status ON inquiries (mch_id, left(status, 64), mch_billno)
  WHERE status IS NOT NULL;
CREATE INDEX inquiries_ordered_for ON inquiries (mch_id, left(re_openid, 64), mch_billno)
  WHERE re_openid IS NOT NULL;
CREATE INDEX inquiries_received_by ON inquiries (mch_id, left(openid, 64), mch_billno)
  WHERE openid IS NOT NULL;

-- What the months hold that were detached: of each merchant the positions from `first` to `last` without a gap.
CREATE TABLE detached (
  mch_id TEXT COLLATE "C" NOT NULL,
  month  TEXT COLLATE "C" NOT NULL,
  first  BIGINT NOT NULL,
  last   BIGINT NOT NULL,
  PRIMARY KEY (mch_id, month, first)
);

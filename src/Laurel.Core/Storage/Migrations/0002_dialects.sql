-- What the dialects beside Roblox's need: actions, points, icons, keys that sign. Notation: see 0001_ledger.sql.

--@ reference
CREATE TABLE action_types (
  name TEXT NOT NULL,
  description TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT action_types_pk PRIMARY KEY (name)
);

-- What users did, by the action's own id, which makes recording it twice harmless.
--@ distributed by id
CREATE TABLE actions (
  id BIGINT NOT NULL,
  type TEXT NOT NULL,
  user_id BIGINT NOT NULL,
  subject TEXT,
  occurred_at BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  properties TEXT,
  CONSTRAINT actions_pk PRIMARY KEY (id)
);

-- A user's points, and how many entries their account has. Never negative.
--@ clustered, distributed by user_id, with users
CREATE TABLE point_accounts (
  user_id BIGINT NOT NULL,
  balance BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  CONSTRAINT point_accounts_pk PRIMARY KEY (user_id),
  CONSTRAINT point_accounts_balance CHECK (balance >= 0)
);

-- Append-only: the balance is the sum of the deltas. number counts from 1 for each user; award_id where a claim was paid.
--@ clustered, distributed by user_id, with users
CREATE TABLE point_entries (
  user_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  delta BIGINT NOT NULL,
  balance BIGINT NOT NULL,
  reason TEXT,
  award_id BIGINT,
  created_by BIGINT,
  created_at BIGINT NOT NULL,
  CONSTRAINT point_entries_pk PRIMARY KEY (user_id, number)
);

-- Uploaded images by the SHA-256 of their bytes, in lower-case hex. A badge names its own in icon_hash.
--@ reference
CREATE TABLE icons (
  hash TEXT NOT NULL,
  media_type TEXT NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  bytes BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT icons_pk PRIMARY KEY (hash)
);
-- Whether anybody still uses an icon.
CREATE INDEX badges_by_icon ON badges (icon_hash) WHERE icon_hash IS NOT NULL;

-- What access tokens are signed with; the newest signs, those not retired verify.
--@ reference
CREATE TABLE signing_keys (
  id TEXT NOT NULL,
  secret TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  retired_at BIGINT,
  CONSTRAINT signing_keys_pk PRIMARY KEY (id)
);

-- Of a session: the one refresh token that is good now, by its id.
ALTER TABLE credentials ADD COLUMN refresh TEXT;
-- Sessions expire by themselves, and are then dropped.
CREATE INDEX credentials_by_expiry ON credentials (expires_at) WHERE kind = 2;

-- What is asked of an issuer's badges without reading them all: those whose awards repeated_awards does not count, and those that
-- its use as a collection made.
CREATE INDEX badges_once ON badges (issuer_id, id) WHERE recurrence = 0;
CREATE INDEX badges_made_by_use ON badges (issuer_id) WHERE created_by = 'perfumer';

-- Issuers whose awards disappear.
CREATE INDEX issuers_with_lifetime ON issuers (id) WHERE lifetime_days IS NOT NULL;

-- Ids of actions.
INSERT INTO counters (kind, next) VALUES (7, 1099511627776);

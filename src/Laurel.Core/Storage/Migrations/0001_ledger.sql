-- The first schema: catalogue, directories, ledger, statistics, logs.
--
-- One text for both engines. The migrator reads the `--@` line above a table:
--   clustered           SQLite: WITHOUT ROWID (rows live in their primary key)
--   distributed by C    grows with users: C is in every unique key (PostgreSQL may partition by it, Citus distributes by it)
--   with T              lies where T's rows of the same C lie; otherwise on its own (Citus: co-located)
--   reference           small, read everywhere (Citus: a reference table)
-- Every table is either distributed or a reference: none is on one machine of a cluster alone.
-- and translates the types: BIGINT, SMALLINT, BYTEA as they are on PostgreSQL; INTEGER and BLOB in STRICT tables on SQLite;
-- TEXT compares by code point on both.
-- Times are microseconds since 1970 UTC. Booleans are 0 and 1.

--@ reference
CREATE TABLE settings (
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  CONSTRAINT settings_pk PRIMARY KEY (name)
);

-- Counters that only a row lock may move: id blocks by kind, and the revision of the change log. Few rows, and spread all the same:
-- Citus would lock a reference table whole for each of them.
--@ distributed by kind
CREATE TABLE counters (
  kind SMALLINT NOT NULL,
  next BIGINT NOT NULL,
  CONSTRAINT counters_pk PRIMARY KEY (kind)
);

-- Slots leased by running processes. A slot is reused; its tally rows stay.
-- The numbers of the slot's outbox rows up to which every award and visit is in its own table (flushed, on SQLite alone), and the tallies
-- count (tallied; on PostgreSQL only where buffers is 1). buffers: 1 while some may not be.
--@ reference
CREATE TABLE nodes (
  slot SMALLINT NOT NULL,
  owner TEXT NOT NULL,
  leased_until BIGINT NOT NULL,
  buffers SMALLINT NOT NULL,
  flushed BIGINT NOT NULL,
  tallied BIGINT NOT NULL,
  CONSTRAINT nodes_pk PRIMARY KEY (slot)
);

-- What changed in the catalogue, in commit order; other processes evict by it.
--@ reference
CREATE TABLE changes (
  revision BIGINT NOT NULL,
  kind SMALLINT NOT NULL,
  id BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  CONSTRAINT changes_pk PRIMARY KEY (revision)
);

--@ reference
CREATE TABLE issuers (
  id BIGINT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  root_place_id BIGINT NOT NULL,
  time_zone TEXT NOT NULL,
  creator_type SMALLINT NOT NULL,
  creator_id BIGINT NOT NULL,
  creator_name TEXT,
  managers TEXT NOT NULL,
  lifetime_days BIGINT,
  origin SMALLINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT issuers_pk PRIMARY KEY (id),
  CONSTRAINT issuers_key UNIQUE (key)
);

--@ reference
CREATE TABLE places (
  id BIGINT NOT NULL,
  issuer_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT places_pk PRIMARY KEY (id)
);

-- awarded: 1 from the first award on; recurrence, anchor and the issuer's zone are then frozen.
-- recurrence_version moves with each change of what an occasion is computed from.
--@ reference
CREATE TABLE badges (
  id BIGINT NOT NULL,
  issuer_id BIGINT NOT NULL,
  key TEXT,
  enabled SMALLINT NOT NULL,
  creator_type SMALLINT NOT NULL,
  creator_id BIGINT NOT NULL,
  source_locale TEXT NOT NULL,
  recurrence SMALLINT NOT NULL,
  period_every BIGINT NOT NULL,
  period_unit SMALLINT NOT NULL,
  period_anchor TEXT,
  recurrence_version BIGINT NOT NULL,
  awarded SMALLINT NOT NULL,
  target BIGINT,
  recognises TEXT NOT NULL,
  icon_image_id BIGINT NOT NULL,
  icon_hash TEXT,
  award_asset_ids TEXT NOT NULL,
  rarity SMALLINT NOT NULL,
  level SMALLINT NOT NULL,
  cost BIGINT NOT NULL,
  claimable SMALLINT NOT NULL,
  hidden_until_claimed SMALLINT NOT NULL,
  uid TEXT NOT NULL,
  is_active SMALLINT NOT NULL,
  created_by TEXT,
  updated_by TEXT,
  deleted_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CONSTRAINT badges_pk PRIMARY KEY (id),
  CONSTRAINT badges_key UNIQUE (issuer_id, key)
);
CREATE INDEX badges_by_creation ON badges (issuer_id, created_at, id);

--@ clustered, reference
CREATE TABLE badge_texts (
  badge_id BIGINT NOT NULL,
  locale TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  lines TEXT,
  icon_image_id BIGINT NOT NULL,
  CONSTRAINT badge_texts_pk PRIMARY KEY (badge_id, locale)
);

--@ distributed by id
CREATE TABLE users (
  id BIGINT NOT NULL,
  key TEXT,
  username TEXT,
  full_name TEXT,
  email TEXT,
  time_zone TEXT,
  locale TEXT,
  permissions TEXT,
  is_verified SMALLINT NOT NULL,
  followers_count BIGINT NOT NULL,
  profile TEXT,
  password_hash TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT users_pk PRIMARY KEY (id)
);

-- Directory: a user by key (kind 1) or by login name (kind 2). A key equal to the user's own id in digits has no row.
--@ clustered, distributed by name
CREATE TABLE user_names (
  name TEXT NOT NULL,
  kind SMALLINT NOT NULL,
  user_id BIGINT NOT NULL,
  CONSTRAINT user_names_pk PRIMARY KEY (name, kind)
);

-- Directory: a credential by the hash of its secret. scopes is null where the key may do what its user may.
--@ distributed by hash
CREATE TABLE credentials (
  hash TEXT NOT NULL,
  id BIGINT NOT NULL,
  user_id BIGINT,
  kind SMALLINT NOT NULL,
  prefix TEXT NOT NULL,
  scopes TEXT,
  is_admin SMALLINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  CONSTRAINT credentials_pk PRIMARY KEY (hash)
);
CREATE INDEX credentials_by_id ON credentials (id);
CREATE INDEX credentials_by_user ON credentials (user_id, id);

-- First answers of requests that carried an Idempotency-Key; status 0 while the first one runs.
--@ distributed by hash
CREATE TABLE idempotency_keys (
  hash TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  status SMALLINT NOT NULL,
  content_type TEXT,
  body BYTEA,
  created_at BIGINT NOT NULL,
  CONSTRAINT idempotency_keys_pk PRIMARY KEY (hash)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);

-- The ledger. (user, badge, occasion) is what makes an award one award. subject is null where the occasion holds it.
-- listed: 1 where the index by time holds the award; see listed_users.
--@ clustered, distributed by user_id, with users
CREATE TABLE awards (
  user_id BIGINT NOT NULL,
  badge_id BIGINT NOT NULL,
  occasion TEXT NOT NULL,
  id BIGINT NOT NULL,
  awarded_at BIGINT NOT NULL,
  source SMALLINT NOT NULL,
  subject TEXT,
  listed SMALLINT NOT NULL,
  CONSTRAINT awards_pk PRIMARY KEY (user_id, badge_id, occasion)
);
-- Lists by time. Two halves, so that a list of badges never walks over the million awards of one repeatable badge:
-- every row that is listed is in exactly one of them.
CREATE INDEX awards_once_by_time ON awards (user_id, awarded_at, id) WHERE occasion = '' AND listed = 1;
CREATE INDEX awards_again_by_time ON awards (user_id, awarded_at, id) WHERE occasion <> '' AND listed = 1;

-- SQLite: whose awards the indexes by time hold. The others have so few that to read and sort them all costs less than an index
-- costs every award. (PostgreSQL lists everybody, and this stays empty.)
--@ clustered, distributed by user_id, with users
CREATE TABLE listed_users (
  user_id BIGINT NOT NULL,
  CONSTRAINT listed_users_pk PRIMARY KEY (user_id)
);

-- Per user and badge: the standing awards whose occasion is not empty, and the earliest of them.
--@ clustered, distributed by user_id, with users
CREATE TABLE repeated_awards (
  user_id BIGINT NOT NULL,
  issuer_id BIGINT NOT NULL,
  badge_id BIGINT NOT NULL,
  standing BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  first_id BIGINT NOT NULL,
  CONSTRAINT repeated_awards_pk PRIMARY KEY (user_id, issuer_id, badge_id)
);

-- What few awards have: the action they came from, a payload.
--@ clustered, distributed by user_id, with users
CREATE TABLE award_details (
  user_id BIGINT NOT NULL,
  award_id BIGINT NOT NULL,
  action_id BIGINT,
  payload TEXT,
  CONSTRAINT award_details_pk PRIMARY KEY (user_id, award_id)
);

-- Claimed, worn and audit state of rewards, beside the ledger.
--@ clustered, distributed by user_id, with users
CREATE TABLE award_claims (
  user_id BIGINT NOT NULL,
  award_id BIGINT NOT NULL,
  uid TEXT NOT NULL,
  is_claimed SMALLINT NOT NULL,
  claimed_at BIGINT,
  is_worn SMALLINT NOT NULL,
  is_active SMALLINT NOT NULL,
  created_by TEXT,
  updated_by TEXT,
  deleted_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CONSTRAINT award_claims_pk PRIMARY KEY (user_id, award_id)
);

-- Removed awards. kind 1 reset, 2 revoke; lifted: a manual award has set the revocation aside.
--@ clustered, distributed by user_id, with users
CREATE TABLE award_history (
  user_id BIGINT NOT NULL,
  badge_id BIGINT NOT NULL,
  occasion TEXT NOT NULL,
  award_id BIGINT NOT NULL,
  removed_at BIGINT NOT NULL,
  awarded_at BIGINT NOT NULL,
  source SMALLINT NOT NULL,
  subject TEXT,
  kind SMALLINT NOT NULL,
  lifted SMALLINT NOT NULL,
  removed_by BIGINT,
  reason TEXT,
  CONSTRAINT award_history_pk PRIMARY KEY (user_id, badge_id, occasion, award_id, removed_at)
);

-- Exact counts of awards. span 0: in total (start 0); 1: per UTC day; 2: per five minutes, kept 48 hours.
-- start first: the rows a batch writes lie on few pages however many badges there are.
-- Tallies lie where their node's outbox does: on a cluster too, who sees a batch's row there sees all that it counted, or neither.
--@ clustered, distributed by node
CREATE TABLE badge_tallies (
  span SMALLINT NOT NULL,
  start BIGINT NOT NULL,
  badge_id BIGINT NOT NULL,
  node SMALLINT NOT NULL,
  awarded BIGINT NOT NULL,
  CONSTRAINT badge_tallies_pk PRIMARY KEY (span, start, badge_id, node)
);

-- The five minutes in which a user was last seen at an issuer, and the one before it as of the last move.
--@ clustered, distributed by user_id, with users
CREATE TABLE visitors (
  user_id BIGINT NOT NULL,
  issuer_id BIGINT NOT NULL,
  bucket BIGINT NOT NULL,
  previous BIGINT,
  CONSTRAINT visitors_pk PRIMARY KEY (user_id, issuer_id)
);

-- How many users were last seen in each five minutes: the past day's distinct visitors are a sum of 288 of these.
--@ clustered, distributed by node, with badge_tallies
CREATE TABLE visitor_tallies (
  bucket BIGINT NOT NULL,
  issuer_id BIGINT NOT NULL,
  node SMALLINT NOT NULL,
  visitors BIGINT NOT NULL,
  CONSTRAINT visitor_tallies_pk PRIMARY KEY (bucket, issuer_id, node)
);

-- What each committed batch did, packed (see Outbox.cs): other processes' statistics and, later, subscribers read it.
--@ clustered, distributed by node, with badge_tallies
CREATE TABLE outbox (
  node SMALLINT NOT NULL,
  sequence BIGINT NOT NULL,
  committed_at BIGINT NOT NULL,
  events BYTEA NOT NULL,
  CONSTRAINT outbox_pk PRIMARY KEY (node, sequence)
);

-- 0: the change log's revision. Then the next id of each kind; see IdRange for where the ranges lie.
INSERT INTO counters (kind, next) VALUES (0, 1);
INSERT INTO counters (kind, next) VALUES (1, 4503599627370496);
INSERT INTO counters (kind, next) VALUES (2, 4503599627370496);
INSERT INTO counters (kind, next) VALUES (3, 4503599627370496);
INSERT INTO counters (kind, next) VALUES (4, 1099511627776);
INSERT INTO counters (kind, next) VALUES (5, 1099511627776);
INSERT INTO counters (kind, next) VALUES (6, 1099511627776);

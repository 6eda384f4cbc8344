-- Rules: actions by user and time, rules and what they remember. Notation: see 0001_ledger.sql.

-- Directory: an action by its own id, which makes recording it twice harmless.
--@ clustered, distributed by id
CREATE TABLE action_ids (
  id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  occurred_at BIGINT NOT NULL,
  CONSTRAINT action_ids_pk PRIMARY KEY (id)
);

-- What users did, under everybody it concerns: who did it (role 1), whose subject it was about (2), or both (3).
-- period is the thirty days that hold occurred_at: what is older than the retention goes period by period.
-- counted: 0 where it came later than the lateness allows, so that only a backfill looks at it.
--@ clustered, distributed by user_id, with users
CREATE TABLE user_actions (
  period BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  occurred_at BIGINT NOT NULL,
  id BIGINT NOT NULL,
  role SMALLINT NOT NULL,
  actor_id BIGINT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT,
  properties TEXT,
  recorded_at BIGINT NOT NULL,
  counted SMALLINT NOT NULL,
  CONSTRAINT user_actions_pk PRIMARY KEY (period, user_id, occurred_at, id)
);

INSERT INTO action_ids (id, user_id, occurred_at) SELECT id, user_id, occurred_at FROM actions;
INSERT INTO user_actions (period, user_id, occurred_at, id, role, actor_id, type, subject, properties, recorded_at, counted)
SELECT occurred_at / 2592000000000, user_id, occurred_at, id, 1, user_id, type, subject, properties, recorded_at, 0 FROM actions;
DROP TABLE actions;

-- generation: how often counting has begun anew. counts_from: earlier actions do not count. first_revision: the first whose awards
-- rest on what is counted now.
--@ reference
CREATE TABLE rules (
  id BIGINT NOT NULL,
  key TEXT NOT NULL,
  revision BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  counts_from BIGINT NOT NULL,
  first_revision BIGINT NOT NULL,
  definition TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT rules_pk PRIMARY KEY (id),
  CONSTRAINT rules_key UNIQUE (key)
);

-- Every revision a rule has had: awards name theirs.
--@ clustered, reference
CREATE TABLE rule_revisions (
  rule_id BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  definition TEXT NOT NULL,
  created_by BIGINT,
  created_at BIGINT NOT NULL,
  CONSTRAINT rule_revisions_pk PRIMARY KEY (rule_id, revision)
);

-- How far each user has come in each rule, packed (see UserRule.cs). version grows with each change: of two, the larger is newer.
--@ clustered, distributed by user_id, with users
CREATE TABLE user_rules (
  user_id BIGINT NOT NULL,
  rule_id BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  version BIGINT NOT NULL,
  state BYTEA NOT NULL,
  CONSTRAINT user_rules_pk PRIMARY KEY (user_id, rule_id)
);

-- Seats taken under rules that award a limited number of users.
--@ reference
CREATE TABLE rule_seats (
  rule_id BIGINT NOT NULL,
  taken BIGINT NOT NULL,
  CONSTRAINT rule_seats_pk PRIMARY KEY (rule_id)
);

-- What became of each rule, by node: awards it made, when it made the newest, and matching actions that came
-- too late to count.
--@ clustered, distributed by node, with badge_tallies
CREATE TABLE rule_watch (
  rule_id BIGINT NOT NULL,
  node SMALLINT NOT NULL,
  awarded BIGINT NOT NULL,
  last_awarded_at BIGINT NOT NULL,
  late BIGINT NOT NULL,
  CONSTRAINT rule_watch_pk PRIMARY KEY (rule_id, node)
);

-- Rules applied to the past, user by user; kind 2 takes another one back. Users up to and with cursor are done.
-- previous_from, previous_revision: from when, and with which revision, the rule counted before. state 1 runs, 2 done, 3 stopped.
--@ reference
CREATE TABLE rule_backfills (
  id BIGINT NOT NULL,
  rule_id BIGINT NOT NULL,
  kind SMALLINT NOT NULL,
  takes_back BIGINT,
  generation BIGINT NOT NULL,
  counts_from BIGINT NOT NULL,
  previous_from BIGINT NOT NULL,
  previous_revision BIGINT NOT NULL,
  state SMALLINT NOT NULL,
  cursor BIGINT NOT NULL,
  users BIGINT NOT NULL,
  actions BIGINT NOT NULL,
  awarded BIGINT NOT NULL,
  taken_back BIGINT NOT NULL,
  created_by BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT rule_backfills_pk PRIMARY KEY (id)
);
CREATE INDEX rule_backfills_by_rule ON rule_backfills (rule_id, id);
CREATE INDEX rule_backfills_running ON rule_backfills (id) WHERE state = 1;

-- The zones of users who have changed theirs, each from when it was theirs; text is empty for none.
--@ clustered, distributed by user_id, with users
CREATE TABLE user_zones (
  user_id BIGINT NOT NULL,
  since BIGINT NOT NULL,
  zone TEXT NOT NULL,
  CONSTRAINT user_zones_pk PRIMARY KEY (user_id, since)
);

-- SQLite: rows that are committed and not in their tables yet, packed (see DeferredRows.cs), by the outbox row of their batch. They go
-- when they are there: see nodes.flushed.
--@ clustered, reference
CREATE TABLE deferred_rows (
  node SMALLINT NOT NULL,
  sequence BIGINT NOT NULL,
  rows BYTEA NOT NULL,
  CONSTRAINT deferred_rows_pk PRIMARY KEY (node, sequence)
);

-- The rule that made an award, its revision, and the backfill in which it did.
ALTER TABLE award_details ADD COLUMN rule_id BIGINT;
ALTER TABLE award_details ADD COLUMN rule_revision BIGINT;
ALTER TABLE award_details ADD COLUMN backfill_id BIGINT;

-- Ids of rules.
INSERT INTO counters (kind, next) VALUES (8, 4503599627370496);
-- Ids of backfills.
INSERT INTO counters (kind, next) VALUES (9, 4503599627370496);
-- Moves with every change of a rule: who evaluates them reads it first.
INSERT INTO counters (kind, next) VALUES (100, 1);

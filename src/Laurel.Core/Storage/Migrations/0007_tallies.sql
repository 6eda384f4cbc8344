-- Tallies that may fall behind on PostgreSQL too. Notation: see 0001_ledger.sql.

-- 1: whoever holds the slot counts what the outbox tells beyond any slot's tallies (nodes.tallied, where nodes.buffers is 1). As long as a
-- slot is held by an earlier version, which does not, nobody lets tallies fall behind.
ALTER TABLE nodes ADD COLUMN counts_outbox SMALLINT NOT NULL DEFAULT 0;

-- The live stream: which number each committed row of the outbox has in it. Notation: see 0001_ledger.sql.

-- Runs of outbox rows: of the node, row sequence + i has the number number + i. They go when the stream can no longer be resumed there.
--@ clustered, reference
CREATE TABLE stream_runs (
  number BIGINT NOT NULL,
  node SMALLINT NOT NULL,
  sequence BIGINT NOT NULL,
  rows BIGINT NOT NULL,
  numbered_at BIGINT NOT NULL,
  CONSTRAINT stream_runs_pk PRIMARY KEY (number)
);

-- How far numbering is: by node, the first outbox row without a number; under node 0 the next number. Whoever numbers moves that first.
--@ clustered, distributed by node, with badge_tallies
CREATE TABLE stream_heads (
  node SMALLINT NOT NULL,
  next BIGINT NOT NULL,
  CONSTRAINT stream_heads_pk PRIMARY KEY (node)
);

-- The stream begins with what is committed from now on.
INSERT INTO stream_heads (node, next) SELECT node, max(sequence) + 1 FROM outbox GROUP BY node;

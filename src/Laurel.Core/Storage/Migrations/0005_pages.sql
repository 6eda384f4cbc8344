-- What pages need. Notation: see 0001_ledger.sql.

-- Who sees what a user has won: null (0) nobody, 1 whoever has the address, 2 everybody. What an earlier version stores is private.
ALTER TABLE users ADD COLUMN privacy SMALLINT;

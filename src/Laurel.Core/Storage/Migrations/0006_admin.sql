-- What the administration's pages need. Notation: see 0001_ledger.sql.

-- Of a browser's session that a key began: the key's hash. The session ends with the key.
ALTER TABLE credentials ADD COLUMN parent TEXT;

-- The keys that protect forms (ASP.NET Core's key ring), each as the XML it is written in.
--@ clustered, reference
CREATE TABLE form_keys (
  name TEXT NOT NULL,
  xml TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT form_keys_pk PRIMARY KEY (name)
);

CREATE INDEX places_by_issuer ON places (issuer_id, id);

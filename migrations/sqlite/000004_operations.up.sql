-- What people do with anomalies: follow them live, change their status, and who may.

-- The order in which rows came or changed. There is one writer at a time, so a number is never given out before a smaller one is
-- committed. The counter has a row of its own: numbers of deleted rows are not given out again.
CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL);
ALTER TABLE anomalies ADD COLUMN change_seq INTEGER NOT NULL DEFAULT 0;
UPDATE anomalies SET change_seq = n FROM (SELECT id AS i, row_number() OVER (ORDER BY created_at, id) AS n FROM anomalies) WHERE id = i;
INSERT INTO counters (name, value) SELECT 'anomaly_changes', count(*) FROM anomalies;
CREATE INDEX anomalies_by_change ON anomalies (change_seq);

-- Every mutation by a person or by the system itself. before and after are JSON as text: the hash is over these very bytes.
CREATE TABLE audit_log (
    seq      INTEGER NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL,
    actor    TEXT    NOT NULL,
    role     TEXT    NOT NULL,
    address  TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    target   TEXT    NOT NULL,
    note     TEXT    NOT NULL,
    before   TEXT    NOT NULL,
    after    TEXT    NOT NULL,
    previous TEXT    NOT NULL, -- hash of the row before
    hash     TEXT    NOT NULL
);
CREATE INDEX audit_log_by_target ON audit_log (target, seq);
CREATE INDEX audit_log_by_actor  ON audit_log (actor, seq);
CREATE INDEX audit_log_by_action ON audit_log (action, seq);
CREATE INDEX audit_log_by_time   ON audit_log (at);

-- Where the log ends: without it the last rows could go and nobody would see.
CREATE TABLE audit_head (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash TEXT    NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

-- Of a key's secret there is only the SHA-256.
CREATE TABLE api_keys (
    id           TEXT    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    role         TEXT    NOT NULL CHECK (role IN ('reader', 'writer', 'admin')),
    secret_hash  BLOB    NOT NULL CHECK (length(secret_hash) = 32),
    created_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER
);

-- What people do with anomalies: follow them live, change their status, and who may.

-- The order in which rows came or changed. Numbers of a sequence are given out before their transactions commit, so a reader that
-- went by them alone would pass over one that commits late. With the transaction's id in front, everything below the oldest
-- transaction still running is settled.
CREATE SEQUENCE anomaly_changes;
ALTER TABLE anomalies ADD COLUMN change_tx  xid8   NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE anomalies ADD COLUMN change_seq bigint NOT NULL DEFAULT nextval('anomaly_changes');
ALTER SEQUENCE anomaly_changes OWNED BY anomalies.change_seq;
CREATE INDEX anomalies_by_change ON anomalies (change_tx, change_seq);

-- Every mutation by a person or by the system itself. before and after are JSON as text: the hash is over these very bytes.
CREATE TABLE audit_log (
    seq      bigint           NOT NULL PRIMARY KEY,
    at       timestamptz      NOT NULL,
    actor    text COLLATE "C" NOT NULL,
    role     text             NOT NULL,
    address  text             NOT NULL,
    action   text COLLATE "C" NOT NULL,
    target   text COLLATE "C" NOT NULL,
    note     text             NOT NULL,
    before   text             NOT NULL,
    after    text             NOT NULL,
    previous text             NOT NULL, -- hash of the row before
    hash     text             NOT NULL
);
CREATE INDEX audit_log_by_target ON audit_log (target, seq);
CREATE INDEX audit_log_by_actor  ON audit_log (actor, seq);
CREATE INDEX audit_log_by_action ON audit_log (action, seq);
CREATE INDEX audit_log_by_time   ON audit_log (at);

-- Where the log ends: without it the last rows could go and nobody would see. Its one row is also what writers of the log wait for.
CREATE TABLE audit_head (
    one  boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    seq  bigint  NOT NULL,
    hash text    NOT NULL
);
INSERT INTO audit_head (seq, hash) VALUES (0, '');

CREATE FUNCTION driftlock_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END
$$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION driftlock_append_only();

-- Of a key's secret there is only the SHA-256.
CREATE TABLE api_keys (
    id           text COLLATE "C" NOT NULL PRIMARY KEY,
    name         text             NOT NULL,
    role         text             NOT NULL CHECK (role IN ('reader', 'writer', 'admin')),
    secret_hash  bytea            NOT NULL CHECK (length(secret_hash) = 32),
    created_at   timestamptz      NOT NULL,
    created_by   text             NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

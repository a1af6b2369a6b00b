-- One row per anomaly. Why so:
-- id is text, as everywhere else people meet it: a UUID, unique, which is what makes inserts idempotent.
-- Times are nanoseconds since 1970 (integers compare exactly and index well; SQLite has no time type).
-- What lists filter or sort by is a column; what is only ever read whole (reasons, excerpts) is JSON text.
CREATE TABLE anomalies (
    id                    TEXT    NOT NULL PRIMARY KEY,
    timestamp             INTEGER NOT NULL,
    window_start          INTEGER NOT NULL,
    service               TEXT    NOT NULL,
    stream_type           TEXT    NOT NULL CHECK (stream_type IN ('logs', 'metrics', 'traces')),
    status                TEXT    NOT NULL DEFAULT 'pending'
                                  CHECK (status IN ('pending', 'acknowledged', 'investigating', 'resolved', 'dismissed')),
    score                 REAL    NOT NULL,
    p_value               REAL    NOT NULL,
    p_floor               REAL    NOT NULL,
    level                 REAL    NOT NULL,
    ncd_score             REAL    NOT NULL,
    bits                  REAL    NOT NULL,
    glass_box_explanation TEXT    NOT NULL,
    compression_baseline  INTEGER NOT NULL,
    compression_window    INTEGER NOT NULL,
    compression_combined  INTEGER NOT NULL,
    entropy_baseline      REAL    NOT NULL,
    entropy_window        REAL    NOT NULL,
    permutation_p         REAL    NOT NULL,
    signals               TEXT    NOT NULL,
    reasons               TEXT    NOT NULL,
    channels              TEXT    NOT NULL,
    requests              TEXT    NOT NULL,
    trace_ids             TEXT    NOT NULL,
    baseline_data         TEXT,
    window_data           TEXT,
    trimmed               TEXT    NOT NULL,
    incomplete            INTEGER NOT NULL,
    resource              TEXT    NOT NULL,
    component_id          TEXT    NOT NULL,
    config_hash           TEXT    NOT NULL,
    core_version          TEXT    NOT NULL,
    process_id            TEXT    NOT NULL,
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL
);

-- Each sort order ends in id, which makes it total: a page can begin exactly where the last one ended.
CREATE INDEX anomalies_by_time    ON anomalies (timestamp, id);
CREATE INDEX anomalies_by_score   ON anomalies (score, id);
CREATE INDEX anomalies_by_p_value ON anomalies (p_value, id);
CREATE INDEX anomalies_by_ncd     ON anomalies (ncd_score, id);

-- The filters people combine with "newest first".
CREATE INDEX anomalies_by_service     ON anomalies (service, timestamp, id);
CREATE INDEX anomalies_by_stream_type ON anomalies (stream_type, timestamp, id);
CREATE INDEX anomalies_by_status      ON anomalies (status, timestamp, id);

-- Retention deletes by age in the store, not by event time: an old recording, sent today, is kept as long as today's data.
CREATE INDEX anomalies_by_age ON anomalies (created_at);

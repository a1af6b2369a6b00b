-- One row per judged window of a service: what score charts are made of.
-- The key has the process in it: agents on several hosts may run the same component over parts of the same service.
CREATE TABLE windows (
    component_id   TEXT    NOT NULL,
    process_id     TEXT    NOT NULL,
    service        TEXT    NOT NULL,
    timestamp      INTEGER NOT NULL,
    window_start   INTEGER NOT NULL,
    score          REAL    NOT NULL,
    p_value        REAL    NOT NULL,
    level          REAL    NOT NULL,
    anomaly        INTEGER NOT NULL,
    budget_per_day REAL    NOT NULL,
    budget_spent   REAL    NOT NULL,
    streams        TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (service, timestamp, component_id, process_id)
) WITHOUT ROWID;

CREATE INDEX windows_by_age ON windows (created_at);

-- The newest window of each service, kept as windows arrive: to find it among a week of windows would read them all.
CREATE TABLE latest_windows (
    service        TEXT    NOT NULL,
    component_id   TEXT    NOT NULL,
    process_id     TEXT    NOT NULL,
    timestamp      INTEGER NOT NULL,
    window_start   INTEGER NOT NULL,
    score          REAL    NOT NULL,
    p_value        REAL    NOT NULL,
    level          REAL    NOT NULL,
    anomaly        INTEGER NOT NULL,
    budget_per_day REAL    NOT NULL,
    budget_spent   REAL    NOT NULL,
    streams        TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (service, component_id)
) WITHOUT ROWID;

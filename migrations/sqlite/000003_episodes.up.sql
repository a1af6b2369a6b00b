-- From here on a row is an episode: one fault of one service, however many windows it lasts and however often it was stated.
-- Its id is that of the episode's first statement, timestamp and window_start are those of its first window. Why so:
-- what lists are ordered by must not move while somebody pages through them.
-- Scores and evidence are of the worst window; worst_revision and worst_start say which. The rest of these columns is how
-- the episode stands at its newest revision. Both are maxima, so that statements may come twice and in any order.
ALTER TABLE anomalies ADD COLUMN kind              TEXT    NOT NULL DEFAULT 'anomaly';
ALTER TABLE anomalies ADD COLUMN worst_revision    INTEGER NOT NULL DEFAULT 1;
ALTER TABLE anomalies ADD COLUMN worst_start       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE anomalies ADD COLUMN revision          INTEGER NOT NULL DEFAULT 1;
ALTER TABLE anomalies ADD COLUMN has_episode       INTEGER NOT NULL DEFAULT 0; -- 0: stated by a build that knew none
ALTER TABLE anomalies ADD COLUMN last              INTEGER NOT NULL DEFAULT 0; -- end of the newest anomalous window
ALTER TABLE anomalies ADD COLUMN windows           INTEGER NOT NULL DEFAULT 1;
ALTER TABLE anomalies ADD COLUMN ended             INTEGER;
ALTER TABLE anomalies ADD COLUMN incident_id       TEXT    NOT NULL DEFAULT '';
ALTER TABLE anomalies ADD COLUMN incident_services TEXT    NOT NULL DEFAULT 'null';
ALTER TABLE anomalies ADD COLUMN cause             TEXT    NOT NULL DEFAULT '';
ALTER TABLE anomalies ADD COLUMN deploy            TEXT;

UPDATE anomalies SET worst_start = window_start, last = timestamp;

CREATE INDEX anomalies_by_incident ON anomalies (incident_id, timestamp, id) WHERE incident_id <> '';
CREATE INDEX anomalies_by_kind     ON anomalies (kind, timestamp, id);

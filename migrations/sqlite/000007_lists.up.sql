-- Lists decide every filter in an index, and read the rows of a page only. So each index that gives an order holds what else may be asked:
-- where few rows match, none of the others is read.
DROP INDEX anomalies_by_time;
DROP INDEX anomalies_by_score;
DROP INDEX anomalies_by_p_value;
DROP INDEX anomalies_by_ncd;
DROP INDEX anomalies_by_service;
DROP INDEX anomalies_by_stream_type;
DROP INDEX anomalies_by_status;
DROP INDEX anomalies_by_kind;

CREATE INDEX anomalies_by_time    ON anomalies (timestamp, id, service, status, stream_type, kind, score, p_value, ncd_score);
CREATE INDEX anomalies_by_score   ON anomalies (score, id, service, status, stream_type, kind, p_value, ncd_score, timestamp);
CREATE INDEX anomalies_by_p_value ON anomalies (p_value, id, service, status, stream_type, kind, score, ncd_score, timestamp);
CREATE INDEX anomalies_by_ncd     ON anomalies (ncd_score, id, service, status, stream_type, kind, score, p_value, timestamp);

CREATE INDEX anomalies_by_service     ON anomalies (service, timestamp, id, status, stream_type, kind, score, p_value, ncd_score);
CREATE INDEX anomalies_by_stream_type ON anomalies (stream_type, timestamp, id, service, status, kind, score, p_value, ncd_score);
CREATE INDEX anomalies_by_status      ON anomalies (status, timestamp, id, service, stream_type, kind, score, p_value, ncd_score);
CREATE INDEX anomalies_by_kind        ON anomalies (kind, timestamp, id, service, status, stream_type, score, p_value, ncd_score);

-- What a text is looked for in, by the anomaly's rowid: service, explanation and the words of the reasons, a line each, with ASCII letters
-- small. It lies apart from the rows, which are four times as long.
CREATE TABLE anomaly_texts (
    number INTEGER NOT NULL PRIMARY KEY,
    text   TEXT    NOT NULL
);
INSERT INTO anomaly_texts (number, text)
SELECT rowid, lower(service || iif(glass_box_explanation = '', '', char(10) || glass_box_explanation) || coalesce(char(10) || (
    SELECT group_concat(line, char(10)) FROM (
        SELECT line FROM (
            SELECT r.key AS n, 1 AS part, r.value ->> 'channel' AS line FROM json_each(reasons) r WHERE r.type = 'object'
            UNION ALL SELECT r.key, 2, r.value ->> 'text' FROM json_each(reasons) r WHERE r.type = 'object'
            UNION ALL SELECT r.key, 3, r.value ->> 'item' FROM json_each(reasons) r WHERE r.type = 'object'
            UNION ALL SELECT r.key, 4, r.value ->> 'context' FROM json_each(reasons) r WHERE r.type = 'object'
            UNION ALL SELECT r.key, 5, r.value ->> 'severity' FROM json_each(reasons) r WHERE r.type = 'object'
            UNION ALL SELECT r.key, 6 + t.key, t.value FROM json_each(reasons) r, json_each(r.value, '$.trace_ids') t WHERE r.type = 'object'
            UNION ALL SELECT r.key, 1000000, r.value ->> 'sample' FROM json_each(reasons) r WHERE r.type = 'object'
        ) WHERE line <> '' ORDER BY n, part
    )
), '')) FROM anomalies;
CREATE TRIGGER anomaly_texts_go AFTER DELETE ON anomalies BEGIN DELETE FROM anomaly_texts WHERE number = old.rowid; END;

-- Which texts have which three bytes in a row: for each block of 4096 numbers and each gram, the rows as internal/store/sqlite packs them.
-- It may name rows that no longer have the gram, or that are gone; it lacks none. A block goes when all its rows have.
CREATE TABLE text_blocks (
    block INTEGER NOT NULL,
    gram  INTEGER NOT NULL,
    rows  BLOB    NOT NULL,
    PRIMARY KEY (block, gram)
) WITHOUT ROWID;

-- Up to this number the store has yet to index texts: those of older rows, when it is opened.
INSERT INTO counters (name, value) SELECT 'texts_to_index', coalesce(max(number), 0) FROM anomaly_texts;

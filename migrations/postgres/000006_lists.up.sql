DROP INDEX anomalies_by_time, anomalies_by_score, anomalies_by_p_value, anomalies_by_ncd;
DROP INDEX anomalies_by_service, anomalies_by_status, anomalies_by_stream, anomalies_by_kind;
DROP INDEX IF EXISTS anomalies_by_text;

-- What a text is looked for in, written by the store: service, explanation and the words of the reasons, a line each, with ASCII letters
-- small. Collation C compares bytes and folds nothing else.
ALTER TABLE anomalies ADD COLUMN search_text text COLLATE "C" NOT NULL DEFAULT '';
UPDATE anomalies SET search_text = lower(concat_ws(E'\n', service, nullif(glass_box_explanation, ''), (
    SELECT string_agg(line, E'\n' ORDER BY reason.n, part.n)
    FROM jsonb_array_elements(CASE jsonb_typeof(reasons) WHEN 'array' THEN reasons ELSE '[]' END) WITH ORDINALITY AS reason (value, n),
    LATERAL (VALUES (1, reason.value ->> 'channel'), (2, reason.value ->> 'text'), (3, reason.value ->> 'item'), (4, reason.value ->> 'context'),
        (5, reason.value ->> 'severity'), (6, (SELECT string_agg(trace, E'\n') FROM jsonb_array_elements_text(reason.value -> 'trace_ids') AS traces (trace))),
        (7, reason.value ->> 'sample')) AS part (n, line)
    WHERE line <> ''
)) COLLATE "C");
ALTER TABLE anomalies ALTER COLUMN search_text DROP DEFAULT;

-- What the index of texts knows rows by, in the order in which they came.
CREATE SEQUENCE anomaly_numbers;
ALTER TABLE anomalies ADD COLUMN number bigint NOT NULL DEFAULT nextval('anomaly_numbers');
ALTER SEQUENCE anomaly_numbers OWNED BY anomalies.number;
CREATE INDEX anomalies_by_number ON anomalies (number);

-- Lists decide every filter in an index, and read the rows of a page only. So each index that gives an order holds what else may be asked:
-- where few rows match, none of the others is read.
CREATE INDEX anomalies_by_time     ON anomalies (timestamp, id) INCLUDE (service, status, stream_type, kind, score, p_value, ncd_score, number);
CREATE INDEX anomalies_by_score    ON anomalies (score, id)     INCLUDE (service, status, stream_type, kind, p_value, ncd_score, timestamp, number);
CREATE INDEX anomalies_by_p_value  ON anomalies (p_value, id)   INCLUDE (service, status, stream_type, kind, score, ncd_score, timestamp, number);
CREATE INDEX anomalies_by_ncd      ON anomalies (ncd_score, id) INCLUDE (service, status, stream_type, kind, score, p_value, timestamp, number);

CREATE INDEX anomalies_by_service  ON anomalies (service, timestamp, id)     INCLUDE (status, stream_type, kind, score, p_value, ncd_score, number);
CREATE INDEX anomalies_by_status   ON anomalies (status, timestamp, id)      INCLUDE (service, stream_type, kind, score, p_value, ncd_score, number);
CREATE INDEX anomalies_by_stream   ON anomalies (stream_type, timestamp, id) INCLUDE (service, status, kind, score, p_value, ncd_score, number);
CREATE INDEX anomalies_by_kind     ON anomalies (kind, timestamp, id)        INCLUDE (service, status, stream_type, score, p_value, ncd_score, number);

-- Which texts have which three bytes in a row: for each block of 4096 numbers and each gram, the rows as internal/store/grams packs them. It
-- may name rows that no longer have the gram, or that are gone; it lacks only those that are still to be indexed.
CREATE TABLE text_blocks (
    block bigint  NOT NULL,
    gram  integer NOT NULL,
    rows  bytea   NOT NULL,
    PRIMARY KEY (block, gram)
);

-- What is still to be indexed. A collector that stores anomalies does it now and then for many at once: done for each, all collectors would wait
-- for each other's blocks.
CREATE TABLE texts_to_index (number bigint NOT NULL);
INSERT INTO texts_to_index SELECT number FROM anomalies;

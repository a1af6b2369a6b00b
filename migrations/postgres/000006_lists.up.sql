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

-- Lists decide every filter in an index, and read the rows of a page only. So each index that gives an order holds what else may be asked:
-- where few rows match, none of the others is read.
CREATE INDEX anomalies_by_time     ON anomalies (timestamp, id) INCLUDE (service, status, stream_type, kind, score, p_value, ncd_score);
CREATE INDEX anomalies_by_score    ON anomalies (score, id)     INCLUDE (service, status, stream_type, kind, p_value, ncd_score, timestamp);
CREATE INDEX anomalies_by_p_value  ON anomalies (p_value, id)   INCLUDE (service, status, stream_type, kind, score, ncd_score, timestamp);
CREATE INDEX anomalies_by_ncd      ON anomalies (ncd_score, id) INCLUDE (service, status, stream_type, kind, score, p_value, timestamp);

CREATE INDEX anomalies_by_service  ON anomalies (service, timestamp, id)     INCLUDE (status, stream_type, kind, score, p_value, ncd_score);
CREATE INDEX anomalies_by_status   ON anomalies (status, timestamp, id)      INCLUDE (service, stream_type, kind, score, p_value, ncd_score);
CREATE INDEX anomalies_by_stream   ON anomalies (stream_type, timestamp, id) INCLUDE (service, status, kind, score, p_value, ncd_score);
CREATE INDEX anomalies_by_kind     ON anomalies (kind, timestamp, id)        INCLUDE (service, status, stream_type, score, p_value, ncd_score);

-- As in 000002: a server without pg_trgm, or that does not allow it, has no index for texts.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX anomalies_by_text ON anomalies USING gin (search_text gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RAISE NOTICE 'no index for text search: %', SQLERRM;
END
$$;

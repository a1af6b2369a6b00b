DROP TABLE texts_to_index;
DROP TABLE text_blocks;
ALTER TABLE anomalies DROP COLUMN search_text;
DROP INDEX anomalies_by_time, anomalies_by_score, anomalies_by_p_value, anomalies_by_ncd;
DROP INDEX anomalies_by_service, anomalies_by_status, anomalies_by_stream, anomalies_by_kind;
ALTER TABLE anomalies DROP COLUMN number;
CREATE INDEX anomalies_by_time     ON anomalies (timestamp, id);
CREATE INDEX anomalies_by_score    ON anomalies (score, id);
CREATE INDEX anomalies_by_p_value  ON anomalies (p_value, id);
CREATE INDEX anomalies_by_ncd      ON anomalies (ncd_score, id);
CREATE INDEX anomalies_by_service  ON anomalies (service, timestamp, id);
CREATE INDEX anomalies_by_status   ON anomalies (status, timestamp, id);
CREATE INDEX anomalies_by_stream   ON anomalies (stream_type, timestamp, id);
CREATE INDEX anomalies_by_kind     ON anomalies (kind, timestamp, id);
DO $$
BEGIN
    CREATE INDEX anomalies_by_text ON anomalies USING gin
        (glass_box_explanation gin_trgm_ops, service gin_trgm_ops, (reasons::text) gin_trgm_ops);
EXCEPTION WHEN undefined_object THEN
    RAISE NOTICE 'no index for text search: %', SQLERRM;
END
$$;

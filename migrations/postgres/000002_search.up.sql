-- Text search (q) looks for any part of a text; trigrams are the index for that. pg_trgm comes with PostgreSQL, yet a server
-- may lack it or not allow it: then lists with q walk along the order of their other filters, which is right and slower.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX anomalies_by_text ON anomalies USING gin
        (glass_box_explanation gin_trgm_ops, service gin_trgm_ops, (reasons::text) gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RAISE NOTICE 'no index for text search: %', SQLERRM;
END
$$;

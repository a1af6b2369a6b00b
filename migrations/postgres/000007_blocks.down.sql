DROP INDEX texts_to_index_by_number;
TRUNCATE texts_to_index;
INSERT INTO texts_to_index SELECT number FROM anomalies;
ALTER TABLE text_blocks ALTER COLUMN rows SET STORAGE EXTENDED;
TRUNCATE text_blocks;

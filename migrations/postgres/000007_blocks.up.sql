-- Blocks of the text index span 16384 numbers instead of 4096, so that a search looks up a quarter of the sets. A set has at most 2 KiB and is kept in
-- its row. Collectors make them anew.
TRUNCATE text_blocks;
ALTER TABLE text_blocks ALTER COLUMN rows SET STORAGE PLAIN;

-- Read in order, and by an index: the table is empty but for the last few rows most of the time, and those may lie behind a million that are gone.
TRUNCATE texts_to_index;
INSERT INTO texts_to_index SELECT number FROM anomalies;
CREATE INDEX texts_to_index_by_number ON texts_to_index (number);

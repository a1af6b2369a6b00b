-- What waits is read in order and by an index: the table is empty but for the last few rows most of the time, and those may lie behind a million that
-- are gone. Everything is indexed anew, see below. (This table first: searches lock the two in this order.)
TRUNCATE texts_to_index;
INSERT INTO texts_to_index SELECT number FROM anomalies;
CREATE INDEX texts_to_index_by_number ON texts_to_index (number);

-- The index of texts, in blocks of 16384 numbers instead of 4096, so that a search looks up a quarter of the sets, and with the marks before words among
-- the grams. A set has at most 2 KiB and is kept in its row. It is a table of another name, so that a collector of an older build, which would index and
-- delete by its own blocks, can do neither.
DROP TABLE text_blocks;
CREATE TABLE text_sets (
    block bigint  NOT NULL,
    gram  integer NOT NULL,
    rows  bytea   NOT NULL,
    PRIMARY KEY (block, gram)
);
ALTER TABLE text_sets ALTER COLUMN rows SET STORAGE PLAIN;

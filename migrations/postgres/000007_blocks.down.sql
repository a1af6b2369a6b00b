DROP INDEX texts_to_index_by_number;
TRUNCATE texts_to_index;
INSERT INTO texts_to_index SELECT number FROM anomalies;
DROP TABLE text_sets;
CREATE TABLE text_blocks (
    block bigint  NOT NULL,
    gram  integer NOT NULL,
    rows  bytea   NOT NULL,
    PRIMARY KEY (block, gram)
);

-- Blocks of the text index span 16384 numbers instead of 4096, so that a search looks up a quarter of the sets. The store makes them anew when it is
-- opened.
DELETE FROM text_blocks;
UPDATE counters SET value = (SELECT coalesce(max(number), 0) FROM anomaly_texts) WHERE name = 'texts_to_index';

DELETE FROM text_blocks;
UPDATE counters SET value = (SELECT coalesce(max(number), 0) FROM anomaly_texts) WHERE name = 'texts_to_index';

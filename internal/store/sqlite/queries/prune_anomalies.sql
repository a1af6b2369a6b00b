DELETE FROM anomalies WHERE id IN (SELECT id FROM anomalies WHERE created_at < ? ORDER BY created_at LIMIT ?)

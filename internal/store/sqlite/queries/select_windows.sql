SELECT component_id, process_id, service, timestamp, window_start, score, p_value, level, anomaly, budget_per_day, budget_spent, streams
FROM windows
WHERE service = ? AND timestamp >= ? AND timestamp < ? AND (timestamp, component_id, process_id) > (?, ?, ?)
ORDER BY timestamp, component_id, process_id
LIMIT ?

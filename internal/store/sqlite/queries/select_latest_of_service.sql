SELECT component_id, process_id, service, timestamp, window_start, score, p_value, level, anomaly, budget_per_day, budget_spent, streams
FROM latest_windows
WHERE service = ? AND component_id > ?
ORDER BY service, component_id
LIMIT ?

INSERT INTO latest_windows (
    component_id, process_id, service, timestamp, window_start, score, p_value, level, anomaly, budget_per_day, budget_spent, streams, created_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (service, component_id) DO UPDATE SET
    process_id = excluded.process_id, timestamp = excluded.timestamp, window_start = excluded.window_start, score = excluded.score,
    p_value = excluded.p_value, level = excluded.level, anomaly = excluded.anomaly, budget_per_day = excluded.budget_per_day,
    budget_spent = excluded.budget_spent, streams = excluded.streams, created_at = excluded.created_at
WHERE excluded.timestamp >= latest_windows.timestamp

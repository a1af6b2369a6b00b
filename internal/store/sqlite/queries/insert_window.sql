INSERT INTO windows (
    component_id, process_id, service, timestamp, window_start, score, p_value, level, anomaly, budget_per_day, budget_spent, streams, created_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (service, timestamp, component_id, process_id) DO NOTHING

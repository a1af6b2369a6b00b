INSERT INTO anomalies (
    id, timestamp, window_start, service, stream_type, status, score, p_value, p_floor, level, ncd_score, bits, glass_box_explanation,
    compression_baseline, compression_window, compression_combined, entropy_baseline, entropy_window, permutation_p,
    signals, reasons, channels, requests, trace_ids, baseline_data, window_data, trimmed, incomplete, resource,
    component_id, config_hash, core_version, process_id, created_at, updated_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING

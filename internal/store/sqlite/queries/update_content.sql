UPDATE anomalies SET
    worst_revision = ?, worst_start = ?, stream_type = ?, kind = ?, score = ?, p_value = ?, p_floor = ?, level = ?,
    ncd_score = ?, bits = ?, glass_box_explanation = ?, compression_baseline = ?, compression_window = ?,
    compression_combined = ?, entropy_baseline = ?, entropy_window = ?, permutation_p = ?, signals = ?, reasons = ?,
    channels = ?, requests = ?, trace_ids = ?, baseline_data = ?, window_data = ?, statistics = ?, trimmed = ?, incomplete = ?, resource = ?,
    updated_at = ?, change_seq = ?
WHERE id = ?

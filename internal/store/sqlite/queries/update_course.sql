UPDATE anomalies SET
    timestamp = ?, window_start = ?, service = ?, revision = ?, has_episode = ?, last = ?, windows = ?, ended = ?,
    incident_id = ?, incident_services = ?, cause = ?, deploy = ?, component_id = ?, config_hash = ?, core_version = ?,
    process_id = ?, updated_at = ?, change_seq = ?
WHERE id = ?

DELETE FROM windows WHERE (service, timestamp, component_id, process_id) IN
    (SELECT service, timestamp, component_id, process_id FROM windows WHERE created_at < ? ORDER BY created_at LIMIT ?)

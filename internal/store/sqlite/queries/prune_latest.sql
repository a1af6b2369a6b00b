DELETE FROM latest_windows WHERE created_at < ?

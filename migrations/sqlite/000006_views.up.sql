-- Charts read the windows of a span of time over all services, and of each only its score. The key begins with the service; this
-- index begins with the time and holds what they read, so the rows with their streams are left alone.
CREATE INDEX windows_by_time ON windows (timestamp, service, score, p_value, anomaly);

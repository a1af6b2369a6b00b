DROP TABLE api_keys;
DROP TABLE audit_head;
DROP TABLE audit_log;
DROP FUNCTION driftlock_append_only();
ALTER TABLE anomalies DROP COLUMN change_seq;
ALTER TABLE anomalies DROP COLUMN change_tx;
DROP SEQUENCE IF EXISTS anomaly_changes;

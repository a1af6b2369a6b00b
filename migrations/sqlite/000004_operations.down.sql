DROP TABLE api_keys;
DROP TABLE audit_head;
DROP TABLE audit_log;
DROP INDEX anomalies_by_change;
ALTER TABLE anomalies DROP COLUMN change_seq;
DROP TABLE counters;

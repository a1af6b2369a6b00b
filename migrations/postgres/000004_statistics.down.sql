ALTER TABLE anomalies DROP COLUMN statistics;

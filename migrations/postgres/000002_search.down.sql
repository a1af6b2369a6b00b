DROP INDEX IF EXISTS anomalies_by_text;

-- What the verdict of the worst window follows from, as it was stated: only an evidence bundle reads it.
-- jsonb keeps numbers as exact decimals, so they read back to the same bits.
ALTER TABLE anomalies ADD COLUMN statistics jsonb;

-- What the verdict of the worst window follows from, as it was stated: JSON that only an evidence bundle reads.
ALTER TABLE anomalies ADD COLUMN statistics TEXT;

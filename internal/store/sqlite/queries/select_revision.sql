SELECT rowid, revision, worst_revision, p_value FROM anomalies WHERE id = ?

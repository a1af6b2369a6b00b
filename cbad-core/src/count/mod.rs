//! Counts of symbols given a context, with their dispersion: shared by logs and traces.

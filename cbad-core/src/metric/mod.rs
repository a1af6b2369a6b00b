//! Metric streams: one detector per series, one verdict per service.

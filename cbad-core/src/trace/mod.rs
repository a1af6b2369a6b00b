//! Span streams: edges, exclusive durations, client-server differences.

//! Log streams: masking, templates, per-trace context, novelty.

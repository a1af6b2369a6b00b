//! Request windows: the sequence of symbols within one trace id.

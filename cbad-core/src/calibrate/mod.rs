//! Turning scores into p-values from a stream's own history.

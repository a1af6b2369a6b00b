//! Misuse of the C interface.

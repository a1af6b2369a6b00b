//! Lossless compressors behind one trait; they measure, they do not store.

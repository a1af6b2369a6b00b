//! The fuzz targets' functions on the committed corpora and on random inputs: what CI can run without nightly.

#[path = "../fuzz/src/lib.rs"]
#[allow(dead_code)]
mod targets;

use std::path::PathBuf;

use cbad_core::ffi::abi::{CBAD_LOGS, CBAD_METRICS, CBAD_TRACES};
use proptest::prelude::*;

/// Runs `f` on each file of a target's corpus.
fn replay(target: &str, f: impl Fn(&[u8])) {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&dir)
        .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
        .map(|entry| entry.expect("entry").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no seeds", dir.display());
    for file in files {
        eprintln!("{}", file.display());
        f(&std::fs::read(&file).expect("read seed"));
    }
}

#[test]
fn corpus_observe_logs() {
    replay("observe_logs", |data| targets::observe(CBAD_LOGS, data));
}

#[test]
fn corpus_observe_metrics() {
    replay("observe_metrics", |data| targets::observe(CBAD_METRICS, data));
}

#[test]
fn corpus_observe_traces() {
    replay("observe_traces", |data| targets::observe(CBAD_TRACES, data));
}

#[test]
fn corpus_load() {
    replay("load", targets::load);
}

#[test]
fn corpus_pool() {
    replay("pool", targets::pool);
}

#[test]
fn corpus_mask() {
    replay("mask", targets::mask);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_observe_logs(data in prop::collection::vec(any::<u8>(), 0..600)) {
        targets::observe(CBAD_LOGS, &data);
    }

    #[test]
    fn random_observe_metrics(data in prop::collection::vec(any::<u8>(), 0..600)) {
        targets::observe(CBAD_METRICS, &data);
    }

    #[test]
    fn random_observe_traces(data in prop::collection::vec(any::<u8>(), 0..600)) {
        targets::observe(CBAD_TRACES, &data);
    }

    #[test]
    fn random_pool(data in prop::collection::vec(any::<u8>(), 0..600)) {
        targets::pool(&data);
    }

    #[test]
    fn random_mask(data in "([a-z]{1,9}|[0-9]{1,5}|[0-9a-f]{4,40}|[ =:./,_\"'{}\\[\\]-]|\\PC){0,60}") {
        targets::mask(data.as_bytes());
    }

    #[test]
    fn random_load(data in prop::collection::vec(any::<u8>(), 0..60)) {
        targets::load(&data);
    }
}

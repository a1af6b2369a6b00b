#![no_main]
use std::sync::Once;

static QUIET: Once = Once::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // libFuzzer's hook ends the process at any panic; a forged snapshot may cause one, which the interface stops.
    // An assertion of the target itself must still be fatal.
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    if std::panic::catch_unwind(|| cbad_core_fuzz::load(data)).is_err() {
        std::process::abort();
    }
});

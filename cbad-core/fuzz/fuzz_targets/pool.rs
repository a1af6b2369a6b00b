#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| cbad_core_fuzz::pool(data));

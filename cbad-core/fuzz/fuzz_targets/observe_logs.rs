#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| cbad_core_fuzz::observe(cbad_core::ffi::abi::CBAD_LOGS, data));

//! Any grey levels, past the decoders: segmentation, normalisation, encoding.
#![no_main]

#[path = "../bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::pixels(data));

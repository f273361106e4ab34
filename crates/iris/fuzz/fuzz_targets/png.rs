//! Images of one format, from bytes to a template or a refusal.
#![no_main]

#[path = "../bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::image(bodies::Format::Png, data));
